"""The files of trained models: ``models/<id>/<version>`` of a warehouse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from vesto.catalog.records import Model, State
from vesto.errors import DataCorrupted, InputOutputError, ModelNotReady, TrainingFailed
from vesto.files import flush_folder, remove_folder
from vesto.programs.program import Program
from vesto.programs.storage import content_hash, load
from vesto.training.forecasting.stored import read_forecast
from vesto.training.job import PROGRAM, JobFolder


class ModelFiles:
    """What training has left of every version of every model."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def program_file(self, model: Model) -> Path:
        """Where the model's program stands once it is READY."""
        return self._home / model.id / str(model.version) / PROGRAM

    def program(self, model: Model) -> Program:
        """The program of a READY model, read from its file.

        Raises:
            InputOutputError: The file cannot be read.
            DataCorrupted: It is damaged, or another model's.
        """
        try:
            content = self.program_file(model).read_bytes()
        except OSError as error:
            message = f'the program of model "{model.name}" cannot be read'
            raise InputOutputError(message, detail=str(error)) from error
        return checked_program(content, model)

    def forecast(self, model: Model) -> pa.Table:
        """The rows of a READY forecast, read from its file.

        Raises:
            InputOutputError: The file cannot be read.
            DataCorrupted: It is damaged, or another model's.
        """
        try:
            return read_forecast(self.program_file(model).with_name("forecast.parquet"), model)
        except OSError as error:
            message = f'the rows of forecast "{model.name}" cannot be read'
            raise InputOutputError(message, detail=str(error)) from error

    def report(self, model: Model) -> dict[str, Any]:
        """The model's report.

        Raises:
            ModelNotReady: It has none yet.
            DataCorrupted: It is damaged.
        """
        try:
            found = json.loads(self.program_file(model).with_name("report.json").read_bytes())
        except OSError:
            raise ModelNotReady(f'model "{model.name}" has no report yet') from None
        except ValueError as error:
            raise DataCorrupted("the report is damaged", detail=str(error)) from None
        return found if isinstance(found, dict) else {}

    def contents(self, model: Model) -> dict[str, bytes]:
        """The files of a READY version, by name.

        Raises:
            InputOutputError: They cannot be read.
        """
        try:
            home = self.program_file(model).parent
            return {file.name: file.read_bytes() for file in sorted(home.iterdir())}
        except OSError as error:
            message = f'the files of model "{model.name}" cannot be read'
            raise InputOutputError(message, detail=str(error)) from error

    def publish(self, model: Model, source: JobFolder) -> Program | None:
        """Check what a job made, and copy it here, all or nothing; a forecast has no program.

        Raises:
            DataCorrupted: It is damaged.
            TrainingFailed: It cannot be stored.
        """
        home = self.program_file(model).parent
        draft = home.with_name(home.name + ".draft")
        try:
            program = None
            if model.definition.is_forecast:
                read_forecast(source.forecast, model)
            else:
                program = checked_program(source.program.read_bytes(), model)
            remove_folder(draft)
            draft.mkdir(parents=True)
            for file in source.made:
                shutil.copy2(file, draft / file.name)
            if not home.exists():
                draft.replace(home)
            remove_folder(draft)
            flush_folder(home.parent)
        except OSError as error:
            raise TrainingFailed("the model could not be stored", detail=str(error)) from error
        return program

    def remove_all(self, model: Model) -> None:
        """Remove the files of all versions."""
        remove_folder(self._home / model.id)

    def remove_strays(self, versions: Sequence[Model]) -> None:
        """Remove what belongs to none of ``versions``, or to one that failed."""
        known = {model.id for model in versions}
        for folder in strays(self._home, known):
            remove_folder(folder)
        made = [model for model in versions if model.state is not State.FAILED]
        for name in known:
            numbers = {str(model.version) for model in made if model.id == name}
            for folder in strays(self._home / name, numbers):
                remove_folder(folder)


def strays(parent: Path, known: set[str]) -> list[Path]:
    """What a folder holds besides what is known."""
    if not parent.exists():
        return []
    return [folder for folder in parent.iterdir() if folder.name not in known]


def checked_program(content: bytes, model: Model) -> Program:
    """The program in a file's content, which must be the one that the catalog names.

    Raises:
        DataCorrupted: It is damaged, or another one.
    """
    program = load(content)
    if model.outcome is None or content_hash(content) != model.outcome.program:
        raise DataCorrupted("the program is not the one that the catalog names")
    return program
