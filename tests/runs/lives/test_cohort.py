"""A cohort's fates are those of the same persons followed one by one, and its stocks those of the run."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from sim.cli.questions.cohort import cohort_lines
from sim.engines.arrays import run_years
from sim.engines.axes import AXES, TIERS
from sim.model.choice.randomness import make_key
from sim.model.population import OUT, STUDY, WORK
from sim.runs.lives.cohort import FATES, REMAINING, CohortGroup, fates, follow
from sim.runs.plan import RunPlan, tasks_of
from sim.scenarios.load import load_basis
from tests.support.toy import random_world

KEY = make_key(5, 2)
YEAR = 2010
GROUPS = (
    CohortGroup(YEAR),
    CohortGroup(YEAR, origin=(1,), at=(0,)),
    CohortGroup(YEAR, origin=(1, 2), study=(0,), is_doctors=True),
    CohortGroup(YEAR, study=(0, 3), at=(2,)),
    CohortGroup(YEAR, at=(0,), tier="top20"),
    CohortGroup(YEAR, origin=(0,), tier="elite"),
)

State = dict[str, int]


@pytest.fixture(scope="module")
def world() -> Any:
    return random_world(11, 4, years=20, people=40.0, relocation_hazard=0.6, forced_exit=0.2)


@pytest.fixture(scope="module")
def lives(world: Any) -> dict[int, dict[tuple[int, int, int], State]]:
    """By year, the state of every researcher by identity."""
    found: dict[int, dict[tuple[int, int, int], State]] = {}
    for end in run_years(world, KEY):
        columns = {name: column[: end.entered].tolist() for name, column in end.researchers._asdict().items()}
        states = ({name: column[k] for name, column in columns.items()} for k in range(end.entered))
        found[end.year] = {(s["origin"], s["cohort"], s["index"]): s for s in states}
    return found


def belongs(s: State, group: CohortGroup) -> bool:
    is_seen = {"all": True, "top20": s["tier"] >= 1, "elite": s["tier"] == 2}[group.tier]
    return (
        s["stage"] in (STUDY, WORK)
        and (group.origin is None or s["origin"] in group.origin)
        and (group.study is None or s["study"] in group.study)
        and (group.at is None or s["place"] in group.at)
        and is_seen
        and (not group.is_doctors or (s["stage"] == WORK and s["age"] == 0))
    )


def fate(before: State, now: State, group: CohortGroup) -> str:
    if now["stage"] == OUT:
        return "left"
    if now["place"] in (group.at or group.study or (before["place"],)):
        return "stayed"
    return "home" if now["place"] == now["origin"] else "elsewhere"


@pytest.mark.parametrize("group", GROUPS, ids=range(len(GROUPS)))
def test_fates_are_those_of_persons_followed_one_by_one(world: Any, lives: Any, group: CohortGroup) -> None:
    who = [name for name, state in lives[YEAR].items() if belongs(state, group)]
    assert len(who) > 5
    counted = fates(run_years(world, KEY), group)
    assert len(counted) == max(lives) - YEAR + 1
    for y, row in enumerate(counted):
        told = Counter(fate(lives[YEAR][name], lives[YEAR + y][name], group) for name in who)
        assert row.tolist() == [told[name] for name in FATES]
    assert len({tuple(row) for row in counted.tolist()}) > 3


def test_of_those_who_are_somewhere_all_have_stayed_at_first_and_nobody_comes_back_to_research(world: Any) -> None:
    counted = fates(run_years(world, KEY), CohortGroup(YEAR))
    assert counted[0].tolist() == [counted[0].sum(), 0, 0, 0]
    assert (np.diff(counted[:, FATES.index("left")]) >= 0).all()


@pytest.mark.slow
def test_the_group_of_a_run_is_its_stock_and_shares_add_to_one(outcomes_of: Any) -> None:
    plan = RunPlan(load_basis().baseline, load_basis(), draws=2, replicates=2, researchers=1_000, until=2024)
    from sim.runs.execute import execute

    runs = [outcome for task in tasks_of(plan) for outcome in execute(task)]
    found = follow(plan, CohortGroup(2019, at=(0,), tier="top20"), runs[0].weight)
    seen = [run.counts[19, TIERS.index("top20"), AXES.index("location"), 0] for run in runs]
    assert found.simulated == sum(seen)
    assert found.people[1] == pytest.approx(np.median(seen) * runs[0].weight)
    for year in range(2019, 2025):
        rows = {row.fate: row for row in found.rows if row.year == year}
        assert sum(rows[name].share_mean for name in FATES) == pytest.approx(1.0)
        assert rows["stayed"].share_mean <= rows[REMAINING].share_mean
        assert rows["stayed"].share_p05 <= rows["stayed"].share_p50 <= rows["stayed"].share_p95
    lines = cohort_lines(found, "Those")
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines[4:10]] == [str(year) for year in range(2019, 2025)]
