"""One year of many rows in compiled loops, strip by strip; what a researcher does stands in `sim.model`.

Everyone decides on last year's indices, so the order of rows and the size of chunks and strips change nothing. Counts are whole
numbers.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engines.counts import AWAY, ENTRY, EXIT, FIRST_JOB, RELOCATION, TOO_NEW, Counts, Seen, add_up
from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.race import Race, Races, draw_clocks, one_race, take_clocks
from sim.model.choice.randomness import JOB_CHOICE, STUDY_CHOICE, TRAITS, YEAR, Key, Words, occasion, origin_cohort, philox
from sim.model.jobs import begin_first_job, begin_next_job, first_job, has_opportunity, next_job
from sim.model.population import (
    OUT,
    STUDY,
    WORK,
    Researchers,
    Who,
    age_class,
    classes_of,
    leaves,
    trait_code,
    unpack_traits,
)
from sim.model.status import (
    begin_forced_job,
    begin_transfer,
    first_status,
    forced_job,
    hired_status,
    live_status,
    loses_status,
    student_status,
    transfer,
    updated_status,
)
from sim.model.study import POSTPONED, begin_study, choose_study, graduates, is_late
from sim.model.world import AT_STUDY, YEARS_BEFORE, Bytes, Integers, Year
from sim.model.year import NOT_VISIBLE, takes_part, tier_of

STRIP = 128


class Strip(NamedTuple):
    """Scratch space of `STRIP` rows whose year is drawn side by side."""

    row: Integers  # (STRIP,) rows that are active
    place: NDArray[np.uint64]  # (STRIP,) index in the cohort, first counter word
    origin_cohort: NDArray[np.uint64]  # (STRIP,) second counter word
    words: NDArray[np.uint64]  # (4, STRIP) of the year
    chooser: Integers  # (STRIP,) places in the strip of those who choose this year
    choice: Bytes  # (STRIP,) what each of them chooses: ENROL, HIRED, ...
    kind: Bytes  # (STRIP,) as what each is counted, see `sim.engines.counts`


def new_strip() -> Strip:
    """Make the scratch space of a strip."""
    words = np.zeros((4, STRIP), dtype=np.uint64)
    rows, bytes_ = np.zeros(STRIP, dtype=np.int64), np.zeros(STRIP, dtype=np.uint8)
    return Strip(rows, words[0].copy(), words[0].copy(), words, rows.copy(), bytes_, bytes_.copy())


@inlined
def gather_active(people: Researchers, first: int, last: int, strip: Strip) -> int:
    """Note the rows of [first, last) that have not left, and their counter words; returns how many."""
    active = 0
    for i in range(first, last):
        strip.row[active] = i
        strip.place[active] = people.index[i]
        strip.origin_cohort[active] = origin_cohort(people.origin[i], people.cohort[i])
        active += people.stage[i] != OUT
    return active


@inlined
def draw_rows(key: Key, c2: np.uint64, strip: Strip) -> None:
    """Draw a block of the same occasion for all rows of a strip side by side."""
    for k in range(STRIP):
        words = philox(strip.place[k], strip.origin_cohort[k], c2, np.uint64(0), key[0], key[1])
        strip.words[0, k] = words[0]
        strip.words[1, k] = words[1]
        strip.words[2, k] = words[2]
        strip.words[3, k] = words[3]


@inlined
def words_of(k: int, strip: Strip) -> Words:
    """Return the words of the year of one row of a strip."""
    return strip.words[0, k], strip.words[1, k], strip.words[2, k], strip.words[3, k]


# What a researcher chooses in a year
NOTHING = 0


ENROL = 1


HIRED = 2


TRANSFERRED = 3


RELOCATED = 4


FORCED = 5


RACES = 32
"""Choices that are made side by side."""


@inlined
def who_is(people: Researchers, i: int, key: Key) -> Who:
    """Name the researcher of a row as the formulas know it."""
    return Who(key, people.index[i], people.origin[i], people.cohort[i], people.traits[i])


@inlined
def enter(people: Researchers, first: int, last: int, key: Key, tables: Year, strip: Strip) -> None:
    """Draw the traits of the rows [first, last), which all enter this year and have not left."""
    for start in range(first, last, STRIP):
        number = gather_active(people, start, min(start + STRIP, last), strip)
        draw_rows(key, occasion(people.cohort[start], TRAITS), strip)
        for k in range(number):
            i = strip.row[k]
            talent, tie, visa, taste = classes_of(words_of(k, strip), people.origin[i], tables)
            people.traits[i] = trait_code(talent, tie, visa, taste)


@inlined
def advance(
    people: Researchers, first: int, last: int, key: Key, tables: Year, counts: Counts, seen: Seen, races: Races, strip: Strip
) -> None:
    """Let the rows [first, last) live one year: study, graduate, first job, status, relocate, leave, observe.

    In loops over a few rows each, those that decide by luck apart from those that compute: a wrong guess of the processor
    then throws nothing away that took long.
    """
    for start in range(first, last, STRIP):
        active = gather_active(people, start, min(start + STRIP, last), strip)
        draw_rows(key, occasion(tables.year, YEAR), strip)  # see `dynamics.year_words`
        choosers = live(people, active, key, tables, counts, strip)
        for c in range(0, choosers, RACES):
            choose(people, c, min(c + RACES, choosers), key, tables, races, counts, strip)
        look(people, active, key, tables, strip)
        count(people, active, counts, seen, strip)


@inlined
def live(people: Researchers, active: int, key: Key, tables: Year, counts: Counts, strip: Strip) -> int:
    """Let the active rows of a strip live their year up to a choice, or to its end without one; returns how many choose."""
    choosers = 0
    for k in range(active):
        i = strip.row[k]
        stage = people.stage[i]
        choice = ENROL
        if stage == STUDY:
            choice = study(people, i, words_of(k, strip), tables, counts)
        elif stage == WORK:
            choice = work(people, i, key, words_of(k, strip), tables, counts)
        strip.chooser[choosers] = k
        strip.choice[choosers] = choice
        choosers += choice != NOTHING
    return choosers


@inlined
def study(people: Researchers, i: int, words: Words, tables: Year, counts: Counts) -> int:
    """Complete a year of study; name the choice that a degree or the loss of the status brings, or drop out or go on."""
    o = people.origin[i]
    g = people.study[i]
    people.years[i] += 1
    if graduates(g, people.years[i], words, tables):
        return HIRED
    status = updated_status(people.status[i], o, g, g, 0, tables)
    people.status[i] = status
    if loses_status(status, o, g, AT_STUDY, words, tables):
        return TRANSFERRED
    end_student_year(people, i, words, tables, counts)
    return NOTHING


@inlined
def work(people: Researchers, i: int, key: Key, words: Words, tables: Year, counts: Counts) -> int:
    """Let a worker's status live a year; name the choice that its loss or an opportunity brings, or leave or go on."""
    o = people.origin[i]
    here = people.place[i]
    years = people.duration[i]
    status, attempts, is_lost = live_status(
        who_is(people, i, key), people.study[i], here, people.status[i], people.attempts[i], years, words, tables
    )
    people.status[i] = status
    people.attempts[i] = attempts
    if is_lost:
        return FORCED
    if has_opportunity(o, people.study[i], here, people.age[i], years, words, tables):
        return RELOCATED
    end_worker_year(people, i, False, words, tables, counts)
    return NOTHING


@inlined
def choose(
    people: Researchers, first: int, last: int, key: Key, tables: Year, races: Races, counts: Counts, strip: Strip
) -> None:
    """Let the choosers [first, last) of a strip choose, and end their year."""
    for c in range(first, last):
        draw_choice(people, strip.row[strip.chooser[c]], key, strip.choice[c], tables.year, one_race(races, c - first))
    for c in range(first, last):
        k = strip.chooser[c]
        begin_choice(people, strip.row[k], key, strip.choice[c], words_of(k, strip), tables, one_race(races, c - first))
    for c in range(first, last):
        k = strip.chooser[c]
        end_choice(people, strip.row[k], key, strip.choice[c], words_of(k, strip), tables, one_race(races, c - first), counts)


@inlined
def draw_choice(people: Researchers, i: int, key: Key, choice: int, year: int, race: Race) -> None:
    """Draw the clocks of a choice; those of study belong to the cohort, those of a job to the year."""
    cohort = people.cohort[i]
    is_study = choice in (ENROL, TRANSFERRED)
    occasion_year, decision = (cohort, STUDY_CHOICE) if is_study else (year, JOB_CHOICE)
    draw_clocks(key, people.index[i], people.origin[i], cohort, occasion_year, decision, race)


@inlined
def begin_choice(people: Researchers, i: int, key: Key, choice: int, words: Words, tables: Year, race: Race) -> None:
    """Start the race of a choice whose clocks are drawn."""
    o = people.origin[i]
    traits = people.traits[i]
    take_clocks(race)
    if choice == ENROL:
        begin_study(o, traits, is_late(people.postponed[i], words, tables), tables, race)
    elif choice == HIRED:
        begin_first_job(who_is(people, i, key), people.study[i], tables, race)
    elif choice == TRANSFERRED:
        begin_transfer(o, traits, people.study[i], tables, race)
    elif choice == FORCED:
        begin_forced_job(who_is(people, i, key), people.study[i], people.place[i], people.age[i], tables, race)
    else:
        here, age = people.place[i], people.age[i]
        begin_next_job(who_is(people, i, key), people.study[i], here, age, people.duration[i], tables, race)


@inlined
def end_choice(
    people: Researchers, i: int, key: Key, choice: int, words: Words, tables: Year, race: Race, counts: Counts
) -> None:
    """Find who wins a race that was started, act on it, and end the year."""
    if choice == ENROL:
        apply(people, i, key, words, tables, race, counts)
    elif choice == HIRED:
        graduate(people, i, key, tables, race, counts)
    elif choice == TRANSFERRED:
        change_university(people, i, key, words, tables, race, counts)
    else:
        relocate(people, i, key, choice == FORCED, words, tables, race, counts)


@inlined
def apply(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Race, counts: Counts) -> None:
    """Choose a graduate region, or postpone."""
    o = people.origin[i]
    late = is_late(people.postponed[i], words, tables)
    region = choose_study(who_is(people, i, key), people.postponed[i], late, words, tables, race)
    if region == POSTPONED:
        people.postponed[i] = 1
        return
    people.stage[i] = STUDY
    people.years[i] = YEARS_BEFORE if late else 0
    enrol(people, i, region, tables)
    counts.demand[region] += 1
    counts.flows[ENTRY, o, o, region] += 1


@inlined
def enrol(people: Researchers, i: int, region: int, tables: Year) -> None:
    """Make a region the graduate region of a student."""
    people.study[i] = region
    people.place[i] = region
    people.employer[i] = region
    people.status[i] = student_status(people.origin[i], region, tables)


@inlined
def graduate(people: Researchers, i: int, key: Key, tables: Year, race: Race, counts: Counts) -> None:
    """Take a first job."""
    o = people.origin[i]
    g = people.study[i]
    who = who_is(people, i, key)
    place, employer, sector = first_job(who, g, tables, race)
    people.stage[i] = WORK
    people.place[i] = place
    people.employer[i] = employer
    people.sector[i] = sector
    people.status[i], people.attempts[i] = first_status(who, g, place, sector, tables)
    counts.flows[FIRST_JOB, o, g, place] += 1


@inlined
def change_university(people: Researchers, i: int, key: Key, words: Words, tables: Year, race: Race, counts: Counts) -> None:
    """Study elsewhere, as the status is lost, and drop out or go on."""
    o = people.origin[i]
    g = people.study[i]
    enrol(people, i, transfer(who_is(people, i, key), words, tables, race), tables)
    counts.flows[RELOCATION, o, g, people.study[i]] += 1
    end_student_year(people, i, words, tables, counts)


@inlined
def relocate(
    people: Researchers, i: int, key: Key, is_forced: bool, words: Words, tables: Year, race: Race, counts: Counts
) -> None:
    """Go elsewhere as the status is lost, or to a better place if there is one; then leave or go on."""
    o = people.origin[i]
    here = people.place[i]
    who = who_is(people, i, key)
    if is_forced:
        place, employer, sector = forced_job(who, here, people.employer[i], people.sector[i], tables, race)
    else:
        place, employer, sector = next_job(who, here, tables, race)
    moved = place != here
    if moved:
        people.place[i] = place
        people.employer[i] = employer
        people.sector[i] = sector
        people.status[i] = hired_status(o, place, tables)
        people.attempts[i] = 0
        people.duration[i] = 0
        counts.flows[RELOCATION, o, here, place] += 1
    end_worker_year(people, i, moved, words, tables, counts)


@inlined
def end_student_year(people: Researchers, i: int, words: Words, tables: Year, counts: Counts) -> None:
    """Drop out, or study on."""
    if leaves(True, words, tables):
        people.stage[i] = OUT
        counts.flows[EXIT, people.origin[i], people.study[i], people.study[i]] += 1


@inlined
def end_worker_year(people: Researchers, i: int, has_moved: bool, words: Words, tables: Year, counts: Counts) -> None:
    """Leave research, or grow a year older; whoever has just arrived has completed no year in the place."""
    if leaves(False, words, tables):
        people.stage[i] = OUT
        counts.flows[EXIT, people.origin[i], people.place[i], people.place[i]] += 1
        return
    people.age[i] = min(people.age[i] + 1, 250)
    if not has_moved:
        people.duration[i] = min(people.duration[i] + 1, 250)


@inlined
def look(people: Researchers, active: int, key: Key, tables: Year, strip: Strip) -> None:
    """See the output of the active rows of a strip: their tiers, and the kinds as which they are counted."""
    for k in range(active):
        i = strip.row[k]
        place = people.place[i]
        is_worker = people.stage[i] == WORK
        if not is_worker and people.stage[i] != STUDY:
            continue
        talent, _, _, _ = unpack_traits(people.traits[i])
        tier = tier_of(place, talent, int(is_worker) * (1 + age_class(people.age[i])), words_of(k, strip), tables)
        kind = tier
        if not is_worker and people.years[i] < 1:
            kind, tier = TOO_NEW, NOT_VISIBLE
        elif tier != NOT_VISIBLE and not takes_part(who_is(people, i, key), place, tables):
            kind, tier = AWAY + tier, NOT_VISIBLE
        people.tier[i] = tier
        strip.kind[k] = kind


@inlined
def count(people: Researchers, active: int, counts: Counts, seen: Seen, strip: Strip) -> None:
    """Count who is still active of a strip as one of its kind; `add_up` makes the other counts of it."""
    for k in range(active):
        i = strip.row[k]
        stage = people.stage[i]
        if stage in (STUDY, WORK):
            g = people.study[i]
            employer = people.employer[i]
            is_worker = int(stage == WORK)
            seen.places[strip.kind[k], people.origin[i], people.place[i]] += 1
            seen.employers[strip.kind[k], is_worker, g, employer] += 1
            counts.careers[people.origin[i], g, employer] += is_worker & int(people.tier[i] != NOT_VISIBLE)


@compiled
def take_chunks(
    people: Researchers, chunks: tuple[int, int, int], rows: tuple[int, int], key: Key,
    tables: Year, counts: Counts, seen: Seen, races: Races, strip: Strip,
) -> None:  # fmt: skip
    """Do what `take` says; chunks: the first row, the step from chunk to chunk, the length; rows: known and entered."""
    start, step, length = chunks
    known, entered = rows
    for first in range(start, entered, step):
        last = min(first + length, entered)
        if last > known:
            enter(people, max(first, known), last, key, tables, strip)
        advance(people, first, last, key, tables, counts, seen, races, strip)
    add_up(seen, counts)
