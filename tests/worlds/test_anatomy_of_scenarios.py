"""Anatomies of shipped scenarios, small: parts sum to the total, and researchers named as examples can be traced."""

import re
from pathlib import Path

import pytest

from sim.comparisons.anatomy.coalitions import players
from sim.comparisons.anatomy.dissect import Size, dissect, packaged_worlds
from sim.comparisons.anatomy.futures import LIFE, live_future
from sim.comparisons.anatomy.switches import Switch, switches_of
from sim.comparisons.folder import read_anatomy
from sim.data.load import load_data
from sim.draws.draw import REFERENCE
from sim.engines.axes import AXES, TIERS
from sim.engines.counts import shares
from sim.model.choice.randomness import make_key
from sim.model.population import APPLY, OUT
from sim.runs.execute import run_tasks
from sim.runs.folder import write_run
from sim.runs.lives.life import Life, State
from sim.runs.lives.trace import trace
from sim.runs.plan import tasks_of
from sim.scenarios.load import load_scenario, load_shipped
from sim.scenarios.reading.chain import shipped_names
from sim.scenarios.scenario import Scenario
from sim.sources import PACKAGE
from tests.support.packaged import plan_of, reference_draw, simulated, world_named

BASE = load_shipped("baseline")
WORLDS = packaged_worlds()
MULTI = [name for name in shipped_names() if len(players(BASE, load_shipped(name))) > 1]
RESEARCHERS, UNTIL = 150, 2031


def effect(variant: Scenario, year: int, axis: str, region: str) -> float:
    """Compute an effect at the reference point from two runs of `simulate`, percentage points."""
    data = load_data()
    draw = reference_draw()
    runs = [simulated(each, draw, 0, RESEARCHERS, 1, UNTIL) for each in (BASE, variant)]
    at = [shares(run.counts[year - 2000, TIERS.index("top20"), AXES.index(axis)])[data.codes.index(region)] for run in runs]
    return 100.0 * float(at[1] - at[0])


@pytest.mark.parametrize("name", MULTI)
def test_parts_of_every_shipped_scenario_sum_to_its_effect(name: str) -> None:
    variant = load_shipped(name)
    anatomy = dissect(BASE, variant, WORLDS, Size((REFERENCE,), researchers=RESEARCHERS, until=UNTIL, orders=4))
    assert anatomy.exact == (len(players(BASE, variant)) <= 6)
    cells = {(row.year, row.axis, row.region): row.total_points for row in anatomy.channels}
    assert len(cells) == 16
    for (year, axis, region), total in cells.items():
        parts = [row for row in anatomy.levers if (row.year, row.axis, row.region) == (year, axis, region)]
        assert sum(row.part_points for row in parts) == pytest.approx(total, abs=1e-9)
        assert all(row.total_points == pytest.approx(total, abs=1e-9) for row in parts)
        assert all(row.low_points <= row.part_points + 1e-9 and row.part_points <= row.high_points + 1e-9 for row in parts)
    year, axis, region = max(cells, key=lambda cell: (cell[0], abs(cells[cell])))
    assert cells[year, axis, region] == pytest.approx(effect(variant, year, axis, region), abs=1e-9)


def test_there_are_scenarios_with_few_and_with_many_levers() -> None:
    counts = [len(players(BASE, load_shipped(name))) for name in MULTI]
    assert min(counts) <= 6 < max(counts)


def test_a_scenario_against_itself_changes_nobody(tmp_path: Path) -> None:
    path = tmp_path / "renamed.toml"
    known = load_shipped("us-entry-restrictions")
    source = Path(known.path).read_text(encoding="utf-8")
    changed = source.replace('title    = "', 'title    = "Other words: ').replace("Assumption", "We assume")
    path.write_text(changed, encoding="utf-8")
    renamed = load_scenario(str(path))
    assert renamed.title != known.title
    assert renamed.levers != known.levers  # their evidence differs
    anatomy = dissect(known, renamed, WORLDS, Size((0, 1), researchers=400, until=2030))
    assert (anatomy.base, anatomy.variant) == ("us-entry-restrictions", "renamed")
    assert anatomy.switches == ()
    assert anatomy.levers == ()
    assert anatomy.channels
    for row in anatomy.channels:
        assert (row.total_points, row.direct_points, row.feedback_points, row.interaction_points) == (0.0, 0.0, 0.0, 0.0)


def test_workers_change_nothing() -> None:
    variant = load_shipped("us-entry-restrictions")
    size = Size((0, 1), researchers=150, until=2028)
    one, two = (dissect(BASE, variant, WORLDS, size, workers) for workers in (1, 2))
    assert one == two
    assert one.switches


def test_the_example_of_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (PACKAGE.parent / "docs" / "who-changed.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    monkeypatch.chdir(tmp_path)
    exec(compile(found[1], "who-changed.md", "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert read_anatomy(tmp_path / "anatomy").variant == "us-entry-restrictions"


def first_difference(one: Life, other: Life) -> int:
    """Name the first year in which two lives, as traced, differ."""
    lives = [{year.year: [year.after[name] for name in LIFE] for year in life.years} for life in (one, other)]
    return min(year for year in lives[0].keys() | lives[1].keys() if lives[0].get(year) != lives[1].get(year))


def state_in_words(state: State) -> str:
    """Say a state as a switch does."""
    return {OUT: "out", APPLY: "applying"}.get(state["stage"]) or load_data().codes[state["employer"]]


def test_traced_lives_part_in_the_year_that_is_told(tmp_path: Path) -> None:
    size, until, draw = 500, 2032, 1
    variant = load_shipped("us-broad-tightening")
    folders = []
    for scenario in (BASE, variant):
        plan = plan_of(scenario, draws=2, replicates=1, researchers=size, until=until)
        folders.append(write_run(plan, run_tasks(tasks_of(plan), 1), tmp_path).folder)
    key = make_key(1, 0)
    futures = [live_future(world_named(scenario, draw, size, until), key) for scenario in (BASE, variant)]
    found = switches_of(futures[0], futures[1], load_data().codes, (draw, 0))
    looked_at: list[Switch] = [each for each in found if "absent" not in (each.base, each.variant)][::8]
    assert len(looked_at) > 4
    for each in looked_at:
        lives = [trace(folder, each.name, draw, 0) for folder in folders]
        assert first_difference(*lives) == each.year
        ends = [life.years[-1].after for life in lives]
        assert [state_in_words(end) for end in ends] == [each.base, each.variant]
