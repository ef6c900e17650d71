"""Fuzz what strangers' bytes reach first: fuzz_protocol.py TARGET SECONDS. Needs atheris.

TARGET is ``messages`` (the decoder), ``rows`` (COPY's text, CSV and binary), ``door`` (start-up and authentication) or
``session`` (a conversation after it, with a real warehouse). A finding is an exception that is none of ours, an answer
that is no message, or an internal error.
"""

from __future__ import annotations

import logging
import os
import shutil
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["vesto.server"]):
    from vesto.server import activity, guard, messages, queries, startup
    from vesto.server.copied_rows import BinaryReader, TextReader
    from vesto.server.flow import Flow, Need, Pause
    from vesto.server.statements import Copy, read

from vesto.catalog.users import Verifiers
from vesto.engines import Column
from vesto.errors import VestoError
from vesto.session import Session
from vesto.types import from_words
from vesto.warehouse import Warehouse

MAXIMUM = 1 << 20
WORDS = (
    "integer",
    "varchar",
    "decimal",
    "timestamp",
    "date",
    "boolean",
    "varbyte",
    "float8",
    "time",
    "timetz",
)


class Finding(AssertionError):
    """Something that must not happen."""


class Alarm(logging.Handler):
    """An error of ours in the log is a finding."""

    found: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the last one."""
        if record.exc_info:
            self.found = record.exc_info[1]

    def ring(self) -> None:
        """Raise what was logged."""
        found, self.found = self.found, None
        if found is not None:
            raise Finding("a statement ended with an error of ours") from found


def message(code: str, body: bytes = b"") -> bytes:
    """A message of a client."""
    return code.encode() + struct.pack("!I", len(body) + 4) + body


# --- The decoder -----------------------------------------------------------------------------------


def decode(data: bytes) -> None:
    """The same messages, however the bytes are cut; nothing but ProtocolViolation."""
    phase = ("startup", "authentication", "session")[data[0] % 3] if data else "startup"
    data = data[1:]
    cut = data[0] % (len(data) + 1) if data else 0
    if decoded([data], phase) != decoded([data[:cut], data[cut:]], phase):
        raise Finding("a cut changes what is read")


def decoded(pieces: list[bytes], phase: str) -> list[str]:
    """What the decoder makes of it, and how it ends."""
    decoder = messages.Decoder(maximum=MAXIMUM)
    decoder.phase = phase
    found = []
    for piece in pieces:
        decoder.feed(piece)
        try:
            while (one := decoder.next()) is not None:
                found.append(
                    type(one).__name__ if isinstance(one, messages.Unreadable) else repr(one)
                )
        except VestoError as error:
            return [*found, error.message]
    return found


# --- COPY ------------------------------------------------------------------------------------------

COLUMNS = tuple(Column(word, kind) for word in WORDS if (kind := from_words(word)))


def copied(options: str) -> Copy:
    """A statement of COPY with these options."""
    found = read(f"COPY t FROM STDIN {options}")
    assert isinstance(found, Copy)
    return found


FORMS = [
    copied(o)
    for o in (
        "",
        "CSV",
        "BINARY",
        "CSV QUOTE '''' ESCAPE '\\\\'",
        "DELIMITER '|' NULL ''",
        "CSV HEADER",
    )
]


def take_in(data: bytes) -> None:
    """Rows or an error, and as many columns as there are."""
    if len(data) < 3:  # noqa: PLR2004 - form, columns and cut
        return
    statement, width, cut = FORMS[data[0] % len(FORMS)], 1 + data[1] % len(COLUMNS), data[2]
    columns, data = COLUMNS[:width], data[3:]
    is_binary = statement.form == "binary"
    reader = BinaryReader(columns) if is_binary else TextReader(columns, statement)
    try:
        for piece, is_last in ((data[:cut], False), (data[cut:], True)):
            reader.feed(piece)
            if reader.table(is_last=is_last).num_columns != width:
                raise Finding("another number of columns")
    except VestoError:
        return


# --- Conversations ---------------------------------------------------------------------------------


class Host:
    """A door that knows one user, whose password nobody guesses."""

    guard = guard.Guard()
    address = "fuzz"
    offers_tls = requires_tls = False

    def __init__(self, found: Verifiers) -> None:
        self._found = found
        self.users = self

    def verifiers(self, user: str) -> Verifiers | None:
        """Of everybody whose name begins with a."""
        return self._found if user.startswith("a") else None

    def cancel(self, process: int, key: bytes) -> None:
        """Nothing runs."""


def knock(data: bytes) -> None:
    """Start-up and authentication, with each kind of verifier."""
    kinds = (
        Verifiers(md5="md5" + "0" * 32),
        Verifiers(digest="sha256|" + "0" * 64 + "|salt"),
        Verifiers(),
    )
    host = Host(kinds[data[0] % 3] if data else Verifiers())
    host.guard = guard.Guard()
    talk(startup.greet(host), data[1:])


class Server:
    """A session with a table, for conversations that come after the door."""

    def __init__(self, folder: Path, alarm: Alarm) -> None:
        self._warehouse, self._alarm = Warehouse(folder, locked=True), alarm
        self._session = Session(self._warehouse, wait=False)
        self._session.execute("CREATE TABLE t (i INT, v VARCHAR(20))")

    def serve(self, data: bytes) -> None:
        """One conversation; what it leaves open is undone."""
        session = self._session
        session.execute("SET statement_timeout TO 500")
        client = startup.Client("vesto", "dev", {}, redshift=bool(data and data[0] & 1))
        talk(queries.Queries(session, client, activity.Activity()).serve(), data[1:])
        if session.transaction != "idle":
            session.execute("ROLLBACK")
        session.execute("RESET ALL")
        self._alarm.ring()


def talk(conversation: Flow, data: bytes) -> None:
    """Give the conversation all bytes as they are; check what it says."""
    decoder, said = messages.Decoder(maximum=MAXIMUM), b""
    decoder.feed(data)
    try:
        wanted = next(conversation)
        while True:
            if isinstance(wanted, Need):
                decoder.phase = wanted.value
                one = decoder.next()
                if one is None:
                    break
                wanted = conversation.send(one)
            else:
                said += b"" if isinstance(wanted, Pause) else bytes(wanted)
                wanted = next(conversation)
    except (StopIteration, VestoError):
        pass
    finally:
        conversation.close()
    check(said)


def check(said: bytes) -> None:
    """Nothing, if it is messages from the first byte to the last, beside refusals of encryption."""
    while said[:1] == b"N" and said[1:2] != b"\0":
        said = said[1:]
    while said:
        if len(said) < 5 or not 4 <= (length := struct.unpack_from("!I", said, 1)[0]) < len(said):  # noqa: PLR2004
            raise Finding(f"no message: {said[:20]!r}")
        said = said[length + 1 :]


# --- Seeds -----------------------------------------------------------------------------------------

BODY = struct.pack("!HH", 3, 0) + b"user\0ann\0database\0dev\0\0"
START = struct.pack("!I", len(BODY) + 4) + BODY
EXTENDED = b"".join(
    [message("P", b"s\0SELECT $1 + 1, v FROM t\0\0\1\0\0\0\x17"), message("D", b"Ss\0"),
     message("B", b"p\0s\0\0\1\0\1\0\1\0\0\0\4\0\0\0\1\0\1\0\1"), message("D", b"Pp\0"), message("E", b"p\0\0\0\0\1"),
     message("C", b"Pp\0"), message("H"), message("S")],
)  # fmt: skip
STATEMENTS = (
    "SELECT 1; SELECT 'a'", "BEGIN; DECLARE c CURSOR FOR SELECT 1; FETCH 1 FROM c; CLOSE c; COMMIT",
    "INSERT INTO t VALUES (1, 'a')", "COPY t TO STDOUT (FORMAT csv, HEADER)", "SET datestyle TO 'ISO'", "SHOW ALL",
    "PREPARE q AS SELECT 1; EXECUTE q; DEALLOCATE q", "EXPLAIN SELECT * FROM t", "DISCARD ALL", "SHOW MODEL ALL",
)  # fmt: skip
COPIED = message("Q", b"COPY t FROM STDIN\0") + message("d", b"1\ta\n2\t\\N\n") + message("c")
SCRAM = message("p", b"SCRAM-SHA-256\0" + struct.pack("!I", 9) + b"n,,n=,r=x") + message(
    "p", b"c=biws,r=x,p=AA=="
)
SEEDS: dict[str, list[bytes]] = {
    "messages": [b"\0" + START, b"\1" + SCRAM, b"\2" + EXTENDED, b"\2" + COPIED],
    "rows": [b"\0\1\4" + b"1\ta\\tb\n2\t\\N\n\\.\n", b"\1\1\4" + b'1,"a""\n"\n2,\n',
             b"\2\1\4" + b"PGCOPY\n\xff\r\n\0" + bytes(8) + b"\0\2\0\0\0\4\0\0\0\1\0\0\0\1a\xff\xff"],
    "door": [b"\0" + START + message("p", b"md5" + b"0" * 32 + b"\0"), b"\2" + START + SCRAM,
             b"\1" + START.replace(b"database\0dev", b"driver_version") + message("p", bytes(40)),
             b"\0" + struct.pack("!IHH", 8, 1234, 5679) + START],
    "session": [b"\0" + EXTENDED, b"\1" + EXTENDED, b"\0" + COPIED,
                *(b"\0" + message("Q", s.encode() + b"\0") for s in STATEMENTS)],
}  # fmt: skip


class Budget:
    """Ends the process in time, before libFuzzer would: its way out runs into the engine's threads."""

    def __init__(self, run: Callable[[bytes], None], target: str, seconds: float) -> None:
        self._run, self._target, self._seconds = run, target, seconds
        self._until, self._runs = time.monotonic() + seconds, 0

    def __call__(self, data: bytes) -> None:
        """Run once more."""
        self._run(data)
        self._runs += 1
        if time.monotonic() > self._until:
            said = f"fuzzed {self._target} for {self._seconds:g} s without a finding"
            print(f"{said}: {self._runs} runs", flush=True)
            os._exit(0)


def main() -> None:
    """Fuzz one target; what is found lies in build/fuzz/findings."""
    target, seconds = sys.argv[1], float(sys.argv[2])
    corpus, findings = Path("build/fuzz/protocol") / target, Path("build/fuzz/findings")
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[target]):
        (corpus / f"seed-{number}").write_bytes(seed)
    alarm = Alarm(logging.ERROR)
    logging.getLogger("vesto").addHandler(alarm)
    logging.getLogger("vesto").propagate = False
    runs: dict[str, Callable[[bytes], None]] = {"messages": decode, "rows": take_in, "door": knock}
    place = Path("build/fuzz/shop")
    shutil.rmtree(place, ignore_errors=True)
    run = runs.get(target) or Server(place, alarm).serve
    options = ["-max_len=4096", "-timeout=20", "-rss_limit_mb=4096"]
    options.append(f"-artifact_prefix={findings}/")
    atheris.Setup([sys.argv[0], *options, str(corpus)], Budget(run, target, seconds))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
