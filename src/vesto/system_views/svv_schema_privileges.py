"""SVV_SCHEMA_PRIVILEGES: who may do what with schemas.

Source: Amazon Redshift Database Developer Guide, "SVV_SCHEMA_PRIVILEGES".
"""

from __future__ import annotations

from typing import Final

from vesto.system_views._privileges import GrantsView

SYSTEM_VIEW: Final = GrantsView("SCHEMA", ("namespace_name",), lambda grant: (grant.key[1],))
