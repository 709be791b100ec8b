"""Expected first jobs and relocations, with work authorisation, by group."""

from typing import NamedTuple

import numpy as np

from sim.choice import ANGLOPHONE, HOME, Bytes, Floats, nest_factors, nest_of, nest_sums, power
from sim.compiled import compiled, inlined
from sim.dynamics import age_class, duration_class
from sim.world import (
    DURATION_CLASSES,
    TALENT_CLASSES,
    TASTE_CLASSES,
    TIE_CLASSES,
    VISA_CLASSES,
    Year,
)

AGES = 16
CERTAIN = 1e-12  # of a probability: nobody is left to be refused elsewhere
SMALL = 2e-4
"""Part of an origin's new doctors below which the second choice is taken as proportional (Luce) instead of exact."""


class Jobs(NamedTuple):
    """Expected people who take up jobs in one year."""

    started: Floats  # (R, V, Q, H, R) new doctors by place
    first: Floats  # (R, Q, R study, R place) new doctors
    employers: Floats  # (R, Q, R place, R headquarters) new doctors
    industry_entry: Floats  # (R study, 2) new doctors: all, in industry
    moved: Floats  # (R, V, Q, H, AGES, R) movers by new place
    moves: Floats  # (R, Q, R from, R to) movers
    moved_employers: Floats  # (R, Q, R place, R headquarters) movers


def new_jobs(regions: int) -> Jobs:
    """Make a year's jobs, all zero."""
    return Jobs(
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, TIE_CLASSES, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, 2)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, TIE_CLASSES, AGES, regions)),
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
                                place_doctors(tables, o, v, q, s, g, people, small, weights, sums, hired, jobs)
                                for j in range(regions):
                                    jobs.started[o, v, q, h, j] += hired[0, j] + hired[1, j]


@compiled
def place_doctors(
    tables: Year, o: int, v: int, q: int, s: int, g: int, people: float, small: float, weights: Floats,
    sums: tuple[float, float, float], hired: Floats, jobs: Jobs,
) -> None:  # fmt: skip
    """Place the new doctors of one group into (2 sectors, R) `hired`: first choices, second choices of the refused, else home.

    `weights` and `sums` hold the group's weights and nest sums without the pull of the study region.
    """
    regions = weights.shape[0]
    plain = weights[g]
    weights[g] = plain * tables.study_pull
    sums = add_to_nest(sums, nest_of(o, g, tables.anglophone), weights[g] - plain)
    factors = nest_factors(sums[0], sums[1], sums[2], tables.dissimilarity)
    waiting = 0.0
    back = 0.0
    for j in range(regions):
        chance = share_of(weights, factors, o, j, tables.anglophone)
        industry = tables.industry_share[o, v, s, j]
        hired[0, j] = people * chance * (1.0 - industry) * tables.authorised[o, q, j, 0]
        hired[1, j] = people * chance * industry * tables.authorised[o, q, j, 1]
        refused = people * chance - hired[0, j] - hired[1, j]
        if refused <= small:
            waiting += max(refused, 0.0) / max(1.0 - chance, CERTAIN)
    for j in range(regions):
        chance = share_of(weights, factors, o, j, tables.anglophone)
        industry = tables.industry_share[o, v, s, j]
        accepted = (1.0 - industry) * tables.authorised[o, q, j, 0] + industry * tables.authorised[o, q, j, 1]
        refused = people * chance * (1.0 - accepted)
        others = waiting - refused / max(1.0 - chance, CERTAIN) if refused <= small else waiting
        back += second_choice(tables, o, v, q, s, j, chance * max(others, 0.0), hired)
        if refused > small:
            by_industry = industry * (1.0 - tables.authorised[o, q, j, 1]) / (1.0 - accepted)
            back += exact_second(
                tables,
                o,
                v,
                q,
                s,
                j,
                refused,
                tables.offshoring * by_industry,
                weights,
                sums,
                factors,
                hired,
                jobs,
            )
    at_home = tables.industry_share[o, v, s, o]
    hired[0, o] += back * (1.0 - at_home)
    hired[1, o] += back * at_home
    weights[g] = plain
    record_hires(tables, o, q, g, people, hired, jobs)


@inlined
def second_choice(tables: Year, o: int, v: int, q: int, s: int, k: int, people: float, hired: Floats) -> float:
    """Add people whose second choice is k; return those refused again."""
    industry = tables.industry_share[o, v, s, k]
    into_academia = people * (1.0 - industry) * tables.authorised[o, q, k, 0]
    into_industry = people * industry * tables.authorised[o, q, k, 1]
    hired[0, k] += into_academia
    hired[1, k] += into_industry
    return people - into_academia - into_industry


@compiled
def exact_second(
    tables: Year, o: int, v: int, q: int, s: int, first: int, refused: float, offshored: float, weights: Floats,
    sums: tuple[float, float, float], factors: tuple[float, float, float], hired: Floats, jobs: Jobs,
) -> float:  # fmt: skip
    """Place those refused at their first choice: P(first, then k) = P without the first (k) - P(k), for any nested logit.

    Returns
    -------
    People refused again.
    """
    top = share_of(weights, factors, o, first, tables.anglophone)
    rest = add_to_nest(sums, nest_of(o, first, tables.anglophone), -weights[first])
    without = nest_factors(rest[0], max(rest[1], 0.0), max(rest[2], 0.0), tables.dissimilarity)
    back = 0.0
    for k in range(weights.shape[0]):
        if k == first:
            continue
        gained = share_of(weights, without, o, k, tables.anglophone) - share_of(weights, factors, o, k, tables.anglophone)
        people = refused * gained / top
        again = second_choice(tables, o, v, q, s, k, people, hired)
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


@compiled
def move_incumbents(tables: Year, workers: Floats, jobs: Jobs) -> None:
    """Move incumbents with an opportunity, in place; a refused move is counted as staying."""
    regions, visas, talents, ties = workers.shape[:4]
    weights = np.empty(regions)
    accepted = np.empty(regions)
    by_industry = np.empty(regions)
    for o in range(regions):
        for v in range(visas):
            for q in range(talents):
                for j in range(regions):
                    weights[j] = 0.0
                    industrial = 0.0
                    for s in range(TASTE_CLASSES):
                        weight = tables.job_weight[o, v, q, s, j] / TASTE_CLASSES
                        weights[j] += weight
                        industrial += weight * tables.industry_share[o, v, s, j]
                    industrial /= weights[j]
                    by_industry[j] = industrial
                    accepted[j] = 1.0
                    if j != o:
                        accepted[j] = industrial * tables.authorised[o, q, j, 1]
                        accepted[j] += (1.0 - industrial) * tables.authorised[o, q, j, 0]
                for h in range(ties):
                    move_group(
                        tables,
                        o,
                        q,
                        h,
                        workers[o, v, q, h],
                        weights,
                        accepted,
                        by_industry,
                        jobs.moved[o, v, q, h],
                        jobs,
                    )


@compiled
def move_group(
    tables: Year, o: int, q: int, h: int, group: Floats, weights: Floats, accepted: Floats, by_industry: Floats,
    moved: Floats, jobs: Jobs,
) -> None:  # fmt: skip
    """Move one (origin, visa, talent, tie) group of (AGES, DURATIONS, R) workers, in place."""
    ages, durations, places = group.shape
    lam = tables.dissimilarity
    factors = np.empty((DURATION_CLASSES, places, 3))
    outflow = np.empty((DURATION_CLASSES, places))
    sources = np.empty((places, 3))
    previous = -1
    if group.sum() <= 0.0:
        return
    for x in range(ages):
        level = age_class(x)
        if level != previous:
            fill_factors(tables, o, q, h, level, weights, accepted, lam, factors, outflow)
            previous = level
        sources[:] = 0.0
        busy = False
        for d in range(durations):
            c = duration_class(x) if d == 0 else d - 1
            for place in range(places):
                people = group[x, d, place]
                if people <= 1e-9:
                    continue
                ready = people * tables.relocation[o, place, level, c]
                busy = True
                for n in range(3):
                    sources[place, n] += ready * factors[c, place, n]
                group[x, d, place] = people - ready * outflow[c, place]
        if not busy:
            continue
        for place in range(places):
            for j in range(places):
                if j == place:
                    continue
                weight = weights[j] * accepted[j]
                if j == o:
                    weight *= tables.home_factor[o, q, h, 1 + level]
                people = weight * sources[place, nest_of(o, j, tables.anglophone)]
                moved[x, j] += people
                jobs.moves[o, q, place, j] += people
                abroad = people * by_industry[j] * tables.abroad_share[j]
                jobs.moved_employers[o, q, j, j] += people - abroad
                jobs.moved_employers[o, q, j, tables.abroad_region[j]] += abroad


@compiled
def fill_factors(
    tables: Year, o: int, q: int, h: int, level: int, weights: Floats, accepted: Floats, lam: float, factors: Floats,
    outflow: Floats,
) -> None:  # fmt: skip
    """Fill, by duration class and place, the factors of the three nests and the probability to move on an opportunity."""
    places = weights.shape[0]
    home_away = weights[o] * tables.home_factor[o, q, h, 1 + level]
    home_here = weights[o] * tables.home_factor[o, q, h, 0]
    _, english, other = nest_sums(weights, o, tables.anglophone)
    top_away = power(home_away, lam)
    top_english = power(english, lam)
    top_other = power(other, lam)
    going_english = 0.0
    going_other = 0.0
    for j in range(places):
        if j == o:
            continue
        if tables.anglophone[j] == 1:
            going_english += weights[j] * accepted[j]
        else:
            going_other += weights[j] * accepted[j]
    for c in range(DURATION_CLASSES):
        gain = tables.stay_pull[c] - 1.0
        for place in range(places):
            nest = nest_of(o, place, tables.anglophone)
            sum_home, sum_english, sum_other = home_away, english, other
            top_home, top_e, top_o = top_away, top_english, top_other
            if nest == HOME:
                sum_home = home_here * tables.stay_pull[c]
                top_home = power(sum_home, lam)
            elif nest == ANGLOPHONE:
                sum_english = english + gain * weights[place]
                top_e = power(sum_english, lam)
            else:
                sum_other = other + gain * weights[place]
                top_o = power(sum_other, lam)
            total = top_home + top_e + top_o
            factors[c, place, 0] = top_home / (sum_home * total)
            factors[c, place, 1] = top_e / (sum_english * total) if sum_english > 0.0 else 0.0
            factors[c, place, 2] = top_o / (sum_other * total) if sum_other > 0.0 else 0.0
            own = weights[place] * accepted[place]
            leaving = going_english * factors[c, place, 1] + going_other * factors[c, place, 2]
            if nest == HOME:
                outflow[c, place] = leaving
            else:
                outflow[c, place] = leaving + home_away * factors[c, place, 0] - own * factors[c, place, nest]
