"""The catalog's database: SQLite in the warehouse's folder, through SQLAlchemy Core."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from vesto.catalog.records import Definition, Intervals, Model, Outcome, Parameter, State
from vesto.errors import (
    DataCorrupted,
    DiskFull,
    DuplicateModel,
    InputOutputError,
    UndefinedModel,
    VestoError,
)

FORMAT_VERSION: Final = "1"

_METADATA: Final = sa.MetaData()
_FACTS: Final = sa.Table(
    "facts",
    _METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
_MODELS: Final = sa.Table(
    "models",
    _METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("schema", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("definition", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.UniqueConstraint("schema", "name"),
)


class Catalog:
    """The models of a warehouse. Safe to share between threads; records are never changed.

    A warehouse has one owner, so the models are read once and kept until one is written: every
    function name in every query is looked up here.
    """

    def __init__(self, path: Path) -> None:
        """Open the catalog at ``path``, or make one.

        Raises:
            DataCorrupted: The file is damaged, no catalog, or of a later format.
            InputOutputError: It cannot be opened.
        """
        self.version = 0
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
        self._lock = threading.Lock()
        self._known: list[Model] | None = None
        try:
            with _readable():
                self._check_format(path)
        finally:
            self.close()
        # From here on: the journal's kind is written into the file, which must be ours for that.
        sa.event.listen(self._engine, "connect", _durable)

    def _check_format(self, path: Path) -> None:
        with self._engine.begin() as connection:
            tables = set(sa.inspect(connection).get_table_names())
            if tables - _METADATA.tables.keys():
                raise DataCorrupted(f"{path.name} is no catalog of Vesto")
            if _FACTS.name in tables:
                _check_version(connection)
            _METADATA.create_all(connection)
            fact = {"name": "format", "value": FORMAT_VERSION}
            connection.execute(_FACTS.insert().prefix_with("OR IGNORE").values(fact))

    def close(self) -> None:
        """Close the database; it can be closed more than once."""
        self._engine.dispose()

    def models(self) -> list[Model]:
        """All models, by schema and name."""
        with self._lock:
            if self._known is None:
                self._known = self._read()
            return list(self._known)

    def find(self, schema: str, name: str) -> Model | None:
        """The model of that name, or None."""
        return next((m for m in self.models() if (m.schema, m.name) == (schema, name)), None)

    def by_id(self, model_id: str) -> Model | None:
        """The model of that identifier, or None."""
        return next((model for model in self.models() if model.id == model_id), None)

    def functions(self, name: str) -> list[Model]:
        """The models that have a function of that name in any schema; case does not count."""
        wanted = name.lower()
        return [
            model
            for model in self.models()
            if any(function.lower() == wanted for function in model.functions)
        ]

    def _read(self) -> list[Model]:
        rows = sa.select(_MODELS).order_by(_MODELS.c.schema, _MODELS.c.name)
        with _readable(), self._engine.connect() as connection:
            return [_model(dict(row)) for row in connection.execute(rows).mappings()]

    def add(self, model: Model) -> None:
        """Add a model.

        Raises:
            DuplicateModel: The schema has one of that name.
            DiskFull: It could not be written; the catalog is as it was.
        """
        with self._writing(model) as connection:
            connection.execute(_MODELS.insert().values(_row(model)))

    def replace(self, old: Model, new: Model) -> None:
        """Put ``new`` in the place of ``old``, if state and version are still those of ``old``.

        Raises:
            UndefinedModel: It has been changed or dropped meanwhile.
            DuplicateModel: The schema has another one of the new name.
            DiskFull: It could not be written; the catalog is as it was.
        """
        same = (_MODELS.c.id == old.id) & (_MODELS.c.state == old.state)
        same &= _MODELS.c.version == old.version
        with self._writing(new) as connection:
            changed = connection.execute(_MODELS.update().where(same).values(_row(new)))
            if changed.rowcount != 1:
                raise UndefinedModel(f'model "{old.name}" is not there any more')

    def remove(self, model: Model) -> bool:
        """Remove a model; False if it has gone already.

        Raises:
            DiskFull: It could not be written; the catalog is as it was.
        """
        gone = _MODELS.delete().where(_MODELS.c.id == model.id)
        with self._writing(model) as connection:
            return connection.execute(gone).rowcount == 1

    @contextmanager
    def _writing(self, model: Model) -> Iterator[sa.Connection]:
        """A transaction, after which the models are read anew."""
        try:
            with self._lock:
                self._known = None
                try:
                    with _readable(), self._engine.begin() as connection:
                        yield connection
                finally:
                    # Whoever kept something that models decide asks again.
                    self.version += 1
        except sa.exc.IntegrityError:
            raise DuplicateModel(f'model "{model.name}" already exists') from None


def _check_version(connection: sa.Connection) -> None:
    known = sa.select(_FACTS.c.value).where(_FACTS.c.name == "format")
    version = connection.execute(known).scalar_one_or_none()
    if version not in {None, FORMAT_VERSION}:
        hint = "Open the warehouse with the Vesto that wrote it, or a newer one."
        raise DataCorrupted(f"catalog format {version} is not known", hint=hint)


def _durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@contextmanager
def _readable() -> Iterator[None]:
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


def _row(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "schema": model.schema,
        "name": model.name,
        "owner": model.owner,
        "created_at": model.created_at.isoformat(),
        "state": str(model.state),
        "version": model.version,
        "definition": json.dumps(asdict(model.definition)),
        "outcome": json.dumps(asdict(model.outcome)) if model.outcome else None,
    }


def _model(row: dict[str, Any]) -> Model:
    try:
        definition = json.loads(row["definition"])
        definition["parameters"] = tuple(Parameter(**p) for p in definition["parameters"])
        definition["hyperparameters"] = _pairs(definition["hyperparameters"])
        row["definition"] = Definition(**definition)
        row["outcome"] = outcome_from(json.loads(row["outcome"])) if row["outcome"] else None
        row["state"] = State(row["state"])
        row["created_at"] = datetime.fromisoformat(row["created_at"]).astimezone(UTC)
    except (KeyError, TypeError, ValueError) as error:
        message = f'the catalog\'s row of model "{row["name"]}" is damaged'
        raise DataCorrupted(message, detail=str(error)) from error
    return Model(**row)


def outcome_from(document: dict[str, Any]) -> Outcome:
    """The outcome that ``asdict`` and JSON made of one."""
    known: dict[str, Any] = document | {"hyperparameters": _pairs(document["hyperparameters"])}
    known["notices"] = tuple(document["notices"])
    if intervals := document.get("intervals"):
        lists = {k: tuple(v) for k, v in intervals.items() if k != "kind"}
        known["intervals"] = Intervals(kind=intervals["kind"], **lists)
    return Outcome(**known)


def _pairs(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, value in pairs)
