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
import numpy as np
from mesa.agent import AgentSet

from sim.arrays import ALL, ENTRY, EXIT, FIRST_JOB, LOCATION, RELOCATION, YearEnd, as_floats, tally
from sim.constants import is_stable
from sim.data import Data, load_data
from sim.draws import MEDIAN, REFERENCE, SOBOL_DIMENSIONS, Draw, draw_vectors, make_draw, parameter_vector, reference_vector
from sim.dynamics import (
    ELITE,
    NOT_VISIBLE,
    POSTPONED,
    age_class,
    choose_study,
    first_job,
    graduates,
    has_opportunity,
    leaves,
    next_job,
    tier_of,
    trait_classes,
    trait_code,
    unpack_traits,
    year_words,
)
from sim.history import Life, history
from sim.indices import first_indices, next_indices
from sim.outcomes import AXES, TIERS, shares
from sim.population import APPLY, NOWHERE, OUT, STUDY, WORK, Researchers, cohort_researchers, new_counts
from sim.preparation import world_of
from sim.randomness import Key, Words, make_key
from sim.scenario import Scenario, load_scenario
from sim.utilities import make_year
from sim.world import FIRST_YEAR, LAST_YEAR, World, Year

STAGE_NAMES = {APPLY: "apply", STUDY: "study", WORK: "work", OUT: "out"}
LONGEST = 250
"""Completed years are counted up to here; a column is one byte."""
COLUMNS = Researchers._fields


class Numbers(WeakKeyDictionary["TalentModel", "count[int]"]):
    """Agents are numbered from 1 in each model."""

    def __getitem__(self, model: "TalentModel") -> "count[int]":
        """Return the numbers left in a model."""
        return self.setdefault(model, count(1))


class Researcher(mesa.Agent):
    """One researcher: applies, studies, works, and leaves research.

    Attributes carry the names and codes of the columns of `sim.population.Researchers`; regions are permanent ids.
    """

    _ids = Numbers()  # Mesa 3 numbers agents by a dictionary of this name that keeps every model for ever; Mesa 4 has none
    model: "TalentModel"
    words: Words

    def __init__(self, model: "TalentModel", origin: int, cohort: int, index: int) -> None:
        super().__init__(model)
        self.origin = origin
        self.cohort = cohort
        self.index = index
        self.traits = trait_code(*trait_classes(model.key, index, origin, cohort, model.visa_sensitive_share))
        self.stage = APPLY
        self.study = self.place = self.employer = NOWHERE
        self.sector = self.years = self.age = self.duration = self.postponed = self.tier = 0
        self.has_moved = False

    def __repr__(self) -> str:
        """Name the researcher as `talentsim trace` does: origin, cohort, index."""
        return f"<Researcher {self.name}>"

    @property
    def name(self) -> str:
        """Identity in words, e.g. CHN-2012-17."""
        return f"{self.model.code(self.origin)}-{self.cohort}-{self.index}"

    @property
    def identity(self) -> tuple[Any, int, int, int]:
        """What every draw of this researcher is keyed by."""
        return self.model.key, self.index, self.origin, self.cohort

    def begin_year(self) -> None:
        """Draw the words of the year: graduation or opportunity, leaving, output."""
        self.words = year_words(*self.identity, self.model.year)
        self.has_moved = False

    def choose_study(self) -> None:
        """Choose a graduate region among those open, or postpone."""
        region = choose_study(
            *self.identity, self.traits, self.postponed, self.words, self.model.tables, self.model.race
        )  # fmt: skip
        if region == POSTPONED:
            self.postponed = 1
            return
        self.stage, self.years = STUDY, 0
        self.study = self.place = self.employer = region
        self.model.counts.demand[region] += 1
        self.model.record(ENTRY, self.origin, self.origin, region)

    def graduate(self) -> None:
        """Complete a year of study and, with the degree, take a first job."""
        self.years += 1
        if not graduates(self.study, self.years, self.words, self.model.tables):
            return
        job = first_job(*self.identity, self.traits, self.study, self.model.tables, self.model.race)
        self.stage = WORK
        self.place, self.employer, self.sector = job
        self.model.record(FIRST_JOB, self.origin, self.study, self.place)

    def relocate(self) -> None:
        """Take the best place when an opportunity comes."""
        here = self.place
        if has_opportunity(self.origin, here, self.age, self.duration, self.words, self.model.tables):
            job = next_job(
                *self.identity, self.traits, here, self.age, self.duration, self.model.tables, self.model.race
            )  # fmt: skip
            if job[0] != here:
                self.place, self.employer, self.sector = job
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
        """Be counted, and be visible or not by this year's output."""
        counts, is_worker = self.model.counts, self.stage == WORK
        seat = (self.origin, self.study, self.employer, self.place, is_worker)
        counts.stock[self.origin, self.place] += 1
        tally(counts.shares, ALL, *seat)
        self.tier = NOT_VISIBLE
        if not is_worker and self.years < 1:
            return
        counts.eligible[0] += 1
        talent = unpack_traits(self.traits)[0]
        profile = 1 + age_class(self.age) if is_worker else 0
        self.tier = tier_of(self.place, talent, profile, self.words, self.model.tables)
        if self.tier == NOT_VISIBLE:
            return
        tally(counts.shares, TIERS.index("top20"), *seat)
        if is_worker:
            counts.careers[self.origin, self.study, self.employer] += 1
        if self.tier == ELITE:
            tally(counts.shares, TIERS.index("elite"), *seat)

    def history(self) -> Life:
        """Tell this life year by year: options, utilities, probabilities, shocks, gates, and what was chosen (see `history`)."""
        return history(*self.identity, self.model.past, self.model.codes, self.model.visa_sensitive_share)


class TalentModel(mesa.Model):
    """All researchers of one run, one step a year from 2000 on.

    Parameters
    ----------
    scenario : name or path of a scenario file, or a loaded scenario.
    draw : number of a draw, -1 for the reference point, or a solved draw.
    replicate, seed : key of the random numbers, each 0..2**32-1.
    researchers : active researchers in 2022 on the baseline, at least 1.
    until : last year, 2000..2050; the model stops running after it.
    collect : fill the DataCollector after every step: one row a year.
    collect_researchers : also collect a row of every active researcher each year.
    world : a world made otherwise (see `sim.world`); scenario, draw, researchers and until are then not looked at.

    Raises
    ------
    sim.scenario.ScenarioError : the scenario file has errors.
    ValueError : a key, a year or a scale out of range.
    """

    def __init__(
        self,
        scenario: str | Scenario = "baseline",
        draw: int | Draw = REFERENCE,
        replicate: int = 0,
        researchers: int = 2_000,
        seed: int = 1,
        until: int = 2035,
        collect: bool = True,
        collect_researchers: bool = False,
        world: World | None = None,
    ) -> None:
        super().__init__(rng=seed)
        if world is None and not (FIRST_YEAR <= until <= LAST_YEAR and researchers >= 1):
            raise ValueError(f"until {until} and researchers {researchers}: from {FIRST_YEAR} to {LAST_YEAR}, and at least 1")
        self.world = made_world(scenario, draw, researchers, until) if world is None else world
        self.codes = load_data().codes if world is None else tuple(str(j) for j in range(len(self.world.anglophone)))
        self.key = make_key(seed, replicate)
        self.visa_sensitive_share = self.world.coefficients.visa_sensitive_share
        self.sizes = cohort_researchers(self.key, self.world.cohort, self.world.people_per_researcher, FIRST_YEAR)
        self.last_year = FIRST_YEAR + len(self.sizes) - 1
        self.year = FIRST_YEAR - 1
        self.indices = first_indices(self.world)
        self.race = np.empty((2, len(self.codes)))
        self.past: list[Year] = []
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
        workers.do("relocate")
        students.select(is_student).do("leave")
        workers.do("leave")
        workers.select(is_worker).do("grow_older")
        self.agents.select(is_active).do("observe")
        self.update_indices()
        self.close_year()

    def open_year(self) -> None:
        """Make the tables of the year from last year's indices, and empty counts."""
        self.year += 1
        self.tables = make_year(self.world, self.indices, self.year - FIRST_YEAR)
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
        counts = self.counts
        self.indices = next_indices(
            self.world, self.indices, self.year - FIRST_YEAR, self.tables.sector_weight,
            as_floats(counts.shares[0, LOCATION]), as_floats(counts.shares[1, LOCATION]),
            as_floats(counts.stock), as_floats(counts.demand),
        )  # fmt: skip

    def close_year(self) -> None:
        """Collect the year and stop after the last one."""
        self.running = self.year < self.last_year
        if self.collector is not None:
            self.collector.collect(self)

    def record(self, flow: int, origin: int, start: int, end: int) -> None:
        """Count a flow of the year (see `sim.outcomes.STAGES`)."""
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
        kinds = ("u1", "i2", "i4") + ("u1",) * (len(COLUMNS) - 3)
        return Researchers(
            *(
                np.array([getattr(each, name) for each in self.everyone], dtype=kind)
                for name, kind in zip(COLUMNS, kinds, strict=True)
            )
        )


def is_student(researcher: Researcher) -> bool:
    """Tell whether someone studies."""
    return researcher.stage == STUDY


def is_worker(researcher: Researcher) -> bool:
    """Tell whether someone works in research."""
    return researcher.stage == WORK


def is_active(researcher: Researcher) -> bool:
    """Tell whether someone studies or works."""
    return researcher.stage in (STUDY, WORK)


def made_world(scenario: str | Scenario, draw: int | Draw, researchers: int, until: int) -> World:
    """Make the world of a scenario, loading what is given by name or number."""
    data = load_data()
    if isinstance(scenario, str):
        scenario = load_scenario(scenario)
    if isinstance(draw, int):
        draw = make_draw(data, parameters_of(scenario, draw, data), draw)
    return world_of(scenario, draw, researchers, until, data)


def parameters_of(scenario: Scenario, draw: int, data: Data) -> dict[str, float]:
    """List the parameters of a draw or the reference point; what the scenario states wins, a distribution by its median."""
    if draw != REFERENCE:
        if draw < 0:
            raise ValueError(f"draw {draw}: 0 and above, or {REFERENCE} for the reference point")
        return draw_vectors(data, draw + 1, scenario.parameters)[0][draw]
    medians = parameter_vector(data, np.full(SOBOL_DIMENSIONS, MEDIAN), scenario.parameters)
    vector = reference_vector(data) | {name: medians[name] for name in scenario.parameters}
    if not is_stable(vector):
        raise ValueError(f"{scenario.name}: the reference point is not stable with these parameters; lower ecosystem_pull")
    return vector


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


def run_agents(world: World, key: Key) -> Iterator[YearEnd]:
    """Step a model to its last year.

    Parameters
    ----------
    world, key : as for `sim.arrays.run_years`.

    Yields
    ------
    The end of each year, as the array engine does; the columns are copies.
    """
    model = TalentModel(world=world, seed=int(key[0]), replicate=int(key[1]), collect=False)
    while model.running:
        model.step()
        people = model.columns()
        yield YearEnd(model.year, model.counts, people, len(people.origin), model.tables)
