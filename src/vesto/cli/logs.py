"""The server's log on standard error: a line of text, or one of JSON, for every event."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

LOG_FORMATS: Final = ("text", "json")


class JsonLines(logging.Formatter):
    """One JSON object a record. An exception is its type and place: its words may quote SQL."""

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
        if record.exc_info and record.exc_info[0]:
            found["exception"] = record.exc_info[0].__name__
            trace = record.exc_info[2]
            while trace is not None and trace.tb_next is not None:
                trace = trace.tb_next
            if trace is not None:
                found["at"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        return json.dumps(found, ensure_ascii=False)


def set_up(log_format: str) -> None:
    """Log everything from INFO on to standard error."""
    handler = logging.StreamHandler()
    text = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    handler.setFormatter(JsonLines() if log_format == "json" else text)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
