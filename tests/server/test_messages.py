from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vesto.errors import ProtocolViolation
from vesto.server.messages import (
    MAXIMUM_STARTUP,
    Answer,
    Bind,
    CancelRequest,
    Close,
    CopyData,
    CopyDone,
    CopyFail,
    Decoder,
    Describe,
    EncryptionRequest,
    Execute,
    Flush,
    Message,
    Parse,
    Query,
    Startup,
    Sync,
    Terminate,
    Unreadable,
)

# --- An encoder of its own: the client's side of the protocol ------------------------------------

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
OIDS = st.integers(0, 2**32 - 1)
FORMATS = st.lists(st.sampled_from([0, 1]), max_size=4).map(tuple)
VALUES = st.lists(st.none() | st.binary(max_size=20), max_size=4).map(tuple)


def cstring(text: str) -> bytes:
    return text.encode() + b"\0"


def framed(code: str, body: bytes = b"") -> bytes:
    return code.encode() + struct.pack("!I", len(body) + 4) + body


def numbers(form: str, values: tuple[int, ...]) -> bytes:
    return struct.pack(f"!H{len(values)}{form}", len(values), *values)


def counted(value: bytes | None) -> bytes:
    return struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value


def written(message: Message) -> bytes:  # noqa: C901 - a case a message
    match message:
        case Query(text):
            return framed("Q", cstring(text))
        case Parse(name, text, types):
            return framed("P", cstring(name) + cstring(text) + numbers("I", types))
        case Bind(portal, statement, formats, values, results):
            body = cstring(portal) + cstring(statement) + numbers("h", formats)
            body += struct.pack("!H", len(values)) + b"".join(map(counted, values))
            return framed("B", body + numbers("h", results))
        case Describe(kind, name):
            return framed("D", kind.encode() + cstring(name))
        case Close(kind, name):
            return framed("C", kind.encode() + cstring(name))
        case Execute(portal, limit):
            return framed("E", cstring(portal) + struct.pack("!i", limit))
        case CopyData(data):
            return framed("d", data)
        case CopyFail(reason):
            return framed("f", cstring(reason))
        case Sync():
            return framed("S")
        case Flush():
            return framed("H")
        case CopyDone():
            return framed("c")
        case Terminate():
            return framed("X")
    raise AssertionError(message)


KINDS = st.sampled_from(["S", "P"])
MESSAGES = st.one_of(
    st.builds(Query, TEXT),
    st.builds(Parse, TEXT, TEXT, st.lists(OIDS, max_size=4).map(tuple)),
    st.builds(Bind, TEXT, TEXT, FORMATS, VALUES, FORMATS),
    st.builds(Describe, KINDS, TEXT),
    st.builds(Close, KINDS, TEXT),
    st.builds(Execute, TEXT, st.integers(0, 2**31 - 1)),
    st.builds(CopyData, st.binary(max_size=50)),
    st.builds(CopyFail, TEXT),
    st.sampled_from([Sync(), Flush(), CopyDone(), Terminate()]),
)


def decoder(phase: str = "session", maximum: int = 10_000) -> Decoder:
    made = Decoder(maximum=maximum)
    made.phase = phase
    return made


def everything(reader: Decoder) -> list[Message]:
    found = []
    while (message := reader.next()) is not None:
        found.append(message)
    return found


# --- What is written is read, however it is cut --------------------------------------------------


@given(st.lists(MESSAGES, max_size=6), st.data())
def test_messages_are_read_from_any_pieces(messages: list[Message], data: st.DataObject) -> None:
    stream = b"".join(map(written, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader, found = decoder(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        reader.feed(stream[start:end])
        found += everything(reader)
    assert found == messages
    assert reader.pending == 0


@given(MESSAGES, st.data())
def test_a_message_that_is_cut_short_is_waited_for(message: Message, data: st.DataObject) -> None:
    stream = written(message)
    reader = decoder()
    reader.feed(stream[: data.draw(st.integers(0, len(stream) - 1))])
    assert reader.next() is None


@given(MESSAGES, st.data())
def test_a_body_with_bytes_too_few_or_too_many_is_refused(
    message: Message, data: st.DataObject
) -> None:
    if isinstance(message, CopyData):
        return
    stream = written(message)
    body = stream[5:]
    wrong = data.draw(st.sampled_from([body[:-1], body + b"\0"] if body else [b"\0"]))
    reader = decoder()
    reader.feed(framed(chr(stream[0]), wrong))
    with pytest.raises(ProtocolViolation):
        everything(reader)


@given(st.binary(max_size=200), st.sampled_from(["startup", "authentication", "session"]))
def test_noise_is_a_message_or_a_violation_and_nothing_else(noise: bytes, phase: str) -> None:
    reader = decoder(phase)
    reader.feed(noise)
    try:
        found = everything(reader)
    except ProtocolViolation:
        return
    assert len(found) * 5 <= len(noise)


@given(MESSAGES, st.data())
def test_one_changed_byte_is_a_message_or_a_violation(
    message: Message, data: st.DataObject
) -> None:
    stream = bytearray(written(message))
    stream[data.draw(st.integers(0, len(stream) - 1))] ^= data.draw(st.integers(1, 255))
    reader = decoder()
    reader.feed(bytes(stream))
    try:
        everything(reader)
    except ProtocolViolation:
        return


# --- Limits ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [-1, 0, 3, 10_001, 2**31 - 1])
def test_a_length_out_of_range_is_refused_before_the_body_comes(length: int) -> None:
    reader = decoder()
    reader.feed(b"Q" + struct.pack("!i", length))
    with pytest.raises(ProtocolViolation, match="invalid length"):
        reader.next()


@pytest.mark.parametrize("length", [-1, 0, 7, MAXIMUM_STARTUP + 1])
def test_a_startup_packet_of_a_wrong_length_is_refused(length: int) -> None:
    reader = decoder("startup")
    reader.feed(struct.pack("!i", length))
    with pytest.raises(ProtocolViolation, match="startup packet"):
        reader.next()


def test_a_count_that_the_message_has_no_room_for_is_refused() -> None:
    reader = decoder()
    reader.feed(framed("P", b"\0select 1\0" + struct.pack("!H", 65_535)))
    with pytest.raises(ProtocolViolation, match="ends too early"):
        reader.next()


def test_before_the_password_only_answers_are_read() -> None:
    reader = decoder("authentication")
    reader.feed(framed("p", b"secret\0"))
    assert reader.next() == Answer("p", b"secret\0")
    reader.feed(framed("Q", b"select 1\0"))
    with pytest.raises(ProtocolViolation, match="invalid message type"):
        reader.next()


def test_a_statement_that_is_no_utf8_costs_the_statement_not_the_connection() -> None:
    reader = decoder()
    reader.feed(framed("Q", b"select '\xff'\0") + framed("S"))
    found = everything(reader)
    assert isinstance(found[0], Unreadable)
    assert found[0].error.sqlstate == "22021"
    assert found[1] == Sync()


# --- The first message -------------------------------------------------------------------------------


def first(body: bytes) -> Message | None:
    reader = decoder("startup")
    reader.feed(struct.pack("!i", len(body) + 4) + body)
    return reader.next()


def test_the_startup_message_holds_the_clients_wishes() -> None:
    body = struct.pack("!HH", 3, 0) + b"user\0ann\0database\0dev\0\0"
    assert first(body) == Startup(3, 0, {"user": "ann", "database": "dev"})


def test_requests_that_may_stand_before_it() -> None:
    assert first(struct.pack("!HH", 1234, 5679)) == EncryptionRequest("TLS")
    assert first(struct.pack("!HH", 1234, 5680)) == EncryptionRequest("GSSAPI")
    key = struct.pack("!HHiI", 1234, 5678, 7, 99)
    assert first(key) == CancelRequest(7, struct.pack("!I", 99))


@pytest.mark.parametrize(
    "body",
    [
        struct.pack("!HH", 2, 0),
        struct.pack("!HH", 4, 0),
        struct.pack("!HH", 3, 0) + b"user\0ann",
        struct.pack("!HH", 3, 0) + b"user\0ann\0",
        struct.pack("!HH", 3, 0) + b"user\0\xff\0\0",
        struct.pack("!HH", 3, 0) + b"user\0ann\0\0more",
        struct.pack("!HHi", 1234, 5678, 7),
        struct.pack("!HH", 1234, 5679) + b"x",
    ],
)
def test_first_messages_that_are_none(body: bytes) -> None:
    with pytest.raises(ProtocolViolation):
        first(body)
