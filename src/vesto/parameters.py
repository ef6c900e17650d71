"""Configuration parameters of a session: what SET takes, SHOW prints and RESET puts back.

Source: Amazon Redshift Database Developer Guide, "Configuration reference"; PostgreSQL manual,
"Client Connection Defaults".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from vesto.errors import InvalidParameterValue, UnchangeableParameter, UndefinedParameter

LEAST_LEVEL: Final = 0.5
MOST_LEVEL: Final = 0.99
_ENCODINGS: Final = frozenset({"UTF8", "UNICODE", "SQL_ASCII", "ASCII"})
_SWITCHES: Final = {
    "on": "on", "true": "on", "yes": "on", "1": "on", "t": "on", "y": "on",
    "off": "off", "false": "off", "no": "off", "0": "off", "f": "off", "n": "off",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; ``effect`` is empty without one.

    ``kind`` is text, switch, whole, time, level or encoding.
    """

    default: str
    kind: str = "text"
    effect: str = ""

    def checked(self, name: str, value: str) -> str:
        """The value as it is kept.

        Raises:
            InvalidParameterValue: It is of another kind.
        """
        if self.kind == "switch":
            if value.lower() not in _SWITCHES:
                raise InvalidParameterValue(f"{name} is on or off, not {value!r}")
            return _SWITCHES[value.lower()]
        if self.kind == "time":
            return _milliseconds(name, value)
        if self.kind == "whole" and not value.removeprefix("-").isdecimal():
            raise InvalidParameterValue(f"{name} is a whole number, not {value!r}")
        if self.kind == "level":
            return _level(name, value)
        if self.kind == "encoding":
            return _encoding(name, value)
        return value


PARAMETERS: Final[Mapping[str, Parameter]] = {
    "analyze_threshold_percent": Parameter("10"),
    "application_name": Parameter("", effect="named in the session's views"),
    "client_encoding": Parameter("UTF8", "encoding"),
    "client_min_messages": Parameter(
        "notice", effect="warning or error keeps notices from clients"
    ),
    "datestyle": Parameter("ISO, MDY"),
    "describe_field_name_in_uppercase": Parameter("off", "switch"),
    "downcase_delimited_identifier": Parameter("on", "switch"),
    "enable_case_sensitive_identifier": Parameter("off", "switch"),
    "enable_numeric_rounding": Parameter(
        "on", "switch", "whether casts to fewer digits round, or cut off"
    ),
    "enable_result_cache_for_session": Parameter("on", "switch"),
    "enable_vacuum_boost": Parameter("off", "switch"),
    "error_on_nondeterministic_update": Parameter("off", "switch"),
    "extra_float_digits": Parameter("0", "whole"),
    "interval_level": Parameter(
        "0.9", "level", "share of the truth that f_interval's intervals hold, from 0.5 to 0.99"
    ),
    "intervalstyle": Parameter("postgres"),
    "json_serialization_enable": Parameter("off", "switch"),
    "json_serialization_parse_nested_strings": Parameter("off", "switch"),
    "max_concurrency_scaling_clusters": Parameter("1", "whole"),
    "max_cursor_result_set_size": Parameter("0", "whole"),
    "mv_enable_aqmv_for_session": Parameter("on", "switch"),
    "navigate_super_null_on_error": Parameter("on", "switch"),
    "parse_super_null_on_error": Parameter("off", "switch"),
    "query_group": Parameter("unset", effect="kept for workload management"),
    "search_path": Parameter('"$user", public', effect="schemas of names without one"),
    "session_authorization": Parameter("default"),
    "session_timeout": Parameter("0", "whole"),
    "spectrum_enable_pseudo_columns": Parameter("on", "switch"),
    "standard_conforming_strings": Parameter("off", "switch"),
    "statement_timeout": Parameter(
        "0", "time", "the server stops a statement after so long; 0 is never"
    ),
    "stored_proc_log_min_messages": Parameter("LOG"),
    "timezone": Parameter("UTC", effect="zone of TIMESTAMPTZ in text and in casts"),
    "use_fips_ssl": Parameter("off", "switch"),
    "wlm_query_slot_count": Parameter("1", "whole"),
}
# PostgreSQL's, which drivers send when they connect.
ACCEPTED: Final[Mapping[str, str]] = {
    "autocommit": "on", "bytea_output": "hex", "client_connection_check_interval": "0",
    "default_table_access_method": "heap",
    "default_transaction_isolation": "serializable", "default_transaction_read_only": "off",
    "idle_in_transaction_session_timeout": "0", "jit": "off", "lock_timeout": "0",
    "row_security": "on", "synchronous_commit": "on", "transaction_isolation": "serializable",
    "transaction_read_only": "off",
}  # fmt: skip
# What clients ask for and nobody can change.
FIXED: Final[Mapping[str, str]] = {
    "block_size": "8192", "integer_datetimes": "on", "is_superuser": "on", "lc_collate": "C", "lc_ctype": "C",
    "max_connections": "500", "max_identifier_length": "127", "max_index_keys": "32",
    "server_encoding": "UTF8", "server_version": "8.0.2", "server_version_num": "80002",
}  # fmt: skip


class Parameters:
    """The parameters of one session."""

    def __init__(self, defaults: Mapping[str, str] | None = None) -> None:
        self._values: dict[str, str] = {}
        self.defaults = defaults or {}
        # Counts up with every change.
        self.version = 0

    def get(self, name: str) -> str:
        """The value of a parameter.

        Raises:
            UndefinedParameter: There is none of that name.
        """
        if name in FIXED:
            return FIXED[name]
        if name in ACCEPTED:
            return self._values.get(name, ACCEPTED[name])
        return self._values.get(name, self.defaults.get(name, _known(name).default))

    def set(self, name: str, value: str) -> None:
        """Change a parameter.

        Raises:
            UndefinedParameter: There is none of that name.
            InvalidParameterValue: The value is of another kind.
            UnchangeableParameter: Nobody can change it.
        """
        if name in FIXED:
            raise UnchangeableParameter(f'parameter "{name}" cannot be changed')
        if name not in ACCEPTED:
            value = _known(name).checked(name, value)
        self._values[name] = value
        self.version += 1

    def reset(self, name: str) -> None:
        """Put a parameter back.

        Raises:
            UndefinedParameter: There is none of that name.
        """
        if name not in ACCEPTED and name not in FIXED:
            _known(name)
        self._values.pop(name, None)
        self.version += 1

    def reset_all(self) -> None:
        """Put every parameter back."""
        self._values.clear()
        self.version += 1

    def all(self) -> dict[str, str]:
        """Every parameter's value by its name."""
        return {name: self.get(name) for name in (*PARAMETERS, *ACCEPTED, *FIXED)}

    @property
    def search_path(self) -> tuple[str, ...]:
        """The schemas of names without one; the user's own has none of its own here."""
        listed = (part.strip().strip('"').strip("'") for part in self.get("search_path").split(","))
        return tuple(part.lower() for part in listed if part and part != "$user")


def _encoding(name: str, value: str) -> str:
    """The one that there is; ASCII is a part of it."""
    if value.strip("'\" ").upper().replace("-", "") not in _ENCODINGS:
        hint = "Text is UTF-8 here and everywhere."
        raise InvalidParameterValue(f"{name} is UTF8, not {value!r}", hint=hint)
    return "UTF8"


_UNITS: Final = {"": 1, "ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000}


def _milliseconds(name: str, value: str) -> str:
    found = re.fullmatch(r"(\d+)\s*(ms|s|min|h)?", value.strip())
    if found is None:
        raise InvalidParameterValue(f"{name} is a number of milliseconds, not {value!r}")
    return str(int(found[1]) * _UNITS[found[2] or ""])


def _level(name: str, value: str) -> str:
    try:
        level = float(value)
    except ValueError:
        level = 0.0
    if not LEAST_LEVEL <= level <= MOST_LEVEL:
        message = f"{name} is a number from {LEAST_LEVEL} to {MOST_LEVEL}, not {value!r}"
        raise InvalidParameterValue(message)
    return str(level)


def _known(name: str) -> Parameter:
    found = PARAMETERS.get(name)
    if found is None:
        near = get_close_matches(name, PARAMETERS, 1)
        hint = f'Did you mean "{near[0]}"?' if near else "SHOW ALL lists them."
        raise UndefinedParameter(f'unrecognized configuration parameter "{name}"', hint=hint)
    return found
