"""The levers beside the visa path: participation, mobility, pay, capital, shocks; neutral at their defaults."""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.data.load import load_data
from sim.draws.assembly import make_world
from sim.draws.constants import first_guess
from sim.draws.draw import reference_vector
from sim.engines.expected.years import expected_years
from sim.model.indices import first_indices
from sim.model.world import World
from sim.model.year import make_lone_year
from sim.scenarios.levers.changes import LeverChange, Policies, resolve_policies
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import axis_ids
from sim.scenarios.levers.observed import observed_policies
from tests.support.toy import (
    EQUAL_TALENT,
    FROZEN,
    abroad,
    four_sigma,
    plain_world,
    random_world,
    run,
    same_counts,
    with_change,
    with_levers,
)

DATA = load_data()
USA, CHN, DEU, FRA = (DATA.codes.index(code) for code in ("USA", "CHN", "DEU", "FRA"))
SPAN = 2030 - 2000 + 1


# --- from levers to the world of a run ----------------------------------------------------------------------


@cache
def defaults() -> Policies:
    return observed_policies(DATA, reference_vector(DATA))


def change(name: str, value: float, kind: str = "set", start: int = 2026, **chosen: tuple[int, ...]) -> LeverChange:
    """A change of everyone unless told otherwise."""
    return LeverChange(
        id="a", name=name, from_year=start, until_year=2050, ramp_years=1, change=kind, value=value,
        **axis_ids(name, chosen, len(DATA.codes)),
    )  # fmt: skip


def world_with(*changes: LeverChange) -> World:
    policies = resolve_policies(defaults(), [changes], {}, 2000)
    return make_world(DATA, reference_vector(DATA), first_guess(DATA), policies, 2030, 1.0)


def fields_that_differ(one: World, other: World) -> set[str]:
    before, after = arrays_of(one), arrays_of(other)
    return {name for name, array in before.items() if not np.array_equal(array, after[name])}


def arrays_of(world: World) -> dict[str, np.ndarray]:
    """List the arrays of a world, those of its levers among them."""
    given = {name: value for name, value in world._asdict().items() if isinstance(value, np.ndarray)}
    return given | world.levers._asdict()


ENTERS = {
    "post_study_attempts": {"post_study_attempts"},
    "residence_wait": {"residence_wait"},
    "forced_exit": {"forced_exit"},
    "exit_gate": {"exit_gate"},
    "entry_bar": {"entry_bar"},
    "work_visa_delay": {"work_visa_delay"},
    "research_pay": {"research_pay"},
    "research_capital": {"research_capital"},
    "doctoral_quality": {"doctoral_quality", "study_drift"},
    "place_shock": {"place_shock", "study_drift", "work_drift"},
    "mobility_area": {"mobility_area", "student_visa_refusal", "residence_wait"},
    "offshoring": {"offshoring"},
    "participation": {"participation"},
    "phd_stipend": {"phd_stipend"},
}


@pytest.mark.parametrize("name", ENTERS)
def test_a_lever_moves_its_own_field_in_its_window(name: str) -> None:
    declared = LEVERS[name]
    world = world_with(change(name, 0.25 * declared.low + 0.75 * declared.high))
    before = world_with()
    assert fields_that_differ(before, world) == ENTERS[name]
    for field in ENTERS[name]:
        np.testing.assert_array_equal(arrays_of(world)[field][: 2026 - 2000], arrays_of(before)[field][: 2026 - 2000])


def test_a_lever_at_its_default_changes_no_bit() -> None:
    neutral = [change(name, lever.neutral, start=2000) for name, lever in LEVERS.items() if lever.neutral is not None]
    once = [change(name, 1.0, "multiply", 2000) for name, lever in LEVERS.items() if lever.neutral is None]
    assert fields_that_differ(world_with(), world_with(*neutral, *once)) == set()


def test_pay_reaches_natives_unless_the_file_leaves_them_out() -> None:
    everyone = world_with(change("research_pay", 0.5, "multiply", destination=(USA,), sector=(1,)))
    foreigners = tuple(o for o in range(len(DATA.codes)) if o != USA)
    fee = world_with(change("research_pay", 0.5, "multiply", origin=foreigners, destination=(USA,), sector=(1,)))
    base = world_with()
    t = 2026 - 2000
    np.testing.assert_allclose(everyone.levers.research_pay[t, :, USA, 1], 0.5 * base.levers.research_pay[t, :, USA, 1])
    np.testing.assert_allclose(
        fee.levers.research_pay[t, foreigners, USA, 1], 0.5 * base.levers.research_pay[t, foreigners, USA, 1]
    )
    assert fee.levers.research_pay[t, USA, USA, 1] == base.levers.research_pay[t, USA, USA, 1]
    np.testing.assert_array_equal(everyone.levers.research_pay[t, :, USA, 0], base.levers.research_pay[t, :, USA, 0])


def test_mobility_lifts_refusal_delay_and_wait_and_authorises() -> None:
    t = 2026 - 2000
    pair: dict[str, Any] = {"origin": (CHN,), "destination": (USA,)}
    delayed = [change(name, 6.0, **pair) for name in ("visa_delay", "work_visa_delay")]
    base, half, full = (world_with(*delayed, change("mobility_area", m, **pair)) for m in (0.0, 0.5, 1.0))
    for field in ("student_visa_refusal", "visa_delay", "work_visa_delay", "residence_wait"):
        cell = arrays_of(base)[field][t, CHN, USA]
        assert np.all(cell > 0.0)
        np.testing.assert_array_equal(arrays_of(half)[field][t, CHN, USA], 0.5 * cell)
        np.testing.assert_array_equal(arrays_of(full)[field][t, CHN, USA], 0.0 * cell)
    chances = [make_lone_year(world, first_indices(world), t).authorised[CHN, 0, USA] for world in (base, half, full)]
    np.testing.assert_allclose(chances[1], 0.5 + 0.5 * chances[0])
    np.testing.assert_array_equal(chances[2], [1.0, 1.0])
    split = world_with(change("mobility_area", 0.0, origin=(DEU,), destination=(FRA,)))
    assert make_lone_year(split, first_indices(split), t).authorised[DEU, 0, FRA, 1] < 1.0


def test_parts_of_an_attempt_are_rounded() -> None:
    world = world_with(
        change("post_study_attempts", 2.4, destination=(USA,)), change("post_study_attempts", 2.5, destination=(FRA,))
    )
    assert world.levers.post_study_attempts[-1, [USA, FRA]].tolist() == [2.0, 3.0]


# --- what they do to a world --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("post_study_attempts", 4.0),
        ("residence_wait", 0.0),
        ("forced_exit", 0.3),
        ("exit_gate", 0.4),
        ("entry_bar", 0.4),
        ("work_visa_delay", 6.0),
        ("research_pay", lambda old: 2.0 * old),
        ("research_capital", lambda old: old * np.array([1e3, 1.0, 1.0, 1.0])),
        ("study_drift", lambda old: old + np.arange(4.0)),
        ("work_drift", lambda old: old + np.arange(4.0)),
        ("mobility_area", 1.0),
        ("offshoring", 1.0),
        ("participation", 0.5),
    ],
)
def test_before_its_window_a_lever_changes_no_bit(name: str, value: Any) -> None:
    world = random_world(3, 4, years=14, people=60.0)
    if name == "research_pay":
        cells = (slice(None), 1)
        changed = with_change(world, name, value, 9, cells)
    else:
        changed = with_change(world, name, value, 9)
    before, after = run(world).counts, run(changed).counts
    assert all(same_counts(a, b) for a, b in zip(before[:9], after[:9], strict=True))
    assert not all(same_counts(a, b) for a, b in zip(before, after, strict=True))


def test_participation_is_observation_only() -> None:
    world = random_world(9, 4, years=16, people=200.0, participation=1.0, ecosystem_pull=0.6)
    partly = run(with_levers(world, participation=np.tile([1.0, 0.3, 1.0, 0.0], (16, 1))))
    fully = run(world)
    for some, everyone, rows, all_rows in zip(partly.counts, fully.counts, partly.people, fully.people, strict=True):
        for name in ("flows", "stock", "demand", "eligible", "stars"):
            np.testing.assert_array_equal(getattr(some, name), getattr(everyone, name))
        np.testing.assert_array_equal(some.shares[2], everyone.shares[2])
        np.testing.assert_array_equal(some.shares[:2, 3, [0, 2]], everyone.shares[:2, 3, [0, 2]])
        assert not some.shares[:2, 3, 3].any()
        seen = rows.tier > 0
        assert (rows.tier[seen] == all_rows.tier[seen]).all()
        np.testing.assert_array_equal(everyone.shares[:2, 3], everyone.stars)
    there = sum(counts.stars[0, 1] for counts in fully.counts)
    seen_there = sum(counts.shares[0, 3, 1] for counts in partly.counts)
    assert abs(seen_there / there - 0.3) < four_sigma(0.3, there)
    expected = [
        list(expected_years(each, patterns=16))[-1].shares for each in (world, with_levers(world, participation=partly_of(16)))
    ]
    np.testing.assert_allclose(expected[1][:2, 3], expected[0][:2, 3] * [1.0, 0.3, 1.0, 0.0])
    np.testing.assert_allclose(expected[1][2], expected[0][2])


def partly_of(years: int) -> np.ndarray:
    return np.tile([1.0, 0.3, 1.0, 0.0], (years, 1))


def test_a_shock_to_a_place_keeps_people_away_from_study_and_work() -> None:
    shock = np.zeros((14, 3))
    shock[8:, 0] = -2.0
    calm = plain_world(3, 14, relocation_hazard=0.5)
    hit = calm._replace(study_drift=shock, work_drift=shock)
    years = [list(expected_years(world, patterns=2))[-1] for world in (calm, hit)]
    assert years[1].demand[0] < 0.5 * years[0].demand[0]
    assert years[1].shares[2, 3, 0] < 0.8 * years[0].shares[2, 3, 0]
    odds = [year.demand[0] / year.demand[1] for year in list(expected_years(calm._replace(study_drift=shock), patterns=2))[8:9]]
    lam = calm.coefficients.nest_dissimilarity
    frozen = plain_world(3, 9, **{**FROZEN, "option_value_weight": 0.0})._replace(study_drift=shock[:9])
    entry = list(expected_years(frozen, patterns=2))[-1].entry
    assert entry[1, 0] / entry[1, 2] == pytest.approx(math.exp(-2.0 / lam))  # one nest abroad
    assert odds[0] < 0.5


def test_a_wait_deters_and_keeps_a_status_temporary() -> None:
    def at_work(wait: float) -> float:
        world = plain_world(3, 16, mobility_area=np.eye(3), residence_wait=abroad(wait, 3), residence_wait_cost=0.6, **FROZEN)
        stock = list(expected_years(world, patterns=2))[-1].shares
        return float(stock[2, 3].sum())

    assert at_work(0.0) == pytest.approx(at_work(5.0))
    homes = []
    for wait in (0.0, 5.0):
        world = plain_world(3, 16, mobility_area=np.eye(3), residence_wait=abroad(wait, 3), residence_wait_cost=0.6, **FROZEN)
        stock = run(world).counts[-1].stock
        homes.append(np.diag(stock).sum() / stock.sum())
    assert homes[0] < homes[1] - 0.03


# --- expected flows with everything on ----------------------------------------------------------------------

REPLICATES, SCALE, YEARS, REGIONS = 8, 16.0, 24, 5


@cache
def busy_world(seed: int) -> World:
    """A random world in which every lever of this page starts at some time."""
    draw = np.random.default_rng(100 + seed)
    forced = np.zeros((YEARS, REGIONS, REGIONS, 2))
    forced[10:] = (draw.random((REGIONS, REGIONS, 2)) < 0.6) * draw.uniform(0.05, 0.3, (REGIONS, REGIONS, 2))
    forced *= abroad(1.0, REGIONS)[:, :, None]
    gate = np.zeros((YEARS, REGIONS, 2))
    gate[8:] = draw.uniform(0.0, 0.5, (REGIONS, 2))
    participation = np.ones((YEARS, REGIONS))
    participation[12:] = draw.uniform(0.3, 1.0, REGIONS)
    shock = np.zeros((YEARS, REGIONS))
    shock[14:] = draw.normal(0.0, 0.5, REGIONS)
    world = random_world(
        seed,
        REGIONS,
        years=YEARS,
        people=150.0,
        study_region_pull=1.0,
        home_tie_sd=0.5,
        forced_exit=forced,
        exit_gate=gate,
        participation=participation,
        offshoring=draw.uniform(0.0, 1.0, REGIONS),
    )
    return world._replace(study_drift=world.study_drift + shock, work_drift=world.work_drift + shock)


def without_mixtures(world: World) -> World:
    """Let nobody enter late and every origin have the same talent: both add to what expected compositions leave out (0020)."""
    equal = np.tile(EQUAL_TALENT, (len(world.anglophone), 1))
    return world._replace(coefficients=world.coefficients._replace(late_entry=0.0), talent_up_to=equal)


@pytest.mark.parametrize("seed", [11, 12])
@pytest.mark.parametrize("tier", [0, 1, 2])
def test_expected_flows_agree_with_the_engine_with_every_lever_on(seed: int, tier: int) -> None:
    world = without_mixtures(busy_world(seed))
    axes = [0, 3] if tier == 2 else list(range(5))
    years = [10, 14, 18, 23]
    flows = [year.shares for year in expected_years(world, patterns=1024)]
    expected = np.array(flows)[years, tier][:, axes]
    small = world._replace(people_per_researcher=1.0 / SCALE)
    runs = [run(small, seed=7, replicate=r).counts for r in range(REPLICATES)]
    drawn = np.array([[counts[t].shares for t in years] for counts in runs], float)[:, :, tier][:, :, axes]
    expected = expected / expected.sum(axis=-1, keepdims=True)
    shares = drawn / drawn.sum(axis=-1, keepdims=True)
    error = shares.std(axis=0, ddof=1) / math.sqrt(REPLICATES)
    gap = np.abs(drawn.sum(axis=0) / drawn.sum(axis=(0, -1))[..., None] - expected)
    assert (gap <= 2.0 * error + 0.005).all(), gap.max()
