"""Properties of choice: probabilities, the race of exponentials, and what frozen shocks promise."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.model.choice.logit import logsum, nested_shares
from tests.support.toy import FROZEN, four_sigma, identity, plain_world, random_world, run

EASY = settings(deadline=None, max_examples=100)
ENGINE = settings(deadline=None, max_examples=25)


@st.composite
def problems(draw):
    """Utilities of 2 to 20 alternatives, an origin, the anglophone regions, lambda, and who is available."""
    regions = draw(st.integers(2, 20))
    utilities = draw(st.lists(st.floats(-8, 8), min_size=regions, max_size=regions))
    english = draw(st.lists(st.integers(0, 1), min_size=regions, max_size=regions))
    origin = draw(st.integers(0, regions - 1))
    closed = draw(st.sets(st.integers(0, regions - 1), max_size=regions - 1)) - {origin}
    lam = draw(st.floats(0.2, 1.0))
    return np.array(utilities), origin, np.array(english, dtype=np.uint8), lam, sorted(closed)


def shares_of(utilities, origin, english, lam, closed):
    weights = np.exp(utilities / lam)
    weights[closed] = 0.0
    shares = np.empty(len(weights))
    nested_shares(weights, origin, english, lam, shares)
    return shares


@EASY
@given(problems())
def test_probabilities_sum_to_one(problem) -> None:
    shares = shares_of(*problem)
    assert (shares >= 0.0).all()
    assert (shares[problem[4]] == 0.0).all()
    assert abs(shares.sum() - 1.0) < 1e-12


@EASY
@given(problems(), st.floats(-5, 5))
def test_a_constant_added_to_all_utilities_changes_nothing(problem, constant: float) -> None:
    utilities, origin, english, lam, closed = problem
    before = shares_of(*problem)
    after = shares_of(utilities + constant, origin, english, lam, closed)
    np.testing.assert_allclose(after, before, rtol=1e-9, atol=1e-15)
    moved = logsum(np.exp((utilities + constant) / lam), origin, english, lam)
    assert abs(moved - constant - logsum(np.exp(utilities / lam), origin, english, lam)) < 1e-9


@EASY
@given(problems(), st.floats(0.01, 3.0), st.data())
def test_a_better_alternative_takes_from_every_other(problem, gain: float, data) -> None:
    utilities, origin, english, lam, closed = problem
    open_ = [j for j in range(len(utilities)) if j not in closed]
    j = data.draw(st.sampled_from(open_))
    better = utilities.copy()
    better[j] += gain
    change = shares_of(better, origin, english, lam, closed) - shares_of(*problem)
    assert change[j] >= -1e-12
    assert (np.delete(change, j) <= 1e-12).all()


@EASY
@given(problems())
def test_lambda_does_not_matter_for_a_nest_of_one(problem) -> None:
    # Home and one foreign region are two nests of one: a plain logit at any lambda.
    utilities, _, _, lam, _ = problem
    shares = shares_of(utilities[:2], 0, np.zeros(2, dtype=np.uint8), lam, [])
    assert abs(shares[0] - 1.0 / (1.0 + np.exp(utilities[1] - utilities[0]))) < 1e-9


def one_year(seed: int, **changes):
    """A world of one cohort that chooses once, with refusals and bars and without closures."""
    return random_world(seed, regions=6, years=1, border_closure=0.0, people=40.0, **changes)


@ENGINE
@given(seed=st.integers(0, 10_000), j=st.integers(0, 5), gain=st.floats(0.05, 3.0))
def test_improving_a_study_region_moves_people_only_towards_it(seed: int, j: int, gain: float) -> None:
    world = one_year(seed)
    before = run(world).people[-1].study
    raised = world.study_constant.copy()
    raised[j] += gain
    after = run(world._replace(study_constant=raised)).people[-1].study
    moved = before != after
    assert (after[moved] == j).all()


def careers_world(seed: int, **changes):
    """One cohort that studies one year, then works; every job is authorised and feedbacks are off."""
    entrants = np.zeros((6, 5))
    entrants[0] = 150.0
    return random_world(
        seed,
        regions=5,
        years=6,
        cohort=entrants,
        graduation=[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        mobility_area=1,
        attrition_rate=0.0,
        **FROZEN,
        **changes,
    )


@ENGINE
@given(seed=st.integers(0, 10_000), j=st.integers(0, 4), gain=st.floats(0.05, 3.0))
def test_improving_a_place_of_work_moves_people_only_towards_it(seed: int, j: int, gain: float) -> None:
    world = careers_world(seed)
    drift = world.work_drift.copy()
    for row in (1, 4):  # first jobs, then opportunities of incumbents who are where they were
        changed = drift.copy()
        changed[row, j] += gain
        base, variant = run(world), run(world._replace(work_drift=changed))
        before, after = base.people[row], variant.people[row]
        np.testing.assert_array_equal(before.stage, after.stage)
        moved = before.place != after.place
        assert (after.place[moved] == j).all()
    assert (identity(before) == identity(after)).all()


def test_the_engine_draws_study_regions_from_the_nested_logit() -> None:
    # One year, no borders, one visa class: everyone of a talent class faces the same closed probabilities.
    constants = np.array([0.5, -0.2, 0.9, 0.0])
    english = np.array([1, 0, 1, 0], dtype=np.uint8)
    for lam in (0.4, 1.0):
        world = plain_world(
            4,
            1,
            study_constant=constants,
            anglophone=english,
            nest_dissimilarity=lam,
            option_value_weight=0.0,
            talent_ecosystem_pull=0.0,
            cohort=40_000.0,
        )
        entry = run(world).counts[0].flows[0]
        for origin in range(4):
            people = entry[origin, origin].sum()
            expected = shares_of(constants, origin, english, lam, [])
            gap = np.abs(entry[origin, origin] / people - expected)
            assert (gap < four_sigma(expected, people)).all()


def test_keys_decide_who_chooses_what() -> None:
    # A control for the laws above: with another seed people do move.
    world = one_year(3)
    assert (run(world, seed=1).people[-1].study[:50] != run(world, seed=2).people[-1].study[:50]).any()
