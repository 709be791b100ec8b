"""Scores of forecasts of published values: CRPS, log score, energy score, places, coverage, and how far a few rows can move them.

A forecast is draws of what is true. What is published differs from it by the error of observation of its row, so that the
predictive distribution of a row is a mixture of normals, one a draw (Gneiting and Raftery 2007). CRPS, log score and places of it
are exact; the energy score of a chart is that of sampled log-ratios. Lower is better, but for the log score, where higher is.

The package scoringrules has both scores, but compiles for 40 seconds whenever it is imported; a slow test compares with it.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import pdist
from scipy.special import logsumexp, ndtr

from sim.model.world import Floats

LEVELS = (0.5, 0.9)
"""Of the central intervals whose coverage is counted."""
RESAMPLED = 2_000


class RowScores(NamedTuple):
    """Scores of K rows, (K,) each.

    crps : in the unit of the row.
    log : natural logarithm of the predictive density at the published value.
    place : probability of the predictive distribution at or below the published value, 0..1 (PIT).
    median : of the predictive distribution's draws.
    """

    crps: Floats
    log: Floats
    place: Floats
    median: Floats


def row_scores(draws: Floats, values: Floats, errors: Floats) -> RowScores:
    """Score rows one by one.

    Parameters
    ----------
    draws : (D, K) of what is true, of equal weight.
    values : (K,) published.
    errors : (K,) of observation, above 0, in the unit of the row.
    """
    scaled = (values - draws) / errors
    logs = logsumexp(-0.5 * np.square(scaled), axis=0) - np.log(len(draws)) - np.log(errors) - 0.5 * np.log(2.0 * np.pi)
    crps = [mixture_crps(value, column, error) for value, column, error in zip(values, draws.T, errors, strict=True)]
    return RowScores(np.array(crps), np.asarray(logs), ndtr(scaled).mean(axis=0), np.median(draws, axis=0))


def mixture_crps(value: float, middles: Floats, sd: float) -> float:
    """Compute the CRPS of a mixture of normals with (D,) middles and one sd (Grimit, Gneiting, Berrocal and Johnson 2006)."""
    to_value = mean_distance(value - middles, sd)
    pairs = mean_distance(pdist(middles[:, np.newaxis]), np.sqrt(2.0) * sd).sum()
    itself = len(middles) * float(mean_distance(np.zeros(1), np.sqrt(2.0) * sd)[0])
    return float(to_value.mean() - (2.0 * pairs + itself) / (2.0 * len(middles) ** 2))


def mean_distance(middle: Floats, sd: float) -> Floats:
    """Compute the expected absolute value of normal numbers with (n,) middles and one sd."""
    scaled = middle / sd
    found: Floats = 2.0 * sd * np.exp(-0.5 * np.square(scaled)) / np.sqrt(2.0 * np.pi) + middle * (2.0 * ndtr(scaled) - 1.0)
    return found


def coverage(places: Floats, level: float) -> float:
    """Compute the share of (K,) places that lie in the central interval of a level, 0..1."""
    return float(np.mean(np.abs(places - 0.5) <= 0.5 * level))


def chart_sample(parts: Floats, variances: Floats, rng: np.random.Generator) -> Floats:
    """Sample what a chart would show: (D, K) parts that are true with errors of ln p of (K,) variances, as centred log-ratios."""
    logs = np.log(parts) + np.sqrt(variances) * rng.normal(size=parts.shape)
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred


def energy_score(sample: Floats, seen: Floats) -> float:
    """Compute the energy score of (D, K) sampled vectors, D at least 2, against the (K,) one that was seen, in their unit.

    It is the mean distance to what was seen less half the mean distance of two that differ, which has no bias in D.
    """
    return float(np.linalg.norm(sample - seen, axis=1).mean() - 0.5 * pdist(sample).mean())


def bootstrapped(values: Floats, seed: int) -> tuple[float, float]:
    """Give 5 and 95 % of the mean of (K,) values when K of them are drawn with replacement, RESAMPLED times."""
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (RESAMPLED, len(values)))].mean(axis=1)
    low, high = np.quantile(means, (0.05, 0.95))
    return float(low), float(high)
