"""What one user may do with one object, by ownership and grants."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from vesto.access.facts import DATABASE, Facts, Key
from vesto.catalog.records import Model
from vesto.catalog.users import Directory, Grantee, User
from vesto.dialect.surroundings import Place

# What ALL stands for. Source: Amazon Redshift Database Developer Guide, "GRANT".
ALL: Final = {
    "TABLE": (
        "SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "TRUNCATE", "ALTER", "REFERENCES",
    ),
    "SCHEMA": ("CREATE", "USAGE", "ALTER", "DROP"),
    "DATABASE": ("CREATE", "TEMPORARY", "USAGE", "ALTER"),
    "FUNCTION": ("EXECUTE",),
    "MODEL": ("EXECUTE",),
    "LANGUAGE": ("USAGE",),
}  # fmt: skip


def table_key(place: Place) -> Key:
    """A table or view as owners and grants name it."""
    return ("TABLE", *place)


def schema_key(schema: str) -> Key:
    """A schema as owners and grants name it."""
    return ("SCHEMA", schema, "")


def function_key(place: Place) -> Key:
    """All functions of one name as owners and grants name them."""
    return ("FUNCTION", *place)


@dataclass(frozen=True)
class Rights:
    """A user's rights at one moment. A superuser has all of them."""

    user: User
    facts: Facts
    directory: Directory

    @property
    def unlimited(self) -> bool:
        """Whether nothing needs to be checked."""
        return self.user.superuser

    @cached_property
    def grantees(self) -> frozenset[Grantee]:
        """Everybody whose privileges the user has."""
        return self.directory.grantees(("USER", self.user.id))

    def owns(self, key: Key) -> bool:
        """Whether it is the user's own."""
        return self.unlimited or self.facts.owner(key) == self.user.id

    def has(self, privilege: str, key: Key) -> bool:
        """Whether the user may do that with all of an object."""
        return self.owns(key) or any(
            grant.privilege == privilege and not grant.column and grant.grantee in self.grantees
            for grant in self.facts.grants.get(key, ())
        )

    def columns(self, privilege: str, key: Key) -> frozenset[str]:
        """The columns of a table that the user may do that with, where it may not with all."""
        return frozenset(
            grant.column
            for grant in self.facts.grants.get(key, ())
            if grant.privilege == privilege and grant.column and grant.grantee in self.grantees
        )

    def may_grant(self, privilege: str, key: Key, column: str = "") -> bool:
        """Whether the user may give a privilege on."""
        return self.owns(key) or any(
            grant.privilege == privilege
            and grant.grant_option
            and grant.column in {"", column}
            and grant.grantee in self.grantees
            for grant in self.facts.grants.get(key, ())
        )

    def has_any(self, key: Key) -> bool:
        """Whether the user may do anything with it."""
        given = self.facts.grants.get(key, ())
        return self.owns(key) or any(grant.grantee in self.grantees for grant in given)

    # --- What the catalog holds -----------------------------------------------------------------

    def has_system(self, privilege: str) -> bool:
        """Whether the user has a privilege that is not about one object."""
        return self.unlimited or self._catalog("SYSTEM", "", privilege)

    def owns_model(self, model: Model) -> bool:
        """Whether a model is the user's own."""
        return self.unlimited or model.owner == self.user.name

    def has_model(self, model: Model) -> bool:
        """Whether the user may predict with a model."""
        return self.owns_model(model) or self._catalog("MODEL", model.id, "EXECUTE")

    def may_grant_catalog(self, kind: str, target: str, privilege: str) -> bool:
        """Whether the user may give a privilege on something of the catalog on."""
        return self.unlimited or self._catalog(kind, target, privilege, option=True)

    def may_assume(self, names: frozenset[str], purpose: str) -> bool:
        """Whether the user has one of these outside roles, or all, for a purpose."""
        return (
            any(
                self._catalog("ASSUMEROLE", name, wanted)
                for name in names | {"ALL"}
                for wanted in (purpose, "ALL")
            )
            or self.unlimited
        )

    def _catalog(self, kind: str, target: str, privilege: str, *, option: bool = False) -> bool:
        return any(
            one.kind == kind
            and one.object == target
            and one.privilege == privilege
            and one.grantee in self.grantees
            and (one.grant_option or not option)
            for one in self.directory.privileges
        )

    def may_admin_role(self, role: int) -> bool:
        """Whether the user may give a role to others."""
        owned = any(r.id == role and r.owner == self.user.id for r in self.directory.roles.values())
        return self.unlimited or owned or any(
            one.kind == "ROLE" and one.of == role and one.admin_option
            and one.member in self.grantees
            for one in self.directory.memberships
        )  # fmt: skip

    # --- Together -------------------------------------------------------------------------------

    def may_create_in(self, schema: str) -> bool:
        """Whether the user may make something in a schema."""
        key = schema_key(schema)
        return self.has("CREATE", key) and self.has("USAGE", key)

    def may_create_schemas(self) -> bool:
        """Whether the user may make schemas."""
        return self.has("CREATE", DATABASE) or self.has_system("CREATE SCHEMA")

    def may_drop(self, key: Key) -> bool:
        """Whether the user may remove a table, view, function or schema."""
        schema = schema_key(key[1])
        if self.owns(key) or self.owns(schema) or self.has("DROP", key):
            return True
        words = {"SCHEMA": "DROP SCHEMA", "FUNCTION": "DROP FUNCTION"}.get(key[0], "DROP TABLE")
        return self.has_system(words) or (
            self.facts.relations.get((key[1], key[2])) in {"view", "late view"}
            and self.has_system("DROP VIEW")
        )
