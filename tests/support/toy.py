"""Small worlds of 2 to 20 regions made by hand, and short ways to run them; no data file is read.

`plain_world`: all regions alike and open. `random_world`: every table drawn from a local generator, every
mechanism on. Any field of World or Coefficients can be given by name.
`policy_world`: lever changes laid over made-up values and assembled as those of a scenario are.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

import numpy as np

from sim.data.load import load_data
from sim.data.schema import Data
from sim.draws.assembly import Constants, make_world
from sim.engines.arrays import CHUNK, new_walker, run_years
from sim.engines.counts import Counts, YearEnd, add_up, new_counts, new_seen
from sim.engines.strips import advance, enter
from sim.engines.walk import years_of
from sim.model.choice.randomness import make_key
from sim.model.indices import as_floats, first_indices, next_indices
from sim.model.population import Researchers, cohort_researchers, new_researchers
from sim.model.trends import talent_up_to
from sim.model.world import FIRST_YEAR, STUDY_YEARS, TALENT_CLASSES, Coefficients, World
from sim.model.year import make_year, new_past
from sim.scenarios.levers.changes import LeverChange, Policies, axis_size, default_policies, resolve_policies
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import axis_ids

COEFFICIENTS = {
    "stipend_elasticity": 0.6,
    "pay_elasticity": 1.3,
    "ecosystem_pull": 0.3,
    "talent_ecosystem_pull": 0.1,
    "ecosystem_weight_top": 0.35,
    "ecosystem_weight_elite": 0.25,
    "ecosystem_weight_capital": 0.25,
    "ecosystem_memory": 0.3,
    "diaspora_pull": 0.25,
    "option_value_weight": 0.35,
    "nest_dissimilarity": 0.6,
    "refusal_deterrence": 0.4,
    "delay_cost": 0.15,
    "hostility_study": 0.22,
    "hostility_work": 0.3,
    "hostility_exit": 0.25,
    "residence_wait_cost": 0.2,
    "visa_sensitive_share": 0.35,
    "home_tie_sd": 0.7,
    "study_region_pull": 1.9,
    "incumbency": 1.5,
    "incumbency_years": 5.0,
    "moving_cost": 1.0,
    "return_decay_years": 8.0,
    "relocation_hazard": 0.2,
    "relocation_age_decline": 0.06,
    "relocation_duration_decline": 0.05,
    "exit_rate": 0.12,
    "attrition_rate": 0.03,
    "late_entry": 0.0,
    "place_productivity": 0.03,
    "visibility_noise": 1.05,
    "age_profile_linear": 0.03,
    "age_profile_quadratic": -0.0015,
    "elite_bypass": 0.5,
    "congestion": 0.5,
    "seat_elasticity": 0.5,
    "postponement": 0.5,
}
FROZEN = {
    "ecosystem_pull": 0.0,
    "talent_ecosystem_pull": 0.0,
    "diaspora_pull": 0.0,
    "congestion": 0.0,
    "place_productivity": 0.0,
}
"""Coefficients without which nobody's choice depends on what others did."""
EQUAL_TALENT = np.arange(1, TALENT_CLASSES + 1) / TALENT_CLASSES
"""Talent classes of the same size."""
READ_ONLY = ("funding",)
"""Fields that real worlds take from read-only tables: same array types, so compiled code is shared."""
COHORT_SHIFT, ORIGIN_SHIFT = 32, 48


class History(NamedTuple):
    """A run, year by year: counts, and copies of the columns of everyone who has entered."""

    counts: list[Counts]
    people: list[Researchers]


def shapes(regions: int, years: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array of a world."""
    by_region = dict.fromkeys(
        (
            "anglophone",
            "home_study",
            "home_work",
            "study_constant",
            "work_constant",
            "place_effect",
            "demand_2019",
            "abroad_share",
            "abroad_region",
        ),
        (regions,),
    )
    by_year = dict.fromkeys(("study_drift", "work_drift", "cohort", "funding"), (years, regions))
    return {
        **by_region,
        **by_year,
        "gravity": (regions, regions),
        "industry_constant": (years,),
        "bar_top20": (years,),
        "bar_elite": (years,),
        "graduation": (regions, STUDY_YEARS),
        "talent_up_to": (regions, TALENT_CLASSES),
    }


def kind_of(name: str) -> type:
    """Return the number type of an array of a world."""
    return {"anglophone": np.uint8, "abroad_region": np.int64}.get(name, np.float64)


def assemble(regions: int, years: int, values: dict[str, Any], changes: dict[str, Any]) -> World:
    """Make a world from values that broadcast to the shapes of its arrays; `changes` win over `values`."""
    numbers = {name: changes.get(name, default) for name, default in COEFFICIENTS.items()}
    known = {*COEFFICIENTS, *LEVERS, *shapes(regions, years), "people_per_researcher"}
    assert set(changes) <= known, set(changes) - known

    def array(name: str, shape: tuple[int, ...], default: Any) -> np.ndarray:
        made = np.array(np.broadcast_to(changes.get(name, default), shape), dtype=kind_of(name), order="C")
        made.setflags(write=name not in READ_ONLY)
        return made

    given = {name: array(name, shape, values[name]) for name, shape in shapes(regions, years).items()}
    changes = {**changes, **{name: with_later_axes(name, changes[name], regions) for name in changes if name in LEVERS}}
    values = {**values, **{name: with_later_axes(name, values[name], regions) for name in values if name in LEVERS}}
    levers = {
        name: array(name, lever_shape(name, regions, years), values.get(name, lever.neutral)) for name, lever in LEVERS.items()
    }
    weight = float(changes.get("people_per_researcher", 1.0))
    return World(coefficients=Coefficients(**numbers), people_per_researcher=weight, levers=Policies(**levers), **given)


def with_later_axes(name: str, value: Any, regions: int) -> Any:
    """Give the axes that a lever got later to a value without them, as a scenario file does that does not name them."""
    given = np.asarray(value, dtype=np.float64)
    if not LEVERS[name].later or (given.ndim > 2 and given.shape[-3:] in later_endings(regions)):
        return value
    if name == "entry_bar":  # of students
        return (given[..., np.newaxis, np.newaxis] if given.ndim else given) * np.array([1.0, 0.0])
    if name == "exit_gate":  # for every destination
        return given[..., np.newaxis, :] if given.ndim > 1 else given
    return given[..., np.newaxis] if given.ndim else given


def later_endings(regions: int) -> tuple[tuple[int, ...], ...]:
    """Return how shapes of levers end that have their later axes."""
    return (regions, TALENT_CLASSES, 2), (regions, regions, 2)


def lever_shape(name: str, regions: int, years: int) -> tuple[int, ...]:
    """Return the shape of a lever's array."""
    return (years, *(axis_size(axis, regions) for axis in LEVERS[name].filters))


def with_levers(world: World, **arrays: Any) -> World:
    """Copy a world with some lever arrays replaced."""
    return world._replace(levers=world.levers._replace(**arrays))


def abroad(value: float, regions: int) -> np.ndarray:
    """Return (R, R) with a value for every pair of two different regions and 0 on the diagonal."""
    return np.where(np.eye(regions, dtype=bool), 0.0, value)


def plain_world(regions: int = 3, years: int = 12, **changes: Any) -> World:
    """Make a world of regions alike: no home bias, no borders, 100 entrants a year each."""
    values = {
        "anglophone": 0,
        "home_study": 0.0,
        "home_work": 0.0,
        "gravity": 0.0,
        "study_constant": 0.0,
        "work_constant": 0.0,
        "industry_constant": 0.0,
        "study_drift": 0.0,
        "work_drift": 0.0,
        "place_effect": 0.0,
        "cohort": 100.0,
        "phd_stipend": 30_000.0,
        "research_pay": 90_000.0,
        "student_visa_refusal": 0.0,
        "entry_bar": 0.0,
        "border_closure": 0.0,
        "visa_delay": 0.0,
        "hostility": 0.0,
        "phd_places": 1.0,
        "work_visa_odds": 1.0,
        "post_study_attempts": 1.0,
        "residence_wait": 0.0,
        "mobility_area": 1.0,
        "forced_exit": 0.0,
        "exit_gate": 0.0,
        "offshoring": 0.4,
        "funding": 50.0,
        "research_capital": 2.0,
        "graduation": [0.0, 0.0, 0.0, 0.0, 0.25, 2.0 / 3.0, 1.0],
        "demand_2019": 100.0,
        "talent_up_to": EQUAL_TALENT,
        "bar_top20": 1.0,
        "bar_elite": 2.3,
        "abroad_share": 0.0,
        "abroad_region": np.arange(regions),
    }
    return assemble(regions, years, values, changes)


def random_world(seed: int, regions: int = 5, years: int = 12, people: float = 40.0, **changes: Any) -> World:
    """Make a world in which everything differs; `people`: mean entrants by region and year."""
    draw = np.random.default_rng(seed)
    foreign = abroad(1.0, regions)
    pair = (regions, regions)
    anglophone = (draw.random(regions) < 0.4).astype(np.uint8)
    gate = (draw.random(pair) < 0.3) * foreign
    closed_years = (draw.random((years, 1, 1)) < 0.3).astype(float)
    values = {
        "anglophone": anglophone,
        "home_study": draw.normal(1.0, 0.5, regions),
        "home_work": draw.normal(0.5, 0.5, regions),
        "gravity": draw.normal(0.0, 0.4, pair) * foreign,
        "study_constant": draw.normal(0.0, 0.6, regions),
        "work_constant": draw.normal(0.0, 0.6, regions),
        "industry_constant": draw.normal(-0.3, 0.2, years),
        "drift": draw.normal(0.0, 0.02, regions) * np.arange(years)[:, None],
        "place_effect": draw.normal(0.0, 0.3, regions),
        "cohort": people * draw.uniform(0.3, 1.7, (years, regions)),
        "phd_stipend": draw.uniform(15_000, 45_000, (1, 1, regions)),
        "research_pay": draw.uniform(40_000, 220_000, (years, regions, 2))[:, None],
        "student_visa_refusal": draw.uniform(0.0, 0.5, pair) * foreign,
        "entry_bar": 0.3 * gate,
        "border_closure": 0.4 * draw.random(pair) * foreign * closed_years,
        "visa_delay": draw.uniform(0.0, 6.0, pair) * foreign,
        "hostility": draw.uniform(0.0, 1.0, pair) * foreign,
        "phd_places": draw.uniform(0.7, 1.3, regions),
        "work_visa_odds": draw.uniform(0.3, 0.98, (years, regions, 2)),
        "post_study_attempts": draw.integers(1, 4, (1, regions)),
        "residence_wait": draw.integers(0, 9, pair) * foreign,
        "mobility_area": np.where(foreign == 0.0, 1.0, np.choose(np.digitize(draw.random(pair), (0.2, 0.3)), (1.0, 0.4, 0.0))),
        "return_bonus": draw.uniform(0.0, 0.5, (1, regions, TALENT_CLASSES)),
        "funding": draw.lognormal(3.5, 1.0, (1, regions)),
        "research_capital": draw.lognormal(0.0, 1.5, (years, regions)),
        "graduation": [0.0, 0.0, 0.0, 0.0, 0.25, 2.0 / 3.0, 1.0],
        "demand_2019": people * draw.uniform(0.5, 1.5, regions),
        "bar_top20": 1.0,
        "bar_elite": 2.0,
        "talent_up_to": talent_up_to(draw.normal(0.0, 0.2, regions)),
        "abroad_share": np.where(np.arange(regions) == 1, 0.4, 0.0),
        "abroad_region": np.where(np.arange(regions) == 1, 0, np.arange(regions)),
    }
    drift = values.pop("drift")
    values |= {
        "study_drift": drift + draw.normal(0.0, 0.1, regions),
        "work_drift": drift,
        "residence_wait": values["residence_wait"] * (1.0 - values["mobility_area"]),
        "forced_exit": ((draw.random(pair) < 0.5) * foreign * 0.1)[:, :, None] * draw.random(2),
        "exit_gate": draw.uniform(0.0, 0.15, (regions, 2)),
        "offshoring": draw.uniform(0.0, 0.8, regions),
        "participation": draw.uniform(0.7, 1.0, regions),
    }
    return assemble(regions, years, values, {"late_entry": 0.2} | changes)


def finer_levers(seed: int, regions: int) -> dict[str, Any]:
    """Draw levers that differ on every axis they have: for `random_world`, in the place of its own."""
    draw = np.random.default_rng(1000 + seed)
    foreign = abroad(1.0, regions)
    return {
        "work_visa_delay": draw.uniform(0.0, 6.0, (regions, regions)) * foreign,
        "residence_wait": draw.integers(0, 9, (regions, regions, 2)) * foreign[..., np.newaxis],
        "exit_gate": draw.uniform(0.0, 0.3, (regions, regions, 2)) * foreign[..., np.newaxis],
        "entry_bar": draw.uniform(0.0, 0.4, (regions, regions, TALENT_CLASSES, 2)) * foreign[..., np.newaxis, np.newaxis],
    }


def with_change(world: World, name: str, value: Any, from_row: int, where: tuple[Any, ...] = ()) -> World:
    """Copy a world with one array, a lever's or another, changed from a row on; `value`: a number or a function of the old."""
    array = np.array(getattr(world.levers if name in LEVERS else world, name))
    cells = (slice(from_row, None), *where)
    array[cells] = value(array[cells]) if callable(value) else value
    array.setflags(write=name not in READ_ONLY)
    return with_levers(world, **{name: array}) if name in LEVERS else world._replace(**{name: array})


def copied(people: Researchers, entered: int) -> Researchers:
    """Copy the columns of everyone who has entered."""
    return Researchers(*(column[:entered].copy() for column in people))


# --- policies over a toy world ------------------------------------------------------------------------------------

CODES = ("USA", "CHN", "GBR", "CAN", "IND", "DEU")
"""Regions of `policy_world`: those that the assembly of a world asks for by name, another anglophone one, and one more."""
ANGLOPHONE = ("USA", "GBR", "CAN")
FIRST_COHORT, LAST_COHORT = 2012, 2034
"""First and last year with a cohort in `policy_world`; study places count from 2020 on."""
OBSERVED: dict[str, Any] = {
    "student_visa_refusal": abroad(0.1, len(CODES)),
    "phd_stipend": 30_000.0,
    "work_visa_odds": (0.98, 0.4),
    "post_study_attempts": 2.0,
    "residence_wait": abroad(2.0, len(CODES)),
    "research_pay": (80_000.0, 120_000.0),
    "research_capital": 2.0,
    "mobility_area": np.eye(len(CODES)),
    "offshoring": 0.4,
}
"""Values without any policy of the levers whose default is observed; each broadcasts over the axes of its lever."""
SPREAD = {
    "home_study": 0.5,
    **dict.fromkeys(("home_work_usa", "home_work_chn", "home_work_ind", "home_work_other"), 0.2),
    **dict.fromkeys(("cohort_growth_chn", "cohort_growth_ind", "cohort_growth_other", "china_drift", "china_study_drift"), 0.0),
    **dict.fromkeys(("growth_saturation_years", "drift_saturation_years"), 5.0),
    **dict.fromkeys(("distance_friction", "language_pull"), 0.0),
}
"""Parameters that the assembly turns into tables of a world."""


def everyone(lever: str, **chosen: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Name the ids that a change of a lever applies to: those chosen by axis, and all of every other axis it has."""
    axes = LEVERS[lever].filters
    assert set(chosen) <= set(axes), f"{lever} has no filter {set(chosen) - set(axes)}"
    return axis_ids(lever, chosen, len(CODES))


def lever_change(
    lever: str, value: float, kind: str, years: tuple[int, int], ramp: int = 1, **chosen: tuple[int, ...]
) -> LeverChange:
    """Make a change of a lever of `policy_world`, of everyone and everywhere unless told otherwise; years inclusive."""
    where = everyone(lever, **chosen)
    first, last = years
    return LeverChange(
        id=lever, name=lever, from_year=first, until_year=last, ramp_years=ramp, change=kind, value=value, **where
    )  # fmt: skip


def toy_policies(changes: Iterable[LeverChange], observed: Mapping[str, Any]) -> Policies:
    """Lay lever changes over OBSERVED, some of whose values are replaced."""
    regions, years = len(CODES), LAST_COHORT - FIRST_YEAR + 1
    levels = {}
    for name, usual in OBSERVED.items():
        shape = lever_shape(name, regions, years)
        value = with_later_axes(name, observed.get(name, usual), regions)
        levels[name] = np.array(np.broadcast_to(value, shape), dtype=np.float64)
    return resolve_policies(default_policies(levels), [list(changes)], {}, FIRST_YEAR)


def policy_world(
    changes: Iterable[LeverChange] = (),
    people: float = 120.0,
    weight: float = 1.0,
    observed: Mapping[str, Any] | None = None,
    **parameters: float,
) -> World:
    """Make a world of CODES from lever changes by the assembly that every run uses.

    Parameters
    ----------
    changes : as a scenario resolves them.
    people : entrants by region and year, from FIRST_COHORT on; weight : people per simulated researcher.
    observed : values of OBSERVED to replace.
    parameters : values of COEFFICIENTS and SPREAD to replace.
    """
    regions, years = len(CODES), LAST_COHORT - FIRST_YEAR + 1
    data = SimpleNamespace(
        codes=CODES,
        having=lambda role: tuple(code for code in load_data().having(role) if code in CODES),
        solved_on=lambda *unknowns: tuple(each for each in load_data().solved_on(*unknowns) if {*each.destination} <= {*CODES}),
        regions=tuple(SimpleNamespace(anglophone=code in ANGLOPHONE) for code in CODES),
        distance_km=abroad(5000.0, regions),
        common_language=np.zeros((regions, regions)),
        research_funding=np.full((years, regions), 50.0),
    )
    constants = Constants(
        study_constant=np.zeros(regions),
        work_constant=np.zeros(regions),
        cohort_level=np.full(regions, math.log(people)),
        industry_constant=np.zeros(years),
        place_effect=np.zeros(regions),
        bar_top20=np.full(years, 0.5),
        bar_elite=np.full(years, 1.8),
        demand_2019=np.full(regions, people),
        abroad_share=np.where(np.array(CODES) == "GBR", 0.3, 0.0),
        india_us=0.0,
        china_anglophone=0.0,
        early_visible=0.3,
        binding=np.zeros(years),
        error=0.0,
    )
    unknown = set(parameters) - {*COEFFICIENTS, *SPREAD}
    assert not unknown, unknown
    policies = toy_policies(changes, observed or {})
    world = make_world(cast(Data, data), {**COEFFICIENTS, **SPREAD, **parameters}, constants, policies, LAST_COHORT, weight)
    world.cohort[: FIRST_COHORT - FIRST_YEAR] = 0.0
    return world


def run(world: World, seed: int = 1, replicate: int = 0, chunk: int = CHUNK, threads: int = 1) -> History:
    """Run the array engine and keep everything."""
    return keep(run_years(world, make_key(seed, replicate), chunk, threads))


def run_on(engine: str, world: World, seed: int = 1) -> History:
    """Run one of the engines and keep everything."""
    return keep(years_of(engine, world, make_key(seed, 0)))


def keep(ends: Iterable[YearEnd]) -> History:
    """Keep the counts and the columns of all years."""
    history = History([], [])
    for end in ends:
        history.counts.append(end.counts)
        history.people.append(copied(end.researchers, end.entered))
    return history


def run_shuffled(world: World, order_seed: int, seed: int = 1, replicate: int = 0, chunk: int = CHUNK) -> History:
    """Run like `run`, but walk the rows in another random order every year; what is kept is in order."""
    key = make_key(seed, replicate)
    generator = np.random.default_rng(order_seed)
    sizes = cohort_researchers(key, world.cohort, world.people_per_researcher, FIRST_YEAR)
    people = new_researchers(sizes, FIRST_YEAR)
    regions = world.anglophone.shape[0]
    ends = [0, *(int(end) for end in np.cumsum(sizes.sum(axis=1)))]
    indices = first_indices(world)
    walker = new_walker(world)
    past = new_past(world)
    history = History([], [])
    for t in range(world.cohort.shape[0]):
        tables = make_year(world, indices, t, past)
        counts, seen = new_counts(regions), new_seen(regions)
        order = generator.permutation(ends[t + 1])
        mixed = Researchers(*(column[order] for column in people))
        new = np.flatnonzero(order >= ends[t])
        for row in new:
            enter(mixed, int(row), int(row) + 1, key, tables, walker.strip)
        for first in range(0, len(order), chunk):
            advance(mixed, first, min(first + chunk, len(order)), key, tables, counts, seen, *walker)
        add_up(seen, counts)
        for column, changed in zip(people, mixed, strict=True):
            column[order] = changed
        history.counts.append(counts)
        history.people.append(copied(people, ends[t + 1]))
        top, elite = (as_floats(stars) for stars in counts.stars)
        indices = next_indices(
            world,
            indices,
            t,
            tables.sector_weight,
            top,
            elite,
            as_floats(counts.stock),
            as_floats(counts.demand),
        )
    return history


def same_counts(one: Counts, other: Counts) -> bool:
    """Tell whether two years' counts are equal to the bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def same_people(one: Researchers, other: Researchers) -> bool:
    """Tell whether two sets of rows are equal to the bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def identity(people: Researchers) -> np.ndarray:
    """Name every researcher by one number made of origin, cohort and index."""
    origin = people.origin.astype(np.int64) << ORIGIN_SHIFT
    cohort = people.cohort.astype(np.int64) << COHORT_SHIFT
    return origin | cohort | people.index.astype(np.int64)


def rows_of(people: Researchers, wanted: np.ndarray) -> Researchers:
    """Take the rows of the wanted identities, in their order; every one must exist once."""
    names = identity(people)
    order = np.argsort(names)
    places = order[np.searchsorted(names, wanted, sorter=order)]
    assert np.array_equal(names[places], wanted)
    return Researchers(*(column[places] for column in people))


def of_origin(people: Researchers, origins: list[int]) -> Researchers:
    """Take the rows of some origins."""
    mask = np.isin(people.origin, origins)
    return Researchers(*(column[mask] for column in people))


def stocks_and_flows(counts: list[Counts]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield, by year, the stock by place and what it must be from the year before and this year's flows."""
    before = np.zeros(counts[0].stock.shape[0], dtype=np.int64)
    for year in counts:
        entered, first_job, relocation, left = year.flows.sum(axis=1)
        moves = first_job + relocation
        stock = year.stock.sum(axis=0)
        yield stock, before + entered.sum(axis=0) + moves.sum(axis=0) - moves.sum(axis=1) - left.sum(axis=1)
        before = stock


def four_sigma(share: Any, people: Any) -> Any:
    """Return four standard errors of an observed share, with one person to spare."""
    return 4.0 * np.sqrt(np.maximum(share * (1.0 - share), 0.0) / people) + 1.0 / people
