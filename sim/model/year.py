"""One year: the tables that everyone reads (weights, gates, hazards), and the tier of a year's output (equation Y)."""

import math

import numpy as np

from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.logit import normal_cdf
from sim.model.choice.randomness import YEAR, Words, uniform
from sim.model.jobs import (
    fill_authorised,
    fill_home,
    fill_jobs,
    fill_relocation,
    graduate_pulls,
    hire_chances,
    sector_weights,
    stay_pull,
)
from sim.model.population import Who, own_block
from sim.model.study import crowding, fill_study, study_logs
from sim.model.world import (
    AGE_CLASSES,
    AGE_MIDDLE,
    AT_WORK,
    DURATION_CLASSES,
    FROM_ELSEWHERE,
    FROM_HERE,
    INDUSTRY,
    PROFILES,
    TALENT,
    TALENT_CLASSES,
    TASTE_CLASSES,
    TIE_CLASSES,
    VISA_CLASSES,
    YEARS_BEFORE,
    Admission,
    Bytes,
    Floats,
    Indices,
    OwnRules,
    World,
    Year,
)

NOT_VISIBLE = 0


TOP20 = 1


ELITE = 2


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


@compiled
def output_means(world: World, pull: Floats) -> Floats:
    """Compute the (R, Q, PROFILES) means of output before noise."""
    means = np.empty((world.anglophone.shape[0], TALENT_CLASSES, PROFILES))
    for place in range(means.shape[0]):
        for q in range(TALENT_CLASSES):
            for profile in range(PROFILES):
                means[place, q, profile] = output_mean(world, pull, place, q, profile)
    return means


@inlined
def fill_visibility(means: Floats, noise: float, bar: float, table: Floats) -> None:
    """Fill (R, Q, PROFILES) probabilities that output exceeds a bar."""
    for place in range(table.shape[0]):
        for q in range(TALENT_CLASSES):
            for profile in range(PROFILES):
                table[place, q, profile] = normal_cdf((means[place, q, profile] - bar) / noise)


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


@compiled
def new_past(world: World) -> Floats:
    """Make room for the (T, R, V, Q, R) weights of the graduate regions of all years."""
    regions = world.anglophone.shape[0]
    return np.zeros((world.cohort.shape[0], regions, VISA_CLASSES, TALENT_CLASSES, regions))


@compiled
def study_weights(world: World, indices: Indices, t: int, talent: Floats, table: Floats) -> Floats:
    """Compute the weights of the graduate regions into the (R, V, Q, R) table; returns it."""
    fill_study(world, indices, t, crowding(world, indices, t), talent, study_logs(world, indices, t), table)
    return table


@compiled
def admission_of(world: World, t: int, past: Floats) -> Admission:
    """Collect what decides where those who begin to study in a year go, with its weights of the (T, R, V, Q, R) of all years."""
    levers = world.levers
    return Admission(
        year=2000 + t,
        study_weight=past[t],
        student_visa_refusal=levers.student_visa_refusal[t],
        entry_bar=levers.entry_bar[t],
        border_closure=levers.border_closure[t],
        exit_gate=levers.exit_gate[t],
        postponement=world.coefficients.postponement,
    )


@compiled
def job_weights(world: World, sectors: Floats, talent: Floats) -> tuple[Floats, Floats]:
    """Compute the (R, V, Q, S, R) weights of jobs and the (R, V, S, R) industry shares of them, from weights by sector."""
    regions = world.anglophone.shape[0]
    weights = np.empty((regions, VISA_CLASSES, TALENT_CLASSES, TASTE_CLASSES, regions))
    industry = np.empty((regions, VISA_CLASSES, TASTE_CLASSES, regions))
    fill_jobs(world, sectors, talent, weights, industry)
    return weights, industry


@compiled
def home_factors(world: World, t: int) -> Floats:
    """Compute the (R, Q, H, 1 + X) multipliers of the weight at home."""
    table = np.empty((world.anglophone.shape[0], TALENT_CLASSES, TIE_CLASSES, AGE_CLASSES + 1))
    fill_home(world, t, table)
    return table


@compiled
def authorisations(world: World, t: int) -> tuple[Floats, Floats]:
    """Compute the (R, Q, R, 2) chances that a hire is authorised, and (R, Q, R) that a graduate needs no attempts."""
    regions = world.anglophone.shape[0]
    table = np.empty((regions, TALENT_CLASSES, regions, 2))
    direct = np.empty((regions, TALENT_CLASSES, regions))
    fill_authorised(world, t, hire_chances(world, t), table, direct)
    return table, direct


@compiled
def relocation_hazards(world: World, t: int) -> tuple[Floats, Bytes]:
    """Compute the (R, R, 2, X, D) hazards of an opportunity to move, and (R, R, 2, D) whether the wait for residence is over."""
    regions = world.anglophone.shape[0]
    table = np.empty((regions, regions, 2, AGE_CLASSES, DURATION_CLASSES))
    settled = np.empty((regions, regions, 2, DURATION_CLASSES), dtype=np.uint8)
    fill_relocation(world, t, np.empty((AGE_CLASSES, DURATION_CLASSES)), table, settled)
    return table, settled


@compiled
def own_rules(world: World, t: int) -> OwnRules:
    """Collect the rules of work that are not the same for everyone of an origin and visa class."""
    regions = world.anglophone.shape[0]
    shuts, by_degree = np.zeros(regions, dtype=np.uint8), np.zeros(regions, dtype=np.uint8)
    levers = world.levers
    for o in range(regions):
        for j in range(regions):
            if levers.residence_wait[t, o, j, FROM_HERE] != levers.residence_wait[t, o, j, FROM_ELSEWHERE]:
                by_degree[o] = 1
            if levers.exit_gate[t, o, j, AT_WORK] > 0.0:
                shuts[o] = 1
            for q in range(TALENT_CLASSES):
                if levers.entry_bar[t, o, j, q, AT_WORK] > 0.0:
                    shuts[o] = 1
    arrived, degree_pull = graduate_pulls(world, t)
    return OwnRules(shuts, by_degree, arrived, degree_pull)


@compiled
def visibilities(means: Floats, noise: float, bar: float) -> Floats:
    """Compute the (R, Q, PROFILES) probabilities that output exceeds a bar."""
    table = np.empty(means.shape)
    fill_visibility(means, noise, bar, table)
    return table


@compiled
def make_year(world: World, indices: Indices, t: int, past: Floats) -> Year:
    """Make the tables of one year from the world and last year's indices.

    Parameters
    ----------
    world, indices : see `sim.model.world`.
    t : year since 2000.
    past : (T, R, V, Q, R) study weights of all years before (see `new_past`); this year's are written there.

    Returns
    -------
    Tables; the visibility tables use the world's bars of that year.
    """
    c = world.coefficients
    talent = talent_pull(world, indices)
    weights = study_weights(world, indices, t, talent, past[t])
    sectors = sector_weights(world, indices, t)
    jobs, industry = job_weights(world, sectors, talent)
    authorised, direct = authorisations(world, t)
    relocation, settled = relocation_hazards(world, t)
    levers, outputs = world.levers, output_means(world, indices.pull)
    return Year(
        year=2000 + t,
        study_weight=weights,
        student_visa_refusal=levers.student_visa_refusal[t],
        entry_bar=levers.entry_bar[t],
        border_closure=levers.border_closure[t],
        sector_weight=sectors,
        job_weight=jobs,
        industry_share=industry,
        home_factor=home_factors(world, t),
        authorised=authorised,
        direct=direct,
        post_study_attempts=levers.post_study_attempts[t].astype(np.int64),
        work_visa_odds=levers.work_visa_odds[t, :, INDUSTRY].copy(),
        mobility_area=levers.mobility_area[t],
        settled=settled,
        forced_exit=levers.forced_exit[t],
        exit_gate=levers.exit_gate[t],
        study_pull=math.exp(c.study_region_pull / c.nest_dissimilarity),
        stay_pull=stay_pull(world),
        own=own_rules(world, t),
        relocation=relocation,
        visible=visibilities(outputs, c.visibility_noise, world.bar_top20[t]),
        elite=visibilities(outputs, c.visibility_noise, world.bar_elite[t]),
        graduation=world.graduation,
        abroad_share=world.abroad_share,
        abroad_region=world.abroad_region,
        anglophone=world.anglophone,
        dissimilarity=c.nest_dissimilarity,
        visa_sensitive_share=c.visa_sensitive_share,
        talent_up_to=world.talent_up_to,
        late_entry=c.late_entry,
        begun=admission_of(world, max(t - YEARS_BEFORE, 0), past),
        attrition_rate=c.attrition_rate,
        exit_rate=c.exit_rate,
        postponement=c.postponement,
        offshoring=levers.offshoring[t],
        participation=levers.participation[t],
    )


def make_lone_year(world: World, indices: Indices, t: int) -> Year:
    """Make the tables of one year whose past is not known: late entrants then find what it was like in this year."""
    tables: Year = make_year(world, indices, t, new_past(world))
    return tables._replace(begun=tables.begun._replace(study_weight=tables.study_weight))


@inlined
def takes_part(who: Who, place: int, tables: Year) -> bool:
    """Tell whether a visible researcher of a place takes part in the conference; no draw where everyone does."""
    share = tables.participation[place]
    if share >= 1.0:
        return True
    return uniform(own_block(who, tables.year, YEAR, 1)[0]) < share


@inlined
def tier_of(place: int, talent: int, profile: int, words: Words, tables: Year) -> int:
    """Name the tier of this year's output: NOT_VISIBLE, TOP20 or ELITE; one draw, so that the tiers are nested.

    Written without a branch, as nobody can predict it.
    """
    draw = uniform(words[2])
    is_visible = int(draw < tables.visible[place, talent, profile])
    is_elite = int(draw < tables.elite[place, talent, profile])
    return is_visible * (TOP20 + is_elite * (ELITE - TOP20)) + NOT_VISIBLE
