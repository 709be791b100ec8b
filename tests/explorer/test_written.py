"""The full report of a state is that of `talentsim compare`, and it can be cancelled."""

import json
from pathlib import Path

import pytest

from sim.cli import main
from sim.draws.ensemble import find_ensemble
from sim.explorer.jobs import StoppedError, written_report
from sim.explorer.live import Bench
from sim.explorer.state import StateError, read_state
from sim.explorer.texts import scenario_text
from sim.scenarios.load import load_basis
from tests.support.explorer_server import ENTRY_BAR, SMALL, served

pytestmark = pytest.mark.slow

STATE = {"items": [ENTRY_BAR], "size": SMALL}


def test_the_report_is_that_of_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []
    bench, state = Bench(load_basis(), find_ensemble(), {}, 2), read_state(STATE)
    found = written_report(bench, state, {}, lambda phase, done, total: told.append(phase))
    path = tmp_path / "explored.toml"
    path.write_text(scenario_text(state), encoding="utf-8")
    sizes = [word for key in SMALL for word in (f"--{key}", str(getattr(state, key)))]
    with pytest.raises(SystemExit):
        main(["compare", state.base, str(path), *sizes, "--json", "--out", str(tmp_path / "results")])
    record = json.loads(capsys.readouterr().out)
    assert found["answers"] == record["answers"]
    assert headline_part(bench.reports[found["name"]]) == headline_part(Path(record["page"]).read_bytes())
    assert {"baseline, running", "explored, running", "assumptions", "writing the page"} <= set(told)


def headline_part(page: bytes) -> list[bytes]:
    """Return the rows of the tables of a report."""
    return [line for line in page.splitlines() if line.startswith(b"<tr>")]


def test_a_report_stops_where_nobody_waits_for_it_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def gone(phase: str, done: int, total: int) -> None:
        raise StoppedError

    bench = Bench(load_basis(), find_ensemble(), {}, 2)
    with pytest.raises(StoppedError):
        written_report(bench, read_state(STATE), {}, gone)
    assert list(tmp_path.iterdir()) == []
    assert not bench.reports
    with pytest.raises(StateError, match="nothing is moved"):
        written_report(bench, read_state({"size": SMALL}), {}, gone)


def test_a_report_opens_as_a_page_of_nobodys(tmp_path: Path) -> None:
    with served(tmp_path, "--port", "19265") as server:
        *steps, (kind, record) = server.events(STATE, "/api/job", job="report", asked={})
        assert kind == "answer"
        assert {name for name, _ in steps} == {"progress"}
        status, page, headers = server.ask("GET", f"/report/{record['name']}")
        assert (status, len(page)) == (200, record["bytes"])
        policy = headers["content-security-policy"]
        assert policy.startswith("sandbox ")
        assert "allow-same-origin" not in policy
        assert server.ask("GET", "/report/..%2fstate")[0] == 404
        assert server.ask("GET", f"/report/{record['name']}", headers={})[0] == 403
        assert sorted(path.name for path in tmp_path.iterdir()) == ["said.txt"]
