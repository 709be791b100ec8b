"""Published beside modelled: how far the draws are from every row, family by family, and whether they expect what was seen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from sim.calibration.evidence import WEIGHED, Evidence, Record
from sim.calibration.likelihood import MisfitPart, misfits, one_sided
from sim.model.world import Floats
from sim.runs.outcomes.statistics import effective_number

if TYPE_CHECKING:
    import pandas as pd

FAR_MISS = 3.0
"""Errors of a row from which a miss is said to be far."""
INSIDE_BAND = 0.90
"""MisfitPart of what the draws expect, errors included, that an interval holds."""


@dataclass(frozen=True)
class RowFit:
    """One row beside the draws.

    Parameters
    ----------
    row
        The evidence.
    low, median, high
        5 %, 50 % and 95 % of the modelled values over the draws (weighted); NaN if no draw gives one.
    miss
        (median - value) / error; 0 where a bound holds.
    place
        Probability that model and error of the row together lie at or below the published value, 0..1.
    inside
        True if the published value lies inside the 90 % predictive interval (for a bound: if it may well hold).
    """

    row: Evidence
    low: float
    median: float
    high: float
    miss: float
    place: float
    inside: bool


@dataclass(frozen=True)
class FamilyFit:
    """The weighed rows of a family.

    Parameters
    ----------
    name
        Of the family.
    rows, inside
        Number of weighed rows; of those inside their 90 % predictive interval.
    misfit
        Median over the draws of chi-square, charts on log-ratios.
    degrees
        Degrees of freedom: one a row, one less for a chart that adds to 1.
    """

    name: str
    rows: int
    inside: int
    misfit: float
    degrees: int


@dataclass(frozen=True, repr=False)
class Fit:
    """How draws fit the evidence.

    Parameters
    ----------
    rows
        Every row, the largest miss first.
    families
        Families with weighed rows, the largest chi-square a degree of freedom first.
    total
        All weighed rows together (a family by the name "all").
    best
        Smallest chi-square of a draw.
    draws, effective
        Number of draws; effective number under their weights, 1 / sum w^2.
    """

    rows: tuple[RowFit, ...]
    families: tuple[FamilyFit, ...]
    total: FamilyFit
    best: float
    draws: int
    effective: float

    def frame(self) -> pd.DataFrame:
        """Make the table of the rows: published, modelled with its band, miss in errors, whether it is inside."""
        import pandas as pd

        about = ("id", "label", "family", "year", "value", "error", "use")
        found = ("low", "median", "high", "miss", "inside")
        rows = [[*(getattr(each.row, name) for name in about), *(getattr(each, name) for name in found)] for each in self.rows]
        return pd.DataFrame(rows, columns=[*about, *found])

    def __repr__(self) -> str:
        """Say how many rows are inside."""
        return f"<Fit of {self.draws} draws: {self.total.inside} of {self.total.rows} weighed rows inside their 90 % interval>"


def fit(record: Record, values: Floats, weights: Floats | None = None) -> Fit:
    """Compare draws with the evidence.

    Parameters
    ----------
    record : the evidence, K rows.
    values : (D, K) modelled values; NaN: unknown, and the row is not scored.
    weights : (D,) of the draws, at least 0, any sum above 0; None: equal.

    Raises
    ------
    ValueError : weights that are not D numbers of at least 0 with a sum above 0.
    """
    draws = values.shape[0]
    w = np.full(draws, 1.0 / draws) if weights is None else np.asarray(weights, dtype=np.float64)
    if w.shape != (draws,) or not np.all(w >= 0.0) or not w.sum() > 0.0:
        raise ValueError(f"weights of shape {w.shape} and sum {w.sum()}: allowed {draws} numbers of at least 0, not all 0")
    w = w / w.sum()
    rows = [fit_row(row, values[:, k], w) for k, row in enumerate(record.rows)]
    scores = misfits(record, values)
    families = [family_fit(name, [name], rows, scores, w) for name in record.families]
    scored = [family for family in families if family.rows]
    everything = np.sum([part.misfit for parts in scores.values() for part in parts], axis=0)
    return Fit(
        tuple(sorted(rows, key=lambda each: -abs(each.miss) if math.isfinite(each.miss) else 1.0)),
        tuple(sorted(scored, key=lambda each: -each.misfit / max(each.degrees, 1))),
        family_fit("all", list(record.families), rows, scores, w),
        float(np.min(everything)) if np.ndim(everything) else math.nan,
        draws,
        effective_number(w),
    )


def far_rows(found: Fit, limit: float = FAR_MISS) -> list[RowFit]:
    """List the weighed rows that the median draw misses by more than a limit, in sd; the largest miss first."""
    return [each for each in found.rows if each.row.use in WEIGHED and abs(each.miss) > limit]


def fit_row(row: Evidence, values: Floats, weights: Floats) -> RowFit:
    """Compare the (D,) modelled values of one row with what was published; draws with NaN are left out."""
    known = np.isfinite(values)
    if not known.any() or weights[known].sum() == 0.0:
        return RowFit(row, math.nan, math.nan, math.nan, math.nan, math.nan, False)
    values, weights = values[known], weights[known] / weights[known].sum()
    low, median, high = (weighted_quantile(values, weights, u) for u in (0.05, 0.5, 0.95))
    place = float((weights * ndtr((row.value - values) / row.error)).sum())
    miss = float(one_sided(row, np.array((median - row.value) / row.error)))
    least, most = (1.0 - INSIDE_BAND) / 2.0, (1.0 + INSIDE_BAND) / 2.0
    if row.bound == "at_most":
        most = 1.0
    elif row.bound == "at_least":
        least = 0.0
    return RowFit(row, low, median, high, miss, place, least <= place <= most)


def weighted_quantile(values: Floats, weights: Floats, u: float) -> float:
    """Compute a quantile of weighted values, linear between the middles of their steps."""
    order = np.argsort(values)
    upto = np.cumsum(weights[order]) - 0.5 * weights[order]
    return float(np.interp(u, upto, values[order]))


def family_fit(
    name: str,
    members: Sequence[str],
    rows: Sequence[RowFit],
    scores: Mapping[str, list[MisfitPart]],
    weights: Floats,
) -> FamilyFit:
    """Sum up the weighed rows of families."""
    weighed = [each for each in rows if each.row.family in members and each.row.use in WEIGHED and math.isfinite(each.miss)]
    parts = [part for member in members for part in scores[member]]
    if not parts:
        return FamilyFit(name, 0, 0, math.nan, 0)
    total = np.sum([part.misfit for part in parts], axis=0)
    return FamilyFit(
        name,
        len(weighed),
        sum(each.inside for each in weighed),
        weighted_quantile(total, weights, 0.5),
        sum(part.degrees for part in parts),
    )
