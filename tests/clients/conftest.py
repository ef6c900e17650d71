"""One server for all clients; drivers talk to it over the network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clients_support import REQUIRED
from served import Server, served


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow clients to ``make test-clients``, and to who asks for them by the marker."""
    if REQUIRED or config.option.markexpr:
        return
    slow = [item for item in items if item.get_closest_marker("slow_client")]
    items[:] = [item for item in items if item not in slow]
    config.hook.pytest_deselected(items=slow)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the table ``points``, and a model of it whose function is ``server.predict``."""
    with served(tmp_path_factory.mktemp("served") / "shop") as server:
        yield server


@pytest.fixture(scope="session")
def model(server: Server) -> str:
    """A model of ``points`` that is READY: the name of its function, of columns a, b and c."""
    return server.predict
