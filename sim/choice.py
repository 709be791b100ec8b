"""Discrete choice and nothing else: nested-logit weights, probabilities, and the best alternative under frozen shocks.

Notation: R alternatives (regions), three nests (home, abroad anglophone, abroad other), dissimilarity lambda in (0, 1].
A weight is w_j = exp(V_j / lambda). With one positive-stable variate S_n per nest (Laplace transform exp(-s**lambda)) and one
exponential E_j per alternative, the alternative with the least time E_j / (S_n w_j) is the nested logit's choice: all
alternatives run on one clock (McFadden 1978 for the model; Kanter 1975 for the variate).
"""

import math

import numpy as np
from numpy.typing import NDArray

from sim.compiled import inlined

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]

HOME = 0
ANGLOPHONE = 1
OTHER = 2


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
    """Compute a positive-stable variate with Laplace transform exp(-s**lambda) from two uniform numbers.

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
    """Compute nested-logit choice probabilities in place.

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
    top_home = power(home, dissimilarity)
    top_english = power(english, dissimilarity)
    top_other = power(other, dissimilarity)
    total = top_home + top_english + top_other
    factor_home = top_home / (home * total) if home > 0.0 else 0.0
    factor_english = top_english / (english * total) if english > 0.0 else 0.0
    factor_other = top_other / (other * total) if other > 0.0 else 0.0
    return factor_home, factor_english, factor_other


@inlined
def logsum(weights: Floats, origin: int, anglophone: Bytes, dissimilarity: float) -> float:
    """Compute the expected maximum utility of a nested choice: ln of the sum over nests of A_n**lambda."""
    home, english, other = nest_sums(weights, origin, anglophone)
    return math.log(power(home, dissimilarity) + power(english, dissimilarity) + power(other, dissimilarity))


@inlined
def winner(race: Floats) -> int:
    """Find who wins a race of exponentials.

    Alternative j takes -ln(u_j) / rate_j. The fastest one sets the time to beat, t; whoever has u <= 1 - t * rate cannot beat it
    (1 - x <= exp(-x)), so that most logarithms are never taken.

    Parameters
    ----------
    race : (2, R), uniform numbers u in (0, 1) and rates at least 0; a rate of 0 marks an unavailable alternative.

    Returns
    -------
    The alternative with the least time; -1 when all rates are 0.
    """
    best = -1
    rate = 0.0
    for j in range(race.shape[1]):
        if race[1, j] > rate:
            rate = race[1, j]
            best = j
    if best < 0:
        return -1
    favourite = best
    time = -math.log(race[0, best]) / rate
    for j in range(race.shape[1]):
        rate = race[1, j]
        if j == favourite or rate <= 0.0 or race[0, j] <= 1.0 - time * rate:
            continue
        challenge = -math.log(race[0, j]) / rate
        if challenge < time:
            time = challenge
            best = j
    return best


@inlined
def normal_cdf(x: float) -> float:
    """Compute the standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))
