"""A live bar for a model in training: stage, share, candidates, best score, time left."""

from __future__ import annotations

import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from vesto.catalog.records import Model, State
from vesto.session import Session
from vesto.training.job import Progress as Step

LOOK_S: Final = 0.2


def wait_with_bar(session: Session, name: str, console: Console) -> Model:
    """Wait until no version of a model is TRAINING; a terminal sees how far it is.

    Returns the model at its newest version.
    """
    with Progress(
        TextColumn("[bold]{task.description:<10}"),
        BarColumn(bar_width=30),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[facts]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task("waiting", total=1.0, facts="")
        while (model := session.newest(name)).state is State.TRAINING:
            step = session.progress(name)
            bar.update(task, completed=step.share, description=step.stage, facts=facts(step))
            time.sleep(LOOK_S)
    return model


def facts(step: Step) -> str:
    """The words beside the bar."""
    best = "" if step.score is None else f"best {step.metric} {step.score:.4g}, "
    tried = f"{step.candidates} tried, " if step.candidates else ""
    return f"{tried}{best}{step.seconds_left:.0f} s left at most"
