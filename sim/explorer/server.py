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
from sim.explorer.desk import AIMS, desk_record, found_entries
from sim.explorer.guard import Guard, TooLargeError, is_token, problem, read_body, too_large
from sim.explorer.jobs import JOBS, Job
from sim.explorer.live import Bench, PageQuestion, check_solved
from sim.explorer.state import NAME_FORM, PageState, StateError, checked_keys, listed, named, read_state, shown
from sim.explorer.stream import answered, problems_of, worked
from sim.explorer.views import VIEWS, ViewError
from sim.scenarios.reading.text import ScenarioError
from sim.sources import PACKAGE

ASSETS: Final = PACKAGE / "explorer" / "assets"
MEDIA_TYPES: Final = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
MOST_STREAMS: Final = 8
"""Tabs that are answered at the same time."""
LONGEST_SEARCH: Final = 200
"""Letters of a search."""
EVENTS: Final = "text/event-stream"
MOST_JOBS: Final = 1
"""Long answers that are made at the same time: each takes all cores."""
JOB_KEYS: Final = ("item", "low", "high", "goal")
REPORT_HEADERS: Final = {
    "Content-Security-Policy": "sandbox allow-scripts allow-downloads allow-popups; default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "unsafe-none",
}
"""Of a report: its scripts lie in it, and it runs as a page of nobody's, which can ask this server nothing."""


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


@dataclass
class Site:
    """What answers: each method a path.

    Parameters
    ----------
    bench
        What all tabs share.
    token, cookie
        Secret of this start, and the name of the cookie that holds it.
    tabs
        What each tab asked last.
    files
        Those of the page, read at the start: no request reads another.
    """

    bench: Bench
    token: str
    cookie: str
    tabs: Tabs = field(default_factory=Tabs)
    files: Mapping[str, bytes] = field(default_factory=dict)

    async def enter(self, request: Request) -> Response:
        """Give the cookie to who has the token, and go to the page."""
        if not is_token(request.query_params.get("token", ""), self.token):
            return problem(403, "this is not the token of this start; open the address that talentsim explore printed")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="lax", path="/")
        return answer

    async def page(self, request: Request) -> Response:
        """Return the page."""
        return file_answer(self.files, "page.html")

    async def asset(self, request: Request) -> Response:
        """Return a file of the page."""
        return file_answer(self.files, request.path_params["name"])

    async def desk(self, request: Request) -> Response:
        """Say what can be moved."""
        return JSONResponse(await asyncio.to_thread(desk_record, self.bench))

    async def find(self, request: Request) -> Response:
        """Find levers and policies by words."""
        asked = await question_of(request, {"words", "aims"})
        words, aims = asked.get("words"), listed(asked.get("aims", []), "aims", len(AIMS))
        aims = [taken_name(each, dict.fromkeys(AIMS), "aims") for each in aims]
        if not isinstance(words, str) or len(words) > LONGEST_SEARCH:
            raise StateError(f"words is {shown(words)}; allowed: a text of at most {LONGEST_SEARCH} letters")
        return JSONResponse({"hits": await asyncio.to_thread(found_entries, words, aims)})

    async def stream(self, request: Request) -> Response:
        """Answer a question in a stream; an older one of the same tab stops."""
        asked = await question_of(request, {"state", "tab", "look"})
        state, look = read_state(asked.get("state", {})), read_look(asked.get("look", {}))
        tab = named(asked.get("tab", "one"), "tab", NAME_FORM)
        if self.tabs.open >= MOST_STREAMS:
            return problem(429, f"{MOST_STREAMS} pages are being answered; close one, or wait", {"Retry-After": "1"})
        is_last = self.tabs.ask(tab)
        question = await asyncio.to_thread(self.bench.question, state)
        await asyncio.to_thread(check_solved, question)
        return StreamingResponse(self.events(question, look, is_last), media_type=EVENTS)

    async def events(self, question: PageQuestion, look: Mapping[str, Any], is_last: Callable[[], bool]) -> AsyncIterator[str]:
        """Write the events of a stream; a run that fails is told, and whoever else asks is answered as before."""
        self.tabs.open += 1
        try:
            async for name, record in answered(self.bench, question, look, is_last):
                yield event_text(name, record)
        except Exception as error:
            yield event_text("error", {"problems": [f"the run failed ({type(error).__name__}: {error}); ask again"]})
        finally:
            self.tabs.open -= 1

    async def job(self, request: Request) -> Response:
        """Make a long answer."""
        asked = await question_of(request, {"state", "tab", "job", "asked"})
        name, state = taken_name(asked.get("job"), JOBS, "job"), read_state(asked.get("state", {}))
        wanted = checked_keys(asked.get("asked", {}), "asked", set(JOB_KEYS))
        if self.tabs.jobs >= MOST_JOBS:
            return problem(429, "another answer of this kind is being made; wait for it or cancel it", {"Retry-After": "5"})
        return StreamingResponse(self.steps(JOBS[name], state, wanted), media_type=EVENTS)

    async def steps(self, job: Job, state: PageState, wanted: Mapping[str, Any]) -> AsyncIterator[str]:
        """Write the events of a long answer."""
        self.tabs.jobs += 1
        try:
            async for name, record in worked(job, self.bench, state, wanted):
                yield event_text(name, record)
        except Exception as error:
            yield event_text("error", {"problems": [f"the answer failed ({type(error).__name__}: {error}); ask again"]})
        finally:
            self.tabs.jobs -= 1

    async def report(self, request: Request) -> Response:
        """Return a report that was made."""
        page = self.bench.reports.get(request.path_params["name"])
        if page is None:
            return problem(404, "there is no such report any more; ask for it again on the page")
        return Response(page, media_type="text/html; charset=utf-8", headers=REPORT_HEADERS)

    async def view(self, request: Request) -> Response:
        """Show what was run in another way."""
        asked = await question_of(request, {"state", "view", "look"})
        name = taken_name(asked.get("view"), VIEWS, "view")
        state, look = read_state(asked.get("state", {})), read_look(asked.get("look", {}))
        return JSONResponse(await asyncio.to_thread(VIEWS[name], self.bench, state, look))


def make_app(bench: Bench, hosts: frozenset[str], token: str, cookie: str) -> Guard:
    """Make the server behind its guard.

    Parameters
    ----------
    bench
        What all tabs share.
    hosts, token, cookie
        As of `sim.explorer.guard.Guard`.
    """
    site = Site(bench, token, cookie, Tabs(), page_files())
    routes = [
        Route("/enter", site.enter),
        Route("/", site.page),
        Route("/assets/{name}", site.asset),
        Route("/report/{name}", site.report),
        Route("/api/desk", site.desk),
    ]
    answers = {"find": site.find, "stream": site.stream, "job": site.job, "view": site.view}
    routes += [Route(f"/api/{name}", answer, methods=["POST"]) for name, answer in answers.items()]
    return Guard(Starlette(routes=routes, exception_handlers=HANDLERS), hosts, token, cookie)


def page_files() -> dict[str, bytes]:
    """Read the files of the page by their names, the script of plotly among them."""
    return {path.name: path.read_bytes() for path in sorted(ASSETS.iterdir())} | {"plotly.js": get_plotlyjs().encode()}


def taken_name(value: object, allowed: Mapping[str, object], what: str) -> str:
    """Take the name of something that there is."""
    if not isinstance(value, str) or value not in allowed:
        raise StateError(f"{what} is {shown(value)}; allowed: {', '.join(allowed)}")
    return value


def event_text(name: str, record: Mapping[str, Any]) -> str:
    """Write one event of a stream."""
    return f"event: {name}\ndata: {json.dumps(record, ensure_ascii=False, allow_nan=False)}\n\n"


def file_answer(files: Mapping[str, bytes], name: str) -> Response:
    """Answer with a file of the page: one of those that were read at the start, never a path."""
    if name not in files:
        return problem(404, f"there is no file {shown(name)}")
    suffix = name[name.rfind(".") :]
    return Response(files[name], media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"))


async def question_of(request: Request, allowed: set[str]) -> dict[str, Any]:
    """Read the JSON of a question.

    Raises
    ------
    StateError
        If it is none, or has other keys.
    """
    try:
        record = read_body(await request.body())
    except ValueError as error:
        raise StateError(f"the question is not JSON: {error}") from error
    return checked_keys(record, "question", allowed)


def read_look(record: object) -> dict[str, Any]:
    """Check how the page looks at the numbers: tier, axis, year, run.

    Raises
    ------
    StateError
        For another key or value.
    """
    known = checked_keys(record, "look", {"tier", "axis", "year", "run", "side", "goal", "lever"})
    tier, axis = known.get("tier", "top20"), known.get("axis", "work")
    for value, allowed, what in ((tier, TIERS, "tier"), (axis, AXES, "axis")):
        if value not in allowed:
            raise StateError(f"look.{what} is {shown(value)}; allowed: {', '.join(allowed)}")
    return {**known, "tier": tier, "axis": axis}


async def refuse(request: Request, error: Exception) -> Response:
    """Answer a wrong question with all its problems."""
    return JSONResponse({"problems": problems_of(error)}, 422)


async def refuse_size(request: Request, error: Exception) -> Response:
    """Answer a body that goes on beyond the limit."""
    return too_large()


async def failed(request: Request, error: Exception) -> Response:
    """Answer what should not have happened; whoever else asks is answered as before."""
    return problem(500, f"the answer failed ({type(error).__name__}: {error}); ask again")


async def missing(request: Request, error: Exception) -> Response:
    """Answer a path that there is not."""
    return problem(404, "there is no such page; open the address that talentsim explore printed")


async def method(request: Request, error: Exception) -> Response:
    """Answer a method that a path does not know."""
    return problem(405, "this path takes another method")


HANDLERS: Final[Mapping[Any, Any]] = {
    StateError: refuse,
    ScenarioError: refuse,
    ViewError: refuse,
    TooLargeError: refuse_size,
    404: missing,
    405: method,
    500: failed,
}
