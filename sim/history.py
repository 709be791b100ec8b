"""One researcher's life, year by year: the options, what drew and what stood in the way, and what was chosen.

A life is lived again on one row, with the tables of its years: draws belong to the researcher, so the others are not needed. What
is told is taken from the same functions and tables that decide.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from sim.arrays import advance, enter
from sim.choice import Floats, nested_shares
from sim.dynamics import (
    APPLICATIONS,
    age_class,
    bar_rank,
    duration_class,
    start_clocks,
    unpack_traits,
    weigh_first_job,
    weigh_next_job,
    weigh_study,
    year_words,
)
from sim.population import APPLY, NOWHERE, OUT, STUDY, WORK, Researchers, new_counts, new_researchers
from sim.randomness import AUTHORISATION, CLOSURE, EMPLOYER, JOB, REFUSAL, Key, draw_alternative, draw_block, uniform
from sim.randomness import STUDY as STUDY_CHOICE
from sim.world import INDUSTRY, STUDY_YEARS, TALENT, TASTE, TIE, VISA, Year

STAGES = {APPLY: "applying", STUDY: "studying", WORK: "working", OUT: "out of research"}
TIERS = ("not visible", "top 20 %", "elite")
SECTORS = ("academia", "industry")
State = Mapping[str, int]


class Chance(NamedTuple):
    """One event of a year that a draw decides: it happens when the draw lies below the probability."""

    event: str
    draw: float
    probability: float

    @property
    def happened(self) -> bool:
        """Whether the draw lies below the probability."""
        return self.draw < self.probability


class Option(NamedTuple):
    """One place of a choice."""

    region: str
    utility: float  # systematic, logits above the utility at home
    probability: float  # 0..1, of the nested logit, before visas and permits
    shock: float  # frozen, logits
    gates: tuple[Chance, ...]  # what could close it, or permit it
    is_open: bool

    @property
    def total(self) -> float:
        """Utility and shock, logits: the largest open one is taken."""
        return self.utility + self.shock


class Decision(NamedTuple):
    """One choice: the options, best first."""

    kind: str
    options: tuple[Option, ...]
    chosen: str
    reason: str


class YearOfLife(NamedTuple):
    """What a year brought."""

    year: int
    before: State
    after: State
    chances: tuple[Chance, ...]
    decision: Decision | None


class Life(NamedTuple):
    """A researcher's traits and years."""

    name: str
    traits: str
    codes: tuple[str, ...]
    years: tuple[YearOfLife, ...]

    def __str__(self) -> str:
        """Tell the life in words, a paragraph a year."""
        return "\n".join(lines_of(self))


class Person(NamedTuple):
    """Who is told about: the key of every draw, and traits."""

    key: Key
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls
    origin: int
    cohort: int
    traits: int


def history(
    key: Key, index: int, origin: int, cohort: int, years: Sequence[Year], codes: tuple[str, ...], visa_sensitive_share: float
) -> Life:
    """Tell the life of a researcher from entry to the last year given.

    Parameters
    ----------
    key : (seed, replicate).
    index, origin, cohort : identity.
    years : tables of the years of the run, in order; those before the cohort are passed over.
    codes : (R,) region codes in id order.
    visa_sensitive_share : 0..1, as in the coefficients of the run.

    Returns
    -------
    The life; `str()` of it is a text.
    """
    row = one_row(index, origin, cohort)
    enter(row, 0, 1, key, visa_sensitive_share)
    person = Person(key, index, origin, cohort, int(row.traits[0]))
    told = []
    race = np.empty((2, len(codes)))
    for tables in years:
        if tables.year < cohort or row.stage[0] == OUT:
            continue
        before = state_of(row)
        advance(row, 0, 1, key, tables, new_counts(len(codes)), race)
        told.append(year_of_life(person, tables, before, state_of(row), codes))
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


def year_of_life(person: Person, tables: Year, before: State, after: State, codes: tuple[str, ...]) -> YearOfLife:
    """Tell one year from the state at its start and end."""
    draws = [uniform(word) for word in year_words(person.key, person.index, person.origin, person.cohort, tables.year)]
    chances = []
    decision = None
    if before["stage"] == APPLY:
        decision = study_decision(person, tables, before, after, codes)
    elif before["stage"] == STUDY:
        done = min(before["years"] + 1, STUDY_YEARS - 1)
        chances.append(Chance("graduates", draws[0], float(tables.graduation[before["study"], done])))
        if after["stage"] == WORK:
            decision = job_decision(person, tables, before, after, codes)
        else:
            chances.append(Chance("drops out", draws[1], tables.attrition_rate))
    else:
        at = (person.origin, before["place"], age_class(before["age"]), duration_class(before["duration"]))
        opportunity = Chance("gets an opportunity to move", draws[0], float(tables.relocation[at]))
        chances += [opportunity, Chance("leaves research", draws[1], tables.exit_rate)]
        if opportunity.happened:
            decision = job_decision(person, tables, before, after, codes)
    chances += visibility(person, tables, after, draws[2])
    return YearOfLife(tables.year, before, after, tuple(chances), decision)


def visibility(person: Person, tables: Year, after: State, draw: float) -> Iterator[Chance]:
    """List the chances of this year's output to pass the bars."""
    is_worker = after["stage"] == WORK
    if is_worker or (after["stage"] == STUDY and after["years"] >= 1):
        at = after["place"], unpack_traits(person.traits)[0], 1 + age_class(after["age"]) if is_worker else 0
        yield Chance("is visible", draw, float(tables.visible[at]))
        yield Chance("is of the elite", draw, float(tables.elite[at]))


def clocks(person: Person, tables: Year, year: int, decision: int) -> Floats:
    """Compute the (R,) frozen shocks of a decision in logits: lambda (ln S - ln E)."""
    race = np.empty((2, tables.anglophone.shape[0]))
    start_clocks(person.key, person.index, person.origin, person.cohort, year, decision, tables, race)
    return np.array([tables.dissimilarity * (math.log(s) - math.log(-math.log(u))) for u, s in race.T])


def options_of(
    person: Person, tables: Year, weights: Floats, shocks: Floats, gates: Mapping[int, tuple[tuple[Chance, ...], bool]],
    codes: tuple[str, ...],
) -> tuple[Option, ...]:  # fmt: skip
    """List the options of a choice, best first, from weights exp(V / lambda)."""
    chances = np.empty_like(weights)
    nested_shares(weights, person.origin, tables.anglophone, tables.dissimilarity, chances)
    options = []
    for j, code in enumerate(codes):
        met, is_open = gates.get(j, ((), True))
        utility = tables.dissimilarity * math.log(weights[j] / weights[person.origin])
        options.append(Option(code, utility, float(chances[j]), float(shocks[j]), met, is_open))
    return tuple(sorted(options, key=lambda option: -option.total))


def study_decision(person: Person, tables: Year, before: State, after: State, codes: tuple[str, ...]) -> Decision:
    """Tell the choice of a graduate region."""
    race = np.ones((2, len(codes)))
    weigh_study(person.origin, person.traits, tables, race)
    gates = {j: study_gates(person, tables, j) for j in range(len(codes)) if j != person.origin}
    shocks = clocks(person, tables, person.cohort, STUDY_CHOICE)
    options = options_of(person, tables, race[1], shocks, gates, codes)
    if after["stage"] == APPLY:
        return Decision(
            "graduate region", options, "", "postpones entry by a year, as the best place open to them has its border closed"
        )
    return Decision("graduate region", options, codes[after["study"]], why(options, codes[after["study"]]))


def study_gates(person: Person, tables: Year, j: int) -> tuple[tuple[Chance, ...], bool]:
    """List what could close a graduate region to a person, and whether it is open."""
    who = (person.key, person.index, person.origin, person.cohort)
    pair = person.origin, j
    met = []
    if tables.bar[pair] > 0.0:
        met.append(Chance("is barred", bar_rank(*who), float(tables.bar[pair])))
    if tables.refusal[pair] > 0.0:
        met.append(Chance("is refused a visa", draw_alternative(*who, tables.year, REFUSAL, j), float(tables.refusal[pair])))
    if tables.closure[pair] > 0.0:
        met.append(
            Chance("finds the border closed", draw_alternative(*who, tables.year, CLOSURE, j), float(tables.closure[pair]))
        )
    return tuple(met), not any(gate.happened for gate in met)


def job_decision(person: Person, tables: Year, before: State, after: State, codes: tuple[str, ...]) -> Decision:
    """Tell the choice of a first or another job, with the permits that were asked for."""
    race = np.ones((2, len(codes)))
    is_first = before["stage"] == STUDY
    if is_first:
        weigh_first_job(person.origin, person.traits, before["study"], tables, race)
    else:
        at = before["place"], before["age"], before["duration"]
        weigh_next_job(person.origin, person.traits, *at, tables, race)
    shocks = clocks(person, tables, tables.year, JOB)
    order = np.argsort(-(tables.dissimilarity * np.log(race[1]) + shocks))
    gates = permits(person, tables, order.tolist(), person.origin if is_first else before["place"])
    options = options_of(person, tables, race[1], shocks, gates, codes)
    chosen = codes[after["place"]]
    return Decision("first job" if is_first else "next job", options, chosen, why(options, chosen))


def permits(person: Person, tables: Year, order: Sequence[int], fallback: int) -> dict[int, tuple[tuple[Chance, ...], bool]]:
    """List the work permits asked for, best place first, until one is granted."""
    who = (person.key, person.index, person.origin, person.cohort)
    talent, _, visa, taste = unpack_traits(person.traits)
    words = draw_block(*who, tables.year, EMPLOYER, 0)
    asked: dict[int, tuple[tuple[Chance, ...], bool]] = {}
    for application, j in enumerate(order[:APPLICATIONS]):
        sector = Chance(
            "finds the job in industry", uniform(words[application]), float(tables.industry_share[person.origin, visa, taste, j])
        )
        if j == fallback:
            asked[j] = (sector,), True
            break
        chance = float(tables.authorised[person.origin, talent, j, INDUSTRY if sector.happened else 0])
        permit = Chance("may work there", draw_alternative(*who, tables.year, AUTHORISATION, j), chance)
        granted = chance >= 1.0 or permit.happened
        asked[j] = (sector, permit), granted
        if granted:
            break
    return asked


def why(options: Sequence[Option], chosen: str) -> str:
    """Say why the best option was not taken, or why the second best was not."""
    best, second = options[0], options[1]
    if chosen == best.region:
        apart = best.total - second.total
        text = f"best by {apart:.2f} logits over {second.region}"
        if second.utility > best.utility:
            return f"{text}, which had the higher utility but the lower shock"
        return text
    closed = [f"{option.region} ({gate_text(option)})" for option in options if not option.is_open and option.region != chosen]
    better = [name for name in closed if name.split(" ")[0] in {each.region for each in options[: rank(options, chosen)]}]
    return f"better but closed: {', '.join(better)}" if better else "the place to fall back on"


def rank(options: Sequence[Option], region: str) -> int:
    """Return the position of a region among options."""
    return [option.region for option in options].index(region)


def gate_text(option: Option) -> str:
    """Say what closed an option."""
    return "; ".join(chance_text(gate) for gate in option.gates)


def chance_text(chance: Chance) -> str:
    """Say a chance with its draw and probability."""
    return f"{chance.event}: {'yes' if chance.happened else 'no'} (draw {chance.draw:.3f}, yes below {chance.probability:.3f})"


def place_text(state: State, codes: tuple[str, ...]) -> str:
    """Say a state in a few words."""
    words = [STAGES[state["stage"]]]
    if state["place"] != NOWHERE and state["stage"] in (STUDY, WORK):
        words.append(f"in {codes[state['place']]}")
    if state["stage"] == WORK:
        words.append(f"in {SECTORS[state['sector']]}")
        if state["employer"] != state["place"]:
            words.append(f"for an employer of {codes[state['employer']]}")
    return " ".join(words)


def lines_of(life: Life, shown: int = 5) -> Iterator[str]:
    """Tell a life line by line.

    Parameters
    ----------
    life : of `history`.
    shown : options listed for a choice, at least 1, besides the one chosen.
    """
    yield f"{life.name}: {life.traits}"
    for year in life.years:
        tier = TIERS[year.after["tier"]] if year.after["stage"] in (STUDY, WORK) else ""
        end = place_text(year.after, life.codes)
        yield ""
        yield f"{year.year}  {place_text(year.before, life.codes)} -> {end}{', ' + tier if tier else ''}"
        for chance in year.chances:
            yield f"      {chance_text(chance)}"
        if year.decision is not None:
            yield from decision_lines(year.decision, shown)


def decision_lines(decision: Decision, shown: int) -> Iterator[str]:
    """Tell a choice: its options, best first, and why the chosen one."""
    yield f"      {decision.kind}: {decision.chosen or 'none yet'} ({decision.reason})"
    yield "        place  utility above home + shock = total, probability before visas and permits"
    for place, option in enumerate(decision.options):
        if place < shown or option.region == decision.chosen:
            mark = "*" if option.region == decision.chosen else " "
            gate = f"   {gate_text(option)}" if option.gates else ""
            numbers = f"{option.utility:7.2f} {option.shock:+7.2f} {option.total:8.2f} {option.probability:9.1%}"
            yield f"      {mark} {option.region:5}{numbers}{gate}"
