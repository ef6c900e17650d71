"""Text fields to values: one SQL expression a column, NULL where the text does not fit.

Source: Amazon Redshift Database Developer Guide, "COPY", "Data conversion parameters"; error
codes: "Load error reference".
"""

from __future__ import annotations

from typing import Final

from vesto.dialect.names import literal, quoted
from vesto.dialect.rules.formats import parsing_format
from vesto.loader.filters import restored
from vesto.loader.request import LoadRequest, TargetColumn

_WHOLE: Final = frozenset({"SMALLINT", "INTEGER", "BIGINT"})
_DATES: Final = (
    "%Y-%m-%d", "%Y%m%d", "%m/%d/%Y", "%m-%d-%Y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d-%b-%Y",
    "%Y/%m/%d", "%Y.%m.%d", "%m.%d.%Y",
)  # fmt: skip
_TIMES: Final = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%H%M%S", "%I:%M:%S %p", "%I:%M %p")
_EPOCHS: Final = {"epochsecs": "to_seconds", "epochmillisecs": "to_milliseconds"}
REASONS: Final = {
    "whole": (1207, "invalid digit for type {kind}"),
    "number": (1207, "invalid digit for type {kind}"),
    "BOOLEAN": (1210, "not a boolean value"),
    "DATE": (1205, "invalid date format"),
    "TIMESTAMP": (1206, "invalid timestamp format or value"),
    "text": (1204, "string length exceeds DDL length"),
    "SUPER": (1224, "invalid JSON"),
    "other": (1208, "value does not fit type {kind}"),
}


def cleaned(request: LoadRequest, column: TargetColumn, raw: str) -> str:
    """The field as text, with what the options make NULL as NULL."""
    options = request.options
    value = quoted(raw)
    if "TRIMBLANKS" in options:
        value = f"rtrim({value})"
    value = f"NULLIF({value}, {literal(options.get('NULL', chr(92) + 'N'))})"
    if "ESCAPE" in options:
        value = restored(value, options.get("DELIMITER", "|"))
    is_text = column.kind in {"VARCHAR", "CHAR", "BPCHAR", "TEXT", "SUPER"}
    if "EMPTYASNULL" in options or not is_text:
        value = f"NULLIF({value}, '')"
    if "BLANKSASNULL" in options:
        value = f"CASE WHEN trim({value}) <> '' OR {value} = '' THEN {value} END"
    return value


def converted(request: LoadRequest, column: TargetColumn, value: str) -> str:
    """The value as the column's type; NULL where it does not fit."""
    kind, target = column.kind, column.engine_type
    if kind in _WHOLE:
        return (
            f"CASE WHEN regexp_full_match({value}, '\\s*[-+]?[0-9]+\\s*') "
            f"THEN TRY_CAST(trim({value}) AS {target}) END"
        )
    if kind == "BOOLEAN":
        yes, no = "('t','true','y','yes','1')", "('f','false','n','no','0')"
        low = f"lower(trim({value}))"
        return f"CASE WHEN {low} IN {yes} THEN TRUE WHEN {low} IN {no} THEN FALSE END"
    if kind == "DATE":
        return _date(request, value)
    if kind in {"TIMESTAMP", "TIMESTAMPTZ"}:
        return _timestamp(request, value, target)
    if kind == "SUPER":
        return f"CASE WHEN json_valid({value}) THEN {value} END"
    if kind == "VARBYTE":
        return (
            f"CASE WHEN regexp_full_match({value}, '([0-9a-fA-F]{{2}})*') THEN unhex({value}) END"
        )
    if column.length is None:
        return f"TRY_CAST({value} AS {target})"
    if "TRUNCATECOLUMNS" in request.options:
        return _cut(value, column.length)
    return f"CASE WHEN strlen({value}) <= {column.length} THEN {value} END"


def _cut(value: str, length: int) -> str:
    fits = f"lambda n: strlen(left({value}, n)) <= {length}"
    longest = f"left({value}, list_max(list_filter(range(0, {length + 1}), {fits})))"
    return f"CASE WHEN strlen({value}) <= {length} THEN {value} ELSE {longest} END"


def _date(request: LoadRequest, value: str) -> str:
    form = request.options.get("DATEFORMAT", "")
    lenient = f"TRY_CAST({value} AS DATE)"
    if not form:
        found = lenient
    elif form.lower() == "auto":
        listed = ", ".join(map(literal, _DATES))
        found = f"COALESCE({lenient}, CAST(TRY_STRPTIME({value}, [{listed}]) AS DATE))"
    else:
        found = f"CAST(TRY_STRPTIME({value}, {literal(parsing_format(form, None))}) AS DATE)"
    return found


def _timestamp(request: LoadRequest, value: str, target: str) -> str:
    form = request.options.get("TIMEFORMAT", "")
    lenient = f"TRY_CAST({value} AS {target})"
    if not form:
        return lenient
    if form.lower() in _EPOCHS:
        since = f"TIMESTAMP '1970-01-01' + {_EPOCHS[form.lower()]}(TRY_CAST({value} AS DOUBLE))"
        return f"TRY_CAST({since} AS {target})"
    if form.lower() == "auto":
        listed = ", ".join(literal(f"{day} {time}") for day in _DATES for time in _TIMES)
        days = ", ".join(map(literal, _DATES))
        found = f"COALESCE({lenient}, TRY_STRPTIME({value}, [{listed}, {days}]))"
    else:
        found = f"TRY_STRPTIME({value}, {literal(parsing_format(form, None))})"
    return f"TRY_CAST({found} AS {target})"


def reason(column: TargetColumn) -> tuple[int, str]:
    """The code and words for a value that does not fit."""
    kind = column.kind
    if kind in _WHOLE:
        group = "whole"
    elif kind in {"DECIMAL", "REAL", "DOUBLE PRECISION"}:
        group = "number"
    elif kind == "TIMESTAMPTZ":
        group = "TIMESTAMP"
    elif column.length is not None:
        group = "text"
    else:
        group = kind if kind in REASONS else "other"
    code, words = REASONS[group]
    return code, words.format(kind=kind)
