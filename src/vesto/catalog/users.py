"""Users, groups, roles and what they may, as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final

# Who has a privilege: a kind (USER, GROUP, ROLE or PUBLIC) and an identifier, 0 for PUBLIC.
Grantee = tuple[str, int]
PUBLIC: Final[Grantee] = ("PUBLIC", 0)
# Redshift's first user of a cluster has this number too.
OWNER_ID: Final = 100


@dataclass(frozen=True, slots=True)
class Verifiers:
    """What a password is checked by, without being kept. A way that cannot be used is empty.

    ``scram`` is PostgreSQL's ``SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey``, ``md5`` its
    ``md5<hex>``, ``digest`` Redshift's ``sha256|hex(sha256(password + salt))|salt``.
    """

    scram: str = field(default="", repr=False)
    md5: str = field(default="", repr=False)
    digest: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user. ``verifiers`` None: no password opens a session. Moments are UTC.

    ``valid_until`` is the password's last moment, ``connection_limit`` None as many as there may
    be, ``session_timeout_s`` 0 for none; ``parameters`` are what sessions begin with.
    """

    id: int
    name: str
    superuser: bool = False
    creates_databases: bool = False
    sees_system_log: bool = False
    verifiers: Verifiers | None = None
    valid_until: datetime | None = None
    connection_limit: int | None = None
    session_timeout_s: int = 0
    parameters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A group of users."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Role:
    """A role: privileges under a name, which users and other roles can have."""

    id: int
    name: str
    owner: int


@dataclass(frozen=True, slots=True)
class Membership:
    """A user in a group, or a user or role that has a role."""

    kind: str
    of: int
    member: Grantee
    admin_option: bool = False


@dataclass(frozen=True, slots=True)
class Privilege:
    """A privilege that somebody has on an object of the catalog.

    ``kind`` is MODEL, with a model's identifier as ``object``; SYSTEM, without one; or ASSUMEROLE,
    with an outside role, and the purpose as ``privilege``.
    """

    kind: str
    object: str
    privilege: str
    grantee: Grantee
    grantor: int
    grant_option: bool = False


@dataclass(frozen=True)
class Directory:
    """Everybody there is, at one moment, and what they may do with what the catalog holds."""

    users: Mapping[str, User] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    memberships: tuple[Membership, ...] = ()
    privileges: tuple[Privilege, ...] = ()

    @cached_property
    def names(self) -> dict[Grantee, str]:
        """The name of everybody."""
        users = {("USER", user.id): user.name for user in self.users.values()}
        groups = {("GROUP", group.id): group.name for group in self.groups.values()}
        roles = {("ROLE", role.id): role.name for role in self.roles.values()}
        return {**users, **groups, **roles, PUBLIC: "public"}

    @cached_property
    def _containers(self) -> dict[Grantee, tuple[Grantee, ...]]:
        """The groups and roles that each user and role is in."""
        found: dict[Grantee, tuple[Grantee, ...]] = {}
        for one in self.memberships:
            found[one.member] = (*found.get(one.member, ()), (one.kind, one.of))
        return found

    def grantees(self, of: Grantee) -> frozenset[Grantee]:
        """Everybody whose privileges a user or role has: itself, its groups and roles, PUBLIC."""
        found, fresh = {PUBLIC}, [of, PUBLIC]
        while fresh:
            one = fresh.pop()
            found.add(one)
            fresh += [more for more in self._containers.get(one, ()) if more not in found]
        return frozenset(found)

    @cached_property
    def _by_id(self) -> dict[int, User]:
        return {user.id: user for user in self.users.values()}

    def user(self, user_id: int) -> User | None:
        """The user of that identifier."""
        return self._by_id.get(user_id)

    def find(self, kind: str, name: str) -> Grantee | None:
        """Who has that name."""
        if kind == "PUBLIC":
            return PUBLIC
        found: User | Group | Role | None
        if kind == "USER":
            found = self.users.get(name)
        else:
            found = self.groups.get(name) if kind == "GROUP" else self.roles.get(name)
        return None if found is None else (kind, found.id)
