"""Every lever, one way it acts a row: its sign, whom it must leave alone, its window and ramp, its default, its order.

A change of a lever is resolved, assembled and run as that of a scenario is, over the made-up values of `policy_world`.
To add a lever, add a row (`Way`); a lever without one fails. Outcomes are sums from START on; lives are compared to the
bit, visibility included: the bars are fixed.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

from sim.model.population import STUDY, WORK, Researchers
from sim.model.world import FIRST_YEAR, LAST_YEAR
from sim.scenarios.levers.changes import LeverChange
from sim.scenarios.levers.declared import LEVERS
from tests.support.toy import (
    CODES,
    FROZEN,
    OBSERVED,
    History,
    identity,
    lever_change,
    policy_world,
    rows_of,
    run_on,
    same_counts,
    same_people,
)

USA, CHN, GBR, CAN, IND, DEU = range(len(CODES))
ACADEMIC, INDUSTRIAL = (0,), (1,)
AT_STUDY, AT_WORK = (0,), (1,)
FROM_HERE = (0,)
START, END = 2021, 2023
FREE_FROM = END + 3
"""The first cohort after END that knows nothing of the window: foresight reads last year's tables, those the year before."""
ENTRY, FIRST_JOB, RELOCATION = 0, 1, 2
TOP20, ALL_TIERS = 0, 2
WORK_AXIS, LOCATION = 2, 3
ANYONE = slice(None)
NO_REFUSALS = {"work_visa_odds": 1.0, "student_visa_refusal": 0.0}

Outcome = Callable[[History], float]
Rows = Callable[[Researchers], np.ndarray]
Members = Callable[[History], set[Any]]


# --- what is looked at ----------------------------------------------------------------------------------------------


def later(history: History) -> list[Any]:
    return history.counts[START - FIRST_YEAR :]


def flows(kind: int, origin: Any = ANYONE, start: Any = ANYONE, end: Any = ANYONE) -> Outcome:
    """Count flows of an origin from a region to another from START on."""
    return lambda history: sum(float(counts.flows[kind][origin, start, end].sum()) for counts in later(history))


def entrants(origin: Any, region: Any) -> Outcome:
    return flows(ENTRY, origin, ANYONE, region)


def people_in(origin: Any, place: Any) -> Outcome:
    return lambda history: sum(float(counts.stock[origin, place].sum()) for counts in later(history))


def seen_in(place: int) -> Outcome:
    return lambda history: sum(float(counts.shares[TOP20, LOCATION, place]) for counts in later(history))


def employed_from_afar(region: int) -> Outcome:
    """Count people employed by a region beyond those who are there."""
    return lambda history: sum(float((c.shares[TOP20, WORK_AXIS] - c.shares[TOP20, LOCATION])[region]) for c in later(history))


def abroad_of(origin: int) -> list[int]:
    return [place for place in range(len(CODES)) if place != origin]


# --- who is looked at -----------------------------------------------------------------------------------------------


def not_from(origin: int) -> Rows:
    return lambda people: people.origin != origin


def natives_of(origin: int) -> Rows:
    return lambda people: people.origin == origin


def everybody(people: Researchers) -> np.ndarray:
    return np.ones(len(people.origin), dtype=bool)


def not_of_class(origin: int, lowest: int) -> Rows:
    """Everyone but the talent classes of an origin from `lowest` on (12 trait codes each)."""
    return lambda people: (people.origin != origin) | (people.traits // 12 < lowest)


def not_of_classes(origin: int, first_spared: int) -> Rows:
    """Everyone but the talent classes of an origin below `first_spared`."""
    return lambda people: (people.origin != origin) | (people.traits // 12 >= first_spared)


def active_outside(place: int) -> Rows:
    """Who studies or works elsewhere; whoever has left keeps the tier of the year before."""
    return lambda people: np.isin(people.stage, (STUDY, WORK)) & (people.place != place)


def nobody(people: Researchers) -> np.ndarray:
    return np.zeros(len(people.origin), dtype=bool)


def names(people: Researchers, mask: np.ndarray) -> set[Any]:
    return set(identity(people)[mask].tolist())


def ever_enter(origin: int, regions: list[int]) -> Members:
    """Who of an origin has studied in some regions."""

    def members(history: History) -> set[Any]:
        people = history.people[-1]
        return names(people, (people.origin == origin) & np.isin(people.study, regions))

    return members


def first_jobs(origin: int, regions: list[int], studied: list[int]) -> Members:
    """Who of an origin, with a degree from some regions, takes the first job in others."""

    def members(history: History) -> set[Any]:
        found: set[Any] = set()
        for people in history.people:
            new = (people.stage == WORK) & (people.age == 0) & (people.duration == 0) & (people.origin == origin)
            found |= names(people, new & np.isin(people.place, regions) & np.isin(people.study, studied))
        return found

    return members


def studying(origin: int, region: int) -> Members:
    """Who of an origin is a student in a region, year by year."""

    def members(history: History) -> set[Any]:
        found: set[Any] = set()
        for year, people in enumerate(history.people):
            mask = (people.stage == STUDY) & (people.origin == origin) & (people.study == region)
            found |= {(year, name) for name in names(people, mask)}
        return found

    return members


def never_left(origin: int, region: int) -> Members:
    """Who of an origin has worked in a region since the degree, year by year."""

    def members(history: History) -> set[Any]:
        found: set[Any] = set()
        for year, people in enumerate(history.people):
            mask = (people.stage == WORK) & (people.origin == origin) & (people.place == region)
            found |= {(year, name) for name in names(people, mask & (people.duration == people.age))}
        return found

    return members


# --- one row a way --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Way:
    """One way a lever acts.

    Parameters
    ----------
    lever, value, kind, where : the change.
    falls, rises : outcomes that must.
    spared : who must live the same life, to the bit, without feedback.
    touches : where a life that differs without feedback must be when it first does, in one of the two histories.
    way : a word, where a lever has several.
    weaker, nested : of a restrictive lever, a smaller value, and a set that shrinks with the value; without a set the
        outcomes alone do.
    settings, observed : what the world has, at all times.
    alone : what it has for the laws without feedback: what leaves a choice a plain race, or a way to act at all.
    """

    lever: str
    value: float
    spared: Rows
    falls: tuple[Outcome, ...] = ()
    rises: tuple[Outcome, ...] = ()
    where: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    kind: str = "set"
    touches: int | None = None
    way: str = ""
    weaker: float | None = None
    nested: Members | None = None
    settings: Mapping[str, float] = field(default_factory=dict)
    observed: Mapping[str, Any] = field(default_factory=dict)
    alone: Mapping[str, float] = field(default_factory=dict)

    def change(self, value: float | None = None, years: tuple[int, int] = (START, LAST_YEAR), ramp: int = 1) -> LeverChange:
        return lever_change(self.lever, self.value if value is None else value, self.kind, years, ramp, **self.where)

    def lives(self, *changes: LeverChange) -> History:
        """The history under changes, with every feedback on."""
        return history(changes, frozen(self.settings), frozen(self.observed))

    def apart(self, *changes: LeverChange) -> History:
        """The history under changes without feedback, where one decision does not reach another in advance."""
        settings = {**FROZEN, "option_value_weight": 0.0, **self.settings, **self.alone}
        return history(changes, frozen(settings), frozen({**NO_REFUSALS, **self.observed}))

    def calm(self, *changes: LeverChange) -> History:
        """The history under changes without feedback."""
        return history(changes, frozen({**FROZEN, **self.settings, **self.alone}), frozen(self.observed))


def frozen(values: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(values.items()))


@lru_cache(maxsize=64)
def history(changes: tuple[LeverChange, ...], settings: tuple[Any, ...], observed: tuple[Any, ...]) -> History:
    return run_on("arrays", policy_world(changes, observed=dict(observed), **dict(settings)))


CHINESE_TO_US: dict[str, tuple[int, ...]] = {"origin": (CHN,), "destination": (USA,)}
TO_US: dict[str, tuple[int, ...]] = {"destination": (USA,)}
CHINESE_ENTRANTS = entrants(CHN, USA)
ENTRANTS_ELSEWHERE = entrants(CHN, [CHN, GBR, CAN, IND, DEU])
CHINESE_HIRES = flows(FIRST_JOB, CHN, ANYONE, USA)
CHINESE_PHDS_HIRED = first_jobs(CHN, [USA], [USA])
FOREIGNERS = [CHN, GBR, CAN, IND, DEU]
NO_STUDY_CHILL = {"hostility_study": 0.0, "option_value_weight": 0.0}
BUSY = {"relocation_hazard": 0.6, "incumbency": 0.3, "moving_cost": 0.3}
"""Many moves between jobs."""

WAYS = (
    Way(
        "student_visa_refusal", 0.8, not_from(CHN), where=CHINESE_TO_US, touches=USA,
        falls=(CHINESE_ENTRANTS,), rises=(ENTRANTS_ELSEWHERE, entrants(CHN, [GBR, CAN])),
        weaker=0.4, nested=ever_enter(CHN, [USA]), alone={"refusal_deterrence": 0.0},  # its memory outlives the window
    ),
    Way(
        "entry_bar", 0.7, not_from(CHN), where=CHINESE_TO_US, touches=USA, falls=(CHINESE_ENTRANTS,),
        rises=(ENTRANTS_ELSEWHERE,), weaker=0.3, nested=ever_enter(CHN, [USA]),
    ),
    Way(
        "entry_bar", 0.7, not_of_classes(CHN, 2), way="class", where={**CHINESE_TO_US, "talent_class": (0, 1)}, touches=USA,
        falls=(CHINESE_ENTRANTS,), rises=(ENTRANTS_ELSEWHERE,), weaker=0.3, nested=ever_enter(CHN, [USA]),
    ),
    Way(
        "entry_bar", 0.7, not_from(CHN), way="work", where={**CHINESE_TO_US, "stage": AT_WORK}, touches=USA,
        falls=(flows(FIRST_JOB, CHN, [CHN, GBR, CAN, IND, DEU], USA), flows(RELOCATION, CHN, abroad_of(USA), USA)), weaker=0.3,
        nested=first_jobs(CHN, [USA], [CHN, GBR, CAN, IND, DEU]), settings=BUSY, observed=NO_REFUSALS,
    ),
    Way(
        "border_closure", 0.9, not_from(CHN), where=CHINESE_TO_US, touches=USA, falls=(CHINESE_ENTRANTS,),
        weaker=0.4, nested=ever_enter(CHN, [USA]),
    ),
    Way(
        "visa_delay", 30.0, not_from(CHN), where=CHINESE_TO_US, touches=USA, falls=(CHINESE_ENTRANTS,),
        rises=(ENTRANTS_ELSEWHERE,), weaker=12.0, nested=ever_enter(CHN, [USA]), settings={"delay_cost": 0.4},
    ),
    Way(
        "work_visa_delay", 30.0, not_from(CHN), where=CHINESE_TO_US, touches=USA,
        falls=(flows(FIRST_JOB, CHN, [CHN, GBR, CAN, IND, DEU], USA),), weaker=12.0,
        nested=first_jobs(CHN, [USA], [CHN, GBR, CAN, IND, DEU]), settings={"delay_cost": 0.4, "option_value_weight": 0.0},
        observed=NO_REFUSALS,
    ),
    Way(
        "hostility", 2.0, not_from(CHN), way="study", where=CHINESE_TO_US, touches=USA, falls=(CHINESE_ENTRANTS,),
        rises=(ENTRANTS_ELSEWHERE,), weaker=1.0, nested=ever_enter(CHN, [USA]),
        settings={"hostility_work": 0.0, "hostility_exit": 0.0},
    ),
    Way(
        "hostility", 2.0, not_from(CHN), way="work", where=CHINESE_TO_US, touches=USA, falls=(CHINESE_HIRES,),
        weaker=1.0, nested=CHINESE_PHDS_HIRED, settings={**NO_STUDY_CHILL, "hostility_exit": 0.0, "hostility_work": 0.6},
        observed=NO_REFUSALS,
    ),
    Way(
        "hostility", 2.0, not_from(CHN), way="exit", where=CHINESE_TO_US, touches=USA,
        rises=(flows(RELOCATION, CHN, USA, abroad_of(USA)),), weaker=1.0, nested=never_left(CHN, USA),
        settings={**NO_STUDY_CHILL, **BUSY, "hostility_work": 0.0, "hostility_exit": 0.6, "relocation_hazard": 0.2},
    ),
    Way(
        "phd_stipend", 3.0, not_from(CHN), kind="multiply", where=CHINESE_TO_US, touches=USA, rises=(CHINESE_ENTRANTS,),
        falls=(ENTRANTS_ELSEWHERE,),
    ),
    Way(
        "phd_stipend", 3.0, nobody, way="natives", kind="multiply", where=TO_US, touches=USA,
        rises=(entrants(USA, USA), entrants(FOREIGNERS, USA)), falls=(entrants(FOREIGNERS, FOREIGNERS),),
    ),
    Way(
        # Without the answer of places to demand, crowding is -ln(places) and nobody's choice depends on what others did.
        "phd_places", 0.1, nobody, where=TO_US, touches=USA, falls=(entrants(ANYONE, USA),),
        rises=(entrants(ANYONE, FOREIGNERS),), alone={"congestion": 0.5, "seat_elasticity": 1.0},
    ),
    Way(
        "work_visa_odds", 0.05, natives_of(USA), way="industry", where={**TO_US, "sector": INDUSTRIAL}, touches=USA,
        falls=(people_in(FOREIGNERS, USA), flows(FIRST_JOB, FOREIGNERS, FOREIGNERS, USA)), alone={"elite_bypass": 0.0},
    ),
    Way(
        "work_visa_odds", 0.05, natives_of(USA), way="academia", where={**TO_US, "sector": ACADEMIC}, touches=USA,
        falls=(flows(FIRST_JOB, FOREIGNERS, FOREIGNERS, USA),),
    ),
    Way(
        "return_bonus", 4.0, not_of_class(CHN, 3), where={"origin": (CHN,), "talent_class": (3, 4)}, touches=CHN,
        rises=(flows(RELOCATION, CHN, abroad_of(CHN), CHN),), settings=BUSY,
    ),
    Way("cohort_size", 1.7, everybody, where={"origin": (CHN,)}, rises=(entrants(CHN, ANYONE), people_in(CHN, ANYONE))),
    Way(
        "post_study_attempts", 6.0, natives_of(USA), where=TO_US, touches=USA,
        rises=(people_in(FOREIGNERS, USA),), falls=(flows(RELOCATION, FOREIGNERS, USA, FOREIGNERS),),
        observed={"work_visa_odds": (0.98, 0.2)}, alone={"refusal_deterrence": 0.0},
    ),
    Way(
        "residence_wait", 5.0, not_from(CHN), where=CHINESE_TO_US, touches=USA, falls=(CHINESE_HIRES,),
        weaker=2.0, nested=CHINESE_PHDS_HIRED, settings={"option_value_weight": 0.0, "residence_wait_cost": 0.5},
        observed={**NO_REFUSALS, "residence_wait": 0.0},
    ),
    Way(
        "residence_wait", 5.0, not_from(CHN), way="status", where=CHINESE_TO_US, touches=USA,
        rises=(flows(RELOCATION, CHN, USA, abroad_of(USA)),), weaker=2.0,
        settings={**BUSY, "option_value_weight": 0.0, "residence_wait_cost": 0.0},
        observed={**NO_REFUSALS, "residence_wait": 0.0},
    ),
    Way(
        # Sooner for graduates of the place: longer for them alone is the restriction.
        "residence_wait", 5.0, not_from(CHN), way="degree", where={**CHINESE_TO_US, "degree": FROM_HERE}, touches=USA,
        falls=(flows(FIRST_JOB, CHN, USA, USA),), weaker=2.0, nested=CHINESE_PHDS_HIRED,
        settings={"option_value_weight": 0.0, "residence_wait_cost": 0.5}, observed={**NO_REFUSALS, "residence_wait": 0.0},
    ),
    Way(
        "forced_exit", 0.6, not_from(CHN), way="study", where={**CHINESE_TO_US, "stage": AT_STUDY}, touches=USA,
        rises=(flows(RELOCATION, CHN, USA, abroad_of(USA)),), falls=(people_in(CHN, USA),), weaker=0.2,
        nested=studying(CHN, USA),
    ),
    Way(
        "forced_exit", 0.6, not_from(CHN), way="work", where={**CHINESE_TO_US, "stage": AT_WORK}, touches=USA,
        rises=(flows(RELOCATION, CHN, USA, abroad_of(USA)),), falls=(people_in(CHN, USA),), weaker=0.2,
        nested=never_left(CHN, USA),
    ),
    Way(
        "exit_gate", 0.8, not_from(CHN), way="study", where={"origin": (CHN,), "stage": AT_STUDY}, touches=CHN,
        falls=(entrants(CHN, abroad_of(CHN)),), rises=(entrants(CHN, CHN),), weaker=0.3,
        nested=ever_enter(CHN, abroad_of(CHN)),
    ),
    Way(
        "exit_gate", 0.8, not_from(CHN), way="destination", touches=USA,
        where={**CHINESE_TO_US, "stage": AT_STUDY}, falls=(CHINESE_ENTRANTS,), rises=(ENTRANTS_ELSEWHERE,),
        weaker=0.3, nested=ever_enter(CHN, [USA]),
    ),
    Way(
        "exit_gate", 0.8, not_from(CHN), way="work", where={"origin": (CHN,), "stage": AT_WORK}, touches=CHN,
        falls=(flows(FIRST_JOB, CHN, CHN, abroad_of(CHN)), flows(RELOCATION, CHN, CHN, abroad_of(CHN))), settings=BUSY,
        weaker=0.3, nested=first_jobs(CHN, abroad_of(CHN), [CHN]),
    ),
    Way(
        "research_pay", 3.0, not_from(CHN), kind="multiply", where={**CHINESE_TO_US, "sector": INDUSTRIAL}, touches=USA,
        rises=(CHINESE_HIRES, people_in(CHN, USA)),
    ),
    Way(
        "research_pay", 3.0, nobody, way="natives", kind="multiply", where=TO_US, touches=USA,
        rises=(people_in(USA, USA), people_in(FOREIGNERS, USA)),
    ),
    Way(
        "housing_cost", 25_000.0, nobody, where=TO_US, touches=USA,
        falls=(entrants(USA, USA), entrants(FOREIGNERS, USA), people_in(FOREIGNERS, USA)), weaker=10_000.0,
        nested=ever_enter(CHN, USA),
    ),
    Way(
        # Capital acts through the ecosystem alone: kept here without people in it and without memory.
        "research_capital", 1000.0, nobody, kind="multiply", where=TO_US, touches=USA,
        rises=(entrants(ANYONE, USA), flows(FIRST_JOB, ANYONE, FOREIGNERS, USA)),
        alone={"ecosystem_pull": 0.6, "ecosystem_weight_top": 0.0, "ecosystem_weight_elite": 0.0, "ecosystem_memory": 1.0},
    ),
    Way(
        "doctoral_quality", 1.5, nobody, where=TO_US, touches=USA,
        rises=(entrants(USA, USA), entrants(FOREIGNERS, USA)),
    ),
    Way(
        "place_shock", -3.0, nobody, where=TO_US, touches=USA,
        falls=(entrants(USA, USA), entrants(FOREIGNERS, USA), flows(FIRST_JOB, ANYONE, FOREIGNERS, USA), people_in(USA, USA)),
    ),
    Way(
        "mobility_area", 1.0, not_from(CHN), way="study", where=CHINESE_TO_US, touches=USA, rises=(CHINESE_ENTRANTS,),
        observed={"student_visa_refusal": 0.6}, alone={"refusal_deterrence": 0.0},
    ),
    Way(
        "mobility_area", 1.0, not_from(CHN), way="work", where=CHINESE_TO_US, touches=USA,
        rises=(flows(FIRST_JOB, CHN, abroad_of(USA), USA), people_in(CHN, USA)), alone={"refusal_deterrence": 0.0},
    ),
    Way(
        "offshoring", 1.0, natives_of(USA), where=TO_US, touches=USA, rises=(employed_from_afar(USA),),
        observed={"work_visa_odds": (0.98, 0.2)},
    ),
    Way(
        "participation", 0.3, active_outside(USA), where=TO_US, touches=USA,
        falls=(seen_in(USA),),
    ),
)  # fmt: skip
IDS = [f"{way.lever}{'-' + way.way if way.way else ''}" for way in WAYS]
every_way = pytest.mark.parametrize("way", WAYS, ids=IDS)
RESTRICTIVE = [each for each in zip(WAYS, IDS, strict=True) if LEVERS[each[0].lever].restrictive]
every_restriction = pytest.mark.parametrize("way", [way for way, _ in RESTRICTIVE], ids=[name for _, name in RESTRICTIVE])


# --- the laws -------------------------------------------------------------------------------------------------------


def same_year(one: History, other: History, year: int) -> bool:
    row = year - FIRST_YEAR
    return same_counts(one.counts[row], other.counts[row]) and same_people(one.people[row], other.people[row])


def same_history(one: History, other: History) -> bool:
    return all(same_year(one, other, year) for year in range(FIRST_YEAR, FIRST_YEAR + len(one.counts)))


def taken(people: Researchers, mask: np.ndarray) -> Researchers:
    return Researchers(*(column[mask] for column in people))


def pairs(base: History, variant: History) -> Iterable[tuple[Researchers, Researchers]]:
    """Both lives of everyone who is in both histories, year by year."""
    for before, after in zip(base.people, variant.people, strict=True):
        yield before, rows_of(after, identity(before))


@pytest.mark.parametrize("name", LEVERS)
def test_every_lever_has_a_row_and_changes_the_history(name: str) -> None:
    ways = [way for way in WAYS if way.lever == name]
    assert ways, f"{name} has no row in WAYS"
    for way in ways:
        assert not same_history(way.lives(), way.lives(way.change()))
        assert way.falls or way.rises
    restrictive = LEVERS[name].restrictive
    assert all((way.weaker is not None) == restrictive for way in ways)
    assert any(way.nested for way in ways) == restrictive


@pytest.mark.parametrize("engine", ["arrays", "agents"])
@every_way
def test_sign(way: Way, engine: str) -> None:
    def lives(*changes: LeverChange) -> History:
        if engine == "arrays":
            return way.lives(*changes)
        return run_on(engine, policy_world(changes, weight=6.0, observed=way.observed, **way.settings))

    base, variant = lives(), lives(way.change())
    for outcome in way.falls:
        assert outcome(variant) < outcome(base)
    for outcome in way.rises:
        assert outcome(variant) > outcome(base)


@every_way
def test_locality_who_is_spared_lives_the_same_life(way: Way) -> None:
    base, variant = way.calm(), way.calm(way.change())
    assert not same_history(base, variant)
    for before, after in pairs(base, variant):
        spared = way.spared(before)
        assert same_people(taken(before, spared), taken(after, spared))


@every_way
def test_locality_a_life_first_differs_where_the_lever_is(way: Way) -> None:
    base, variant = way.apart(), way.apart(way.change())
    if way.touches is None:
        assert way.lever == "cohort_size"
        return
    known = np.zeros(len(base.people[-1].origin), dtype=bool)
    for before, after in pairs(base, variant):
        size = len(before.origin)
        differs = np.any([a != b for a, b in zip(before, after, strict=True)], axis=0)
        new = differs & ~known[:size]
        there = np.zeros(size, dtype=bool)
        for people in (before, after):
            for column in (people.study, people.place, people.employer):
                there |= column == way.touches
        assert there[new].all()
        known[:size] |= differs
    assert 0 < known.sum() < len(known)


def test_locality_what_acts_through_others_alone_does_nothing_without_feedback() -> None:
    for way in WAYS:
        if way.lever in ("phd_places", "research_capital"):
            settings = frozen(FROZEN)
            assert same_history(history((), settings, ()), history((way.change(),), settings, ()))


def test_locality_places_above_demand_do_nothing() -> None:
    (way,) = (way for way in WAYS if way.lever == "phd_places")
    assert same_history(way.apart(), way.apart(way.change(3.0)))


@every_way
def test_window(way: Way) -> None:
    base, open_ended, closed = way.lives(), way.lives(way.change()), way.lives(way.change(years=(START, END)))
    assert all(same_year(base, open_ended, year) for year in range(FIRST_YEAR, START))
    assert all(same_year(open_ended, closed, year) for year in range(FIRST_YEAR, END + 1))
    assert not same_history(open_ended, closed)
    assert not same_history(base, closed)


@every_way
def test_window_who_enters_after_it_lives_the_same_life(way: Way) -> None:
    base, open_ended, closed = way.calm(), way.calm(way.change()), way.calm(way.change(years=(START, END)))
    reached = 0
    for before, still, after in zip(base.people, open_ended.people, closed.people, strict=True):
        late = taken(before, before.cohort >= FREE_FROM)
        assert same_people(late, taken(after, after.cohort >= FREE_FROM))
        reached += not same_people(late, taken(still, still.cohort >= FREE_FROM))
    assert reached


@every_way
def test_ramp(way: Way) -> None:
    # Half of the way in the first of two years; all of it from the second on.
    neutral = LEVERS[way.lever].neutral
    usual = 1.0 if way.kind == "multiply" else start_value(way) if neutral is None else neutral
    half = usual + 0.5 * (way.value - usual)
    ramped = way.lives(way.change(ramp=2))
    steps = way.lives(way.change(half, (START, START)), way.change(years=(START + 1, LAST_YEAR)))
    assert same_history(ramped, steps)
    assert not same_history(ramped, way.lives(way.change()))


def start_value(way: Way) -> float:
    """The value without any policy where a row sets another."""
    value = np.asarray(way.observed.get(way.lever, OBSERVED[way.lever]), dtype=np.float64)
    if "sector" in way.where:
        return float(np.broadcast_to(value, 2)[way.where["sector"][0]])
    if value.ndim == 2:
        return float(value[CHN, USA])
    return float(value)


@every_way
def test_neutral(way: Way) -> None:
    always = (FIRST_YEAR, LAST_YEAR)
    neutral = LEVERS[way.lever].neutral
    usual = 1.0 if way.kind == "multiply" else start_value(way) if neutral is None else neutral
    same = [
        way.change(usual, always),
        lever_change(way.lever, 1.0, "multiply", always),
        lever_change(way.lever, 0.0, "add", (START, END), 3),
    ]
    for change in same:
        assert same_history(way.lives(), way.lives(change))


@every_restriction
def test_restrictive(way: Way) -> None:
    assert way.weaker is not None
    changes = [(), (way.change(way.weaker),), (way.change(),)]
    for outcomes, sign in ((way.falls, -1.0), (way.rises, 1.0)):
        for outcome in outcomes:
            none, weak, strong = (sign * outcome(way.lives(*each)) for each in changes)
            assert none < weak < strong
    if way.nested is not None:
        free, fewer, fewest = (way.nested(way.calm(*each)) for each in changes)
        assert fewest < fewer < free
