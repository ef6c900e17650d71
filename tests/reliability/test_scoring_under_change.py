"""Eight threads score while models are created, swapped and dropped under them.

A few seconds in ``make test``; VESTO_SOAK_S=60 makes it a minute.
"""

from __future__ import annotations

import gc
import itertools
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests_support import POINTS, SMALL_MODEL

import vesto
from vesto.engines import Column, Engine, Function
from vesto.programs import storage
from vesto.programs.bodies import Linear
from vesto.programs.program import Input, Program, value_output
from vesto.programs.steps import Number
from vesto.types import BY_NAME

SECONDS = float(os.environ.get("VESTO_SOAK_S", "6"))
THREADS = 8
# What stays: pages of the allocator, of each thread, and of the programs let go ten seconds late.
GROWTH_MB = 48
CHANGED = "SELECT min(swapped(x)), max(swapped(x)), count(*) FROM ones"
PASSING = "SELECT min(passing(x)), max(passing(x)), count(*) FROM ones"
TRAINED = "SELECT sum({0}(a, b, c)), count({0}_prob(a, b, c).labels[0]) FROM points"


def scaled(name: str, factor: float) -> tuple[Function, Program]:
    """A function that multiplies by ``factor``, and its program."""
    program = Program(
        (Input("x", "float8"),), (Number(0),), (1,),
        Linear(np.array([[factor]]), np.zeros(1)), value_output("float8"),
    )  # fmt: skip
    content = storage.content_hash(storage.dump(program))
    columns = (Column("x", BY_NAME["float8"]),)
    return Function("public", name, columns, BY_NAME["float8"], content), program


def resident_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Soak:
    """Threads that repeat an act until the time is over; what went wrong, and how often they acted."""

    def __init__(self, warehouse: vesto.warehouse.Warehouse) -> None:
        self.warehouse = warehouse
        self.end = time.monotonic() + SECONDS
        self.wrong: list[object] = []
        self.done: Counter[str] = Counter()
        self.threads: list[threading.Thread] = []

    def repeat(self, name: str, act: Callable[[vesto.Session], object]) -> None:
        def loop() -> None:
            with vesto.Session(self.warehouse) as session:
                while time.monotonic() < self.end and not self.wrong:
                    try:
                        act(session)
                    except Exception as error:  # noqa: BLE001 - each is a finding
                        self.wrong.append((name, error))
                    self.done[name] += 1

        self.threads.append(threading.Thread(target=loop, name=name))
        self.threads[-1].start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join()


def scorer(
    sql: str, right: Callable[[tuple[object, ...]], bool], allowed: frozenset[str] = frozenset()
) -> Callable[[vesto.Session], object]:
    """An act that runs a query and checks its row; errors of ``allowed`` SQLSTATEs are no finding."""

    def act(session: vesto.Session) -> None:
        try:
            row = session.execute(sql).row()
        except vesto.VestoError as error:
            if error.sqlstate not in allowed:
                raise
            return
        assert row is not None and right(row), (sql, row)

    return act


def of_one_program(row: tuple[object, ...]) -> bool:
    low, high, rows = row
    return low == high and low in range(1, 1000) and rows == 20_000


@pytest.fixture
def shop(path: Path) -> Iterator[vesto.Session]:
    with vesto.connect(path) as session:
        session.execute(POINTS)
        session.execute("CREATE TABLE ones AS SELECT 1.0::float8 AS x FROM range(20000)")
        session.execute(SMALL_MODEL.format(name="m", function="f"))
        yield session


def swapper(engine: Engine, used: set[str]) -> Callable[[vesto.Session], object]:
    factors = itertools.cycle(range(1, 1000))

    def act(_: vesto.Session) -> None:
        function, program = scaled("swapped", float(next(factors)))
        used.add(function.program)
        engine.install(function, program)

    return act


def comer_and_goer(engine: Engine, used: set[str]) -> Callable[[vesto.Session], object]:
    factors = itertools.cycle(range(1, 1000))

    def act(_: vesto.Session) -> None:
        function, program = scaled("passing", float(next(factors)))
        used.add(function.program)
        engine.install(function, program)
        engine.remove(function)

    return act


def trainer(session: vesto.Session) -> None:
    """The same rows give the same program as model ``m`` has: it must outlive this one."""
    session.execute(SMALL_MODEL.format(name="brief", function="brief"))
    session.execute("DROP MODEL brief")


def still_known(session: vesto.Session, programs: set[str]) -> list[str]:
    """The programs that somebody still holds in the extension."""
    sql = "SELECT vesto_forget_program(?)"
    return [name for name in programs if session.execute(sql, [name]).rows() == [(True,)]]


def test_no_row_is_wrong_and_nothing_is_left(shop: vesto.Session) -> None:
    assert shop.execute("SELECT vesto_kernel()").rows() != [("reference",)]
    engine, used = shop.warehouse.engine, set[str]()
    expected = shop.execute(TRAINED.format("f")).row()
    trained = {shop.model("m").outcome.program}
    engine.install(*scaled("swapped", 1.0))
    soak = Soak(shop.warehouse)
    gone = frozenset({"42883", "28008"})
    for name, act in (
        ("swapped", scorer(CHANGED, of_one_program)),
        ("passing", scorer(PASSING, of_one_program, gone)),
        ("stable", scorer(TRAINED.format("f"), lambda row: row == expected)),
        ("brief", scorer(TRAINED.format("brief"), lambda row: row == expected, gone)),
    ):
        for number in range(THREADS // 4):
            soak.repeat(f"{name} {number}", act)
    soak.repeat("swap", swapper(engine, used))
    soak.repeat("come and go", comer_and_goer(engine, used))
    soak.repeat("train", trainer)
    time.sleep(SECONDS / 2)
    half_way_mb = resident_mb()
    soak.join()
    grown_mb = resident_mb() - half_way_mb
    assert soak.wrong == []
    assert min(soak.done.values()) > 0, soak.done
    assert grown_mb < GROWTH_MB, soak.done
    for name in ("swapped", "passing"):
        engine.remove(scaled(name, 1.0)[0])
    assert still_known(shop, used) == []
    shop.execute("DROP MODEL m")
    assert still_known(shop, trained) == []
