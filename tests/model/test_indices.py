"""Indices of last year from counts, by hand and against the equations written down a second time."""

import math

import numpy as np
import pytest

from sim.model.indices import ecosystem_target, first_indices, next_indices, relative_pull
from sim.model.world import VISA
from sim.model.year import make_lone_year
from tests.support.toy import abroad, plain_world, random_world

REGIONS = 4


def after(world, t: int = 0, indices=None, **counts):
    """Indices after year t with the given counts, else empty ones."""
    indices = first_indices(world) if indices is None else indices
    regions = world.anglophone.shape[0]
    empty = {"top": np.zeros(regions), "elite": np.zeros(regions), "stock": np.zeros((regions, regions))}
    given = {**empty, "demand": np.zeros(regions), **counts}
    sectors = make_lone_year(world, indices, t).sector_weight
    return next_indices(world, indices, t, sectors, given["top"], given["elite"], given["stock"], given["demand"])


def test_the_ecosystem_weighs_people_capital_and_funding() -> None:
    world = plain_world(2, 2, funding=[40.0, 90.0], research_capital=[3.0, 0.5], people_per_researcher=2.0)
    target = ecosystem_target(world, 0, np.array([45.0, 0.0]), np.array([10.0, 0.0]))
    assert target[0] == pytest.approx(100.0**0.35 * 25.0**0.25 * 3.0**0.25 * 40.0**0.15)
    assert target[1] == pytest.approx(10.0**0.35 * 5.0**0.25 * 0.5**0.25 * 90.0**0.15)


def test_the_pull_is_relative_to_the_geometric_mean() -> None:
    ecosystem = np.array([1.0, 4.0, 16.0])
    np.testing.assert_allclose(relative_pull(ecosystem), np.log([0.25, 1.0, 4.0]), atol=1e-15)


def test_the_run_starts_empty() -> None:
    world = random_world(2, REGIONS, 3)
    indices = first_indices(world)
    empty = np.zeros(REGIONS)
    np.testing.assert_array_equal(indices.ecosystem, ecosystem_target(world, 0, empty, empty))
    assert not indices.diaspora.any()
    assert not indices.demand.any()
    np.testing.assert_allclose(indices.expected_success, np.maximum(1.0 - world.levers.student_visa_refusal[0], 0.01))


def test_the_ecosystem_moves_part_of_the_way() -> None:
    world = random_world(2, REGIONS, 4)
    top, elite = np.array([30.0, 5.0, 0.0, 80.0]), np.array([3.0, 0.0, 0.0, 9.0])
    start = first_indices(world)
    indices = after(world, 1, top=top, elite=elite)
    expected = 0.7 * start.ecosystem + 0.3 * ecosystem_target(world, 1, top, elite)
    np.testing.assert_allclose(indices.ecosystem, expected, rtol=1e-14)
    np.testing.assert_allclose(indices.pull, np.log(expected) - np.log(expected).mean(), atol=1e-13)


def test_counts_become_people() -> None:
    stock = np.arange(16.0).reshape(4, 4)
    many = after(random_world(2, REGIONS, 4), stock=4.0 * stock, demand=np.full(4, 12.0))
    few = after(random_world(2, REGIONS, 4, people_per_researcher=4.0), stock=stock, demand=np.full(4, 3.0))
    np.testing.assert_array_equal(many.diaspora, few.diaspora)
    np.testing.assert_array_equal(many.demand, few.demand)
    assert few.diaspora[1, 2] == 4.0 * stock[1, 2]
    assert not np.diag(few.diaspora).any()  # compatriots at home are no diaspora


def test_demand_is_smoothed_over_about_three_years() -> None:
    world = plain_world(2, 4)
    first = after(world, 0, demand=np.array([90.0, 30.0]))
    np.testing.assert_array_equal(first.demand, [90.0, 30.0])
    second = after(world, 1, first, demand=np.array([0.0, 60.0]))
    np.testing.assert_allclose(second.demand, [60.0, 40.0])


def test_expectations_follow_the_refusals_of_the_coming_year() -> None:
    refusal = np.zeros((4, 2, 2))
    refusal[2:] = abroad(0.6, 2)
    world = plain_world(2, 4, student_visa_refusal=refusal)
    start = after(world, 0)
    np.testing.assert_allclose(start.expected_success, 1.0)
    first = after(world, 1, start)
    np.testing.assert_allclose(first.expected_success, [[1.0, 0.7 + 0.3 * 0.4], [0.7 + 0.3 * 0.4, 1.0]])
    second = after(world, 2, first)
    assert second.expected_success[0, 1] == pytest.approx(0.7 * 0.82 + 0.3 * 0.4)


def test_expectations_have_a_floor() -> None:
    world = plain_world(2, 40, student_visa_refusal=abroad(1.0, 2))
    indices = first_indices(world)
    assert indices.expected_success[0, 1] == 0.01
    assert after(world, 1, indices).expected_success[0, 1] == 0.01


def test_the_option_value_is_the_logsum_of_work() -> None:
    world = random_world(5, REGIONS, 3)
    indices = first_indices(world)
    tables = make_lone_year(world, indices, 0)
    lam, c = world.coefficients.nest_dissimilarity, world.coefficients
    again = after(world)
    for o in range(REGIONS):
        for v in range(len(VISA)):
            for g in range(REGIONS):
                weights = tables.sector_weight[o, v].sum(axis=1)
                weights[o] *= math.exp(world.home_work[o] / lam)
                weights[g] *= math.exp(c.study_region_pull / lam)
                foreign = [j for j in range(REGIONS) if j != o]
                nests = [[o]] + [[j for j in foreign if world.anglophone[j] == flag] for flag in (1, 0)]
                expected = math.log(sum(weights[nest].sum() ** lam for nest in nests if nest))
                assert again.option_value[o, g, v] == pytest.approx(expected, rel=1e-12)


def test_studying_where_work_is_good_has_a_higher_option_value() -> None:
    world = plain_world(3, 2, work_constant=[0.0, 2.0, 0.0])
    values = first_indices(world).option_value
    assert values[0, 1, 0] > values[0, 2, 0]
