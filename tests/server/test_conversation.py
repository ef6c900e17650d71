"""The protocol message by message, as a client written by hand sees it."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import pytest
from server_support import serving
from tests_support import POINTS, SMALL_MODEL
from wire import Wire, fields, message, startup

from vesto.server.listener import Listener


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listener]:
    with serving(tmp_path_factory.mktemp("served") / "shop") as opened:
        yield opened


@pytest.fixture
def wire(listener: Listener) -> Iterator[Wire]:
    with Wire(listener.address[1]) as opened:
        opened.login()
        yield opened


def parse(text: str, name: str = "", types: tuple[int, ...] = ()) -> bytes:
    body = f"{name}\0{text}\0".encode() + struct.pack(f"!H{len(types)}I", len(types), *types)
    return message("P", body)


def bind(values: tuple[bytes | None, ...] = (), portal: str = "", statement: str = "") -> bytes:
    body = f"{portal}\0{statement}\0".encode() + struct.pack("!HH", 0, len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message("B", body + struct.pack("!H", 0))


def describe(kind: str, name: str = "") -> bytes:
    return message("D", f"{kind}{name}\0".encode())


def execute(portal: str = "", limit: int = 0) -> bytes:
    return message("E", f"{portal}\0".encode() + struct.pack("!i", limit))


SYNC = message("S")


def test_what_the_server_says_of_itself(listener: Listener) -> None:
    with Wire(listener.address[1]) as wire:
        said = wire.login(application_name="by hand", database="dev")
    told = dict(body.decode().split("\0")[:2] for code, body in said if code == "S")
    assert told["server_version"] == "8.0.2"
    assert told["application_name"] == "by hand"
    # A backslash escapes in strings, so clients must double it.
    assert told["standard_conforming_strings"] == "off"
    assert [code for code, _ in said][-2:] == ["K", "Z"]


def test_a_newer_protocol_is_answered_with_what_there_is(listener: Listener) -> None:
    with Wire(listener.address[1]) as wire:
        wire.send(startup(2, **{"_pq_.feature": "1"}))
        code, body = wire.read()
    assert code == "v"
    assert struct.unpack_from("!ii", body) == (0, 1)
    assert body[8:] == b"_pq_.feature\0"


def test_encryption_that_there_is_not_is_declined(listener: Listener) -> None:
    with Wire(listener.address[1]) as wire:
        for code in (5679, 5680):
            wire.send(struct.pack("!IHH", 8, 1234, code))
            assert wire.socket.recv(1) == b"N"
        assert wire.login()[-1] == ("Z", b"I")


def test_simple_queries(wire: Wire) -> None:
    assert "".join(code for code, _ in wire.query("SELECT 1; SELECT 2")) == "TDCTDCZ"
    assert "".join(code for code, _ in wire.query(" -- nothing\n")) == "IZ"
    said = wire.query("SELECT 1; SELECT nope; SELECT 3")
    assert "".join(code for code, _ in said) == "TDCEZ"
    said = wire.query("SELECT 1; SELECT )")
    assert fields(said[-2][1])["P"] == "18"


def test_the_transaction_status_is_told(wire: Wire) -> None:
    assert wire.query("BEGIN")[-1] == ("Z", b"T")
    assert wire.query("SELECT nope")[-1] == ("Z", b"E")
    refused = wire.query("SELECT 1")
    assert fields(refused[0][1])["C"] == "25P02"
    assert wire.query("COMMIT") == [("C", b"ROLLBACK\0"), ("Z", b"I")]


def test_extended_queries_and_what_describe_says(wire: Wire) -> None:
    wire.send(parse("SELECT $1 + 1 AS n", types=(20,)), describe("S"), bind((b"41",)))
    wire.send(describe("P"), execute(), SYNC)
    said = wire.until()
    assert [code for code, _ in said] == list("1tT2TDCZ")
    assert said[1][1] == struct.pack("!HI", 1, 20)
    assert said[2][1] == said[4][1]
    assert said[5][1] == struct.pack("!hi", 1, 2) + b"42"


def test_statements_without_rows_or_text(wire: Wire) -> None:
    wire.send(parse(""), describe("S"), bind(), describe("P"), execute(), SYNC)
    assert wire.codes() == "1tn2nIZ"
    wire.send(parse("SET extra_float_digits = 3"), describe("S"), bind(), execute(), SYNC)
    assert wire.codes() == "1tn2CZ"


def test_after_an_error_messages_are_passed_over_until_sync(wire: Wire) -> None:
    wire.send(parse("SELECT nope"), bind(), execute(), parse("SELECT 1"), bind(), execute(), SYNC)
    assert wire.codes() == "12EZ"
    wire.send(bind(statement="missing"), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["26000"]
    wire.send(execute("missing"), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["34000"]


def test_parameters_that_do_not_fit_are_an_error_of_the_statement(wire: Wire) -> None:
    wire.send(parse("SELECT $1 + 1", types=(20,)), bind(), execute(), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["08P01"]
    formats = b"\0\0" + struct.pack("!HHiB", 0, 1, 1, 49) + struct.pack("!HHH", 2, 0, 0)
    wire.send(parse("SELECT $1 + 1", types=(20,)), message("B", formats), execute(), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["08P01"]
    wire.send(parse(f"SELECT ${'9' * 5_000}"), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["42601"]
    assert wire.query("SELECT 1")[-1] == ("Z", b"I")


def test_an_error_is_sent_without_waiting_for_sync(wire: Wire) -> None:
    wire.send(parse("SELECT nope"), describe("S"), message("H"))
    assert wire.read()[0] == "1"
    assert wire.read()[0] == "E"


def test_portals_hand_rows_out_in_parts_and_side_by_side(wire: Wire) -> None:
    wire.query("BEGIN")
    wire.send(parse("SELECT i FROM generate_series(1, 5) t(i)", "s"))
    wire.send(bind(portal="a", statement="s"), bind(portal="b", statement="s"))
    wire.send(
        execute("a", 2), execute("b", 3), execute("a", 2), execute("a", 2), execute("b"), SYNC
    )
    assert wire.codes() == "122" + "DDs" + "DDDs" + "DDs" + "DC" + "DDC" + "Z"
    wire.query("COMMIT")
    wire.send(execute("a"), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["34000"]


def test_copy_and_its_end(wire: Wire) -> None:
    wire.query("DROP TABLE IF EXISTS copied; CREATE TABLE copied (i int, v varchar(10))")
    wire.send(message("Q", b"COPY copied FROM STDIN\0"))
    assert wire.read()[0] == "G"
    wire.send(message("d", b"1\ta\n2\t\\"), message("d", b"N\n"), message("c"))
    assert wire.until() == [("C", b"COPY 2\0"), ("Z", b"I")]
    wire.send(message("Q", b"COPY copied FROM STDIN\0"))
    assert wire.read()[0] == "G"
    wire.send(message("d", b"3\tc\n"), message("f", b"changed my mind\0"))
    assert fields(wire.until()[0][1])["C"] == "57014"
    said = wire.query("COPY copied TO STDOUT")
    assert [body for code, body in said if code == "d"] == [b"1\ta\n", b"2\t\\N\n"]
    # What is still under way of a copy that has failed is passed over.
    wire.send(message("d", b"4\td\n"), message("c"), SYNC)
    assert wire.codes() == "Z"


def test_a_prepared_statement_is_forgotten_and_its_name_free(wire: Wire) -> None:
    wire.send(parse("SELECT 1", "p"), parse("SELECT 2", "p"), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["42P05"]
    wire.send(message("C", b"Sp\0"), parse("SELECT 2", "p"), SYNC)
    assert wire.codes() == "31Z"
    assert wire.query("DEALLOCATE p")[0] == ("C", b"DEALLOCATE\0")


def test_several_statements_of_one_message_are_done_all_or_none(wire: Wire) -> None:
    wire.query("DROP TABLE IF EXISTS several; CREATE TABLE several (i int)")
    said = wire.query("INSERT INTO several VALUES (1); SELECT nope; INSERT INTO several VALUES (2)")
    assert "".join(code for code, _ in said) == "CEZ"
    assert said[-1] == ("Z", b"I")
    assert [body for code, body in wire.query("SELECT count(*) FROM several") if code == "D"] == [
        struct.pack("!hi", 1, 1) + b"0"
    ]
    assert wire.query("INSERT INTO several VALUES (1); SELECT i FROM several")[-1] == ("Z", b"I")
    assert wire.query("BEGIN; INSERT INTO several VALUES (1)")[-1] == ("Z", b"T")
    assert wire.query("ROLLBACK")[-1] == ("Z", b"I")


def test_a_changed_parameter_is_told(wire: Wire) -> None:
    said = wire.query("SET TimeZone TO 'America/New_York'")
    assert ("S", b"TimeZone\0America/New_York\0") in said
    assert fields(wire.query("SET client_encoding TO 'LATIN1'")[0][1])["C"] == "22023"


def test_a_statement_that_takes_too_long_is_cancelled(wire: Wire) -> None:
    wire.query("SET statement_timeout TO 200")
    long = (
        "SELECT count(*) FROM generate_series(1, 10000000) a(i), "
        "generate_series(1, 1000000) b(j) WHERE (i + j) % 7 = 3"
    )
    said = wire.query(long)
    assert fields(next(body for code, body in said if code == "E"))["C"] == "57014"
    wire.send(parse(long), bind(), execute(), SYNC)
    assert [fields(body)["C"] for code, body in wire.until() if code == "E"] == ["57014"]
    wire.query("RESET statement_timeout")
    assert wire.query("SELECT 1")[-1] == ("Z", b"I")


def test_writes_without_sync_between_them_are_done_all_or_none(wire: Wire) -> None:
    wire.query("CREATE TABLE piped (a INT NOT NULL)")
    insert = "/* a load */ INSERT INTO piped VALUES ($1)"
    for last, left in ((b"x", b"0"), (b"3", b"3")):
        wire.send(parse(insert), *(bind((v,)) + execute() for v in (b"1", b"2", last)), SYNC)
        assert wire.until()[-1] == ("Z", b"I")
        counted = wire.query("SELECT count(*) FROM piped")
        assert counted[1] == ("D", struct.pack("!hi", 1, 1) + left)


def test_a_transactions_own_beginning_keeps_what_came_before_it(wire: Wire) -> None:
    wire.query("CREATE TABLE kept (a INT)")
    wire.send(parse("INSERT INTO kept VALUES (1)"), bind(), execute())
    wire.send(parse("BEGIN"), bind(), execute())
    wire.send(parse("INSERT INTO kept VALUES (2)"), bind(), execute(), SYNC)
    assert wire.until()[-1] == ("Z", b"T")
    assert wire.query("ROLLBACK")[-1] == ("Z", b"I")
    assert wire.query("SELECT a FROM kept")[1:-1] == [
        ("D", struct.pack("!hi", 1, 1) + b"1"), ("C", b"SELECT 1\0"),
    ]  # fmt: skip


SLOW_MODEL = SMALL_MODEL.format(name="slow", function="slow").replace("'5'", "'1000000'")


def test_waiting_for_a_model_can_be_cancelled(wire: Wire) -> None:
    wire.query(POINTS)
    assert wire.query(SLOW_MODEL + " SETTINGS (MAX_RUNTIME 600)")[0][0] == "C"
    wire.query("SET statement_timeout TO 100")
    said = wire.query("WAIT FOR MODEL slow")
    assert fields(said[0][1])["C"] == "57014"
    wire.query("RESET statement_timeout")
    assert wire.query("DROP MODEL slow")[0] == ("C", b"DROP MODEL\0")
