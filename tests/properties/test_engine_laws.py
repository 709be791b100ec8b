"""Laws of the array engine: what is conserved, what policies may and may not touch, who depends on whom."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.data.load import load_data
from sim.draws.constants import first_guess
from sim.draws.draw import REFERENCE, Draw, reference_vector
from sim.engines.arrays import run_years
from sim.engines.axes import AXES, STAGES, TIERS
from sim.engines.walk import InvariantBrokenError, check_year
from sim.model.choice.randomness import make_key
from sim.model.population import OUT, STUDY, WORK
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.simulate import Walk
from sim.scenarios.load import load_scenario
from sim.scenarios.scenario import Scenario
from tests.support.packaged import simulated
from tests.support.toy import (
    FROZEN,
    History,
    identity,
    of_origin,
    random_world,
    rows_of,
    run,
    same_counts,
    same_people,
    stocks_and_flows,
    with_change,
)

MANY = settings(deadline=None, max_examples=50)
SEEDS = st.integers(0, 10_000)
TOP20, ELITE, ALL = range(3)
ORIGIN, STUDIED, WORKING, LOCATION, GRADUATES = range(5)
FIRST, LAST_TOY = 21, 26  # toy worlds of 26 years, changed in 2021 and later: congestion is in force from 2020


# --- sums -----------------------------------------------------------------------------------------------------


def tallied(people, regions: int) -> dict[str, np.ndarray]:
    """Count a year's rows a second time, with numpy."""
    active = (people.stage == STUDY) | (people.stage == WORK)
    worker = people.stage == WORK
    shares = np.zeros((3, 5, regions), dtype=np.int64)
    for tier, members in enumerate((active & (people.tier >= 1), active & (people.tier == 2), active)):
        for axis, column in enumerate((people.origin, people.study, people.employer, people.place)):
            shares[tier, axis] = np.bincount(column[members], minlength=regions)
        shares[tier, GRADUATES] = np.bincount(people.employer[members & worker], minlength=regions)
    stock = np.zeros((regions, regions), dtype=np.int64)
    np.add.at(stock, (people.origin[active], people.place[active]), 1)
    careers = np.zeros((regions, regions, regions), dtype=np.int64)
    visible = worker & (people.tier >= 1)
    np.add.at(careers, (people.origin[visible], people.study[visible], people.employer[visible]), 1)
    eligible = worker | ((people.stage == STUDY) & (people.years >= 1))
    return {"shares": shares, "stock": stock, "careers": careers, "eligible": np.array([eligible.sum()])}


@MANY
@given(SEEDS, st.integers(2, 8))
def test_researchers_are_conserved_by_region(seed: int, regions: int) -> None:
    history = run(random_world(seed, regions, years=15))
    for stock, expected in stocks_and_flows(history.counts):
        np.testing.assert_array_equal(stock, expected)
    assert stock.sum() > 0


@MANY
@given(SEEDS, st.integers(2, 8))
def test_counts_are_those_of_the_rows(seed: int, regions: int) -> None:
    history = run(random_world(seed, regions, years=15))
    for counts, people in zip(history.counts, history.people, strict=True):
        for name, expected in tallied(people, regions).items():
            np.testing.assert_array_equal(getattr(counts, name), expected, err_msg=name)


@MANY
@given(SEEDS)
def test_flows_are_those_of_the_rows(seed: int) -> None:
    history = run(random_world(seed, 5, years=15))
    for before, after, counts in zip(history.people, history.people[1:], history.counts[1:], strict=False):
        newcomers = after.study[len(before.study) :][after.stage[len(before.study) :] == STUDY]
        old = [column[: len(before.study)] for column in (after.stage, after.place, after.study)]
        entered = (before.stage == 0) & (old[0] == STUDY)
        chosen = np.concatenate([newcomers, old[2][entered]])
        np.testing.assert_array_equal(counts.demand, np.bincount(chosen, minlength=5))
        np.testing.assert_array_equal(counts.flows[0].sum(axis=(0, 1)), counts.demand)
        gone = (before.stage != OUT) & (old[0] == OUT)
        left = np.bincount(old[1][gone], minlength=5)
        np.testing.assert_array_equal(counts.flows[3].sum(axis=0), np.diag(left))
        graduated = (before.stage == STUDY) & (old[0] == WORK)
        moved = (before.stage % OUT > 0) & ~graduated & (before.place != old[1])  # workers, and students who are forced
        moves = np.zeros((5, 5), dtype=np.int64)
        np.add.at(moves, (before.place[moved], old[1][moved]), 1)
        np.testing.assert_array_equal(counts.flows[2].sum(axis=0), moves)
        first = np.zeros((5, 5), dtype=np.int64)
        np.add.at(first, (before.study[graduated], old[1][graduated]), 1)
        np.testing.assert_array_equal(counts.flows[1].sum(axis=0), first)


@MANY
@given(SEEDS)
def test_tiers_are_nested(seed: int) -> None:
    for counts in run(random_world(seed, 5, years=15)).counts:
        shares = counts.shares
        assert (shares[ELITE] <= shares[TOP20]).all()
        assert (shares[TOP20] <= shares[ALL]).all()
        totals = shares[:, :GRADUATES].sum(axis=2)
        assert (totals == totals[:, :1]).all()  # everyone stands once on every axis
        assert totals[TOP20, 0] <= counts.eligible[0] <= totals[ALL, 0]


@MANY
@given(SEEDS, st.floats(0.0, 3.0))
def test_a_higher_bar_leaves_a_part_of_the_visible(seed: int, step: float) -> None:
    world = random_world(seed, 4, years=10, **FROZEN)
    low, high = (run(world._replace(bar_top20=world.bar_top20 + more)).people[-1].tier >= 1 for more in (0.0, step))
    assert not (high & ~low).any()


def test_a_year_that_does_not_add_up_is_refused() -> None:
    def tampered(edit: Any) -> None:
        before = np.zeros(4, dtype=np.int64)
        for end in run_years(random_world(1, 4, years=8), make_key(1, 0)):
            if end.year == 2007:
                edit(end.counts)
            check_year(end, before)
            before = end.counts.stock.sum(axis=0)

    tampered(lambda counts: None)
    for name, cell in (("stock", (1, 2)), ("flows", (0, 1, 1, 2)), ("flows", (2, 1, 0, 3)), ("flows", (3, 1, 2, 2))):

        def add_one(counts: Any, name: str = name, cell: tuple[int, ...] = cell) -> None:
            getattr(counts, name)[cell] += 1

        with pytest.raises(InvariantBrokenError, match="2007, region"):
            tampered(add_one)
    with pytest.raises(InvariantBrokenError, match="2007: the tiers are not nested"):
        tampered(lambda counts: counts.shares[ELITE, ORIGIN].__iadd__(10_000))


# --- windows --------------------------------------------------------------------------------------------------

LEVERS = {
    "student_visa_refusal": (lambda x: np.minimum(1.0, x + 0.4), (0, 1)),
    "entry_bar": (0.6, (0, 1)),
    "border_closure": (0.9, (0, 1)),
    "visa_delay": (lambda x: x + 18.0, (0, 1)),
    "hostility": (lambda x: x + 1.0, (0, 1)),
    "phd_stipend": (lambda x: 2.0 * x, (0, 1)),
    "phd_places": (0.1, ()),
    "work_visa_odds": (0.0, (slice(None), 1)),
    "return_bonus": (lambda x: x + 2.0, ()),
    "cohort": (lambda x: 1.5 * x, (0,)),
}


def changed_runs(lever: str, seed: int, row: int) -> tuple[History, History]:
    world = random_world(seed, 4, years=LAST_TOY, people=60.0, mobility_area=np.eye(4), demand_2019=20.0)
    value, where = LEVERS[lever]
    return run(world), run(with_change(world, lever, value, row, where))


@pytest.mark.parametrize("lever", LEVERS)
@settings(deadline=None, max_examples=10)
@given(seed=SEEDS, row=st.integers(FIRST, LAST_TOY - 1))
def test_a_lever_changes_nothing_before_it_starts(lever: str, seed: int, row: int) -> None:
    base, variant = changed_runs(lever, seed, row)
    for t in range(row):
        assert same_counts(base.counts[t], variant.counts[t])
        assert same_people(base.people[t], variant.people[t])


@pytest.mark.parametrize("lever", LEVERS)
def test_a_lever_changes_something_once_it_has_started(lever: str) -> None:
    # The control of the law above: the same comparison sees every lever.
    pairs = [changed_runs(lever, seed, FIRST) for seed in range(4)]
    assert any(not same_people(base.people[-1], variant.people[-1]) for base, variant in pairs)


# --- who depends on whom --------------------------------------------------------------------------------------


def origin_rows(history: History, origins: list[int]) -> list[Any]:
    return [of_origin(people, origins) for people in history.people]


@MANY
@given(
    seed=SEEDS,
    lever=st.sampled_from(
        ["student_visa_refusal", "entry_bar", "border_closure", "visa_delay", "hostility", "phd_stipend", "cohort"]
    ),
)
def test_without_feedback_a_lever_on_one_origin_leaves_the_others_alone(seed: int, lever: str) -> None:
    world = random_world(seed, 5, years=12, mobility_area=np.eye(5), **FROZEN)
    value, where = LEVERS[lever]
    base, variant = run(world), run(with_change(world, lever, value, 3, where))
    others = [1, 2, 3, 4]
    for before, after in zip(origin_rows(base, others), origin_rows(variant, others), strict=True):
        assert same_people(before, after)


def test_with_feedback_a_lever_on_one_origin_reaches_the_others() -> None:
    # The control of the law above: the comparison can fail.
    world = random_world(1, 5, years=12, people=150.0, ecosystem_pull=0.6)
    base, variant = run(world), run(with_change(world, "student_visa_refusal", 1.0, 3, (0, slice(1, 5))))
    before, after = (of_origin(history.people[-1], [1, 2, 3, 4]) for history in (base, variant))
    assert not same_people(before, after)


@MANY
@given(seed=SEEDS, step=st.floats(0.0, 1.0), j=st.integers(1, 4), with_deterrence=st.booleans())
def test_more_refusals_never_bring_more_students(seed: int, step: float, j: int, with_deterrence: bool) -> None:
    changes = {**FROZEN, "border_closure": 0.0, "forced_exit": 0.0}
    if not with_deterrence:
        changes["refusal_deterrence"] = 0.0
    world = random_world(seed, 5, years=8, **changes)
    more = with_change(world, "student_visa_refusal", lambda x: x + step * (1.0 - x), 2, (0, j))
    base, variant = run(world), run(more)
    for before, after in zip(base.counts, variant.counts, strict=True):
        assert after.flows[0, 0, 0, j] <= before.flows[0, 0, 0, j]
        assert (np.delete(after.flows[0, 0, 0], j) >= np.delete(before.flows[0, 0, 0], j)).all()
    before, after = base.people[-1].study, variant.people[-1].study
    moved = before != after
    assert (before[moved] == j).all()


@MANY
@given(seed=SEEDS, origin=st.integers(0, 3), row=st.integers(0, 7))
def test_one_more_researcher_changes_nobody_else(seed: int, origin: int, row: int) -> None:
    world = random_world(seed, 4, years=10, **FROZEN)
    world = world._replace(cohort=np.floor(world.cohort))
    base = run(world)
    variant = run(with_change(world, "cohort", lambda x: x + 1.0, row, (origin,)))
    for before, after in zip(base.people, variant.people, strict=True):
        shared = identity(before)
        assert same_people(before, rows_of(after, shared))
    assert len(variant.people[-1].origin) == len(base.people[-1].origin) + 10 - row


# --- the real world, with constants that are only guessed (laws hold for any) ---------------------------------


@cache
def guessed_draw() -> Draw:
    data = load_data()
    return Draw(REFERENCE, reference_vector(data), first_guess(data))


def outcomes(scenario: Scenario, until: int = 2035, draw: Draw | None = None) -> Outcomes:
    return simulated(scenario, draw or guessed_draw(), 0, 300, 1, until, Walk(check_invariants=True))


@cache
def baseline() -> Outcomes:
    return outcomes(load_scenario("baseline"))


def same_years(one: Outcomes, other: Outcomes, years: int) -> bool:
    return all(
        np.array_equal(getattr(one, name)[:years], getattr(other, name)[:years])
        for name in ("years", "counts", "flows", "careers", "active", "eligible")
    )


def test_real_researchers_are_conserved() -> None:
    result = baseline()  # every year was checked on the way
    stock = result.counts[:, TIERS.index("all"), AXES.index("location")]
    flows = result.flows.sum(axis=2)
    moves = flows[:, STAGES.index("first_job")] + flows[:, STAGES.index("relocation")]
    change = flows[:, STAGES.index("entry")].sum(axis=1) + moves.sum(axis=1) - moves.sum(axis=2)
    change -= flows[:, STAGES.index("exit")].sum(axis=2)
    np.testing.assert_array_equal(np.diff(stock, axis=0), change[1:])
    np.testing.assert_array_equal(stock[0], change[0])
    np.testing.assert_array_equal(result.active, stock.sum(axis=1))
    workers = result.counts[:, TIERS.index("top20"), AXES.index("graduates")]
    np.testing.assert_array_equal(result.careers.sum(axis=(1, 2)), workers)


@pytest.mark.parametrize(("name", "start"), [("us-entry-restrictions", 2026), ("no-restrictions-2018-22", 2018)])
def test_a_shipped_scenario_equals_the_baseline_until_it_starts(name: str, start: int) -> None:
    variant = outcomes(load_scenario(name))
    assert same_years(baseline(), variant, start - 2000)
    assert not same_years(baseline(), variant, 36)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[[lever]]\nname = "cohort_size"\nchange = "multiply"\nvalue = 1\nfrom = 2015\nevidence = "a control"\n',
        '[[lever]]\nname = "entry_bar"\norigin = ["IND"]\ndestination = ["KOR"]\nchange = "add"\nvalue = 0\n'
        'from = 2020\nevidence = "a control"\n',
    ],
    ids=["nothing", "times one", "plus zero"],
)
def test_a_scenario_without_difference_gives_exactly_zero(text: str, tmp_path: Path) -> None:
    path = tmp_path / "same.toml"
    path.write_text(f'title = "The same"\nquestion = "None?"\nextends = "baseline"\n{text}', encoding="utf-8")
    assert same_years(baseline(), outcomes(load_scenario(str(path))), 36)


def test_without_feedback_a_shipped_scenario_touches_one_origin_only() -> None:
    usual = guessed_draw()
    frozen = Draw(usual.number, {**usual.parameters, **FROZEN}, usual.constants)
    base, variant = (outcomes(load_scenario(name), draw=frozen) for name in ("baseline", "us-entry-restrictions"))
    china = load_data().codes.index("CHN")
    for name, axis in (("flows", 2), ("careers", 1)):
        before, after = getattr(base, name), getattr(variant, name)
        np.testing.assert_array_equal(np.delete(before, china, axis), np.delete(after, china, axis))
        assert (before != after).any()


def test_another_seed_or_replicate_is_another_history() -> None:
    scenario = load_scenario("baseline")
    others = [simulated(scenario, guessed_draw(), *key, 2035) for key in ((1, 300, 1), (0, 300, 2))]
    assert not same_years(baseline(), others[0], 36)
    assert not same_years(baseline(), others[1], 36)
    assert not same_years(others[0], others[1], 36)


def test_years_do_not_depend_on_the_horizon() -> None:
    assert same_years(baseline(), outcomes(load_scenario("baseline"), until=2018), 19)
