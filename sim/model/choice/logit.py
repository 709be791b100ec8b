"""Discrete choice and nothing else: nested-logit weights, probabilities, and the variates behind frozen shocks.

Notation: R alternatives (regions), three nests (home, abroad anglophone, abroad other), dissimilarity lambda in (0, 1].
A weight is w_j = exp(V_j / lambda). With one positive-stable variate S_n per nest (Laplace transform exp(-s**lambda)) and one
exponential E_j per alternative, the alternative with the least time E_j / (S_n w_j) is the nested logit's choice: all
alternatives run on one clock (McFadden 1978 for the model; Kanter 1975 for the variate). `sim.model.choice.race` runs it.
"""

import math

import numpy as np

from sim.model.choice.compiled import compiled, inlined
from sim.model.world import Bytes, Floats

HOME = 0


ANGLOPHONE = 1


OTHER = 2


NESTS = 3


@inlined
def nest_of(origin: int, region: int, anglophone: Bytes) -> int:
    """Name the nest of a region as seen from an origin: HOME, ANGLOPHONE (abroad) or OTHER (abroad)."""
    if region == origin:
        return HOME
    if anglophone[region] == 1:
        return ANGLOPHONE
    return OTHER


@inlined
def stable_variate(dissimilarity: float, angle: float, waiting: float) -> float:
    """Compute a positive-stable variate with Laplace transform exp(-s**lambda) from two uniform numbers (equation K).

    Parameters
    ----------
    dissimilarity : lambda, in (0, 1]; at 1 the variate is the constant 1 (plain logit).
    angle, waiting : uniform numbers in (0, 1).

    Returns
    -------
    A positive number. Source: Kanter (1975).
    """
    if dissimilarity >= 1.0:
        return 1.0
    u = math.pi * angle
    e = -math.log(waiting)
    rest = 1.0 - dissimilarity
    tail = rest / dissimilarity
    return math.sin(dissimilarity * u) / math.pow(math.sin(u), 1.0 / dissimilarity) * math.pow(math.sin(rest * u) / e, tail)


@inlined
def nest_sums(weights: Floats, origin: int, anglophone: Bytes) -> tuple[float, float, float]:
    """Sum weights over the three nests."""
    home = 0.0
    english = 0.0
    other = 0.0
    for j in range(weights.shape[0]):
        nest = nest_of(origin, j, anglophone)
        if nest == HOME:
            home += weights[j]
        elif nest == ANGLOPHONE:
            english += weights[j]
        else:
            other += weights[j]
    return home, english, other


@inlined
def nested_shares(weights: Floats, origin: int, anglophone: Bytes, dissimilarity: float, shares: Floats) -> None:
    """Compute nested-logit choice probabilities in place (equation N).

    Parameters
    ----------
    weights : (R,), exp(V / lambda); 0 marks an alternative that is not available.
    origin : the home region, whose nest holds it alone.
    anglophone : (R,), 1 for the regions of the anglophone nest.
    dissimilarity : lambda, in (0, 1].
    shares : (R,), overwritten with probabilities that sum to 1.
    """
    home, english, other = nest_sums(weights, origin, anglophone)
    factors = nest_factors(home, english, other, dissimilarity)
    for j in range(weights.shape[0]):
        shares[j] = weights[j] * factors[nest_of(origin, j, anglophone)]


@inlined
def power(base: float, exponent: float) -> float:
    """Raise a non-negative number to a power; 0 stays 0."""
    if base <= 0.0:
        return 0.0
    return math.exp(exponent * math.log(base))


@inlined
def nest_factors(home: float, english: float, other: float, dissimilarity: float) -> tuple[float, float, float]:
    """Compute what a weight is multiplied by, per nest, to become a probability.

    Parameters
    ----------
    home, english, other : sums of the weights of the three nests, at least one positive.
    dissimilarity : lambda, in (0, 1].

    Returns
    -------
    A_n**(lambda - 1) / sum of A_m**lambda for the three nests (0 for an empty nest).
    """
    top_home, top_english, top_other = nest_powers((home, english, other), dissimilarity)
    total = top_home + top_english + top_other
    factor_home = top_home / (home * total) if home > 0.0 else 0.0
    factor_english = top_english / (english * total) if english > 0.0 else 0.0
    factor_other = top_other / (other * total) if other > 0.0 else 0.0
    return factor_home, factor_english, factor_other


@inlined
def nest_powers(sums: tuple[float, float, float], dissimilarity: float) -> tuple[float, float, float]:
    """Raise the sums of the weights of the three nests to lambda: what a nest counts for in the choice among nests."""
    home, english, other = sums
    return power(home, dissimilarity), power(english, dissimilarity), power(other, dissimilarity)


@inlined
def logsum(weights: Floats, origin: int, anglophone: Bytes, dissimilarity: float) -> float:
    """Compute the expected maximum utility of a nested choice: ln of the sum over nests of A_n**lambda."""
    home, english, other = nest_powers(nest_sums(weights, origin, anglophone), dissimilarity)
    return math.log(home + english + other)


@inlined
def normal_cdf(x: float) -> float:
    """Compute the standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@compiled
def logarithms(values: Floats) -> Floats:
    """Compute the logarithms of a table (R, ...); an origin with the value of the one before it has its logarithm too."""
    flat = values.reshape(values.shape[0], values.size // values.shape[0])
    logs = np.empty(flat.shape)
    for o in range(flat.shape[0]):
        for k in range(flat.shape[1]):
            is_known = o > 0 and flat[o, k] == flat[o - 1, k]
            logs[o, k] = logs[o - 1, k] if is_known else math.log(flat[o, k])
    return logs.reshape(values.shape)
