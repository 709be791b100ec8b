"""Designs of experiments: which combinations of factor values a sweep runs.

A factor takes the numbers of a range, or of a list. Points are rows; a design is nested if its first points stay when more are
asked for, so that a sweep can be extended.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

DesignPoints = NDArray[np.float64]

METHODS: Mapping[str, str] = {
    "none": "no factors: the scenarios as they are",
    "grid": "every combination of the factors' values",
    "sobol": "scrambled Sobol points; a power of two, nested",
    "halton": "scrambled Halton points, nested",
    "lhs": "a Latin hypercube; cannot be extended",
    "saltelli": "Sobol points for Sobol indices: points x (2 factors + 2) runs; a power of two, nested",
    "morris": "Morris trajectories for screening: points x (factors + 1) runs; cannot be extended",
    "csv": "the rows of a CSV file, one column a factor, nested",
}
NESTED = frozenset(METHODS) - {"lhs", "morris"}
FROM_SALIB = frozenset({"saltelli", "morris"})
POWERS_OF_TWO = frozenset({"sobol", "saltelli"})
MORRIS_LEVELS = 4


@dataclass(frozen=True)
class Factor:
    """One number that a sweep varies.

    Parameters
    ----------
    name
        Column of the results.
    kind
        ``lever``: the value of a lever; ``from`` or ``until``: a year of its window; ``parameter``: an uncertain parameter.
    target
        Id of the lever or name of the parameter.
    low, high
        Range; equal where a list is given.
    values
        List, ascending as written; empty for a range.
    """

    name: str
    kind: str
    target: str
    low: float
    high: float
    values: tuple[float, ...] = ()

    @property
    def is_year(self) -> bool:
        """Whether only whole numbers make sense."""
        return self.kind in ("from", "until")


def make_points(method: str, factors: Sequence[Factor], count: int, seed: int, rows: DesignPoints | None = None) -> DesignPoints:
    """Make the points of a design, (N, K) in the factors' units.

    Parameters
    ----------
    method
        One of `METHODS`.
    factors
        K factors; for a grid all with values.
    count
        Points asked for: base points of saltelli, trajectories of morris; not read by grid and csv.
    seed
        Of the scrambling, the hypercube or the trajectories.
    rows
        Of a CSV file, (N, K).
    """
    if method == "none":
        return np.empty((1, 0))
    if method == "csv":
        return np.asarray(rows, dtype=np.float64)
    if method == "grid":
        return np.array(list(itertools.product(*(factor.values for factor in factors))), dtype=np.float64)
    return scaled(UNIT_POINTS[method](len(factors), count, seed), factors)


def scaled(unit: DesignPoints, factors: Sequence[Factor]) -> DesignPoints:
    """Stretch points of the unit cube to the factors: ranges linearly, lists and years by equal parts."""
    columns = []
    for u, factor in zip(unit.T, factors, strict=True):
        if factor.values:
            columns.append(np.array(factor.values)[np.minimum((u * len(factor.values)).astype(int), len(factor.values) - 1)])
        elif factor.is_year:
            span = factor.high - factor.low + 1
            columns.append(factor.low + np.minimum(np.floor(u * span), span - 1))
        else:
            columns.append(factor.low + u * (factor.high - factor.low))
    return np.stack(columns, axis=1)


def sobol_unit(factors: int, count: int, seed: int) -> DesignPoints:
    """Make scrambled Sobol points."""
    points: DesignPoints = qmc.Sobol(d=factors, scramble=True, rng=np.random.default_rng(seed)).random(count)
    return points


def halton_unit(factors: int, count: int, seed: int) -> DesignPoints:
    """Make scrambled Halton points."""
    points: DesignPoints = qmc.Halton(d=factors, scramble=True, rng=np.random.default_rng(seed)).random(count)
    return points


def lhs_unit(factors: int, count: int, seed: int) -> DesignPoints:
    """Make a Latin hypercube."""
    points: DesignPoints = qmc.LatinHypercube(d=factors, rng=np.random.default_rng(seed)).random(count)
    return points


def salib_problem(names: Sequence[str], bounds: Sequence[tuple[float, float]]) -> dict[str, object]:
    """Describe factors as SALib does."""
    return {"num_vars": len(names), "names": list(names), "bounds": [list(pair) for pair in bounds]}


def unit_problem(factors: int) -> dict[str, object]:
    """Describe factors of the unit cube."""
    return salib_problem([f"x{k}" for k in range(factors)], [(0.0, 1.0)] * factors)


def saltelli_unit(factors: int, count: int, seed: int) -> DesignPoints:
    """Make Saltelli's points, (count * (2 K + 2), K)."""
    from SALib.sample import sobol

    points: DesignPoints = sobol.sample(unit_problem(factors), count, calc_second_order=True, scramble=True, seed=seed)
    return points


def morris_unit(factors: int, count: int, seed: int) -> DesignPoints:
    """Make Morris trajectories, (count * (K + 1), K)."""
    from SALib.sample import morris

    points: DesignPoints = morris.sample(unit_problem(factors), count, num_levels=MORRIS_LEVELS, seed=seed)
    return points


UNIT_POINTS: Mapping[str, Callable[[int, int, int], DesignPoints]] = {
    "sobol": sobol_unit,
    "halton": halton_unit,
    "lhs": lhs_unit,
    "saltelli": saltelli_unit,
    "morris": morris_unit,
}


def point_count(method: str, factors: Sequence[Factor], count: int, rows: int) -> int:
    """Count the points of a design without making them."""
    if method == "none":
        return 1
    if method == "grid":
        product = 1
        for factor in factors:
            product *= len(factor.values)
        return product
    if method == "csv":
        return rows
    return count * {"saltelli": 2 * len(factors) + 2, "morris": len(factors) + 1}.get(method, 1)
