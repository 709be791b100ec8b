"""The server of the live page in a process of its own, started as a user does."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 180.0  # seconds until the address is printed
ENTRY_BAR = {
    "id": "m1", "kind": "lever", "name": "entry_bar", "change": "add", "value": 0.15, "origin": ["CHN"], "destination": ["USA"],
    "from": 2027,
}  # fmt: skip
SMALL = {"draws": 2, "replicates": 2, "researchers": 500, "seed": 1, "until": 2035}


@dataclass(frozen=True)
class Served:
    """A server that answers.

    Parameters
    ----------
    port, token
        Of its address.
    process
        Its process.
    """

    port: int
    token: str
    process: "subprocess.Popen[str]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/enter?token={self.token}"

    def headers(self) -> dict[str, str]:
        """Return the headers of the page itself."""
        return {
            "Cookie": f"talentsim-{self.port}={self.token}",
            "Origin": f"http://127.0.0.1:{self.port}",
            "Content-Type": "application/json",
        }

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        """Send one request and return status, body and headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body or None, dict(self.headers() if headers is None else headers))
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def events(self, state: Mapping[str, Any], path: str = "/api/stream", **more: Any) -> list[tuple[str, Any]]:
        """Ask a question and return all events of its stream."""
        status, body, _ = self.ask("POST", path, json.dumps({"state": state, **more}).encode())
        assert status == 200, body
        blocks = [block.split("\n", 1) for block in body.decode().split("\n\n") if block]
        return [(event.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for event, data in blocks]


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Served]:
    """Start the server in a folder and stop it by Ctrl-C."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "sim", "explore", "--no-browser", "--workers", "2", *words]
    with (folder / "said.txt").open("w") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said, text=True)
    try:
        port, token = address(folder / "said.txt", process)
        yield Served(port, token, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        finally:
            process.kill()


def address(said: Path, process: "subprocess.Popen[str]") -> tuple[int, str]:
    """Wait for the address that the server prints."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/enter\?token=([\w-]+)", said.read_text())
        if found:
            return int(found[1]), found[2]
        time.sleep(0.1)
    raise AssertionError(said.read_text())
