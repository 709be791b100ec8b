"""The error that the number of draws leaves in a mean or a median, its degrees of freedom, and the digits that it supports.

Notation: D draws, P replicates. Draws are independent, replicates are shared by all draws (`sim.runs.outcomes.statistics`).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.model.world import Floats
from sim.runs.outcomes.statistics import VarianceParts, variance_parts

FEWEST_DRAWS = 10
"""Fewest (effective) draws for which a verdict is given."""
CLEAR_AT = 0.95
"""Confidence, two-sided, at which a mean difference is called clear."""
MOST_DIGITS = 2
"""Most decimals of a number in percent or points that are printed."""


def crossed_degrees(parts: VarianceParts, draws: float, replicates: int) -> float:
    """Return the degrees of freedom of the standard error of a mean over crossed draws and replicates (Satterthwaite, 1946).

    The variance of the mean is (MS_draw + MS_replicate - MS_rest) / (D P); each mean square has its own degrees of freedom.

    Parameters
    ----------
    parts
        Variance by cause; what is not known is NaN.
    draws
        (Effective) number of draws.
    replicates
        Number of replicates.

    Returns
    -------
    float
        At least 1; NaN where nothing is known of the variance, infinite where it is zero.
    """
    if np.isnan(parts).all():
        return math.nan
    if replicates < 2:
        return draws - 1.0
    if draws < 2:
        return replicates - 1.0
    draw, replicate, rest = (float(each) for each in parts)
    squares = (replicates * draw + rest, draws - 1.0), (draws * replicate + rest, replicates - 1.0), (rest, None)
    variance = squares[0][0] + squares[1][0] - rest
    if variance <= 0.0:
        return math.inf
    uncertain = squares[0][0] ** 2 / squares[0][1] + squares[1][0] ** 2 / squares[1][1]
    uncertain += rest**2 / ((draws - 1.0) * (replicates - 1.0))
    return max(1.0, variance**2 / uncertain)


def clear_distance(freedom: float) -> float:
    """Return how many standard errors from zero a mean difference is called clear: the t quantile of `CLEAR_AT`."""
    from scipy.special import stdtrit  # words of numbers need no scipy

    return float(stdtrit(min(freedom, 1e9), 0.5 + 0.5 * CLEAR_AT))


def crossed_error(values: Floats, draws: float) -> Floats:
    """Return the Monte-Carlo standard error of the mean of crossed runs.

    Parameters
    ----------
    values
        (D, P, ...).
    draws
        (Effective) number of draws.

    Returns
    -------
    numpy.ndarray
        Shaped like one cell; NaN where one run tells no error.
    """
    parts, replicates = variance_parts(values), values.shape[1]
    known = ~np.isnan(np.stack(parts)).all(axis=0)
    draw, replicate, rest = (np.nan_to_num(each) for each in parts)
    variance = draw / draws + replicate / replicates + rest / (draws * replicates)
    return np.where(known, np.sqrt(variance), np.nan)


def median_error(values: NDArray[Any], draws: float) -> Floats:
    """Return the Monte-Carlo standard error of a median, from the order statistics around it.

    Half the distance between the quantiles 0.5 -+ 0.5 / sqrt(draws): how far the median moves when one standard error more of the
    draws lies below it (binomial). Runs of one draw count as one, since they resemble each other.

    Parameters
    ----------
    values
        Over all runs of all draws, (N, ...), without NaN.
    draws
        (Effective) number of draws; one draw tells no error.
    """
    if draws < 2:
        return np.full(values.shape[1:], np.nan)
    reach = 0.5 / math.sqrt(draws)
    low, high = np.quantile(values, (0.5 - reach, 0.5 + reach), axis=0)
    found: Floats = 0.5 * (high - low)
    return found


def decimals(error: float, most: int = MOST_DIGITS) -> int:
    """Return how many decimals an error supports: that of its first digit, at most so many; below zero for tens and more.

    An error of .3 supports one decimal, of 2 none, of 40 whole tens (-1). What has no error is written with the most.
    """
    if math.isnan(error):
        return min(most, 1)
    if error <= 0.0:
        return most
    return min(most, -math.floor(math.log10(error) + 1e-9))
