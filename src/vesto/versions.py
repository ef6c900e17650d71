"""A model's versions: a new one begins, another one serves, a model is made of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from vesto.catalog.records import Model, Outcome, State
from vesto.errors import InputOutputError, UndefinedModel, WrongState
from vesto.files import remove_folder, write_file
from vesto.model_files import checked_program
from vesto.training.job import PROGRAM
from vesto.warehouse import Warehouse


def add_version(warehouse: Warehouse, model: Model) -> Model:
    """Say in the catalog that a new version is being trained; the model at that version.

    Raises:
        WrongState: Another one is.
        UndefinedModel: The model was dropped meanwhile.
    """
    with warehouse.change:
        newest, serving = warehouse.catalog.newest(model.id), warehouse.catalog.by_id(model.id)
        if newest is None or serving is None:
            raise UndefinedModel(f'model "{model.name}" was dropped')
        if newest.state is State.TRAINING:
            raise WrongState.training(newest.name, newest.version)
        number = newest.version + 1
        added = replace(model, version=number, state=State.TRAINING, outcome=None)
        warehouse.catalog.add_version(added, serves=serving.state is State.FAILED)
    return added


def take_back(warehouse: Warehouse, model: Model) -> None:
    """Forget a version that could not be trained, and the model with its first."""
    with warehouse.change:
        if model.version == 1:
            warehouse.catalog.remove(model)
        else:
            warehouse.catalog.remove_version(model)


def set_version(warehouse: Warehouse, model: Model) -> None:
    """Let a READY version serve.

    Raises:
        VestoError: Its program is damaged, or the catalog cannot be written; what served
            before serves on.
    """
    with warehouse.change:
        if warehouse.catalog.by_job(model.job_id) is None:
            raise UndefinedModel(f'version {model.version} of "{model.name}" is not there')
        program = None if model.definition.is_forecast else warehouse.files.program(model)
        warehouse.put_in_service(model, program, lambda: warehouse.catalog.serve(model))


def cancel_job(warehouse: Warehouse, model: Model, outcome: Outcome) -> None:
    """End the training of a version, with its reason."""
    with warehouse.change:
        warehouse.record_failure(model, outcome)
    warehouse.jobs.forget(model.job_id)


def add_ready(warehouse: Warehouse, model: Model, files: Mapping[str, bytes]) -> None:
    """Add a model whose program is there already; ``files`` are those of its version.

    Raises:
        DuplicateModel: Its name was taken meanwhile.
        DataCorrupted: The program is damaged.
        InputOutputError: The files cannot be written.
    """
    program = checked_program(files.get(PROGRAM, b""), model)
    home = warehouse.files.program_file(model).parent
    try:
        home.mkdir(parents=True)
        for name, content in files.items():
            write_file(home / name, content)
        with warehouse.change:
            warehouse.add_model(model)
            warehouse.install_function(model, program)
    except BaseException as error:
        if warehouse.catalog.remove(model):
            warehouse.remove_functions(model)
        remove_folder(home.parent)
        if isinstance(error, OSError):
            message = "the model could not be stored"
            raise InputOutputError(message, detail=str(error)) from error
        raise


def version_files(warehouse: Warehouse, model: Model) -> dict[str, bytes]:
    """The files of a READY version, by name.

    Raises:
        InputOutputError: They cannot be read.
    """
    try:
        home = warehouse.files.program_file(model).parent
        return {file.name: file.read_bytes() for file in sorted(home.iterdir())}
    except OSError as error:
        message = f'the files of model "{model.name}" cannot be read'
        raise InputOutputError(message, detail=str(error)) from error
