"""What GRANT and REVOKE have in common: privileges, the objects they are on, and who has them.

Grammar: Amazon Redshift Database Developer Guide, "GRANT" and "REVOKE".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from vesto.dialect.cursor import Cursor
from vesto.dialect.names import Name, quoted, written
from vesto.errors import Span, StatementSyntaxError

ON_OBJECTS: Final = {
    "MODEL": ("EXECUTE", "ALL"),
    "TABLE": (
        "SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "TRUNCATE", "ALTER", "REFERENCES", "ALL",
    ),
    "SCHEMA": ("CREATE", "USAGE", "ALTER", "DROP", "ALL"),
    "DATABASE": ("CREATE", "TEMPORARY", "TEMP", "USAGE", "ALTER", "ALL"),
    "FUNCTION": ("EXECUTE", "ALL"),
    "LANGUAGE": ("USAGE",),
}  # fmt: skip
ON_COLUMNS: Final = ("SELECT", "UPDATE")
SYSTEM: Final = (
    "CREATE MODEL", "DROP MODEL", "CREATE USER", "DROP USER", "ALTER USER", "CREATE SCHEMA",
    "DROP SCHEMA", "ALTER DEFAULT PRIVILEGES", "ACCESS CATALOG", "ACCESS SYSTEM TABLE",
    "CREATE TABLE", "DROP TABLE", "ALTER TABLE", "CREATE OR REPLACE FUNCTION", "DROP FUNCTION",
    "CREATE OR REPLACE VIEW", "DROP VIEW", "CREATE ROLE", "DROP ROLE", "TRUNCATE TABLE", "VACUUM",
    "ANALYZE", "CANCEL",
)  # fmt: skip
ASSUMEROLE_FOR: Final = ("ALL", "COPY", "UNLOAD", "EXTERNAL FUNCTION", "CREATE MODEL")


@dataclass(frozen=True, slots=True)
class Grantee:
    """Who gets or loses privileges; PUBLIC has no name, only users have the grant option.

    With ``admin_option`` who gets a role may give it to others.
    """

    kind: str
    name: str = ""
    grant_option: bool = False
    admin_option: bool = False

    def sql(self) -> str:
        """The grantee as text."""
        if self.kind == "PUBLIC":
            return "PUBLIC"
        option = " WITH GRANT OPTION" if self.grant_option else ""
        option += " WITH ADMIN OPTION" if self.admin_option else ""
        word = "" if self.kind == "USER" else f"{self.kind} "
        return word + quoted(self.name) + option


@dataclass(frozen=True, slots=True)
class Privileges:
    """Privileges on objects of one kind.

    ``kind`` is empty for system privileges, MODEL, TABLE and the like, or "TABLES IN SCHEMA" and
    "FUNCTIONS IN SCHEMA" for all of a schema; ROLE where roles are granted, ASSUMEROLE where
    ``roles`` and ``purposes`` say which outside roles are open for what. ``columns`` are privileges
    on columns alone, with those columns.
    """

    privileges: tuple[str, ...]
    kind: str = ""
    objects: tuple[Name, ...] = ()
    roles: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    columns: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def sql(self) -> str:
        """What stands between GRANT and TO."""
        narrow = (f"{word} ({', '.join(map(quoted, names))})" for word, names in self.columns)
        listed = ", ".join([*self.privileges, *narrow])
        if self.kind == "ASSUMEROLE":
            roles = ", ".join(r if r in {"ALL", "DEFAULT"} else written(r) for r in self.roles)
            return f"ASSUMEROLE ON {roles}"
        if self.kind == "ROLE":
            return ", ".join(f"ROLE {name.sql()}" for name in self.objects)
        if not self.kind:
            return listed
        every = "ALL " if self.kind.endswith("IN SCHEMA") else ""
        return f"{listed} ON {every}{self.kind} {', '.join(o.sql() for o in self.objects)}"

    def sql_purposes(self) -> str:
        """What stands at the end of GRANT ASSUMEROLE."""
        return f" FOR {', '.join(self.purposes)}" if self.purposes else ""


def read_privileges(cursor: Cursor) -> dict[str, Any]:
    """Read up to TO or FROM; the fields of ``Privileges`` but for ``purposes``."""
    if cursor.accept("ROLE"):
        roles = [Name(cursor.identifier("a role"))]
        while cursor.accept(","):
            cursor.expect("ROLE")
            roles.append(Name(cursor.identifier("a role")))
        return {"privileges": (), "kind": "ROLE", "objects": tuple(roles)}
    if cursor.accept("ASSUMEROLE"):
        cursor.expect("ON")
        outside = tuple(cursor.listed(_role))
        return {"privileges": (), "kind": "ASSUMEROLE", "roles": outside}
    start = cursor.span
    listed = cursor.listed(_privilege)
    columns = tuple((word, names) for word, names in listed if names)
    privileges = tuple(word for word, names in listed if not names)
    kind, objects = _objects(cursor) if cursor.accept("ON") else ("", ())
    _check_columns(columns, kind, start)
    known = SYSTEM if not kind else ON_OBJECTS[_singular(kind)]
    for privilege in privileges:
        if privilege not in known:
            what = f"on a {_singular(kind).lower()}" if kind else "of the system"
            hint = f"The privileges {what} are {', '.join(known)}."
            message = f"{privilege} is no privilege {what}"
            raise StatementSyntaxError(message, hint=hint, span=start)
    return {"privileges": privileges, "kind": kind, "objects": objects, "columns": columns}


def _check_columns(columns: tuple[tuple[str, tuple[str, ...]], ...], kind: str, span: Span) -> None:
    for word, _ in columns:
        if kind != "TABLE" or word not in ON_COLUMNS:
            hint = f"Columns of tables have {' and '.join(ON_COLUMNS)}."
            message = f"{word} is no privilege on columns"
            raise StatementSyntaxError(message, hint=hint, span=span)


def _singular(kind: str) -> str:
    return {"TABLES IN SCHEMA": "TABLE", "FUNCTIONS IN SCHEMA": "FUNCTION"}.get(kind, kind)


def _privilege(cursor: Cursor) -> tuple[str, tuple[str, ...]]:
    """A privilege, and the columns that it is on; none for all."""
    words = [cursor.word("a privilege")]
    while cursor.here.kind == "word" and not any(cursor.peek(w) for w in ("ON", "TO", "FROM")):
        words.append(cursor.word("a privilege"))
    name = "ALL" if words == ["ALL", "PRIVILEGES"] else " ".join(words)
    return name, cursor.names() if cursor.peek("(") else ()


def _role(cursor: Cursor) -> str:
    for word in ("ALL", "DEFAULT"):
        if cursor.accept(word):
            return word
    return cursor.string("a role")


def _objects(cursor: Cursor) -> tuple[str, tuple[Name, ...]]:
    if cursor.accept("ALL"):
        for word in ("TABLES", "FUNCTIONS"):
            if cursor.accept(word, "IN", "SCHEMA"):
                return f"{word} IN SCHEMA", tuple(cursor.listed(Cursor.name))
        raise cursor.error("TABLES IN SCHEMA or FUNCTIONS IN SCHEMA")
    kind = next((word for word in ON_OBJECTS if cursor.accept(word)), "TABLE")
    return kind, tuple(cursor.listed(_function if kind == "FUNCTION" else Cursor.name))


def _function(cursor: Cursor) -> Name:
    name = cursor.name("a function")
    if cursor.peek("("):
        cursor.parenthesised("the argument types")
    return name


def read_purposes(cursor: Cursor) -> tuple[str, ...]:
    """Read FOR and what ASSUMEROLE is for."""
    cursor.expect("FOR")
    return tuple(cursor.listed(_purpose))


def _purpose(cursor: Cursor) -> str:
    for words in ASSUMEROLE_FOR:
        if cursor.accept(*words.split()):
            return words
    raise cursor.error(f"one of {', '.join(ASSUMEROLE_FOR)}")


def read_grantees(cursor: Cursor) -> tuple[Grantee, ...]:
    """Read the users, roles and groups, separated by commas."""
    return tuple(cursor.listed(_grantee))


def _grantee(cursor: Cursor) -> Grantee:
    if cursor.accept("PUBLIC"):
        return Grantee("PUBLIC")
    kind = next((word for word in ("ROLE", "GROUP") if cursor.accept(word)), "USER")
    name = cursor.identifier("a user, ROLE, GROUP or PUBLIC")
    span = cursor.span
    option = cursor.accept("WITH", "GRANT", "OPTION")
    if option and kind != "USER":
        hint = "Grant to the users themselves."
        message = f"WITH GRANT OPTION does not go with {kind}"
        raise StatementSyntaxError(message, hint=hint, span=span)
    admin = cursor.accept("WITH", "ADMIN", "OPTION")
    return Grantee(kind, name, option, admin)
