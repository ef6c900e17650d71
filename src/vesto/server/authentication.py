"""Who is there: the exchanges of SCRAM-SHA-256, MD5 and Redshift's digest; no input and output.

Source: RFC 5802 and RFC 7677; PostgreSQL manual, "SASL Authentication" and "Password
Authentication"; Amazon's Python driver for the digest (request 13).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final, Protocol

from vesto.catalog.users import Verifiers
from vesto.errors import InvalidPassword, ProtocolViolation
from vesto.server import replies

MD5: Final = 5
SASL: Final = 10
SASL_CONTINUE: Final = 11
SASL_FINAL: Final = 12
DIGEST: Final = 13
ITERATIONS: Final = 4096
_MECHANISM: Final = "SCRAM-SHA-256"
_NONCE_BYTES: Final = 18
_SALT_BYTES: Final = 16


class Users(Protocol):
    """Where verifiers come from."""

    def verifiers(self, user: str) -> Verifiers | None:
        """Those of a user who may log in; None for anyone else."""
        ...


Exchange = Generator[bytes, bytes, None]
"""Requests go out, the bodies of answers come in; it ends when the password was right."""


def exchange(user: str, found: Verifiers | None, *, redshift: bool) -> Exchange:
    """The exchange for a user; one who is not there fails as a wrong password does.

    Redshift's Python driver knows no SCRAM that is offered alone; it gets the digest, or MD5.

    Raises:
        InvalidPassword: The answer does not fit; the same words for every reason.
        ProtocolViolation: The answer has not the form.
    """
    known = found or Verifiers()
    if redshift and (known.digest or not known.md5):
        return _digest(user, known.digest)
    if known.md5 and (redshift or not known.scram):
        return _md5(user, known.md5)
    return _scram(user, known.scram)


def refused(user: str) -> InvalidPassword:
    """The error of a wrong password; the same words for every reason."""
    return InvalidPassword(f'password authentication failed for user "{user}"')


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


# --- SCRAM-SHA-256 -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Keys:
    iterations: int
    salt: str
    stored: bytes
    server: bytes
    real: bool = True


# The salt of a user who is not there is the same at every try, as a real one's.
_MOCK_KEY: Final = secrets.token_bytes(32)


def _keys(user: str, verifier: str) -> _Keys:
    try:
        mechanism, parameters, keys = verifier.split("$")
        iterations, salt = parameters.split(":")
        stored, server = keys.split(":")
        if mechanism == _MECHANISM:
            return _Keys(
                int(iterations), salt, b64decode(stored, validate=True),
                b64decode(server, validate=True),
            )  # fmt: skip
    except (ValueError, NotBase64):
        pass
    salt = _base64(_hmac(_MOCK_KEY, user.encode())[:_SALT_BYTES])
    return _Keys(ITERATIONS, salt, bytes(32), bytes(32), real=False)


def _scram(user: str, verifier: str) -> Exchange:
    keys = _keys(user, verifier)
    first = yield replies.authentication(SASL, f"{_MECHANISM}\0\0".encode())
    header, bare = _client_first(first)
    attributes = _attributes(bare)
    if "r" not in attributes:
        raise ProtocolViolation("malformed SCRAM message: it has no nonce")
    nonce = attributes["r"] + _base64(secrets.token_bytes(_NONCE_BYTES))
    server_first = f"r={nonce},s={keys.salt},i={keys.iterations}"
    last = _text((yield replies.authentication(SASL_CONTINUE, server_first.encode())))
    without_proof, _, proof_text = last.rpartition(",p=")
    answer = _attributes(without_proof)
    if answer.get("r") != nonce or answer.get("c") != _base64(header.encode()):
        raise ProtocolViolation("malformed SCRAM message: nonce or channel binding differ")
    signed = f"{bare},{server_first},{without_proof}".encode()
    _check_proof(user, keys, proof_text, signed)
    final = f"v={_base64(_hmac(keys.server, signed))}"
    yield replies.authentication(SASL_FINAL, final.encode())


def _client_first(body: bytes) -> tuple[str, str]:
    """The header and the rest of the client's first message."""
    mechanism, _, rest = body.partition(b"\0")
    if mechanism != _MECHANISM.encode():
        raise ProtocolViolation("client selected an invalid SASL authentication mechanism")
    if len(rest) < 4:  # noqa: PLR2004 - an int32
        raise ProtocolViolation("malformed SCRAM message: it is empty")
    message = _text(rest[4:])
    flag, _, after = message.partition(",")
    authorization, comma, bare = after.partition(",")
    if flag not in {"n", "y"} or not comma or authorization:
        raise ProtocolViolation("malformed SCRAM message: channel binding is not supported")
    return f"{flag},{authorization},", bare


def _check_proof(user: str, keys: _Keys, proof_text: str, signed: bytes) -> None:
    try:
        proof = b64decode(proof_text, validate=True)
    except (ValueError, NotBase64):
        raise ProtocolViolation("malformed SCRAM message: the proof is no base64") from None
    if len(proof) != len(keys.stored):
        raise ProtocolViolation("malformed SCRAM message: the proof has a wrong length")
    signature = _hmac(keys.stored, signed)
    client = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    same = hmac.compare_digest(hashlib.sha256(client).digest(), keys.stored)
    if not (same and keys.real):
        raise refused(user)


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ProtocolViolation("malformed SCRAM message: it is no UTF-8") from None


def _attributes(text: str) -> dict[str, str]:
    parts = (part.partition("=") for part in text.split(","))
    return {name: value for name, _, value in parts}


# --- MD5 and the digest --------------------------------------------------------------------------


def _md5(user: str, verifier: str) -> Exchange:
    salt = secrets.token_bytes(4)
    answer = yield replies.authentication(MD5, salt)
    inner = verifier.removeprefix("md5").encode()
    wanted = b"md5" + hashlib.md5(inner + salt, usedforsecurity=False).hexdigest().encode()
    if not (hmac.compare_digest(answer.rstrip(b"\0"), wanted) and verifier):
        raise refused(user)


def _digest(user: str, verifier: str) -> Exchange:
    digits, salt = _parts(user, verifier)
    nonce = secrets.token_bytes(_SALT_BYTES)
    request = struct.pack("!i", 0) + _counted(salt.encode()) + _counted(nonce)
    answer = yield replies.authentication(DIGEST, request)
    proof, rest = _take_counted(answer)
    client_nonce, rest = _take_counted(rest)
    wanted = hashlib.sha256(bytes.fromhex(digits) + nonce + client_nonce).digest()
    if not (hmac.compare_digest(proof, wanted) and verifier and not rest):
        raise refused(user)


def _parts(user: str, verifier: str) -> tuple[str, str]:
    kind, _, rest = verifier.partition("|")
    digits, _, salt = rest.partition("|")
    if kind == "sha256" and len(digits) == 64:  # noqa: PLR2004 - the digits of SHA-256
        return digits, salt
    return "00" * 32, _hmac(_MOCK_KEY, user.encode()).hex()[: 2 * _SALT_BYTES]


def _counted(data: bytes) -> bytes:
    return struct.pack("!i", len(data)) + data


def _take_counted(data: bytes) -> tuple[bytes, bytes]:
    size = struct.unpack_from("!i", data)[0] if len(data) >= 4 else -1  # noqa: PLR2004
    if not 0 <= size <= len(data) - 4:
        raise ProtocolViolation("malformed digest: a length does not fit")
    return data[4 : 4 + size], data[4 + size :]
