"""Runs the statements of a text and shows each result as it comes."""

from __future__ import annotations

import sys

from rich.console import Console

from vesto.catalog.records import State
from vesto.cli.output import Format, show
from vesto.cli.progress import wait_with_bar
from vesto.result import Result
from vesto.session import Session


def run_text(session: Session, sql: str, form: Format, *, wait: bool = True) -> None:
    """Run every statement of ``sql``; a model that begins to train is waited for.

    Raises:
        VestoError: A statement fails, or the training does; what follows is not run.
    """
    for result in session.run(sql):
        if result.model and wait:
            wait_for_model(session, result.model)
        elif result.model:
            name = result.model
            sys.stderr.write(f"{name} is being trained; SHOW MODEL {name} says how far it is\n")
        show(_finished(session, result), form)


def _finished(session: Session, result: Result) -> Result:
    """The result with what training had to say about the model."""
    if not result.model:
        return result
    outcome = session.model(result.model).outcome
    return Result(tag=result.tag, notices=outcome.notices if outcome else ())


def wait_for_model(session: Session, name: str) -> None:
    """Show how far training is until it ends; Ctrl-C asks whether to end it at once.

    Raises:
        TrainingFailed: It has FAILED.
        KeyboardInterrupt: The user cancelled it, or left it to go on by itself.
    """
    console = Console(stderr=True)
    try:
        wait_with_bar(session, name, console)
    except KeyboardInterrupt:
        newest = session.newest(name)
        if newest.state is State.TRAINING and _asked_to_cancel(name):
            _cancel(session, name, newest.version)
        else:
            sys.stderr.write(f"{name} goes on being trained\n")
        raise
    session.wait(name)


def _cancel(session: Session, name: str, version: int) -> None:
    if version > 1:
        session.execute(f"ALTER MODEL {name} CANCEL REFRESH")
        sys.stderr.write("the refresh is cancelled: what served before serves on\n")
    else:
        session.execute(f"DROP MODEL {name}")
        sys.stderr.write("cancelled: the model is dropped\n")


def _asked_to_cancel(name: str) -> bool:
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"\nCancel the training of {name}? [y/N] ")
    sys.stderr.flush()
    try:
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        return True
