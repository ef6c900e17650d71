"""Every setting once: name, type, unit, default and meaning. The docs page is generated from it.

A warehouse's settings stand in its ``vesto.toml``; ``vesto.connect(path, settings={...})`` goes
before the file. SETTINGS of CREATE MODEL go before both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from vesto.errors import InputOutputError, InvalidParameterValue

_LARGE: Final = 2**31 - 1


def _setting(default: Any, meaning: str, low: float = 0, high: float = _LARGE) -> Any:
    return field(default=default, metadata={"meaning": meaning, "low": low, "high": high})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one open warehouse."""

    owner: str = _setting("vesto", "user name of an embedded session")
    threads: int = _setting(0, "threads of the SQL engine; 0: one for each processor")
    memory_limit_mb: int = _setting(0, "memory of the SQL engine in MB; 0: 80 % of the machine's")
    training_threads: int = _setting(2, "candidates that a training job fits at a time", 1)
    training_memory_mb: int = _setting(
        0, "memory of a training job in MB beyond its libraries, 100 at least; 0: no limit"
    )
    training_nice: int = _setting(
        10, "how much lower a training job's priority is (0 to 19)", 0, 19
    )
    native: str = field(
        default="auto",
        metadata={
            "meaning": "code path of the compiled scorer, for the whole process: auto, avx512, avx2, "
            "portable; off: the reference scorer, in Python",
            "choices": ("auto", "avx512", "avx2", "portable", "off"),
        },
    )
    minimum_rows: int = _setting(500, "rows that a training query must have at least", 2)
    maximum_features: int = _setting(256, "feature columns that a training query may have", 1)
    maximum_classes: int = _setting(1000, "classes that a classification target may have", 2)
    max_cells: int = _setting(
        1_000_000, "default of MAX_CELLS: rows x columns kept for training", 1
    )
    max_runtime_s: int = _setting(5400, "default of MAX_RUNTIME, in seconds", 1)
    model_versions: int = _setting(
        5, "trained versions of a model that are kept, the one that serves counted", 1
    )
    interval_level: float = _setting(
        0.9, "share of the truth that the intervals of f_interval hold", 0.5, 0.99
    )
    seed: int = _setting(0, "seed of sampling, splits and search")
    cost_per_cpu_hour: float = _setting(0.05, "rate of Estimated Cost, in dollars")
    s3_endpoint: str = _setting(
        "", "address of the store behind s3://, as http://host:port; empty: Amazon's"
    )
    s3_region: str = _setting("", "region of that store; REGION of COPY and UNLOAD goes before it")
    staging: Mapping[str, str] = _setting(None, "place of each S3_BUCKET, a directory or a URL")


def read_settings(path: Path, given: Mapping[str, Any] | None = None) -> Settings:
    """The settings in a TOML file, where it exists, with ``given`` over them.

    Raises:
        InvalidParameterValue: A setting is unknown, of the wrong type or out of its range.
        InputOutputError: The file cannot be read.
    """
    found: dict[str, Any] = {}
    if path.exists():
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InvalidParameterValue(f"{path.name} is not TOML", detail=str(error)) from error
        except OSError as error:
            raise InputOutputError(f"{path.name} cannot be read", detail=str(error)) from error
    return checked(found | dict(given or {}))


def checked(values: Mapping[str, Any]) -> Settings:
    """``Settings`` of these values.

    Raises:
        InvalidParameterValue: A setting is unknown, of the wrong type or out of its range.
    """
    known = {item.name: item for item in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            hint = f"The settings are {', '.join(sorted(known))}."
            raise InvalidParameterValue(f'setting "{name}" is not known', hint=hint)
        if wanted := _mistake(known[name], value):
            hint = f"It means: {known[name].metadata['meaning']}."
            raise InvalidParameterValue(f'setting "{name}" must be {wanted}', hint=hint)
    return Settings(**values)


def _mistake(setting: Field[Any], value: Any) -> str:
    """What the value should be; empty if it is."""
    if choices := setting.metadata.get("choices"):
        return "" if value in choices else f"one of {', '.join(choices)}"
    if setting.type == "str":
        return (
            ""
            if isinstance(value, str) and (value or not setting.default)
            else "a text that is not empty"
        )
    if setting.type not in {"int", "float"}:
        fits = isinstance(value, Mapping) and all(isinstance(v, str) for v in value.values())
        return "" if fits else "a table of texts"
    whole = setting.type == "int"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return "a whole number" if whole else "a number"
    low, high = setting.metadata["low"], setting.metadata["high"]
    return "" if low <= value <= high else f"from {low} to {high}"


def described() -> list[tuple[str, str, str, str]]:
    """Name, type, default and meaning of every setting."""
    rows = [(f.name, str(f.type), f.default, f.metadata["meaning"]) for f in fields(Settings)]
    return [
        (name, kind, "" if default is None else str(default), meaning)
        for name, kind, default, meaning in rows
    ]
