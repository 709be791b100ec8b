"""The decisions of one researcher in one year as pure functions of a row, and nothing about loops.

Both engines call these functions; `expected` uses the same tables and the closed forms of `choice`. A row is named by its key
(index, origin, cohort), its trait classes and its state; `key` is the pair (seed, replicate). `race` is the scratch space
of `sim.race`.
"""

from sim.compiled import inlined
from sim.race import Race, employer_number, finish_race, start_race, winner
from sim.randomness import (
    AUTHORISATION,
    CLOSURE,
    EMPLOYER,
    REFUSAL,
    TRAITS,
    YEAR,
    Key,
    Words,
    draw_alternative,
    draw_block,
    pick,
    uniform,
)
from sim.world import (
    AGE_CLASSES,
    AGE_FROM,
    AT_STUDY,
    AT_WORK,
    DURATION_CLASSES,
    DURATION_FROM,
    INDUSTRY,
    STUDY_YEARS,
    TALENT_CLASSES,
    TASTE_CLASSES,
    TIE_CLASSES,
    VISA_CLASSES,
    Year,
)

POSTPONED = -1
NOT_VISIBLE = 0
TOP20 = 1
ELITE = 2
NO_DEGREE_HERE = -1
APPLICATIONS = 2
"""Work authorisation is asked for at most twice a year; whoever is refused twice works at home (or stays)."""


@inlined
def trait_classes(key: Key, index: int, origin: int, cohort: int, visa_sensitive_share: float) -> tuple[int, int, int, int]:
    """Draw the trait classes of a researcher, once and for life.

    Returns
    -------
    Talent 0..4, home tie 0..2, visa sensitivity 0..1, sector taste 0..1.
    """
    return classes_of(draw_block(key, index, origin, cohort, cohort, TRAITS, 0), visa_sensitive_share)


@inlined
def classes_of(words: Words, visa_sensitive_share: float) -> tuple[int, int, int, int]:
    """Turn the words of the traits into trait classes, as `trait_classes` says."""
    talent = min(int(uniform(words[0]) * TALENT_CLASSES), TALENT_CLASSES - 1)
    tie = min(int(uniform(words[1]) * TIE_CLASSES), TIE_CLASSES - 1)
    visa = 1 if uniform(words[2]) < visa_sensitive_share else 0
    taste = 1 if uniform(words[3]) < 0.5 else 0
    return talent, tie, visa, taste


@inlined
def trait_code(talent: int, tie: int, visa: int, taste: int) -> int:
    """Pack trait classes into one number 0..59 (see `unpack_traits`)."""
    return ((talent * TIE_CLASSES + tie) * VISA_CLASSES + visa) * TASTE_CLASSES + taste


@inlined
def unpack_traits(code: int) -> tuple[int, int, int, int]:
    """Unpack trait classes: talent, home tie, visa sensitivity, sector taste."""
    taste = code % TASTE_CLASSES
    code //= TASTE_CLASSES
    visa = code % VISA_CLASSES
    code //= VISA_CLASSES
    return code // TIE_CLASSES, code % TIE_CLASSES, visa, taste


@inlined
def bar_rank(key: Key, index: int, origin: int, cohort: int) -> float:
    """Draw the fixed rank in (0, 1) that a categorical bar compares with its width: wider bars nest narrower ones."""
    return uniform(draw_block(key, index, origin, cohort, cohort, TRAITS, 1)[0])


@inlined
def is_gated(key: Key, index: int, origin: int, cohort: int, stage: int, tables: Year) -> bool:
    """Tell whether a person at home may not leave, AT_STUDY or AT_WORK; the ranks are fixed, so that wider gates nest."""
    width = tables.exit_gate[origin, stage]
    if width <= 0.0:
        return False
    return exit_rank(key, index, origin, cohort, stage) < width


@inlined
def exit_rank(key: Key, index: int, origin: int, cohort: int, stage: int) -> float:
    """Draw the fixed rank in (0, 1) that the exit gate compares with its width, AT_STUDY or AT_WORK."""
    return uniform(pick(draw_block(key, index, origin, cohort, cohort, TRAITS, 1), 1 + stage))


@inlined
def year_words(key: Key, index: int, origin: int, cohort: int, year: int) -> Words:
    """Draw a researcher's block of a year: opportunity (graduation, move, postponement), leaving, output, loss of status."""
    return draw_block(key, index, origin, cohort, year, YEAR, 0)


@inlined
def age_class(age: int) -> int:
    """Name the class 0..3 of an academic age in completed years."""
    reached = 0
    for x in range(1, AGE_CLASSES):
        reached += int(age >= AGE_FROM[x])
    return reached


@inlined
def duration_class(duration: int) -> int:
    """Name the class 0..3 of the completed years in the present place."""
    reached = 0
    for d in range(1, DURATION_CLASSES):
        reached += int(duration >= DURATION_FROM[d])
    return reached


@inlined
def begin_study(origin: int, traits: int, tables: Year, race: Race) -> None:
    """Start the race of the graduate regions; its clocks are those of decision STUDY with the cohort as their year."""
    weigh_study(origin, traits, tables, race)
    start_race(origin, origin, race)


@inlined
def choose_study(
    key: Key, index: int, origin: int, cohort: int, has_postponed: int, words: Words, tables: Year, race: Race
) -> int:
    """Choose a graduate region among those open to the person (version 1, section 5).

    Behind the exit gate only home is. Barred (fixed rank) and refused regions are unavailable. If the best of the rest is
    closed by a border closure, the person postpones once, with the postponement probability, and else takes the best that is
    open. Home is always open. `race`: see `begin_study`.

    Returns
    -------
    The region, or POSTPONED.
    """
    if is_gated(key, index, origin, cohort, AT_STUDY, tables):
        return origin
    return best_open_region(key, index, origin, cohort, has_postponed == 0, words, tables, race)


@inlined
def best_open_region(
    key: Key, index: int, origin: int, cohort: int, may_postpone: bool, words: Words, tables: Year, race: Race
) -> int:
    """Find the best region of a started race that is open to the person this year, or POSTPONED."""
    j = finish_race(origin, race)
    while j != origin:
        if not is_refused(key, index, origin, cohort, j, tables):
            closure = tables.closure[origin, j]
            if closure <= 0.0 or draw_alternative(key, index, origin, cohort, tables.year, CLOSURE, j) >= closure:
                return j
            if may_postpone and uniform(words[0]) < tables.postponement:
                return POSTPONED
            may_postpone = False
        race.rate[j] = 0.0
        j = winner(origin, origin, race)
    return j


@inlined
def weigh_study(origin: int, traits: int, tables: Year, race: Race) -> None:
    """Write the weights of the study regions."""
    talent, _, visa, _ = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.study_weight[origin, visa, talent, j]


@inlined
def is_refused(key: Key, index: int, origin: int, cohort: int, j: int, tables: Year) -> bool:
    """Tell whether a person is categorically barred from region j or refused a student visa for it this year."""
    width = tables.bar[origin, j]
    if width > 0.0 and bar_rank(key, index, origin, cohort) < width:
        return True
    refusal = tables.refusal[origin, j]
    return refusal > 0.0 and draw_alternative(key, index, origin, cohort, tables.year, REFUSAL, j) < refusal


@inlined
def begin_first_job(key: Key, index: int, origin: int, cohort: int, traits: int, study: int, tables: Year, race: Race) -> None:
    """Start the race of the places of a first job, home alone behind the exit gate; its clocks are those of decision JOB."""
    weigh_first_job(origin, traits, study, tables, race)
    if study == origin and is_gated(key, index, origin, cohort, AT_WORK, tables):
        for j in range(race.rate.shape[0]):
            if j != origin:
                race.rate[j] = 0.0
    start_race(origin, study, race)


@inlined
def first_job(
    key: Key, index: int, origin: int, cohort: int, traits: int, study: int, tables: Year, race: Race
) -> tuple[int, int, int]:
    """Choose the first job and have it authorised; `race`: see `begin_first_job`.

    Returns
    -------
    Location, headquarters region, sector.
    """
    return settle_job(key, index, origin, cohort, traits, origin, study, tables, race)


@inlined
def begin_next_job(origin: int, traits: int, place: int, age: int, duration: int, tables: Year, race: Race) -> None:
    """Start the race of all places when an incumbent has an opportunity; its clocks are those of decision JOB."""
    weigh_next_job(origin, traits, place, age, duration, tables, race)
    start_race(origin, place, race)


@inlined
def next_job(
    key: Key, index: int, origin: int, cohort: int, traits: int, place: int, tables: Year, race: Race
) -> tuple[int, int, int]:
    """Choose among all regions, staying included, when an incumbent has an opportunity.

    Staying in the region means keeping the job. Whoever is at home behind the exit gate stays. `race`: see `begin_next_job`.

    Returns
    -------
    Location, headquarters region, sector; headquarters and sector mean nothing when the location is the present place.
    """
    if place == origin and is_gated(key, index, origin, cohort, AT_WORK, tables):
        return place, place, 0
    return settle_job(key, index, origin, cohort, traits, place, NO_DEGREE_HERE, tables, race)


@inlined
def weigh_first_job(origin: int, traits: int, study: int, tables: Year, race: Race) -> None:
    """Write the weights of the places of a first job."""
    talent, tie, visa, taste = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.job_weight[origin, visa, talent, taste, j]
    race.rate[origin] *= tables.home_factor[origin, talent, tie, 0]
    race.rate[study] *= tables.study_pull


@inlined
def weigh_next_job(origin: int, traits: int, place: int, age: int, duration: int, tables: Year, race: Race) -> None:
    """Write an incumbent's weights of all places, staying included, as rates of the race."""
    talent, tie, visa, taste = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.job_weight[origin, visa, talent, taste, j]
    away = 0 if place == origin else 1 + age_class(age)
    race.rate[origin] *= tables.home_factor[origin, talent, tie, away]
    race.rate[place] *= tables.stay_pull[duration_class(duration)]


@inlined
def weigh_forced_job(origin: int, traits: int, place: int, age: int, tables: Year, race: Race) -> None:
    """Write the weights of all places but the one that a worker has to leave."""
    talent, tie, visa, taste = unpack_traits(traits)
    for j in range(race.rate.shape[0]):
        race.rate[j] = tables.job_weight[origin, visa, talent, taste, j]
    race.rate[origin] *= tables.home_factor[origin, talent, tie, 1 + age_class(age)]
    race.rate[place] = 0.0


@inlined
def hire_chance(origin: int, talent: int, place: int, sector: int, study: int, tables: Year) -> float:
    """Compute the probability that a hire is authorised; `study`: region of the degree just taken, or NO_DEGREE_HERE.

    Industry hires a graduate of the place without authorisation, for as long as there are attempts (see `sim.visa`).
    """
    if sector == INDUSTRY and place == study and tables.attempts[place] >= 1:
        return 1.0
    return tables.authorised[origin, talent, place, sector]


@inlined
def settle_job(
    key: Key, index: int, origin: int, cohort: int, traits: int, fallback: int, study: int, tables: Year, race: Race
) -> tuple[int, int, int]:
    """Take the best job that is authorised, after at most APPLICATIONS refusals; else the job at the fallback region.

    A refused industry hire may keep the headquarters of the first offer while working at the second place (offshoring).
    `study`: region of the degree just taken, NO_DEGREE_HERE for incumbents. `race`: started.
    """
    talent, _, visa, taste = unpack_traits(traits)
    first_region = -1
    first_sector = 0
    guess = fallback if study == NO_DEGREE_HERE else study
    for application in range(APPLICATIONS):
        j = finish_race(origin, race) if application == 0 else winner(origin, guess, race)
        in_industry = employer_number(race, application) < tables.industry_share[origin, visa, taste, j]
        sector = INDUSTRY if in_industry else 0
        chance = 1.0 if j == fallback else hire_chance(origin, talent, j, sector, study, tables)
        if chance >= 1.0 or draw_alternative(key, index, origin, cohort, tables.year, AUTHORISATION, j) < chance:
            if first_region >= 0 and first_sector == INDUSTRY and employer_number(race, 2) < tables.offshoring[first_region]:
                return j, first_region, INDUSTRY
            return j, headquarters(j, sector, employer_number(race, 3), tables), sector
        first_region = j
        first_sector = sector
        race.rate[j] = 0.0
    spare = draw_block(key, index, origin, cohort, tables.year, EMPLOYER, 1)
    sector = INDUSTRY if uniform(spare[0]) < tables.industry_share[origin, visa, taste, fallback] else 0
    return fallback, headquarters(fallback, sector, employer_number(race, 3), tables), sector


@inlined
def headquarters(place: int, sector: int, draw: float, tables: Year) -> int:
    """Name the headquarters region of an employer: the place itself but for a share of the industry of some regions."""
    if sector == INDUSTRY and draw < tables.abroad_share[place]:
        return tables.abroad_region[place]
    return place


@inlined
def graduates(study: int, years: int, words: Words, tables: Year) -> bool:
    """Tell whether a student who has completed `years` years graduates this year."""
    return uniform(words[0]) < tables.graduation[study, min(years, STUDY_YEARS - 1)]


@inlined
def has_opportunity(origin: int, place: int, age: int, duration: int, words: Words, tables: Year) -> bool:
    """Tell whether an incumbent gets an opportunity to move this year."""
    return uniform(words[0]) < tables.relocation[origin, place, age_class(age), duration_class(duration)]


@inlined
def leaves(is_student: bool, words: Words, tables: Year) -> bool:
    """Tell whether a student drops out or a worker leaves research this year."""
    return uniform(words[1]) < (tables.attrition_rate if is_student else tables.exit_rate)


@inlined
def takes_part(key: Key, index: int, origin: int, cohort: int, place: int, tables: Year) -> bool:
    """Tell whether a visible researcher of a place takes part in the conference; no draw where everyone does."""
    share = tables.participation[place]
    if share >= 1.0:
        return True
    return uniform(draw_block(key, index, origin, cohort, tables.year, YEAR, 1)[0]) < share


@inlined
def tier_of(place: int, talent: int, profile: int, words: Words, tables: Year) -> int:
    """Name the tier of this year's output: NOT_VISIBLE, TOP20 or ELITE; one draw, so that the tiers are nested.

    Written without a branch, as nobody can predict it.
    """
    draw = uniform(words[2])
    is_visible = int(draw < tables.visible[place, talent, profile])
    is_elite = int(draw < tables.elite[place, talent, profile])
    return is_visible * (TOP20 + is_elite * (ELITE - TOP20)) + NOT_VISIBLE
