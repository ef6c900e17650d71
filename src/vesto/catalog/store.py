"""The models of the catalog: SQLite in the warehouse's folder, through SQLAlchemy Core."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from vesto.catalog.accounts import Accounts
from vesto.catalog.database import MODELS, PRIVILEGES, VERSIONS, open_database, readable
from vesto.catalog.documents import definition_from, outcome_from
from vesto.catalog.records import Definition, Model, State
from vesto.errors import DataCorrupted, DuplicateModel, UndefinedModel


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
        self._engine = open_database(path)
        self._lock = threading.Lock()
        self._known: list[Model] | None = None
        self._versions: list[Model] = []
        self.accounts = Accounts(self._engine, self._forget)

    def close(self) -> None:
        """Close the database; it can be closed more than once."""
        self._engine.dispose()

    def _forget(self) -> None:
        """Read the models anew when they are asked for next."""
        with self._lock:
            self._known = None
            self.version += 1

    def models(self) -> list[Model]:
        """All models at the versions that serve, by schema and name."""
        with self._lock:
            return list(self._all()[0])

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

    def versions(self, model_id: str) -> list[Model]:
        """The model at each of its versions, oldest first; none of a model that is not there."""
        return [model for model in self.all_versions() if model.id == model_id]

    def all_versions(self) -> list[Model]:
        """Every model at each of its versions, by schema, name and version."""
        with self._lock:
            return list(self._all()[1])

    def newest(self, model_id: str) -> Model | None:
        """The model at its newest version, or None."""
        return next(reversed(self.versions(model_id)), None)

    def by_job(self, job_id: str) -> Model | None:
        """The model at the version that a job is to make, or None."""
        return next((model for model in self.all_versions() if model.job_id == job_id), None)

    def created(self, model: Model) -> Definition:
        """What CREATE MODEL said of a model, whatever its versions were trained with.

        Raises:
            UndefinedModel: It was dropped meanwhile.
        """
        wanted = sa.select(MODELS.c.definition).where(MODELS.c.id == model.id)
        with readable(), self._engine.connect() as connection:
            text = connection.execute(wanted).scalar_one_or_none()
        if text is None:
            raise UndefinedModel(f'model "{model.name}" is not there any more')
        return definition_from(json.loads(text))

    def _all(self) -> tuple[list[Model], list[Model]]:
        """The models at the versions that serve, and at all versions."""
        if self._known is None:
            self._known, self._versions = self._read()
        return self._known, self._versions

    def _read(self) -> tuple[list[Model], list[Model]]:
        rows = (
            sa.select(
                MODELS.c.id, MODELS.c.schema, MODELS.c.name, MODELS.c.owner,
                MODELS.c.created_at, MODELS.c.version.label("serves"), VERSIONS.c.version,
                VERSIONS.c.created_at.label("version_created_at"), VERSIONS.c.state,
                VERSIONS.c.definition, VERSIONS.c.outcome,
            )
            .join(VERSIONS, VERSIONS.c.model_id == MODELS.c.id)
            .order_by(MODELS.c.schema, MODELS.c.name, VERSIONS.c.version)
        )  # fmt: skip
        known, versions = list[Model](), list[Model]()
        with readable(), self._engine.connect() as connection:
            for row in connection.execute(rows).mappings():
                fields = dict(row)
                serves = fields.pop("serves") == fields["version"]
                versions.append(_model(fields))
                known += versions[-1:] if serves else []
        return known, versions

    def add(self, model: Model) -> None:
        """Add a model with its first version.

        Raises:
            DuplicateModel: The schema has one of that name.
            DiskFull: It could not be written; the catalog is as it was.
        """
        definition = {"definition": json.dumps(asdict(model.definition))}
        with self._writing(model) as connection:
            connection.execute(MODELS.insert().values(_row(model) | definition))
            connection.execute(VERSIONS.insert().values(_version_row(model)))

    def add_version(self, model: Model, *, serves: bool) -> None:
        """Add a version to a model; one that ``serves`` takes the place of the one before.

        Raises:
            UndefinedModel: The model was dropped meanwhile.
            DuplicateModel: It has that version already.
            DiskFull: It could not be written; the catalog is as it was.
        """
        with self._writing(model) as connection:
            connection.execute(VERSIONS.insert().values(_version_row(model)))
            _set_model(connection, model, serves=serves)

    def replace(self, old: Model, new: Model, *, serves: bool = False) -> None:
        """Put ``new`` in the place of ``old``, if state and version are still those of ``old``.

        With ``serves`` it is from now on the version that the model is known by.

        Raises:
            UndefinedModel: It has been changed or dropped meanwhile.
            DuplicateModel: The schema has another one of the new name.
            DiskFull: It could not be written; the catalog is as it was.
        """
        same = (VERSIONS.c.model_id == old.id) & (VERSIONS.c.state == old.state)
        same &= VERSIONS.c.version == old.version
        with self._writing(new) as connection:
            update = VERSIONS.update().where(same).values(_version_row(new))
            if connection.execute(update).rowcount != 1:
                raise UndefinedModel(f'model "{old.name}" is not there any more')
            _set_model(connection, new, serves=serves)

    def serve(self, model: Model) -> None:
        """Let a model be known by this version from now on.

        Raises:
            UndefinedModel: It was dropped meanwhile.
            DiskFull: It could not be written; the catalog is as it was.
        """
        with self._writing(model) as connection:
            _set_model(connection, model, serves=True)

    def remove(self, model: Model) -> bool:
        """Remove a model and all its versions; False if it has gone already.

        Raises:
            DiskFull: It could not be written; the catalog is as it was.
        """
        with self._writing(model) as connection:
            connection.execute(VERSIONS.delete().where(VERSIONS.c.model_id == model.id))
            given = (PRIVILEGES.c.kind == "MODEL") & (PRIVILEGES.c.object == model.id)
            connection.execute(PRIVILEGES.delete().where(given))
            gone = connection.execute(MODELS.delete().where(MODELS.c.id == model.id))
            return gone.rowcount == 1

    def remove_version(self, model: Model) -> None:
        """Remove this version of a model; if it is the one that serves, the newest left does.

        Raises:
            DiskFull: It could not be written; the catalog is as it was.
        """
        mine, all_of_it = MODELS.c.id == model.id, VERSIONS.c.model_id == model.id
        left = sa.select(sa.func.max(VERSIONS.c.version)).where(all_of_it).scalar_subquery()
        with self._writing(model) as connection:
            this = all_of_it & (VERSIONS.c.version == model.version)
            connection.execute(VERSIONS.delete().where(this))
            serves = mine & (MODELS.c.version == model.version)
            connection.execute(MODELS.update().where(serves).values(version=left))

    @contextmanager
    def _writing(self, model: Model) -> Iterator[sa.Connection]:
        """A transaction, after which the models are read anew."""
        try:
            with self._lock:
                self._known = None
                try:
                    with readable(), self._engine.begin() as connection:
                        yield connection
                finally:
                    # Whoever kept something that models decide asks again.
                    self.version += 1
        except sa.exc.IntegrityError:
            raise DuplicateModel(f'model "{model.name}" already exists') from None


def _set_model(connection: sa.Connection, model: Model, *, serves: bool) -> None:
    values = _row(model)
    if not serves:
        del values["version"]
    changed = connection.execute(MODELS.update().where(MODELS.c.id == model.id).values(values))
    if changed.rowcount != 1:
        raise UndefinedModel(f'model "{model.name}" is not there any more')


def _row(model: Model) -> dict[str, Any]:
    return {
        "id": model.id,
        "schema": model.schema,
        "name": model.name,
        "owner": model.owner,
        "created_at": model.created_at.isoformat(),
        "version": model.version,
    }


def _version_row(model: Model) -> dict[str, Any]:
    made = model.version_created_at
    return {
        "model_id": model.id,
        "version": model.version,
        "created_at": made.isoformat() if made else None,
        "state": str(model.state),
        "definition": json.dumps(asdict(model.definition)),
        "outcome": json.dumps(asdict(model.outcome)) if model.outcome else None,
    }


def _model(row: dict[str, Any]) -> Model:
    try:
        row["definition"] = definition_from(json.loads(row["definition"]))
        row["outcome"] = outcome_from(json.loads(row["outcome"])) if row["outcome"] else None
        row["state"] = State(row["state"])
        row["created_at"] = _moment(row["created_at"])
        made = row["version_created_at"]
        row["version_created_at"] = _moment(made) if made else None
    except (KeyError, TypeError, ValueError) as error:
        message = f'the catalog\'s row of model "{row["name"]}" is damaged'
        raise DataCorrupted(message, detail=str(error)) from error
    return Model(**row)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
