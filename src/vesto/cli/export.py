"""Writes a model as one file, which the DuckDB extension reads without Vesto's Python."""

from __future__ import annotations

from pathlib import Path

from vesto.catalog.records import Outcome, State
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.names import literal
from vesto.dialect.translate import NOT_READY
from vesto.engines._duckdb_macros import generic_function
from vesto.errors import DuplicateFile, InputOutputError, ModelNotReady, WrongObjectType
from vesto.files import write_file
from vesto.functions import functions_of
from vesto.programs.image import image
from vesto.session import Session


def export_model(session: Session, name: str, file: Path, *, replace: bool) -> list[str]:
    """Write a READY model's image to a file, whole or not at all; the SQL calls that score with it.

    Raises:
        UndefinedModel: There is none of that name.
        WrongObjectType: It is a forecast, which has rows and no program.
        ModelNotReady: It is being trained.
        TrainingFailed: Its training has failed.
        DuplicateFile: The file is there already.
        InputOutputError: It cannot be written.
    """
    model = session.model(name)
    check_ready(model)
    if model.state is not State.READY:
        raise ModelNotReady(NOT_READY)
    if model.definition.is_forecast:
        hint = f"Write its rows: UNLOAD ('SELECT FORECAST({name})') TO 'file'."
        raise WrongObjectType(f'model "{model.name}" is a forecast and scores nothing', hint=hint)
    if file.exists() and not replace:
        raise DuplicateFile(f'file "{file}" already exists', hint="Add --replace to overwrite it.")
    program = (model.outcome or Outcome()).program
    content = image(session.warehouse.files.program(model), program)
    try:
        write_file(file.absolute(), content)
    except OSError as error:
        raise InputOutputError(f'file "{file}" cannot be written', detail=str(error)) from error
    arguments = ", ".join(f"{p.name} {p.type}" for p in model.definition.parameters)
    direct = [f for f in functions_of(model) if f.refusal is None and f.kind != "interval"]
    generic = dict.fromkeys(generic_function(function) for function in direct)
    return [f"{call}({literal(program)}, {arguments})" for call in generic]
