"""A small world in which everything differs has the numbers that it had; see tests/support/kept_world.py."""

import numpy as np
import pytest

from tests.support.kept_world import FILE, NUMBERS, counted_numbers, expected_numbers


@pytest.fixture(scope="module")
def kept() -> NUMBERS:
    with np.load(FILE, allow_pickle=False) as stored:
        return dict(stored)


def test_expected_years_are_what_they_were(kept: NUMBERS) -> None:
    for name, found in expected_numbers().items():
        np.testing.assert_allclose(found, kept[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_counts_are_what_they_were(kept: NUMBERS) -> None:
    for name, found in counted_numbers().items():
        np.testing.assert_array_equal(found, kept[name], err_msg=name)
