"""Parts that are worked on ahead come in their order, and errors at last."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from vesto.server.ahead import IN_FLIGHT, ahead


def test_the_order_stays_whatever_is_large() -> None:
    found = ahead(iter(range(50)), lambda part: part * 2, lambda part: part % 3 != 0)
    assert list(found) == [part * 2 for part in range(50)]


def test_no_more_than_a_few_are_taken_ahead() -> None:
    taken: list[int] = []

    def parts() -> Iterator[int]:
        for part in range(50):
            taken.append(part)
            yield part

    found: Any = ahead(parts(), lambda part: part, lambda _: True)
    assert next(found) == 0
    assert len(taken) == IN_FLIGHT + 1
    found.close()
    assert len(taken) == IN_FLIGHT + 1


def test_an_error_of_the_work_or_of_the_parts_arrives() -> None:
    with pytest.raises(ZeroDivisionError):
        list(ahead([1, 0, 2], lambda part: 1 // part, lambda _: True))

    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    found = ahead(broken(), lambda part: part, lambda _: True)
    with pytest.raises(ValueError, match="no more"):
        list(found)
