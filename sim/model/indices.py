"""Last year's indices from last year's counts: ecosystem, diasporas, demand, expectations, option values.

Both engines pass integer counts of researchers, `expected` passes expected numbers; everything is turned into people first,
in id order, so that neither threads nor the order of rows changes a bit.
"""

import math
from collections.abc import Sequence

import numpy as np

from sim.model.choice.compiled import compiled
from sim.model.choice.logit import ANGLOPHONE, HOME, NESTS, OTHER, nest_of, nest_powers, nest_sums, power
from sim.model.jobs import graduate_pulls, home_premium, sector_weights
from sim.model.world import ACADEMIA, INDUSTRY, TALENT_CLASSES, TIE_CLASSES, VISA_CLASSES, Floats, Indices, Integers, World

TOP_FLOOR = 10.0  # people: ln(T + 10)


ELITE_FLOOR = 5.0  # people: ln(Q + 5)


SUCCESS_FLOOR = 0.01


SUCCESS_MEMORY = 0.7


DEMAND_MEMORY = 2.0 / 3.0


@compiled
def ecosystem_target(world: World, t: int, top: Floats, elite: Floats) -> Floats:
    """Compute (R,) E*_j of a year from the people of the top tier and the elite by location (equation E)."""
    c = world.coefficients
    rest = 1.0 - c.ecosystem_weight_top - c.ecosystem_weight_elite - c.ecosystem_weight_capital
    target = np.empty(top.shape[0])
    for j in range(top.shape[0]):
        target[j] = math.exp(
            c.ecosystem_weight_top * math.log(top[j] * world.people_per_researcher + TOP_FLOOR)
            + c.ecosystem_weight_elite * math.log(elite[j] * world.people_per_researcher + ELITE_FLOOR)
            + c.ecosystem_weight_capital * math.log(world.levers.research_capital[t, j])
            + rest * math.log(world.funding[t, j])
        )
    return target


@compiled
def relative_pull(ecosystem: Floats) -> Floats:
    """Compute e_j = ln(E_j / geometric mean of E) (equation E)."""
    mean = 0.0
    for j in range(ecosystem.shape[0]):
        mean += math.log(ecosystem[j])
    mean /= ecosystem.shape[0]
    pull = np.empty(ecosystem.shape[0])
    for j in range(ecosystem.shape[0]):
        pull[j] = math.log(ecosystem[j]) - mean
    return pull


@compiled
def option_values(world: World, sectors: Floats, t: int) -> Floats:
    """Compute (R, R, V) the logsum of work after studying in g: mean talent and tie, no taste, both sectors (equation O)."""
    c = world.coefficients
    lam = c.nest_dissimilarity
    regions = world.anglophone.shape[0]
    pull = math.exp(c.study_region_pull / lam)
    weights, before = np.empty(regions), np.empty(NESTS)
    values = np.empty((regions, regions, VISA_CLASSES))
    arrived, degree = graduate_pulls(world, t)
    for o in range(regions):
        home = math.exp(home_premium(world, t, o, TALENT_CLASSES // 2, TIE_CLASSES // 2, 0) / lam)
        for v in range(VISA_CLASSES):
            for j in range(regions):
                weights[j] = sectors[o, v, j, ACADEMIA] + sectors[o, v, j, INDUSTRY]
            weights[o] *= home
            tops = nest_powers(nest_sums(weights, o, world.anglophone), lam)
            before[:] = 0.0
            for g in range(regions):
                nest = nest_of(o, g, world.anglophone)  # only its sum changes, and only from g on
                summed = before[nest] + weights[g] * pull * (arrived[o, v, g] * degree[o, v, g])
                before[nest] += weights[g]
                for j in range(g + 1, regions):
                    if nest_of(o, j, world.anglophone) == nest:
                        summed += weights[j]
                top = power(summed, lam)
                total = top if nest == HOME else tops[0]
                total += top if nest == ANGLOPHONE else tops[1]
                total += top if nest == OTHER else tops[2]
                values[o, g, v] = math.log(total)
    return values


@compiled
def first_indices(world: World) -> Indices:
    """Make the indices with which 2000 starts: nobody anywhere, E = E*, expectations equal to that year's rates."""
    regions = world.anglophone.shape[0]
    empty = np.zeros(regions)
    ecosystem = ecosystem_target(world, 0, empty, empty)
    success = np.empty((regions, regions))
    for o in range(regions):
        for j in range(regions):
            success[o, j] = max(1.0 - world.levers.student_visa_refusal[0, o, j], SUCCESS_FLOOR)
    start = Indices(
        ecosystem,
        relative_pull(ecosystem),
        np.zeros((regions, regions)),
        np.zeros(regions),
        success,
        np.zeros((regions, regions, VISA_CLASSES)),
    )
    return Indices(
        start[0],
        start[1],
        start[2],
        start[3],
        start[4],
        option_values(world, sector_weights(world, start, 0), 0),
    )


@compiled
def next_indices(
    world: World,
    indices: Indices,
    t: int,
    sectors: Floats,
    top: Floats,
    elite: Floats,
    stock: Floats,
    demand: Floats,
) -> Indices:
    """Make the indices that the next year reads (equations E, M, D, P and O).

    Parameters
    ----------
    t : the year that ends, since 2000.
    sectors : (R, V, R, 2) job weights by sector of that year.
    top, elite : (R,) researchers of the tiers by location, observed or not; stock : (R, R) researchers by origin and location;
    demand : (R,) entrants who chose each study region. Counts of simulated researchers.

    Returns
    -------
    Indices, in people.
    """
    c = world.coefficients
    regions = top.shape[0]
    target = ecosystem_target(world, t, top, elite)
    ecosystem = np.empty(regions)
    people = np.empty((regions, regions))
    smoothed = np.empty(regions)
    success = np.empty((regions, regions))
    for j in range(regions):
        ecosystem[j] = (1.0 - c.ecosystem_memory) * indices.ecosystem[j] + c.ecosystem_memory * target[j]
        entrants = demand[j] * world.people_per_researcher
        smoothed[j] = entrants if t == 0 else DEMAND_MEMORY * indices.demand[j] + (1.0 - DEMAND_MEMORY) * entrants
        for o in range(regions):
            people[o, j] = 0.0 if o == j else stock[o, j] * world.people_per_researcher
    following = min(t + 1, world.levers.student_visa_refusal.shape[0] - 1)
    for o in range(regions):
        for j in range(regions):
            expected = SUCCESS_MEMORY * indices.expected_success[o, j]
            expected += (1.0 - SUCCESS_MEMORY) * (1.0 - world.levers.student_visa_refusal[following, o, j])
            success[o, j] = max(expected, SUCCESS_FLOOR)
    values = option_values(world, sectors, t)
    return Indices(ecosystem, relative_pull(ecosystem), people, smoothed, success, values)


def held_indices(own: Indices, held: Sequence[Indices] | None, t: int) -> Indices:
    """Put another run's ecosystem, diasporas and smoothed demand in the place of a run's own.

    Expectations of visas and the value of work after study stay its own; the latter rests on tables made of what is held.

    Parameters
    ----------
    own : indices of year t of this run.
    held : indices of every year of the other run, from 2000 on, of the same regions; None holds nothing.
    t : year since 2000; after the last one nothing is held.
    """
    if held is None or t >= len(held):
        return own
    other = held[t]
    return own._replace(ecosystem=other.ecosystem, pull=other.pull, diaspora=other.diaspora, demand=other.demand)


@compiled
def as_floats(counts: Integers) -> Floats:
    """Convert whole numbers to floats, exactly."""
    return counts.astype(np.float64)
