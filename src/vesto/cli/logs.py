"""The server's log on standard error: a line of text, or one of JSON, for every event.

An exception is its type, its SQLSTATE and its places in our code: its words may quote SQL.
"""

from __future__ import annotations

import json
import logging
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

log: Final = logging.getLogger(__name__)
LOG_FORMATS: Final = ("text", "json")


class JsonLines(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """``time`` (UTC), ``level`` and ``event``, then what belongs to the event."""
        found: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "message"),
            **getattr(record, "fields", {}),
        }
        if found["event"] == "message":
            found["message"] = record.getMessage()
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            found["exception"] = type(error).__name__
            sqlstate = getattr(error, "sqlstate", None)
            found |= {"sqlstate": sqlstate} if sqlstate else {}
            found["at"] = list(_places(error))
        return json.dumps(found, ensure_ascii=False)


class TextLines(logging.Formatter):
    """A line a record, and under it the places of its exception."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the base's name
        """Types and places, the cause first; no words and no lines of code."""
        return "\n".join(_sections(ei[1]))


def _sections(error: BaseException | None) -> Iterator[str]:
    if error is None:
        return
    yield from _sections(error.__cause__)
    sqlstate = getattr(error, "sqlstate", None)
    yield f"{type(error).__name__}" + (f" (SQLSTATE {sqlstate})" if sqlstate else "")
    yield from (f"  at {place}" for place in _places(error))


def _places(error: BaseException) -> Iterator[str]:
    """Where an exception came through, file and line, the innermost last."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield f"{frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread else "?"
    found = (ended.exc_type, ended.exc_value or ended.exc_type(), ended.exc_traceback)
    log.error("the thread %s ended with an error of ours", name, exc_info=found)


def set_up(log_format: str) -> None:
    """Log everything from INFO on to standard error, and what ends a thread too."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if log_format == "json" else TextLines())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    threading.excepthook = _thread_ended
