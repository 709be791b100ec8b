"""Start the server of the page: a free port on this machine only, a token for each start, a clean stop."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import uvicorn

from sim.explorer.live import Bench
from sim.explorer.server import make_app

HOST: Final = "127.0.0.1"
FIRST_PORT: Final = 8765
PORTS_TRIED: Final = 50


class NoPortError(OSError):
    """No port is free among those that were tried."""


@dataclass(frozen=True)
class Address:
    """Where the page is.

    Parameters
    ----------
    port
        Of this machine.
    token
        Secret of this start.
    """

    port: int
    token: str

    @property
    def hosts(self) -> frozenset[str]:
        """What the header Host may say."""
        return frozenset({f"{HOST}:{self.port}", f"localhost:{self.port}"})

    def url(self, fragment: str = "") -> str:
        """Write the address that opens the page, with a state if there is one."""
        return f"http://{HOST}:{self.port}/enter?token={self.token}{'#' if fragment else ''}{fragment}"


def listen(port: int) -> socket.socket:
    """Take a port, or the next one that is free; 0 takes any.

    Raises
    ------
    NoPortError
        If none of the next `PORTS_TRIED` is.
    """
    for tried in range(port, min(port + PORTS_TRIED, 65_536)):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, tried))
        except OSError:
            listener.close()
            continue
        listener.listen(128)
        return listener
    raise NoPortError(f"--port {port}: neither it nor the next {PORTS_TRIED} are free; name another")


def serve(bench: Bench, listener: socket.socket, address: Address, ready: Callable[[], None]) -> None:
    """Answer until a signal ends it.

    Parameters
    ----------
    bench
        What all tabs share; it is closed in the end.
    listener
        Of `listen`.
    address
        Where that is.
    ready
        Called when the page can be opened.

    Raises
    ------
    KeyboardInterrupt
        In the end.
    """
    app = make_app(bench, address.hosts, address.token, f"talentsim-{address.port}")
    config = uvicorn.Config(
        app, log_level="error", access_log=False, server_header=False, date_header=False, lifespan="off",
        limit_concurrency=64, timeout_graceful_shutdown=1, h11_max_incomplete_event_size=16_384,
    )  # fmt: skip
    server = uvicorn.Server(config)
    try:
        ready()
        server.run(sockets=[listener])  # it ends by a signal, which it hands on when it has answered who still asks
    finally:
        bench.close()
        listener.close()
