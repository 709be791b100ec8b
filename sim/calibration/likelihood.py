"""The likelihood: chi-square of the weighed rows, charts whole and on log-ratios; an emulator adds its variance.

There is one. What `talentsim fit` prints, what is sampled and what weighs solved draws are sums of these parts.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.calibration.charts import LEAST, chart_misfit
from sim.calibration.evidence import WEIGHED, Evidence, Record
from sim.model.world import Floats


class MisfitPart(NamedTuple):
    """One independent part of the likelihood for D draws: a chart, or a row by itself."""

    misfit: Floats  # (D,) chi-square
    degrees: int  # of freedom
    spread: Floats  # (D,) ln of the determinant of the covariance over that without an emulator


def misfits(record: Record, values: Floats, variances: Floats | None = None) -> Mapping[str, list[MisfitPart]]:
    """Compute chi-square of the weighed rows by draw, in independent parts: charts whole, other rows one by one.

    Parameters
    ----------
    record : the evidence, K rows.
    values : (D, K) modelled values.
    variances : (D, K) of the values where an emulator gives them, in squared units of each row; None: 0.

    Returns
    -------
    By family a list of parts. Rows and charts with NaN are left out.
    """
    extra = np.zeros_like(values) if variances is None else variances
    parts: dict[str, list[MisfitPart]] = {name: [] for name in record.families}
    for chart in record.charts:
        members = list(record.members(chart))
        first = record.rows[members[0]]
        if first.use in WEIGHED and np.isfinite(values[:, members]).all():
            parts[first.family].append(chart_part(record, chart, values[:, members], extra[:, members]))
    for k, row in enumerate(record.rows):
        if row.chart is None and row.use in WEIGHED and np.isfinite(values[:, k]).all():
            variance = row.error**2 + extra[:, k]
            miss = one_sided(row, values[:, k] - row.value)
            spread = np.log(variance / row.error**2) if row.bound is None else np.zeros(len(miss))
            parts[row.family].append(MisfitPart(miss**2 / variance, 1, spread))
    return parts


def chart_part(record: Record, chart: str, modelled: Floats, extra: Floats) -> MisfitPart:
    """Compare a chart, (D, members) modelled shares with their variances; the rest to 1 has the variance of their sum.

    The determinant of diag(v) + v_r over all parts but r is prod(v) sum(1 / v), whatever part is the reference.
    """
    published, errors = record.variances(chart)
    if len(published) > modelled.shape[1]:
        modelled = np.concatenate([modelled, 1.0 - modelled.sum(axis=1, keepdims=True)], axis=1)
        extra = np.concatenate([extra, extra.sum(axis=1, keepdims=True)], axis=1)
    variances = errors + extra / np.square(np.maximum(modelled, LEAST))
    spread = np.log(variances / errors).sum(axis=1) + np.log((1.0 / variances).sum(axis=1) / (1.0 / errors).sum())
    return MisfitPart(chart_misfit(modelled, published, variances), len(published) - 1, spread)


def one_sided(row: Evidence, misses: Floats) -> Floats:
    """Leave of misses what breaks the bound of a row; all of them where it has none."""
    if row.bound == "at_most":
        return np.maximum(misses, 0.0)
    if row.bound == "at_least":
        return np.minimum(misses, 0.0)
    return misses


def log_likelihood(record: Record, values: Floats, variances: Floats | None = None, without: Sequence[str] = ()) -> Floats:
    """Sum the log-likelihood over families, up to a constant that is the same for all draws and emulators.

    Parameters
    ----------
    record, values, variances : see `misfits`.
    without : families that are left out.

    Returns
    -------
    (D,), 0 for a draw that meets every row with no emulator.
    """
    parts = [part for name, family in misfits(record, values, variances).items() if name not in without for part in family]
    total = np.zeros(values.shape[0])
    for part in parts:
        total -= 0.5 * (part.misfit + part.spread)
    return total


def degrees_of_freedom(record: Record, values: Floats) -> int:
    """Count the degrees of freedom of the weighed rows that the draws know."""
    return sum(part.degrees for family in misfits(record, values).values() for part in family)


def weighed_rows(record: Record, values: Floats) -> list[int]:
    """List the positions of the weighed rows that all draws know, (D, K) modelled values."""
    known: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=0))
    return [k for k, row in enumerate(record.rows) if row.use in WEIGHED and known[k] and math.isfinite(row.error)]
