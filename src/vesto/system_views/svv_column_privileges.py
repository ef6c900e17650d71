"""SVV_COLUMN_PRIVILEGES: who may do what with single columns.

Source: Amazon Redshift Database Developer Guide, "SVV_COLUMN_PRIVILEGES".
"""

from __future__ import annotations

from typing import Final

from vesto.system_views._privileges import GrantsView

SYSTEM_VIEW: Final = GrantsView(
    "TABLE",
    ("namespace_name", "relation_name", "column_name"),
    lambda grant: (*grant.key[1:], grant.column),
    of_columns=True,
)
