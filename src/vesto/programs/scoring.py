"""Scoring Arrow columns outside of the engine: compiled where that can be had, else the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.programs.image import image
from vesto.programs.program import Program
from vesto.programs.reference import probabilities

Score = Callable[[Sequence[pa.Array]], NDArray[np.float64]]


def scorer(program: Program, name: str, *, compiled: bool = True) -> Score:
    """A function from columns, one for each input, to what follows the link.

    Its result has shape (rows, outputs), as ``reference.probabilities`` defines it. ``name`` is the
    program's content hash.
    """
    try:
        native = import_module("vesto._native") if compiled else None
    except ImportError:
        native = None
    if native is None:
        return lambda columns: probabilities(program, columns)
    score: Score = native.Program(image(program, name)).probabilities
    return score
