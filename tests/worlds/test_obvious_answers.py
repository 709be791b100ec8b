"""Worlds whose answer is obvious or computed independently, on both engines."""

from collections.abc import Callable

import numpy as np
import pytest

from sim.engines.counts import RELOCATION, Counts
from sim.engines.walk import ENGINES, years_of
from sim.model.choice.randomness import make_key
from sim.model.world import World
from tests.support.toy import FROZEN, abroad, four_sigma, plain_world

Walk = Callable[[World], list[Counts]]
CALM = {**FROZEN, "option_value_weight": 0.0, "home_tie_sd": 0.0}
QUICK = {"graduation": [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], "attrition_rate": 0.0}
"""A degree after one year, so that nearly everyone works."""


@pytest.fixture(params=ENGINES)
def walk(request: pytest.FixtureRequest) -> Walk:
    """Run a world on one of the engines and keep the counts of its years."""
    return lambda world: [end.counts for end in years_of(request.param, world, make_key(1, 0))]


def one_cohort(people: float, years: int, regions: int) -> np.ndarray:
    cohort = np.zeros((years, regions))
    cohort[0] = people
    return cohort


def test_two_identical_regions_share_evenly(walk: Walk) -> None:
    for counts in walk(plain_world(2, 14, cohort=one_cohort(1500.0, 14, 2), **FROZEN))[::4]:
        place = counts.stock.sum(axis=0)
        assert place.sum() > 500
        assert (np.abs(place / place.sum() - 0.5) < four_sigma(0.5, place.sum())).all()


def test_a_closed_border_moves_nobody_across(walk: Walk) -> None:
    closed = {"entry_bar": abroad(1.0, 3), "work_visa_odds": 0.0, "mobility_area": np.eye(3), "elite_bypass": 0.0}
    for counts in walk(plain_world(3, 12, home_study=-3.0, home_work=-3.0, relocation_hazard=1.0, **closed)):
        assert counts.stock.sum() == np.trace(counts.stock) > 0
        assert counts.flows[RELOCATION].sum() == 0


def test_without_moving_cost_and_with_equal_pay_origins_mix_fully(walk: Walk) -> None:
    # Nothing holds anyone: whatever the origin, every place holds the same share of it. (Dissimilarity 1: otherwise two
    # places abroad are closer substitutes for one another than for home, whose share is then above a third.)
    free = {"nest_dissimilarity": 1.0, "moving_cost": 0.0, "incumbency": 0.0, "study_region_pull": 0.0, "relocation_hazard": 1.0}
    free |= {"relocation_age_decline": 0.0, "relocation_duration_decline": 0.0, "exit_rate": 0.0}
    world = plain_world(3, 9, cohort=one_cohort(1500.0, 9, 3), home_study=2.0, **QUICK, **CALM, **free)
    ends = walk(world)
    assert np.trace(ends[0].stock) / ends[0].stock.sum() > 0.6
    last = ends[-1].stock
    assert (np.abs(last / last.sum(axis=1, keepdims=True) - 1.0 / 3.0) < four_sigma(1.0 / 3.0, 1500)).all()


def test_without_feedback_shares_are_a_markov_chain(walk: Walk) -> None:
    # Everyone moves with a fixed chance to places drawn by exp(V); staying is one of the choices. The stationary vector
    # comes from numpy's eigenvectors of the transition matrix, written here anew (plain logit: dissimilarity 1).
    value = np.array([0.6, 0.0, -0.5])
    pull = 0.7
    hazard = 0.5
    moves = np.exp(value)[None, :] * np.exp(np.where(np.eye(3, dtype=bool), pull, 0.0))
    moves /= moves.sum(axis=1, keepdims=True)
    chain = (1.0 - hazard) * np.eye(3) + hazard * moves
    values, vectors = np.linalg.eig(chain.T)
    stationary = np.real(vectors[:, np.argmax(np.real(values))])
    stationary /= stationary.sum()
    fixed = {"nest_dissimilarity": 1.0, "incumbency": 0.0, "moving_cost": pull, "relocation_hazard": 2.0 * hazard}
    fixed |= {"relocation_age_decline": 0.0, "relocation_duration_decline": 0.0, "exit_rate": 0.0}
    world = plain_world(3, 30, cohort=one_cohort(4000.0, 30, 3), work_constant=value, **QUICK, **CALM, **fixed)
    # Free movement: everyone counts as settled, which halves the hazard.
    place = walk(world)[-1].stock.sum(axis=0)
    share = place / place.sum()
    assert (np.abs(share - stationary) < four_sigma(stationary, place.sum())).all()
    assert np.abs(stationary - np.exp(value) / np.exp(value).sum()).max() > 0.03


def test_an_impossible_pull_empties_every_other_region(walk: Walk) -> None:
    pull = {"study_constant": [0.0, 400.0, 0.0], "work_constant": [0.0, 400.0, 0.0], "relocation_hazard": 2.0}
    last = walk(plain_world(3, 14, **QUICK, **{**CALM, "moving_cost": 0.0}, **pull))[-1]
    assert last.stock[:, 1].sum() == last.stock.sum() > 1000
