"""Why two lives of one researcher part: the gate or the chance that turned out otherwise, or the term of utility that did it.

No formula stands here. What happened is told by `sim.runs.lives.history`; a term's weight is what replacing its inputs by those
of the other run does to the year's tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from sim.comparisons.anatomy.futures import Future, TwoLives
from sim.model.choice.race import Race, new_race
from sim.model.choice.randomness import Words
from sim.model.jobs import has_opportunity, weigh_first_job, weigh_forced_job, weigh_next_job
from sim.model.population import APPLY, NO_STATUS, PERMANENT, POST_STUDY, STUDY, Who, unpack_traits, year_words
from sim.model.status import live_status, loses_status, updated_status
from sim.model.study import graduates, is_late, weigh_study
from sim.model.world import AT_STUDY, INDUSTRY, YEARS_BEFORE, Indices, World, Year
from sim.model.year import make_lone_year
from sim.runs.lives.history import job_decision, study_decision, study_gates
from sim.runs.lives.life import Decision, Option, State

OTHER_INPUTS: Final = "other inputs"
NOT_LOOKED_AT: Final = "not looked at"
COHORT_SIZE: Final = "cohort size"
FORCED_EXIT: Final = "forced exit"
WORK_PERMIT: Final = "work permit"
OFFSHORING: Final = "offshoring"
TERMS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "stipend": (("phd_stipend",), ()),
    "pay": (("research_pay",), ()),
    "housing cost": (("housing_cost",), ()),
    "ecosystem": ((), ("ecosystem", "pull")),
    "diaspora": ((), ("diaspora",)),
    "work after study": ((), ("option_value",)),
    "expected visa success": ((), ("expected_success",)),
    "visa delay": (("visa_delay",), ()),
    "work visa delay": (("work_visa_delay",), ()),
    "hostility": (("hostility",), ()),
    "crowding and places": (("phd_places", "demand_2019"), ("demand",)),
    "residence wait": (("residence_wait",), ()),
    "quality and shocks": (("study_drift", "work_drift"), ()),
    "return bonus": (("return_bonus",), ()),
    "work visa odds": (("work_visa_odds", "post_study_attempts"), ()),
    "mobility": (("mobility_area",), ()),
}
"""Inputs of the terms of utility: fields of the world, levers by their names, and fields of the indices."""
NO_TERM: Final = (
    "student_visa_refusal", "entry_bar", "border_closure", "forced_exit", "exit_gate", "offshoring", "participation", "cohort",
    "cohort_size", "doctoral_quality", "place_shock", "research_capital", "funding",
)  # fmt: skip
"""Inputs that are in no utility of their year: gates, what acts through later indices, and levers that another field holds."""
GATES: Final = {
    "may not leave home": "exit gate",
    "is barred": "entry bar",
    "is refused a visa": "visa refusal",
    "finds the border closed": "border closure",
    "may work there": WORK_PERMIT,
}
"""Names of gates by the events of `sim.runs.lives.history` that close a place; the last one opens it."""
Score = Callable[[Year], float]


class Side(NamedTuple):
    """One of the two futures in the year in which they part."""

    person: Who
    t: int  # years since 2000, of the tables
    tables: Year  # of the year; for late entrants, of the year in which they began to study
    before: State
    after: State
    words: Words

    @property
    def origin(self) -> int:
        """Where the person is from."""
        return self.person.origin


class Reasons:
    """Finds the reasons of partings between two futures; tables made for one are kept for the others of the year.

    Parameters
    ----------
    base, variant
        Futures of the same years, regions and key.
    codes
        (R,) region codes.
    """

    def __init__(self, base: Future, variant: Future, codes: tuple[str, ...]) -> None:
        self.futures, self.codes = (base, variant), codes
        self.terms = {name: fields for name, (fields, _) in TERMS.items()}
        named = {field for fields in self.terms.values() for field in fields} | set(NO_TERM)
        inputs, others = world_inputs(base.world), world_inputs(variant.world)
        self.terms[OTHER_INPUTS] = tuple(field for field in inputs if field not in named)
        self.moved = {
            name: tuple(field for field in fields if not alike(inputs[field], others[field]))
            for name, fields in self.terms.items()
        }
        self.made: dict[tuple[int, str], Year] = {}
        self.race = new_race(base.world.anglophone, base.world.coefficients.nest_dissimilarity)  # scratch space for weights

    def sides(self, pair: TwoLives) -> tuple[Side, Side]:
        """Read both states of a researcher at the start and end of the year of parting."""
        base, variant = (self.side(future, row, pair.parting) for future, row in zip(self.futures, pair.rows, strict=True))
        return base, variant

    def side(self, future: Future, row: int, t: int) -> Side:
        """Read one."""
        who = int(future.index[row]), int(future.origin[row]), int(future.cohort[row])
        person = Who(future.key, *who, int(future.traits[row]))
        before, after = future.state(row, t), future.state(row, t + 1)
        words = year_words(person, future.tables[t].year)
        if before["stage"] == APPLY and is_late(before["postponed"], words, future.tables[t]):
            t = max(t - YEARS_BEFORE, 0)
        return Side(person, t, future.tables[t], before, after, words)

    def of(self, pair: TwoLives, look: bool = True) -> tuple[str, str]:
        """Return the stage of the decision in which a researcher's two lives part, and the reason.

        Parameters
        ----------
        pair : a researcher who exists in both futures or in one.
        look : find the reason; where a choice differs this takes about a thousand times as long as to name the stage.

        Returns
        -------
        Study, first job, next job, forced move, entry or exit; a gate, a chance or a term of utility, NOT_LOOKED_AT if it is a
        choice and `look` is false.
        """
        if min(pair.rows) < 0:
            return "entry", COHORT_SIZE
        one, other = self.sides(pair)
        stage, event = parting_event(one, other)
        if event:
            return stage, event
        if not look:
            return stage, NOT_LOOKED_AT
        if one.before["stage"] == APPLY or (one.before["stage"] == STUDY and stage == "forced move"):
            return stage, self.study_reason(one, other)
        return stage, self.job_reason(one, other, stage == "forced move")

    def study_reason(self, one: Side, other: Side) -> str:
        """Say why two graduate regions were chosen, or one was waited for."""
        wanted = [self.study_aim(side) for side in (one, other)]
        shut = [self.shut_to(side, wanted) for side in (one, other)]
        for region in wanted:
            for event in list(GATES)[:4]:
                if ((region, event) in shut[0]) != ((region, event) in shut[1]):
                    return GATES[event]
        return self.term(one, self.preference(study_rates, one, wanted))

    def study_aim(self, side: Side) -> str:
        """Name the graduate region that was chosen; where none was, the one that was waited for."""
        if side.after["stage"] != APPLY:
            return self.codes[side.after["study"]]
        return aim(study_decision(side.person, side.tables, side.before, side.after, self.codes))

    def shut_to(self, side: Side, wanted: Sequence[str]) -> set[tuple[str, str]]:
        """List which gates close which of some graduate regions, if these are options at all (see `study_decision`)."""
        study_rates(side, side.tables, self.race)
        is_transfer = side.before["stage"] == STUDY
        places = [self.codes.index(region) for region in wanted]
        options = [j for j in places if self.race.rate[j] > 0.0 and not (is_transfer and j == side.before["study"])]
        gates = study_gates(side.person, side.tables, is_transfer, options)
        return {(self.codes[j], gate.event) for j, (met, _) in gates.items() for gate in met if gate.happened}

    def job_reason(self, one: Side, other: Side, is_lost: bool) -> str:
        """Say why two places of work, employers or sectors were taken."""
        told = [job_decision(side.person, side.tables, side.before, side.after, self.codes, is_lost) for side in (one, other)]
        wanted = [decision.chosen for decision in told]
        asked = [[option for option in decision.options if is_asked(option)] for decision in told]
        if wanted[0] != wanted[1]:
            for region, decision in zip(wanted, reversed(told), strict=True):
                if shut := shut_by(decision, region):
                    return shut
                if is_work_refused(decision, region) and application(asked[0], region) == application(asked[1], region):
                    return WORK_PERMIT
        rates = forced_rates if is_lost else first_rates if one.before["stage"] == STUDY else next_rates
        if wanted[0] != wanted[1] and is_better(told[0], *wanted) and is_better(told[1], wanted[1], wanted[0]):
            return self.term(one, self.preference(rates, one, wanted))
        for mine, theirs in zip(*asked, strict=False):  # best first, to where the two futures differ: place, sector or permit
            if mine.region != theirs.region:
                return (
                    shut_by(told[1], mine.region)
                    or shut_by(told[0], theirs.region)
                    or self.term(one, self.preference(rates, one, [mine.region, theirs.region]))
                )
            if in_industry(mine) != in_industry(theirs):
                return self.term(one, self.taste(one, mine.region, in_industry(theirs)))
            if mine.is_open != theirs.is_open:
                return WORK_PERMIT
        if one.after["sector"] == other.after["sector"]:
            return OFFSHORING
        return self.term(one, self.taste(one, wanted[1], other.after["sector"] == INDUSTRY))

    def taste(self, side: Side, region: str, industry: bool) -> Score:
        """Make the score of a year's tables by which a job in a place is found in industry, or is not."""
        place = self.codes.index(region)
        _, _, visa, taste = unpack_traits(side.person.traits)

        def score(tables: Year) -> float:
            share = float(tables.industry_share[side.origin, visa, taste, place])
            return share if industry else -share

        return score

    def preference(self, rates: Rates, side: Side, wanted: list[str]) -> Score:
        """Make the score V(wanted in the variant) - V(wanted in the base), logits, of a year's tables."""
        here, there = (self.codes.index(region) for region in wanted)

        def score(tables: Year) -> float:
            rates(side, tables, self.race)
            weights = self.race.rate
            return float(tables.dissimilarity * (np.log(weights[there]) - np.log(weights[here])))

        return score

    def term(self, side: Side, score: Score) -> str:
        """Name the term whose inputs, taken from the variant alone, raise a score most."""
        level = score(side.tables)
        rises = {name: score(tables) - level for name in self.terms if (tables := self.replaced(side.t, name)) is not None}
        best = max(rises, key=lambda name: rises[name], default=OTHER_INPUTS)
        return best if rises.get(best, 0.0) > 0.0 else OTHER_INPUTS

    def replaced(self, t: int, name: str) -> Year | None:
        """Make the base's tables of year t with one term's inputs from the variant; None where they are the same."""
        if (t, name) not in self.made:
            base, variant = self.futures
            own, others = base.indices[t], variant.indices[t]
            of_indices = TERMS.get(name, ((), ()))[1]
            of_indices = tuple(field for field in of_indices if not alike(getattr(own, field), getattr(others, field)))
            if not of_indices and not self.moved[name]:
                return None
            world = with_inputs(base.world, variant.world, self.moved[name])
            indices: Indices = own._replace(**{field: getattr(others, field) for field in of_indices})
            self.made[t, name] = make_lone_year(world, indices, t)
        return self.made[t, name]


def world_inputs(world: World) -> dict[str, Any]:
    """List the fields of a world, the levers under their own names."""
    fields: dict[str, Any] = world._asdict()
    levers: dict[str, Any] = fields.pop("levers")._asdict()
    return fields | levers


def with_inputs(world: World, other: World, names: Sequence[str]) -> World:
    """Take some inputs of a world (see `inputs_of`) from another one."""
    taken = {name: value for name, value in world_inputs(other).items() if name in names}
    levers = {name: taken.pop(name) for name in names if name in world.levers._fields}
    return world._replace(**taken, levers=world.levers._replace(**levers))


def alike(one: Any, other: Any) -> bool:
    """Tell whether two values of a field are the same."""
    return bool(np.array_equal(one, other))


def parting_event(one: Side, other: Side) -> tuple[str, str]:
    """Name the stage of a parting, and the chance that turned out otherwise; "" if it is a choice that differs."""
    if one.person.traits != other.person.traits:
        return "entry", OTHER_INPUTS
    stage = one.before["stage"]
    if stage == APPLY:
        return "study", ""
    return student_event(one, other) if stage == STUDY else worker_event(one, other)


def student_event(one: Side, other: Side) -> tuple[str, str]:
    """Name the stage and the chance in a year of study."""
    done = [graduates(side.before["study"], side.before["years"] + 1, side.words, side.tables) for side in (one, other)]
    if done[0] or done[1]:
        return "first job", "" if done[0] and done[1] else OTHER_INPUTS
    at = [side.before["study"] for side in (one, other)]
    held = [
        int(updated_status(side.before["status"], side.origin, here, here, 0, side.tables))
        for side, here in zip((one, other), at, strict=True)
    ]
    lost = [
        bool(loses_status(status, side.origin, side.before["study"], AT_STUDY, side.words, side.tables))
        for status, side in zip(held, (one, other), strict=True)
    ]
    if lost[0] != lost[1]:
        return "forced move", loss_reason(held)
    if one.after["stage"] != other.after["stage"]:
        return "exit", OTHER_INPUTS
    return "forced move", ""


def worker_event(one: Side, other: Side) -> tuple[str, str]:
    """Name the stage and the chance in a year of work."""
    lived = [status_of(side) for side in (one, other)]
    if lived[0][2] != lived[1][2]:
        ran_out = [status == POST_STUDY and attempts == 0 and is_lost for status, attempts, is_lost in lived]
        return "forced move", "work visa attempts" if any(ran_out) else loss_reason([status for status, _, _ in lived])
    came = [may_move(side) for side in (one, other)]
    if not lived[0][2] and came[0] != came[1]:
        return "next job", "opportunity to move"
    jobs = [[side.after[name] for name in ("place", "employer", "sector")] for side in (one, other)]
    if jobs[0] == jobs[1]:
        return "exit", OTHER_INPUTS
    return "forced move" if lived[0][2] else "next job", ""


def status_of(side: Side) -> tuple[int, int, bool]:
    """Live the status of a worker's year: what it is when it may be lost, attempts left, and whether it is lost."""
    before = side.before
    held = before["study"], before["place"], before["status"], before["attempts"], before["duration"]
    status, attempts, is_lost = live_status(side.person, *held, side.words, side.tables)
    return int(status), int(attempts), bool(is_lost)


def may_move(side: Side) -> bool:
    """Tell whether a worker gets an opportunity to move."""
    before = side.before
    held = before["study"], before["place"], before["age"], before["duration"]
    return bool(has_opportunity(side.origin, *held, side.words, side.tables))


def loss_reason(held: list[int]) -> str:
    """Say why a status was lost in one future only, from both: one that cannot be lost, or a draw."""
    safe = [status in (NO_STATUS, PERMANENT) for status in held]
    return "settled status" if any(safe) else FORCED_EXIT


Rates = Callable[[Side, Year, Race], None]
"""What writes the race weights exp(V / lambda) of all places of a side's choice with some tables."""


def study_rates(side: Side, tables: Year, race: Race) -> None:
    """Weigh graduate regions."""
    weigh_study(side.origin, side.person.traits, tables, race)


def first_rates(side: Side, tables: Year, race: Race) -> None:
    """Weigh places of a first job."""
    weigh_first_job(side.origin, side.person.traits, side.before["study"], tables, race)


def next_rates(side: Side, tables: Year, race: Race) -> None:
    """Weigh places of another job."""
    at = side.before["study"], side.before["place"], side.before["age"], side.before["duration"]
    weigh_next_job(side.origin, side.person.traits, *at, tables, race)


def forced_rates(side: Side, tables: Year, race: Race) -> None:
    """Weigh places of a job after the loss of status."""
    at = side.before["study"], side.before["place"], side.before["age"]
    weigh_forced_job(side.origin, side.person.traits, *at, tables, race)


def option_of(decision: Decision, region: str) -> Option | None:
    """Find a place among the options of a decision."""
    return next((option for option in decision.options if option.region == region), None)


def is_shut(decision: Decision, region: str, event: str) -> bool:
    """Tell whether an event closed a place."""
    option = option_of(decision, region)
    return option is not None and any(gate.event == event and gate.happened for gate in option.gates)


def shut_by(decision: Decision, region: str) -> str:
    """Name the gate by a fixed rank that closed a place of work, "" if none did."""
    return next((GATES[event] for event in ("may not leave home", "is barred") if is_shut(decision, region, event)), "")


def is_work_refused(decision: Decision, region: str) -> bool:
    """Tell whether work in a place was asked for and not permitted."""
    option = option_of(decision, region)
    return option is not None and not option.is_open


def application(asked: Sequence[Option], region: str) -> tuple[int, bool] | None:
    """Return when work in a place was asked for, and whether in industry; None if it was not."""
    return next(((k, in_industry(option)) for k, option in enumerate(asked) if option.region == region), None)


def is_asked(option: Option) -> bool:
    """Tell whether work in a place was asked for, and not shut by a gate or a bar."""
    return any(gate.event == "finds the job in industry" for gate in option.gates)


def in_industry(option: Option) -> bool:
    """Tell whether the job that was asked for is in industry."""
    return any(gate.event == "finds the job in industry" and gate.happened for gate in option.gates)


def is_better(decision: Decision, region: str, other: str) -> bool:
    """Tell whether a place stands before another one among the options of a decision."""
    order = [option.region for option in decision.options]
    return region in order and other in order and order.index(region) < order.index(other)


def aim(decision: Decision) -> str:
    """Name the place that was chosen, or whose closed border was waited for: the best that only a closure keeps shut."""
    if decision.chosen:
        return decision.chosen
    barred = list(GATES)[:3]
    return next(
        option.region for option in decision.options if not any(is_shut(decision, option.region, event) for event in barred)
    )
