"""Expected first jobs and relocations, with work authorisation, by group."""

from typing import NamedTuple

import numpy as np

from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import ANGLOPHONE, HOME, nest_factors, nest_of, nest_sums
from sim.model.jobs import hire_chance
from sim.model.status import moves_freely
from sim.model.world import (
    ACADEMIA,
    AT_WORK,
    INDUSTRY,
    TALENT_CLASSES,
    TASTE_CLASSES,
    TIE_CLASSES,
    VISA_CLASSES,
    Bytes,
    Floats,
    Year,
)

AGES = 16  # academic age in completed years; the last holds 15 and more
CERTAIN = 1e-12  # of a probability: nobody is left to be refused elsewhere
SMALL = 2e-4
"""Part of an origin's new doctors below which the second choice is taken as proportional (Luce) instead of exact."""


class Jobs(NamedTuple):
    """Expected people who take up jobs in one year."""

    started: Floats  # (R, V, Q, H, R) new doctors by place
    waiting: Floats  # (R, V, Q, H, R) those of them on post-study status
    first: Floats  # (R, Q, R study, R place) new doctors
    employers: Floats  # (R, Q, R place, R headquarters) new doctors
    industry_entry: Floats  # (R study, 2) new doctors: all, in industry
    moved: Floats  # (R, V, Q, H, AGES, R) movers by new place
    moves: Floats  # (R, Q, R from, R to) movers, but for the expelled
    expelled: Floats  # (R, Q, R from, R to) those who lose a post-study status: all with a degree of `from`
    moved_employers: Floats  # (R, Q, R place, R headquarters) movers


class Doctors(NamedTuple):
    """Which new doctors are placed: everyone of an origin and a visa, talent and taste class with a degree of one region."""

    origin: int
    visa: int
    talent: int
    taste: int
    study: int


class Odds(NamedTuple):
    """What a group chooses by: the probability of a region is its weight times the factor of its nest."""

    weights: Floats  # (R,)
    sums: tuple[float, float, float]  # of the weights in a nest
    factors: tuple[float, float, float]  # of a nest


def new_jobs(regions: int) -> Jobs:
    """Make a year's jobs, all zero."""
    return Jobs(
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, TIE_CLASSES, regions)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, TIE_CLASSES, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, 2)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, TIE_CLASSES, AGES, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
    )


@inlined
def share_of(weights: Floats, factors: tuple[float, float, float], origin: int, j: int, anglophone: Bytes) -> float:
    """Compute the probability of alternative j from its weight and the factors of the nests."""
    nest = nest_of(origin, j, anglophone)
    factor = factors[0] if nest == HOME else (factors[1] if nest == ANGLOPHONE else factors[2])
    return weights[j] * factor


@compiled
def take_first_jobs(tables: Year, degrees: Floats, ties: int, jobs: Jobs) -> None:
    """Send (R, V, Q, R) new doctors to first jobs; ties 1: everyone of the middle home tie."""
    regions = degrees.shape[0]
    weights = np.empty(regions)
    hired = np.empty((2, regions))
    part = 1.0 / (TASTE_CLASSES * ties)
    for o in range(regions):
        small = SMALL * degrees[o].sum()
        for v in range(VISA_CLASSES):
            for q in range(TALENT_CLASSES):
                for s in range(TASTE_CLASSES):
                    for h in range(TIE_CLASSES):
                        if ties == 1 and h != 1:
                            continue
                        for j in range(regions):
                            weights[j] = tables.job_weight[o, v, q, s, j]
                        weights[o] *= tables.home_factor[o, q, h, 0]
                        sums = nest_sums(weights, o, tables.anglophone)
                        for g in range(regions):
                            people = degrees[o, v, q, g] * part
                            if people > 0.0:
                                place_doctors(tables, Doctors(o, v, q, s, g), people, small, weights, sums, hired, jobs)
                                for j in range(regions):
                                    jobs.started[o, v, q, h, j] += hired[0, j] + hired[1, j]
                                if tables.post_study_attempts[g] >= 1 and not moves_freely(o, g, tables):
                                    jobs.waiting[o, v, q, h, g] += hired[1, g] * (1.0 - tables.direct[o, q, g])


@compiled
def place_doctors(
    tables: Year, who: Doctors, people: float, small: float, weights: Floats, sums: tuple[float, float, float],
    hired: Floats, jobs: Jobs,
) -> None:  # fmt: skip
    """Place the new doctors of one group into (2 sectors, R) `hired`: first choices, second choices of the refused, else home.

    Those behind the exit gate stay at home.

    `weights` and `sums` hold the group's weights and nest sums without the pull of the study region.
    """
    o, v, q, s, g = who
    regions = weights.shape[0]
    plain = weights[g]
    weights[g] = plain * tables.study_pull
    sums = add_to_nest(sums, nest_of(o, g, tables.anglophone), weights[g] - plain)
    factors = nest_factors(sums[0], sums[1], sums[2], tables.dissimilarity)
    odds = Odds(weights, sums, factors)
    waiting = 0.0
    back = people * tables.exit_gate[o, AT_WORK] if g == o else 0.0
    going = people - back
    for j in range(regions):
        chance = share_of(weights, factors, o, j, tables.anglophone)
        industry = tables.industry_share[o, v, s, j]
        hired[0, j] = going * chance * (1.0 - industry) * hire_chance(o, q, j, ACADEMIA, g, tables)
        hired[1, j] = going * chance * industry * hire_chance(o, q, j, INDUSTRY, g, tables)
        refused = going * chance - hired[0, j] - hired[1, j]
        if refused <= small:
            waiting += max(refused, 0.0) / max(1.0 - chance, CERTAIN)
    for j in range(regions):
        chance = share_of(weights, factors, o, j, tables.anglophone)
        industry = tables.industry_share[o, v, s, j]
        by_lottery = hire_chance(o, q, j, INDUSTRY, g, tables)
        accepted = (1.0 - industry) * hire_chance(o, q, j, ACADEMIA, g, tables) + industry * by_lottery
        refused = going * chance * (1.0 - accepted)
        others = waiting - refused / max(1.0 - chance, CERTAIN) if refused <= small else waiting
        back += second_choice(tables, who, j, chance * max(others, 0.0), hired)
        if refused > small:
            by_industry = industry * (1.0 - by_lottery) / (1.0 - accepted)
            offshored = tables.offshoring[j] * by_industry
            back += exact_second(tables, who, j, refused, offshored, odds, hired, jobs)
    at_home = tables.industry_share[o, v, s, o]
    hired[0, o] += back * (1.0 - at_home)
    hired[1, o] += back * at_home
    weights[g] = plain
    record_hires(tables, o, q, g, people, hired, jobs)


@inlined
def second_choice(tables: Year, who: Doctors, k: int, people: float, hired: Floats) -> float:
    """Add people whose second choice is k; return those refused again."""
    o, v, q, s, g = who
    industry = tables.industry_share[o, v, s, k]
    into_academia = people * (1.0 - industry) * hire_chance(o, q, k, ACADEMIA, g, tables)
    into_industry = people * industry * hire_chance(o, q, k, INDUSTRY, g, tables)
    hired[0, k] += into_academia
    hired[1, k] += into_industry
    return people - into_academia - into_industry


@compiled
def exact_second(
    tables: Year, who: Doctors, first: int, refused: float, offshored: float, odds: Odds, hired: Floats, jobs: Jobs
) -> float:
    """Place those refused at their first choice: P(first, then k) = P without the first (k) - P(k), for any nested logit.

    Returns
    -------
    People refused again.
    """
    o, q = who.origin, who.talent
    weights, sums, factors = odds
    top = share_of(weights, factors, o, first, tables.anglophone)
    rest = add_to_nest(sums, nest_of(o, first, tables.anglophone), -weights[first])
    without = nest_factors(rest[0], max(rest[1], 0.0), max(rest[2], 0.0), tables.dissimilarity)
    back = 0.0
    for k in range(weights.shape[0]):
        if k == first:
            continue
        gained = share_of(weights, without, o, k, tables.anglophone) - share_of(weights, factors, o, k, tables.anglophone)
        people = refused * gained / top
        again = second_choice(tables, who, k, people, hired)
        back += again
        kept = (people - again) * offshored
        jobs.employers[o, q, k, first] += kept
        jobs.employers[o, q, k, k] -= kept
    return back


@inlined
def add_to_nest(sums: tuple[float, float, float], nest: int, weight: float) -> tuple[float, float, float]:
    """Add a weight to the sum of one nest."""
    if nest == HOME:
        return sums[0] + weight, sums[1], sums[2]
    if nest == ANGLOPHONE:
        return sums[0], sums[1] + weight, sums[2]
    return sums[0], sums[1], sums[2] + weight


@compiled
def record_hires(tables: Year, o: int, q: int, g: int, people: float, hired: Floats, jobs: Jobs) -> None:
    """Add (2 sectors, R) new doctors of one group to the year's jobs."""
    jobs.industry_entry[g, 0] += people
    for place in range(hired.shape[1]):
        both = hired[0, place] + hired[1, place]
        abroad = hired[1, place] * tables.abroad_share[place]
        jobs.first[o, q, g, place] += both
        jobs.employers[o, q, place, place] += both - abroad
        if abroad > 0.0:
            jobs.employers[o, q, place, tables.abroad_region[place]] += abroad
        jobs.industry_entry[g, 1] += hired[1, place]
