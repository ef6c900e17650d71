"""What becomes of a client that is not installed."""

from __future__ import annotations

import clients_support
import pytest


def test_a_missing_client_is_skipped_unless_all_are_required(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clients_support, "REQUIRED", False)
    with pytest.raises(pytest.skip.Exception, match="no_such_tool is not installed"):
        clients_support.tool("no_such_tool")
    with pytest.raises(pytest.skip.Exception):
        clients_support.driver("no_such_driver")
    monkeypatch.setattr(clients_support, "REQUIRED", True)
    with pytest.raises(pytest.fail.Exception, match="no_such_tool is not installed"):
        clients_support.tool("no_such_tool", "clients-dbt/bin")
    with pytest.raises(ModuleNotFoundError):
        clients_support.driver("no_such_driver")
