"""The race of one choice: who wins under frozen shocks, with no more logarithms and stable variates than the answer needs.

Alternative j of nest n takes the time E_j / (S_n w_j), E_j = -ln u_j (see `sim.choice`). A stable variate costs as much as ten
alternatives. It is a product of two increasing functions of one uniform number each; tables of both at the edges of 1,024 cells
bound it from below and above, and the variate itself is computed only where the bounds leave the winner open.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.choice import ANGLOPHONE, HOME, OTHER, Bytes, Floats, nest_of, stable_variate
from sim.compiled import compiled, inlined
from sim.randomness import BLOCK_LANES, LEAST_UNIFORM, Key, draw_blocks

CELLS = 1024
ROUNDING = 1e-9  # relative; far more than the rounding of a bound
NESTS = 3
NEST_BLOCKS = 2
FIRST_NEST_BLOCK = 254

# Columns of `Race.variate`
ANGLE, WAITING, LOW, HIGH = 0, 1, 2, 3


class Race(NamedTuple):
    """Scratch space of one choice among R alternatives, so that nothing is allocated; made once per run by `new_race`."""

    rate: Floats  # (R,) weights w_j, at least 0; 0 marks an unavailable alternative
    uniform: Floats  # (4 B,) uniform numbers u_j by alternative, then those of the nests
    variate: Floats  # (3, 4) by nest: the two uniform numbers of S_n, and bounds between which S_n lies
    margin: Floats  # (R,) who has 0 or less cannot beat the time to beat
    blocks: NDArray[np.uint64]  # (B,) numbers of the blocks drawn side by side
    anglophone: Bytes  # (R,) 1 for the regions of the anglophone nest
    dissimilarity: float  # lambda
    angle_factor: Floats  # (CELLS + 1,) factor of S by its first uniform number
    waiting_factor: Floats  # (CELLS + 1,) by its second


def new_race(anglophone: Bytes, dissimilarity: float) -> Race:
    """Make the scratch space of a run.

    Parameters
    ----------
    anglophone : (R,), 1 for the regions of the anglophone nest.
    dissimilarity : lambda, in (0, 1].
    """
    regions = len(anglophone)
    needed = -(-regions // 4) + NEST_BLOCKS
    blocks = np.arange(-(-needed // BLOCK_LANES) * BLOCK_LANES, dtype=np.uint64)
    blocks[-NEST_BLOCKS:] = np.arange(FIRST_NEST_BLOCK, FIRST_NEST_BLOCK + NEST_BLOCKS)
    return Race(
        np.zeros(regions), np.zeros(4 * len(blocks)), np.zeros((NESTS, 4)), np.zeros(regions),
        blocks, anglophone, dissimilarity, angle_factors(dissimilarity), waiting_factors(dissimilarity),
    )  # fmt: skip


@compiled
def edges() -> Floats:
    """List the (CELLS + 1,) edges of the cells, from the least to the greatest uniform number there is."""
    points = np.empty(CELLS + 1)
    for k in range(CELLS + 1):
        points[k] = min(max(k / CELLS, LEAST_UNIFORM), 1.0 - LEAST_UNIFORM)
    return points


@compiled
def angle_factors(dissimilarity: float) -> Floats:
    """Compute (CELLS + 1,) the factor of a stable variate that its angle makes, at the edges; it increases."""
    factors = edges()
    for k in range(CELLS + 1):
        factors[k] = stable_variate(dissimilarity, factors[k], math.exp(-1.0))
    return factors


@compiled
def waiting_factors(dissimilarity: float) -> Floats:
    """Compute (CELLS + 1,) the other factor, (-ln waiting)**(1 - 1 / lambda), at the edges; it increases."""
    factors = edges()
    for k in range(CELLS + 1):
        factors[k] = math.pow(-math.log(factors[k]), 1.0 - 1.0 / dissimilarity)
    return factors


@inlined
def start_clocks(key: Key, index: int, origin: int, cohort: int, year: int, decision: int, race: Race) -> None:
    """Draw the frozen shocks of a decision: a uniform number per alternative, and bounds of the stable variate of its nest.

    Alternative j takes word j % 4 of block j // 4; the nests take the blocks 254 and 255. The caller writes the rates and finds
    the winner.
    """
    draw_blocks(key, index, origin, cohort, year, decision, race.blocks, race.uniform)
    first = race.uniform.shape[0] - 4 * NEST_BLOCKS
    for nest in range(NESTS):
        bound_variate(race, nest, race.uniform[first + 2 * nest], race.uniform[first + 2 * nest + 1])


@inlined
def bound_variate(race: Race, nest: int, angle: float, waiting: float) -> None:
    """Bound a stable variate by the edges of the cells in which its two uniform numbers lie."""
    a = int(angle * CELLS)
    w = int(waiting * CELLS)
    race.variate[nest, ANGLE] = angle
    race.variate[nest, WAITING] = waiting
    race.variate[nest, LOW] = race.angle_factor[a] * race.waiting_factor[w] * (1.0 - ROUNDING)
    race.variate[nest, HIGH] = race.angle_factor[a + 1] * race.waiting_factor[w + 1] * (1.0 + ROUNDING)


@inlined
def variate(race: Race, nest: int) -> float:
    """Compute the stable variate of a nest; its bounds then are the variate itself."""
    if race.variate[nest, LOW] < race.variate[nest, HIGH]:
        exact = stable_variate(race.dissimilarity, race.variate[nest, ANGLE], race.variate[nest, WAITING])
        race.variate[nest, LOW] = exact
        race.variate[nest, HIGH] = exact
    return race.variate[nest, LOW]  # type: ignore[no-any-return]


@inlined
def winner(origin: int, guess: int, race: Race) -> int:
    """Find who wins a race of exponentials.

    The time of a first guess, at the latest t, is to be beaten; whoever has u <= 1 - t S w cannot (1 - x <= exp(-x)), so that
    most logarithms are never taken. The answer does not depend on the guess.

    Parameters
    ----------
    origin : the home region, whose nest holds it alone.
    guess : an alternative that often wins.
    race : rates and uniform numbers written, variates bounded.

    Returns
    -------
    The alternative with the least time; -1 when all rates are 0.
    """
    best = guess if race.rate[guess] > 0.0 else first_available(race)
    if best < 0:
        return -1
    nest = nest_of(origin, best, race.anglophone)
    time = -math.log(race.uniform[best]) / race.rate[best]
    latest = time / race.variate[nest, LOW]
    write_margins(origin, best, latest, race)
    for j in range(race.rate.shape[0]):
        if race.margin[j] <= 0.0:
            continue
        challenge = -math.log(race.uniform[j]) / race.rate[j]
        rival_nest = nest_of(origin, j, race.anglophone)
        if is_faster(race, challenge, rival_nest, time, nest):
            best, nest, time = j, rival_nest, challenge
    return best


@inlined
def first_available(race: Race) -> int:
    """Find the first alternative with a rate above 0; -1 if there is none."""
    for j in range(race.rate.shape[0]):
        if race.rate[j] > 0.0:
            return j
    return -1


@inlined
def write_margins(origin: int, first: int, latest: float, race: Race) -> None:
    """Write u - (1 - latest S w) with the greatest S there may be: above 0 for the alternatives that may beat the first."""
    english = latest * race.variate[ANGLOPHONE, HIGH]
    other = latest * race.variate[OTHER, HIGH]
    for j in range(race.rate.shape[0]):
        race.margin[j] = race.uniform[j] - 1.0 + (english if race.anglophone[j] == 1 else other) * race.rate[j]
    race.margin[origin] = race.uniform[origin] - 1.0 + latest * race.variate[HOME, HIGH] * race.rate[origin]
    race.margin[first] = 0.0


@inlined
def is_faster(race: Race, time: float, nest: int, other_time: float, other_nest: int) -> bool:
    """Tell whether time / S is less than the other's, by the bounds of both S if they decide, else by S itself."""
    if nest == other_nest:
        return time < other_time
    if time * race.variate[other_nest, LOW] >= other_time * race.variate[nest, HIGH]:
        return False
    if time * race.variate[other_nest, HIGH] < other_time * race.variate[nest, LOW]:
        return True
    return time * variate(race, other_nest) < other_time * variate(race, nest)
