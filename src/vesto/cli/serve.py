"""``vesto serve``: a warehouse for every PostgreSQL and Redshift client, until a signal ends it."""

from __future__ import annotations

import os
import signal
import socket
import threading
import tomllib
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import typer

from vesto.access.passwords import new_password
from vesto.catalog.records import State
from vesto.cli.logs import LOG_FORMATS, set_up
from vesto.dialect.names import quoted, written
from vesto.errors import InputOutputError, InvalidParameterValue, VestoError
from vesto.server.activity import record
from vesto.server.endpoint import Endpoint, exposition
from vesto.server.health import Health
from vesto.server.listener import Listener
from vesto.server.options import Options
from vesto.session import Session
from vesto.warehouse import Warehouse

FIRST_PASSWORD: Final = "VESTO_FIRST_PASSWORD"  # noqa: S105 - the variable's name
DATABASE: Final = "dev"
_PATHS: Final = frozenset({"certificate", "key"})


@dataclass(frozen=True, slots=True)
class Configuration:
    """What ``--config`` says: settings of the warehouse, and the table ``[server]``."""

    settings: Mapping[str, Any]
    server: Mapping[str, Any]


def read_configuration(path: Path | None) -> Configuration:
    """The file's content; nothing without one.

    Raises:
        InputOutputError: It cannot be read.
        InvalidParameterValue: It is not TOML.
    """
    if path is None:
        return Configuration({}, {})
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputOutputError(f"{path} cannot be read", detail=str(error)) from error
    except ValueError as error:
        raise InvalidParameterValue(f"{path.name} is not TOML", detail=str(error)) from error
    server = found.pop("server", {})
    if not isinstance(server, dict):
        raise InvalidParameterValue('"server" must be a table: [server]')
    return Configuration(found, server)


def make_options(configured: Mapping[str, Any], given: Mapping[str, Any]) -> Options:
    """Options of the file, with those of the command line over them.

    Raises:
        InvalidParameterValue: One is unknown, or of another type.
    """
    kinds = {field.name: field.type for field in fields(Options)}
    for name, value in configured.items():
        if name not in kinds:
            hint = f"The options of [server] are {', '.join(sorted(kinds))}."
            raise InvalidParameterValue(f'option "{name}" is not known', hint=hint)
        if not _fits(value, str(kinds[name])):
            raise InvalidParameterValue(f'option "{name}" must be {kinds[name]}')
    values = dict(configured) | {name: value for name, value in given.items() if value is not None}
    for name in _PATHS & values.keys():
        values[name] = Path(values[name])
    options = Options(**values)
    if options.log_format not in LOG_FORMATS:
        hint = f"It is one of {', '.join(LOG_FORMATS)}."
        raise InvalidParameterValue(f'"{options.log_format}" is no log_format', hint=hint)
    return options


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "bool"
    if kind == "float":
        return isinstance(value, int | float) and value >= 0
    if kind == "int":
        return isinstance(value, int) and value >= 0
    return isinstance(value, str) and kind != "bool"


def serve(path: Path, options: Options, settings: Mapping[str, Any]) -> None:
    """Serve the warehouse until SIGTERM or SIGINT; then finish what runs, and close it.

    Raises:
        WarehouseInUse: Another process has it open.
        InputOutputError: The address or the certificate cannot be used.
    """
    set_up(options.log_format)
    with Warehouse(path, locked=True, settings=settings) as warehouse:
        first = _first_password(warehouse)
        try:
            listener = Listener(
                options, warehouse, lambda client: Session(warehouse, user=client.user, wait=False)
            )
        except OSError as error:
            message = f"cannot listen on {options.host}:{options.port}"
            raise InputOutputError(message, detail=str(error)) from error
        with ExitStack() as ended:
            if options.metrics_port:
                ended.enter_context(_endpoint(options, warehouse, listener))
            ended.enter_context(listener)
            host, port = listener.address
            record("start", host=host, port=port)
            _say_how_to_connect(listener, warehouse.settings.owner, first)
            _wait_for_signal(listener)
            typer.echo("stopping")
            record("stop")


def _endpoint(options: Options, warehouse: Warehouse, listener: Listener) -> Endpoint:
    health = Health(lambda: _trouble(warehouse))

    def trouble() -> str:
        return "stopping" if listener.is_stopping else health.trouble()

    def metrics() -> str:
        versions = warehouse.catalog.all_versions()
        jobs = sum(version.state is State.TRAINING for version in versions)
        return exposition(listener.activity.counts(), warehouse.engine.predictions(), jobs)

    host, port = options.metrics_host, options.metrics_port
    try:
        return Endpoint(host, port, metrics=metrics, trouble=trouble)
    except OSError as error:
        message = f"cannot listen on {host}:{port}"
        raise InputOutputError(message, detail=str(error)) from error


def _trouble(warehouse: Warehouse) -> str:
    """Why the engine does not answer, as an SQLSTATE; nothing where it does."""
    try:
        line = warehouse.engine.connect()
        try:
            line.execute("SELECT 1").read_all()
        finally:
            line.close()
    except VestoError as error:
        return f"the warehouse does not answer ({error.sqlstate})"
    return ""


def _first_password(warehouse: Warehouse) -> str:
    """Give the owner a password, where nobody has one; it, if it is to be shown."""
    given = os.environ.pop(FIRST_PASSWORD, "")
    if any(user.verifiers for user in warehouse.catalog.accounts.directory().users.values()):
        return ""
    password = given or new_password()
    with Session(warehouse) as session:
        owner = quoted(warehouse.settings.owner)
        session.execute(f"ALTER USER {owner} PASSWORD {written(password)}")
    return "" if given else password


def _say_how_to_connect(listener: Listener, owner: str, password: str) -> None:
    host, port = listener.address
    typer.echo(f"serving on {host}:{port}")
    typer.echo(f'connect with: psql "host={host} port={port} user={owner} dbname={DATABASE}"')
    if password:
        typer.echo(f"password of {owner}: {password}")
        typer.echo("It is shown once and kept nowhere.")


def _wait_for_signal(listener: Listener) -> None:
    """Until the first signal; a second one ends what the first lets finish.

    Python's own handlers run in the main thread, which nothing wakes where the system gives a
    signal to another one. What it writes to the socket is read by a thread that waits for it.
    """
    ended = threading.Event()
    ours, written = socket.socketpair()
    written.setblocking(False)  # noqa: FBT003 - the standard library's own

    def read() -> None:
        while ours.recv(1):
            if ended.is_set():
                listener.hurry()
            ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    signal.set_wakeup_fd(written.fileno())
    threading.Thread(target=read, name="vesto signals", daemon=True).start()
    ended.wait()
    # It is written to until the process ends.
    written.detach()
