"""Expected moves of incumbents by group: attempts at a work visa, lost statuses, and opportunities to move."""

from typing import NamedTuple

import numpy as np

from sim.engines.expected.jobs import CERTAIN, Jobs, share_of
from sim.model.choice.compiled import compiled
from sim.model.choice.logit import ANGLOPHONE, HOME, nest_factors, nest_of, nest_sums, power
from sim.model.population import age_class, duration_class
from sim.model.status import moves_freely
from sim.model.world import AGE_CLASSES, AT_WORK, DURATION_CLASSES, TASTE_CLASSES, Floats, Integers, Year

NOBODY = 1e-9  # people


class Movers(NamedTuple):
    """Which incumbents are moved: everyone of an origin, a talent class and a home-tie class."""

    origin: int
    talent: int
    tie: int


class Offers(NamedTuple):
    """What awaits the incumbents of an origin, a visa class and a talent class in each region."""

    weights: Floats  # (R,) of places as new ones, taste averaged, without home factor
    accepted: Floats  # (R,) probability that a hire is authorised
    by_industry: Floats  # (R,) part of the hires


@compiled
def move_incumbents(tables: Year, workers: Floats, waiting: Floats, left: Integers, jobs: Jobs) -> None:
    """Move incumbents who lose a status, then those with an opportunity, in place; a refused move is counted as staying.

    Parameters
    ----------
    workers : (R, V, Q, H, AGES, DURATIONS, R).
    waiting : (R, V, Q, H, A, R) those of them on post-study status, by years since the degree.
    left : (A, R) attempts they have left after this year's.
    jobs : of `new_jobs`; the movers are added.
    """
    regions, visas, talents, ties = workers.shape[:4]
    offers = Offers(np.empty(regions), np.empty(regions), np.empty(regions))
    for o in range(regions):
        for v in range(visas):
            for q in range(talents):
                fill_offers(tables, o, v, q, offers)
                for h in range(ties):
                    group = workers[o, v, q, h]
                    on_stay = waiting[o, v, q, h]
                    moved = jobs.moved[o, v, q, h]
                    whose = Movers(o, q, h)
                    lose_statuses(tables, whose, group, on_stay, left, offers, moved, jobs)
                    move_group(tables, whose, group, on_stay, offers, moved, jobs)


@compiled
def fill_offers(tables: Year, o: int, v: int, q: int, offers: Offers) -> None:
    """Fill what does not depend on tie and age."""
    weights, accepted, by_industry = offers
    for j in range(weights.shape[0]):
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


@compiled
def lose_statuses(
    tables: Year, whose: Movers, group: Floats, on_stay: Floats, left: Integers, offers: Offers, moved: Floats, jobs: Jobs
) -> None:
    """Let one group attempt, lose statuses and choose again, in place.

    Who has permanent status is read from this year's wait alone: a wait that grows later would take it away again, which
    only shows where a forced exit comes on top.
    """
    o = whose.origin
    ages, _, places = group.shape
    lost = np.zeros(ages)
    expelled = np.zeros(ages)
    arrive = np.empty(places)
    for place in range(places):
        if moves_freely(o, place, tables):
            on_stay[:, place] = 0.0
            continue
        forced = tables.forced_exit[o, place, AT_WORK]
        expelled[:] = 0.0
        for x in range(on_stay.shape[0]):
            if on_stay[x, place] > 0.0:
                failed = on_stay[x, place] * (1.0 - tables.work_visa_odds[place])
                expelled[x] = failed if left[x, place] <= 0 else failed * forced
                on_stay[x, place] = failed - expelled[x]
                group[x, 0, place] -= expelled[x]
        lost[:] = 0.0
        if forced > 0.0:
            lose_temporary(tables, o, place, forced, group, on_stay, lost)
        for level in range(AGE_CLASSES):
            people = 0.0
            for x in range(ages):
                if age_class(x) == level:
                    people += lost[x] + expelled[x]
            if people > NOBODY:
                forced_shares(tables, whose, level, place, offers, arrive)
                for x in range(ages):
                    if age_class(x) == level:
                        both = lost[x] + expelled[x]
                        for j in range(places):
                            moved[x, j] += both * arrive[j]
                        record_forced(tables, whose, place, lost[x], expelled[x], arrive, offers.by_industry, jobs)


@compiled
def lose_temporary(tables: Year, o: int, place: int, forced: float, group: Floats, on_stay: Floats, lost: Floats) -> None:
    """Take those who lose a temporary status at a place out of a group; add them to (AGES,) `lost`."""
    ages, durations, _ = group.shape
    for x in range(ages):
        for d in range(durations):
            c = duration_class(x) if d == 0 else d - 1
            if tables.settled[o, place, c] == 1:
                continue
            people = group[x, d, place]
            if d == 0 and x < on_stay.shape[0]:
                people -= on_stay[x, place]
            lost[x] += people * forced
            group[x, d, place] -= people * forced


@compiled
def forced_shares(tables: Year, whose: Movers, level: int, place: int, offers: Offers, arrive: Floats) -> None:
    """Fill (R,) shares of where those go who lose a place: first choice, second choice (proportional), else home."""
    o, q, h = whose
    weights, accepted, _ = offers
    regions = weights.shape[0]
    rates = weights.copy()
    rates[o] *= tables.home_factor[o, q, h, 1 + level]
    rates[place] = 0.0
    sums = nest_sums(rates, o, tables.anglophone)
    factors = nest_factors(sums[0], sums[1], sums[2], tables.dissimilarity)
    refused = 0.0
    for j in range(regions):
        chance = share_of(rates, factors, o, j, tables.anglophone)
        arrive[j] = chance * accepted[j]
        refused += chance * (1.0 - accepted[j]) / max(1.0 - chance, CERTAIN)
    back = 0.0
    for j in range(regions):
        chance = share_of(rates, factors, o, j, tables.anglophone)
        own = chance * (1.0 - accepted[j]) / max(1.0 - chance, CERTAIN)
        second = chance * max(refused - own, 0.0)
        arrive[j] += second * accepted[j]
        back += second * (1.0 - accepted[j])
    arrive[o] += back


@compiled
def record_forced(
    tables: Year, whose: Movers, place: int, lost: float, expelled: float, arrive: Floats, by_industry: Floats, jobs: Jobs
) -> None:
    """Add those who lose a place to the year's moves; from industry the headquarters may be kept.

    The sectors of those on temporary status are taken as those of this year's hires.
    """
    o, q = whose.origin, whose.talent
    kept = tables.offshoring[place] * (expelled + lost * by_industry[place])
    for j in range(arrive.shape[0]):
        jobs.moves[o, q, place, j] += lost * arrive[j]
        jobs.expelled[o, q, place, j] += expelled * arrive[j]
        remote = kept * arrive[j]
        jobs.moved_employers[o, q, j, place] += remote * (1.0 - tables.abroad_share[place])
        jobs.moved_employers[o, q, j, tables.abroad_region[place]] += remote * tables.abroad_share[place]
        hired = (lost + expelled) * arrive[j] - remote
        abroad = hired * by_industry[j] * tables.abroad_share[j]
        jobs.moved_employers[o, q, j, j] += hired - abroad
        jobs.moved_employers[o, q, j, tables.abroad_region[j]] += abroad


@compiled
def move_group(tables: Year, whose: Movers, group: Floats, on_stay: Floats, offers: Offers, moved: Floats, jobs: Jobs) -> None:
    """Move one (origin, visa, talent, tie) group of (AGES, DURATIONS, R) workers, in place.

    At home the exit gate holds its share; that more and more of those at home are behind it is left out.
    """
    o, q, h = whose
    weights, accepted, by_industry = offers
    ages, durations, places = group.shape
    factors = np.empty((DURATION_CLASSES, places, 3))
    outflow = np.empty((DURATION_CLASSES, places))
    sources = np.empty((places, 3))
    previous = -1
    if group.sum() <= 0.0:
        return
    for x in range(ages):
        level = age_class(x)
        if level != previous:
            fill_factors(tables, whose, level, offers, factors, outflow)
            previous = level
        sources[:] = 0.0
        busy = False
        for d in range(durations):
            c = duration_class(x) if d == 0 else d - 1
            for place in range(places):
                people = group[x, d, place]
                if people <= 1e-9:
                    continue
                hazard = tables.relocation[o, place, level, c]
                if place == o:
                    hazard *= 1.0 - tables.exit_gate[o, AT_WORK]
                ready = people * hazard
                busy = True
                if d == 0 and x < on_stay.shape[0]:
                    on_stay[x, place] *= 1.0 - hazard * outflow[c, place]
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
def fill_factors(tables: Year, whose: Movers, level: int, offers: Offers, factors: Floats, outflow: Floats) -> None:
    """Fill, by duration class and place, the factors of the three nests and the probability to move on an opportunity."""
    o, q, h = whose
    weights, accepted, _ = offers
    lam = tables.dissimilarity
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
