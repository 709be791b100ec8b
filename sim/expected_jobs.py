"""Expected first jobs and relocations, with work authorisation, by group."""

from typing import NamedTuple

import numpy as np

from sim.choice import ANGLOPHONE, HOME, Floats, nest_factors, nest_of, power
from sim.compiled import compiled, inlined
from sim.dynamics import age_class, duration_class
from sim.world import AGE_CLASSES, DURATION_CLASSES, TALENT_CLASSES, TASTE_CLASSES, TIE_CLASSES, VISA_CLASSES, Year

AGES = 16
SMALL = 1e-4
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
def nest_sums(weights: Floats, origin: int, anglophone: np.ndarray) -> tuple[float, float, float]:  # type: ignore[type-arg]
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
def share_of(weights: Floats, factors: tuple[float, float, float], origin: int, j: int, anglophone: np.ndarray) -> float:  # type: ignore[type-arg]
    """Compute the probability of alternative j from its weight and the factors of the nests."""
    nest = nest_of(origin, j, anglophone)
    factor = factors[0] if nest == HOME else (factors[1] if nest == ANGLOPHONE else factors[2])
    return weights[j] * factor


@compiled
def take_first_jobs(tables: Year, degrees: Floats, ties: int, jobs: Jobs) -> None:
    """Send (R, V, Q, R) new doctors to first jobs."""
    regions = degrees.shape[0]
    weights = np.empty(regions)
    for o in range(regions):
        total = degrees[o].sum()
        if total <= 0.0:
            continue
        for v in range(VISA_CLASSES):
            for q in range(TALENT_CLASSES):
                for s in range(TASTE_CLASSES):
                    for h in range(TIE_CLASSES):
                        if ties == 1 and h != 1:
                            continue
                        part = 1.0 / (TASTE_CLASSES * ties)
                        for g in range(regions):
                            people = degrees[o, v, q, g] * part
                            if people <= 0.0:
                                continue
                            for j in range(regions):
                                weights[j] = tables.job_weight[o, v, q, s, j]
                            weights[o] *= tables.home_factor[o, q, h, 0]
                            weights[g] *= tables.study_pull
                            place_doctors(tables, o, v, q, h, s, g, people, SMALL * total, weights, jobs)


@compiled
def place_doctors(
    tables: Year, o: int, v: int, q: int, h: int, s: int, g: int, people: float, small: float, weights: Floats,
    jobs: Jobs,
) -> None:  # fmt: skip
    """Place the new doctors of one group: first choices, refusals, second choices, else home."""
    regions = weights.shape[0]
    sums = nest_sums(weights, o, tables.anglophone)
    factors = nest_factors(sums[0], sums[1], sums[2], tables.dissimilarity)
    jobs.industry_entry[g, 0] += people
    for j in range(regions):
        applicants = people * share_of(weights, factors, o, j, tables.anglophone)
        in_industry = tables.industry_share[o, v, s, j]
        accepted_industry = applicants * in_industry
        accepted_academia = applicants - accepted_industry
        refused = 0.0
        refused_industry = 0.0
        if j != o:
            refused_industry = accepted_industry * (1.0 - tables.authorised[o, q, j, 1])
            refused_academia = accepted_academia * (1.0 - tables.authorised[o, q, j, 0])
            accepted_industry -= refused_industry
            accepted_academia -= refused_academia
            refused = refused_industry + refused_academia
        hire(tables, o, v, q, h, g, j, accepted_academia, accepted_industry, jobs)
        if refused > 0.0:
            offshored = tables.offshoring * refused_industry / refused
            second_jobs(tables, o, v, q, h, s, g, j, refused, offshored, refused > small, weights, sums, factors, jobs)


@compiled
def second_jobs(
    tables: Year, o: int, v: int, q: int, h: int, s: int, g: int, first: int, refused: float, offshored: float,
    is_exact: bool, weights: Floats, sums: tuple[float, float, float], factors: tuple[float, float, float], jobs: Jobs,
) -> None:  # fmt: skip
    """Place those refused at their first choice: P(first, then k) = P without the first (k) - P (k), for any nested logit."""
    regions = weights.shape[0]
    top = share_of(weights, factors, o, first, tables.anglophone)
    nest = nest_of(o, first, tables.anglophone)
    without = factors
    if is_exact:
        english = sums[1] - (weights[first] if nest == ANGLOPHONE else 0.0)
        other = sums[2] - (weights[first] if nest > ANGLOPHONE else 0.0)
        without = nest_factors(sums[0], max(english, 0.0), max(other, 0.0), tables.dissimilarity)
    for k in range(regions):
        if k == first:
            continue
        share = share_of(weights, factors, o, k, tables.anglophone)
        chance = share / (1.0 - top)
        if is_exact:
            chance = (share_of(weights, without, o, k, tables.anglophone) - share) / top
        people = refused * chance
        industry = tables.industry_share[o, v, s, k]
        into_industry = people * industry
        into_academia = people - into_industry
        if k != o:
            into_industry *= tables.authorised[o, q, k, 1]
            into_academia *= tables.authorised[o, q, k, 0]
        back = people - into_industry - into_academia
        kept = (into_industry + into_academia) * offshored
        hire(tables, o, v, q, h, g, k, into_academia * (1.0 - offshored), into_industry * (1.0 - offshored), jobs)
        jobs.started[o, v, q, h, k] += kept
        jobs.first[o, q, g, k] += kept
        jobs.employers[o, q, k, first] += kept
        jobs.industry_entry[g, 1] += kept
        at_home = tables.industry_share[o, v, s, o]
        hire(tables, o, v, q, h, g, o, back * (1.0 - at_home), back * at_home, jobs)


@inlined
def hire(
    tables: Year, o: int, v: int, q: int, h: int, g: int, place: int, academia: float, industry: float, jobs: Jobs
) -> None:
    """Add new doctors of one group at a place to the year's jobs."""
    abroad = industry * tables.abroad_share[place]
    jobs.started[o, v, q, h, place] += academia + industry
    jobs.first[o, q, g, place] += academia + industry
    jobs.employers[o, q, place, place] += academia + industry - abroad
    jobs.employers[o, q, place, tables.abroad_region[place]] += abroad
    jobs.industry_entry[g, 1] += industry


@compiled
def move_incumbents(tables: Year, workers: Floats, jobs: Jobs) -> None:
    """Move incumbents with an opportunity, in place; a refused move is counted as staying."""
    regions, visas, talents, ties, ages, durations, places = workers.shape
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
                        weights[j] += tables.job_weight[o, v, q, s, j] / TASTE_CLASSES
                        industrial += tables.industry_share[o, v, s, j] / TASTE_CLASSES
                    by_industry[j] = industrial
                    accepted[j] = 1.0
                    if j != o:
                        accepted[j] = industrial * tables.authorised[o, q, j, 1]
                        accepted[j] += (1.0 - industrial) * tables.authorised[o, q, j, 0]
                for h in range(ties):
                    move_group(tables, o, q, h, workers[o, v, q, h], weights, accepted, by_industry, jobs.moved[o, v, q, h], jobs)


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
    flow = np.empty((places, places))
    sources = np.empty((places, 3))
    previous = -1
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
