"""The object engine: one Mesa agent per researcher, for reading, for teaching and as the reference of the array engine.

A rule is a short method that hands the researcher's own row to the shared function of `dynamics`; what is written here is only
who acts when. Draws are keyed by researcher and year, so Mesa's own generators decide nothing and the order in which agents act
changes nothing. This is the only module that imports Mesa.
"""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import mesa
from mesa.agent import AgentSet

from sim.engines.axes import AXES, TIERS
from sim.engines.counts import ENTRY, EVERYBODY, EXIT, FIRST_JOB, RELOCATION, YearEnd, new_counts, shares, tally
from sim.model.choice.race import new_race, start_clocks
from sim.model.choice.randomness import JOB_CHOICE, STUDY_CHOICE, Key, Words, make_key
from sim.model.indices import as_floats, first_indices, held_indices, next_indices
from sim.model.jobs import begin_first_job, begin_next_job, first_job, has_opportunity, next_job
from sim.model.population import (
    APPLY,
    NO_STATUS,
    NOWHERE,
    OUT,
    STUDY,
    WORK,
    Researchers,
    Who,
    age_class,
    as_columns,
    cohort_researchers,
    leaves,
    trait_classes,
    trait_code,
    unpack_traits,
    year_words,
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
from sim.model.world import AT_STUDY, FIRST_YEAR, LAST_YEAR, YEARS_BEFORE, Indices, World, Year
from sim.model.year import ELITE, NOT_VISIBLE, make_year, new_past, takes_part, tier_of

LONGEST = 250
"""Completed years are counted up to here; a column is one byte."""


class Numbers(WeakKeyDictionary["WorldModel", "count[int]"]):
    """Agents are numbered from 1 in each model."""

    def __getitem__(self, model: "WorldModel") -> "count[int]":
        """Return the numbers left in a model."""
        return self.setdefault(model, count(1))


class Researcher(mesa.Agent):
    """One researcher: applies, studies, works, and leaves research.

    Attributes carry the names and codes of the columns of `sim.model.population.Researchers`; regions are permanent ids.
    """

    _ids = Numbers()  # Mesa 3 numbers agents by a dictionary of this name that keeps every model for ever; Mesa 4 has none
    model: "WorldModel"
    words: Words

    def __init__(self, model: "WorldModel", origin: int, cohort: int, index: int) -> None:
        super().__init__(model)
        self.origin = origin
        self.cohort = cohort
        self.index = index
        self.traits = trait_code(*trait_classes(model.key, index, origin, cohort, model.tables))
        self.stage = APPLY
        self.study = self.place = self.employer = NOWHERE
        self.sector = self.years = self.age = self.duration = self.postponed = self.tier = self.attempts = 0
        self.status = NO_STATUS
        self.has_moved = self.must_leave = False

    def __repr__(self) -> str:
        """Name the researcher as `talentsim trace` does: origin, cohort, index."""
        return f"<Researcher {self.name}>"

    @property
    def name(self) -> str:
        """Identity in words, e.g. CHN-2012-17."""
        return f"{self.model.code(self.origin)}-{self.cohort}-{self.index}"

    @property
    def who(self) -> Who:
        """The researcher as the formulas know it: what every draw is keyed by, and the trait classes."""
        return Who(self.model.key, self.index, self.origin, self.cohort, self.traits)

    def begin_year(self) -> None:
        """Draw the words of the year: graduation or opportunity, leaving, output, loss of status."""
        self.words = year_words(self.who, self.model.year)
        self.has_moved = False

    def start_clocks(self, year: int, decision: int) -> None:
        """Draw the clocks of a choice; those of study belong to the cohort, those of a job to the year."""
        start_clocks(self.model.key, self.index, self.origin, self.cohort, year, decision, self.model.race)

    def choose_study(self) -> None:
        """Choose a graduate region among those open, or postpone."""
        self.start_clocks(self.cohort, STUDY_CHOICE)
        late = is_late(self.postponed, self.words, self.model.tables)
        begin_study(self.origin, self.traits, late, self.model.tables, self.model.race)
        region = choose_study(self.who, self.postponed, late, self.words, self.model.tables, self.model.race)
        if region == POSTPONED:
            self.postponed = 1
            return
        self.stage, self.years = STUDY, YEARS_BEFORE if late else 0
        self.enrol(region)
        self.model.counts.demand[region] += 1
        self.model.record(ENTRY, self.origin, self.origin, region)

    def enrol(self, region: int) -> None:
        """Become a student of a region."""
        self.study = self.place = self.employer = region
        self.status = student_status(self.origin, region, self.model.tables)

    def graduate(self) -> None:
        """Complete a year of study and, with the degree, take a first job."""
        self.years += 1
        if not graduates(self.study, self.years, self.words, self.model.tables):
            return
        self.start_clocks(self.model.year, JOB_CHOICE)
        begin_first_job(self.who, self.study, self.model.tables, self.model.race)
        job = first_job(self.who, self.study, self.model.tables, self.model.race)
        self.stage = WORK
        self.place, self.employer, self.sector = job
        self.status, self.attempts = first_status(
            self.who, self.study, self.place, self.sector, self.model.tables
        )  # fmt: skip
        self.model.record(FIRST_JOB, self.origin, self.study, self.place)

    def renew_student_status(self) -> None:
        """Keep the status of a student, or lose it and study elsewhere."""
        here = self.study
        self.status = updated_status(self.status, self.origin, here, here, 0, self.model.tables)
        if loses_status(self.status, self.origin, here, AT_STUDY, self.words, self.model.tables):
            self.start_clocks(self.cohort, STUDY_CHOICE)
            begin_transfer(self.origin, self.traits, here, self.model.tables, self.model.race)
            self.enrol(transfer(self.who, self.words, self.model.tables, self.model.race))
            self.model.record(RELOCATION, self.origin, here, self.study)

    def renew_work_status(self) -> None:
        """Let the status to work here live a year: an attempt at a work visa, permanence after the wait, or its loss."""
        self.status, self.attempts, self.must_leave = live_status(
            self.who, self.study, self.place, self.status, self.attempts, self.duration, self.words, self.model.tables
        )  # fmt: skip

    def relocate(self) -> None:
        """Go elsewhere when the status is lost; take the best place when an opportunity comes."""
        here, tables, race = self.place, self.model.tables, self.model.race
        if not (self.must_leave or has_opportunity(self.origin, self.study, here, self.age, self.duration, self.words, tables)):
            return
        self.start_clocks(self.model.year, JOB_CHOICE)
        if self.must_leave:
            begin_forced_job(self.who, self.study, here, self.age, tables, race)
            job = forced_job(self.who, here, self.employer, self.sector, tables, race)
        else:
            begin_next_job(self.who, self.study, here, self.age, self.duration, tables, race)
            job = next_job(self.who, here, tables, race)
        if job[0] == here:
            return
        self.place, self.employer, self.sector = job
        self.status, self.attempts = hired_status(self.origin, self.place, tables), 0
        self.duration, self.has_moved = 0, True
        self.model.record(RELOCATION, self.origin, here, self.place)

    def leave(self) -> None:
        """Drop out of study or leave research."""
        if leaves(self.stage == STUDY, self.words, self.model.tables):
            self.model.record(EXIT, self.origin, self.place, self.place)
            self.stage = OUT
            self.remove()

    def grow_older(self) -> None:
        """Complete a year since the degree and, unless just arrived, in the place."""
        self.age = min(self.age + 1, LONGEST)
        if not self.has_moved:
            self.duration = min(self.duration + 1, LONGEST)

    def observe(self) -> None:
        """Be counted, and be visible or not by this year's output; who does not take part counts for the ecosystem only."""
        counts, is_worker = self.model.counts, self.stage == WORK
        seat = (self.origin, self.study, self.employer, self.place, is_worker)
        counts.stock[self.origin, self.place] += 1
        tally(counts.shares, EVERYBODY, *seat)
        self.tier = NOT_VISIBLE
        if not is_worker and self.years < 1:
            return
        counts.eligible[0] += 1
        profile = 1 + age_class(self.age) if is_worker else 0
        tier = tier_of(self.place, unpack_traits(self.traits)[0], profile, self.words, self.model.tables)
        if tier == NOT_VISIBLE:
            return
        counts.stars[:tier, self.place] += 1
        if not takes_part(self.who, self.place, self.model.tables):
            return
        self.tier = tier
        tally(counts.shares, TIERS.index("top20"), *seat)
        if is_worker:
            counts.careers[self.origin, self.study, self.employer] += 1
        if self.tier == ELITE:
            tally(counts.shares, TIERS.index("elite"), *seat)


class WorldModel(mesa.Model):
    """All researchers of one world, one step a year from 2000 on.

    Parameters
    ----------
    world : everything that is given from outside (see `sim.model.world`).
    seed, replicate : key of the random numbers, each 0..2**32-1.
    codes : region codes in id order; the ids as texts if None.
    collect : fill the DataCollector after every step: one row a year.
    collect_researchers : also collect a row of every active researcher each year.
    held : the indices of every year of another run, held as by `sim.model.indices.held_indices`.

    Raises
    ------
    ValueError : a key out of range.
    """

    def __init__(
        self,
        world: World,
        seed: int = 1,
        replicate: int = 0,
        codes: Sequence[str] | None = None,
        collect: bool = True,
        collect_researchers: bool = False,
        held: Sequence[Indices] | None = None,
    ) -> None:
        super().__init__(rng=seed)
        self.world = world
        self.codes = tuple(str(j) for j in range(len(world.anglophone))) if codes is None else tuple(codes)
        self.key = make_key(seed, replicate)
        self.sizes = cohort_researchers(self.key, self.world.cohort, self.world.people_per_researcher, FIRST_YEAR)
        self.last_year = FIRST_YEAR + len(self.sizes) - 1
        self.year, self.held = FIRST_YEAR - 1, held
        self.indices = held_indices(first_indices(self.world), held, 0)
        self.race = new_race(self.world.anglophone, self.world.coefficients.nest_dissimilarity)
        self.past: list[Year] = []
        self.study_weights = new_past(self.world)
        self.everyone: list[Researcher] = []
        self.counts = new_counts(len(self.codes))
        self.collector = collector(self.codes, collect_researchers) if collect else None
        self.datacollector = self.collector
        self.running = True

    def step(self) -> None:
        """Let one year pass; everyone decides on the state at its start.

        Raises
        ------
        RuntimeError : the last year has passed.
        """
        if self.year >= self.last_year:
            raise RuntimeError(f"the last year of this model, {self.last_year}, has passed; `until` may be {LAST_YEAR} at most")
        self.open_year()
        self.enter()
        applicants, students, workers = self.by_stage()
        self.agents.do("begin_year")
        applicants.do("choose_study")
        students.do("graduate")
        students.select(is_student).do("renew_student_status")
        workers.do("renew_work_status")
        workers.do("relocate")
        students.select(is_student).do("leave")
        workers.do("leave")
        workers.select(is_worker).do("grow_older")
        self.agents.select(lambda each: each.stage != APPLY).do("observe")
        self.update_indices()
        self.close_year()

    def open_year(self) -> None:
        """Make the tables of the year from last year's indices, and empty counts."""
        self.year += 1
        self.tables = make_year(self.world, self.indices, self.year - FIRST_YEAR, self.study_weights)
        self.past.append(self.tables)
        self.counts = new_counts(len(self.codes))

    def enter(self) -> None:
        """Let the new cohorts of all origins enter."""
        for origin, size in enumerate(self.sizes[self.year - FIRST_YEAR]):
            for index in range(size):
                self.everyone.append(Researcher(self, origin, self.year, index))

    def by_stage(self) -> tuple[AgentSet, AgentSet, AgentSet]:
        """Part the active researchers by the stage in which they start the year: applying, studying, working."""
        return tuple(self.agents.select(lambda each, stage=stage: each.stage == stage) for stage in (APPLY, STUDY, WORK))

    def update_indices(self) -> None:
        """Make the indices that everyone reads next year."""
        counts, t = self.counts, self.year - FIRST_YEAR
        people = (as_floats(each) for each in (*counts.stars, counts.stock, counts.demand))
        own = next_indices(self.world, self.indices, t, self.tables.sector_weight, *people)
        self.indices = held_indices(own, self.held, t + 1)

    def close_year(self) -> None:
        """Collect the year and stop after the last one."""
        self.running = self.year < self.last_year
        if self.collector is not None:
            self.collector.collect(self)

    def record(self, flow: int, origin: int, start: int, end: int) -> None:
        """Count a flow of the year (see `sim.engines.counts.STAGES`)."""
        self.counts.flows[flow, origin, start, end] += 1

    def code(self, region: int) -> str:
        """Name a region by its code; nothing for nowhere."""
        return "" if region == NOWHERE else self.codes[region]

    def share(self, region: str, axis: str = "work", tier: str = "top20") -> float:
        """Return a region's share of a tier on an axis in the year that has just ended, 0..1."""
        counted = shares(self.counts.shares[TIERS.index(tier), AXES.index(axis)])
        return float(counted[self.codes.index(region)])

    def researcher(self, origin: str, cohort: int, index: int) -> Researcher:
        """Find a researcher by identity, still active or not.

        Raises
        ------
        KeyError : nobody of that identity has entered.
        """
        wanted = (self.codes.index(origin) if origin in self.codes else None, cohort, index)
        for each in self.everyone:
            if (each.origin, each.cohort, each.index) == wanted:
                return each
        raise KeyError(f"nobody called {origin}-{cohort}-{index} has entered by {self.year}")

    def columns(self) -> Researchers:
        """Copy the state of everyone who has entered into columns, in order of entry."""
        return as_columns(self.everyone)


def is_student(researcher: Researcher) -> bool:
    """Tell whether someone studies."""
    return researcher.stage == STUDY


def is_worker(researcher: Researcher) -> bool:
    """Tell whether someone works in research."""
    return researcher.stage == WORK


def run_agents(world: World, key: Key, held: Sequence[Indices] | None = None) -> Iterator[YearEnd]:
    """Step a model to its last year.

    Parameters
    ----------
    world, key, held : as for `sim.engines.arrays.run_years`.

    Yields
    ------
    The end of each year, as the array engine does; the columns are copies.
    """
    model = WorldModel(world, int(key[0]), int(key[1]), collect=False, held=held)
    while model.running:
        known = model.indices
        model.step()
        yield YearEnd(model.year, model.counts, model.columns(), len(model.everyone), model.tables, known)


STAGE_NAMES = {APPLY: "apply", STUDY: "study", WORK: "work", OUT: "out"}


def collector(codes: Sequence[str], with_researchers: bool) -> mesa.DataCollector:
    """Make Mesa's collector: the year, numbers and work shares of the top 20 %; if wanted, stage and places of the active.

    Once rows of agents are collected, `mesa.batch_run` returns a row for every agent and sets those of a year beside the model's
    row of the year after; therefore they are not collected unless asked for.
    """
    of_model: dict[str, Any] = {
        "year": "year",
        "active": lambda model: int(model.counts.stock.sum()),
        "visible": lambda model: int(model.counts.shares[0, 0].sum()),
    }
    of_model |= {code: (lambda model, code=code: model.share(code)) for code in codes}
    of_agent = {
        "name": "name",
        "stage": lambda each: STAGE_NAMES[each.stage],
        **{place: (lambda each, place=place: each.model.code(getattr(each, place))) for place in ("study", "place", "employer")},
        "tier": "tier",
    }
    return mesa.DataCollector(model_reporters=of_model, agent_reporters=of_agent if with_researchers else None)
