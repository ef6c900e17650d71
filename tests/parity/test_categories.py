"""Words looked up before the prediction, as a model's macro does, against words in the prediction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from extension_support import extension
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from program_strategies import programs, rows_for

from vesto import _native
from vesto.engines import _duckdb_native
from vesto.programs import storage
from vesto.programs.image import image

PATHS = [path for path in ("portable", "avx2", "avx512") if _native.has_kernel(path)]
# Enough rows for whole chunks, where DuckDB looks at a dictionary by itself.
REPEATS = (1, 1000)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    file: Path = tmp_path_factory.mktemp("categories") / "rows.duckdb"
    with duckdb.connect(str(file), config={"allow_unsigned_extensions": "true"}) as connection:
        connection.execute(f"LOAD '{extension()}'")
        yield connection
        connection.execute("SELECT vesto_use_kernel('automatic')")


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_random_programs_predict_the_same(
    database: duckdb.DuckDBPyConnection, data: st.DataObject
) -> None:
    program = data.draw(programs(of_words=True))
    repeat = data.draw(st.sampled_from(REPEATS))
    columns = [pa.concat_arrays([column] * repeat) for column in data.draw(rows_for(program))]
    names = [f"c{place}" for place in range(len(columns))]
    given_rows = pa.table(dict(zip(names, columns, strict=True)))
    database.register("given_rows", given_rows)
    database.execute("CREATE OR REPLACE TABLE stored AS FROM given_rows")
    database.execute("CHECKPOINT")
    name = storage.content_hash(storage.dump(program))
    database.execute("SELECT vesto_register_program(?)", [image(program, name)]).fetchall()
    function = f"vesto_predict_{program.output.type.replace('bpchar', 'varchar')}"
    before = f"{function}('{name}', {', '.join(names)})"
    looked_up = ", ".join(_duckdb_native.with_categories(name, program, names))
    after = f"{function}('{name}', {looked_up})"
    assert "vesto_category" in after
    wanted = f"SELECT count(*) FROM stored WHERE {before} IS DISTINCT FROM {after}"
    for path in PATHS:
        database.execute("SELECT vesto_use_kernel(?)", [path]).fetchall()
        assert database.execute(wanted).fetchall() == [(0,)]
    database.execute("SELECT vesto_forget_program(?)", [name]).fetchall()
