"""Which regions are told, and numbers in words."""

import numpy as np
import pytest

from sim.comparisons.regions import told_regions
from sim.comparisons.words import percent, signed

CODES = ("CAN", "CHN", "DEU", "GBR", "USA")


@pytest.mark.parametrize(
    ("change", "others", "told"),
    [
        ([0.1, 9.0, -0.3, 0.2, 8.0], 2, ["USA", "CHN", "DEU", "GBR"]),
        ([0.0, 0.0, 0.0, 0.0, 0.0], 2, ["USA", "CHN", "CAN", "DEU"]),
        ([np.nan, 0.0, -0.1, np.nan, np.nan], 1, ["USA", "CHN", "DEU"]),
        ([0.2, 0.0, -0.2, 0.1, 0.0], 3, ["USA", "CHN", "CAN", "DEU", "GBR"]),
        ([1.0, 0.0, 2.0, 3.0, 0.0], 0, ["USA", "CHN"]),
    ],
)
def test_two_regions_are_always_told_then_those_that_move_most(change: list[float], others: int, told: list[str]) -> None:
    assert [CODES[region] for region in told_regions(np.array(change), CODES, others)] == told


def test_numbers_have_a_sign_unless_they_round_to_zero() -> None:
    assert (signed(1.236), signed(-1.236, 1), signed(-0.001)) == ("+1.24", "\N{MINUS SIGN}1.2", "0.00")
    assert (percent(0.1234), percent(0.1234, 0)) == ("12.3 %", "12 %")


def test_what_is_missing_is_a_dash() -> None:
    assert signed(float("nan")) == percent(float("nan")) == "–"
