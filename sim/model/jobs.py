"""Working: the utility of a job (equations W, H and R), and the first, next and forced job, as functions of a row."""

import math
from typing import NamedTuple

import numpy as np

from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import logarithms
from sim.model.choice.race import Race, employer_number, finish_race, start_race, winner
from sim.model.choice.randomness import AUTHORISATION, EMPLOYER, Words, uniform
from sim.model.gates import is_barred, is_gated
from sim.model.population import Who, age_class, degree_from, duration_class, own_block, own_draw, unpack_traits
from sim.model.study import MONTHS_PER_UNIT, left_of_pay
from sim.model.world import (
    ACADEMIA,
    AGE_CLASSES,
    AGE_MIDDLE,
    AT_WORK,
    DIASPORA_UNIT,
    DURATION_CLASSES,
    DURATION_FROM,
    DURATION_MIDDLE,
    FROM_ELSEWHERE,
    FROM_HERE,
    INDUSTRY,
    RETURN_WINDOW,
    TALENT_CLASSES,
    TASTE,
    TASTE_CLASSES,
    TIE,
    TIE_CLASSES,
    VISA,
    VISA_CLASSES,
    Bytes,
    Coefficients,
    Floats,
    Indices,
    World,
    Year,
)

NO_DEGREE_HERE = -1


APPLICATIONS = 2
"""Work authorisation is asked for at most twice a year; whoever is refused twice works at home (or stays)."""


WAIT_CAP = 5.0  # years; a longer wait deters no further (version 1, section 5)


TOP_DECILE_OF_CLASS = 0.5  # the top decile is half of the top quintile class


LEAST_EXPECTED = 0.01  # success that a deterred person still expects, so that its logarithm exists


@compiled
def hire_chances(world: World, t: int) -> Floats:
    """Compute (R, 2) the probability c that a hire from elsewhere is authorised without mobility (equation A).

    By region and sector: the odds in academia, 1 - (1 - odds)**attempts in industry. Whoever has no stay after a degree is hired
    by an attempt of the employer's, as from abroad.
    """
    table = world.levers.work_visa_odds[t].copy()
    for j in range(table.shape[0]):
        table[j, INDUSTRY] = 1.0 - math.pow(1.0 - table[j, INDUSTRY], max(world.levers.post_study_attempts[t, j], 1.0))
    return table


@inlined
def authorisation(world: World, t: int, o: int, j: int, chance: float) -> float:
    """Compute the probability c + (1 - c) m that work is authorised, m the mobility; 1 at home (equation A)."""
    if o == j:
        return 1.0
    return chance + (1.0 - chance) * world.levers.mobility_area[t, o, j]


class JobLogs(NamedTuple):
    """Logarithms of a year that enter the utility of working."""

    pay: Floats  # (R, R, 2)
    authorised: Floats  # (R, R, 2) of the expected success of a hire
    people: Floats  # (R, R) ln(1 + M / 25)


@compiled
def job_logs(world: World, indices: Indices, t: int) -> JobLogs:
    """Take the logarithms that enter the utility of working in a year."""
    chances = hire_chances(world, t)
    authorised = np.empty(world.levers.research_pay[t].shape)
    for o in range(authorised.shape[0]):
        for j in range(authorised.shape[1]):
            for s in range(2):
                authorised[o, j, s] = max(authorisation(world, t, o, j, chances[j, s]), LEAST_EXPECTED)
    people = logarithms(1.0 + indices.diaspora / DIASPORA_UNIT)
    pay = left_of_pay(world.levers.research_pay[t], world.levers.housing_cost[t])
    return JobLogs(logarithms(pay), logarithms(authorised), people)


@inlined
def felt_wait(world: World, t: int, o: int, j: int, degree: int) -> float:
    """Compute the years of waiting for permanent residence that enter utility; degree: FROM_HERE or FROM_ELSEWHERE."""
    return min(world.levers.residence_wait[t, o, j, degree], WAIT_CAP)


@compiled
def graduate_pulls(world: World, t: int) -> tuple[Floats, Floats]:
    """Compute the (R, V, R) multipliers of the place where one is already, and of the place where the degree is from.

    Weights of jobs count the wait for a work visa and the wait for residence of degrees from elsewhere: the first is taken back
    at the present place (study region or employer's), the second at that of the degree. 1 where there is nothing to take back.
    """
    c = world.coefficients
    regions = world.anglophone.shape[0]
    arrived = np.ones((regions, VISA_CLASSES, regions))
    degree = np.ones((regions, VISA_CLASSES, regions))
    for o in range(regions):
        for j in range(regions):
            delay = c.delay_cost * world.levers.work_visa_delay[t, o, j] / MONTHS_PER_UNIT
            shorter = felt_wait(world, t, o, j, FROM_ELSEWHERE) - felt_wait(world, t, o, j, FROM_HERE)
            if j != o and (delay != 0.0 or shorter != 0.0):
                for v in range(VISA_CLASSES):
                    arrived[o, v, j] = math.exp(VISA[v] * delay / c.nest_dissimilarity)
                    degree[o, v, j] = math.exp(VISA[v] * c.residence_wait_cost * shorter / c.nest_dissimilarity)
    return arrived, degree


@inlined
def job_terms(world: World, indices: Indices, t: int, o: int, j: int, s: int, logs: JobLogs) -> tuple[float, float]:
    """Compute the terms of equation W: a job at mean talent, without home premium, inertia and sector taste.

    Parameters
    ----------
    t : year since 2000; o, j : origin and destination; s : sector; logs : see `job_logs`.

    Returns
    -------
    Utility in logits before friction, and the friction that visa sensitivity multiplies, 0 at home.
    """
    c = world.coefficients
    value = (
        world.work_constant[j]
        + world.work_drift[t, j]
        + c.pay_elasticity * logs.pay[o, j, s]
        + c.ecosystem_pull * indices.pull[j]
    )
    if s == INDUSTRY:
        value += world.industry_constant[t]
    if j == o:
        return value, 0.0
    friction = (
        c.hostility_work * world.levers.hostility[t, o, j]
        - c.refusal_deterrence * logs.authorised[o, j, s]
        + c.residence_wait_cost * felt_wait(world, t, o, j, FROM_ELSEWHERE)
        + c.delay_cost * world.levers.work_visa_delay[t, o, j] / MONTHS_PER_UNIT
    )
    return value + c.diaspora_pull * logs.people[o, j], friction


@inlined
def home_premium(world: World, t: int, o: int, q: int, h: int, age: int) -> float:
    """Compute the home premium in logits; age 0: at home or first job, 1..X: abroad with that academic-age class (equation H)."""
    c = world.coefficients
    premium = world.home_work[o] + c.home_tie_sd * TIE[h]
    if age == 0:
        return premium
    decay = math.exp(-AGE_MIDDLE[age - 1] / c.return_decay_years)
    return premium * decay + world.levers.return_bonus[t, o, q] * RETURN_WINDOW[age - 1]


@inlined
def relocation_hazard(c: Coefficients, hostility: float, age: int, duration: int) -> float:
    """Compute the yearly probability that an incumbent who is not settled gets an opportunity to move (equation R)."""
    return c.relocation_hazard * math.exp(
        -c.relocation_age_decline * AGE_MIDDLE[age]
        - c.relocation_duration_decline * DURATION_MIDDLE[duration]
        + c.hostility_exit * hostility
    )


@inlined
def is_settled(world: World, t: int, o: int, place: int, degree: int, duration: int) -> bool:
    """Tell whether a researcher is a citizen, moves freely, or has waited long enough for permanent residence."""
    if o == place or world.levers.mobility_area[t, o, place] >= 1.0:
        return True
    return float(DURATION_FROM[duration]) >= world.levers.residence_wait[t, o, place, degree]


@compiled
def sector_weights(world: World, indices: Indices, t: int) -> Floats:
    """Compute (R, V, R, 2) job weights exp(V^W / lambda) by sector, at mean talent and without taste."""
    regions = world.anglophone.shape[0]
    table = np.empty((regions, VISA_CLASSES, regions, 2))
    logs = job_logs(world, indices, t)
    for o in range(regions):
        for j in range(regions):
            for s in range(2):
                value, friction = job_terms(world, indices, t, o, j, s, logs)
                for v in range(VISA_CLASSES):
                    utility = value - VISA[v] * friction
                    table[o, v, j, s] = math.exp(utility / world.coefficients.nest_dissimilarity)
    return table


@inlined
def fill_jobs(world: World, sectors: Floats, talent: Floats, weights: Floats, industry: Floats) -> None:
    """Fill (R, V, Q, S, R) job weights and (R, V, S, R) industry shares of them from weights by sector."""
    regions = weights.shape[0]
    for s in range(TASTE_CLASSES):
        taste = math.exp(TASTE[s] / world.coefficients.nest_dissimilarity)
        for o in range(regions):
            for v in range(VISA_CLASSES):
                for j in range(regions):
                    tasted = sectors[o, v, j, INDUSTRY] * taste
                    both = sectors[o, v, j, ACADEMIA] + tasted
                    industry[o, v, s, j] = tasted / both
                    for q in range(TALENT_CLASSES):
                        weights[o, v, q, s, j] = both * talent[q, j]


@inlined
def fill_home(world: World, t: int, table: Floats) -> None:
    """Fill (R, Q, H, 1 + X) multipliers of the weight at home."""
    dissimilarity = world.coefficients.nest_dissimilarity
    for o in range(table.shape[0]):
        for q in range(TALENT_CLASSES):
            is_known = q > 0 and world.levers.return_bonus[t, o, q] == world.levers.return_bonus[t, o, q - 1]
            for h in range(TIE_CLASSES):
                for age in range(AGE_CLASSES + 1):
                    if is_known:
                        table[o, q, h, age] = table[o, q - 1, h, age]
                    else:
                        table[o, q, h, age] = math.exp(home_premium(world, t, o, q, h, age) / dissimilarity)


@inlined
def fill_authorised(world: World, t: int, chances: Floats, table: Floats, direct: Floats) -> None:
    """Fill (R, Q, R, 2) probabilities that a hire is authorised, and (R, Q, R) that a graduate needs no attempts.

    Half of the top talent class may bypass the lottery of industry. chances : see `hire_chances`.
    """
    for o in range(table.shape[0]):
        for j in range(table.shape[0]):
            for s in range(2):
                chance = authorisation(world, t, o, j, chances[j, s])
                for q in range(TALENT_CLASSES):
                    bypass = 0.0
                    if s == INDUSTRY and q == TALENT_CLASSES - 1:
                        bypass = world.coefficients.elite_bypass * TOP_DECILE_OF_CLASS
                    table[o, q, j, s] = chance + (1.0 - chance) * bypass
                    direct[o, q, j] = bypass + (1.0 - bypass) * world.levers.mobility_area[t, o, j]


@inlined
def fill_relocation(world: World, t: int, hazards: Floats, table: Floats, settled: Bytes) -> None:
    """Fill (R, R, 2, X, D) relocation hazards, halved for the settled, and (R, R, 2, D) whether the wait for residence is over.

    hazards : (X, D), scratch.
    """
    c = world.coefficients
    known = math.nan  # most pairs have the hostility of the pair before
    for o in range(table.shape[0]):
        for place in range(table.shape[0]):
            hostility = world.levers.hostility[t, o, place]
            for duration in range(DURATION_CLASSES):
                for degree in (FROM_HERE, FROM_ELSEWHERE):
                    settled[o, place, degree, duration] = 1 if is_settled(world, t, o, place, degree, duration) else 0
                for age in range(AGE_CLASSES):
                    if hostility != known:
                        hazards[age, duration] = relocation_hazard(c, hostility, age, duration)
                    hazard = hazards[age, duration]
                    for degree in (FROM_HERE, FROM_ELSEWHERE):
                        is_over = settled[o, place, degree, duration] == 1
                        table[o, place, degree, age, duration] = min(0.5 * hazard if is_over else hazard, 1.0)
            known = hostility


@compiled
def stay_pull(world: World) -> Floats:
    """Compute the (D,) multipliers of the present place: incumbency that builds up, the moving cost it saves (equation I)."""
    c = world.coefficients
    table = np.empty(DURATION_CLASSES)
    for duration in range(DURATION_CLASSES):
        built = c.incumbency * (1.0 - math.exp(-DURATION_MIDDLE[duration] / c.incumbency_years))
        table[duration] = math.exp((built + c.moving_cost) / c.nest_dissimilarity)
    return table


@inlined
def begin_first_job(who: Who, study: int, tables: Year, race: Race) -> None:
    """Start the race of the places of a first job; its clocks are those of decision JOB."""
    weigh_first_job(who.origin, who.traits, study, tables, race)
    shut_places(who, study, tables, race)
    start_race(who.origin, study, race)


@inlined
def shut_places(who: Who, here: int, tables: Year, race: Race) -> None:
    """Take out of a race the places that a gate (of those at home) or a bar keeps somebody out of who is `here` now."""
    if tables.own.shuts[who.origin] == 0:
        return
    for j in range(race.rate.shape[0]):
        if j != who.origin and j != here:
            is_kept_home = here == who.origin and is_gated(who, j, AT_WORK, tables)
            if is_kept_home or is_barred(who, j, AT_WORK, tables):
                race.rate[j] = 0.0


@inlined
def first_job(who: Who, study: int, tables: Year, race: Race) -> tuple[int, int, int]:
    """Choose the first job and have it authorised; `race`: see `begin_first_job`.

    Returns
    -------
    Location, headquarters region, sector.
    """
    return settle_job(who, who.origin, study, tables, race)


@inlined
def begin_next_job(who: Who, study: int, place: int, age: int, duration: int, tables: Year, race: Race) -> None:
    """Start the race of all places when an incumbent has an opportunity; its clocks are those of decision JOB."""
    weigh_next_job(who.origin, who.traits, study, place, age, duration, tables, race)
    shut_places(who, place, tables, race)
    start_race(who.origin, place, race)


@inlined
def next_job(who: Who, place: int, tables: Year, race: Race) -> tuple[int, int, int]:
    """Choose among all regions, staying included, when an incumbent has an opportunity.

    Staying in the region means keeping the job. `race`: see `begin_next_job`.

    Returns
    -------
    Location, headquarters region, sector; headquarters and sector mean nothing when the location is the present place.
    """
    return settle_job(who, place, NO_DEGREE_HERE, tables, race)


@inlined
def weigh_first_job(origin: int, traits: int, study: int, tables: Year, race: Race) -> None:
    """Write the weights of the places of a first job."""
    talent, tie, visa, taste = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.job_weight[origin, visa, talent, taste, j]
    race.rate[origin] *= tables.home_factor[origin, talent, tie, 0]
    race.rate[study] *= tables.study_pull
    race.rate[study] *= tables.own.arrived[origin, visa, study] * tables.own.degree_pull[origin, visa, study]


@inlined
def weigh_next_job(
    origin: int, traits: int, study: int, place: int, age: int, duration: int, tables: Year, race: Race
) -> None:  # fmt: skip
    """Write an incumbent's weights of all places, staying included, as rates of the race; study: where the degree is from."""
    talent, tie, visa, taste = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.job_weight[origin, visa, talent, taste, j]
    away = 0 if place == origin else 1 + age_class(age)
    race.rate[origin] *= tables.home_factor[origin, talent, tie, away]
    race.rate[place] *= tables.stay_pull[duration_class(duration)]
    race.rate[place] *= tables.own.arrived[origin, visa, place]
    race.rate[study] *= tables.own.degree_pull[origin, visa, study]


@inlined
def weigh_forced_job(origin: int, traits: int, study: int, place: int, age: int, tables: Year, race: Race) -> None:
    """Write the weights of all places but the one that a worker has to leave; study: where the degree is from."""
    talent, tie, visa, taste = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.job_weight[origin, visa, talent, taste, j]
    race.rate[origin] *= tables.home_factor[origin, talent, tie, 1 + age_class(age)]
    race.rate[study] *= tables.own.degree_pull[origin, visa, study]
    race.rate[place] = 0.0


@inlined
def hire_chance(origin: int, talent: int, place: int, sector: int, study: int, tables: Year) -> float:
    """Compute the probability that a hire is authorised; `study`: region of the degree just taken, or NO_DEGREE_HERE.

    Industry hires a graduate of the place without authorisation, for as long as there are attempts (see `sim.model.status`).
    """
    if sector == INDUSTRY and place == study and tables.post_study_attempts[place] >= 1:
        return 1.0
    return tables.authorised[origin, talent, place, sector]


@inlined
def settle_job(who: Who, fallback: int, study: int, tables: Year, race: Race) -> tuple[int, int, int]:
    """Take the best job that is authorised, after at most APPLICATIONS refusals; else the job at the fallback region.

    A refused industry hire may keep the headquarters of the first offer while working at the second place (offshoring).
    `study`: region of the degree just taken, NO_DEGREE_HERE for incumbents. `race`: started.
    """
    talent, _, visa, taste = unpack_traits(who.traits)
    first_region = -1
    first_sector = 0
    guess = fallback if study == NO_DEGREE_HERE else study
    for application in range(APPLICATIONS):
        j = finish_race(who.origin, race) if application == 0 else winner(who.origin, guess, race)
        in_industry = employer_number(race, application) < tables.industry_share[who.origin, visa, taste, j]
        sector = INDUSTRY if in_industry else 0
        chance = 1.0 if j == fallback else hire_chance(who.origin, talent, j, sector, study, tables)
        if chance >= 1.0 or own_draw(who, tables.year, AUTHORISATION, j) < chance:
            if first_region >= 0 and first_sector == INDUSTRY and employer_number(race, 2) < tables.offshoring[first_region]:
                return j, first_region, INDUSTRY
            return j, headquarters(j, sector, employer_number(race, 3), tables), sector
        first_region = j
        first_sector = sector
        race.rate[j] = 0.0
    spare = own_block(who, tables.year, EMPLOYER, 1)
    sector = INDUSTRY if uniform(spare[0]) < tables.industry_share[who.origin, visa, taste, fallback] else 0
    return fallback, headquarters(fallback, sector, employer_number(race, 3), tables), sector


@inlined
def headquarters(place: int, sector: int, draw: float, tables: Year) -> int:
    """Name the headquarters region of an employer: the place itself but for a share of the industry of some regions."""
    if sector == INDUSTRY and draw < tables.abroad_share[place]:
        return tables.abroad_region[place]
    return place


@inlined
def has_opportunity(origin: int, study: int, place: int, age: int, duration: int, words: Words, tables: Year) -> bool:
    """Tell whether an incumbent gets an opportunity to move this year; study: where the degree is from."""
    degree = degree_from(study, place)
    return uniform(words[0]) < tables.relocation[origin, place, degree, age_class(age), duration_class(duration)]
