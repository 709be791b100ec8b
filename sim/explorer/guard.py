"""What the server refuses: other hosts, other origins, no token, bodies too large, too many questions."""

from __future__ import annotations

import hmac
import json
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY: Final = 256_000
"""Bytes of a request."""
MOST_PATH: Final = 300
"""Letters of a path with its query."""
MOST_ASKED: Final = 40
"""Questions within `RATE_SECONDS` seconds."""
RATE_SECONDS: Final = 2.0
HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: "
    "blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What goes with every answer. Plotly writes styles into the page, so these are allowed; scripts are those of this server."""


@dataclass
class Guard:
    """Stands before the server.

    Parameters
    ----------
    app
        What is guarded.
    hosts
        Values of the header Host that are ours, such as 127.0.0.1:8765.
    token
        Secret of this start.
    cookie
        Name of the cookie that holds it.
    clock
        Seconds, for the rate.
    """

    app: ASGIApp
    hosts: frozenset[str]
    token: str
    cookie: str
    clock: Callable[[], float] = time.monotonic
    asked: deque[float] = field(default_factory=deque)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        refusal = self.refusal(Request(scope))
        if refusal is not None:
            await refusal(scope, receive, with_headers(send))
            return
        await self.app(scope, Limited(receive), with_headers(send))

    def refusal(self, request: Request) -> Response | None:
        """Say why a request is refused; None if it is not."""
        scope, headers = request.scope, request.headers
        origin, host = headers.get("origin"), headers.get("host", "")
        if headers.getlist("host") != [host] or host not in self.hosts:
            return problem(421, f"this server answers to {', '.join(sorted(self.hosts))} only; open the address it printed")
        if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_PATH:
            return problem(414, f"the address is longer than {MOST_PATH} letters; the state of a page stands behind #")
        if scope["method"] not in ("GET", "HEAD", "POST"):
            return problem(405, "allowed are GET and POST")
        if origin is not None and origin != f"http://{host}":
            return problem(403, "the request comes from another page; open the address that talentsim explore printed")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and scope["path"] != "/":
            return problem(403, "the request comes from another site; open the address that talentsim explore printed")
        if scope["path"] != "/enter" and not self.has_token(headers.get("cookie", "")):
            return problem(403, "the token of this start is missing; open the address that talentsim explore printed")
        if scope["method"] == "POST":
            return self.refusal_of_question(headers, origin)
        return None

    def refusal_of_question(self, headers: Mapping[str, str], origin: str | None) -> Response | None:
        """Say why a question is refused: not from the page, too large, or one too many."""
        if origin is None:
            return problem(403, "a question comes from the page, with its Origin")
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return problem(415, "a question is JSON: Content-Type application/json")
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > MOST_BODY:
            return too_large()
        now = self.clock()
        while self.asked and now - self.asked[0] > RATE_SECONDS:
            self.asked.popleft()
        if len(self.asked) >= MOST_ASKED:
            return problem(
                429, f"more than {MOST_ASKED} questions in {RATE_SECONDS:g} seconds; wait a moment", {"Retry-After": "1"}
            )
        self.asked.append(now)
        return None

    def has_token(self, cookies: str) -> bool:
        """Tell whether the cookie holds the token of this start."""
        try:
            found = SimpleCookie(cookies).get(self.cookie)
        except CookieError:
            return False
        return found is not None and is_token(found.value, self.token)


def is_token(text: str, token: str) -> bool:
    """Tell whether a text is the token of this start."""
    return hmac.compare_digest(text.encode("utf-8", "replace"), token.encode())


class TooLargeError(Exception):
    """A body that goes on beyond the limit."""


@dataclass
class Limited:
    """Receives a body as long as it is not too large, whatever its header says."""

    receive: Receive
    seen: int = 0

    async def __call__(self) -> Message:
        """Pass a message on."""
        message = await self.receive()
        self.seen += len(message.get("body", b""))
        if self.seen > MOST_BODY:
            raise TooLargeError
        return message


def too_large() -> Response:
    """Refuse a body that is too large."""
    return problem(413, f"the question is larger than {MOST_BODY:,} bytes; a file of one's own is named on the command line")


def with_headers(send: Send) -> Send:
    """Add what goes with every answer that does not say otherwise itself."""

    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = message.get("headers", [])
            given = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
            message["headers"] = [*own, *(each for each in given if each[0] not in dict(own))]
        await send(message)

    return add


def problem(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with one problem."""
    return JSONResponse({"problems": [text]}, status, headers)


def read_body(body: bytes) -> Any:
    """Read the body of a question.

    Raises
    ------
    ValueError
        If it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(body, parse_constant=lambda word: None)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
