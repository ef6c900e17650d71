"""Numbers: as they are for trees; filled, drawn in, scaled and held for linear models."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from vesto.features import Tape
from vesto.features.category import MISSING_WORDS
from vesto.programs.steps import Clip, Impute, Missing, Number, Scale, SignedLog, TextNumber

F64 = NDArray[np.float64]
HEAVY_TAIL_SKEW: Final = 3.0
CLIP_DEVIATIONS: Final = 6.0


def plain(tape: Tape, source: int) -> list[int]:
    """A number or boolean as it is."""
    return tape.append(Number(source))


def parsed(tape: Tape, source: int) -> list[int]:
    """A number that is written in text."""
    return tape.append(TextNumber(source, MISSING_WORDS))


def standardised(tape: Tape, register: int, values: F64) -> list[int]:
    """The register (whose training values are given) fit for a sum of weighted numbers.

    Missing values become the median, heavy tails are drawn in by a logarithm, then mean 0 and
    deviation 1, held within 6 deviations; where values are missing, a flag says so.
    """
    finite = values[np.isfinite(values)]
    flags = tape.append(Missing(register)) if len(finite) < len(values) else []
    if not len(finite):
        return flags
    # Halfway between two huge numbers NumPy's median overflows.
    median = np.clip(np.median(finite), finite.min(), finite.max())
    (filled,) = tape.append(Impute(register, float(median)))
    with np.errstate(over="ignore", invalid="ignore"):
        spread = finite.std()
        skew = ((finite - finite.mean()) ** 3).mean() / spread**3 if spread > 0 else 0.0
    # Of numbers too great to square nothing but the logarithm can be told.
    if not np.isfinite(spread) or abs(skew) > HEAVY_TAIL_SKEW:
        (filled,) = tape.append(SignedLog(filled))
        finite = np.sign(finite) * np.log1p(np.abs(finite))
    deviation = float(finite.std())
    if not (np.isfinite(deviation) and deviation > 0):
        return flags
    (scaled,) = tape.append(Scale(filled, float(finite.mean()), deviation))
    return flags + tape.append(Clip(scaled, -CLIP_DEVIATIONS, CLIP_DEVIATIONS))
