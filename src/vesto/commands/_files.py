"""What COPY and UNLOAD have in common: where files are, and how options are written."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import written
from vesto.errors import InvalidParameterValue, Span, StatementSyntaxError, VestoError
from vesto.loader.request import Store

SECRETS: Final = frozenset({"ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "CREDENTIALS"})
HIDDEN: Final = "***"


def store_of(context: Context, options: dict[str, str]) -> Store:
    """How the statement reaches its files: its own keys and region, the settings, the environment."""
    warehouse = context.warehouse
    settings = warehouse.settings
    mounts = {
        bucket: _folder(place, warehouse.path.as_posix())
        for bucket, place in (settings.staging or {}).items()
        if "://" not in place or place.startswith("file://")
    }
    keys = _keys(options)
    return Store(
        endpoint=settings.s3_endpoint,
        region=options.get("REGION", settings.s3_region),
        access_key=keys.get("aws_access_key_id", ""),
        secret_key=keys.get("aws_secret_access_key", ""),
        session_token=keys.get("token", ""),
        mounts=mounts,
        local=not warehouse.locked and context.guard.unlimited,
    )


def check_outside(
    context: Context, role: str | None, place: str, purpose: str, span: Span | None
) -> None:
    """Check that the user may reach a place outside of the warehouse, by a role or by its name.

    A place is granted by its own name or that of a folder around it.

    Raises:
        PermissionDenied: A superuser has granted neither.
    """
    names = frozenset({"DEFAULT"} if role in {None, "default"} else {str(role)})
    parts = place.rstrip("/").split("/")
    around = {"/".join(parts[:count]) for count in range(3, len(parts) + 1)}
    if not {"..", "."} & set(parts):
        names |= around | {f"{one}/" for one in around}
    try:
        context.guard.check_assume(names, purpose, role or "default")
    except VestoError as error:
        raise error.at(span) from None


def _folder(place: str, home: str) -> str:
    path = urlsplit(place).path if place.startswith("file://") else place
    return path.rstrip("/") if path.startswith("/") else f"{home}/{path}".rstrip("/")


def _keys(options: dict[str, str]) -> dict[str, str]:
    found = {}
    for part in options.get("CREDENTIALS", "").split(";"):
        name, _, value = part.partition("=")
        found[name.strip().lower()] = value.strip()
    for option, name in (
        ("ACCESS_KEY_ID", "aws_access_key_id"),
        ("SECRET_ACCESS_KEY", "aws_secret_access_key"),
        ("SESSION_TOKEN", "token"),
    ):
        if option in options:
            found[name] = options[option]
    return found


def read_role(cursor: Cursor) -> str:
    """Read what follows IAM_ROLE."""
    return "default" if cursor.accept("DEFAULT") else cursor.string("default, or the role")


def read_option(cursor: Cursor, kinds: dict[str, str], statement: str) -> tuple[str, str]:
    """Read one option: its name, and its value as text ("" for a flag).

    Raises:
        StatementSyntaxError: There is no such option.
    """
    span = cursor.span
    name = cursor.word("an option")
    kind = kinds.get(name)
    if kind is None:
        hint = f"The options are {', '.join(sorted(kinds))}."
        raise StatementSyntaxError(f"{name} is no option of {statement}", hint=hint, span=span)
    return name, _value(cursor, name, kind, span)


def _value(cursor: Cursor, name: str, kind: str, span: Span) -> str:
    if kind == "flag":
        return ""
    cursor.accept("AS")
    if kind == "text":
        return cursor.string(name)
    if kind == "whole":
        number = cursor.integer(name)
        if number < 0:
            raise InvalidParameterValue(f"{name} must not be negative", span=span)
        return str(number)
    if kind == "size":
        return _size(cursor, name)
    if kind == "switch":
        for word in ("ON", "OFF", "TRUE", "FALSE"):
            if cursor.accept(word):
                return {"TRUE": "ON", "FALSE": "OFF"}.get(word, word)
        return "ON"
    if kind == "letter":
        return _letter(cursor, name, span)
    return cursor.string(name) if cursor.here.kind == "string" else ""


def _size(cursor: Cursor, name: str) -> str:
    if cursor.here.kind != "number":
        raise cursor.error(f"the size of {name}")
    number = cursor.advance().text
    unit = next((word for word in ("MB", "GB") if cursor.accept(word)), "MB")
    return f"{number} {unit}"


def _letter(cursor: Cursor, name: str, span: Span) -> str:
    letter = cursor.string(name)
    if letter.startswith("\\") and letter[1:].isdigit():
        letter = chr(int(letter[1:], 8))
    if len(letter) != 1:
        raise InvalidParameterValue(f"{name} must be one character", span=span)
    return letter


def print_option(name: str, value: str, kinds: dict[str, str]) -> str:
    """An option as text; keys are not shown."""
    kind = kinds[name]
    if kind == "flag" or (kind == "optional" and not value):
        return name
    if name in SECRETS:
        return f"{name} {written(HIDDEN)}"
    return f"{name} {value if kind in {'whole', 'switch', 'size'} else written(value)}"


def check_letters(options: dict[str, Any], span: Span | None) -> None:
    """Check that delimiter and quote are two characters.

    Raises:
        InvalidParameterValue: They are the same.
    """
    if "DELIMITER" in options and options.get("DELIMITER") == options.get("QUOTE"):
        raise InvalidParameterValue("DELIMITER and QUOTE must differ", span=span)
