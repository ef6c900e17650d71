"""SVV_FUNCTION_PRIVILEGES: who may call functions.

Source: Amazon Redshift Database Developer Guide, "SVV_FUNCTION_PRIVILEGES".
"""

from __future__ import annotations

from typing import Final

from vesto.system_views._privileges import GrantsView

SYSTEM_VIEW: Final = GrantsView(
    "FUNCTION",
    ("namespace_name", "function_name", "argument_types"),
    lambda grant: (*grant.key[1:], None),
)
