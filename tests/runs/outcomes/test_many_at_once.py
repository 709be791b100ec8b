"""Many cells at once give the bits that one cell after another gives."""

import math

import numpy as np
import pyarrow as pa
import pytest

from sim.engines.axes import AXES, TIERS
from sim.runs.outcomes.outcomes import summarise_shares
from sim.runs.outcomes.statistics import (
    BAND_AND_MEDIAN,
    FIVE_QUANTILES,
    four,
    four_of_each,
    quantiles_over_runs,
    shares_of,
    spread,
)
from sim.runs.rows import rounded, rounded_all
from sim.runs.tables import column, texts

SIZES = [(1, 1), (2, 2), (13, 1), (25, 2), (1, 9), (50, 3)]


def some_missing(runs: int) -> np.ndarray:
    """Values over runs, (N, 60): whole cells, cells with gaps, and one in which nobody is ever counted."""
    made = np.random.default_rng(runs)
    values = made.normal(size=(runs, 60))
    values[made.random(values.shape) < 0.02] = math.nan
    values[:, 7] = math.nan
    return values


@pytest.mark.parametrize("runs", [1, 2, 9, 50, 200])
def test_quantiles_over_runs_are_those_of_numpy(runs: int) -> None:
    values = some_missing(runs)
    values[0] = 1.0  # numpy warns of a cell that is empty
    for probabilities in (BAND_AND_MEDIAN, FIVE_QUANTILES):
        assert np.array_equal(quantiles_over_runs(values, probabilities), np.nanquantile(values, probabilities, axis=0), True)
    assert np.isnan(quantiles_over_runs(some_missing(runs), BAND_AND_MEDIAN)[:, 7]).all()


@pytest.mark.parametrize("runs", [1, 2, 9, 50, 200])
def test_four_numbers_of_each_cell_are_those_of_one(runs: int) -> None:
    values = some_missing(runs)
    assert repr(four_of_each(values)) == repr([four(values[:, k]) for k in range(values.shape[1])])


@pytest.mark.parametrize(("draws", "replicates"), SIZES)
def test_shares_of_all_cells_are_those_of_one(draws: int, replicates: int) -> None:
    made = np.random.default_rng(draws)
    counts = made.integers(0, 900, size=(draws * replicates, 2, len(TIERS), len(AXES), 7))
    counts[:, 0, 1] = 0  # nobody in any run
    counts[0, 1, 2, 0] = 0  # nobody in one
    found = summarise_shares(counts, 12.5, draws)
    for cell in np.ndindex(*counts.shape[1:4]):
        share = shares_of(counts[:, *cell])
        held = share[~np.isnan(share[:, 0])]
        assert np.array_equal(found.researchers_p50[cell], 12.5 * np.median(counts[:, *cell], axis=0))
        if not len(held):
            assert np.isnan(found.mean[cell]).all()
            continue
        assert np.array_equal(found.mean[cell], held.mean(axis=0))
        assert np.array_equal(found.p95[cell], np.quantile(held, 0.95, axis=0))
        parts = spread(share.reshape(draws, replicates, -1))
        assert np.array_equal([found.sd_parameter[cell], found.sd_replicate[cell]], parts, equal_nan=True)


@pytest.mark.parametrize("decimals", [0, 6])
def test_many_numbers_are_written_as_one_is(decimals: int) -> None:
    values = [0.0, -0.0, 1e-9, -1e-9, 0.5, 1.5, -2.5, 1 / 3, 1e15, math.nan, math.inf, -math.inf]
    assert rounded_all(values, decimals) == [rounded(value, f"{{:.{decimals}f}}") for value in values]
    assert rounded_all([], decimals) == []


def test_columns_are_those_of_pyarrow() -> None:
    values = np.array([0.25, math.nan, 1.0, math.inf, *range(9)])
    assert column(values, np.float64).equals(pa.array(values, from_pandas=True))
    assert column(values[2:3], np.float64).equals(pa.array(values[2:3]))
    assert column(np.arange(300)[::3], np.int16).equals(pa.array(np.arange(0, 300, 3), type=pa.int16()))
    assert texts(["CHN", "", "東"]).equals(pa.array(["CHN", "", "東"]))
