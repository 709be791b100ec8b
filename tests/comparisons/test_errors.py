"""Monte-Carlo errors of means and medians, degrees of freedom, and the digits that are supported."""

import math

import numpy as np
import pytest

from sim.comparisons.errors import (
    clear_distance,
    crossed_degrees,
    crossed_error,
    decimals,
    median_error,
)
from sim.comparisons.words import parts_in_digits, rounded_to, signed
from sim.runs.outcomes.statistics import VarianceParts, effective_number, variance_parts


def test_weights_that_are_equal_count_every_draw_and_one_that_has_all_counts_alone() -> None:
    assert effective_number(np.ones(25)) == pytest.approx(25.0)
    assert effective_number(np.array([1.0, 0.0, 0.0])) == pytest.approx(1.0)
    assert effective_number(np.array([1.0, 2.0, 3.0])) == pytest.approx(36.0 / 14.0)


def test_degrees_of_freedom_are_those_of_the_part_that_decides() -> None:
    assert crossed_degrees(VarianceParts(1.0, math.nan, math.nan), 25, 1) == 24.0
    assert crossed_degrees(VarianceParts(math.nan, math.nan, 1.0), 1, 8) == 7.0
    assert crossed_degrees(VarianceParts(1.0, 0.0, 0.0), 25, 2) == pytest.approx(24.0)
    assert crossed_degrees(VarianceParts(0.0, 1.0, 0.0), 25, 3) == pytest.approx(2.0)
    assert math.isinf(crossed_degrees(VarianceParts(0.0, 0.0, 0.0), 25, 3))
    assert math.isnan(crossed_degrees(VarianceParts(math.nan, math.nan, math.nan), 1, 1))
    assert clear_distance(9.0) == pytest.approx(2.262, abs=1e-3)
    assert clear_distance(math.inf) == pytest.approx(1.960, abs=1e-3)


@pytest.mark.parametrize(("spread", "shared"), [(1.0, 0.0), (1.0, 0.5)])
def test_a_mean_of_zero_is_called_clear_in_at_most_one_of_twenty_samples(spread: float, shared: float) -> None:
    generator = np.random.default_rng(11)
    times, draws, replicates = 4_000, 10, 3
    values = (
        generator.normal(0.0, spread, (times, draws, 1))
        + generator.normal(0.0, shared, (times, 1, replicates))
        + generator.normal(0.0, 0.5, (times, draws, replicates))
    )
    clear = 0
    for each in values:
        far = clear_distance(crossed_degrees(variance_parts(each), draws, replicates))
        clear += abs(each.mean()) > far * float(crossed_error(each, draws))
    assert clear / times < 0.065  # .05 and three standard errors, and what Satterthwaite's approximation is off


def test_the_error_of_a_median_is_what_medians_of_other_draws_vary_by() -> None:
    generator = np.random.default_rng(5)
    medians = np.median(generator.normal(0.0, 1.0, (4_000, 50)), axis=1)
    errors = [float(median_error(generator.normal(0.0, 1.0, 50), 50)) for _ in range(2_000)]
    assert np.mean(errors) == pytest.approx(medians.std(), rel=0.1)
    assert math.isnan(float(median_error(np.ones(4), 1)))
    twice = generator.normal(0.0, 1.0, 50).repeat(2)  # two replicates that agree tell no more than one
    assert float(median_error(twice, 50)) > 1.2 * float(median_error(twice, 100))


@pytest.mark.parametrize(
    ("error", "digits"), [(0.3, 1), (0.98, 1), (1.0, 0), (2.0, 0), (14.0, -1), (0.03, 2), (0.0003, 2), (0.0, 2), (math.nan, 1)]
)
def test_digits_end_where_the_error_begins(error: float, digits: int) -> None:
    assert decimals(error) == digits


def test_numbers_are_written_with_the_digits_that_are_left() -> None:
    assert rounded_to(8_764.0, -2) == "8,800"
    assert signed(-4.72, 0) == "−5"
    assert signed(0.04, 1) == "0.0"
    assert signed(1_234.5, -1) == "+1,230"


def test_parts_add_up_to_the_headline_as_written() -> None:
    whole, parts = parts_in_digits((-1.26, -0.54, 0.25), -4.72, 0.3)
    assert (whole, parts) == ("−4.7", ["−1.3", "−0.5", "+0.2", "−3.1"])
    numbers = [float(part.replace("−", "-")) for part in parts]
    assert sum(numbers) == pytest.approx(-4.7)
    assert parts_in_digits((1.0, 0.5), math.nan, math.nan) == ("+1.50", ["+1.00", "+0.50", "–"])
