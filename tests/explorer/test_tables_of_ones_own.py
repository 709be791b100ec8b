"""The page with tables of one's own: its draws are solved first, its desk and numbers are of them, its command names them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.cli import main
from sim.data.load import data_in_force
from sim.draws.ensemble import find_ensemble
from sim.explorer.desk import desk_record
from sim.explorer.live import Bench, check_solved, solve_ahead, unsolved_tasks
from sim.explorer.numbers import result_record
from sim.explorer.state import StateError, fragment_of, read_state
from sim.explorer.stream import said_record
from sim.explorer.texts import scenario_text
from sim.explorer.views import VIEWS, ViewError
from sim.scenarios.load import load_basis
from sim.sources import PACKAGE
from tests.support.explorer_server import SMALL, served

pytestmark = pytest.mark.slow
CHIPS = PACKAGE.parent / "examples" / "chips"
PAY = {
    "id": "m1", "kind": "lever", "name": "research_pay", "change": "multiply", "value": 1.3, "destination": ["KOR"], "from": 2027,
}  # fmt: skip
STATE: dict[str, Any] = {"items": [PAY], "size": SMALL}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with data_in_force(CHIPS):
        made = Bench(load_basis(), find_ensemble(), {}, 2)
        solve_ahead(made.question(read_state(STATE)).base, 2, None)
        yield made
        made.close()


def test_the_desk_is_of_these_regions(bench: Bench) -> None:
    desk, codes = desk_record(bench), set(bench.basis.data.codes)
    assert [each["name"] for each in desk["bases"]] == ["baseline", "taiwan-retention"]
    assert {each["code"] for each in desk["regions"]} == codes
    assert (desk["leader"], desk["told"]) == ("USA", ["USA", "TWN", "EAST_ASIA", "KOR", "NLD"])
    assert (desk["policies"], desk["assumptions"], desk["groups"]) == ([], [], {"EAST_ASIA": "East Asia"})
    asked = [code for each in desk["examples"] for key in ("origin", "destination") for code in each.get(key, [])]
    assert set(asked) == {"USA", "TWN"}
    for example in desk["examples"]:
        bench.question(read_state({"items": [{"id": "m1", **example}]}))


def test_numbers_equal_compare_and_the_command_gives_them(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = read_state(STATE)
    ours = result_record(bench.finish(state))
    said = said_record(bench, bench.question(state))
    assert f"--data {CHIPS}" in said["command"]
    assert f'data="{CHIPS}")' in said["python"]
    (tmp_path / "explored.toml").write_text(scenario_text(state), encoding="utf-8")
    words = said["command"].split()[1:]
    words[2] = str(tmp_path / "explored.toml")
    left_out = ["--no-assumptions", "--no-anatomy", "--no-report", "--json", "--out", str(tmp_path / "results")]
    with pytest.raises(SystemExit) as done:
        main([*words, *left_out])
    assert done.value.code == 0
    theirs = json.loads(capsys.readouterr().out)
    for row, other in zip(ours["headlines"], theirs["headlines"], strict=True):
        assert {key: row[key] for key in ("region", "year", "difference_points", "verdict")} == {
            key: other[key] for key in ("region", "year", "difference_points", "verdict")
        }
    assert any(row["difference_points"] for row in ours["headlines"])


def test_draws_that_are_not_solved_are_told_with_the_command_that_solves_them(bench: Bench) -> None:
    question = bench.question(read_state({**STATE, "size": {**SMALL, "draws": 97}}))
    if not unsolved_tasks(question.base):
        pytest.skip("somebody solved 97 draws of this example")
    with pytest.raises(StateError, match=rf"not solved yet, .* --draws 97 .* --data {CHIPS}, then ask again"):
        check_solved(question)


def test_views_know_nothing_of_what_was_published_for_other_data(bench: Bench) -> None:
    state = read_state(STATE)
    flow = VIEWS["flow"](bench, state, {"year": 2030})
    assert (flow["published"], set(flow["regions"]) <= {*bench.basis.data.codes, "other"}) == ([], True)
    assert VIEWS["futures"](bench, state, {})["challenger"] == "TWN"
    with pytest.raises(ViewError, match="tables of yours have none"):
        VIEWS["fit"](bench, state, {})


def test_the_server_answers_with_them(bench: Bench, tmp_path: Path) -> None:
    with served(tmp_path, "--data", str(CHIPS), fragment_of({"v": 1, "size": SMALL})) as page:
        status, body, _ = page.ask("GET", "/api/desk")
        assert (status, len(json.loads(body)["regions"])) == (200, 5)
        events = page.events(STATE)
        assert [name for name, _ in events][-2:] == ["bands", "result"], events
        assert events[0][1]["places"] == [*bench.basis.data.codes, "EAST_ASIA"]
