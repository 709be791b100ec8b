"""The routes of the page: the page and its files, questions answered in a stream, views of what was answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from plotly.offline import get_plotlyjs
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from sim.engines.axes import AXES, TIERS
from sim.explorer.desk import desk_record, found_entries
from sim.explorer.guard import Guard, problem, read_json
from sim.explorer.jobs import JOBS
from sim.explorer.live import Bench, check_solved
from sim.explorer.state import NAMES, StateError, checked, named, read_state, shown
from sim.explorer.stream import answered, problems_of, worked
from sim.explorer.views import VIEWS, ViewError
from sim.scenarios.reading.text import ScenarioError
from sim.sources import PACKAGE

ASSETS: Final = PACKAGE / "explorer" / "assets"
KINDS: Final = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
MOST_STREAMS: Final = 8
"""Tabs that are answered at the same time."""
MOST_JOBS: Final = 1
"""Long answers that are made at the same time: each takes all cores."""
ASKED: Final = ("item", "low", "high", "goal")


@dataclass
class Tabs:
    """Which question each tab asked last: an older one of the same tab stops."""

    last: dict[str, int] = field(default_factory=dict)
    open: int = 0
    jobs: int = 0

    def ask(self, tab: str) -> Callable[[], bool]:
        """Note a question of a tab and return what tells whether it is still the last."""
        number = self.last.get(tab, 0) + 1
        self.last[tab] = number
        if len(self.last) > 64:  # tabs that were closed long ago
            self.last.pop(next(iter(self.last)))
        return lambda: self.last.get(tab) == number


def make_app(bench: Bench, hosts: frozenset[str], token: str, cookie: str) -> Guard:
    """Make the server.

    Parameters
    ----------
    bench
        What all tabs share.
    hosts, token, cookie
        As of `sim.explorer.guard.Guard`.
    """
    files = {path.name: path.read_bytes() for path in sorted(ASSETS.iterdir())} | {"plotly.js": get_plotlyjs().encode()}
    tabs = Tabs()

    async def enter(request: Request) -> Response:
        if not guard.is_token(request.query_params.get("token", "")):
            return problem(403, "this is not the token of this start; open the address that talentsim explore printed")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(cookie, token, httponly=True, samesite="lax", path="/")
        return answer

    async def page(request: Request) -> Response:
        return file_answer(files, "page.html")

    async def asset(request: Request) -> Response:
        return file_answer(files, request.path_params["name"])

    async def desk(request: Request) -> Response:
        return JSONResponse(await asyncio.to_thread(desk_record, bench))

    async def find(request: Request) -> Response:
        asked = await question_of(request, {"words"})
        words = asked.get("words")
        if not isinstance(words, str) or len(words) > 200:
            raise StateError(f"words is {shown(words)}; allowed: a text of at most 200 letters")
        return JSONResponse({"hits": await asyncio.to_thread(found_entries, words)})

    async def stream(request: Request) -> Response:
        asked = await question_of(request, {"state", "tab", "look"})
        state, look = read_state(asked.get("state", {})), read_look(asked.get("look", {}))
        tab = named(asked.get("tab", "one"), "tab", NAMES)
        if tabs.open >= MOST_STREAMS:
            return problem(429, f"{MOST_STREAMS} pages are being answered; close one, or wait", {"Retry-After": "1"})
        question = await asyncio.to_thread(bench.question, state)
        await asyncio.to_thread(check_solved, question)
        is_last = tabs.ask(tab)

        async def events() -> AsyncIterator[str]:
            tabs.open += 1
            try:
                async for name, record in answered(bench, question, look, is_last):
                    yield event_text(name, record)
            except Exception as error:  # the page says so; whoever else asks is answered as before
                yield event_text("error", {"problems": [f"the run failed ({type(error).__name__}: {error}); ask again"]})
            finally:
                tabs.open -= 1

        return StreamingResponse(events(), media_type="text/event-stream")

    async def job(request: Request) -> Response:
        asked = await question_of(request, {"state", "tab", "job", "asked"})
        name = asked.get("job")
        if not isinstance(name, str) or name not in JOBS:
            raise StateError(f"job is {shown(name)}; allowed: {', '.join(JOBS)}")
        state, wanted = read_state(asked.get("state", {})), asked.get("asked", {})
        if tabs.jobs >= MOST_JOBS:
            return problem(429, "another answer of this kind is being made; wait for it or cancel it", {"Retry-After": "5"})

        async def events() -> AsyncIterator[str]:
            tabs.jobs += 1
            try:
                async for name_of_event, record in worked(JOBS[name], bench, state, checked(wanted, "asked", set(ASKED))):
                    yield event_text(name_of_event, record)
            finally:
                tabs.jobs -= 1

        return StreamingResponse(events(), media_type="text/event-stream")

    async def view(request: Request) -> Response:
        asked = await question_of(request, {"state", "view", "look"})
        name = asked.get("view")
        if not isinstance(name, str) or name not in VIEWS:
            raise StateError(f"view is {shown(name)}; allowed: {', '.join(VIEWS)}")
        state, look = read_state(asked.get("state", {})), read_look(asked.get("look", {}))
        return JSONResponse(await asyncio.to_thread(VIEWS[name], bench, state, look))

    routes = [
        Route("/enter", enter), Route("/", page), Route("/assets/{name}", asset), Route("/api/desk", desk),
        Route("/api/find", find, methods=["POST"]), Route("/api/stream", stream, methods=["POST"]),
        Route("/api/job", job, methods=["POST"]), Route("/api/view", view, methods=["POST"]),
    ]  # fmt: skip
    app = Starlette(routes=routes, exception_handlers=HANDLERS)
    guard = Guard(app, hosts, token, cookie)
    return guard


def event_text(name: str, record: Mapping[str, Any]) -> str:
    """Write one event of a stream."""
    return f"event: {name}\ndata: {json.dumps(record, ensure_ascii=False, allow_nan=False)}\n\n"


def file_answer(files: Mapping[str, bytes], name: str) -> Response:
    """Answer with a file of the page: one of those that were read at the start, never a path."""
    if name not in files:
        return problem(404, f"there is no file {shown(name)}")
    suffix = name[name.rfind(".") :]
    return Response(files[name], media_type=KINDS.get(suffix, "application/octet-stream"))


async def question_of(request: Request, allowed: set[str]) -> dict[str, Any]:
    """Read the JSON of a question.

    Raises
    ------
    StateError
        If it is none, or has other keys.
    """
    try:
        record = read_json(await request.body())
    except ValueError as error:
        raise StateError(f"the question is not JSON: {error}") from error
    return checked(record, "question", allowed)


def read_look(record: object) -> dict[str, Any]:
    """Check how the page looks at the numbers: tier, axis, year, run.

    Raises
    ------
    StateError
        For another key or value.
    """
    known = checked(record, "look", {"tier", "axis", "year", "run", "side", "goal", "lever"})
    tier, axis = known.get("tier", "top20"), known.get("axis", "work")
    for value, allowed, what in ((tier, TIERS, "tier"), (axis, AXES, "axis")):
        if value not in allowed:
            raise StateError(f"look.{what} is {shown(value)}; allowed: {', '.join(allowed)}")
    return {**known, "tier": tier, "axis": axis}


async def refuse(request: Request, error: Exception) -> Response:
    """Answer a wrong question with all its problems."""
    return JSONResponse({"problems": problems_of(error)}, 422)


async def missing(request: Request, error: Exception) -> Response:
    """Answer a path that there is not."""
    return problem(404, "there is no such page; open the address that talentsim explore printed")


async def method(request: Request, error: Exception) -> Response:
    """Answer a method that a path does not know."""
    return problem(405, "this path takes another method")


HANDLERS: Final[Mapping[Any, Any]] = {StateError: refuse, ScenarioError: refuse, ViewError: refuse, 404: missing, 405: method}
