"""Shares of one chart: log-ratios, their covariance under a clustered sample, and the misfit they give.

A chart of K shares is one observation of K - 1 numbers, because the shares add to 1. Parts p_1 .. p_K out of n persons in
clusters with design effect D behave like a multinomial sample of n / D. To first order (the delta method)

    cov(ln p_i / p_r, ln p_j / p_r) = v_i [i = j] + v_r,    v_k = D / (n p_k) + (c^2 / 12 + d_k^2) / p_k^2

with r any part of reference, c the step to which the shares are rounded and d_k the discrepancy of the model. It is the
covariance of independent errors of ln p_k with variances v_k, of which only differences are seen (Aitchison 1986, chapter 4,
for log-ratios; Kish 1965 for the design effect).
"""

from collections.abc import Sequence

import numpy as np

from sim.model.world import Floats

LEAST = 1e-4
"""Smallest share whose logarithm is taken: a modelled share of nothing is counted as this."""


def with_rest(shares: Floats) -> Floats:
    """Add what is left to 1 as a last part, unless the shares add to 1 already (within 1e-6).

    Parameters
    ----------
    shares : (..., K), 0..1, adding to at most 1.

    Returns
    -------
    (..., K + 1), or (..., K) where the last axis is complete in every row.
    """
    rest = 1.0 - shares.sum(axis=-1, keepdims=True)
    if np.all(np.abs(rest) < 1e-6):
        return shares
    return np.concatenate([shares, rest], axis=-1)


def part_variances(
    parts: Floats, sample: float, design_effect: float, rounding: float = 0.0, discrepancy: Sequence[float] | float = 0.0
) -> Floats:
    """Compute the variances v_k of ln p_k.

    Parameters
    ----------
    parts : (K,) published shares of all parts, above 0, adding to 1.
    sample : persons counted, above 0.
    design_effect : variance over that of independent persons, at least 1.
    rounding : step to which shares are rounded, 0..1.
    discrepancy : standard deviation of what the model cannot meet, by part or for all, in shares.

    Returns
    -------
    (K,), above 0.
    """
    absolute = rounding**2 / 12.0 + np.square(np.asarray(discrepancy, dtype=np.float64))
    variances: Floats = design_effect / (sample * parts) + absolute / np.square(parts)
    return variances


def log_ratios(parts: Floats, reference: int) -> Floats:
    """Compute ln(p_k / p_r) of all parts but the reference.

    Parameters
    ----------
    parts : (..., K), 0..1; below LEAST counted as LEAST.
    reference : position of the part of reference, 0..K - 1.

    Returns
    -------
    (..., K - 1).
    """
    logs = np.log(np.maximum(parts, LEAST))
    ratios: Floats = np.delete(logs, reference, axis=-1) - logs[..., reference, np.newaxis]
    return ratios


def log_ratio_covariance(variances: Floats, reference: int) -> Floats:
    """Compute the covariance of the log-ratios from the variances v_k of ln p_k: diag(v) + v_r.

    Parameters
    ----------
    variances : (K,), above 0.
    reference : position of the part of reference, 0..K - 1.

    Returns
    -------
    (K - 1, K - 1).
    """
    covariance: Floats = np.diag(np.delete(variances, reference)) + variances[reference]
    return covariance


def chart_misfit(modelled: Floats, published: Floats, variances: Floats) -> Floats:
    """Compute the squared misfit of a chart, which is chi-square with K - 1 degrees of freedom if the model is right.

    It is r' C^-1 r with the log-ratios r and their covariance C, for any part of reference; in closed form
    sum_k (e_k - mean e)^2 / v_k with e_k = ln(modelled_k / published_k) and the mean weighted by 1 / v_k.

    Parameters
    ----------
    modelled : (..., K) shares of all parts; below LEAST counted as LEAST.
    published : (K,) shares of all parts, above 0.
    variances : (K,) of `part_variances`, or (..., K).

    Returns
    -------
    (...), at least 0.
    """
    errors = np.log(np.maximum(modelled, LEAST)) - np.log(published)
    weights = 1.0 / variances
    mean = (errors * weights).sum(axis=-1, keepdims=True) / weights.sum(axis=-1, keepdims=True)
    misfit: Floats = (np.square(errors - mean) * weights).sum(axis=-1)
    return misfit
