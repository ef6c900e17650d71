"""The example of customer segments runs, and comes to what the page on it prints."""

from __future__ import annotations

import re
from pathlib import Path

from tests_support import EXAMPLES

import vesto

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/how-to/segment-customers.md").read_text()
SCRIPT = (ROOT / "examples/segmentation.sql").read_text()


def test_the_statements_of_the_page_are_those_of_the_example() -> None:
    blocks = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 2
    assert all(block in SCRIPT for block in blocks)


def test_the_example_comes_to_what_the_page_prints(path: Path) -> None:
    with vesto.connect(path, settings={"minimum_rows": 100}) as session:
        file = str(EXAMPLES / "mall_customers.parquet").replace("'", "''")
        session.execute(f"CREATE TABLE customers AS SELECT * FROM '{file}'")
        results = [result.rows() for result in session.run(SCRIPT)]
    printed = re.findall(r"^\| (\d.*) \|$", PAGE, re.MULTILINE)
    assert results[2] == [tuple(float(cell) for cell in line.split(" | ")) for line in printed]
    assert results[3][0][0] in range(5)
