"""The visa path of one researcher as pure functions of a row: statuses, attempts, their loss, and what a loss forces.

A graduate of a region works there in industry without authorisation and makes one attempt at a work visa a year
(post-study); everyone else is authorised at the hire (temporary). When the wait is over a temporary status becomes
permanent. Student, post-study and temporary statuses can be lost; whoever loses one chooses again at once, with the
present place unavailable. Both engines call these functions; `expected` has the same path by group.
"""

from sim.model.choice.compiled import inlined
from sim.model.choice.race import Race, start_race
from sim.model.choice.randomness import AUTHORISATION, EMPLOYER, Words, uniform
from sim.model.jobs import NO_DEGREE_HERE, settle_job, shut_places, weigh_forced_job
from sim.model.population import (
    NO_STATUS,
    PERMANENT,
    POST_STUDY,
    STUDENT,
    TEMPORARY,
    Who,
    degree_from,
    duration_class,
    own_block,
    own_draw,
    unpack_traits,
)
from sim.model.study import best_open_region, weigh_study
from sim.model.world import AT_WORK, INDUSTRY, Year


@inlined
def moves_freely(origin: int, place: int, tables: Year) -> bool:
    """Tell whether no status is needed: at home, or with full mobility."""
    return origin == place or tables.mobility_area[origin, place] >= 1.0


@inlined
def student_status(origin: int, region: int, tables: Year) -> int:
    """Name the status of whoever begins to study in a region."""
    return NO_STATUS if moves_freely(origin, region, tables) else STUDENT


@inlined
def hired_status(origin: int, place: int, tables: Year) -> int:
    """Name the status of whoever is hired into a place from elsewhere."""
    return NO_STATUS if moves_freely(origin, place, tables) else TEMPORARY


@inlined
def first_status(who: Who, study: int, place: int, sector: int, tables: Year) -> tuple[int, int]:
    """Name the status and the attempts left of a new doctor in the first job.

    Industry where the degree is from: post-study with all attempts, but for those who need none (partial mobility, or the
    bypass of half of the top talent class).
    """
    attempts = tables.post_study_attempts[place]
    if place != study or sector != INDUSTRY or attempts < 1 or moves_freely(who.origin, place, tables):
        return hired_status(who.origin, place, tables), 0
    talent, _, _, _ = unpack_traits(who.traits)
    if own_draw(who, tables.year, AUTHORISATION, place) < tables.direct[who.origin, talent, place]:
        return TEMPORARY, 0
    return POST_STUDY, attempts


@inlined
def updated_status(status: int, origin: int, study: int, place: int, duration: int, tables: Year) -> int:
    """Name a status under this year's rules: none under full mobility, permanent when the wait is over.

    study: where the degree is from.
    """
    if status in (NO_STATUS, PERMANENT):
        return status
    if moves_freely(origin, place, tables):
        return NO_STATUS
    if status == TEMPORARY and tables.settled[origin, place, degree_from(study, place), duration_class(duration)] == 1:
        return PERMANENT
    return status


@inlined
def attempt_succeeds(who: Who, place: int, tables: Year) -> bool:
    """Tell whether this year's attempt at a work visa succeeds."""
    odds: float = tables.work_visa_odds[place]
    return own_draw(who, tables.year, AUTHORISATION, place) < odds


@inlined
def loses_status(status: int, origin: int, place: int, stage: int, words: Words, tables: Year) -> bool:
    """Tell whether a forced exit ends a status this year; stage: AT_STUDY or AT_WORK."""
    if status in (NO_STATUS, PERMANENT):
        return False
    chance: float = tables.forced_exit[origin, place, stage]
    return uniform(words[3]) < chance


@inlined
def live_status(
    who: Who, study: int, place: int, status: int, attempts: int, duration: int, words: Words,
    tables: Year,
) -> tuple[int, int, bool]:  # fmt: skip
    """Let a worker's status live one year: this year's rules, then an attempt if post-study, then a forced exit.

    study: where the degree is from.

    Returns
    -------
    Status, attempts left, whether it is lost (the place then is too).
    """
    status = updated_status(status, who.origin, study, place, duration, tables)
    if status == POST_STUDY:
        attempts = attempts - 1
        if attempt_succeeds(who, place, tables):
            status = updated_status(TEMPORARY, who.origin, study, place, duration, tables)
        elif attempts <= 0:
            return status, 0, True
    if status != POST_STUDY:
        attempts = 0
    return status, attempts, loses_status(status, who.origin, place, AT_WORK, words, tables)


@inlined
def begin_forced_job(who: Who, study: int, place: int, age: int, tables: Year, race: Race) -> None:
    """Start the race of all places but the one whose status is lost; its clocks are those of decision JOB."""
    weigh_forced_job(who.origin, who.traits, study, place, age, tables, race)
    shut_places(who, place, tables, race)
    start_race(who.origin, who.origin, race)


@inlined
def forced_job(
    who: Who, place: int, employer: int, sector: int, tables: Year,
    race: Race,
) -> tuple[int, int, int]:  # fmt: skip
    """Choose among all regions but the one whose status is lost, as a hire from abroad; home if refused twice.

    `race`: see `begin_forced_job`.

    Returns
    -------
    Location, headquarters region, sector; from industry the employer may be kept (offshoring).
    """
    to, hired_by, new_sector = settle_job(who, who.origin, NO_DEGREE_HERE, tables, race)
    if sector == INDUSTRY:
        spare = own_block(who, tables.year, EMPLOYER, 1)
        if uniform(spare[1]) < tables.offshoring[place]:
            return to, employer, INDUSTRY
    return to, hired_by, new_sector


@inlined
def begin_transfer(origin: int, traits: int, study: int, tables: Year, race: Race) -> None:
    """Start the race of all graduate regions but the one whose status is lost; its clocks are those of the first such choice."""
    weigh_study(origin, traits, tables, race)
    race.rate[study] = 0.0
    start_race(origin, origin, race)


@inlined
def transfer(who: Who, words: Words, tables: Year, race: Race) -> int:
    """Choose another graduate region after the loss of a student status: the frozen shocks, this year's refusals and closures.

    The years of study are kept; nobody postpones. `race`: see `begin_transfer`.
    """
    return best_open_region(who, False, False, words, tables, race)
