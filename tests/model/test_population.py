"""Who is who: sizes of cohorts, identities, empty counts."""

import numpy as np
import pytest

from sim.engines.counts import new_counts
from sim.model.choice.randomness import COHORT, draw_block, make_key, uniform
from sim.model.population import APPLY, NOWHERE, cohort_researchers, new_researchers
from tests.support.toy import identity


def test_whole_numbers_stay() -> None:
    people = np.array([[3.0, 0.0], [12.0, 7.0]])
    sizes = cohort_researchers(make_key(1, 0), people, 1.0, 2000)
    np.testing.assert_array_equal(sizes, people)
    np.testing.assert_array_equal(cohort_researchers(make_key(1, 0), people, 0.5, 2000), 2 * people)


def test_fractions_are_rounded_by_the_draw_of_the_cohort() -> None:
    people = np.random.default_rng(1).uniform(0.0, 20.0, (40, 20))
    key = make_key(4, 2)
    sizes = cohort_researchers(key, people, 3.0, 2000)
    for t in range(40):
        for o in range(20):
            u = uniform(draw_block(key, 0, o, 2000 + t, 2000 + t, COHORT, 0)[0])
            exact = people[t, o] / 3.0
            assert sizes[t, o] == int(exact) + (u < exact % 1.0)


def test_rounding_is_right_on_average() -> None:
    people = np.full((2000, 1), 2.3)
    sizes = cohort_researchers(make_key(9, 0), people, 1.0, 2000)
    assert set(np.unique(sizes)) == {2, 3}
    assert abs(sizes.mean() - 2.3) < 4.0 * np.sqrt(0.21 / 2000)


def test_rounding_belongs_to_the_replicate() -> None:
    people = np.full((100, 1), 0.5)
    one, other = (cohort_researchers(make_key(1, replicate), people, 1.0, 2000) for replicate in (0, 1))
    assert (one != other).any()


def test_rows_stand_in_order_of_entry_with_an_index_of_their_own() -> None:
    sizes = np.array([[2, 0, 3], [1, 2, 0]])
    people = new_researchers(sizes, 2010)
    assert list(people.origin) == [0, 0, 2, 2, 2, 0, 1, 1]
    assert list(people.cohort) == [2010] * 5 + [2011] * 3
    assert list(people.index) == [0, 1, 0, 1, 2, 0, 0, 1]
    assert len(set(identity(people))) == 8
    assert (people.stage == APPLY).all()
    for column in (people.study, people.place, people.employer):
        assert (column == NOWHERE).all()
    for column in (people.years, people.age, people.duration, people.postponed, people.tier):
        assert not column.any()


def test_nobody_is_an_empty_table() -> None:
    people = new_researchers(np.zeros((3, 2), dtype=np.int64), 2000)
    assert all(len(column) == 0 for column in people)


@pytest.mark.parametrize("regions", [2, 20])
def test_new_counts_are_zero_and_separate(regions: int) -> None:
    one, other = new_counts(regions), new_counts(regions)
    assert one.shares.shape == (3, 5, regions)
    assert one.flows.shape == (4, regions, regions, regions)
    assert one.careers.shape == (regions, regions, regions)
    assert all(not array.any() for array in one)
    for array in one:
        array += 1
    assert all(not array.any() for array in other)
