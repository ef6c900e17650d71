"""What a program computes from its features: a forest, a linear form or a network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

LEAF: Final = -1


def _unknown(dtype: str) -> Any:
    """An array that may be empty: then it is not written, and what needs it is refused."""
    return field(
        default_factory=lambda: np.empty(0, dtype), metadata={"dtype": dtype, "optional": True}
    )


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Forest:
    """Boosted trees over float32 features; sums start with ``base`` and follow the trees' order.

    Node arrays have shape (nodes,), the trees one after the other. A row goes left where
    ``feature < threshold`` in float32, and a missing one where ``nan_left`` says. Missing are NaN
    and what is infinite as float32, because training takes no infinities. A node whose
    ``categories_size`` is not 0 splits by category: a row goes right where its value, cut to an
    integer, is among ``categories[categories_start:][:categories_size]``; any other value, and
    every negative one, goes left.

    ``feature`` is -1 at a leaf, whose output is ``threshold``. ``left`` and ``right`` are numbers
    of nodes of the same tree, greater than the node's own. ``roots`` and ``output`` have shape
    (trees,): the first node of each tree, ascending, and the output it adds to. ``base`` has shape
    (outputs,). No two nodes share categories, which are at least 0 and less than 2**24.

    ``cover`` says how much of the training set came to each node, as the sum of its hessians; only
    shares of it count. It is empty where that is not known, and then nothing can be explained.

    Source: XGBoost documentation, "Introduction to Model IO" and "Categorical Data".
    """

    kind: ClassVar[str] = "forest"
    feature: I32 = field(metadata={"dtype": "<i4"})
    threshold: F32 = field(metadata={"dtype": "<f4"})
    nan_left: U8 = field(metadata={"dtype": "|u1"})
    left: I32 = field(metadata={"dtype": "<i4"})
    right: I32 = field(metadata={"dtype": "<i4"})
    categories_start: I32 = field(metadata={"dtype": "<i4"})
    categories_size: I32 = field(metadata={"dtype": "<i4"})
    categories: I32 = field(metadata={"dtype": "<i4"})
    roots: I32 = field(metadata={"dtype": "<i4"})
    output: I32 = field(metadata={"dtype": "<i4"})
    base: F32 = field(metadata={"dtype": "<f4"})
    cover: F32 = _unknown("<f4")  # noqa: RUF009 - a field

    @property
    def outputs(self) -> int:
        """Numbers computed for a row."""
        return len(self.base)


@dataclass(frozen=True, slots=True, eq=False)
class Linear:
    """``bias + w[0] * x[0] + w[1] * x[1] + ...`` in that order, in float64, without fused steps.

    A feature that is NaN or infinite counts as 0, and a bias of -0.0 as 0.0. ``weights`` has shape (outputs, features),
    ``bias`` (outputs,). ``center`` has shape (features,): the mean of each feature over the training
    rows, what explanations start from; it is empty where that is not known.
    """

    kind: ClassVar[str] = "linear"
    weights: F64 = field(metadata={"dtype": "<f8", "dimensions": 2})
    bias: F64 = field(metadata={"dtype": "<f8"})
    center: F64 = _unknown("<f8")  # noqa: RUF009 - a field

    @property
    def outputs(self) -> int:
        """Numbers computed for a row."""
        return len(self.bias)


def nearest_centroid(centroids: F64) -> Linear:
    """A form whose greatest output is the nearest of ``centroids``, shape (centroids, features).

    The squared distance is |x|^2 - 2 (x . c - |c|^2 / 2), and |x|^2 is the same for all.
    """
    return Linear(centroids, -np.square(centroids).sum(axis=1) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Fully connected layers with ReLU between them, in float32; several of a shape may be added up.

    ``sizes`` are the layers' widths: features, hidden ones, outputs. ``weights`` has shape
    (members, weights) and holds layer after layer, in each feature by feature the weights of its
    outputs; ``bias`` has shape (members, outputs of all layers). A number of a layer is
    ``bias + x[0] * w[0] + x[1] * w[1] + ...`` in that order, without fused steps, and every hidden
    one is 0 unless it is greater than 0. A feature that is NaN, or infinite as float32, counts as 0.

    The members' outputs are added in their order, in float32, and the margin is
    ``shift + scale * sum`` in float64; both have shape (outputs,). So the mean of members and the
    unit of a target cost no precision.
    """

    kind: ClassVar[str] = "network"
    sizes: I32 = field(metadata={"dtype": "<i4"})
    weights: F32 = field(metadata={"dtype": "<f4", "dimensions": 2})
    bias: F32 = field(metadata={"dtype": "<f4", "dimensions": 2})
    scale: F64 = field(metadata={"dtype": "<f8"})
    shift: F64 = field(metadata={"dtype": "<f8"})

    @property
    def outputs(self) -> int:
        """Numbers computed for a row."""
        return len(self.scale)

    def layers(self, member: int) -> Iterator[tuple[F32, F32]]:
        """Each layer's weights, shape (inputs, outputs), and bias (outputs,)."""
        weight = bias = 0
        for inputs, outputs in pairwise(self.sizes.tolist()):
            weights = self.weights[member, weight : weight + inputs * outputs]
            yield weights.reshape(inputs, outputs), self.bias[member, bias : bias + outputs]
            weight, bias = weight + inputs * outputs, bias + outputs


Body = Forest | Linear | Network
BODIES: Final[dict[str, type[Body]]] = {kind.kind: kind for kind in (Forest, Linear, Network)}
