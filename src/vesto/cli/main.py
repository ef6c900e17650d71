"""``vesto``: sql, shell, load and import."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from vesto.cli.demo import as_table
from vesto.errors import VestoError
from vesto.session import connect

app = typer.Typer(help="Machine learning in SQL.", no_args_is_help=True, add_completion=False)


@app.callback()
def root() -> None:
    """Machine learning in SQL."""


@app.command()
def sql(
    path: Annotated[Path, typer.Argument()], statement: Annotated[str, typer.Argument()]
) -> None:
    """Run SQL in the warehouse at PATH."""
    with connect(path) as session:
        for result in session.run(statement):
            Console().print(as_table(result) if result.has_rows else result.tag)


def main() -> None:
    """Run the command; an SQL error ends with exit code 1."""
    try:
        app()
    except VestoError as error:
        print(f"ERROR {error.sqlstate}: {error}", file=sys.stderr)
        sys.exit(1)
