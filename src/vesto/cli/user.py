"""``vesto user``: add, change, list and remove users of a warehouse."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from vesto.dialect.names import quoted, written

app = typer.Typer(help="Users of a warehouse.", no_args_is_help=True)
Warehouse = Annotated[Path, typer.Argument(metavar="PATH", help="the warehouse's folder")]
Name = Annotated[str, typer.Argument(help="the user's name")]
FromInput = Annotated[
    bool, typer.Option("--password-stdin", help="read the password from standard input")
]
NoPassword = Annotated[
    bool, typer.Option("--no-password", help="no password opens a session for the user")
]
Superuser = Annotated[bool, typer.Option("--superuser", help="may do everything")]
Groups = Annotated[list[str] | None, typer.Option("--group", help="a group the user is in")]
Until = Annotated[str, typer.Option("--valid-until", help="the last moment of the password")]
COLUMNS: Final = ("name", "superuser", "password", "valid until", "connections")


@app.command()
def add(
    path: Warehouse, name: Name, *, password_stdin: FromInput = False,
    no_password: NoPassword = False, superuser: Superuser = False, group: Groups = None,
    valid_until: Until = "",
) -> None:  # fmt: skip
    """Add a user; without a password given one is made and shown this once."""
    from vesto.access.passwords import new_password  # noqa: PLC0415 - --help stays quick

    made = "" if password_stdin or no_password else new_password()
    parts = [f"CREATE USER {quoted(name)}", _password(made, from_input=password_stdin)]
    parts += ["CREATEUSER"] if superuser else []
    parts += [f"VALID UNTIL {written(valid_until)}"] if valid_until else []
    parts += [f"IN GROUP {', '.join(map(quoted, group))}"] if group else []
    _run(path, " ".join(parts))
    typer.echo(f"user {name} was added")
    if made:
        typer.echo(f"password: {made}")


@app.command()
def password(
    path: Warehouse, name: Name, *, password_stdin: FromInput = False,
    no_password: NoPassword = False,
) -> None:  # fmt: skip
    """Give a user another password; without one given one is made and shown this once."""
    from vesto.access.passwords import new_password  # noqa: PLC0415 - --help stays quick

    made = "" if password_stdin or no_password else new_password()
    _run(path, f"ALTER USER {quoted(name)} {_password(made, from_input=password_stdin)}")
    typer.echo(f"the password of user {name} was changed")
    if made:
        typer.echo(f"password: {made}")


@app.command()
def drop(path: Warehouse, name: Name) -> None:
    """Remove a user who owns nothing and has no privileges."""
    _run(path, f"DROP USER {quoted(name)}")
    typer.echo(f"user {name} was removed")


@app.command("list")
def list_(path: Warehouse) -> None:
    """List the users."""
    from vesto.session import connect  # noqa: PLC0415 - --help stays quick

    with connect(path, wait=False) as session:
        users = session.warehouse.catalog.accounts.directory().users.values()
    rows = [COLUMNS]
    for user in sorted(users, key=lambda user: user.name):
        until = f"{user.valid_until:%Y-%m-%d %H:%M:%S}" if user.valid_until else ""
        limit = "" if user.connection_limit is None else str(user.connection_limit)
        has = "yes" if user.verifiers else "no"
        rows.append((user.name, "yes" if user.superuser else "no", has, until, limit))
    widths = [max(len(row[place]) for row in rows) for place in range(len(COLUMNS))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _password(made: str, *, from_input: bool) -> str:
    """The clause PASSWORD, which no argument of a command line ever holds."""
    given = sys.stdin.readline().rstrip("\n") if from_input else made
    if from_input and not given:
        raise typer.BadParameter("standard input has no line", param_hint="--password-stdin")
    return f"PASSWORD {written(given)}" if given else "PASSWORD DISABLE"


def _run(path: Path, sql: str) -> None:
    from vesto.session import connect  # noqa: PLC0415 - --help stays quick

    with connect(path, wait=False) as session:
        session.execute(sql)
