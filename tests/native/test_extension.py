"""The DuckDB extension, in processes that never import Vesto."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import numpy as np
import pytest
from extension_support import (
    Saved,
    ask,
    churn,
    constant,
    extension,
    many_labels,
    mistake,
    regression,
    run,
    save,
)

from vesto.programs import reference

PEOPLE = """
CREATE TABLE people AS SELECT i AS id, (i % 1000) / 10.0::DOUBLE AS charge,
CASE i % 4 WHEN 0 THEN 'NY' WHEN 1 THEN 'CA ' WHEN 2 THEN 'elsewhere, far away' END AS state
FROM range(50000) t(i)
"""


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    return save(churn(), tmp_path)


def test_a_program_is_one_file_and_scores_without_vesto(saved: Saved) -> None:
    registered, kernel, types, predicted = ask(
        saved.register,
        "SELECT vesto_kernel()",
        f"SELECT typeof({saved.call('NULL', 'NULL')}), "
        f"typeof({saved.call('NULL', 'NULL', function='vesto_probabilities')})",
        f"SELECT {saved.call('s', 'c')} FROM (VALUES ('NY', 9.5), ('CA', 1), (NULL, NULL)) t(s, c)",
    )
    assert registered == [[saved.name]]
    assert kernel[0][0] in {"portable", "avx2", "avx512"}
    assert types == [["VARCHAR", "JSON"]]
    assert predicted == [["True."], ["False."], ["False."]]


def test_predictions_and_probabilities_are_those_of_the_reference(saved: Saved) -> None:
    rows = f"SELECT id, {saved.call('state', 'charge')}, "
    rows += (
        f"{saved.call('state', 'charge', function='vesto_probabilities')} FROM people ORDER BY id"
    )
    _, _, answered = ask(saved.register, PEOPLE, rows)
    table = duckdb.sql(PEOPLE.partition(" AS ")[2]).arrow()
    table = table.read_all() if hasattr(table, "read_all") else table
    columns = [table["state"].combine_chunks(), table["charge"].combine_chunks()]
    assert [row[1] for row in answered] == reference.score(saved.program, columns).to_pylist()
    labels = saved.program.output.labels
    for row, expected in zip(
        answered, reference.probabilities(saved.program, columns), strict=True
    ):
        document = json.loads(row[2])
        order = np.argsort(-expected, kind="stable")
        assert document["labels"] == [labels[place] for place in order]
        np.testing.assert_array_max_ulp(np.array(document["probabilities"]), expected[order], 8)


def test_labels_of_any_length_and_number(tmp_path: Path) -> None:
    saved = save(many_labels(3000), tmp_path)
    probabilities = saved.call("42::INTEGER", function="vesto_probabilities")
    _, rows, best = ask(
        saved.register,
        f"SELECT i, {saved.call('i::INTEGER')} FROM range(3000) t(i)",
        f"SELECT json_extract_string({probabilities}, '$.labels[0]'), "
        f"json_array_length({probabilities}, 'probabilities')",
    )
    assert [tuple(row) for row in rows] == list(enumerate(saved.program.output.labels))
    assert best == [[saved.program.output.labels[42], 3000]]


def test_equal_probabilities_keep_the_order_of_the_labels(tmp_path: Path) -> None:
    saved = save(churn(("b", "a"), bias=-2.0), tmp_path)
    call = saved.call("'CA'", "12.0", function="vesto_probabilities")
    _, rows = ask(saved.register, f"SELECT {call}")
    assert rows == [['{"probabilities":[0.5,0.5],"labels":["b","a"]}']]


# --- Mistakes -----------------------------------------------------------------------------------


def test_the_binder_finds_wrong_arguments(saved: Saved) -> None:
    signature = "(state varchar, charge float8)"
    _, count, kind, nested = ask(
        saved.register,
        f"SELECT {saved.call('1')}",
        f"EXPLAIN SELECT {saved.call('state', 'state')} FROM (SELECT 'NY' AS state)",
        f"SELECT {saved.call('[1]', '1')}",
    )
    error = mistake(count)
    assert (error.sqlstate, error.message) == ("42883", "the function takes 2 arguments, not 1")
    assert error.hint == f"Its arguments are {signature}."
    error = mistake(kind)
    assert error.sqlstate == "42883"
    assert error.message == 'argument 2 "charge" has the type varchar, not float8'
    assert error.hint == f"The arguments are {signature}; cast this one, as in x::float8."
    assert mistake(nested).message == 'argument 1 "state" has the type super, not varchar'


def test_the_binder_finds_wrong_programs(saved: Saved, tmp_path: Path) -> None:
    number = save(regression(), tmp_path)
    answers = ask(
        saved.register,
        number.register,
        "SELECT vesto_predict_float8('0123456789abcdef', 1)",
        "SELECT vesto_predict_float8(i::VARCHAR, 1) FROM range(2) t(i)",
        "SELECT vesto_predict_float8(NULL, 1)",
        f"SELECT vesto_predict_int4({number.name!r}, 1)",
        f"SELECT {number.call('1', function='vesto_probabilities')}",
        f"SELECT {saved.call(chr(39) + 'NY' + chr(39), '1', function='vesto_predict_bool')}",
    )
    found = [(error.sqlstate, error.message) for error in map(mistake, answers[2:])]
    assert found == [
        ("XX001", "program 0123456789ab is not loaded"),
        ("42883", "the name of a program must be a constant"),
        ("42883", "the name of a program must be a constant"),
        ("42804", "the program predicts float8, not int4"),
        ("42809", "the program knows no probabilities"),
        ("42804", "the program predicts varchar, not bool"),
    ]


def test_errors_survive_any_name_of_an_input(tmp_path: Path) -> None:
    name = 'a"b\\c\n} {é \t'
    saved = save(regression(name), tmp_path)
    _, answer = ask(saved.register, f"SELECT {saved.call()}")
    assert mistake(answer).hint == f"Its arguments are ({name} float8)."


def test_a_damaged_image_is_refused(saved: Saved) -> None:
    whole = saved.path.read_bytes()
    damaged = [b"", b"VESTOIMG", whole[:-1], whole + b"x", whole[:40] + b"\xff" + whole[41:]]
    answers = ask(*[("SELECT vesto_register_program(from_hex(?))", [d.hex()]) for d in damaged])
    for answer in answers:
        assert mistake(answer).sqlstate == "XX001"


def test_a_name_stands_for_one_image(saved: Saved, tmp_path: Path) -> None:
    other = tmp_path / "other.image"
    from vesto.programs.image import image  # noqa: PLC0415 - a name that lies, for this test alone

    other.write_bytes(image(churn(bias=3.0), saved.name))
    _, answer = ask(saved.register, Saved(saved.program, saved.name, other).register)
    assert mistake(answer).message == f"another image is registered as program {saved.name[:12]}"


# --- Registering and forgetting ---------------------------------------------------------------


def test_registrations_are_counted(saved: Saved) -> None:
    forget = f"SELECT vesto_forget_program({saved.name!r})"
    answers = ask(
        saved.register, saved.register, forget, forget, forget, "SELECT vesto_forget_program(NULL)"
    )
    assert [answer[0][0] for answer in answers[2:]] == [True, True, False, None]


FORGETTING = """
import sys, threading, time
import duckdb

extension, image, call = sys.argv[1:]
database = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 1})
database.execute(f"LOAD '{extension}'")
pauses = []

def pause(x):
    pauses.append(time.monotonic())
    time.sleep(2.2)
    return x

database.create_function("pause", pause, ["DOUBLE"], "DOUBLE", type="arrow", side_effects=True)
register = "SELECT vesto_register_program(content) FROM read_blob(?)"
name = database.execute(register, [image]).fetchone()[0]
forget = f"SELECT vesto_forget_program('{name}')"
once = f"SELECT {call} FROM (SELECT 1.0::DOUBLE AS x)"
database.execute("CREATE TABLE t AS SELECT range::DOUBLE AS x FROM range(6 * 2048)")
answers = []

def long_query():
    line = database.cursor()
    answers.append(line.execute(f"SELECT sum({call}) FROM (SELECT pause(x) AS x FROM t)").fetchone())

running = threading.Thread(target=long_query)
running.start()
while not pauses:
    time.sleep(0.01)
assert database.execute(forget).fetchone() == (True,)
assert database.execute(once).fetchone() == (2.5,), "found within the grace"
time.sleep(10.2)
assert database.execute(forget).fetchone() == (False,)
try:
    database.execute(once)
    sys.exit("found after the grace")
except duckdb.Error as error:
    assert "is not loaded" in str(error)
assert running.is_alive(), "the long query was too quick to prove anything"
running.join()
assert answers == [(2.5 * 6 * 2048,)]
assert database.execute(register, [image]).fetchone() == (name,)
assert database.execute(once).fetchone() == (2.5,)
"""


def test_a_forgotten_program_is_found_for_ten_seconds_and_kept_by_queries(tmp_path: Path) -> None:
    saved = save(constant(2.5), tmp_path)
    run(FORGETTING, "", str(extension()), str(saved.path), saved.call("x"))


SWAPPING = """
import sys, threading, time
import duckdb

extension, *images = sys.argv[1:]
database = duckdb.connect(config={"allow_unsigned_extensions": "true", "threads": 2})
database.execute(f"LOAD '{extension}'")
database.execute("CREATE TABLE t AS SELECT range::DOUBLE AS x FROM range(60000)")
register = "SELECT vesto_register_program(content) FROM read_blob(?)"
macro = "CREATE OR REPLACE MACRO f(x) AS vesto_predict_float8('{}', x)"
name = database.execute(register, [images[0]]).fetchone()[0]
database.execute(macro.format(name))
database.execute("CREATE VIEW seen AS SELECT f(x) AS y FROM t")
wrong, asked, until = [], [0, 0], time.monotonic() + 3

def query(place):
    line = database.cursor()
    source = ("seen", "(SELECT f(x) AS y FROM t)")[place]
    while time.monotonic() < until and not wrong:
        try:
            low, high, rows = line.execute(f"SELECT min(y), max(y), count(*) FROM {source}").fetchone()
        except duckdb.Error as error:
            wrong.append(str(error))
            return
        if low != high or low not in (1.0, 2.0) or rows != 60000:
            wrong.append((low, high, rows))
        asked[place] += 1

threads = [threading.Thread(target=query, args=(place,)) for place in (0, 1)]
[thread.start() for thread in threads]
swaps = 0
while time.monotonic() < until:
    following = database.execute(register, [images[(swaps + 1) % 2]]).fetchone()[0]
    database.execute(macro.format(following))
    database.execute("SELECT vesto_forget_program(?)", [name])
    name, swaps = following, swaps + 1
    time.sleep(0.01)
[thread.join() for thread in threads]
assert not wrong, wrong[0]
assert min(asked) > 3 and swaps > 10, (asked, swaps)
"""


def test_a_macro_is_swapped_while_other_threads_query_it(tmp_path: Path) -> None:
    images = [str(save(constant(value), tmp_path).path) for value in (1.0, 2.0)]
    run(SWAPPING, "", str(extension()), *images)


CLOSING = """
import subprocess, sys
import duckdb

extension, image, call, path, other = sys.argv[1:]
for _ in range(2):
    database = duckdb.connect(path, config={"allow_unsigned_extensions": "true"})
    database.execute(f"LOAD '{extension}'")
    database.execute("SELECT vesto_register_program(content) FROM read_blob(?)", [image])
    database.execute(f"CREATE OR REPLACE TABLE t AS SELECT {call} AS y FROM (SELECT 1.0 AS x)")
    database.close()
subprocess.run([sys.executable, "-c", other, path], check=True)
"""
OPENING = """
import sys
import duckdb

with duckdb.connect(sys.argv[1]) as database:
    database.execute("INSERT INTO t SELECT y + 1 FROM t")
    assert database.execute("SELECT y FROM t ORDER BY y").fetchall() == [(2.5,), (3.5,)]
"""


def test_another_process_opens_the_file_after_close(tmp_path: Path) -> None:
    saved, path = save(constant(2.5), tmp_path), tmp_path / "shop.duckdb"
    run(CLOSING, "", str(extension()), str(saved.path), saved.call("x"), str(path), OPENING)
    assert not path.with_name("shop.duckdb.wal").exists()


# --- The kernel's code paths ------------------------------------------------------------------


def test_the_code_path_is_set_for_the_process(saved: Saved) -> None:
    rows = f"SELECT bit_xor(hash({saved.call('state', 'charge')})) FROM people"
    answers = ask(
        saved.register, PEOPLE, "SELECT vesto_use_kernel('portable')", "SELECT vesto_kernel()", rows,
        "SELECT vesto_use_kernel('automatic')", rows, "SELECT vesto_use_kernel('mmx')",
    )  # fmt: skip
    assert answers[2] == answers[3] == [["portable"]]
    assert answers[4] == answers[6]
    error = mistake(answers[7])
    assert error.sqlstate == "22023" and "portable" in error.hint


# --- The footer -------------------------------------------------------------------------------


def test_the_footer_is_added_once(tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "native" / "duckdb" / "pack_extension.py"
    source, target = tmp_path / "vesto.so", tmp_path / "vesto.duckdb_extension"
    source.write_bytes(b"\x7fELF library")

    def pack(*arguments: Path | str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, script, *arguments, "linux_amd64", "v0.3.0"]
        return subprocess.run(command, capture_output=True, text=True)

    assert pack(source, target).returncode == 0
    packed = target.read_bytes()
    assert packed.startswith(b"\x7fELF library") and len(packed) == 12 + 22 + 512
    again = pack(target, target)
    assert again.returncode == 1 and "has a footer already" in again.stderr
    assert pack(target, target, "--if-missing").returncode == 0
    assert target.read_bytes() == packed
    assert pack(source, source, "--if-missing").returncode == 0
    assert source.read_bytes() == packed


def test_the_installed_extension_ends_with_the_footer() -> None:
    content = extension().read_bytes()
    assert content[-534:-512] == b"\x00\x93\x04\x10duckdb_signature\x80\x04"
    assert b"C_STRUCT\0" in content[-512:] and b"v1.2.0\0" in content[-512:]
