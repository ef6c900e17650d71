from __future__ import annotations

import threading

from vesto.server.deadlines import Deadlines


def test_what_is_due_is_called_and_what_is_cancelled_is_not() -> None:
    deadlines, called, done = Deadlines(), [], threading.Event()
    first = deadlines.after(3600, lambda: called.append("never"))
    deadlines.after(0.02, lambda: (called.append("second"), done.set()))
    deadlines.after(0.01, lambda: called.append("first"))
    assert deadlines.cancel(first)
    assert done.wait(30)
    assert called == ["first", "second"]
    assert not deadlines.cancel(first)


def test_cancelled_ones_do_not_pile_up() -> None:
    deadlines = Deadlines()
    for _ in range(1000):
        deadlines.cancel(deadlines.after(3600, lambda: None))
    assert len(deadlines._due) < 200


def test_a_call_that_fails_takes_no_other_deadline_along() -> None:
    deadlines, called = Deadlines(), threading.Event()

    def fail() -> None:
        raise RuntimeError

    deadlines.after(0.0, fail)
    deadlines.after(0.01, called.set)
    assert called.wait(30)
