"""A Gaussian process with a linear and a quadratic kernel and one relevance an input: one output on n points.

With D = diag(relevances), sum 1, and G = x' D x',

    k(x, x') = 1 + a G + b G^2,

which is a quadratic response surface with normal coefficients (Rasmussen and Williams 2006, chapter 2). Its mean is a quadratic
form in x, so that a prediction costs nothing. a, b and the noise maximise the marginal likelihood; the relevances are those of
the surface found before: the mean square of its slope over the prior N(0, I), iterated. Errors are measured by leaving one
point out (Sundararajan and Keerthi 2001), and the variance is scaled so that these are met.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

from sim.model.world import Floats

SCREENINGS = 3
"""Times that relevances are taken from the surface found before."""
FLOOR = 0.02
"""Relevance of an input without effect, over the mean of all."""
START = np.log(np.array([1.0, 0.1, 0.05]))  # a, b, noise: shares of the variance of the output
LOG_BOUNDS = [(-7.0, 4.0), (-12.0, 3.0), (-9.0, 1.0)]  # of their logarithms
DROPPED = 1e-4
"""Part of the curvature of a surface that may be dropped to store it in fewer directions."""


class Surface(NamedTuple):
    """An emulated output: constant + slope.x + sum_m curvature_m (direction_m.x)^2, variance exp(level + rise ln k(x, x))."""

    constant: float
    slope: Floats  # (P,)
    curvature: Floats  # (M,)
    directions: Floats  # (M, P)
    relevance: Floats  # (P,), sum 1
    amplitudes: Floats  # (2,) a and b
    level: float
    rise: float
    r2: float  # of points left out
    calibration: float  # mean squared error of points left out over the variance that the process gives


def fit_process(inputs: Floats, output: Floats, noise: Floats | None = None) -> Surface:
    """Fit a process to points.

    Parameters
    ----------
    inputs : (n, P) normal scores.
    output : (n,) on a scale without limits.
    noise : (n,) factors, at least 1, by which points count as noisier; None: 1.

    Returns
    -------
    The emulated output. A constant output has a surface without slope and a variance of 0.
    """
    factors = np.ones(len(output)) if noise is None else noise
    weights = 1.0 / factors / (1.0 / factors).sum()
    centre = float(weights @ output)
    scale = float(np.sqrt(weights @ np.square(output - centre)))
    count = inputs.shape[1]
    if not scale > 1e-12:
        none = np.zeros((0, count))
        return Surface(centre, np.zeros(count), np.zeros(0), none, np.full(count, 1 / count), np.zeros(2), -np.inf, 0.0, 1.0, 1.0)
    y = (output - centre) / scale
    relevance = np.full(count, 1.0 / count)
    start = START
    for screening in range(SCREENINGS + 1):
        start = likeliest(inputs, y, factors, relevance, start)
        a, b, _ = np.exp(start)
        alpha, inverse, own = solved_process(inputs, y, factors, relevance, start)
        scaled = inputs * relevance
        slope = a * (scaled.T @ alpha)
        hessian = b * (scaled.T * alpha) @ scaled
        if screening < SCREENINGS:
            sensitivity = np.square(slope) + 4.0 * np.square(hessian).sum(axis=1)
            relevance = sensitivity + FLOOR * sensitivity.mean() + 1e-12
            relevance = relevance / relevance.sum()
    left_out = alpha / np.diag(inverse)
    expected = 1.0 / np.diag(inverse) - np.exp(start[2]) * (factors - 1.0)
    level, rise = variance_line(own, expected, weights)
    ratio = float(weights @ (np.square(left_out) / np.exp(level + rise * np.log(own))))
    curvature, directions = in_few_directions(hessian)
    return Surface(
        centre + scale * float(alpha.sum()),
        scale * slope,
        scale * curvature,
        directions,
        relevance,
        np.array([a, b]),
        float(level + np.log(ratio) + 2.0 * np.log(scale)),
        rise,
        1.0 - float(weights @ np.square(left_out) / (weights @ np.square(y))),
        ratio,
    )


def kernel(inputs: Floats, others: Floats, relevance: Floats, a: float, b: float) -> Floats:
    """Compute k of two sets of points, (n, P) and (m, P), as (n, m)."""
    products = (inputs * relevance) @ others.T
    values: Floats = 1.0 + a * products + b * np.square(products)
    return values


def likeliest(inputs: Floats, y: Floats, factors: Floats, relevance: Floats, start: Floats) -> Floats:
    """Find ln a, ln b and ln noise of the largest marginal likelihood, (3,), for given relevances."""
    products = (inputs * relevance) @ inputs.T
    squares = np.square(products)

    def loss(logs: Floats) -> tuple[float, Floats]:
        a, b, noise = np.exp(logs)
        covariance = 1.0 + a * products + b * squares
        covariance[np.diag_indices_from(covariance)] += noise * factors
        factor = cho_factor(covariance, lower=True, overwrite_a=True)
        inverse = cho_solve(factor, np.eye(len(y)))
        alpha = inverse @ y
        value = 0.5 * float(y @ alpha) + float(np.log(np.diag(factor[0])).sum())
        gradient = [a * slope_of(inverse, alpha, products), b * slope_of(inverse, alpha, squares)]
        gradient.append(noise * 0.5 * float(factors @ (np.diag(inverse) - np.square(alpha))))
        return value, np.array(gradient)

    found: Floats = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=LOG_BOUNDS, options={"maxiter": 25}).x
    return found


def slope_of(inverse: Floats, alpha: Floats, part: Floats) -> float:
    """Compute the derivative of the loss along a part of the covariance, (tr(K^-1 part) - alpha' part alpha) / 2."""
    return 0.5 * float((inverse * part).sum() - alpha @ part @ alpha)


def solved_process(inputs: Floats, y: Floats, factors: Floats, relevance: Floats, logs: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute alpha = K^-1 y (n,), K^-1 (n, n) and k(x, x) of the points (n,)."""
    a, b, noise = np.exp(logs)
    covariance = kernel(inputs, inputs, relevance, a, b)
    own = np.diag(covariance).copy()
    covariance[np.diag_indices_from(covariance)] += noise * factors
    inverse = cho_solve(cho_factor(covariance, lower=True), np.eye(len(y)))
    return inverse @ y, inverse, own


def variance_line(own: Floats, expected: Floats, weights: Floats) -> tuple[float, float]:
    """Fit ln variance = level + rise ln k(x, x) to points left out, (n,) each; a variance does not fall away from the data."""
    x, y = np.log(own), np.log(np.maximum(expected, 1e-12))
    middle, height = float(weights @ x), float(weights @ y)
    spread = float(weights @ np.square(x - middle))
    rise = max(0.0, float(weights @ ((x - middle) * (y - height))) / spread) if spread > 1e-12 else 0.0
    return height - rise * middle, rise


def in_few_directions(hessian: Floats) -> tuple[Floats, Floats]:
    """Write a symmetric (P, P) matrix as curvatures (M,) along directions (M, P), but for DROPPED of its squared size."""
    values, vectors = np.linalg.eigh(hessian)
    order = np.argsort(-np.abs(values))
    left = 1.0 - np.cumsum(np.square(values[order])) / max(float(np.square(values).sum()), 1e-300)
    kept = order[: int(np.searchsorted(-left, -DROPPED)) + 1]
    return values[kept], vectors[:, kept].T.copy()
