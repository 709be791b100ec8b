"""Requests that no page sends: each gets a clear refusal, the server lives, nothing is written."""

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from sim.explorer.guard import MOST_ASKED, RATE_SECONDS, Guard
from tests.support.explorer_server import ENTRY_BAR, SMALL, Served, served
from tests.support.hostile import MOST_GROWN, memory_of

pytestmark = pytest.mark.slow


class Hostile(NamedTuple):
    """A request, the status it gets and a word of its refusal."""

    method: str
    path: str
    status: int
    word: str
    body: Any = b""
    headers: dict[str, str | None] = {}  # noqa: RUF012 (None takes a header away)


def state_of(**item: Any) -> dict[str, Any]:
    return {"state": {"items": [{**ENTRY_BAR, **item}], "size": SMALL}}


QUESTION = {"state": {"size": SMALL}}
STREAM, VIEW, JOB, FIND = "/api/stream", "/api/view", "/api/job", "/api/find"
HOSTS = ("evil.example", "127.0.0.1", "127.0.0.1:1", "0.0.0.0:{port}", "localhost.evil.example:{port}", "[::1]:{port}", "")
ORIGINS = (
    "http://evil.example",
    "null",
    "http://127.0.0.1:1",
    "https://127.0.0.1:{port}",
    "file://",
    "http://127.0.0.1:{port}.evil.example",
)
PATHS = (
    "/assets/../state.py",
    "/assets/..%2f..%2fapi.py",
    "/assets/%2e%2e/guard.py",
    "/assets//etc/passwd",
    "/assets/page.html%00.js",
    "/assets/....//....//etc/passwd",
    "/assets/..\\..\\guard.py",
    "/assets/C:%5Cwindows",
    "/etc/passwd",
    "/api/../../etc/passwd",
    "/assets/%ff%fe",
    "/api/nothing",
)
STATES: tuple[tuple[Any, str], ...] = (
    ([], "question"),
    ({"state": {"assume": "seat elasticity: 7"}}, "assume"),
    ({"state": {"assume": ["x"]}}, "assume"),
    ({"state": []}, "state"),
    ({"state": {"v": 99}}, "v is 99"),
    ({"state": {"__proto__": {}}}, "__proto__"),
    ({"state": {"base": "../../../etc/passwd"}}, "base"),
    ({"state": {"base": "/etc/passwd"}}, "base"),
    ({"state": {"base": "nothing-of-this-name"}}, "not here"),
    ({"state": {"base": "b\u202ease"}}, "base"),
    ({"state": {"base": "\U0001f600" * 30}}, "base"),
    ({"state": {"text": "title = 'x'\nextends = '../../x'", "base": "mine"}}, "extends"),
    ({"state": {"text": "title = 'x'\nextends = 'baseline'", "base": "mine"}}, "extends"),
    ({"state": {"text": "a = [" * 3000, "base": "mine"}}, ""),
    ({"state": {"text": "\x00\ud800"[:1], "base": "mine"}}, ""),
    (state_of(value="1"), "value"),
    (state_of(value=1e300), "value"),
    (state_of(value=7.0), "entry_bar"),
    (state_of(name="no_such_lever"), "no_such_lever"),
    (state_of(name="'; drop table"), "name"),
    (state_of(origin=["XXX"]), "XXX"),
    (state_of(origin=["CHN"] * 100), "origin"),
    (state_of(**{"from": 9999}), "from"),
    (state_of(**{"from": -1}), "from"),
    (state_of(until=2001), "window"),
    (state_of(ramp=0), "ramp"),
    (state_of(id="../x"), "id"),
    (state_of(change="eval"), "eval"),
    (state_of(kind="policy", values={"a": {}}), "items[0].a"),
    ({"state": {"size": {"researchers": 10**9}}}, "researchers"),
    ({"state": {"size": {"draws": 100, "replicates": 50}}}, "runs"),
    ({"state": {"size": {"seed": -1}}}, "seed"),
    ({"state": {"items": [{**ENTRY_BAR, "id": f"m{k}"} for k in range(13)]}}, "items"),
    ({"state": {"drop": ["nothing"]}}, "drop"),
    ({**QUESTION, "tab": "../../tab"}, "tab"),
    ({**QUESTION, "look": {"tier": "x"}}, "tier"),
    ({**QUESTION, "look": {"axis": ["work"]}}, "axis"),
    ({**QUESTION, "path": "/etc/passwd"}, "path"),
)
REQUESTS = [
    *(Hostile("GET", "/", 421, "answers to", headers={"Host": host}) for host in HOSTS),
    *(Hostile("POST", STREAM, 403, "another page", QUESTION, {"Origin": origin}) for origin in ORIGINS),
    Hostile("POST", STREAM, 403, "Origin", QUESTION, {"Origin": None}),
    Hostile("GET", "/api/desk", 403, "another site", headers={"Sec-Fetch-Site": "cross-site"}),
    Hostile("GET", "/", 403, "token", headers={"Cookie": None}),
    Hostile("GET", "/", 403, "token", headers={"Cookie": "talentsim-{port}=guess"}),
    Hostile("GET", "/", 403, "token", headers={"Cookie": "\x7f;;;=;\u00e9"}),
    Hostile("GET", "/enter?token=guess", 403, "token"),
    Hostile("GET", "/enter", 403, "token"),
    Hostile("GET", "/enter?token=%00%ff", 403, "token"),
    *(Hostile("GET", path, 404, "no ") for path in PATHS),
    Hostile("GET", "/" + "a" * 400, 414, "longer"),
    Hostile("GET", "/?" + "a=1&" * 200, 414, "longer"),
    Hostile("PUT", "/", 405, "GET and POST"),
    Hostile("DELETE", "/assets/page.html", 405, "GET and POST"),
    Hostile("GET", STREAM, 405, "method"),
    Hostile("POST", "/", 405, "method", QUESTION),
    Hostile("POST", STREAM, 415, "JSON", QUESTION, {"Content-Type": "text/plain"}),
    Hostile("POST", STREAM, 422, "not JSON", b"{"),
    Hostile("POST", STREAM, 422, "not JSON", b"\xff\xfe"),
    Hostile("POST", STREAM, 422, "", b"[" * 100_000),
    Hostile("POST", STREAM, 413, "larger", b'"' + b"x" * 300_000 + b'"'),
    *(Hostile("POST", STREAM, 422, word, body) for body, word in STATES),
    Hostile("POST", VIEW, 422, "view", {**QUESTION, "view": "__class__"}),
    Hostile("POST", VIEW, 422, "view", {**QUESTION, "view": ["flow"]}),
    Hostile("POST", JOB, 422, "job", {**QUESTION, "job": "os.system"}),
    Hostile("POST", JOB, 422, "asked", {**QUESTION, "job": "solve", "asked": {"code": "1"}}),
    Hostile("POST", FIND, 422, "words", {"words": "x" * 1000}),
    Hostile("POST", FIND, 422, "words", {"words": {"a": 1}}),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with served(folder, "--port", "18765") as running:
        yield running
    assert sorted(path.name for path in folder.iterdir()) == ["said.txt"], "the server wrote something"
    said = (folder / "said.txt").read_text()
    assert "Traceback" not in said
    assert "the page is closed" in said
    assert running.process.returncode == 130, "Ctrl-C is a clean stop"


def is_alive(server: Served) -> bool:
    status, body, _ = server.ask("GET", "/")
    return status == 200 and b"<main" in body


def test_there_are_many_hostile_requests() -> None:
    assert len(REQUESTS) >= 60


def test_each_gets_a_clear_refusal_and_the_server_lives(server: Served) -> None:
    wrong = []
    before = memory_of(server.process.pid, "VmRSS")
    for given in REQUESTS:
        headers: dict[str, str] = {**server.headers(), "Host": f"127.0.0.1:{server.port}"}
        for name, value in given.headers.items():
            headers.pop(name) if value is None else headers.update({name: value.replace("{port}", str(server.port))})
        body = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
        status, answer, sent = server.ask(given.method, given.path, body, headers)
        while status == 429:  # more in two seconds than a page asks
            time.sleep(0.5)
            status, answer, sent = server.ask(given.method, given.path, body, headers)
        said = "" if given.method == "HEAD" else answer.decode()
        problems = json.loads(said).get("problems", []) if status >= 400 else []
        clear = status == given.status and problems and given.word in " ".join(problems)
        if not clear or "Traceback" in said or "default-src 'none'" not in sent["content-security-policy"]:
            wrong.append((given.method, given.path[:40], str(given.body)[:60], given.headers, status, said[:200]))
    assert wrong == [], "\n".join(map(str, wrong))
    assert is_alive(server)
    assert memory_of(server.process.pid, "VmHWM") - before < MOST_GROWN


@pytest.mark.parametrize(
    "bytes_sent",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n",
        b"\x16\x03\x01\x02\x00",
    ],
)
def test_what_is_no_request_is_closed(server: Served, bytes_sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        try:
            connection.sendall(bytes_sent)
            connection.recv(1000)
        except OSError:
            pass
    assert is_alive(server)


def test_a_body_that_never_ends_is_cut(server: Served) -> None:
    head = "".join(f"{name}: {value}\r\n" for name, value in server.headers().items())
    start = f"POST /api/stream HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{head}Transfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(start.encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        answer = b""
        try:
            for _ in range(10):
                connection.sendall(chunk)
            answer = connection.recv(2000)
        except OSError:
            answer = answer or b"closed"
    assert b"413" in answer or answer == b"closed"
    assert is_alive(server)


def test_ten_thousand_moves_are_slowed_down() -> None:
    answered, refused = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answered.append(scope["path"])

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        refused.extend([message["status"]] if message["type"] == "http.response.start" else [])

    async def move() -> None:
        guard = Guard(app, frozenset({"127.0.0.1:1"}), "secret", "talentsim-1", clock=lambda: 0.0)
        headers = {
            "host": "127.0.0.1:1",
            "origin": "http://127.0.0.1:1",
            "cookie": "talentsim-1=secret",
            "content-type": "application/json",
        }
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        scope = {"type": "http", "method": "POST", "path": FIND, "raw_path": FIND.encode(), "query_string": b"", "headers": raw}
        for _ in range(10_000):
            await guard(scope, receive, send)

    asyncio.run(move())
    assert len(answered) == MOST_ASKED
    assert refused == [429] * (10_000 - MOST_ASKED)


def test_many_moves_over_the_wire_leave_it_alive(server: Served) -> None:
    seen = {server.ask("POST", FIND, b'{"words": 1}')[0] for _ in range(200)}
    assert seen <= {422, 429}
    time.sleep(RATE_SECONDS)
    assert is_alive(server)
