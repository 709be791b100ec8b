"""The tracker continued: every row that was published is in it, and what stands beside it is what the runs say."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.calibration.tracker.charts import TRACKER_ROWS, published_ids, read_charts
from sim.calibration.tracker.project import TRACKER_YEARS, TrackerValue, seen_with_students, tracker_id, tracker_values
from sim.cli.questions.tracker import tracker_lines
from sim.draws.worlds import named_draw, world_of
from sim.engines.arrays import run_years
from sim.engines.axes import AXES, TIERS
from sim.model.choice.randomness import make_key
from sim.reports.tracker import write_tracker
from sim.runs.execute import execute
from sim.runs.outcomes.institutions import VARIED_DISPERSION, leading_by_region
from sim.runs.plan import RunPlan, tasks_of
from sim.runs.rows import read_rows, write_rows
from sim.scenarios.load import load_basis

BASIS = load_basis()
DATA = BASIS.data
CHARTS = read_charts(DATA)
PUBLISHED = {target.id for target in DATA.targets if target.id.startswith(TRACKER_ROWS)}


def test_every_published_row_is_in_the_tracker_once() -> None:
    found = Counter(published_ids(CHARTS))
    assert len(PUBLISHED) == 77
    assert {name for name in found if name.startswith(TRACKER_ROWS)} == PUBLISHED
    assert set(found.values()) == {1}


def test_a_row_asks_for_the_people_that_its_target_counts() -> None:
    keys = {"origin": "origin", "work": "destination", "study": "study"}
    checked = 0
    for chart in CHARTS:
        for row in chart.rows:
            for target in row.published.values():
                if row.operator in ("share", "institutions", "share_within"):
                    counted = target.origin if target.axis in ("origin", "origin_mix") else target.destination
                    assert set(row.arguments["regions"]) == set(counted or ()), target.id
                    assert row.arguments.get("tier", "top20") == target.tier, target.id
                    checked += 1
                elif row.operator in ("workforce", "stay", "study_of_origin", "work_of_origin"):
                    for name, field in keys.items():
                        if name in row.arguments:
                            assert set(row.arguments[name]) == set(getattr(target, field) or ()), (target.id, name)
                    checked += 1
    assert checked == 77 + 8 - 6 - 2  # derived rows are there too; samples and the two of working abroad have no regions


def plan_of(**options: int) -> RunPlan:
    return RunPlan(BASIS.baseline, BASIS, **({"draws": 2, "replicates": 2, "researchers": 1_000, "until": 2030} | options))


@pytest.fixture(scope="module")
def values() -> list[TrackerValue]:
    return tracker_values(plan_of())


def of(values: list[TrackerValue], chart: str, row: str) -> list[TrackerValue]:
    found = [value for value in values if (value.chart, value.row) == (chart, row)]
    assert [value.year for value in found] == [year for year in TRACKER_YEARS if year <= 2030]
    return found


@pytest.mark.slow
def test_shares_are_those_of_the_runs(values: list[TrackerValue]) -> None:
    runs = [outcome for task in tasks_of(plan_of()) for outcome in execute(task)]
    for chart, tier, axis in (("work", "top20", "work"), ("elite-origin", "elite", "origin"), ("study", "top20", "study")):
        for value in of(values, chart, "China"):
            counted = [run.counts[value.year - 2000, TIERS.index(tier), AXES.index(axis)] for run in runs]
            shares = [each[DATA.codes.index("CHN")] / each.sum() for each in counted]
            assert value.p50 == pytest.approx(np.median(shares))
            assert value.p05 == pytest.approx(np.quantile(shares, 0.05))
            assert value.mean == pytest.approx(np.mean(shares))


@pytest.mark.slow
def test_institutions_vary_with_the_assumption_too(values: list[TrackerValue]) -> None:
    runs = [outcome for task in tasks_of(plan_of()) for outcome in execute(task)]
    for value in of(values, "institutions", "United States"):
        people = np.stack([run.counts[value.year - 2000, TIERS.index("top20"), AXES.index("work")] for run in runs])
        counted = [leading_by_region(people, a)[:, DATA.codes.index("USA")] for a in VARIED_DISPERSION]
        assert value.p05 == pytest.approx(np.quantile(counted, 0.05))
        assert value.p95 == pytest.approx(np.quantile(counted, 0.95))
    whole = sum(value.mean for value in values if value.chart == "institutions" and value.year == 2022)
    assert whole == pytest.approx(25.0)


@pytest.mark.slow
def test_students_are_counted_by_origin_and_school() -> None:
    draw = named_draw(BASIS, BASIS.baseline, 0)
    world = world_of(DATA, BASIS.baseline, draw, 1_000, 2012)
    ends = run_years(world, make_key(1, 0))
    seen = seen_with_students(ends, DATA.codes, 2.0)
    visible = seen.shares[:, TIERS.index("top20")]
    assert (seen.studying.sum(axis=2) == visible[:, AXES.index("origin")]).all()
    assert (seen.studying.sum(axis=1) == visible[:, AXES.index("study")]).all()
    assert seen.studying.sum() > seen.careers.sum() > 0


@pytest.mark.slow
def test_page_csv_and_terminal_hold_every_published_row(values: list[TrackerValue], tmp_path: Path) -> None:
    page = write_tracker(values, CHARTS, "A title", "A note.", tmp_path).read_text(encoding="utf-8")
    assert all(f"<small>{name}</small>" in page for name in PUBLISHED)
    assert "no endorsement" in page
    write_rows(tmp_path / "tracker.csv", TrackerValue, values)
    again = read_rows(tmp_path / "tracker.csv", TrackerValue)
    assert {value.target for value in again} >= PUBLISHED
    assert [repr(value) for value in again] == [repr(value) for value in values]
    lines = list(tracker_lines(CHARTS, values))
    assert max(len(line) for line in lines[:-1]) <= 80
    printed = "\n".join(lines)
    for chart in CHARTS:
        for row in chart.rows:
            assert f"\n{row.label}" in printed, row.label
    assert {path.stem for path in (tmp_path / "figures").glob("*.png")} == {chart.id for chart in CHARTS} - {"sample"}


def test_the_name_of_a_tracker_is_that_of_its_numbers() -> None:
    assert tracker_id(plan_of()) == tracker_id(dataclasses.replace(plan_of(), workers=7))
    assert tracker_id(plan_of()) != tracker_id(plan_of(draws=3))


def test_what_cannot_be_continued_is_said(talentsim: Callable[..., tuple[int, str, str]]) -> None:
    code, _, err = talentsim("tracker", "baselin")
    assert code == 2
    assert "baseline" in err
    code, _, err = talentsim("tracker", "--chart", "wrok")
    assert code == 2
    assert "Did you mean work?" in err
    code, _, err = talentsim("tracker", "--until", "2020")
    assert code == 2
    assert "2022 or later" in err
