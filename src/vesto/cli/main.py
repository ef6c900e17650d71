"""``vesto``: sql, shell, serve, load, import, export, report and user."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from vesto import __version__
from vesto.cli import user
from vesto.errors import VestoError

app = typer.Typer(help="Machine learning in SQL.", no_args_is_help=True, add_completion=False)

app.add_typer(user.app, name="user")

Warehouse = Annotated[Path, typer.Argument(metavar="PATH", help="the warehouse's folder")]
INTERRUPTED: Final = 130


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vesto {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *, version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False
) -> None:
    """Machine learning in SQL."""


@app.command()
def sql(
    path: Warehouse,
    statements: Annotated[str, typer.Argument(help="SQL; - reads standard input")] = "-",
    *,
    form: Annotated[str, typer.Option("--format", help="table, csv, json or arrow")] = "table",
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="let models train by themselves")
    ] = False,
    locked: Annotated[
        bool, typer.Option("--locked", help="no files, extensions or settings")
    ] = False,
) -> None:
    """Run SQL and show the results; a model is waited for."""
    from vesto.cli.output import Format, show_error  # noqa: PLC0415 - --help stays quick
    from vesto.cli.run import run_text  # noqa: PLC0415
    from vesto.session import connect  # noqa: PLC0415

    if form not in list(Format):
        raise typer.BadParameter("it is one of table, csv, json, arrow", param_hint="--format")
    text = sys.stdin.read() if statements == "-" else statements
    with connect(path, locked=locked, wait=False) as session:
        try:
            run_text(session, text, Format(form), wait=not no_wait)
        except VestoError as error:
            show_error(error, text)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


@app.command()
def shell(path: Warehouse) -> None:
    """Work in the warehouse interactively."""
    from vesto.cli.shell import Shell  # noqa: PLC0415 - --help stays quick
    from vesto.session import connect  # noqa: PLC0415

    with connect(path, wait=False) as session:
        raise typer.Exit(Shell(session).run())


@app.command()
def serve(  # noqa: PLR0913 - one for each option
    path: Warehouse,
    *,
    host: Annotated[str | None, typer.Option(help="address to listen on [127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="0 takes a free one [5439]")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="certificate, as PEM")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="its private key, as PEM")] = None,
    metrics_host: Annotated[str | None, typer.Option(help="address of it [127.0.0.1]")] = None,
    metrics_port: Annotated[int | None, typer.Option(help="/healthz, /metrics; 0: none")] = None,
    log_format: Annotated[str | None, typer.Option(help="text or json [text]")] = None,
    config: Annotated[Path | None, typer.Option(help="TOML file of settings and [server]")] = None,
) -> None:
    """Serve the warehouse to PostgreSQL and Redshift clients."""
    from vesto.cli.serve import make_options, read_configuration  # noqa: PLC0415 - --help stays quick
    from vesto.cli.serve import serve as run  # noqa: PLC0415

    given = {"host": host, "port": port, "certificate": tls_cert, "key": tls_key}
    given |= {"metrics_host": metrics_host, "metrics_port": metrics_port, "log_format": log_format}
    found = read_configuration(config)
    run(path, make_options(found.server, given), found.settings)


@app.command()
def load(
    path: Warehouse,
    table: Annotated[str, typer.Argument(help="the table to make")],
    files: Annotated[list[Path], typer.Argument(help="CSV, Parquet or JSON files")],
    *,
    append: Annotated[bool, typer.Option("--append", help="add to a table that is there")] = False,
    replace: Annotated[bool, typer.Option("--replace", help="put it in the table's place")] = False,
) -> None:
    """Load files into a table, all or nothing."""
    from vesto.cli.load import load_files  # noqa: PLC0415 - --help stays quick
    from vesto.session import connect  # noqa: PLC0415

    with connect(path, wait=False) as session:
        columns, rows = load_files(session, table, files, append=append, replace=replace)
    width = max(len(column.name) for column in columns)
    for column in columns:
        typer.echo(f"  {column.name:<{width}}  {column.type.sql}")
    typer.echo(f"{rows} row{'' if rows == 1 else 's'} loaded into {table}")


@app.command("import")
def import_(
    path: Warehouse, file: Annotated[Path, typer.Argument(help="a DuckDB database")]
) -> None:
    """Copy all tables and views of a DuckDB file."""
    from vesto.cli.load import import_database  # noqa: PLC0415 - --help stays quick
    from vesto.session import connect  # noqa: PLC0415

    with connect(path, wait=False) as session:
        for name, rows in import_database(session, file):
            typer.echo(f"{name}: {rows} row{'' if rows == 1 else 's'}")


@app.command()
def export(
    path: Warehouse,
    model: Annotated[str, typer.Argument(help="the model's name, as in SQL")],
    file: Annotated[Path, typer.Argument(help="the file to write")],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="overwrite a file")] = False,
) -> None:
    """Write a model as one file, to use in DuckDB without Vesto."""
    from vesto.cli.export import export_model  # noqa: PLC0415 - --help stays quick
    from vesto.session import connect  # noqa: PLC0415

    with connect(path, wait=False) as session:
        calls = export_model(session, model, file, replace=replace)
    typer.echo(f"{model} written to {file}; in SQL it is")
    for call in calls:
        typer.echo(f"  {call}")


@app.command()
def report(
    path: Warehouse,
    model: Annotated[str, typer.Argument(help="the model's name, as in SQL")],
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="the HTML file; without it the page is printed")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="overwrite a file")] = False,
) -> None:
    """Draw a model's report as one HTML page, to judge it by."""
    from vesto.cli.report import report_page, write_page  # noqa: PLC0415 - --help stays quick
    from vesto.session import connect  # noqa: PLC0415

    with connect(path, wait=False) as session:
        page = report_page(session, model)
    if out is None:
        typer.echo(page, nl=False)
        return
    write_page(page, out, replace=replace)
    typer.echo(f"the report of {model} is in {out}")


def main() -> None:
    """Run the command; an SQL error ends with exit code 1."""
    try:
        app()
    except VestoError as error:
        from vesto.cli.output import show_error  # noqa: PLC0415

        show_error(error)
        sys.exit(1)


if __name__ == "__main__":
    main()
