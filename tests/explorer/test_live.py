"""The numbers of the page are those of `talentsim compare`, to the bit, and its streams come in order."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sim.cli import main
from sim.draws.ensemble import find_ensemble
from sim.explorer import live
from sim.explorer.desk import found_entries
from sim.explorer.live import Bench
from sim.explorer.numbers import headlines_of, result_record
from sim.explorer.state import StateError, read_state
from sim.explorer.stream import answered, said_record
from sim.explorer.texts import scenario_text
from sim.explorer.views import VIEWS
from sim.runs.plan import RunPlan
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import load_basis
from tests.support.explorer_server import ENTRY_BAR, SMALL

STATES: dict[str, dict[str, Any]] = {
    "a lever": {"items": [ENTRY_BAR]},
    "another base": {"base": "us-opening", "items": [ENTRY_BAR]},
    "a policy with another size": {"items": [{"id": "m1", "kind": "policy", "name": "h1b_fee_all_hires", "from": 2027}]},
    "two, one dropped": {"items": [ENTRY_BAR, {**ENTRY_BAR, "id": "m2", "origin": ["IND"]}], "drop": ["h1b-fee-after"]},
    "a ramp to 2040": {"items": [{**ENTRY_BAR, "ramp": 3, "until": 2033}], "size": {**SMALL, "until": 2040}},
}


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    made = Bench(load_basis(), find_ensemble(), {}, 2)
    yield made
    made.close()


def compared(record: dict[str, Any], folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Run the command of a state and return its JSON."""
    state = read_state(record)
    path = folder / "explored.toml"
    path.write_text(scenario_text(state), encoding="utf-8")
    sizes = [word for key in SMALL for word in (f"--{key}", str(getattr(state, key)))]
    left_out = ["--no-assumptions", "--no-anatomy", "--no-report", "--json", "--out", str(folder / "results")]
    with pytest.raises(SystemExit) as done:
        main(["compare", state.base, str(path), *sizes, *left_out])
    assert done.value.code == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", STATES)
def test_a_state_equals_compare_to_the_bit(name: str, bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = {"size": SMALL, **STATES[name]}
    ours = result_record(bench.finish(read_state(record)))
    theirs = compared(record, tmp_path, capsys)
    without = lambda rows: [{key: value for key, value in row.items() if key != "prior_part"} for row in rows]  # noqa: E731
    assert without(json.loads(json.dumps(ours["headlines"]))) == without(theirs["headlines"])
    assert json.loads(json.dumps(ours["crossings"])) == theirs["crossings"]
    assert any(row["difference_points"] for row in ours["headlines"])


@pytest.mark.slow
def test_the_elite_is_refused_where_compare_refuses_it(bench: Bench) -> None:
    state = read_state({"size": SMALL, "items": [ENTRY_BAR]})
    rows = [row for row in headlines_of(bench.finish(state)) if row.tier == "elite"]
    assert {row.verdict for row in rows} == {"not comparable"}
    with pytest.raises(ValueError, match="elite needs 20,000 researchers x 10 replicates"):
        VIEWS["bands"](bench, state, {"tier": "elite", "axis": "work"})


@pytest.mark.slow
def test_the_flow_picture_holds_everybody(bench: Bench) -> None:
    state = read_state({"size": SMALL, "items": [ENTRY_BAR]})
    flow = VIEWS["flow"](bench, state, {"year": 2030})
    finished = bench.finish(state)
    people = finished.base_paths[20].sum() * finished.pair.weight / finished.pair.runs
    assert sum(row[3] for row in flow["base"]) == pytest.approx(people)
    assert VIEWS["flow"](bench, state, {"year": 2022})["published"]
    with pytest.raises(ValueError, match="2010 to 2035"):
        VIEWS["flow"](bench, state, {"year": 1999})


def test_a_base_that_is_not_here_is_named(bench: Bench) -> None:
    with pytest.raises(StateError, match=r"mine\.toml"):
        bench.question(read_state({"base": "mine"}))


def test_a_base_of_ones_own_travels_in_the_address(bench: Bench) -> None:
    text = 'title = "Mine"\n\n[[lever]]\nlayer = 1\nid = "x"\nname = "entry_bar"\norigin = "*"\ndestination = ["CAN"]\n'
    text += 'from = 2027\nuntil = 2050\nramp_years = 1\nchange = "set"\nvalue = 0.5\nevidence = "Assumed."\n'
    question = bench.question(read_state({"base": "mine", "text": text, "items": [ENTRY_BAR]}))
    assert [change.id for change in question.variant.scenario.levers] == ["x", "m1"]
    assert question.base.scenario.name == "mine"


def test_the_list_is_cut_to_what_can_be_aimed_at() -> None:
    for aims in (["sector"], ["origin", "talent_class"], ["stage"]):
        hits = found_entries("", aims)
        names = {hit["name"] for hit in hits if hit["kind"] == "lever"}
        assert names == {name for name, lever in LEVERS.items() if set(aims) <= set(lever.filters)}
        assert len(hits) < len(found_entries(""))
    assert all(hit["name"] != "phd_places" for hit in found_entries("phd places", ["origin"]))


def test_a_worker_that_fails_is_started_again_and_the_page_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real, failed = live.count_draw, set[int]()

    def fail_each_once(plan: RunPlan, number: int) -> live.CountedDraw:
        if plan.scenario.name == "explored" and number not in failed:
            failed.add(number)
            raise RuntimeError("gone")
        return real(plan, number)

    monkeypatch.setattr(live, "count_draw", fail_each_once)
    question = bench.question(read_state({"size": {**SMALL, "seed": 7}, "items": [ENTRY_BAR]}))

    async def events() -> list[tuple[str, Any]]:
        return [event async for event in answered(bench, question, {"tier": "top20", "axis": "work"}, lambda: True)]

    found = asyncio.run(events())
    names = [name for name, _ in found]
    assert [record for name, record in found if name == "again"] == [{"draw": k, "problem": "RuntimeError: gone"} for k in (0, 1)]
    assert names[-2:] == ["bands", "result"]


@pytest.mark.parametrize("stays", [True, False])
def test_nothing_is_held_of_a_stream_that_ended(bench: Bench, monkeypatch: pytest.MonkeyPatch, stays: bool) -> None:
    real, variants = bench.variant_draws, list[live.DrawsOfPlan]()

    def noted(question: live.PageQuestion) -> live.DrawsOfPlan:
        variants.append(real(question))
        return variants[-1]

    monkeypatch.setattr(bench, "variant_draws", noted)
    given: list[str] = []
    monkeypatch.setattr("sim.explorer.stream.give_back", lambda: given.append("back"))
    question = bench.question(read_state({"size": {**SMALL, "seed": 8 + stays}, "items": [ENTRY_BAR]}))

    async def names() -> list[str]:
        return [name async for name, _ in answered(bench, question, {"tier": "top20", "axis": "work"}, lambda: stays)]

    assert asyncio.run(names())[-1] == ("result" if stays else "stopped")
    assert given == ["back"]
    assert [draws.futures for draws in variants] == [{}]
    live.give_back()


@pytest.mark.parametrize("name", [None, "prior"])
def test_the_command_names_the_ensemble_that_the_page_runs(name: str | None) -> None:
    draws = find_ensemble(name)
    made = Bench(load_basis(), draws, {}, 1)
    command = said_record(made, made.question(read_state({"items": [ENTRY_BAR]})))["command"]
    made.close()
    assert command.endswith(f" --ensemble {draws.file}")
    assert find_ensemble(draws.file) == draws
