"""A server in the test's own process, on a free port."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vesto.server.authentication import FixedUsers, Verifiers, make_verifiers
from vesto.server.listener import Listener
from vesto.server.options import Options
from vesto.session import Session
from vesto.warehouse import Warehouse

USER, PASSWORD = "ann", "Secret1pass"
# Drivers of their own use SCRAM in tests/clients; by hand MD5 is easier.
USERS = {USER: Verifiers(md5=make_verifiers(USER, PASSWORD).md5)}


@contextmanager
def serving(path: Path, **options: Any) -> Iterator[Listener]:
    """A listener for a locked warehouse at ``path``; the user is Ann."""
    with Warehouse(path, locked=True) as warehouse:
        listener = Listener(
            Options(**{"port": 0, "shutdown_s": 2.0} | options),
            FixedUsers(USERS),
            lambda client: Session(warehouse, user=client.user, wait=False),
        )
        with listener:
            yield listener
