"""The main job, from SQL text to predictions, through the public face."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import vesto


def test_a_model_is_trained_shown_and_called(
    session: vesto.Session, train: Callable[..., None]
) -> None:
    train("m")
    shown = dict(session.execute("SHOW MODEL m").rows())
    assert shown["Model State"] == "READY"
    assert shown["Function Parameters"] == "a b c"
    right = session.execute("SELECT avg((predict_m(a, b, c) = label)::int) FROM points").rows()
    assert right[0][0] > 0.95


def test_everything_is_there_again_after_reopening(
    session: vesto.Session, train: Callable[..., None], path: Path
) -> None:
    train("m")
    session.execute("CREATE VIEW predicted AS SELECT id, predict_m(a, b, c) AS p FROM points")
    before = session.execute("SELECT * FROM predicted ORDER BY id").rows()
    session.close()
    with vesto.connect(path) as again:
        assert again.execute("SELECT * FROM predicted ORDER BY id").rows() == before
        assert again.execute("SHOW MODEL ALL").rows() == [("public", "m")]
