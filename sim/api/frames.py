"""Tidy tables: one row a cell, one column an axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.runs.careers import SparseCounts

Axes = Mapping[str, Sequence[Any]]
"""The names along each axis, by the column that holds them."""


def labelled(axes: Axes, at: Iterable[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Turn positions on axes, each (n,), into columns of their names."""
    words = {
        name: np.asarray(names, dtype=None if isinstance(names[0], int | np.integer) else object) for name, names in axes.items()
    }
    return {name: words[name][place] for name, place in zip(axes, at, strict=True)}


def dense_frame(axes: Axes, values: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """Make the table of arrays that have the same axes, a row for each cell.

    Parameters
    ----------
    axes : in the order of the arrays' axes.
    values : the columns.
    """
    shape = tuple(len(names) for names in axes.values())
    at = np.indices(shape).reshape(len(shape), -1)
    return pd.DataFrame({**labelled(axes, at), **{name: array.ravel() for name, array in values.items()}})


def run_axes(draws: int, replicates: int) -> dict[str, Sequence[int]]:
    """Name the axes of an array by draw and replicate."""
    return {"draw": range(draws), "replicate": range(replicates)}


def sparse_frame(axes: Axes, counts: SparseCounts, replicates: int, weight: float) -> pd.DataFrame:
    """Make the table of counts that are not zero, a row for each run and cell.

    Parameters
    ----------
    axes : of the counts of one run.
    counts : of all runs.
    replicates : of each draw.
    weight : people per simulated researcher.
    """
    runs = {"draw": counts.runs // replicates, "replicate": counts.runs % replicates}
    number = {"researchers": counts.researchers, "people": weight * counts.researchers}
    return pd.DataFrame({**runs, **labelled(axes, counts.at), **number})


def mean_frame(axes: Axes, counts: SparseCounts, runs: int, weight: float) -> pd.DataFrame:
    """Make the table of the mean over all runs, a row for each cell in which any run has somebody."""
    cells = np.ravel_multi_index(counts.at, counts.shape)
    found, position = np.unique(cells, return_inverse=True)
    mean = np.bincount(position, weights=counts.researchers, minlength=len(found)) / runs
    columns = {"researchers": mean, "people": weight * mean}
    return pd.DataFrame({**labelled(axes, np.unravel_index(found, counts.shape)), **columns})
