"""SVV_RELATION_PRIVILEGES: who may do what with tables and views.

Source: Amazon Redshift Database Developer Guide, "SVV_RELATION_PRIVILEGES".
"""

from __future__ import annotations

from typing import Final

from vesto.system_views._privileges import GrantsView

SYSTEM_VIEW: Final = GrantsView(
    "TABLE", ("namespace_name", "relation_name"), lambda grant: grant.key[1:]
)
