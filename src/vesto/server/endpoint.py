"""A second port, for those who watch the server: ``/healthz`` and ``/metrics`` over HTTP.

Source: Prometheus documentation, "Text-based format", version 0.0.4.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

from vesto.server.activity import BOUNDS, Counts

FORMAT: Final = "text/plain; version=0.0.4; charset=utf-8"
PLAIN: Final = "text/plain; charset=utf-8"
PATIENCE_S: Final = 5.0
_GET_ONLY: Final = "GET, HEAD"


def exposition(counts: Counts, predictions: int, training_jobs: int) -> str:
    """The metrics in Prometheus' text format."""
    buckets = [
        f'vesto_statement_seconds_bucket{{le="{bound:g}"}} {count}'
        for bound, count in zip(BOUNDS, counts.buckets, strict=True)
    ]
    total = counts.succeeded + counts.failed
    lines = [
        "# HELP vesto_connections Clients with a session.",
        "# TYPE vesto_connections gauge",
        f"vesto_connections {counts.connections}",
        "# HELP vesto_connections_total Sessions since the server began.",
        "# TYPE vesto_connections_total counter",
        f"vesto_connections_total {counts.connections_total}",
        "# HELP vesto_statements_total Statements that have ended.",
        "# TYPE vesto_statements_total counter",
        f'vesto_statements_total{{outcome="ok"}} {counts.succeeded}',
        f'vesto_statements_total{{outcome="error"}} {counts.failed}',
        "# HELP vesto_statement_seconds Time of statements, until the last row is sent.",
        "# TYPE vesto_statement_seconds histogram",
        *buckets,
        f'vesto_statement_seconds_bucket{{le="+Inf"}} {total}',
        f"vesto_statement_seconds_sum {counts.seconds:.6f}",
        f"vesto_statement_seconds_count {total}",
        "# HELP vesto_predictions_total Rows that models have predicted.",
        "# TYPE vesto_predictions_total counter",
        f"vesto_predictions_total {predictions}",
        "# HELP vesto_training_jobs Versions of models that are being trained.",
        "# TYPE vesto_training_jobs gauge",
        f"vesto_training_jobs {training_jobs}",
    ]
    return "\n".join(lines) + "\n"


class Endpoint:
    """An HTTP server in a thread of its own, between ``with`` and its end."""

    def __init__(
        self, host: str, port: int, *, metrics: Callable[[], str], trouble: Callable[[], str]
    ) -> None:
        """Listen. ``trouble`` says why the warehouse does not answer; nothing where it does.

        Raises:
            OSError: The address is in use, or not this machine's.
        """

        class Handler(_Handler):
            pages = {"/metrics": metrics, "/healthz": trouble}  # noqa: RUF012 - never changed

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

        self._server = Server((host, port), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="vesto metrics", daemon=True
        )

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on."""
        host, port, *_ = self._server.socket.getsockname()
        return host, port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    pages: dict[str, Callable[[], str]]
    # Of the socket: a client that says or takes nothing is let go.
    timeout = PATIENCE_S
    server_version = "vesto"
    sys_version = ""

    def parse_request(self) -> bool:
        """As every HTTP server's, but a method that we have not is 405 and not 501."""
        if not super().parse_request():
            return False
        if self.command not in _GET_ONLY.split(", "):
            self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD\n")
            return False
        return True

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        page = self.pages.get(path)
        if page is None:
            self._answer(HTTPStatus.NOT_FOUND, "not found\n")
        elif path == "/metrics":
            self._answer(HTTPStatus.OK, page(), FORMAT)
        else:
            trouble = page()
            status = HTTPStatus.SERVICE_UNAVAILABLE if trouble else HTTPStatus.OK
            self._answer(status, f"{trouble or 'ok'}\n")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def _answer(self, status: HTTPStatus, text: str, kind: str = PLAIN) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", _GET_ONLY)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing: a probe every few seconds is no event."""
