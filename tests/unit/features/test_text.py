from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge

from vesto.features import Tape, text
from vesto.features.text import Scored
from vesto.programs.program import Input
from vesto.programs.reference import run_steps
from vesto.programs.steps import TextScore

RNG = np.random.default_rng(4)
WORDS = np.array(["good", "bad", "so", "film", "was", "the", "never", "again"])
TEXTS = [" ".join(RNG.choice(WORDS, RNG.integers(1, 9))) for _ in range(300)]
GOOD = np.array([text.count("good") - text.count("bad") for text in TEXTS], float)
FOLDS = RNG.integers(0, 3, 300)


def scored(
    target: np.ndarray, classes: int, texts: list[str | None] = TEXTS
) -> tuple[Tape, Scored]:  # type: ignore[assignment]
    tape = Tape((Input("t", "varchar"),))
    return tape, text.scores(tape, 0, pa.array(texts), target, classes, FOLDS)


def test_scores_are_those_of_scikit_learns_tfidf_and_linear_models() -> None:
    x = TfidfVectorizer(ngram_range=(1, 2), min_df=2).fit_transform(TEXTS)
    for target, classes, model in (
        (GOOD, 0, Ridge()), (GOOD > 0, 2, LogisticRegression(max_iter=200)),
        (np.sign(GOOD) + 1, 3, LogisticRegression(max_iter=200)),
    ):  # fmt: skip
        tape, found = scored(target.astype(float), classes)
        model.fit(x, target)
        want = model.decision_function(x) if classes else model.predict(x)
        got = np.stack(run_steps(tape.steps, [pa.array(TEXTS)])[1:], axis=1)
        assert found.honest.shape == got.shape
        np.testing.assert_allclose(got, want.reshape(300, -1), rtol=1e-3, atol=1e-3)


def test_a_training_row_is_scored_by_a_model_that_did_not_see_it() -> None:
    # Every text has a word of its own and one shared with one other text: nothing can be learnt.
    texts = [f"w{row} p{row % 150}" for row in range(300)]
    target = RNG.normal(size=300)
    tape, found = scored(target, 0, texts)
    seen = run_steps(tape.steps, [pa.array(texts)])[1]
    assert np.corrcoef(seen, target)[0, 1] > 0.5
    assert abs(np.corrcoef(found.honest[:, 0], target)[0, 1]) < 0.2


def test_missing_texts_have_no_score() -> None:
    texts = [None, *TEXTS[1:]]
    tape, found = scored(GOOD, 0, texts)
    assert np.isnan(found.honest[0]).all()
    assert np.isnan(run_steps(tape.steps, [pa.array(texts)])[1][0])
    assert np.isfinite(found.honest[1:]).all()


@pytest.mark.parametrize("classes", [2, 3])
def test_a_class_that_is_not_there_is_not_expected(classes: int) -> None:
    tape, found = scored(np.ones(300), classes)
    margins = np.stack(run_steps(tape.steps, [pa.array(TEXTS)])[1:], axis=1)
    chosen = margins[:, 0] > 0 if classes == 2 else margins.argmax(axis=1)
    assert (chosen == 1).all()
    np.testing.assert_array_equal(found.honest, margins)


def test_texts_without_a_common_word_have_no_register() -> None:
    tape, found = scored(GOOD, 0, [f"w{row}" for row in range(300)])
    assert (tape.steps, found.registers, found.honest.shape) == ([], [], (300, 0))


def test_only_the_grams_of_most_texts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "MAX_GRAMS", 3)
    tape, _ = scored(GOOD, 0, ["bb aa", "aa bb", "bb cc aa", "cc dd", "cc dd", "zz"] * 50)
    (step,) = tape.steps
    assert isinstance(step, TextScore)
    assert step.grams == ("aa", "bb", "cc")


def test_length_is_a_register() -> None:
    tape = Tape((Input("t", "varchar"),))
    assert text.length(tape, 0) == [1]
