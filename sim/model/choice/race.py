"""The race of one choice: who wins under frozen shocks, with no more logarithms and stable variates than the answer needs.

Alternative j of nest n takes the time E_j / (S_n w_j), E_j = -ln u_j (see `sim.model.choice.logit`). A stable variate costs as
much as ten alternatives. It is a product of two increasing functions of one uniform number each; tables of both at the edges of
1,024 cells bound it from below and above, and the variate itself is computed only where the bounds leave the winner open.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import ANGLOPHONE, HOME, NESTS, OTHER, nest_of, stable_variate
from sim.model.choice.randomness import (
    BLOCK_LANES,
    EMPLOYER,
    JOB_CHOICE,
    LEAST_UNIFORM,
    SHIFT_8,
    Key,
    draw_blocks,
    occasion,
    origin_cohort,
    uniform,
)
from sim.model.world import Bytes, Floats, Integers

CELL_SHIFT = np.uint32(22)  # leaves the 10 leading bits of a word


CELLS = 1024


ROUNDING = 1e-9  # relative; far more than the rounding of a bound


NEST_BLOCKS = 2


FIRST_NEST_BLOCK = 254


LAST_BLOCKS = 1 + NEST_BLOCKS
"""Behind the blocks of the alternatives: that of the employer, which belongs to decision JOB, then those of the nests."""


# Columns of `Race.variate`
LOW, HIGH = 0, 1


class Race(NamedTuple):
    """Scratch space of one choice among R alternatives, so that nothing is allocated; made once per run by `new_race`.

    `Races` has the same arrays for N choices that are made side by side, each with an axis (N,) in front.
    """

    rate: Floats  # (R,) weights w_j, at least 0; 0 marks an unavailable alternative
    words: NDArray[np.uint32]  # (4 B,) as drawn: those of the alternatives, behind them of the employer and the nests
    uniform: Floats  # (R,) uniform numbers u_j
    variate: Floats  # (3, 2) by nest: bounds between which S_n lies
    margin: Floats  # (R,) who has 0 or less cannot beat the leader's time
    leader: Integers  # (2,) who runs first, and how many may yet be faster
    time: Floats  # (1,) the leader's time
    blocks: NDArray[np.uint64]  # (B,) numbers of the blocks drawn side by side
    anglophone: Bytes  # (R,) 1 for the regions of the anglophone nest
    dissimilarity: float  # lambda
    angle_factor: Floats  # (CELLS + 1,) factor of S by its first uniform number
    waiting_factor: Floats  # (CELLS + 1,) by its second


class Races(NamedTuple):
    """Scratch space of N choices; see `Race`."""

    rate: Floats  # (N, R)
    words: NDArray[np.uint32]  # (N, 4 B)
    uniform: Floats  # (N, R)
    variate: Floats  # (N, 3, 2)
    margin: Floats  # (N, R)
    leader: Integers  # (N, 2)
    time: Floats  # (N, 1)
    blocks: NDArray[np.uint64]  # (B,)
    anglophone: Bytes  # (R,)
    dissimilarity: float
    angle_factor: Floats  # (CELLS + 1,)
    waiting_factor: Floats  # (CELLS + 1,)


def new_races(anglophone: Bytes, dissimilarity: float, number: int) -> Races:
    """Make the scratch space of several choices.

    Parameters
    ----------
    anglophone : (R,), 1 for the regions of the anglophone nest.
    dissimilarity : lambda, in (0, 1].
    number : N, how many choices are made side by side.
    """
    regions = len(anglophone)
    needed = -(-regions // 4) + LAST_BLOCKS
    blocks = np.arange(-(-needed // BLOCK_LANES) * BLOCK_LANES, dtype=np.uint64)
    blocks[-LAST_BLOCKS] = np.uint64(EMPLOYER - JOB_CHOICE) << SHIFT_8  # the decision stands above the number of the block
    blocks[-NEST_BLOCKS:] = np.arange(FIRST_NEST_BLOCK, FIRST_NEST_BLOCK + NEST_BLOCKS)
    words = np.zeros((number, 4 * len(blocks)), dtype=np.uint32)
    return Races(
        np.zeros((number, regions)), words, np.zeros((number, regions)), np.zeros((number, NESTS, 2)),
        np.zeros((number, regions)), np.zeros((number, 2), dtype=np.int64), np.zeros((number, 1)), blocks, anglophone,
        dissimilarity, angle_factors(dissimilarity), waiting_factors(dissimilarity),
    )  # fmt: skip


def new_race(anglophone: Bytes, dissimilarity: float) -> Race:
    """Make the scratch space of one choice; parameters as in `new_races`."""
    r = new_races(anglophone, dissimilarity, 1)
    return Race(
        r.rate[0], r.words[0], r.uniform[0], r.variate[0], r.margin[0], r.leader[0], r.time[0],
        r.blocks, r.anglophone, r.dissimilarity, r.angle_factor, r.waiting_factor,
    )  # fmt: skip


@inlined
def one_race(races: Races, n: int) -> Race:
    """Take the scratch space of choice n out of several; for `inlined` callers alone: nobody counts references to the views."""
    return Race(
        races.rate[n],
        races.words[n],
        races.uniform[n],
        races.variate[n],
        races.margin[n],
        races.leader[n],
        races.time[n],
        races.blocks,
        races.anglophone,
        races.dissimilarity,
        races.angle_factor,
        races.waiting_factor,
    )


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
    """Draw the frozen shocks of a decision and put them to use: `draw_clocks` and `take_clocks` at once."""
    draw_clocks(key, index, origin, cohort, year, decision, race)
    take_clocks(race)


@inlined
def draw_clocks(key: Key, index: int, origin: int, cohort: int, year: int, decision: int, race: Race) -> None:
    """Draw the words of a decision.

    Alternative j takes word j % 4 of block j // 4; the nests take the blocks 254 and 255. With the words of decision JOB come
    those of the employer.
    """
    draw_blocks(key, np.uint64(index), origin_cohort(origin, cohort), occasion(year, decision), race.blocks, race.words)


@inlined
def take_clocks(race: Race) -> None:
    """Turn the words of a decision into a uniform number per alternative, and bounds of the stable variates of the nests.

    The caller writes the rates, starts and finishes the race.
    """
    for k in range(race.uniform.shape[0]):
        race.uniform[k] = uniform(race.words[k])
    bound_variates(race)


@inlined
def employer_number(race: Race, place: int) -> float:
    """Return one of the four uniform numbers of the employer, `place` 0..3, once the clocks of decision JOB are drawn."""
    return uniform(race.words[race.words.shape[0] - 4 * LAST_BLOCKS + place])


@inlined
def bound_variates(race: Race) -> None:
    """Bound the stable variates by the edges of the cells in which their two uniform numbers lie: their words' leading bits."""
    first = race.words.shape[0] - 4 * NEST_BLOCKS
    for nest in range(NESTS):
        angle = race.words[first + 2 * nest] >> CELL_SHIFT
        waiting = race.words[first + 2 * nest + 1] >> CELL_SHIFT
        race.variate[nest, LOW] = race.angle_factor[angle] * race.waiting_factor[waiting] * (1.0 - ROUNDING)
        race.variate[nest, HIGH] = race.angle_factor[angle + 1] * race.waiting_factor[waiting + 1] * (1.0 + ROUNDING)


@inlined
def variate(race: Race, nest: int) -> float:
    """Compute the stable variate of a nest; its bounds then are the variate itself."""
    if race.variate[nest, LOW] < race.variate[nest, HIGH]:
        place = race.words.shape[0] - 4 * NEST_BLOCKS + 2 * nest
        exact = stable_variate(race.dissimilarity, uniform(race.words[place]), uniform(race.words[place + 1]))
        race.variate[nest, LOW] = exact
        race.variate[nest, HIGH] = exact
    return race.variate[nest, LOW]


@inlined
def winner(origin: int, guess: int, race: Race) -> int:
    """Find who wins a race of exponentials: `start_race` and `finish_race` at once."""
    start_race(origin, guess, race)
    return finish_race(origin, race)


@inlined
def start_race(origin: int, guess: int, race: Race) -> None:
    """Let a first guess lead, and note who may yet be faster.

    The leader's time, at the latest t, is to be beaten; whoever has u <= 1 - t S w cannot (1 - x <= exp(-x)), so that most
    logarithms are never taken. Nothing here branches on luck: the starts of several races overlap in the processor.

    Parameters
    ----------
    origin : the home region, whose nest holds it alone.
    guess : an alternative that often wins; the winner does not depend on it.
    race : rates and uniform numbers written, variates bounded.
    """
    best = guess if race.rate[guess] > 0.0 else first_available(race)
    race.leader[0] = best
    race.leader[1] = 0
    if best >= 0:
        time = -math.log(race.uniform[best]) / race.rate[best]
        race.time[0] = time
        race.leader[1] = write_margins(origin, best, time / race.variate[nest_of(origin, best, race.anglophone), LOW], race)


@inlined
def finish_race(origin: int, race: Race) -> int:
    """Find who wins a race that was started.

    Returns
    -------
    The alternative with the least time; -1 when all rates are 0.
    """
    best = int(race.leader[0])
    rivals = race.leader[1]
    if rivals == 0:
        return best
    nest = nest_of(origin, best, race.anglophone)
    time = race.time[0]
    for j in range(race.rate.shape[0]):
        if race.margin[j] <= 0.0:
            continue
        challenge = -math.log(race.uniform[j]) / race.rate[j]
        rival_nest = nest_of(origin, j, race.anglophone)
        if is_faster(race, challenge, rival_nest, time, nest):
            best, nest, time = j, rival_nest, challenge
        rivals -= 1
        if rivals == 0:
            break
    return best


@inlined
def first_available(race: Race) -> int:
    """Find the first alternative with a rate above 0; -1 if there is none."""
    for j in range(race.rate.shape[0]):
        if race.rate[j] > 0.0:
            return j
    return -1


@inlined
def write_margins(origin: int, first: int, latest: float, race: Race) -> int:
    """Write u - (1 - latest S w) with the greatest S there may be, and count where it is above 0: who may beat the first."""
    home = latest * race.variate[HOME, HIGH]
    english = latest * race.variate[ANGLOPHONE, HIGH]
    other = latest * race.variate[OTHER, HIGH]
    rivals = 0
    for j in range(race.rate.shape[0]):
        abroad = english if race.anglophone[j] == 1 else other
        margin = race.uniform[j] - 1.0 + (home if j == origin else abroad) * race.rate[j]
        margin = 0.0 if j == first else margin
        race.margin[j] = margin
        rivals += int(margin > 0.0)
    return rivals


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
