"""A server in the test's own process, on a free port."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vesto.server.listener import Listener
from vesto.server.options import Options
from vesto.session import Session
from vesto.warehouse import Warehouse

USER, PASSWORD = "ann", "Secret1pass"
# Drivers of their own use SCRAM in tests/clients; by hand MD5 is easier.
MD5 = "md5" + hashlib.md5((PASSWORD + USER).encode(), usedforsecurity=False).hexdigest()


@contextmanager
def serving(path: Path, **options: Any) -> Iterator[Listener]:
    """A listener for a locked warehouse at ``path``; the user is Ann, who may do everything."""
    with Warehouse(path, locked=True) as warehouse:
        if USER not in warehouse.catalog.accounts.directory().users:
            with Session(warehouse) as session:
                session.execute(f"CREATE USER {USER} PASSWORD '{MD5}' CREATEUSER")
        listener = Listener(
            Options(**{"port": 0, "shutdown_s": 2.0} | options),
            warehouse,
            lambda client: Session(warehouse, user=client.user, wait=False),
        )
        with listener:
            yield listener
