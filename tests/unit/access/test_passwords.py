"""Verifiers of passwords, and the rules that passwords follow."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vesto.access.passwords import check_password, matches, new_password, verifiers, verifiers_of
from vesto.catalog.users import User, Verifiers
from vesto.errors import InvalidParameterValue

# RFC 7677, section 3: the user "user" with the password "pencil".
SALT, ITERATIONS = b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096


def keys(password: str, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client = hmac.new(salted, b"Client Key", "sha256").digest()
    return hashlib.sha256(client).digest(), hmac.new(salted, b"Server Key", "sha256").digest()


def test_a_scram_verifier_lets_the_exchange_of_rfc_7677_succeed() -> None:
    client_first = "n=user,r=rOprNGfwEbeRWgbNEkqO"
    nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    said = f"{client_first},r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}"
    stored, server = keys("pencil", SALT, ITERATIONS)
    proof = b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    signature = hmac.new(stored, said.encode(), "sha256").digest()
    client = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert hashlib.sha256(client).digest() == stored
    wanted = b64decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert hmac.new(server, said.encode(), "sha256").digest() == wanted


def test_what_is_kept_has_the_documented_forms() -> None:
    found = verifiers_of("Secret12", "ann")
    scheme, counted, pair = found.scram.split("$")
    iterations, salt = counted.split(":")
    stored, server = keys("Secret12", b64decode(salt), int(iterations))
    assert (scheme, int(iterations) >= 4096) == ("SCRAM-SHA-256", True)
    assert tuple(map(b64decode, pair.split(":"))) == (stored, server)
    assert found.md5 == "md5" + hashlib.md5(b"Secret12ann").hexdigest()
    word, digest, salt = found.digest.split("|")
    assert (word, digest) == ("sha256", hashlib.sha256(b"Secret12" + salt.encode()).hexdigest())


def test_a_text_that_is_a_verifier_is_kept_as_it_is() -> None:
    md5 = "md5" + "0" * 32
    assert verifiers_of(md5, "ann") == Verifiers(md5=md5)
    digest = f"sha256|{'a' * 64}|salt"
    assert verifiers_of(digest, "ann") == Verifiers(digest=digest)
    found = verifiers_of("sha256|Mypassword1", "ann")
    assert (found.scram, found.md5) == ("", "")
    assert matches("Mypassword1", found, "ann")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Short1", "8 to 64"), ("A1" + "a" * 63, "8 to 64"), ("lowercase1", "uppercase"),
        ("UPPERCASE1", "lowercase"), ("NoNumbers", "number"), ("With a space1", "not allowed"),
        ("Quote'12345", "not allowed"), ("Umlaut\u00fc123A", "not allowed"),
    ],
)  # fmt: skip
def test_the_rules_refuse_and_show_nothing_of_it(password: str, reason: str) -> None:
    with pytest.raises(InvalidParameterValue, match=reason) as caught:
        verifiers_of(password, "ann")
    assert password not in str(caught.value) + repr(caught.value.__context__)


def test_a_password_by_chance_follows_the_rules_and_is_another_each_time() -> None:
    made = {new_password() for _ in range(20)}
    assert len(made) == 20
    for password in made:
        check_password(password)


@settings(max_examples=10, deadline=None)
@given(st.sampled_from(["Aa1-0123", "Zz9!abcdef"]), st.text(max_size=10))
def test_only_the_password_matches(password: str, other: str) -> None:
    found = verifiers_of(password, "ann")
    assert matches(password, found, "ann")
    assert matches(other, found, "ann") == (other == password)


def test_what_opens_a_session_ends_with_its_time() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    known = verifiers_of("Secret12", "ann")
    user = User(id=101, name="ann", verifiers=known, valid_until=now)
    assert verifiers(user, now - timedelta(seconds=1)) == known
    assert verifiers(user, now) is None
    assert verifiers(User(id=101, name="ann")) is None
    assert verifiers(None) is None


def test_no_verifier_is_in_a_representation() -> None:
    user = User(id=101, name="ann", verifiers=verifiers_of("Secret12", "ann"))
    for word in ("SCRAM", "md5", "sha256|"):
        assert word not in repr(user)
