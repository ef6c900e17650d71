"""What a notebook does with JupySQL: run in a process of its own by ``test_jupysql.py``."""

from __future__ import annotations

import os

from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "sql")
shell.run_line_magic("config", "SqlMagic.feedback = 0")
shell.run_line_magic("sql", os.environ["VESTO_URL"])

found = shell.run_line_magic("sql", "SELECT count(*) AS found FROM points")
assert list(found.dict()["found"]) == [600]

shell.run_cell_magic("sql", "", "DROP TABLE IF EXISTS notes; CREATE TABLE notes (i INT, v TEXT)")
shell.run_cell_magic("sql", "", "INSERT INTO notes VALUES (1, 'a'), (2, NULL)")
frame = shell.run_cell_magic("sql", "", "SELECT * FROM notes ORDER BY i").DataFrame()
assert frame["i"].tolist() == [1, 2]
assert frame["v"].isna().tolist() == [False, True]

predict = os.environ["VESTO_FUNCTION"]
shell.run_cell_magic(
    "sql", "answers <<", f"SELECT id, {predict}(a, b, c) AS p FROM points WHERE id < 50"
)
answers = shell.user_ns["answers"].DataFrame()
assert len(answers) == 50
assert set(answers["p"]) == {0, 1}

shell.user_ns["least"] = 590
late = shell.run_line_magic("sql", "SELECT id FROM points WHERE id >= {{least}} ORDER BY id")
assert late.DataFrame()["id"].tolist() == list(range(590, 600))
print("passed")  # noqa: T201 - the test looks for it
