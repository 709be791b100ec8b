"""Studying: the utility of a graduate region (equations S and C), and the choice among regions, as functions of a row."""

import math
from typing import NamedTuple

import numpy as np

from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import logarithms
from sim.model.choice.race import Race, finish_race, start_race, winner
from sim.model.choice.randomness import CLOSURE, Words, uniform
from sim.model.gates import is_gated, is_refused
from sim.model.population import Who, own_draw, unpack_traits
from sim.model.world import (
    AT_STUDY,
    DIASPORA_UNIT,
    STUDY_YEARS,
    TALENT_CLASSES,
    VISA,
    VISA_CLASSES,
    Admission,
    Floats,
    Indices,
    World,
    Year,
)

CONGESTION_FROM = 20  # 2020: from the year after the reference of the places, 2019


MONTHS_PER_UNIT = 6.0  # delay_cost is per six months


POSTPONED = -1


class StudyLogs(NamedTuple):
    """Logarithms of a year that enter the utility of studying."""

    stipend: Floats  # (R, R)
    success: Floats  # (R, R) of the expected success of an application for a student visa
    people: Floats  # (R, R) ln(1 + M / 25)


@compiled
def gravity(distance_km: Floats, language: Floats, distance_friction: float, language_pull: float) -> Floats:
    """Compute (R, R) language and distance terms of study: beta_L language - beta_D ln(1 + km / 1000) (equation G)."""
    table = np.empty(distance_km.shape)
    for o in range(distance_km.shape[0]):
        for j in range(distance_km.shape[1]):
            friction = distance_friction * math.log(1.0 + distance_km[o, j] / 1000.0)
            table[o, j] = 0.0 if o == j else language_pull * language[o, j] - friction
    return table


@compiled
def left_of_pay(pay: Floats, cost: Floats) -> Floats:
    """Compute what (R, R, ...) yearly pay leaves after the (R,) cost of living in the destination, at least a tenth of it."""
    parts = pay.reshape(pay.shape[0], pay.shape[1], pay.size // (pay.shape[0] * pay.shape[1]))
    left = np.empty(parts.shape)
    for o in range(parts.shape[0]):
        for j in range(parts.shape[1]):
            for k in range(parts.shape[2]):
                left[o, j, k] = max(parts[o, j, k] - cost[j], 0.1 * parts[o, j, k])
    return left.reshape(pay.shape)


@compiled
def study_logs(world: World, indices: Indices, t: int) -> StudyLogs:
    """Take the logarithms that enter the utility of studying in a year."""
    people = logarithms(1.0 + indices.diaspora / DIASPORA_UNIT)
    stipend = left_of_pay(world.levers.phd_stipend[t], world.levers.housing_cost[t])
    return StudyLogs(logarithms(stipend), logarithms(indices.expected_success), people)


@inlined
def study_terms(world: World, indices: Indices, t: int, o: int, j: int, logs: StudyLogs) -> tuple[float, float, float]:
    """Compute the terms of equation S that every visa class shares.

    Parameters
    ----------
    t : year since 2000; o, j : origin and destination; logs : see `study_logs`.

    Returns
    -------
    What attracts to the region, what attracts to its people (home or diaspora), logits; the friction that visa sensitivity
    multiplies, 0 at home.
    """
    c = world.coefficients
    attraction = (
        world.study_constant[j]
        + world.study_drift[t, j]
        + c.stipend_elasticity * logs.stipend[o, j]
        + c.ecosystem_pull * indices.pull[j]
    )
    if j == o:
        return attraction, world.home_study[o], 0.0
    friction = (
        -c.refusal_deterrence * logs.success[o, j]
        + c.delay_cost * world.levers.visa_delay[t, o, j] / MONTHS_PER_UNIT
        + c.hostility_study * world.levers.hostility[t, o, j]
    )
    return attraction, c.diaspora_pull * logs.people[o, j], friction


@inlined
def study_utility(
    world: World, indices: Indices, o: int, j: int, v: int, terms: tuple[float, float, float], crowded: float
) -> float:
    """Compute the systematic utility V^S of studying in region j at mean talent (equation S).

    Parameters
    ----------
    o, j : origin and destination; v : visa class; terms : see `study_terms`; crowded : see `crowding`.

    Returns
    -------
    Utility in logits. Only differences between destinations matter.
    """
    c = world.coefficients
    attraction, people, friction = terms
    option = c.option_value_weight * indices.option_value[o, j, v]
    return attraction + option + world.gravity[o, j] - c.congestion * crowded + people - VISA[v] * friction


@compiled
def crowding(world: World, indices: Indices, t: int) -> Floats:
    """Compute (R,) max(0, ln(demand / places)) of the study regions from 2020 on (equation C).

    Places grow with smoothed demand D by the seat elasticity eta: S = lever * D_2019 * (D / D_2019)**eta.
    """
    crowded = np.zeros(world.demand_2019.shape[0])
    if t < CONGESTION_FROM:
        return crowded
    for j in range(crowded.shape[0]):
        base, demand = world.demand_2019[j], indices.demand[j]
        if base > 0.0 and demand > 0.0:
            growth = math.log(demand / base)
            excess = growth - math.log(world.levers.phd_places[t, j]) - world.coefficients.seat_elasticity * growth
            crowded[j] = max(0.0, excess)
    return crowded


@inlined
def fill_study(world: World, indices: Indices, t: int, crowded: Floats, talent: Floats, logs: StudyLogs, table: Floats) -> None:
    """Fill (R, V, Q, R) study weights exp(V^S / lambda)."""
    dissimilarity = world.coefficients.nest_dissimilarity
    for o in range(table.shape[0]):
        for j in range(table.shape[3]):
            terms = study_terms(world, indices, t, o, j, logs)
            for v in range(VISA_CLASSES):
                weight = math.exp(study_utility(world, indices, o, j, v, terms, crowded[j]) / dissimilarity)
                for q in range(TALENT_CLASSES):
                    table[o, v, q, j] = weight * talent[q, j]


@inlined
def is_late(has_postponed: int, words: Words, tables: Year) -> bool:
    """Tell whether an applicant comes from another field with all but the last year of study completed; no postponer does."""
    return has_postponed == 0 and uniform(words[3]) < tables.late_entry


@inlined
def begin_study(origin: int, traits: int, late: bool, tables: Year, race: Race) -> None:
    """Start the race of the graduate regions; its clocks are those of decision STUDY with the cohort as their year.

    Late entrants chose in the year in which they began, as it then was.
    """
    if late:
        weigh_study(origin, traits, tables.begun, race)
    else:
        weigh_study(origin, traits, tables, race)
    start_race(origin, origin, race)


@inlined
def choose_study(who: Who, has_postponed: int, late: bool, words: Words, tables: Year, race: Race) -> int:
    """Choose a graduate region among those open to the person (version 1, section 5).

    Regions behind the exit gate, barred (both by a fixed rank) and refused are unavailable. If the best of the rest is closed by
    a border closure, the person postpones once, with the postponement probability, and else takes the best that is open. Home is
    always open. Late entrants meet all this as it was when they began, and waited for nothing. `race`: see
    `begin_study`.

    Returns
    -------
    The region, or POSTPONED.
    """
    if late:
        return admitted_to(who, False, words, tables.begun, race)
    return admitted_to(who, has_postponed == 0, words, tables, race)


@inlined
def admitted_to(who: Who, may_postpone: bool, words: Words, tables: Year | Admission, race: Race) -> int:
    """Find the best region of a started race that an applicant may leave home for and enter, or POSTPONED."""
    return best_open_region(who, True, may_postpone, words, tables, race)


@inlined
def best_open_region(
    who: Who, from_home: bool, may_postpone: bool, words: Words, tables: Year | Admission, race: Race
) -> int:  # fmt: skip
    """Find the best region of a started race that is open to the person this year, or POSTPONED; gates hold those at home."""
    j = finish_race(who.origin, race)
    while j != who.origin:
        if not (from_home and is_gated(who, j, AT_STUDY, tables)) and not is_refused(who, j, tables):
            closure = tables.border_closure[who.origin, j]
            if closure <= 0.0 or own_draw(who, tables.year, CLOSURE, j) >= closure:
                return j
            if may_postpone and uniform(words[0]) < tables.postponement:
                return POSTPONED
            may_postpone = False
        race.rate[j] = 0.0
        j = winner(who.origin, who.origin, race)
    return j


@inlined
def weigh_study(origin: int, traits: int, tables: Year | Admission, race: Race) -> None:
    """Write the weights of the study regions."""
    talent, _, visa, _ = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.study_weight[origin, visa, talent, j]


@inlined
def graduates(study: int, years: int, words: Words, tables: Year) -> bool:
    """Tell whether a student who has completed `years` years graduates this year."""
    return uniform(words[0]) < tables.graduation[study, min(years, STUDY_YEARS - 1)]
