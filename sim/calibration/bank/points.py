"""Points of the priors: normal scores of the parameters and a number, from which everything else of a point follows.

A parameter vector is the priors' quantiles of the scores, drawn one after the other where a range depends on others
(`sim.draws.draw.parameter_vector`), so that every point is admissible. The number keys the quantiles of the lever values of the
baseline and the errors of solved targets. Points of the prior are the fixed Sobol points, by their number.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri

from sim.data.distributions import Distribution
from sim.data.schema import Data
from sim.draws.draw import MOST_POINTS, SOBOL_DIMENSIONS, lever_words, parameter_vector, sobol_points
from sim.draws.targets import target_errors
from sim.model.choice.randomness import uniforms_of
from sim.model.world import Floats
from sim.scenarios.scenario import Basis, lever_values

NEAREST = 1e-9  # to 0 and 1 that a quantile's probability may come


class BankPoint(NamedTuple):
    """A number and the (P,) normal scores of the parameters with a prior, in the order of the table."""

    number: int
    scores: Floats


def drawn_parameters(data: Data) -> tuple[str, ...]:
    """List the parameters with a prior in the order of scores."""
    return tuple(parameter.name for parameter in data.parameters if parameter.prior is not None)


def prior_point(data: Data, number: int) -> BankPoint:
    """Make a point of the prior, 0..MOST_POINTS - 1."""
    return BankPoint(number, ndtri(sobol_points()[number, : len(drawn_parameters(data))]))


def vector_of(data: Data, point: BankPoint, overrides: Mapping[str, float | Distribution]) -> dict[str, float]:
    """Turn a point into parameters; a prior point gives the vector of the draw of its number, to the last bit.

    Raises
    ------
    ValueError : as `sim.draws.draw.parameter_vector`.
    """
    if 0 <= point.number < MOST_POINTS:
        return parameter_vector(data, sobol_points()[point.number], overrides)
    uniforms = np.full(SOBOL_DIMENSIONS, 0.5)
    uniforms[: len(point.scores)] = np.clip(ndtr(point.scores), NEAREST, 1.0 - NEAREST)
    return parameter_vector(data, uniforms, overrides)


@cache
def uncertain_levers(basis: Basis) -> tuple[str, ...]:
    """List the ids of the baseline's levers whose value is a distribution."""
    found: list[str] = []

    def note(lever_id: str) -> float:
        found.append(lever_id)
        return 0.5

    lever_values(basis.baseline, note)
    return tuple(dict.fromkeys(found))


def keyed_scores(basis: Basis, numbers: np.ndarray) -> Floats:
    """Compute the (C, U) normal scores that follow from (C,) numbers: lever values, then errors of solved targets."""
    words = np.array([lever_words(lever) for lever in uncertain_levers(basis)], dtype=np.uint64).reshape(-1, 4)
    errors = np.array([target_errors(int(number), basis.data) for number in numbers])
    return np.hstack([ndtri(uniforms_of(words, np.asarray(numbers, dtype=np.int64))), errors])
