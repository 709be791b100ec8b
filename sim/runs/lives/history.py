"""One researcher's life, year by year: the options, what drew and what stood in the way, and what was chosen.

A life is lived again on one row, with the tables of its years: draws belong to the researcher, so the others are not needed. What
is told is taken from the same functions and tables that decide.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from sim.engines.counts import new_counts, new_seen
from sim.engines.strips import advance, enter, new_strip
from sim.model.choice.logit import nest_of, nested_shares
from sim.model.choice.race import Race, new_race, new_races, start_clocks, variate
from sim.model.choice.randomness import (
    AUTHORISATION,
    CLOSURE,
    EMPLOYER,
    JOB_CHOICE,
    REFUSAL,
    STUDY_CHOICE,
    YEAR,
    Key,
    Words,
    uniform,
)
from sim.model.gates import bar_rank, exit_rank
from sim.model.jobs import APPLICATIONS, NO_DEGREE_HERE, hire_chance, weigh_first_job, weigh_forced_job, weigh_next_job
from sim.model.population import (
    APPLY,
    NO_STATUS,
    OUT,
    PERMANENT,
    POST_STUDY,
    STUDY,
    WORK,
    Researchers,
    Who,
    age_class,
    degree_from,
    duration_class,
    new_researchers,
    own_block,
    own_draw,
    unpack_traits,
    year_words,
)
from sim.model.status import live_status, updated_status
from sim.model.study import is_late, weigh_study
from sim.model.world import AT_STUDY, AT_WORK, INDUSTRY, STUDY_YEARS, TALENT, TASTE, TIE, VISA, YEARS_BEFORE, Floats, Year
from sim.runs.lives.life import Chance, Decision, Life, Option, State, YearOfLife, why_chosen

Gates = dict[int, tuple[tuple[Chance, ...], bool]]
"""By region: what could close it or permit it, and whether it is open."""


def history(key: Key, index: int, origin: int, cohort: int, years: Sequence[Year], codes: tuple[str, ...]) -> Life:
    """Tell the life of a researcher from entry to the last year given.

    Parameters
    ----------
    key : (seed, replicate).
    index, origin, cohort : identity.
    years : tables of the years of the run, in order; those before the cohort are passed over.
    codes : (R,) region codes in id order.

    Returns
    -------
    The life; `str()` of it is a text.
    """
    row, strip = one_row(index, origin, cohort), new_strip()
    enter(row, 0, 1, key, years[0], strip)
    person = Who(key, index, origin, cohort, int(row.traits[0]))
    told = []
    races = new_races(years[0].anglophone, years[0].dissimilarity, 1)
    for t, tables in enumerate(years):
        if tables.year < cohort or row.stage[0] == OUT:
            continue
        before = state_of(row)
        advance(row, 0, 1, key, tables, new_counts(len(codes)), new_seen(len(codes)), races, strip)
        began = years[max(t - YEARS_BEFORE, 0)]
        told.append(year_of_life(person, tables, began, before, state_of(row), codes))
    return Life(f"{codes[origin]}-{cohort}-{index}", describe_traits(person.traits), codes, tuple(told))


def one_row(index: int, origin: int, cohort: int) -> Researchers:
    """Make the columns of one researcher who has not entered yet."""
    row = new_researchers(np.array([[1]], dtype=np.int64), cohort)
    row.origin[0] = origin
    row.index[0] = index
    return row


def state_of(row: Researchers) -> State:
    """Read the state of the only row."""
    return {name: int(column[0]) for name, column in row._asdict().items()}


def describe_traits(traits: int) -> str:
    """Say the trait classes in words."""
    talent, tie, visa, taste = unpack_traits(traits)
    return (
        f"talent class {talent} of 0-4 ({TALENT[talent]:+.2f} sd), home tie {TIE[tie]:+.2f} sd, "
        f"visa sensitivity {VISA[visa]:g}, taste for industry {TASTE[taste]:+.1f} logits"
    )


def year_of_life(
    person: Who, tables: Year, began: Year, before: State, after: State, codes: tuple[str, ...]
) -> YearOfLife:  # fmt: skip
    """Tell one year from the state at its start and end; began: tables of the year in which late entrants of this one began."""
    words = year_words(person, tables.year)
    draws = [uniform(word) for word in words]
    chances = []
    decision = None
    if before["stage"] == APPLY:
        met = began if is_late(before["postponed"], words, tables) else tables
        decision = study_decision(person, met, before, after, codes)
    elif before["stage"] == STUDY:
        done = min(before["years"] + 1, STUDY_YEARS - 1)
        chances.append(Chance("graduates", draws[0], float(tables.graduation[before["study"], done])))
        if after["stage"] == WORK:
            decision = job_decision(person, tables, before, after, codes, False)
        else:
            chances += status_chances(person, tables, before, draws[3])
            chances.append(Chance("drops out", draws[1], tables.attrition_rate))
        if after["stage"] != WORK and after["study"] != before["study"]:
            decision = study_decision(person, tables, before, after, codes)
    else:
        degree = degree_from(before["study"], before["place"])
        at = (person.origin, before["place"], degree, age_class(before["age"]), duration_class(before["duration"]))
        opportunity = Chance("gets an opportunity to move", draws[0], float(tables.relocation[at]))
        is_lost = must_leave(person, words, tables, before)
        chances += status_chances(person, tables, before, draws[3])
        chances += [] if is_lost else [opportunity]
        chances.append(Chance("leaves research", draws[1], tables.exit_rate))
        if is_lost or opportunity.happened:
            decision = job_decision(person, tables, before, after, codes, is_lost)
    chances += visibility(person, tables, after, draws[2])
    return YearOfLife(tables.year, before, after, tuple(chances), decision)


def must_leave(person: Who, words: Words, tables: Year, before: State) -> bool:
    """Tell whether a worker loses the status to work in the present place this year."""
    held = before["study"], before["place"], before["status"], before["attempts"], before["duration"]
    return bool(live_status(person, *held, words, tables)[2])


def status_chances(person: Who, tables: Year, before: State, draw: float) -> Iterator[Chance]:
    """List what may become of the status of the year's start: an attempt at a work visa, a forced exit."""
    place = before["place"]
    status = updated_status(before["status"], person.origin, before["study"], place, before["duration"], tables)
    if status == POST_STUDY:
        odds = float(tables.work_visa_odds[place])
        attempt = Chance("gets a work visa", own_draw(person, tables.year, AUTHORISATION, place), odds)
        yield attempt
        if not attempt.happened and before["attempts"] <= 1:
            return
    stage = AT_STUDY if before["stage"] == STUDY else AT_WORK
    forced = float(tables.forced_exit[person.origin, place, stage])
    if forced > 0.0 and status not in (NO_STATUS, PERMANENT):
        yield Chance("is forced to leave", draw, forced)


def visibility(person: Who, tables: Year, after: State, draw: float) -> Iterator[Chance]:
    """List the chances of this year's output to pass the bars."""
    is_worker = after["stage"] == WORK
    if is_worker or (after["stage"] == STUDY and after["years"] >= 1):
        at = after["place"], unpack_traits(person.traits)[0], 1 + age_class(after["age"]) if is_worker else 0
        yield Chance("is visible", draw, float(tables.visible[at]))
        yield Chance("is of the elite", draw, float(tables.elite[at]))
        share = float(tables.participation[after["place"]])
        if share < 1.0:
            yield Chance("takes part in the conference", uniform(own_block(person, tables.year, YEAR, 1)[0]), share)


def clocks(person: Who, tables: Year, year: int, decision: int) -> Floats:
    """Compute the (R,) frozen shocks of a decision in logits: lambda (ln S - ln E)."""
    return _clocks(person, tables.anglophone.tobytes(), tables.dissimilarity, year, decision)


@lru_cache(maxsize=64)
def _clocks(person: Who, anglophone: bytes, dissimilarity: float, year: int, decision: int) -> Floats:
    """Do what `clocks` says; shocks are frozen, so that a second telling of a decision finds those of the first."""
    race = _scratch(anglophone, dissimilarity)
    start_clocks(person.key, person.index, person.origin, person.cohort, year, decision, race)
    nests = [nest_of(person.origin, j, race.anglophone) for j in range(len(race.rate))]
    variates = {nest: variate(race, nest) for nest in set(nests)}
    clock = zip(race.uniform.tolist(), nests, strict=True)
    shocks = np.array([dissimilarity * (math.log(variates[nest]) - math.log(-math.log(u))) for u, nest in clock])
    shocks.flags.writeable = False
    return shocks


def _scratch(anglophone: bytes, dissimilarity: float) -> Race:
    """Make scratch space of a choice of our own; what depends on the nests alone is made once."""
    made = _race(anglophone, dissimilarity)
    names = ("rate", "words", "uniform", "variate", "margin", "leader", "time")
    return made._replace(**{name: getattr(made, name).copy() for name in names})


@lru_cache(maxsize=64)
def _race(anglophone: bytes, dissimilarity: float) -> Race:
    return new_race(np.frombuffer(anglophone, dtype=np.uint8).copy(), dissimilarity)


def options_of(
    person: Who, tables: Year, weights: Floats, shocks: Floats, gates: Gates,
    codes: tuple[str, ...],
) -> tuple[Option, ...]:  # fmt: skip
    """List the options of a choice, best first, from weights exp(V / lambda)."""
    chances = np.empty_like(weights)
    nested_shares(weights, person.origin, tables.anglophone, tables.dissimilarity, chances)
    options = []
    for j, code in enumerate(codes):
        if weights[j] <= 0.0:
            continue
        met, is_open = gates.get(j, ((), True))
        utility = tables.dissimilarity * math.log(weights[j] / weights[person.origin])
        options.append(Option(code, utility, float(chances[j]), float(shocks[j]), met, is_open))
    return tuple(sorted(options, key=lambda option: -option.total))


def study_decision(person: Who, tables: Year, before: State, after: State, codes: tuple[str, ...]) -> Decision:
    """Tell the choice of a graduate region; tables: of the year whose rules are met."""
    race = _scratch(tables.anglophone.tobytes(), tables.dissimilarity)
    weigh_study(person.origin, person.traits, tables, race)
    is_transfer = before["stage"] == STUDY
    if is_transfer:
        race.rate[before["study"]] = 0.0
    gates = study_gates(person, tables, is_transfer)
    shocks = clocks(person, tables, person.cohort, STUDY_CHOICE)
    options = options_of(person, tables, race.rate, shocks, gates, codes)
    if after["stage"] == APPLY:
        return Decision(
            "graduate region", options, "", "postpones entry by a year, as the best place open to them has its border closed"
        )
    kind = "another graduate region" if is_transfer else "graduate region"
    return Decision(kind, options, codes[after["study"]], why_chosen(options, codes[after["study"]]))


def study_gates(person: Who, tables: Year, is_transfer: bool, regions: Sequence[int] | None = None) -> Gates:
    """List by graduate region, of all or of some, what could close it to a person, and whether it is open."""
    refusals, closures = (table[person.origin].tolist() for table in (tables.student_visa_refusal, tables.border_closure))
    gates = {}
    for j in range(len(refusals)) if regions is None else regions:
        if j == person.origin:
            continue
        refusal, closure = refusals[j], closures[j]
        met = ranked_gates(person, tables, j, AT_STUDY, not is_transfer)
        if refusal > 0.0:
            met.append(Chance("is refused a visa", own_draw(person, tables.year, REFUSAL, j), refusal))
        if closure > 0.0:
            met.append(Chance("finds the border closed", own_draw(person, tables.year, CLOSURE, j), closure))
        gates[j] = tuple(met), not any(gate.happened for gate in met)
    return gates


def ranked_gates(person: Who, tables: Year, j: int, stage: int, is_home: bool) -> list[Chance]:
    """List what could close a place by a rank of the person, for life: the exit gate to those at home, and the bar."""
    met = []
    leaving = float(tables.exit_gate[person.origin, j, stage])
    if leaving > 0.0 and is_home:
        met.append(Chance("may not leave home", exit_rank(person, stage), leaving))
    bar = float(tables.entry_bar[person.origin, j, unpack_traits(person.traits)[0], stage])
    if bar > 0.0:
        met.append(Chance("is barred", bar_rank(person), bar))
    return met


def shut_jobs(person: Who, tables: Year, here: int) -> Gates:
    """List the places of work that a gate or a bar closes to a person who is `here`."""
    shut: Gates = {}
    for j in range(len(tables.anglophone)):
        if j not in (person.origin, here):
            met = ranked_gates(person, tables, j, AT_WORK, here == person.origin)
            if any(gate.happened for gate in met):
                shut[j] = tuple(met), False
    return shut


def job_decision(person: Who, tables: Year, before: State, after: State, codes: tuple[str, ...], is_lost: bool) -> Decision:
    """Tell the choice of a first or another job, with the permits that were asked for; is_lost: the present place is."""
    race = _scratch(tables.anglophone.tobytes(), tables.dissimilarity)
    is_first = before["stage"] == STUDY
    if is_first:
        weigh_first_job(person.origin, person.traits, before["study"], tables, race)
    elif is_lost:
        weigh_forced_job(person.origin, person.traits, before["study"], before["place"], before["age"], tables, race)
    else:
        at = before["study"], before["place"], before["age"], before["duration"]
        weigh_next_job(person.origin, person.traits, *at, tables, race)
    shocks = clocks(person, tables, tables.year, JOB_CHOICE)
    shut = shut_jobs(person, tables, before["place"])
    available = np.array([j for j in np.flatnonzero(race.rate > 0.0) if j not in shut])
    order = available[np.argsort(-(tables.dissimilarity * np.log(race.rate[available]) + shocks[available]))]
    fallback = person.origin if is_first or is_lost else before["place"]
    asked = permits(person, tables, order.tolist(), fallback, before["study"] if is_first else NO_DEGREE_HERE)
    gates: Gates = {**shut, **asked}
    options = options_of(person, tables, race.rate, shocks, gates, codes)
    chosen = codes[after["place"]]
    kind = "first job" if is_first else "job after the loss of status" if is_lost else "next job"
    return Decision(kind, options, chosen, why_chosen(options, chosen))


def permits(person: Who, tables: Year, order: Sequence[int], fallback: int, study: int) -> Gates:
    """List the work permits asked for, best place first, until one is granted."""
    talent, _, visa, taste = unpack_traits(person.traits)
    words = own_block(person, tables.year, EMPLOYER, 0)
    asked: Gates = {}
    for application, j in enumerate(order[:APPLICATIONS]):
        sector = Chance(
            "finds the job in industry", uniform(words[application]), float(tables.industry_share[person.origin, visa, taste, j])
        )
        if j == fallback:
            asked[j] = (sector,), True
            break
        chance = float(hire_chance(person.origin, talent, j, INDUSTRY if sector.happened else 0, study, tables))
        permit = Chance("may work there", own_draw(person, tables.year, AUTHORISATION, j), chance)
        granted = chance >= 1.0 or permit.happened
        asked[j] = (sector, permit), granted
        if granted:
            break
    return asked
