"""The utilities and hazards of one year, as tables: every formula of choice stands here once, for both engines and `expected`.

Letters of equations refer to docs/model.md. A table entry is a race weight exp(V / lambda), so that a researcher's weight is a
product of a few entries. Only scalar `math` functions are used: they give the same bits compiled and plain.
"""

import math

import numpy as np

from sim.choice import Bytes, Floats, normal_cdf
from sim.compiled import compiled, inlined
from sim.logarithms import JobLogs, StudyLogs, authorisation, hire_chances, job_logs, study_logs
from sim.world import (
    ACADEMIA,
    AGE_CLASSES,
    AGE_MIDDLE,
    DURATION_CLASSES,
    DURATION_FROM,
    DURATION_MIDDLE,
    INDUSTRY,
    PROFILES,
    RETURN_WINDOW,
    TALENT,
    TALENT_CLASSES,
    TASTE,
    TASTE_CLASSES,
    TIE,
    TIE_CLASSES,
    VISA,
    VISA_CLASSES,
    Coefficients,
    Indices,
    World,
    Year,
)

CONGESTION_FROM = 20  # 2020: from the year after the reference of the places, 2019
WAIT_CAP = 5.0  # years; a longer wait deters no further (version 1, section 5)
TOP_DECILE_OF_CLASS = 0.5  # the top decile is half of the top quintile class
MONTHS_PER_UNIT = 6.0  # delay_cost is per six months


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
        + c.delay_cost * world.delay[t, o, j] / MONTHS_PER_UNIT
        + c.hostility_study * world.hostility[t, o, j]
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
            excess = growth - math.log(world.places[t, j]) - world.coefficients.seat_elasticity * growth
            crowded[j] = max(0.0, excess)
    return crowded


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
        c.hostility_work * world.hostility[t, o, j]
        - c.refusal_deterrence * logs.authorised[o, j, s]
        + c.residence_wait_cost * min(world.wait[t, o, j], WAIT_CAP)
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
    return premium * decay + world.return_bonus[t, o, q] * RETURN_WINDOW[age - 1]


@inlined
def relocation_hazard(c: Coefficients, hostility: float, age: int, duration: int) -> float:
    """Compute the yearly probability that an incumbent who is not settled gets an opportunity to move (equation R)."""
    return c.relocation_hazard * math.exp(
        -c.relocation_age_decline * AGE_MIDDLE[age]
        - c.relocation_duration_decline * DURATION_MIDDLE[duration]
        + c.hostility_exit * hostility
    )


@inlined
def is_settled(world: World, t: int, o: int, place: int, duration: int) -> bool:
    """Tell whether a researcher is a citizen, moves freely, or has waited long enough for permanent residence."""
    if o == place or world.mobility[t, o, place] >= 1.0:
        return True
    return float(DURATION_FROM[duration]) >= world.wait[t, o, place]


@inlined
def output_mean(world: World, pull: Floats, place: int, q: int, profile: int) -> float:
    """Compute the mean of output y before noise: talent + place + ecosystem + age profile (equation Y); profile 0: student."""
    c = world.coefficients
    age = 0.0 if profile == 0 else AGE_MIDDLE[profile - 1]
    return (
        TALENT[q]
        + world.place_effect[place]
        + c.place_productivity * pull[place]
        + c.age_profile_linear * age
        + c.age_profile_quadratic * age * age
    )


@inlined
def fill_visibility(world: World, pull: Floats, bar: float, table: Floats) -> None:
    """Fill (R, Q, PROFILES) probabilities that output exceeds a bar."""
    noise = world.coefficients.visibility_noise
    for place in range(table.shape[0]):
        for q in range(TALENT_CLASSES):
            for profile in range(PROFILES):
                table[place, q, profile] = normal_cdf((output_mean(world, pull, place, q, profile) - bar) / noise)


@compiled
def talent_pull(world: World, indices: Indices) -> Floats:
    """Compute (Q, R) race-weight factors of talent: exp(zeta_E * theta * e_j / lambda)."""
    c = world.coefficients
    regions = indices.pull.shape[0]
    table = np.empty((TALENT_CLASSES, regions))
    for q in range(TALENT_CLASSES):
        for j in range(regions):
            table[q, j] = math.exp(c.talent_ecosystem_pull * TALENT[q] * indices.pull[j] / c.nest_dissimilarity)
    return table


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
            is_known = q > 0 and world.return_bonus[t, o, q] == world.return_bonus[t, o, q - 1]
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
                    direct[o, q, j] = bypass + (1.0 - bypass) * world.mobility[t, o, j]


@inlined
def fill_relocation(world: World, t: int, hazards: Floats, table: Floats, settled: Bytes) -> None:
    """Fill (R, R, X, D) relocation hazards, halved for the settled, and (R, R, D) whether the wait for residence is over.

    hazards : (X, D), scratch.
    """
    c = world.coefficients
    known = math.nan  # most pairs have the hostility of the pair before
    for o in range(table.shape[0]):
        for place in range(table.shape[0]):
            hostility = world.hostility[t, o, place]
            for duration in range(DURATION_CLASSES):
                settled[o, place, duration] = 1 if is_settled(world, t, o, place, duration) else 0
                for age in range(AGE_CLASSES):
                    if hostility != known:
                        hazards[age, duration] = relocation_hazard(c, hostility, age, duration)
                    hazard = hazards[age, duration]
                    table[o, place, age, duration] = min(0.5 * hazard if settled[o, place, duration] == 1 else hazard, 1.0)
            known = hostility


@compiled
def stay_pull(world: World) -> Floats:
    """Compute the (D,) multipliers of the present place: incumbency that builds up, and the moving cost it saves."""
    c = world.coefficients
    table = np.empty(DURATION_CLASSES)
    for duration in range(DURATION_CLASSES):
        built = c.incumbency * (1.0 - math.exp(-DURATION_MIDDLE[duration] / c.incumbency_years))
        table[duration] = math.exp((built + c.moving_cost) / c.nest_dissimilarity)
    return table


@compiled
def make_year(world: World, indices: Indices, t: int) -> Year:
    """Make the tables of one year from the world and last year's indices.

    Parameters
    ----------
    world, indices : see `sim.world`.
    t : year since 2000.

    Returns
    -------
    Tables; the visibility tables use the world's bars of that year.
    """
    c = world.coefficients
    regions = world.anglophone.shape[0]
    study = np.empty((regions, VISA_CLASSES, TALENT_CLASSES, regions))
    jobs = np.empty((regions, VISA_CLASSES, TALENT_CLASSES, TASTE_CLASSES, regions))
    industry = np.empty((regions, VISA_CLASSES, TASTE_CLASSES, regions))
    home = np.empty((regions, TALENT_CLASSES, TIE_CLASSES, AGE_CLASSES + 1))
    authorised = np.empty((regions, TALENT_CLASSES, regions, 2))
    direct = np.empty((regions, TALENT_CLASSES, regions))
    settled = np.empty((regions, regions, DURATION_CLASSES), dtype=np.uint8)
    relocation = np.empty((regions, regions, AGE_CLASSES, DURATION_CLASSES))
    visible = np.empty((regions, TALENT_CLASSES, PROFILES))
    elite = np.empty((regions, TALENT_CLASSES, PROFILES))
    talent = talent_pull(world, indices)
    sectors = sector_weights(world, indices, t)
    fill_study(world, indices, t, crowding(world, indices, t), talent, study_logs(world, indices, t), study)
    fill_jobs(world, sectors, talent, jobs, industry)
    fill_home(world, t, home)
    fill_authorised(world, t, hire_chances(world, t), authorised, direct)
    fill_relocation(world, t, np.empty((AGE_CLASSES, DURATION_CLASSES)), relocation, settled)
    fill_visibility(world, indices.pull, world.bar_top20[t], visible)
    fill_visibility(world, indices.pull, world.bar_elite[t], elite)
    return Year(
        2000 + t, study, world.refusal[t], world.bar[t], world.closure[t], sectors, jobs, industry, home, authorised,
        direct, world.attempts[t].astype(np.int64), world.odds[t, :, INDUSTRY].copy(), world.mobility[t], settled,
        world.forced_exit[t], world.exit_gate[t],
        math.exp(c.study_region_pull / c.nest_dissimilarity), stay_pull(world), relocation, visible, elite,
        world.graduation, world.abroad_share, world.abroad_region, world.anglophone, c.nest_dissimilarity,
        c.attrition_rate, c.exit_rate, c.postponement, world.offshoring[t], world.participation[t],
    )  # fmt: skip
