"""The console's web server: waitress, with one clear line when the port is taken."""

import errno
from typing import Protocol

from pipeline.errors import MoksoriError
from pipeline.settings import settings

THREADS = 8
MAX_BODY = 1_048_576
"""Bytes of a request: forms are small."""


class Server(Protocol):
    """A server that listens already."""

    def run(self) -> None:
        """Answer requests until close()."""

    def close(self) -> None:
        """Stop."""


def open_server(host: str | None = None, port: int | None = None) -> Server:
    """Listen, by default where the settings say. Raises MoksoriError if that is not possible."""
    from waitress import create_server

    from desk.wsgi import application

    host, port = host or settings().console.host, port or settings().console.port
    try:
        server: Server = create_server(
            application, host=host, port=port, threads=THREADS, ident="moksori", max_request_body_size=MAX_BODY
        )
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise MoksoriError(
                f"port {port} is in use by another program. Choose another: MOKSORI_CONSOLE__PORT={port + 1}, "
                "or console: port: in config/moksori.yaml"
            ) from None
        raise MoksoriError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return server
