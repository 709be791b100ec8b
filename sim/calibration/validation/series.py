"""The earlier series that trends are taken from: articles on AI by region and year, as shares of the regions of a row."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logit

from sim.data.schema import Data
from sim.model.world import Floats

NEAREST_END = 1e-5  # of a share to 0 and 1


class YearSeries(NamedTuple):
    """Counts (T, R) of years first .. first + T - 1."""

    first: int
    counts: Floats
    codes: tuple[str, ...]

    def shares(self, regions: Sequence[str]) -> Floats:
        """Compute the share of regions together, (T,)."""
        chosen = np.isin(self.codes, regions)
        found: Floats = self.counts[:, chosen].sum(axis=1) / self.counts.sum(axis=1)
        return np.clip(found, NEAREST_END, 1.0 - NEAREST_END)

    def between(self, first: int, last: int) -> "YearSeries":
        """Cut to the years first .. last."""
        return YearSeries(first, self.counts[first - self.first : last - self.first + 1], self.codes)


def load_series(data: Data, variable: str) -> YearSeries:
    """Read the counts of a variable of covariates.csv, which must be there for every region and year of it."""
    rows = [row.cells for row in data.tables["covariates"] if row.cells["variable"] == variable]
    years = sorted({int(cells["year"]) for cells in rows})
    counts = np.full((len(years), len(data.codes)), np.nan)
    for cells in rows:
        counts[years.index(int(cells["year"])), data.codes.index(cells["region"])] = float(cells["value"])
    return YearSeries(years[0], counts, data.codes)


def line(values: Floats) -> float:
    """Fit the slope a year of (T,) values by least squares."""
    return float(np.polyfit(np.arange(len(values)), values, 1)[0])


def change(shares: Floats, method: str, years: int, damping: float) -> float:
    """Compute the change of the logarithm of a share that a method expects after some years, from the (T,) shares known.

    Parameters
    ----------
    shares : of the years known.
    method : persistence, linear (a line through shares), logit (through their logits), damped (logit, each year's step smaller).
    years : ahead; negative: back.
    damping : of the damped trend, a year.
    """
    if method == "persistence":
        return 0.0
    if method == "linear":
        return float(np.log(max(1.0 + years * line(shares) / shares[-1], NEAREST_END)))
    steps = years if method == "logit" else np.sign(years) * sum(damping**k for k in range(1, abs(years) + 1))
    moved = logit(shares[-1]) + steps * line(logit(shares))
    return float(-np.log1p(np.exp(-moved)) - np.log(shares[-1]))


class TrialSpan(NamedTuple):
    """On what the spread of a method is measured: first and last year of origin, years ahead."""

    first: int
    last: int
    ahead: int


def spread_of(series: YearSeries, groups: Sequence[Sequence[str]], method: str, tested: TrialSpan, damping: float) -> float:
    """Measure the root mean square error of the logarithm of a share that a method makes in the series, weighted by the shares.

    Parameters
    ----------
    series : of which each origin knows the years before it and its own.
    groups : regions whose shares are forecast.
    method, damping : see `change`.
    tested : from which years, how far.
    """
    errors, weights = [], []
    for regions in groups:
        shares = series.shares(regions)
        for origin in range(tested.first, tested.last + 1):
            known, later = shares[: origin - series.first + 1], shares[origin - series.first + tested.ahead]
            errors.append(np.log(later / known[-1]) - change(known, method, tested.ahead, damping))
            weights.append(known[-1])
    return float(np.sqrt(np.average(np.square(errors), weights=weights)))
