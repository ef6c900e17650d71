"""Records as JSON objects, for rows of the catalog and files of jobs: ``asdict``, and back."""

from __future__ import annotations

from typing import Any

from vesto.catalog.records import Definition, Intervals, Outcome, Parameter


def definition_from(document: dict[str, Any]) -> Definition:
    """The definition that ``asdict`` and JSON made of one.

    Raises:
        KeyError, TypeError, ValueError: They did not.
    """
    lists = {
        "parameters": tuple(Parameter(**p) for p in document["parameters"]),
        "hyperparameters": _pairs(document["hyperparameters"]),
        "search_path": tuple(document.get("search_path", ("public",))),
    }
    return Definition(**document | lists)


def outcome_from(document: dict[str, Any]) -> Outcome:
    """The outcome that ``asdict`` and JSON made of one."""
    pairs = _pairs(document["hyperparameters"])
    metrics = tuple((name, float(value)) for name, value in document.get("more_metrics", ()))
    read = {"hyperparameters": pairs, "more_metrics": metrics}
    known: dict[str, Any] = document | read | {"notices": tuple(document["notices"])}
    if intervals := document.get("intervals"):
        lists = {k: tuple(v) for k, v in intervals.items() if k != "kind"}
        known["intervals"] = Intervals(kind=intervals["kind"], **lists)
    return Outcome(**known)


def _pairs(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, value in pairs)
