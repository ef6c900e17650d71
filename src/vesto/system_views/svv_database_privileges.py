"""SVV_DATABASE_PRIVILEGES: who may do what with the database.

Source: Amazon Redshift Database Developer Guide, "SVV_DATABASE_PRIVILEGES".
"""

from __future__ import annotations

from typing import Final

from vesto.system_views._privileges import GrantsView

SYSTEM_VIEW: Final = GrantsView("DATABASE", ("database_name",), lambda _: ("dev",))
