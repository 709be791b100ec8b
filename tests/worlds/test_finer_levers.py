"""Gates by destination, bars by talent class and stage, waits by degree, delays of work visas: closed forms in small worlds.

Regions are alike and open but for the lever, so that shares are those of a plain or nested logit; each closed form is met by the
array engine, by the agents and by the expected flows.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from sim.engines.expected.years import expected_years
from sim.model.indices import first_indices
from sim.model.world import TALENT_CLASSES, VISA, World
from sim.model.year import make_lone_year
from tests.support.toy import FROZEN, abroad, finer_levers, four_sigma, plain_world, random_world, run_on, same_people

REGIONS = 4
PEOPLE = 8_000.0
ORIGIN, ONE, TWO, THREE = range(REGIONS)
SENSITIVE = 0.35
FIRST_JOBS = 4
"""First year in which somebody has a degree: row of the world's years."""
PLAIN = {**FROZEN, "option_value_weight": 0.0, "nest_dissimilarity": 1.0, "home_tie_sd": 0.0, "study_region_pull": 0.0}


def world_of(years: int = 1, people: float = PEOPLE, **changes: Any) -> World:
    """Make a world in which people of one origin alone enter, and every difference between regions is a lever's."""
    cohort = np.zeros((years, REGIONS))
    cohort[:, ORIGIN] = people
    return plain_world(REGIONS, years, **{"cohort": cohort, "mobility_area": np.eye(REGIONS), **PLAIN, **changes})


def entry_shares(engine: str, world: World) -> np.ndarray:
    """Return the (R,) shares of the first year's entrants by study region."""
    if engine == "expected":
        entry = next(iter(expected_years(world))).entry[ORIGIN]
    else:
        entry = run_on(engine, world).counts[0].flows[0, ORIGIN, ORIGIN]
    return entry / entry.sum()


def job_shares(engine: str, world: World, study: int) -> np.ndarray:
    """Return the (R,) shares of all doctors of a study region by the place of the first job."""
    if engine == "expected":
        active = list(expected_years(world))[-1].shares[2, 3]
        return active / active.sum()
    jobs = np.sum([counts.flows[1, ORIGIN, study] for counts in run_on(engine, world).counts], axis=0)
    return jobs / jobs.sum()


every_engine = pytest.mark.parametrize("engine", ["arrays", "agents", "expected"])


def people_for(engine: str) -> float:
    """Fewer for the agents, which are slower."""
    return 2_000.0 if engine == "agents" else PEOPLE


def meets(engine: str, found: np.ndarray, expected: np.ndarray) -> bool:
    """Tell whether shares are those of a closed form: nearly, or within four standard errors of a simulation."""
    if engine == "expected":
        return bool(np.allclose(found, expected, atol=1e-9))
    return bool((np.abs(found - expected) < four_sigma(expected, people_for(engine))).all())


@every_engine
def test_a_gate_on_two_destinations_with_one_rank(engine: str) -> None:
    # Below .2 both One and Two are closed, up to .5 only One is; nobody is kept from Three.
    gate = np.zeros((REGIONS, REGIONS, 2))
    gate[ORIGIN, ONE, 0], gate[ORIGIN, TWO, 0] = 0.5, 0.2
    both, one, none = np.array([1, 0, 0, 1]) / 2, np.array([1, 0, 1, 1]) / 3, np.ones(4) / 4
    expected = 0.2 * both + 0.3 * one + 0.5 * none
    assert meets(engine, entry_shares(engine, world_of(people=people_for(engine), exit_gate=gate)), expected)


@every_engine
def test_a_bar_on_a_talent_class(engine: str) -> None:
    # Each class is a fifth; of the lowest, six in ten may not enter One.
    bar = np.zeros((REGIONS, REGIONS, TALENT_CLASSES, 2))
    bar[ORIGIN, ONE, 0, 0] = 0.6
    barred = 0.2 * 0.6
    expected = barred * np.array([1, 0, 1, 1]) / 3 + (1.0 - barred) * np.ones(4) / 4
    assert meets(engine, entry_shares(engine, world_of(people=people_for(engine), entry_bar=bar)), expected)


def doctors_at(study: int, engine: str, **changes: Any) -> World:
    """Let everyone study in one region and take the first job in the last year; nobody leaves or drops out."""
    drift = np.full(REGIONS, -40.0)
    drift[study] = 0.0
    years = FIRST_JOBS + 1
    calm = {"attrition_rate": 0.0, "exit_rate": 0.0, "post_study_attempts": 0.0, "study_drift": drift}
    graduation = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0]
    world = world_of(years, people_for(engine), graduation=graduation, **calm, **changes)
    cohort = world.cohort.copy()
    cohort[1:] = 0.0
    return world._replace(cohort=cohort)


@every_engine
def test_a_bar_on_work_spares_who_is_there_already(engine: str) -> None:
    # Doctors of One: half may take a job neither in One, which does not ask them, nor in Two, which does.
    bar = np.zeros((REGIONS, REGIONS, TALENT_CLASSES, 2))
    bar[ORIGIN, [ONE, TWO], :, 1] = 0.5
    expected = 0.5 * np.array([1, 1, 0, 1]) / 3 + 0.5 * np.ones(4) / 4
    assert meets(engine, job_shares(engine, doctors_at(ONE, engine, entry_bar=bar), ONE), expected)


@every_engine
def test_gates_and_bars_on_work_have_ranks_of_their_own(engine: str) -> None:
    # Doctors at home: .4 are behind the gate to One, .5 barred from Two, independently.
    bar = np.zeros((REGIONS, REGIONS, TALENT_CLASSES, 2))
    bar[ORIGIN, TWO, :, 1] = 0.5
    gate = np.zeros((REGIONS, REGIONS, 2))
    gate[ORIGIN, ONE, 1] = 0.4
    expected = (
        0.2 * np.array([1, 0, 0, 1]) / 2
        + 0.2 * np.array([1, 0, 1, 1]) / 3
        + 0.3 * np.array([1, 1, 0, 1]) / 3
        + 0.3 * np.ones(4) / 4
    )
    assert meets(engine, job_shares(engine, doctors_at(ORIGIN, engine, entry_bar=bar, exit_gate=gate), ORIGIN), expected)


def mixed(weights: Callable[[float], np.ndarray]) -> np.ndarray:
    """Average logit shares over the two classes of visa sensitivity, from their weights."""
    shares = [weights(v) / weights(v).sum() for v in VISA]
    return (1.0 - SENSITIVE) * shares[0] + SENSITIVE * shares[1]


@every_engine
def test_a_delay_of_work_visas_spares_who_is_there_already(engine: str) -> None:
    # Twelve months everywhere abroad cost 2 kappa_2 v, but not in One, where the doctors are.
    world = doctors_at(ONE, engine, work_visa_delay=abroad(12.0, REGIONS), delay_cost=0.3)
    expected = mixed(lambda v: np.array([1.0, 1.0, math.exp(-0.6 * v), math.exp(-0.6 * v)]))
    assert meets(engine, job_shares(engine, world, ONE), expected)


@every_engine
def test_a_wait_by_degree_concerns_the_place_of_the_degree(engine: str) -> None:
    # Four years everywhere for degrees from elsewhere, one year with a degree of the place.
    wait = np.zeros((REGIONS, REGIONS, 2))
    wait[..., 0], wait[..., 1] = abroad(1.0, REGIONS), abroad(4.0, REGIONS)
    world = doctors_at(ONE, engine, residence_wait=wait, residence_wait_cost=0.2)
    expected = mixed(lambda v: np.exp(-0.2 * v * np.array([0.0, 1.0, 4.0, 4.0])))
    assert meets(engine, job_shares(engine, world, ONE), expected)


def test_incumbents_who_are_there_do_not_mind_a_delay() -> None:
    # Everyone works abroad already and has an opportunity each year: the delay keeps them where they are, as others would wait.
    settings = {"relocation_hazard": 1.0, "relocation_age_decline": 0.0, "relocation_duration_decline": 0.0, "incumbency": 0.0}
    free, slow = (
        make_lone_year(world, first_indices(world), 0)
        for world in (world_of(**settings), world_of(work_visa_delay=abroad(12.0, REGIONS), delay_cost=0.3, **settings))
    )
    weight = slow.job_weight[ORIGIN, :, 0, 0, ONE] * slow.own.arrived[ORIGIN, :, ONE]
    np.testing.assert_allclose(weight, free.job_weight[ORIGIN, :, 0, 0, ONE], rtol=1e-12)
    np.testing.assert_array_equal(slow.own.arrived[ORIGIN, :, ORIGIN], 1.0)


def test_a_shorter_wait_with_a_degree_draws_students() -> None:
    # Foresight: the value of work after studying in One rises, that of work after studying elsewhere does not.
    short = np.repeat(abroad(4.0, REGIONS)[..., np.newaxis], 2, axis=-1)
    short[ORIGIN, ONE, 0] = 0.0
    base, variant = (
        first_indices(world_of(residence_wait=wait, study_region_pull=1.0)).option_value[ORIGIN]
        for wait in (abroad(4.0, REGIONS), short)
    )
    assert (variant[ONE] > base[ONE]).all()
    others = [ORIGIN, TWO, THREE]
    np.testing.assert_array_equal(variant[others], base[others])


@pytest.mark.parametrize("degree", [0, 1])
def test_permanent_status_comes_by_degree(degree: int) -> None:
    wait = np.full((REGIONS, REGIONS, 2), 99.0)
    wait[..., degree] = 3.0
    world = world_of(residence_wait=wait)
    tables = make_lone_year(world, first_indices(world), 0)
    assert tables.settled[ORIGIN, ONE, degree].tolist() == [0, 0, 1, 1]
    assert tables.settled[ORIGIN, ONE, 1 - degree].tolist() == [0, 0, 0, 0]
    assert (tables.relocation[ORIGIN, ONE, degree, :, 3] < tables.relocation[ORIGIN, ONE, 1 - degree, :, 3]).all()


@pytest.mark.parametrize("seed", [3, 4])
def test_both_engines_live_the_same_lives_with_every_axis_in_use(seed: int) -> None:
    world = random_world(seed, 4, years=14, people=12.0, relocation_hazard=0.5, **finer_levers(seed, 4))
    arrays, agents = run_on("arrays", world), run_on("agents", world)
    assert all(same_people(one, other) for one, other in zip(arrays.people, agents.people, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("tier", [0, 2])
def test_expected_flows_agree_with_the_engine_with_every_axis_in_use(tier: int) -> None:
    world = random_world(13, 4, years=20, people=600.0, late_entry=0.0, **finer_levers(13, 4))
    flows = np.array([year.shares[tier, 3] for year in expected_years(world, patterns=1024)])[12:]
    counts = np.array([each.shares[tier, 3] for each in run_on("arrays", world).counts], dtype=np.float64)[12:]
    people = counts.sum(axis=1, keepdims=True)
    expected, found = flows / flows.sum(axis=1, keepdims=True), counts / people
    assert (np.abs(expected - found) < four_sigma(expected, people) + 0.005).all()
    assert people.min() > 1_000
