"""Work on the parts of a stream ahead of their use, in order, on the processors that there are."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

In = TypeVar("In")
Out = TypeVar("Out")
WORKERS: Final = os.cpu_count() or 1
# Parts of one stream in the works: as many as keep two processors busy, and memory flat.
IN_FLIGHT: Final = 2
_POOL: Final = ThreadPoolExecutor(WORKERS, thread_name_prefix="vesto encoder")


def ahead(
    parts: Iterable[In], work: Callable[[In], Out], is_large: Callable[[In], bool]
) -> Iterator[Out]:
    """``work`` of each part in their order; large ones are worked on while others are taken.

    Raises:
        Exception: What ``parts`` or ``work`` raises, when its turn has come or before.
    """
    begun: deque[Future[Out]] = deque()
    try:
        for part in parts:
            if is_large(part):
                begun.append(_POOL.submit(work, part))
                if len(begun) > IN_FLIGHT:
                    yield begun.popleft().result()
                continue
            while begun:
                yield begun.popleft().result()
            yield work(part)
        while begun:
            yield begun.popleft().result()
    finally:
        for left in begun:
            left.cancel()
