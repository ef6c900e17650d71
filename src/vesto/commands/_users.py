"""What CREATE USER and ALTER USER have in common: their options, and who may do what to users.

Grammar: Amazon Redshift Database Developer Guide, "CREATE USER" and "ALTER USER".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

from vesto.access.passwords import verifiers_of
from vesto.catalog.users import Grantee, User
from vesto.commands import Context
from vesto.dialect.cursor import Cursor
from vesto.dialect.names import quoted, written
from vesto.errors import InvalidParameterValue, Span, StatementSyntaxError, UndefinedObject

HIDDEN: Final = "***"
# Seconds that SESSION TIMEOUT may be: a minute to twenty days.
SHORTEST_TIMEOUT_S, LONGEST_TIMEOUT_S = 60, 1_728_000
_FLAGS: Final = {
    "CREATEDB": ("creates_databases", True), "NOCREATEDB": ("creates_databases", False),
    "CREATEUSER": ("superuser", True), "NOCREATEUSER": ("superuser", False),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Password:
    """A password as it was written: nothing that prints or compares statements shows it."""

    text: str = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Option:
    """One option: its words, and its value (None where it has none, or is taken back)."""

    name: str
    value: Any = None

    def sql(self) -> str:
        """The option as text; no password is shown."""
        if self.name == "PASSWORD":
            return f"PASSWORD {'DISABLE' if self.value is None else written(HIDDEN)}"
        if self.name in {"IN GROUP", "USER"}:
            return f"{self.name} {', '.join(map(quoted, self.value))}"
        if self.name in {"VALID UNTIL", "EXTERNALID"}:
            return f"{self.name} {written(self.value)}"
        if self.name == "CONNECTION LIMIT":
            return f"{self.name} {'UNLIMITED' if self.value is None else self.value}"
        return self.name if self.value is None else f"{self.name} {self.value}"


def read_options(cursor: Cursor, words: Iterable[str]) -> tuple[Option, ...]:
    """Read options in any order, each once.

    Raises:
        StatementSyntaxError: One is given twice, or is none.
    """
    known = tuple(words)
    found: dict[str, Option] = {}
    cursor.accept("WITH")
    while cursor.here.kind != "end" and not cursor.peek(";"):
        span = cursor.span
        option = _option(cursor, known)
        kind = option.name.removeprefix("NO")
        if kind in found:
            raise StatementSyntaxError(f"{option.name} is given twice", span=span)
        found[kind] = option
    return tuple(found.values())


ALL_OPTIONS: Final = (
    "PASSWORD", *_FLAGS, "SYSLOG ACCESS", "VALID UNTIL", "CONNECTION LIMIT", "SESSION TIMEOUT",
    "EXTERNALID",
)  # fmt: skip


def _option(cursor: Cursor, known: tuple[str, ...]) -> Option:
    name = next((words for words in known if cursor.accept(*words.split())), "")
    if not name:
        raise cursor.error(f"one of {', '.join(known)}")
    if name in _FLAGS or name == "RESET SESSION TIMEOUT":
        return Option(name)
    if name == "PASSWORD":
        disabled = cursor.accept("DISABLE")
        return Option(name, None if disabled else Password(cursor.string("the password")))
    if name == "SYSLOG ACCESS":
        return Option(name, _choice(cursor, ("RESTRICTED", "UNRESTRICTED")))
    if name == "IN GROUP":
        return Option(name, tuple(cursor.listed(lambda c: c.identifier("a group"))))
    if name in {"VALID UNTIL", "EXTERNALID"}:
        return Option(name, cursor.string(name.lower()))
    if name == "CONNECTION LIMIT" and cursor.accept("UNLIMITED"):
        return Option(name)
    return Option(name, cursor.integer(name))


def _choice(cursor: Cursor, words: tuple[str, ...]) -> str:
    found = next((word for word in words if cursor.accept(word)), "")
    if not found:
        raise cursor.error(" or ".join(words))
    return found


def with_options(user: User, options: Iterable[Option], span: Span | None) -> User:
    """A user as the options change it.

    Raises:
        InvalidParameterValue: The rules refuse a password or a value.
    """
    for option in options:
        user = replace(user, **_field(user, option, span))
    return user


def _field(user: User, option: Option, span: Span | None) -> dict[str, Any]:
    name, value = option.name, option.value
    if name in _FLAGS:
        attribute, flag = _FLAGS[name]
        return {attribute: flag}
    if name == "PASSWORD":
        made = None if value is None else verifiers_of(value.text, user.name, span)
        return {"verifiers": made}
    if name == "SYSLOG ACCESS":
        return {"sees_system_log": value == "UNRESTRICTED"}
    if name == "VALID UNTIL":
        return {"valid_until": _moment(value, span)}
    if name == "CONNECTION LIMIT":
        if value is not None and value < 0:
            raise InvalidParameterValue("CONNECTION LIMIT must not be negative", span=span)
        return {"connection_limit": value}
    if name == "RESET SESSION TIMEOUT":
        return {"session_timeout_s": 0}
    if name == "SESSION TIMEOUT":
        if not SHORTEST_TIMEOUT_S <= value <= LONGEST_TIMEOUT_S:
            wanted = f"from {SHORTEST_TIMEOUT_S} to {LONGEST_TIMEOUT_S} seconds"
            raise InvalidParameterValue(f"SESSION TIMEOUT must be {wanted}", span=span)
        return {"session_timeout_s": value}
    return {}


def _moment(text: str, span: Span | None) -> datetime | None:
    """A moment, UTC where it says nothing else; None for ``infinity``."""
    if text.strip().lower() == "infinity":
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        hint = "Write it as '2030-12-31' or '2030-12-31 18:00:00'."
        message = "VALID UNTIL is no date and time"
        raise InvalidParameterValue(message, hint=hint, span=span) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


# --- Looking up ----------------------------------------------------------------------------------


def find_user(context: Context, name: str, span: Span | None) -> User:
    """The user of that name.

    Raises:
        UndefinedObject: There is none.
    """
    found = context.warehouse.catalog.accounts.directory().users.get(name)
    if found is None:
        raise UndefinedObject(f'user "{name}" does not exist', span=span)
    return found


def find_grantee(context: Context, kind: str, name: str, span: Span | None) -> Grantee:
    """The user, group or role of that name.

    Raises:
        UndefinedObject: There is none.
    """
    found = context.warehouse.catalog.accounts.directory().find(kind, name)
    if found is None:
        raise UndefinedObject(f'{kind.lower()} "{name}" does not exist', span=span)
    return found


def check_superusers(context: Context, users: Iterable[User], span: Span | None, what: str) -> None:
    """Only a superuser makes, changes or removes a superuser.

    Raises:
        PermissionDenied: The session's user is none, and one of these is.
    """
    if any(user.superuser for user in users):
        context.guard.check_superuser(f"{what} superusers", span)
