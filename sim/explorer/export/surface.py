"""Response surfaces: for every run of a grid a polynomial of what its levers change, and how far it is from other runs.

A surface is that of one draw and one replicate, so that bands over runs and pairing with the base survive. It gives the
difference from the same run of the base, and has no constant: where nothing is moved nothing changes. Levers are scaled to
0 (no change) .. 1 (the far end of their range). Terms are products of at most two levers, up to the third degree.

Notation: N points, L levers, T terms, D draws, P replicates, K tiers, X axes, Y years, R regions, C = R + 1 cells of a year: the
share of each region, and the number of all people.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.comparisons.effects import POINTS
from sim.explorer.export.grid import GRID_AXES, GRID_TIERS, Grid, neutral_of
from sim.explorer.state import PageState
from sim.model.world import Floats
from sim.runs.outcomes.statistics import BAND, grouped, ratio

DEGREE: Final = 3
TOGETHER: Final = 2
"""Most levers in a term."""
SURFACE_RIDGE: Final = 1e-4
"""Of the number of points: what keeps terms apart that the points can hardly tell."""


def terms_of(levers: int) -> NDArray[np.int64]:
    """List the exponents of the terms, (T, L)."""
    every = product(range(DEGREE + 1), repeat=levers)
    return np.array([each for each in every if 0 < sum(each) <= DEGREE and sum(power > 0 for power in each) <= TOGETHER])


def lever_units(points: Floats, state: PageState) -> Floats:
    """Scale points to 0 (no change) .. 1 (the far end of each range), (N, L)."""
    ends = np.array([item.value for item in state.items])
    neutral = neutral_of(state)
    unit: Floats = (points - neutral) / (ends - neutral)
    return unit


def term_values(unit: Floats, terms: NDArray[np.int64]) -> Floats:
    """Evaluate the terms at points, (N, T)."""
    values: Floats = np.prod(unit[:, None, :] ** terms[None], axis=-1)
    return values


def changes_of(people: Floats) -> NDArray[np.float32]:
    """Turn people into what surfaces give: differences of shares from the first point, and of the logarithm of all people.

    Parameters
    ----------
    people
        (N, D, P, K, X, Y, R); no change at the first point.

    Returns
    -------
    numpy.ndarray
        (N - 1, D, P, K, X, Y, C).
    """
    everybody = people.sum(axis=-1, keepdims=True)
    shares = ratio(people, np.broadcast_to(everybody, people.shape))
    logarithm = np.log(np.maximum(everybody, 1.0))
    both = np.concatenate([shares, logarithm], axis=-1).astype(np.float32)  # a grid has hundreds of millions
    changes: NDArray[np.float32] = both[1:] - both[:1]
    return changes


class ViewErrors(NamedTuple):
    """How far a view of the surfaces is from runs that they never saw, in percentage points, over the test points.

    Of every point the largest error of all years, regions and groups that the view shows counts. The share and the paired
    difference have the same error, since the runs of the base are kept as they are; `bands` are the 5 % and 95 % points of the
    paired difference, `runs` the shares of one run by itself.
    """

    tier: str
    axis: str
    share_median: float
    share_95: float
    difference_median: float
    difference_95: float
    bands_median: float
    bands_95: float
    runs_median: float
    runs_95: float
    refused: float


@dataclass(frozen=True)
class Surfaces:
    """The surfaces of all runs.

    Parameters
    ----------
    terms
        Exponents, (T, L).
    weights
        (T, D, P, K, X, Y, C).
    left_out
        What each grid point would miss if it were not fitted to: mean over runs of the difference of a share, (N, K, X, Y, R).
    """

    terms: NDArray[np.int64]
    weights: Floats
    left_out: Floats

    def at(self, unit: Floats) -> Floats:
        """Give the changes at scaled points, (N, D, P, K, X, Y, C)."""
        return np.tensordot(term_values(unit, self.terms), self.weights, axes=1)


def fit_surfaces(grid: Grid) -> Surfaces:
    """Fit the surfaces to the points of a grid that are not tests, by least squares with a small ridge.

    What a point would miss if it were left out follows from the fit to all of them: residual / (1 - leverage).
    """
    fitted = slice(1, len(grid.points) - grid.tests)
    changes = changes_of(grid.people[: fitted.stop])
    terms = terms_of(grid.points.shape[1])
    values = term_values(lever_units(grid.points[fitted], grid.state), terms)
    square = values.T @ values + SURFACE_RIDGE * len(values) * np.eye(len(terms))
    solver = np.linalg.solve(square, values.T)  # (T, N)
    weights = np.tensordot(solver, changes, axes=1)
    leverage = np.einsum("nt,tn->n", values, solver)
    misses = changes.mean(axis=(1, 2)) - np.tensordot(values, weights.mean(axis=(1, 2)), axes=1)
    return Surfaces(terms, weights, (misses / (1.0 - leverage)[:, None, None, None, None])[..., :-1])


def surface_shares(grid: Grid, changes: NDArray[np.floating]) -> Floats:
    """Add changes to the shares of the base, which is the first point: (N, D, P, K, X, Y, R); none is below zero."""
    base = grid.people[:1]
    shares: Floats = ratio(base, np.broadcast_to(base.sum(axis=-1, keepdims=True), base.shape)) + changes[..., :-1]
    return np.maximum(shares, 0.0)


def largest_error(errors: Floats, members: list[list[int]]) -> Floats:
    """Return the largest error of a view, in points: of all years, regions and groups, (N, K, X, Y, R) to (N, K, X)."""
    with_groups = np.concatenate([errors, grouped(errors, members)], axis=-1)
    found: Floats = POINTS * np.abs(with_groups).max(axis=(-2, -1))
    return found


NEAREST_POINTS: Final = 3
"""Grid points whose errors, if they were left out, stand for the error at a point: the largest of them."""
MOST_ERROR: Final = 0.5
"""Points; a view is refused where its error is larger."""


def error_near(unit: Floats, grid_units: Floats, left_out: Floats) -> Floats:
    """Estimate the error of each view at points: the largest that the nearest points of the grid would have, left out.

    Parameters
    ----------
    unit
        Scaled points, (M, L).
    grid_units
        Those of the grid, (N, L).
    left_out
        Of `largest_error`, (N, K, X).

    Returns
    -------
    numpy.ndarray
        (M, K, X).
    """
    distance = ((unit[:, None] - grid_units[None]) ** 2).sum(axis=-1)
    nearest = np.argsort(distance, axis=1, kind="stable")[:, :NEAREST_POINTS]
    found: Floats = left_out[nearest].max(axis=1)
    return found


def errors_of(grid: Grid, surfaces: Surfaces, members: list[list[int]]) -> list[ViewErrors]:
    """Measure the surfaces at the test points.

    Parameters
    ----------
    grid
        With at least one test point.
    surfaces
        Fitted to the others.
    members
        Region ids of each group.
    """
    tests, fitted = slice(len(grid.points) - grid.tests, None), slice(1, len(grid.points) - grid.tests)
    unit = lever_units(grid.points, grid.state)
    predicted = surface_shares(grid, surfaces.at(unit[tests]))
    true = surface_shares(grid, changes_of(np.concatenate([grid.people[:1], grid.people[tests]])))
    missed = predicted - true
    shares = largest_error(missed.mean(axis=(1, 2)), members)
    bands = band_errors(predicted, true, surface_shares(grid, np.zeros(2)), members)
    runs = np.median(
        [largest_error(missed[:, d, p], members) for d in range(missed.shape[1]) for p in range(missed.shape[2])], axis=0
    )
    refused = error_near(unit[tests], unit[fitted], largest_error(surfaces.left_out, members)) > MOST_ERROR
    rows = []
    for k, tier in enumerate(GRID_TIERS):
        for x, axis in enumerate(GRID_AXES):
            cells = [each[:, k, x] for each in (shares, shares, bands, runs)]
            numbers = [float(np.quantile(cell, part)) for cell in cells for part in (0.5, 0.95)]
            rows.append(ViewErrors._make((tier, axis, *numbers, float(refused[:, k, x].mean()))))
    return rows


def band_errors(predicted: Floats, true: Floats, base: Floats, members: list[list[int]]) -> Floats:
    """Return the largest error of the ends of the band of paired differences, (N, K, X), in points."""
    ends = [np.quantile((each - base).reshape(len(each), -1, *each.shape[3:]), BAND, axis=1) for each in (predicted, true)]
    return np.maximum(*(largest_error(ours - theirs, members) for ours, theirs in zip(*ends, strict=True)))
