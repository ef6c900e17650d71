"""Passwords: the rules they follow, and the verifiers that are kept in their place.

Rules and the texts ``md5...`` and ``sha256|...`` are those of the Amazon Redshift Database Developer
Guide, "CREATE USER". SCRAM-SHA-256: RFC 5802 and RFC 7677, written as PostgreSQL does.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import md5, pbkdf2_hmac, sha256
from typing import Final

from vesto.catalog.users import User, Verifiers
from vesto.dialect.names import checked
from vesto.errors import InvalidName, InvalidParameterValue, Span

ITERATIONS: Final = 4096
SHORTEST, LONGEST = 8, 64
_SALT_BYTES: Final = 16
_MD5: Final = re.compile(r"md5[0-9a-f]{32}")
_DIGEST: Final = re.compile(r"sha256\|[0-9a-f]{64}\|[!-{}~]+")
_FORBIDDEN: Final = frozenset("'\"\\/@")


def verifiers_of(password: str, user_name: str, span: Span | None = None) -> Verifiers:
    """What a password is checked by. A text that is a verifier already is kept as it is.

    Raises:
        InvalidParameterValue: The rules refuse it; no message shows any of it.
    """
    if _MD5.fullmatch(password):
        return Verifiers(md5=password)
    if _DIGEST.fullmatch(password):
        return Verifiers(digest=password)
    clear = password.removeprefix("sha256|")
    check_password(clear, span)
    digest = _digest(clear)
    if clear != password:
        return Verifiers(digest=digest)
    return Verifiers(_scram(clear), _md5(clear, user_name), digest)


def check_password(password: str, span: Span | None = None) -> None:
    """Nothing, if a clear password follows the rules.

    Raises:
        InvalidParameterValue: It does not; no message shows any of it.
    """
    wrong = ""
    if not SHORTEST <= len(password) <= LONGEST:
        wrong = f"must have {SHORTEST} to {LONGEST} characters"
    elif not any("A" <= letter <= "Z" for letter in password):
        wrong = "must contain an uppercase letter"
    elif not any("a" <= letter <= "z" for letter in password):
        wrong = "must contain a lowercase letter"
    elif not any("0" <= letter <= "9" for letter in password):
        wrong = "must contain a number"
    elif not all("!" <= letter <= "~" and letter not in _FORBIDDEN for letter in password):
        wrong = "has a character that is not allowed"
    if wrong:
        hint = (
            f"It has {SHORTEST} to {LONGEST} printable ASCII characters but ' \" \\ / @ and space, among "
            "them an uppercase and a lowercase letter and a number."
        )
        raise InvalidParameterValue(f"password {wrong}", hint=hint, span=span)


def new_password() -> str:
    """A password by chance, which the rules allow."""
    return f"Aa1-{secrets.token_urlsafe(18)}"


def verifiers(user: User | None, now: datetime | None = None) -> Verifiers | None:
    """What opens a session for a user now; None where nothing does.

    That is so if there is no such user, the password is disabled, or its time is over.
    """
    if user is None or user.verifiers is None:
        return None
    moment = now or datetime.now(UTC)
    return None if user.valid_until and moment >= user.valid_until else user.verifiers


def matches(password: str, known: Verifiers, user_name: str) -> bool:
    """Whether a clear password is the one that the verifiers were made of."""
    if known.scram:
        _, counted, keys = known.scram.split("$")
        iterations, salt = counted.split(":")
        made = _scram(password, int(iterations), b64decode(salt))
        return hmac.compare_digest(made.split("$")[2], keys)
    if known.digest:
        _, wanted, salt = known.digest.split("|")
        return hmac.compare_digest(sha256((password + salt).encode()).hexdigest(), wanted)
    return hmac.compare_digest(_md5(password, user_name), known.md5)


def _scram(password: str, iterations: int = ITERATIONS, salt: bytes = b"") -> str:
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    salted = pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    stored = sha256(client).digest()
    parts = (b64encode(part).decode() for part in (salt, stored, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(iterations, *parts)


def _md5(password: str, user_name: str) -> str:
    # The protocol's AuthenticationMD5Password asks for no other hash.
    return "md5" + md5((password + user_name).encode(), usedforsecurity=False).hexdigest()


def _digest(password: str) -> str:
    salt = secrets.token_hex(_SALT_BYTES)
    return f"sha256|{sha256((password + salt).encode()).hexdigest()}|{salt}"


def checked_user_name(name: str, span: Span | None = None) -> str:
    """``name`` if a user, group or role may have it.

    Raises:
        InvalidName: It cannot be a name, or means everybody.
    """
    if name.lower() == "public" or name.startswith("sys:"):
        raise InvalidName(f'name "{name}" belongs to the system', span=span)
    return checked(name, span)
