"""Users, groups, roles and privileges in the catalog's database."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from vesto.catalog.database import (
    GROUPS,
    MEMBERS,
    MODELS,
    PRIVILEGES,
    ROLES,
    USERS,
    readable,
)
from vesto.catalog.users import (
    OWNER_ID,
    Directory,
    Grantee,
    Group,
    Membership,
    Privilege,
    Role,
    User,
    Verifiers,
)
from vesto.errors import DataCorrupted, DuplicateObject

_TABLES: Final = {"USER": USERS, "GROUP": GROUPS, "ROLE": ROLES}


class Accounts:
    """Who there is. Safe to share between threads; values are never changed.

    Every change is one transaction; ``directory`` is read once and kept until there is another.
    """

    def __init__(self, engine: sa.Engine, models_changed: Callable[[], None]) -> None:
        self.version = 0
        self._models_changed = models_changed
        self._engine = engine
        self._lock = threading.Lock()
        self._known: Directory | None = None

    def directory(self) -> Directory:
        """Everybody, as of now."""
        known = self._known
        if known is not None:
            return known
        with self._lock:
            if self._known is None:
                self._known = self._read()
            return self._known

    def ensure_owner(self, name: str) -> User:
        """The user who owns the warehouse, a superuser; made where there is none.

        Raises:
            DiskFull: It could not be written.
        """
        known = self.directory()
        found = known.users.get(name)
        if found is None:
            return self.add_user(User(id=0, name=name, superuser=True))
        if not found.superuser:
            found = replace(found, superuser=True)
            self.change_user(found)
        return found

    # --- Users ----------------------------------------------------------------------------------

    def add_user(self, user: User, groups: Iterable[int] = ()) -> User:
        """Add a user, under an identifier that nobody has had; what it is before is ignored.

        Raises:
            DuplicateObject: There is one of that name.
            DiskFull: It could not be written.
        """
        values: dict[str, Any] = {"name": user.name, "attributes": _written(user)}
        with self._writing(f'user "{user.name}" already exists') as connection:
            if not connection.execute(sa.select(sa.func.count()).select_from(USERS)).scalar_one():
                values["id"] = OWNER_ID
            done = connection.execute(USERS.insert().values(values))
            made = replace(user, id=_new_id(done))
            for group in groups:
                one = Membership("GROUP", group, ("USER", made.id))
                connection.execute(MEMBERS.insert().values(_membership_row(one)))
        return made

    def change_user(self, user: User) -> None:
        """Put a user in the place of the one with its identifier; models follow a new name.

        Raises:
            DuplicateObject: Another one has the name.
            DiskFull: It could not be written.
        """
        old = self.directory().user(user.id)
        values = {"name": user.name, "attributes": _written(user)}
        with self._writing(f'user "{user.name}" already exists') as connection:
            connection.execute(USERS.update().where(USERS.c.id == user.id).values(values))
            if old is not None and old.name != user.name:
                mine = MODELS.c.owner == old.name
                connection.execute(MODELS.update().where(mine).values(owner=user.name))
        if old is not None and old.name != user.name:
            self._models_changed()

    # --- Groups and roles -----------------------------------------------------------------------

    def add_group(self, name: str, members: Iterable[int] = ()) -> None:
        """Add a group of users.

        Raises:
            DuplicateObject: There is one of that name.
        """
        with self._writing(f'group "{name}" already exists') as connection:
            done = connection.execute(GROUPS.insert().values(name=name))
            for member in members:
                one = Membership("GROUP", _new_id(done), ("USER", member))
                connection.execute(MEMBERS.insert().values(_membership_row(one)))

    def add_role(self, name: str, owner: int) -> None:
        """Add a role.

        Raises:
            DuplicateObject: There is one of that name.
        """
        with self._writing(f'role "{name}" already exists') as connection:
            connection.execute(ROLES.insert().values(name=name, owner=owner))

    def rename(self, of: Grantee, name: str) -> None:
        """Give a group or role another name.

        Raises:
            DuplicateObject: Another one has it.
        """
        kind, number = of
        table = _TABLES[kind]
        with self._writing(f'{kind.lower()} "{name}" already exists') as connection:
            connection.execute(table.update().where(table.c.id == number).values(name=name))

    def own_role(self, role: int, owner: int) -> None:
        """Give a role another owner."""
        with self._writing() as connection:
            connection.execute(ROLES.update().where(ROLES.c.id == role).values(owner=owner))

    def remove(self, of: Grantee) -> None:
        """Remove a user, group or role, with its memberships and the privileges it has."""
        kind, number = of
        table = _TABLES[kind]
        has = (PRIVILEGES.c.grantee_kind == kind) & (PRIVILEGES.c.grantee == number)
        inside = (MEMBERS.c.member_kind == kind) & (MEMBERS.c.member == number)
        around = (MEMBERS.c.kind == kind) & (MEMBERS.c.of == number)
        with self._writing() as connection:
            connection.execute(table.delete().where(table.c.id == number))
            connection.execute(PRIVILEGES.delete().where(has))
            connection.execute(MEMBERS.delete().where(inside | around))

    def join(self, memberships: Iterable[Membership]) -> None:
        """Add memberships; one that is there already gets this admin option, if it is one."""
        with self._writing() as connection:
            for one in memberships:
                row = _membership_row(one)
                has = sa.and_(*(MEMBERS.c[k] == v for k, v in row.items() if k != "admin_option"))
                known = connection.execute(sa.select(MEMBERS.c.admin_option).where(has)).scalar()
                if known is None:
                    connection.execute(MEMBERS.insert().values(row))
                elif one.admin_option:
                    connection.execute(MEMBERS.update().where(has).values(admin_option=True))

    def leave(self, memberships: Iterable[Membership], *, admin_only: bool = False) -> None:
        """Remove memberships, or only their admin option."""
        with self._writing() as connection:
            for one in memberships:
                row = _membership_row(one)
                has = sa.and_(*(MEMBERS.c[k] == v for k, v in row.items() if k != "admin_option"))
                if admin_only:
                    connection.execute(MEMBERS.update().where(has).values(admin_option=False))
                else:
                    connection.execute(MEMBERS.delete().where(has))

    # --- Privileges -----------------------------------------------------------------------------

    def grant(self, privileges: Iterable[Privilege]) -> None:
        """Give privileges; one that is there already gets this grant option, if it is one."""
        with self._writing() as connection:
            for one in privileges:
                has = _same(one)
                known = connection.execute(sa.select(PRIVILEGES.c.grant_option).where(has)).scalar()
                if known is None:
                    connection.execute(PRIVILEGES.insert().values(_privilege_row(one)))
                elif one.grant_option:
                    connection.execute(PRIVILEGES.update().where(has).values(grant_option=True))

    def revoke(self, privileges: Iterable[Privilege], *, option_only: bool = False) -> None:
        """Take privileges, or only the right to give them on."""
        with self._writing() as connection:
            for one in privileges:
                if option_only:
                    has = PRIVILEGES.update().where(_same(one)).values(grant_option=False)
                    connection.execute(has)
                else:
                    connection.execute(PRIVILEGES.delete().where(_same(one)))

    # --- Reading and writing --------------------------------------------------------------------

    def _read(self) -> Directory:
        with readable(), self._engine.connect() as connection:
            users = [_user(row) for row in connection.execute(sa.select(USERS)).mappings()]
            groups = [Group(**row) for row in connection.execute(sa.select(GROUPS)).mappings()]
            roles = [Role(**row) for row in connection.execute(sa.select(ROLES)).mappings()]
            members = connection.execute(sa.select(MEMBERS)).all()
            privileges = connection.execute(sa.select(PRIVILEGES)).all()
        return Directory(
            {user.name: user for user in users},
            {group.name: group for group in groups},
            {role.name: role for role in roles},
            tuple(
                Membership(kind, of, (member_kind, member), admin)
                for kind, of, member_kind, member, admin in members
            ),
            tuple(
                Privilege(kind, target, privilege, (grantee_kind, grantee), grantor, option)
                for kind, target, privilege, grantee_kind, grantee, grantor, option in privileges
            ),
        )

    @contextmanager
    def _writing(self, taken: str = "") -> Iterator[sa.Connection]:
        """A transaction, after which everybody is read anew."""
        try:
            with self._lock:
                try:
                    with readable(), self._engine.begin() as connection:
                        yield connection
                finally:
                    self._known = None
                    self.version += 1
        except sa.exc.IntegrityError as error:
            raise DuplicateObject(taken or "somebody else changed it", detail="") from error


def _new_id(done: sa.CursorResult[Any]) -> int:
    assert done.inserted_primary_key is not None  # one row was inserted
    return int(done.inserted_primary_key[0])


def _same(one: Privilege) -> sa.ColumnElement[bool]:
    row = _privilege_row(one)
    keys = ("kind", "object", "privilege", "grantee_kind", "grantee")
    return sa.and_(*(PRIVILEGES.c[key] == row[key] for key in keys))


def _privilege_row(one: Privilege) -> dict[str, Any]:
    return {
        "kind": one.kind, "object": one.object, "privilege": one.privilege,
        "grantee_kind": one.grantee[0], "grantee": one.grantee[1], "grantor": one.grantor,
        "grant_option": one.grant_option,
    }  # fmt: skip


def _membership_row(one: Membership) -> dict[str, Any]:
    return {
        "kind": one.kind, "of": one.of, "member_kind": one.member[0], "member": one.member[1],
        "admin_option": one.admin_option,
    }  # fmt: skip


def _written(user: User) -> str:
    """Everything but identifier and name, as JSON."""
    found = {item.name: getattr(user, item.name) for item in fields(User)}
    del found["id"], found["name"]
    found["verifiers"] = asdict(user.verifiers) if user.verifiers else None
    found["valid_until"] = user.valid_until.isoformat() if user.valid_until else None
    return json.dumps(found)


def _user(row: Any) -> User:
    try:
        found = json.loads(row["attributes"])
        until, verifiers = found.pop("valid_until"), found.pop("verifiers")
        pairs = tuple((name, value) for name, value in found.pop("parameters"))
        return User(
            id=row["id"], name=row["name"], parameters=pairs,
            verifiers=Verifiers(**verifiers) if verifiers else None,
            valid_until=datetime.fromisoformat(until) if until else None, **found,
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        # What is damaged may be a verifier: it is not shown.
        raise DataCorrupted(f'the catalog\'s row of user "{row["name"]}" is damaged') from error
