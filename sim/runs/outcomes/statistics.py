"""Statistics over crossed runs: every draw is run with every replicate. Bands, and the variance of paired differences.

Notation: D draws, P replicates. A difference is d = mean + draw + replicate + rest. Replicate j uses the same random numbers in
every draw, so that neither draws nor replicates average out alone:

    variance of the mean difference = draw / D + replicate / P + rest / (D P)

(Searle, Casella and McCulloch, Variance Components, 1992, chapter 4; parts below zero count as zero.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.world import Floats

BAND = (0.05, 0.95)


FIVE_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


BAND_AND_MEDIAN = (0.05, 0.5, 0.95)


ELITE_RESEARCHERS, ELITE_REPLICATES = 20_000, 10
"""The smallest runs from which anything is said of the elite: no verdict, sensitivity or discovery below."""


def shares_of(counts: NDArray[np.integer]) -> Floats:
    """Divide counts by their sum over the last axis (regions); NaN where nobody is counted.

    Parameters
    ----------
    counts
        Researchers, (..., R).
    """
    total = counts.sum(axis=-1, keepdims=True)
    return ratio(counts, np.broadcast_to(total, counts.shape))


def ratio(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    """Return part / whole, NaN where the whole is zero. Both are people or their means, of one shape."""
    result = np.full(part.shape, np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


class VarianceParts(NamedTuple):
    """Variance of crossed values by cause, each shaped like one cell; NaN where one draw or one replicate cannot tell."""

    draw: Floats
    replicate: Floats  # common to a replicate of all draws
    rest: Floats


def variance_parts(values: Floats) -> VarianceParts:
    """Split the variance of crossed values: two-way layout with one value per cell, x = mean + draw + replicate + rest.

    The variance between draws is that of the draws' means less MS_rest / P, between replicates that of the replicates' means less
    MS_rest / D, both clipped at 0 (equation in the head of this module).

    Parameters
    ----------
    values
        (D, P, ...).
    """
    draws, replicates = values.shape[:2]
    blank = np.full(values.shape[2:], np.nan)
    if draws < 2 and replicates < 2:
        return VarianceParts(blank, blank, blank)
    if replicates < 2:
        return VarianceParts(values[:, 0].var(axis=0, ddof=1), blank, blank)
    if draws < 2:
        return VarianceParts(blank, blank, values[0].var(axis=0, ddof=1))
    by_draw, by_replicate = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_draw[:, None] - by_replicate[None] + values.mean(axis=(0, 1))
    ms_rest = (rest**2).sum(axis=(0, 1)) / ((draws - 1) * (replicates - 1))
    draw = by_draw.var(axis=0, ddof=1) - ms_rest / replicates
    replicate = by_replicate.var(axis=0, ddof=1) - ms_rest / draws
    return VarianceParts(np.maximum(draw, 0.0), np.maximum(replicate, 0.0), ms_rest)


def spread(values: Floats) -> tuple[Floats, Floats]:
    """Return the standard deviations of crossed runs that parameters and that replicates bring.

    Parameters
    ----------
    values
        (D, P, ...).

    Returns
    -------
    tuple
        Standard deviation between draws, replicate noise removed (see `variance_parts`), and between the replicates of one draw
        (the mean over draws of the variance within a draw), both shaped like one cell; NaN where one draw or one replicate
        cannot tell.
    """
    draws, replicates = values.shape[:2]
    blank = np.full(values.shape[2:], np.nan)
    if replicates < 2:
        return blank, blank
    within = values.var(axis=1, ddof=1).mean(axis=0)
    return np.sqrt(variance_parts(values).draw) if draws > 1 else blank, np.sqrt(within)


def grouped(counts: NDArray[Any], groups: Sequence[Sequence[int]]) -> NDArray[Any]:
    """Add regions into groups: (..., R) counts or shares to (..., G)."""
    return np.stack([counts[..., list(group)].sum(axis=-1) for group in groups], axis=-1)


def band(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the 5 %, 50 % and 95 % quantiles over runs, ignoring runs in which nobody is counted.

    Parameters
    ----------
    values
        (N, ...).
    """
    low, middle, high = quantiles_over_runs(values, BAND_AND_MEDIAN)
    return low, middle, high


STANDARD_ERRORS = 2.0
"""How far from zero, in standard errors, a mean difference is called clear."""


MOST_REPLICATES = 100_000


def effective_number(weights: Floats) -> float:
    """Return the number of equally weighted draws that would know a mean as well: (sum w)^2 / sum w^2 (Kish, 1965).

    Parameters
    ----------
    weights
        Of the draws, (D,), not negative and not all zero; they need not add to 1.
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


def variance_of_mean(parts: VarianceParts, draws: float, replicates: float) -> float:
    """Return the variance of the mean of draws x replicates; a part that is not known is left out, NaN if none is known."""
    if np.isnan(parts).all():
        return float("nan")
    return float(
        np.nan_to_num(parts.draw) / draws
        + np.nan_to_num(parts.replicate) / replicates
        + np.nan_to_num(parts.rest) / (draws * replicates)
    )


def runs_needed(parts: VarianceParts, mean: float, draws: int, replicates: int) -> tuple[float, float, float]:
    """Return the smallest number of paired runs that puts the mean at two standard errors, and its draws and replicates.

    Parameters
    ----------
    parts
        Of one difference.
    mean
        Difference to be told from zero; at zero no number is enough.
    draws, replicates
        Those of the present runs. A part that they cannot tell cannot be bettered either: with one draw the number of draws
        stays, with one replicate that of replicates.

    Returns
    -------
    tuple
        Runs, draws, replicates; infinite where no number is enough, NaN where nothing is known.
    """
    allowed = (mean / STANDARD_ERRORS) ** 2
    if np.isnan(parts).all() or np.isnan(mean):
        return (np.nan,) * 3
    if allowed == 0.0:
        return (np.inf,) * 3
    draw, replicate, rest = np.nan_to_num(parts)
    most = 1 if replicates < 2 else MOST_REPLICATES
    tried = np.unique(np.geomspace(1, most, 2_000).astype(np.int64)).astype(np.float64)
    left = allowed - replicate / tried
    tried, left = tried[left > 0.0], left[left > 0.0]
    wanted = np.maximum(1.0, np.ceil((draw + rest / tried) / left))
    if draws < 2:
        tried, wanted = tried[wanted == 1.0], wanted[wanted == 1.0]
    if not len(tried):
        return (np.inf,) * 3
    best = int(np.argmin(tried * wanted))
    return float(tried[best] * wanted[best]), float(wanted[best]), float(tried[best])


def variance_of_one(values: Floats) -> float:
    """Return the variance of one value among independent draws and replicates; NaN from a single run.

    Parameters
    ----------
    values
        (D, P).
    """
    parts = variance_parts(values)
    return float("nan") if np.isnan(parts).all() else float(np.nansum(parts))


def mean_of(values: Floats) -> Floats:
    """Average over runs (first axis), leaving out those in which nobody is counted; NaN where there is no other."""
    counted = (~np.isnan(values)).sum(axis=0)
    total = np.nansum(values, axis=0)
    mean: Floats = np.divide(total, counted, out=np.full(total.shape, np.nan), where=counted > 0)
    return mean


def quantiles_of(values: Floats) -> Floats:
    """Return the five quantiles over runs (first axis), (5, ...), leaving out runs in which nobody is counted."""
    return quantiles_over_runs(values, FIVE_QUANTILES)


def quantiles_over_runs(values: Floats, probabilities: Sequence[float]) -> Floats:
    """Return quantiles over runs (first axis), (Q, ...), without runs in which nobody is counted; NaN where there is no other.

    The numbers are those of `numpy.nanquantile`, which goes through the cells one by one; here those that are whole go at once.
    """
    cells = values.reshape(len(values), -1)
    unknown = np.isnan(cells)
    whole = ~unknown.any(axis=0)
    found: Floats = np.full((len(probabilities), cells.shape[1]), np.nan)
    found[:, whole] = np.quantile(cells[:, whole], probabilities, axis=0)
    for k in np.flatnonzero(~whole & ~unknown.all(axis=0)):
        found[:, k] = np.quantile(cells[~unknown[:, k], k], probabilities)
    return found.reshape(len(probabilities), *values.shape[1:])


Four = tuple[float, float, float, float]
"""Mean, 5 %, 50 % and 95 % quantile over runs."""


def four(values: Floats) -> Four:
    """Summarise values over runs; runs in which the group is empty do not count."""
    held = values[~np.isnan(values)]
    if not len(held):
        return np.nan, np.nan, np.nan, np.nan
    low, middle, high = np.quantile(held, (BAND[0], 0.5, BAND[1]))
    return float(held.mean()), float(low), float(middle), float(high)


def four_of_each(values: Floats) -> list[Four]:
    """Summarise many values over runs, (N, M), each as `four` does, to the bit.

    All that are complete are sorted at once. The sums run over rows that lie in one piece, as those of `four` do: their bits
    depend on the order of additions.
    """
    lines = np.ascontiguousarray(values.T)
    unknown = np.isnan(lines)
    whole, empty = np.logical_not(unknown.any(axis=1)), unknown.all(axis=1)
    complete = lines[whole]
    low, middle, high = np.quantile(complete, (BAND[0], 0.5, BAND[1]), axis=1)
    found: list[Four] = [(np.nan, np.nan, np.nan, np.nan)] * len(lines)
    for k, numbers in zip(
        np.flatnonzero(whole), np.column_stack([complete.mean(axis=1), low, middle, high]).tolist(), strict=True
    ):
        found[k] = tuple(numbers)
    for k in np.flatnonzero(~(whole | empty)):
        found[k] = four(lines[k])
    return found


def four_years(years: Floats) -> Four:
    """Summarise first years; a quantile is a year that occurs, because 'never' cannot be interpolated."""
    low, middle, high = np.quantile(years, (BAND[0], 0.5, BAND[1]), method="inverted_cdf")
    mean = np.nan if np.isinf(years).any() else float(years.mean())
    return mean, float(low), float(middle), float(high)


def mean_alone(values: Floats) -> Four:
    """Summarise what is true or false of each run: the share of runs in which it is true."""
    return float(values.mean()), np.nan, np.nan, np.nan
