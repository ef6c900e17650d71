"""Users, groups, roles and privileges of the catalog."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vesto.catalog.accounts import Accounts
from vesto.catalog.store import Catalog
from vesto.catalog.users import OWNER_ID, PUBLIC, Membership, Privilege, User, Verifiers
from vesto.errors import DataCorrupted, DuplicateObject


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite")
    opened.accounts.ensure_owner("vesto")
    yield opened
    opened.close()


@pytest.fixture
def accounts(catalog: Catalog) -> Accounts:
    return catalog.accounts


def add(accounts: Accounts, name: str) -> int:
    return accounts.add_user(User(id=0, name=name)).id


def test_the_first_user_is_the_owner_and_stays_a_superuser(accounts: Accounts) -> None:
    owner = accounts.directory().users["vesto"]
    assert (owner.id, owner.superuser) == (OWNER_ID, True)
    accounts.change_user(replace(owner, superuser=False))
    assert accounts.ensure_owner("vesto").superuser
    assert accounts.directory().users["vesto"].superuser


def test_a_user_is_there_with_all_it_has_after_reopening(catalog: Catalog, tmp_path: Path) -> None:
    verifiers = Verifiers("SCRAM", "md5", "digest")
    user = User(
        id=0, name="ann", creates_databases=True, sees_system_log=True, verifiers=verifiers,
        valid_until=datetime(2030, 1, 2, tzinfo=UTC), connection_limit=3, session_timeout_s=60,
        parameters=(("timezone", "UTC"),),
    )  # fmt: skip
    made = catalog.accounts.add_user(user)
    catalog.close()
    again = Catalog(tmp_path / "catalog.sqlite")
    assert again.accounts.directory().users["ann"] == replace(user, id=made.id)
    again.close()


def test_numbers_are_never_given_twice(accounts: Accounts) -> None:
    first = add(accounts, "ann")
    accounts.remove(("USER", first))
    assert add(accounts, "ann") == first + 1


def test_names_are_given_once(accounts: Accounts) -> None:
    add(accounts, "ann")
    accounts.add_group("g")
    accounts.add_role("r", OWNER_ID)
    for again in (lambda: add(accounts, "ann"), lambda: accounts.add_group("g"),
                  lambda: accounts.add_role("r", OWNER_ID)):  # fmt: skip
        with pytest.raises(DuplicateObject):
            again()


def test_rights_come_through_groups_and_roles_of_roles(accounts: Accounts) -> None:
    ann = add(accounts, "ann")
    accounts.add_group("g", [ann])
    for role in ("outer", "inner"):
        accounts.add_role(role, OWNER_ID)
    find = accounts.directory().find
    outer, inner, group = find("ROLE", "outer"), find("ROLE", "inner"), find("GROUP", "g")
    assert outer and inner and group
    accounts.join([Membership("ROLE", outer[1], ("USER", ann))])
    accounts.join([Membership("ROLE", inner[1], outer)])
    assert accounts.directory().grantees(("USER", ann)) == {
        ("USER", ann), group, outer, inner, PUBLIC,
    }  # fmt: skip
    accounts.remove(outer)
    assert accounts.directory().grantees(("USER", ann)) == {("USER", ann), group, PUBLIC}


def test_an_option_is_kept_until_it_is_taken(accounts: Accounts) -> None:
    one = Privilege("SYSTEM", "", "CREATE MODEL", ("USER", add(accounts, "ann")), OWNER_ID)
    accounts.grant([replace(one, grant_option=True)])
    accounts.grant([one])
    assert [p.grant_option for p in accounts.directory().privileges] == [True]
    accounts.revoke([one], option_only=True)
    assert accounts.directory().privileges == (one,)
    accounts.revoke([one])
    assert accounts.directory().privileges == ()


def test_a_catalog_of_format_2_gets_its_users(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    Catalog(path).close()
    connection = sqlite3.connect(path)
    for table in ("users", "groups", "roles", "members", "privileges"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("UPDATE facts SET value = '2'")
    connection.commit()
    connection.close()
    opened = Catalog(path)
    assert opened.accounts.ensure_owner("vesto").id == OWNER_ID
    opened.close()


def test_a_damaged_row_is_named_and_not_shown(catalog: Catalog, tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "catalog.sqlite")
    connection.execute('UPDATE users SET attributes = \'{"verifiers": "secret"}\'')
    connection.commit()
    connection.close()
    again = Catalog(tmp_path / "catalog.sqlite")
    with pytest.raises(DataCorrupted, match='user "vesto"') as caught:
        again.accounts.directory()
    assert "secret" not in str(caught.value)
    again.close()
