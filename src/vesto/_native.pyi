"""The compiled scorer over Arrow arrays.

``columns`` is one array for each input of a program, all of one length, or a record batch: whatever
has ``__arrow_c_array__``, as pyarrow's. Nothing is copied, and other Python threads run meanwhile. A
column that cannot be read is a TypeError. Memory is read as its producer describes it: data from
somebody else's Arrow file has to pass ``validate(full=True)`` first.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]: ...

class DamagedImageError(ValueError):
    """An image that is damaged, of another version, or not a sound program."""

class Predictions:
    """An Arrow array of predictions: ``pyarrow.array(predictions)`` reads it without a copy."""

    def __len__(self) -> int: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        """Schema and array as capsules; another schema than their own is not made."""

class Program:
    """A trained model, ready to score. It never changes, and threads share it."""

    def __init__(self, image: bytes) -> None:
        """Read and check an image, as ``vesto.programs.image`` makes it.

        Raises:
            DamagedImageError: It is no sound program.
        """

    @property
    def name(self) -> str:
        """The content hash, 64 hexadecimal digits."""

    @property
    def inputs(self) -> tuple[tuple[str, str], ...]:
        """Name and SQL type of each input."""

    @property
    def returns(self) -> str:
        """The SQL type of the prediction."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels as text; none where the prediction is a number."""

    @property
    def outputs(self) -> int:
        """Numbers that the body computes for a row."""

    @property
    def memory_bytes(self) -> int:
        """Memory that the program takes."""

    def predict(self, columns: _ArrowArray | Sequence[_ArrowArray]) -> Predictions:
        """A prediction for each row, none of them NULL.

        Labels that are texts are of Arrow's type utf8, or large_utf8 if they pass 2 GB.
        """

    def probabilities(self, columns: _ArrowArray | Sequence[_ArrowArray]) -> NDArray[np.float64]:
        """What follows the link, a row each.

        With labels these are probabilities in their order, but for arg-max, where they are margins.
        """

    def margins(self, columns: _ArrowArray | Sequence[_ArrowArray]) -> NDArray[np.float64]:
        """The body's numbers, a row each."""

    def features(self, columns: _ArrowArray | Sequence[_ArrowArray]) -> NDArray[np.float64]:
        """The body's inputs, a row each; NaN is missing."""

    @property
    def unexplained(self) -> str:
        """Why predictions cannot be explained; empty if they can."""

    @property
    def base(self) -> tuple[float, ...]:
        """The margins expected of a row of which nothing is known, one an output."""

    def explain(self, columns: _ArrowArray | Sequence[_ArrowArray]) -> NDArray[np.float64]:
        """How much each input moves the margins from ``base``, shape (rows, outputs, inputs).

        Raises:
            ValueError: Predictions cannot be explained.
        """

def kernel() -> str:
    """The code path in use: avx512, avx2 or portable."""

def use_kernel(path: str) -> None:
    """Use a code path in the whole process, or ``automatic`` for the best there is.

    Raises:
        ValueError: There is no such path, or this build or processor cannot run it.
    """

def has_kernel(path: str) -> bool:
    """Whether this build and this processor can run a code path.

    Raises:
        ValueError: There is no such path.
    """
