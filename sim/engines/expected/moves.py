"""Expected moves of incumbents by group: attempts at a work visa, lost statuses, and opportunities to move.

A move from one place to another is a product: what the place sends to a nest, times the weight of the new place in it. Flows are
therefore summed by nest, not by pair, and the pairs are made once for all groups that share their weights.
"""

from typing import NamedTuple

import numpy as np

from sim.engines.expected.jobs import AGES, CERTAIN, Jobs, least_gate, tie_class
from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import ANGLOPHONE, HOME, NESTS, OTHER, nest_of, nest_sums, nested_shares, power
from sim.model.population import age_class, duration_class
from sim.model.status import moves_freely
from sim.model.world import (
    AGE_CLASSES,
    AT_WORK,
    DURATION_CLASSES,
    FROM_ELSEWHERE,
    FROM_HERE,
    TASTE_CLASSES,
    Floats,
    Integers,
    Year,
)

NOBODY = 1e-9  # people
STAYING = NESTS  # row of `rates` behind those of the nests


class Movers(NamedTuple):
    """Which incumbents are moved: everyone of an origin, a talent class and a home-tie class."""

    origin: int
    talent: int
    tie: int


class Offers(NamedTuple):
    """What awaits the incumbents of one origin, visa class and talent class, and scratch for their moves."""

    weights: Floats  # (R,) of places as new ones, taste averaged, without home factor
    accepted: Floats  # (R,) probability that a hire is authorised
    by_industry: Floats  # (R,) part of the hires
    held: Floats  # (R,) part of those at home whom the exit gate keeps from a place, beyond those it keeps from all
    here: Floats  # (R,) multiplier of the weight of the present place, but for that of duration
    from_here: Floats  # (R,) part of the workers at a place whose degree is from there
    nests: Integers  # (R,)
    powers: Floats  # (NESTS, D, R) sum of a nest's weights to the lambda, by present place and duration
    ratios: Floats  # (NESTS, D, R) the same over the sum
    open: Floats  # (NESTS, R) accepted weight of a nest but for the present place
    rates: Floats  # (NESTS + 1, D, R) moves a year: home, into a nest per accepted weight there; last the part that stays
    flows: Floats  # (NESTS, R) those leaving a place in one year of age: for home, into a nest per accepted weight there
    sent: Floats  # (NESTS, R) the same, summed over ties and ages
    lost: Floats  # (AGES,) of a temporary status
    expelled: Floats  # (AGES,) after the last attempt, or a forced exit from post-study status
    chances: Floats  # (R,)
    arriving: Floats  # (R,) shares of those who lose a place


@compiled
def new_offers(regions: int) -> Offers:
    """Make room for the offers of R regions."""
    by_nest = (NESTS, DURATION_CLASSES, regions)
    return Offers(
        np.empty(regions), np.empty(regions), np.empty(regions), np.empty(regions), np.empty(regions), np.empty(regions),
        np.empty(regions, np.int64), np.empty(by_nest), np.empty(by_nest), np.empty((NESTS, regions)),
        np.empty((NESTS + 1, DURATION_CLASSES, regions)), np.empty((NESTS, regions)), np.empty((NESTS, regions)),
        np.zeros(AGES), np.zeros(AGES), np.empty(regions), np.empty(regions),
    )  # fmt: skip


@compiled
def move_incumbents(
    tables: Year, workers: Floats, waiting: Floats, left: Integers, studied: Floats, jobs: Jobs, ages: int = AGES
) -> None:
    """Move incumbents who lose a status, then those with an opportunity, in place; a refused move is counted as staying.

    Parameters
    ----------
    workers : (R, V, Q, H, AGES, DURATIONS, R).
    waiting : (R, V, Q, H, A, R) those of them on post-study status, by years since the degree.
    left : (A, R) attempts they have left after this year's.
    studied : (R, Q, R, R) workers by place and study region.
    jobs : of `new_jobs`; the movers are added.
    ages : years of age that anybody has reached; nobody is looked for beyond.
    """
    if ages == 0:
        return
    regions, visas, talents, ties = workers.shape[:4]
    offers = new_offers(regions)
    hazards = np.empty((AGE_CLASSES, DURATION_CLASSES, regions))
    for o in range(regions):
        offers.from_here[:] = 0.0
        fill_hazards(tables, o, offers.from_here, hazards)
        for v in range(visas):
            for q in range(talents):
                if tables.own.by_degree[o] == 1:
                    fill_degrees(studied[o, q], offers.from_here)
                    fill_hazards(tables, o, offers.from_here, hazards)
                fill_offers(tables, o, v, q, offers)
                for h in range(ties):
                    group, on_stay, moved = workers[o, v, q, h], waiting[o, v, q, h], jobs.moved[o, v, q, h]
                    whose = Movers(o, q, tie_class(h, ties))
                    lose_statuses(tables, whose, group, on_stay, left, offers, moved, jobs)
                    move_group(tables, whose, group[:ages], on_stay, hazards, offers, moved)
                record_moves(tables, o, q, offers, jobs)


@inlined
def fill_degrees(studied: Floats, from_here: Floats) -> None:
    """Fill (R,) parts of the workers at a place whose degree is from there, from (R, R) workers by place and study region."""
    for place in range(from_here.shape[0]):
        everyone = 0.0
        for g in range(from_here.shape[0]):
            everyone += studied[place, g]
        from_here[place] = studied[place, place] / everyone if everyone > 0.0 else 0.0


@inlined
def fill_hazards(tables: Year, o: int, from_here: Floats, hazards: Floats) -> None:
    """Fill (X, D, R) opportunities a year to move, in the mean over degrees; at home the exit gate holds its share.

    That more and more of those at home are behind the gate is left out.
    """
    kept = 1.0 - least_gate(tables, o, AT_WORK)
    for level in range(AGE_CLASSES):
        for c in range(DURATION_CLASSES):
            for place in range(hazards.shape[2]):
                hazard = tables.relocation[o, place, FROM_ELSEWHERE, level, c]
                hazard += from_here[place] * (tables.relocation[o, place, FROM_HERE, level, c] - hazard)
                hazards[level, c, place] = hazard
            hazards[level, c, o] *= kept


@inlined
def fill_offers(tables: Year, o: int, v: int, q: int, offers: Offers) -> None:
    """Fill what does not depend on tie and age, and empty the sums of movers."""
    offers.sent[:] = 0.0
    offers.open[:] = 0.0
    weights, accepted = offers.weights, offers.accepted
    fill_held(tables, o, v, offers)
    for j in range(weights.shape[0]):
        weights[j] = 0.0
        industrial = 0.0
        for s in range(TASTE_CLASSES):
            weight = tables.job_weight[o, v, q, s, j] / TASTE_CLASSES
            weights[j] += weight
            industrial += weight * tables.industry_share[o, v, s, j]
        industrial /= weights[j]
        offers.by_industry[j] = industrial
        accepted[j] = 1.0
        if j != o:
            accepted[j] = industrial * tables.authorised[o, q, j, 1] + (1.0 - industrial) * tables.authorised[o, q, j, 0]
            accepted[j] *= 1.0 - tables.entry_bar[o, j, q, AT_WORK]
        offers.nests[j] = nest_of(o, j, tables.anglophone)
        for place in range(weights.shape[0]):
            if place != j and j != o:
                gated = offers.held[j] if place == o else 0.0
                offers.open[offers.nests[j], place] += weights[j] * accepted[j] * (1.0 - gated)
    fill_powers(tables, o, offers)


@inlined
def fill_held(tables: Year, o: int, v: int, offers: Offers) -> None:
    """Fill who is kept from single places by the exit gate, and what the present place is worth to those who are there."""
    least = least_gate(tables, o, AT_WORK)
    for j in range(offers.held.shape[0]):
        offers.held[j] = 0.0 if j == o else (tables.exit_gate[o, j, AT_WORK] - least) / max(1.0 - least, CERTAIN)
        offers.here[j] = tables.own.arrived[o, v, j] * (1.0 + offers.from_here[j] * (tables.own.degree_pull[o, v, j] - 1.0))


@inlined
def fill_powers(tables: Year, o: int, offers: Offers) -> None:
    """Fill powers and ratios of the two nests abroad, in which the present place counts for more."""
    sums = nest_sums(offers.weights, o, tables.anglophone)
    for n in (ANGLOPHONE, OTHER):
        top = power(sums[n], tables.dissimilarity)
        for c in range(DURATION_CLASSES):
            for place in range(offers.weights.shape[0]):
                summed, raised = sums[n], top
                if offers.nests[place] == n:
                    summed += (tables.stay_pull[c] * offers.here[place] - 1.0) * offers.weights[place]
                    raised = power(summed, tables.dissimilarity)
                offers.powers[n, c, place] = raised
                offers.ratios[n, c, place] = raised / summed if summed > 0.0 else 0.0


@inlined
def lose_statuses(
    tables: Year, whose: Movers, group: Floats, on_stay: Floats, left: Integers, offers: Offers, moved: Floats, jobs: Jobs
) -> None:
    """Let one group attempt, lose statuses and choose again, in place.

    Who has permanent status is read from this year's wait alone: a wait that grows later would take it away again, which
    only shows where a forced exit comes on top.
    """
    o = whose.origin
    for place in range(group.shape[2]):
        forced = tables.forced_exit[o, place, AT_WORK]
        gone = 0.0
        for x in range(on_stay.shape[0]):
            offers.expelled[x] = 0.0
            if moves_freely(o, place, tables):
                on_stay[x, place] = 0.0
            elif on_stay[x, place] > 0.0:
                failed = on_stay[x, place] * (1.0 - tables.work_visa_odds[place])
                offers.expelled[x] = failed if left[x, place] <= 0 else failed * forced
                on_stay[x, place] = failed - offers.expelled[x]
                group[x, 0, place] -= offers.expelled[x]
                gone += offers.expelled[x]
        if forced > 0.0 and not moves_freely(o, place, tables):
            gone += lose_temporary(tables, o, place, forced, group, on_stay, offers.from_here, offers.lost)
        else:
            offers.lost[:] = 0.0
        if gone > NOBODY:
            for level in range(AGE_CLASSES):
                send_away(tables, whose, level, place, offers, moved, jobs)


@inlined
def lose_temporary(
    tables: Year, o: int, place: int, forced: float, group: Floats, on_stay: Floats, from_here: Floats, lost: Floats
) -> float:  # fmt: skip
    """Take those who lose a temporary status at a place out of a group, into (AGES,) `lost`; return how many they are."""
    gone = 0.0
    for x in range(group.shape[0]):
        lost[x] = 0.0
        for d in range(group.shape[1]):
            c = duration_class(x) if d == 0 else d - 1
            waits = 1.0 - tables.settled[o, place, FROM_ELSEWHERE, c]
            waits += from_here[place] * ((1.0 - tables.settled[o, place, FROM_HERE, c]) - waits)
            if waits > 0.0:
                people = group[x, d, place]
                if d == 0 and x < on_stay.shape[0]:
                    people -= on_stay[x, place]
                lost[x] += people * forced * waits
                group[x, d, place] -= people * forced * waits
        gone += lost[x]
    return gone


@inlined
def send_away(tables: Year, whose: Movers, level: int, place: int, offers: Offers, moved: Floats, jobs: Jobs) -> None:
    """Add those of one age class who lose a place to the movers."""
    lost = 0.0
    expelled = 0.0
    for x in range(moved.shape[0]):
        if age_class(x) == level:
            lost += offers.lost[x]
            expelled += offers.expelled[x]
    if lost + expelled <= NOBODY:
        return
    forced_shares(tables, whose, level, place, offers)
    for x in range(moved.shape[0]):
        both = offers.lost[x] + offers.expelled[x]
        if both > 0.0 and age_class(x) == level:
            for j in range(moved.shape[1]):
                moved[x, j] += both * offers.arriving[j]
    record_forced(tables, whose, place, lost, expelled, offers, jobs)


@inlined
def forced_shares(tables: Year, whose: Movers, level: int, place: int, offers: Offers) -> None:
    """Fill (R,) shares of where those go who lose a place: first choice, second choice (proportional), else home."""
    o = whose.origin
    chances, arriving, accepted = offers.chances, offers.arriving, offers.accepted
    for j in range(chances.shape[0]):
        chances[j] = 0.0 if j == place else offers.weights[j]
    chances[o] *= tables.home_factor[o, whose.talent, whose.tie, 1 + level]
    nested_shares(chances, o, tables.anglophone, tables.dissimilarity, chances)
    refused = 0.0
    for j in range(chances.shape[0]):
        arriving[j] = chances[j] * accepted[j]
        refused += chances[j] * (1.0 - accepted[j]) / max(1.0 - chances[j], CERTAIN)
    back = 0.0
    for j in range(chances.shape[0]):
        own = chances[j] * (1.0 - accepted[j]) / max(1.0 - chances[j], CERTAIN)
        second = chances[j] * max(refused - own, 0.0)
        arriving[j] += second * accepted[j]
        back += second * (1.0 - accepted[j])
    arriving[o] += back


@inlined
def record_forced(tables: Year, whose: Movers, place: int, lost: float, expelled: float, offers: Offers, jobs: Jobs) -> None:
    """Add those who lose a place to the year's moves; from industry the headquarters may be kept.

    The sectors of those on temporary status are taken as those of this year's hires.
    """
    o, q = whose.origin, whose.talent
    kept = tables.offshoring[place] * (expelled + lost * offers.by_industry[place])
    for j in range(offers.arriving.shape[0]):
        share = offers.arriving[j]
        jobs.moves[o, q, place, j] += lost * share
        jobs.expelled[o, q, place, j] += expelled * share
        remote = kept * share
        jobs.moved_employers[o, q, j, place] += remote * (1.0 - tables.abroad_share[place])
        jobs.moved_employers[o, q, j, tables.abroad_region[place]] += remote * tables.abroad_share[place]
        hired = (lost + expelled) * share - remote
        abroad = hired * offers.by_industry[j] * tables.abroad_share[j]
        jobs.moved_employers[o, q, j, j] += hired - abroad
        jobs.moved_employers[o, q, j, tables.abroad_region[j]] += abroad


@inlined
def move_group(
    tables: Year, whose: Movers, group: Floats, on_stay: Floats, hazards: Floats, offers: Offers, moved: Floats
) -> None:
    """Move one (origin, visa, talent, tie) group of (ages, DURATIONS, R) workers, in place; the ages of a class share rates."""
    flows, rates = offers.flows, offers.rates
    x = 0
    for level in range(age_class(group.shape[0] - 1) + 1):
        fill_rates(tables, whose, level, hazards[level], offers)
        while x < group.shape[0] and age_class(x) == level:
            flows[:] = 0.0
            for d in range(group.shape[1]):
                c = duration_class(x) if d == 0 else d - 1
                if d == 0 and x < on_stay.shape[0]:
                    for place in range(group.shape[2]):
                        on_stay[x, place] *= rates[STAYING, c, place]
                people = group[x, d]
                for n in range(NESTS):  # one loop a nest: quicker than one for all
                    flow, rate = flows[n], rates[n, c]
                    for place in range(people.shape[0]):
                        flow[place] += people[place] * rate[place]
                staying = rates[STAYING, c]
                for place in range(people.shape[0]):
                    people[place] *= staying[place]
            add_movers(whose.origin, offers, moved[x])
            x += 1


@inlined
def fill_rates(tables: Year, whose: Movers, level: int, hazards: Floats, offers: Offers) -> None:
    """Fill the rates of one tie and age class from (D, R) hazards."""
    o, q, h = whose.origin, whose.talent, whose.tie
    here = offers.weights[o] * tables.home_factor[o, q, h, 0]
    away = offers.weights[o] * tables.home_factor[o, q, h, 1 + level]
    top = power(away, tables.dissimilarity)
    for place in range(offers.weights.shape[0]):
        offers.open[HOME, place] = 0.0 if place == o else away
    for c in range(DURATION_CLASSES):
        for place in range(offers.weights.shape[0]):
            offers.powers[HOME, c, place] = top
            offers.ratios[HOME, c, place] = top / away
        staying = here * tables.stay_pull[c]
        offers.powers[HOME, c, o] = power(staying, tables.dissimilarity)
        offers.ratios[HOME, c, o] = offers.powers[HOME, c, o] / staying
        for place in range(offers.weights.shape[0]):
            total = offers.powers[HOME, c, place] + offers.powers[ANGLOPHONE, c, place] + offers.powers[OTHER, c, place]
            scale = hazards[c, place] / total
            home = offers.ratios[HOME, c, place] * scale * offers.open[HOME, place]
            english = offers.ratios[ANGLOPHONE, c, place] * scale
            other = offers.ratios[OTHER, c, place] * scale
            leaving = home + english * offers.open[ANGLOPHONE, place] + other * offers.open[OTHER, place]
            offers.rates[HOME, c, place] = home
            offers.rates[ANGLOPHONE, c, place] = english
            offers.rates[OTHER, c, place] = other
            offers.rates[STAYING, c, place] = 1.0 - leaving


@inlined
def add_movers(origin: int, offers: Offers, moved: Floats) -> None:
    """Add the flows of one year of age to the (R,) movers by new place, and to what places have sent."""
    home = 0.0
    english = 0.0
    other = 0.0
    for place in range(moved.shape[0]):
        home += offers.flows[HOME, place]
        english += offers.flows[ANGLOPHONE, place]
        other += offers.flows[OTHER, place]
        for n in range(NESTS):
            offers.sent[n, place] += offers.flows[n, place]
    for j in range(moved.shape[0]):
        nest = offers.nests[j]
        if nest == HOME:
            moved[j] += home
        else:
            from_elsewhere = (english if nest == ANGLOPHONE else other) - offers.flows[nest, j]
            from_elsewhere -= offers.held[j] * offers.flows[nest, origin]
            moved[j] += offers.weights[j] * offers.accepted[j] * max(from_elsewhere, 0.0)


@inlined
def record_moves(tables: Year, o: int, q: int, offers: Offers, jobs: Jobs) -> None:
    """Add what places have sent to the year's moves by pair; movers get an employer of the new place."""
    for j in range(offers.weights.shape[0]):
        people = 0.0
        for place in range(offers.weights.shape[0]):
            if place != j:
                flow = offers.sent[offers.nests[j], place]
                if j != o:
                    flow *= offers.weights[j] * offers.accepted[j] * (1.0 - offers.held[j] if place == o else 1.0)
                jobs.moves[o, q, place, j] += flow
                people += flow
        abroad = people * offers.by_industry[j] * tables.abroad_share[j]
        jobs.moved_employers[o, q, j, j] += people - abroad
        jobs.moved_employers[o, q, j, tables.abroad_region[j]] += abroad
