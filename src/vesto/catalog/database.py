"""The catalog's database: its tables, how it is opened, and SQLite's errors as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from vesto.errors import DataCorrupted, DiskFull, InputOutputError, VestoError

FORMAT_VERSION: Final = "3"

METADATA: Final = sa.MetaData()
FACTS: Final = sa.Table(
    "facts",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
MODELS: Final = sa.Table(
    "models",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("schema", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    # The version that serves; while none has been READY, the newest.
    sa.Column("version", sa.Integer, nullable=False),
    # What CREATE MODEL said; what REFRESH MODEL made of it stands with the version.
    sa.Column("definition", sa.Text, nullable=False),
    sa.UniqueConstraint("schema", "name"),
)
VERSIONS: Final = sa.Table(
    "versions",
    METADATA,
    sa.Column("model_id", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("created_at", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
)
USERS: Final = sa.Table(
    "users",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    # Everything else that CREATE USER said, as JSON; passwords are verifiers.
    sa.Column("attributes", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
GROUPS: Final = sa.Table(
    "groups",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)
ROLES: Final = sa.Table(
    "roles",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("owner", sa.Integer, nullable=False),
    sqlite_autoincrement=True,
)
# Who is in which group or role; a role may be in a role.
MEMBERS: Final = sa.Table(
    "members",
    METADATA,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("of", sa.Integer, primary_key=True),
    sa.Column("member_kind", sa.Text, primary_key=True),
    sa.Column("member", sa.Integer, primary_key=True),
    sa.Column("admin_option", sa.Boolean, nullable=False),
)
# Privileges on what stands in the catalog: models, the system, outside roles.
PRIVILEGES: Final = sa.Table(
    "privileges",
    METADATA,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("privilege", sa.Text, primary_key=True),
    sa.Column("grantee_kind", sa.Text, primary_key=True),
    sa.Column("grantee", sa.Integer, primary_key=True),
    sa.Column("grantor", sa.Integer, nullable=False),
    sa.Column("grant_option", sa.Boolean, nullable=False),
)
# From format 1, in which a model had one version.
_TO_FORMAT_2: Final = (
    """INSERT INTO versions (model_id, version, state, definition, outcome)
    SELECT id, version, state, definition, outcome FROM models""",
    "ALTER TABLE models DROP COLUMN state",
    "ALTER TABLE models DROP COLUMN outcome",
)


def open_database(path: Path) -> sa.Engine:
    """The database at ``path``; it is made, or brought to the format of now.

    Raises:
        DataCorrupted: The file is damaged, no catalog, or of a later format.
        InputOutputError: It cannot be opened.
    """
    engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
    try:
        with readable():
            _check_format(engine, path)
    finally:
        engine.dispose()
    # From here on: the journal's kind is written into the file, which must be ours for that.
    sa.event.listen(engine, "connect", _durable)
    return engine


def _check_format(engine: sa.Engine, path: Path) -> None:
    with engine.begin() as connection:
        # The driver would begin at the first change of rows, after tables have changed.
        connection.exec_driver_sql("BEGIN")
        tables = set(sa.inspect(connection).get_table_names())
        if tables - METADATA.tables.keys():
            raise DataCorrupted(f"{path.name} is no catalog of Vesto")
        version = _format_of(connection) if FACTS.name in tables else None
        METADATA.create_all(connection)
        if version == "1":
            for statement in _TO_FORMAT_2:
                connection.exec_driver_sql(statement)
        fact = {"name": "format", "value": FORMAT_VERSION}
        connection.execute(FACTS.insert().prefix_with("OR REPLACE").values(fact))


def _format_of(connection: sa.Connection) -> str | None:
    """The catalog's format; None while it is being made."""
    known = sa.select(FACTS.c.value).where(FACTS.c.name == "format")
    version: str | None = connection.execute(known).scalar_one_or_none()
    if version not in {None, "1", "2", FORMAT_VERSION}:
        hint = "Open the warehouse with the Vesto that wrote it, or a newer one."
        raise DataCorrupted(f"catalog format {version} is not known", hint=hint)
    return version


def _durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@contextmanager
def readable() -> Iterator[None]:
    """SQLite's errors as ours, but for those of a constraint."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DatabaseError as error:
        raise _translated(error.orig or error) from error


def _translated(error: BaseException) -> VestoError:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return DiskFull("the catalog could not be written", detail=str(error))
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_BUSY")):
        return InputOutputError("the catalog could not be opened or written", detail=str(error))
    return DataCorrupted("the catalog could not be read", detail=str(error))
