"""SVV_ML_MODEL_PRIVILEGES: who may predict with models.

Source: Amazon Redshift Database Developer Guide, "SVV_ML_MODEL_PRIVILEGES".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from vesto.engines import Column
from vesto.system_views import Source
from vesto.system_views._privileges import HELD, identity, seen, table_of
from vesto.system_views._reports import TEXT, WHOLE


class SvvMlModelPrivileges:
    """One row a model and who may predict with it; a user sees its own and those on its models."""

    columns: tuple[Column, ...] = (
        Column("namespace_name", TEXT),
        Column("model_name", TEXT),
        Column("model_version", WHOLE),
        *HELD,
    )  # fmt: skip

    def rows(self, source: Source) -> pa.Table:
        """The view's rows."""
        return table_of(self.columns, _listed(source))


def _listed(source: Source) -> Iterator[tuple[Any, ...]]:
    rights = source.rights
    for model in source.catalog.models():
        for one in rights.directory.privileges:
            mine = seen(rights, one.grantee) or rights.owns_model(model)
            if (one.kind, one.object) == ("MODEL", model.id) and mine:
                who = identity(rights, one.grantee)
                # A version is no object of its own: the privilege is on all of them.
                yield (model.schema, model.name, 1, one.privilege, *who, one.grant_option)


SYSTEM_VIEW: Final = SvvMlModelPrivileges()
