"""Draws a model's report as a page."""

from __future__ import annotations

from pathlib import Path

from vesto.catalog.records import State
from vesto.cli.report_page import page
from vesto.commands.wait_for_model import check_ready
from vesto.dialect.translate import NOT_READY
from vesto.errors import DataCorrupted, DuplicateFile, InputOutputError, ModelNotReady
from vesto.files import write_file
from vesto.session import Session


def report_page(session: Session, name: str) -> str:
    """The page of a READY model.

    Raises:
        UndefinedModel: There is none of that name.
        ModelNotReady: It is being trained.
        TrainingFailed: Its training has failed.
        DataCorrupted: Its report is damaged.
    """
    model = session.model(name)
    check_ready(model)
    if model.state is not State.READY:
        raise ModelNotReady(NOT_READY)
    try:
        return page(model, session.warehouse.files.report(model))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        message = f'the report of model "{model.name}" is damaged'
        raise DataCorrupted(message, detail=f"{type(error).__name__}: {error}") from error


def write_page(content: str, file: Path, *, replace: bool) -> None:
    """Write the page to a file, whole or not at all.

    Raises:
        DuplicateFile: The file is there already.
        InputOutputError: It cannot be written.
    """
    if file.exists() and not replace:
        raise DuplicateFile(f'file "{file}" already exists', hint="Add --replace to overwrite it.")
    try:
        write_file(file.absolute(), content.encode())
    except OSError as error:
        raise InputOutputError(f'file "{file}" cannot be written', detail=str(error)) from error
