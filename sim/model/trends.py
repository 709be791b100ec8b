"""What changes from outside over the years: cohorts that grow and drifts that saturate."""

import math

import numpy as np

from sim.model.choice.compiled import compiled
from sim.model.world import TALENT, Floats


@compiled
def saturating(t: float, saturation: float) -> float:
    """Compute years of growth since 2019: as many as passed before, T (1 - exp(-(t - 2019) / T)) after (equation T)."""
    if t <= 2019.0:
        return t - 2019.0
    return saturation * (1.0 - math.exp(-(t - 2019.0) / saturation))


def talent_up_to(mean: Floats) -> Floats:
    """Compute (R, Q) parts of an origin's people whose talent class is this one or a lower one.

    Classes are equally many where the mean is 0; elsewhere they are tilted by exp(mean theta_q), which moves the mean by about
    as much and leaves the classes themselves as they are.

    Parameters
    ----------
    mean : (R,) shift of an origin's mean talent, sd of talent.
    """
    tilted = np.exp(mean[:, np.newaxis] * TALENT)
    table: Floats = np.cumsum(tilted / tilted.sum(axis=1, keepdims=True), axis=1)
    table[:, -1] = 1.0
    return table


@compiled
def cohort_people(level: Floats, growth: Floats, saturation: float, factor: Floats) -> Floats:
    """Compute (T, R) people who enter: ln B = b + g (4 + saturating years since 2019), times the lever (equation B)."""
    people = np.empty(factor.shape)
    for t in range(factor.shape[0]):
        years = 4.0 + saturating(2000.0 + t, saturation)
        for o in range(factor.shape[1]):
            people[t, o] = math.exp(level[o] + growth[o] * years) * factor[t, o]
    return people


@compiled
def drift_path(yearly: Floats, saturation: float, years: int) -> Floats:
    """Compute (T, R) drift: constant to 2010, linear to zero in 2019, saturating after (equation T)."""
    drift = np.empty((years, yearly.shape[0]))
    for t in range(years):
        passed = max(saturating(2000.0 + t, saturation), -9.0)
        for j in range(yearly.shape[0]):
            drift[t, j] = yearly[j] * passed
    return drift
