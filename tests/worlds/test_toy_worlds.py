"""Small worlds whose right answer is known beforehand, in the engine and in expected flows."""

import math

import numpy as np
import pytest

from sim.engines.expected.years import expected_years
from sim.model.population import WORK
from sim.model.world import World
from tests.support.toy import FROZEN, abroad, four_sigma, plain_world, run, with_change


def last_shares(world: World, tier: int = 2, axis: int = 3) -> np.ndarray:
    """Expected shares by region in the last year: all active by place, unless told."""
    people = list(expected_years(world, patterns=2))[-1].shares[tier, axis]
    return people / people.sum()


@pytest.mark.parametrize("regions", [2, 5, 20])
def test_regions_alike_share_evenly(regions: int) -> None:
    # Feedback on: what is alike stays alike.
    for tier, axis in ((2, 3), (0, 0), (0, 1), (0, 2), (1, 4)):
        shares = last_shares(plain_world(regions, 16), tier, axis)
        np.testing.assert_allclose(shares, 1.0 / regions, rtol=1e-9)


def test_simulated_regions_alike_share_evenly() -> None:
    # One cohort, no feedback: places of the researchers are independent draws.
    cohort = np.zeros((14, 4))
    cohort[0] = 5000.0
    counts = run(plain_world(4, 14, cohort=cohort, **FROZEN)).counts
    for t in (0, 5, 9, 13):
        place = counts[t].stock.sum(axis=0)
        people = place.sum()
        assert people > 2000
        assert (np.abs(place / people - 0.25) < four_sigma(0.25, people)).all()


def test_two_regions_alike_share_what_a_third_leaves() -> None:
    shares = last_shares(plain_world(3, 16, work_constant=[1.0, 0.0, 0.0], study_constant=[1.0, 0.0, 0.0]))
    assert shares[1] == pytest.approx(shares[2], rel=1e-9)
    assert shares[0] > shares[1]


@pytest.mark.parametrize("gate", ["entry_bar", "student_visa_refusal", "border_closure"])
def test_a_closed_border_lets_nobody_study_abroad(gate: str) -> None:
    closed = {gate: abroad(1.0, 3), "postponement": 0.5}
    world = plain_world(3, 12, home_study=-3.0, **closed)
    entry = sum(counts.flows[0] for counts in run(world).counts)
    for origin in range(3):
        assert entry[origin].sum() == entry[origin, origin, origin] > 0
    for year in expected_years(world, patterns=16):
        np.testing.assert_allclose(year.entry, np.diag(np.diag(year.entry)))
    assert year.entry.sum() == pytest.approx(300.0, rel=0.01)


def test_a_border_closed_to_one_origin_stops_that_origin_only() -> None:
    refusal = np.zeros((3, 3))
    refusal[0, 1] = 1.0
    entry = sum(counts.flows[0] for counts in run(plain_world(3, 8, student_visa_refusal=refusal)).counts)
    assert entry[0, 0, 1] == 0
    assert entry[0, 0, 2] > 0
    assert entry[2, 2, 1] > 0
    assert entry[1, 1, 0] > 0


def test_with_one_place_left_everyone_goes_there() -> None:
    bar = abroad(1.0, 4)
    bar[:, 2] = 0.0
    world = plain_world(4, 3, entry_bar=bar, study_constant=[-30.0, -30.0, 30.0, -30.0])
    for counts in run(world).counts:
        assert counts.demand[2] == counts.demand.sum() > 0


def test_islands_live_apart() -> None:
    # No border is open and home pulls: every region keeps its own people, whatever happens in the others.
    closed = {"entry_bar": abroad(1.0, 3), "home_work": 200.0, "home_tie_sd": 0.0, "relocation_hazard": 1.0}
    world = plain_world(3, 16, study_region_pull=0.0, **closed)
    history = run(world)
    for counts in history.counts:
        assert counts.stock.sum() == np.diag(counts.stock).sum()
        assert counts.flows[2].sum() == 0
    crowded = run(with_change(world, "cohort", 400.0, 3, (1,)))
    for before, after in zip(history.counts, crowded.counts, strict=True):
        np.testing.assert_array_equal(before.stock[[0, 2]], after.stock[[0, 2]])


def test_where_nobody_wants_to_be_nobody_is() -> None:
    cohort = np.full((16, 3), 100.0)
    cohort[:, 2] = 0.0
    world = plain_world(3, 16, cohort=cohort, study_constant=[0.0, 0.0, -90.0], work_constant=[0.0, 0.0, -90.0])
    for counts in run(world).counts:
        assert counts.shares[:, :, 2].sum() == 0
    assert last_shares(world)[2] < 1e-12


def test_a_population_without_entry_dies_out() -> None:
    cohort = np.zeros((12, 2))
    cohort[0] = 500.0
    stocks = [counts.stock.sum() for counts in run(plain_world(2, 12, cohort=cohort, exit_rate=0.9)).counts]
    assert stocks[0] == 1000
    assert stocks == sorted(stocks, reverse=True)
    assert stocks[-1] == 0


def test_a_population_without_exit_keeps_everyone() -> None:
    history = run(plain_world(3, 12, exit_rate=0.0, attrition_rate=0.0))
    assert [counts.stock.sum() for counts in history.counts] == [300 * (t + 1) for t in range(12)]


def test_a_stationary_population_has_the_size_of_its_flows() -> None:
    # 100 entrants a year, degree after 4 whole years and no dropouts, then a working life of 1 / exit years:
    # students in their years 0-3 and workers, who can leave from the year after the degree on.
    world = plain_world(
        2, 80, graduation=[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0], attrition_rate=0.0, exit_rate=0.25, bar_top20=-99.0
    )
    year = list(expected_years(world, patterns=2))[-1]
    assert year.shares[2, 0].sum() == pytest.approx(200.0 * (4 + 4), rel=1e-6)
    assert year.shares[0, 4].sum() == pytest.approx(200.0 * 4, rel=1e-6)
    people = run(world).people[-1]
    workers = (people.stage == WORK).sum()
    assert abs(workers - 800) < 5.0 * math.sqrt(800)


def lock_in_world(gamma: float, years: int = 90) -> World:
    """A world in which a region's attraction is A_j times its stock to the power gamma, A = 1.3, 1, .8."""
    return plain_world(
        3,
        years,
        cohort=1e5,
        study_constant=np.log([1.3, 1.0, 0.8]),
        ecosystem_weight_top=1.0,
        ecosystem_weight_elite=0.0,
        ecosystem_weight_capital=0.0,
        ecosystem_memory=1.0,
        nest_dissimilarity=1.0,
        bar_top20=-99.0,
        bar_elite=99.0,
        graduation=[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        exit_rate=0.5,
        attrition_rate=0.0,
        relocation_hazard=0.0,
        study_region_pull=25.0,
        home_tie_sd=0.0,
        **{**FROZEN, "ecosystem_pull": gamma, "option_value_weight": 0.0},
    )


@pytest.mark.parametrize(("gamma", "published"), [(0.0, (0.42, 0.32, 0.26)), (0.6, (0.55, 0.29, 0.16))])
def test_long_run_shares_follow_the_multiplier(gamma: float, published: tuple[float, ...]) -> None:
    # Inflow proportional to A stock**gamma settles at shares proportional to A**(1 / (1 - gamma)) (model.md 3.5).
    powers = np.array([1.3, 1.0, 0.8]) ** (1.0 / (1.0 - gamma))
    shares = last_shares(lock_in_world(gamma))
    np.testing.assert_allclose(shares, powers / powers.sum(), atol=2e-3)
    np.testing.assert_allclose(shares, published, atol=0.006)


def test_simulated_long_run_shares_follow_the_multiplier() -> None:
    world = lock_in_world(0.6, 60)._replace(people_per_researcher=100.0)
    place = run(world).counts[-1].stock.sum(axis=0)
    assert np.abs(place / place.sum() - (0.55, 0.29, 0.16)).max() < 0.03


def test_more_home_bias_keeps_more_at_home() -> None:
    def at_home(bias: float) -> float:
        entry = run(plain_world(3, 1, home_study=bias, cohort=3000.0)).counts[0].flows[0]
        return sum(entry[o, o, o] for o in range(3)) / entry.sum()

    shares = [at_home(bias) for bias in (-2.0, 0.0, 2.0, 4.0)]
    assert shares == sorted(shares)
    assert shares[0] < 0.2 < 0.9 < shares[-1]


def test_compatriots_draw_compatriots() -> None:
    # Two like destinations; only a diaspora tells them apart.
    refusal = np.zeros((20, 3, 3))
    refusal[:8, 0, 2] = 1.0
    gates = {"student_visa_refusal": refusal, "refusal_deterrence": 0.0, "exit_rate": 0.02, "relocation_hazard": 0.0}
    for pull in (0.0, 0.5):
        coefficients = {**FROZEN, "option_value_weight": 0.0, "study_region_pull": 6.0, "diaspora_pull": pull}
        entry = [year.entry[0] for year in expected_years(plain_world(3, 20, **gates, **coefficients), patterns=64)]
        assert entry[4][2] == 0.0
        ratio = entry[10][1] / entry[10][2]
        assert ratio == pytest.approx(1.0, abs=1e-9) if pull == 0.0 else ratio > 1.3


def test_places_bind_only_when_demand_exceeds_them() -> None:
    def demand(places: float, elasticity: float = 0.0) -> float:
        world = plain_world(
            3,
            30,
            phd_places=[places, 1.0, 1.0],
            demand_2019=100.0,
            congestion=1.0,
            seat_elasticity=elasticity,
            ecosystem_pull=0.0,
            diaspora_pull=0.0,
        )
        return list(expected_years(world, patterns=2))[-1].demand[0]

    assert demand(1.0) == demand(3.0) == pytest.approx(100.0)
    assert demand(0.5) < 90.0
    assert demand(0.25) < demand(0.5)
    # Demand above what it was in 2019 crowds a region unless its places grow along.
    calm = {**FROZEN, "option_value_weight": 0.0, "congestion": 1.0}
    for elasticity, is_crowded in ((0.0, True), (1.0, False)):
        world = plain_world(2, 30, demand_2019=[25.0, 400.0], **calm, seat_elasticity=elasticity)
        at_first = list(expected_years(world, patterns=2))[-1].demand[0]
        assert (at_first < 90.0) == is_crowded
