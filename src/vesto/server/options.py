"""How a server is run."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from vesto.errors import InputOutputError

PORT: Final = 5439


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where a server listens, and its limits; times in seconds, 0 for no limit.

    ``startup_timeout_s`` is how long a client may take to say who it is; ``send_timeout_s`` how
    long it may take none of what is sent to it. ``metrics_port`` 0 is no second port.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    certificate: Path | None = None
    key: Path | None = None
    requires_tls: bool = False
    maximum_connections: int = 500
    startup_timeout_s: float = 30.0
    idle_timeout_s: float = 0.0
    send_timeout_s: float = 600.0
    shutdown_s: float = 10.0
    maximum_message: int = 256 * 1024 * 1024
    metrics_host: str = "127.0.0.1"
    metrics_port: int = 0
    log_format: str = "text"


def tls_context(options: Options) -> ssl.SSLContext | None:
    """What TLS 1.2 or later is spoken with; None without a certificate.

    Raises:
        InputOutputError: Certificate or key cannot be read, or do not belong together.
    """
    if options.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    try:
        context.load_cert_chain(options.certificate, options.key)
    except (OSError, ssl.SSLError) as error:
        message = f"the certificate {options.certificate} cannot be used"
        raise InputOutputError(message, detail=str(error)) from error
    return context
