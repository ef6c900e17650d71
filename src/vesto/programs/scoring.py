"""Scoring Arrow columns outside of the engine: compiled where that can be had, else the reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from vesto.programs.image import image
from vesto.programs.program import Program
from vesto.programs.reference import margins, probabilities

Score = Callable[[Sequence[pa.Array]], NDArray[np.float64]]
# The hash of a program that is not kept.
UNNAMED: Final = "0" * 64


def scorer(program: Program, name: str, *, compiled: bool = True) -> Score:
    """A function from columns, one for each input, to what follows the link.

    Its result has shape (rows, outputs), as ``reference.probabilities`` defines it. ``name`` is the
    program's content hash.
    """
    native = _compiled(program, name) if compiled else None
    if native is None:
        return lambda columns: probabilities(program, columns)
    score: Score = native.probabilities
    return score


def margin_scorer(program: Program) -> Score:
    """A function from columns, one for each input, to the body's numbers, shape (rows, outputs)."""
    native = _compiled(program, UNNAMED)
    if native is None:
        return lambda columns: margins(program, columns).astype(np.float64)
    score: Score = native.margins
    return score


def _compiled(program: Program, name: str) -> Any | None:
    try:
        return import_module("vesto._native").Program(image(program, name))
    except ImportError:
        return None
