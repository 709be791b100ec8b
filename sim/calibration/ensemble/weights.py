"""Weights of solved points that were sampled with the emulator: exact over emulated likelihood, Pareto-smoothed."""

from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

from sim.model.world import Floats
from sim.runs.outcomes.statistics import effective_number

MOST_TAIL = 0.7
LEAST_EFFECTIVE = 100.0
FEWEST = 25  # draws of which a tail can be fitted


class Weights(NamedTuple):
    """Weights (D,) that sum to 1, how heavy their tail is, how many draws they are worth, and whether they may be used."""

    values: Floats
    tail: float
    effective: float
    usable: bool


def importance_weights(exact: Floats, emulated: Floats, least: float = LEAST_EFFECTIVE) -> Weights:
    """Weigh points of an emulated posterior by their exact likelihood (Vehtari and others 2024; ArviZ, extra `calibrate`).

    Parameters
    ----------
    exact, emulated : (D,) log-likelihoods up to a constant each; -inf for a point that could not be solved.
    least : effective size below which weights are not used.

    Returns
    -------
    Smoothed weights; usable if the tail k is below MOST_TAIL and 1 / sum w^2 is at least `least`.
    """
    ratios = np.where(np.isfinite(exact), exact - emulated, -np.inf)
    logs, tail = ratios - logsumexp(ratios), np.inf
    solved = np.isfinite(ratios)
    if solved.sum() >= FEWEST and np.ptp(ratios[solved]) > 1e-12:
        smooth, tail = smoothed(ratios[solved])
        logs = np.full(len(ratios), -np.inf)
        logs[solved] = smooth - logsumexp(smooth)
    elif solved.any():
        tail = 0.0 if np.ptp(ratios[solved]) <= 1e-12 else np.nan
    values = np.exp(logs)
    effective = effective_number(values)
    return Weights(values, tail, effective, bool(tail < MOST_TAIL and effective >= least))


def smoothed(ratios: Floats) -> tuple[Floats, float]:
    """Smooth log-weights by a Pareto tail, and give its k; without the extra `calibrate` as they are, and k unknown."""
    try:
        from arviz_stats.base import array_stats
    except ModuleNotFoundError:
        return ratios, np.nan
    try:
        smooth, tail = array_stats.psislw(-ratios)  # it takes the minus of log-weights, as a likelihood that is left out
    except ValueError:  # a tail of equal values, which has no k
        return ratios, np.inf
    return smooth, float(tail)


def equally_weighted(weights: Floats, count: int, seed: int) -> np.ndarray:
    """Choose `count` positions by systematic resampling of (D,) weights, and shuffle them, so that any first n serve."""
    rng = np.random.default_rng(seed)
    steps = (np.arange(count) + rng.random()) / count
    places = np.searchsorted(np.cumsum(weights) / weights.sum(), steps)
    shuffled: np.ndarray = rng.permutation(np.minimum(places, len(weights) - 1))
    return shuffled
