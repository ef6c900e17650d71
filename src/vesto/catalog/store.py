"""The catalog's database: SQLite in the warehouse's folder, through SQLAlchemy Core."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from vesto.catalog.records import Definition, Model, Outcome, Parameter, State
from vesto.errors import DataCorrupted, DiskFull, DuplicateModel, UndefinedModel, VestoError

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
    """The models of a warehouse. Safe to share between threads; records are never changed."""

    def __init__(self, path: Path) -> None:
        """Open the catalog at ``path``, or make one.

        Raises:
            DataCorrupted: The file is damaged or of a later format.
        """
        self._engine = sa.create_engine(f"sqlite:///{path}")
        sa.event.listen(self._engine, "connect", _durable)
        with _readable():
            _METADATA.create_all(self._engine)
            self._check_format()

    def _check_format(self) -> None:
        known = sa.select(_FACTS.c.value).where(_FACTS.c.name == "format")
        with self._engine.begin() as connection:
            version = connection.execute(known).scalar_one_or_none()
            if version is None:
                row = {"name": "format", "value": FORMAT_VERSION}
                connection.execute(_FACTS.insert().values(row))
            elif version != FORMAT_VERSION:
                hint = "Open the warehouse with the Vesto that wrote it, or a newer one."
                raise DataCorrupted(f"catalog format {version} is not known", hint=hint)

    def close(self) -> None:
        """Close the database."""
        self._engine.dispose()

    def models(self) -> list[Model]:
        """All models, by schema and name."""
        return self._select(sa.true())

    def find(self, schema: str, name: str) -> Model | None:
        """The model of that name, or None."""
        return next(
            iter(self._select((_MODELS.c.schema == schema) & (_MODELS.c.name == name))), None
        )

    def by_id(self, model_id: str) -> Model | None:
        """The model of that identifier, or None."""
        return next(iter(self._select(_MODELS.c.id == model_id)), None)

    def functions(self, name: str) -> list[Model]:
        """The models whose function has that name, in any schema."""
        return [model for model in self.models() if model.definition.function == name]

    def _select(self, where: sa.ColumnElement[bool]) -> list[Model]:
        rows = sa.select(_MODELS).where(where).order_by(_MODELS.c.schema, _MODELS.c.name)
        with _readable(), self._engine.connect() as connection:
            return [_model(dict(row)) for row in connection.execute(rows).mappings()]

    def add(self, model: Model) -> None:
        """Add a model.

        Raises:
            DuplicateModel: The schema has one of that name.
        """
        try:
            with _readable(), self._engine.begin() as connection:
                connection.execute(_MODELS.insert().values(_row(model)))
        except sa.exc.IntegrityError:
            raise DuplicateModel(f'model "{model.name}" already exists') from None

    def replace(self, old: Model, new: Model) -> None:
        """Put ``new`` in the place of ``old``, if ``old`` is still as it was.

        Raises:
            UndefinedModel: It has been changed or dropped meanwhile.
        """
        same = (_MODELS.c.id == old.id) & (_MODELS.c.state == old.state)
        same &= _MODELS.c.version == old.version
        with _readable(), self._engine.begin() as connection:
            changed = connection.execute(_MODELS.update().where(same).values(_row(new)))
            if changed.rowcount != 1:
                raise UndefinedModel(f'model "{old.name}" is not there any more')

    def remove(self, model: Model) -> bool:
        """Remove a model; False if it has gone already."""
        gone = _MODELS.delete().where(_MODELS.c.id == model.id)
        with _readable(), self._engine.begin() as connection:
            return connection.execute(gone).rowcount == 1


def _durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


@contextmanager
def _readable() -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sa.exc.IntegrityError:
        raise
    except sa.exc.DatabaseError as error:
        raise _translated(str(error.orig)) from error


def _translated(text: str) -> VestoError:
    if "full" in text:
        return DiskFull("the catalog could not be written", detail=text)
    return DataCorrupted("the catalog could not be read", detail=text)


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
    definition = json.loads(row["definition"])
    definition["parameters"] = tuple(Parameter(**p) for p in definition["parameters"])
    definition["hyperparameters"] = _pairs(definition["hyperparameters"])
    outcome = outcome_from(json.loads(row["outcome"])) if row["outcome"] else None
    return Model(
        id=row["id"],
        schema=row["schema"],
        name=row["name"],
        owner=row["owner"],
        created_at=datetime.fromisoformat(row["created_at"]).astimezone(UTC),
        state=State(row["state"]),
        version=row["version"],
        definition=Definition(**definition),
        outcome=outcome,
    )


def outcome_from(document: dict[str, Any]) -> Outcome:
    """The outcome that ``asdict`` and JSON made of one."""
    pairs = _pairs(document["hyperparameters"])
    return Outcome(**document | {"hyperparameters": pairs, "notices": tuple(document["notices"])})


def _pairs(pairs: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, value in pairs)
