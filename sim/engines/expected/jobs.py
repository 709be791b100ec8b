"""Expected first jobs, with work authorisation, by group.

What those refused at their first choice choose next depends on the first choice through its nest alone: second choices are
summed by nest.
"""

from typing import NamedTuple

import numpy as np

from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import NESTS, nest_of, power
from sim.model.status import moves_freely
from sim.model.world import (
    ACADEMIA,
    AT_WORK,
    INDUSTRY,
    TALENT_CLASSES,
    TASTE_CLASSES,
    TIE_CLASSES,
    VISA_CLASSES,
    Floats,
    Integers,
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


def new_jobs(regions: int, ties: int = TIE_CLASSES) -> Jobs:
    """Make a year's jobs, all zero; ties: 1 if everyone is of the middle home tie."""
    return Jobs(
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, ties, regions)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, ties, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, 2)),
        np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, ties, AGES, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
        np.zeros((regions, TALENT_CLASSES, regions, regions)),
    )


class Doctors(NamedTuple):
    """New doctors of one group who look for their first job."""

    origin: int
    visa: int
    talent: int
    study: int  # region of the degree
    people: float
    gated: float  # share of them who may not leave home for any place
    is_whole: bool  # all of the group: nobody has other places shut


class Hiring(NamedTuple):
    """What new doctors of one origin and visa, talent, taste and tie class find, and scratch for their choices."""

    nests: Integers  # (R,)
    industry: Floats  # (R,) part of a region's jobs
    hired_by: Floats  # (2 sectors, R) probability that whoever chooses a region is hired there by the sector
    weights: Floats  # (R,)
    sums: Floats  # (NESTS,) of weights
    powers: Floats  # (NESTS,) sums to the lambda
    factors: Floats  # (NESTS,) what a weight is multiplied by to become a probability
    chances: Floats  # (R,) of the first choice
    proportional: Floats  # (R,) refused people whose second choice is proportional, over 1 - chance
    gains: Floats  # (R, NESTS) refused people by first choice whose second is exact, per weight in a nest
    gained: Floats  # (NESTS,) their sum over first choices
    offshored: Floats  # (R, NESTS) those of them whose employer keeps them, summed over study regions
    hired: Floats  # (2 sectors, R)
    unshut: Floats  # (R,) weights before places were shut
    together: Floats  # (2 sectors, R) hired, summed over ranks


@compiled
def new_hiring(regions: int) -> Hiring:
    """Make room for the hiring of R regions."""
    return Hiring(
        np.empty(regions, np.int64), np.empty(regions), np.empty((2, regions)), np.empty(regions), np.empty(NESTS),
        np.empty(NESTS), np.empty(NESTS), np.empty(regions), np.empty(regions), np.empty((regions, NESTS)), np.empty(NESTS),
        np.empty((regions, NESTS)), np.empty((2, regions)), np.empty(regions), np.empty((2, regions)),
    )  # fmt: skip


@compiled
def take_first_jobs(tables: Year, degrees: Floats, jobs: Jobs) -> None:
    """Send (R, V, Q, R) new doctors to first jobs; jobs : of `new_jobs`, to which they are added."""
    regions, ties = degrees.shape[0], jobs.started.shape[3]
    hiring = new_hiring(regions)
    part = 1.0 / (TASTE_CLASSES * ties)
    for o in range(regions):
        small = SMALL * degrees[o].sum()
        gate = least_gate(tables, o, AT_WORK)
        shuts_some = keeps_some_out(tables, o, gate)
        for v in range(VISA_CLASSES):
            for q in range(TALENT_CLASSES):
                for s in range(TASTE_CLASSES):
                    fill_sectors(tables, o, v, q, s, hiring)
                    for h in range(ties):
                        fill_weights(tables, o, v, q, s, tie_class(h, ties), hiring)
                        for g in range(regions):
                            people = degrees[o, v, q, g] * part
                            if people > 0.0:
                                doctors = Doctors(o, v, q, g, people, gate if g == o else 0.0, True)
                                if shuts_some:
                                    place_by_rank(tables, doctors, small, hiring, jobs)
                                else:
                                    place_doctors(tables, doctors, small, hiring, jobs)
                                for j in range(regions):
                                    jobs.started[o, v, q, h, j] += hiring.hired[ACADEMIA, j] + hiring.hired[INDUSTRY, j]
                                if tables.post_study_attempts[g] >= 1 and not moves_freely(o, g, tables):
                                    jobs.waiting[o, v, q, h, g] += hiring.hired[INDUSTRY, g] * (1.0 - tables.direct[o, q, g])
                        record_offshored(o, q, hiring, jobs)


@inlined
def tie_class(h: int, ties: int) -> int:
    """Name the tie class of place h in an array of `ties` classes: the middle one if they are one."""
    return h + (TIE_CLASSES - ties) // 2


@inlined
def fill_sectors(tables: Year, o: int, v: int, q: int, s: int, hiring: Hiring) -> None:
    """Fill what does not depend on the tie; a graduate's industry at the place of the degree comes later."""
    for j in range(hiring.industry.shape[0]):
        industry = tables.industry_share[o, v, s, j]
        hiring.nests[j] = nest_of(o, j, tables.anglophone)
        hiring.industry[j] = industry
        hiring.hired_by[ACADEMIA, j] = (1.0 - industry) * tables.authorised[o, q, j, ACADEMIA]
        hiring.hired_by[INDUSTRY, j] = industry * tables.authorised[o, q, j, INDUSTRY]


@inlined
def fill_weights(tables: Year, o: int, v: int, q: int, s: int, h: int, hiring: Hiring) -> None:
    """Fill weights and nests without the pull of the study region, and empty the sums of the offshored."""
    hiring.offshored[:] = 0.0
    for j in range(hiring.weights.shape[0]):
        hiring.weights[j] = tables.job_weight[o, v, q, s, j]
        if j == o:
            hiring.weights[j] *= tables.home_factor[o, q, h, 0]
    sum_weights(tables, hiring)


@inlined
def least_gate(tables: Year, o: int, stage: int) -> float:
    """Find the share of an origin's people at home for whom every place abroad is behind the exit gate."""
    least = 1.0
    for j in range(tables.exit_gate.shape[1]):
        if j != o:
            least = min(least, tables.exit_gate[o, j, stage])
    return least


@inlined
def next_gate(tables: Year, o: int, stage: int, low: float) -> float:
    """Find the least width above `low` of an origin's exit gates, or 1: ranks between the two find the same places open."""
    high = 1.0
    for j in range(tables.exit_gate.shape[1]):
        if j != o and low < tables.exit_gate[o, j, stage] < high:
            high = tables.exit_gate[o, j, stage]
    return high


@inlined
def next_bar(tables: Year, o: int, q: int, stage: int, low: float) -> float:
    """Find the least width above `low` of the bars on an origin and talent class, or 1."""
    high = 1.0
    for j in range(tables.entry_bar.shape[1]):
        if j != o and low < tables.entry_bar[o, j, q, stage] < high:
            high = tables.entry_bar[o, j, q, stage]
    return high


@inlined
def keeps_some_out(tables: Year, o: int, gate: float) -> bool:
    """Tell whether some of an origin find some places shut and not all: a bar on work, or a gate wider than the least."""
    found = False
    if tables.own.shuts[o] == 1:
        for j in range(tables.exit_gate.shape[1]):
            if j != o:
                found = found or tables.exit_gate[o, j, AT_WORK] > gate
                for q in range(TALENT_CLASSES):
                    found = found or tables.entry_bar[o, j, q, AT_WORK] > 0.0
    return found


@inlined
def place_by_rank(tables: Year, doctors: Doctors, small: float, hiring: Hiring, jobs: Jobs) -> None:
    """Place new doctors by their ranks of the exit gate, at home, and of the bar on work.

    Doctors whose ranks lie between neighbouring widths find the same places shut. Whose employer keeps them is left out.
    """
    o, q, g = doctors.origin, doctors.talent, doctors.study
    hiring.together[:] = 0.0
    for j in range(hiring.weights.shape[0]):
        hiring.unshut[j] = hiring.weights[j]
    low = 0.0
    while low < 1.0:
        high = next_gate(tables, o, AT_WORK, low) if g == o else 1.0
        bar = 0.0
        while bar < 1.0:
            above = next_bar(tables, o, q, AT_WORK, bar)
            for j in range(hiring.weights.shape[0]):
                is_gated = g == o and tables.exit_gate[o, j, AT_WORK] > low
                is_shut = j != o and j != g and (is_gated or tables.entry_bar[o, j, q, AT_WORK] > bar)
                hiring.weights[j] = 0.0 if is_shut else hiring.unshut[j]
            sum_weights(tables, hiring)
            part = doctors.people * (high - low) * (above - bar)
            place_doctors(tables, Doctors(o, doctors.visa, q, g, part, 0.0, False), small, hiring, jobs)
            for j in range(hiring.weights.shape[0]):
                hiring.together[ACADEMIA, j] += hiring.hired[ACADEMIA, j]
                hiring.together[INDUSTRY, j] += hiring.hired[INDUSTRY, j]
            bar = above
        low = high
    for j in range(hiring.weights.shape[0]):
        hiring.weights[j] = hiring.unshut[j]
        hiring.hired[ACADEMIA, j] = hiring.together[ACADEMIA, j]
        hiring.hired[INDUSTRY, j] = hiring.together[INDUSTRY, j]
    sum_weights(tables, hiring)


@inlined
def sum_weights(tables: Year, hiring: Hiring) -> None:
    """Sum the weights by nest anew."""
    hiring.sums[:] = 0.0
    for j in range(hiring.weights.shape[0]):
        hiring.sums[hiring.nests[j]] += hiring.weights[j]
    for n in range(NESTS):
        hiring.powers[n] = power(hiring.sums[n], tables.dissimilarity)


@inlined
def place_doctors(tables: Year, doctors: Doctors, small: float, hiring: Hiring, jobs: Jobs) -> None:
    """Place new doctors: first choices, second choices of the refused, else home.

    Those behind the exit gate stay at home. The pull of the study region, and its industry that hires without authorisation
    for as long as there are attempts (see `sim.visa`), are put in before and taken out after.
    """
    o, v, q, g, people = doctors.origin, doctors.visa, doctors.talent, doctors.study, doctors.people
    nest = hiring.nests[g]
    weight, by_lottery = hiring.weights[g], hiring.hired_by[INDUSTRY, g]
    summed, raised = hiring.sums[nest], hiring.powers[nest]
    hiring.weights[g] = weight * tables.study_pull * (tables.own.arrived[o, v, g] * tables.own.degree_pull[o, v, g])
    hiring.sums[nest] = summed + (hiring.weights[g] - weight)
    hiring.powers[nest] = power(hiring.sums[nest], tables.dissimilarity)
    if tables.post_study_attempts[g] >= 1:
        hiring.hired_by[INDUSTRY, g] = hiring.industry[g]
    gated = people * doctors.gated
    waiting = first_choices(tables, people - gated, small, hiring)
    back = gated + second_choices(waiting, hiring)
    hiring.hired[ACADEMIA, o] += back * (1.0 - hiring.industry[o])
    hiring.hired[INDUSTRY, o] += back * hiring.industry[o]
    record_hires(tables, o, q, g, people, hiring.hired, jobs)
    if doctors.is_whole:
        here = hiring.weights[g] * (hiring.hired_by[ACADEMIA, g] + hiring.hired_by[INDUSTRY, g])
        keep_offshored(tables, o, q, g, here - weight * (hiring.hired_by[ACADEMIA, g] + by_lottery), hiring, jobs)
    hiring.weights[g], hiring.hired_by[INDUSTRY, g] = weight, by_lottery
    hiring.sums[nest], hiring.powers[nest] = summed, raised


@inlined
def first_choices(tables: Year, people: float, small: float, hiring: Hiring) -> float:
    """Fill first choices: chances, those hired, those refused; return the sum of `proportional`."""
    total = hiring.powers[0] + hiring.powers[1] + hiring.powers[2]
    for n in range(NESTS):
        hiring.factors[n] = hiring.powers[n] / (hiring.sums[n] * total) if hiring.sums[n] > 0.0 else 0.0
    hiring.gained[:] = 0.0
    waiting = 0.0
    for j in range(hiring.weights.shape[0]):
        chance = hiring.weights[j] * hiring.factors[hiring.nests[j]]
        going = people * chance
        hiring.chances[j] = chance
        hiring.hired[ACADEMIA, j] = going * hiring.hired_by[ACADEMIA, j]
        hiring.hired[INDUSTRY, j] = going * hiring.hired_by[INDUSTRY, j]
        refused = going - hiring.hired[ACADEMIA, j] - hiring.hired[INDUSTRY, j]
        hiring.proportional[j] = 0.0
        for n in range(NESTS):
            hiring.gains[j, n] = 0.0
        if refused <= small:
            hiring.proportional[j] = max(refused, 0.0) / max(1.0 - chance, CERTAIN)
            waiting += hiring.proportional[j]
        else:
            fill_gains(tables, j, refused / chance, hiring)
    return waiting


@inlined
def fill_gains(tables: Year, first: int, refused: float, hiring: Hiring) -> None:
    """Fill the exact second choices of those refused at one: P(first, then k) = P without the first (k) - P(k).

    It holds for any nested logit. refused : people over the chance of the first choice.
    """
    nest = hiring.nests[first]
    rest = max(hiring.sums[nest] - hiring.weights[first], 0.0)
    raised = power(rest, tables.dissimilarity)
    total = raised
    for n in range(NESTS):
        if n != nest:
            total += hiring.powers[n]
    for n in range(NESTS):
        top, summed = hiring.powers[n], hiring.sums[n]
        if n == nest:
            top, summed = raised, rest
        factor = top / (summed * total) if summed > 0.0 else 0.0
        hiring.gains[first, n] = refused * (factor - hiring.factors[n])
        hiring.gained[n] += hiring.gains[first, n]


@inlined
def second_choices(waiting: float, hiring: Hiring) -> float:
    """Hire the refused at their second choice; return those refused again."""
    back = 0.0
    for k in range(hiring.weights.shape[0]):
        nest = hiring.nests[k]
        people = hiring.chances[k] * max(waiting - hiring.proportional[k], 0.0)
        people += hiring.weights[k] * (hiring.gained[nest] - hiring.gains[k, nest])
        by_academia = people * hiring.hired_by[ACADEMIA, k]
        by_industry = people * hiring.hired_by[INDUSTRY, k]
        hiring.hired[ACADEMIA, k] += by_academia
        hiring.hired[INDUSTRY, k] += by_industry
        back += people - by_academia - by_industry
    return back


@inlined
def keep_offshored(tables: Year, o: int, q: int, g: int, more: float, hiring: Hiring, jobs: Jobs) -> None:
    """Sum those whom the employer that was refused keeps at the second place, by first place and nest of the second.

    more : accepted weight of the study region g beyond that without its pull; its part is recorded at once.
    """
    for j in range(hiring.weights.shape[0]):
        refused = 1.0 - hiring.hired_by[ACADEMIA, j] - hiring.hired_by[INDUSTRY, j]
        by_industry = hiring.industry[j] - hiring.hired_by[INDUSTRY, j]
        if hiring.proportional[j] > 0.0 or refused <= 0.0 or by_industry <= 0.0:
            continue
        part = tables.offshoring[j] * by_industry / refused
        for n in range(NESTS):
            hiring.offshored[j, n] += part * hiring.gains[j, n]
        if j != g:
            kept = more * part * hiring.gains[j, hiring.nests[g]]
            jobs.employers[o, q, g, j] += kept
            jobs.employers[o, q, g, g] -= kept


@inlined
def record_offshored(o: int, q: int, hiring: Hiring, jobs: Jobs) -> None:
    """Move the summed offshored from the employers of the second place to those of the first."""
    for j in range(hiring.weights.shape[0]):
        if hiring.offshored[j, 0] + hiring.offshored[j, 1] + hiring.offshored[j, 2] > 0.0:
            for k in range(hiring.weights.shape[0]):
                if k != j:
                    accepted = hiring.hired_by[ACADEMIA, k] + hiring.hired_by[INDUSTRY, k]
                    kept = hiring.weights[k] * accepted * hiring.offshored[j, hiring.nests[k]]
                    jobs.employers[o, q, k, j] += kept
                    jobs.employers[o, q, k, k] -= kept


@inlined
def record_hires(tables: Year, o: int, q: int, g: int, people: float, hired: Floats, jobs: Jobs) -> None:
    """Add (2 sectors, R) new doctors of one group to the year's jobs."""
    jobs.industry_entry[g, 0] += people
    for place in range(hired.shape[1]):
        both = hired[ACADEMIA, place] + hired[INDUSTRY, place]
        abroad = hired[INDUSTRY, place] * tables.abroad_share[place]
        jobs.first[o, q, g, place] += both
        jobs.employers[o, q, place, place] += both - abroad
        if abroad > 0.0:
            jobs.employers[o, q, place, tables.abroad_region[place]] += abroad
        jobs.industry_entry[g, 1] += hired[INDUSTRY, place]
