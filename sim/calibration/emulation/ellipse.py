"""A normal approximation of a posterior, along whose ellipses chains move far at once.

Elliptical slices keep N(0, I), which is much wider than a posterior that knows something, so that they move little. Written as
scores = centre + root w, the same posterior is N(0, I) of w times a likelihood that is nearly flat if centre and root root' are
those of the posterior (Nishihara, Murray and Adams 2014). The centre moves with what a number keys, so that a new number finds
the scores that belong to it. Whatever centre and root are, chains stay right; only their speed depends on it.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from sim.model.world import Floats

DIFFERENCE = 0.05  # of finite differences, in standard deviations of the prior
WIDENED = 1.1  # of the standard deviations: too wide an ellipse is safer than too narrow a one
MOST_ITERATIONS = 200


class Ellipse(NamedTuple):
    """A normal distribution of scores given keyed scores u: mean centre + tilt (u - middle), covariance root root'.

    centre (P,), root (P, P), tilt (P, U), middle (U,).
    """

    centre: Floats
    root: Floats
    tilt: Floats
    middle: Floats

    def scores(self, w: Floats, keyed: Floats) -> Floats:
        """Turn (C, P) standard scores into scores, given (C, U) keyed ones."""
        return self.centre + (keyed - self.middle) @ self.tilt.T + w @ self.root.T

    def excess(self, w: Floats, scores: Floats) -> Floats:
        """Compute ln N(scores; 0, I) - ln N(w; 0, I) up to a constant, (C,)."""
        found: Floats = 0.5 * (np.square(w).sum(axis=1) - np.square(scores).sum(axis=1))
        return found


def approximate(likelihood: Callable[[Floats, Floats], Floats], dimensions: int, keyed: int) -> Ellipse:
    """Approximate the posterior of N(0, I) scores and keyed scores at its mode; the precision is I - Hessian of the likelihood.

    Parameters
    ----------
    likelihood : of (C, P) scores and (C, U) keyed scores, (C,) logarithms.
    dimensions, keyed : P and U.
    """
    both = dimensions + keyed
    steps = DIFFERENCE * np.eye(both)

    def joint(x: Floats) -> Floats:
        return likelihood(x[:, :dimensions], x[:, dimensions:])

    def loss(x: Floats) -> tuple[float, Floats]:
        values = joint(np.concatenate([x[np.newaxis], x + steps, x - steps]))
        slope = (values[1 : both + 1] - values[both + 1 :]) / (2.0 * DIFFERENCE)
        return 0.5 * float(x @ x) - float(values[0]), x - slope

    mode = minimize(loss, np.zeros(both), jac=True, method="L-BFGS-B", options={"maxiter": MOST_ITERATIONS}).x
    values, vectors = np.linalg.eigh(curvature(joint, mode))
    precision = (vectors * (1.0 + np.maximum(-values, 0.0))) @ vectors.T
    covariance = np.linalg.inv(precision[:dimensions, :dimensions])
    tilt = -covariance @ precision[:dimensions, dimensions:]
    return Ellipse(mode[:dimensions], WIDENED * np.linalg.cholesky(covariance), tilt, mode[dimensions:])


def curvature(likelihood: Callable[[Floats], Floats], x: Floats) -> Floats:
    """Compute the Hessian (P, P) of the log-likelihood at x (P,) by finite differences."""
    steps = DIFFERENCE * np.eye(len(x))
    slopes = [
        likelihood(x + step + steps) - likelihood(x + step - steps) - likelihood(x - step + steps) + likelihood(x - step - steps)
        for step in steps
    ]
    hessian = np.stack(slopes) / (4.0 * DIFFERENCE**2)
    symmetric: Floats = 0.5 * (hessian + hessian.T)
    return symmetric
