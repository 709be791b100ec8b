"""Points of designs: their ranges, that nested ones stay when more are asked for, and that equal points are found."""

import numpy as np
import pytest

from sim.sweeps.design.points import METHODS, NESTED, Factor, make_points, point_count
from sim.sweeps.keys import first_of_equals

RANGE = Factor("a", "lever", "a", -1.0, 3.0)
LIST = Factor("b", "lever", "b", 0.1, 0.9, (0.1, 0.5, 0.9))
YEAR = Factor("c", "from", "c", 2026.0, 2029.0)
OTHER = Factor("d", "lever", "d", 0.0, 1.0)
RANDOM = ("sobol", "halton", "lhs", "saltelli", "morris")


@pytest.mark.parametrize("method", RANDOM)
def test_points_stay_in_their_ranges_and_follow_the_seed(method: str) -> None:
    factors = (RANGE, OTHER) if method == "morris" else (RANGE, LIST, YEAR)
    points = make_points(method, factors, 16, 3)
    assert len(points) == point_count(method, factors, 16, 0)
    for column, factor in zip(points.T, factors, strict=True):
        assert (column >= factor.low).all()
        assert (column <= factor.high).all()
    if method != "morris":
        assert set(points[:, 1]) == set(LIST.values)
        assert set(points[:, 2]) == {2026.0, 2027.0, 2028.0, 2029.0}
    assert np.array_equal(points, make_points(method, factors, 16, 3))
    assert not np.array_equal(points, make_points(method, factors, 16, 4))


@pytest.mark.parametrize("method", ["sobol", "halton", "saltelli"])
def test_nested_points_stay_when_more_are_asked_for(method: str) -> None:
    assert method in NESTED
    few, many = (make_points(method, (RANGE, LIST, YEAR), count, 1) for count in (8, 32))
    assert np.array_equal(few, many[: len(few)])


def test_what_is_not_nested_is_not_called_so() -> None:
    few, many = (make_points("lhs", (RANGE, OTHER), count, 1) for count in (8, 32))
    assert not np.array_equal(few, many[: len(few)])
    assert not {"lhs", "morris"} & NESTED


def test_halton_and_sobol_fill_the_square_more_evenly_than_chance() -> None:
    for method in ("sobol", "halton", "lhs"):
        points = make_points(method, (OTHER, OTHER), 64, 1)
        assert (np.histogram(points[:, 0], bins=8, range=(0, 1))[0] >= 6).all(), method


def test_a_grid_has_every_combination_and_a_refined_one_the_old_ones() -> None:
    coarse, fine = (Factor("a", "lever", "a", 0.2, 0.6, tuple(np.linspace(0.2, 0.6, steps))) for steps in (3, 5))
    points = make_points("grid", (coarse, LIST), 0, 1)
    assert len(points) == 9 == len({tuple(point) for point in points})
    refined = {tuple(point) for point in make_points("grid", (fine, LIST), 0, 1)}
    assert {tuple(point) for point in points} < refined  # to the last bit, as keys need


def test_a_csv_gives_its_rows_and_no_factors_one_point() -> None:
    rows = np.array([[0.3, 0.4], [0.1, 0.2]])
    assert np.array_equal(make_points("csv", (OTHER, OTHER), 0, 1, rows), rows)
    assert make_points("none", (), 0, 1).shape == (1, 0)
    assert {"none", "grid", "csv"} | set(RANDOM) == set(METHODS)


def test_equal_points_are_found() -> None:
    points = np.array([[0.1, 2.0], [0.3, 2.0], [0.1, 2.0], [0.3, 2.0], [0.3, 1.0]])
    assert first_of_equals(points).tolist() == [0, 1, 0, 1, 4]
    assert first_of_equals(np.empty((1, 0))).tolist() == [0]
