"""The grid of an exported page: scrambled Sobol points over its levers, points that test the surfaces, and no change at all.

The levers are those that a state moves; each goes from no change to the value that it has in the state. Base, filters, window and
ramp stay as they are there. Runs are made and kept by the sweep machinery, so that a grid that was stopped goes on.

Notation: N points, L levers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from sim.explorer.live import Bench, PageQuestion, check_solved
from sim.explorer.state import Moved, PageState, StateError
from sim.model.world import Floats
from sim.runs.formulas.measures import Measure
from sim.sweeps.design.design import Design
from sim.sweeps.design.points import Factor, scaled, sobol_unit
from sim.sweeps.keys import sweep_runs
from sim.sweeps.parts import best_rows, part_paths, read_part

FEWEST_LEVERS, MOST_LEVERS = 5, 8
GRID_POINTS: Final = 256
TEST_POINTS: Final = 100
GRID_SEED, TEST_SEED = 2026, 2027
GRID_TIERS: Final = ("top20", "all")
"""The elite needs larger runs than a grid has."""
GRID_AXES: Final = ("work", "study", "origin")
EUROPEAN: Final = ("DEU", "FRA", "CHE", "NLD", "REU")
FROM: Final = 2027
NEUTRAL: Final = {"add": 0.0, "multiply": 1.0}
"""What changes nothing, by kind of change."""
DEFAULT_LEVERS: Final = (
    Moved("bar", "lever", "entry_bar", "add", 0.3, origin=("CHN",), destination=("USA",), start=FROM),
    Moved("refusal", "lever", "student_visa_refusal", "add", 0.3, origin=("IND",), destination=("USA",), start=FROM),
    Moved("visa", "lever", "work_visa_odds", "multiply", 1.6, destination=("USA",), start=FROM),
    Moved("places", "lever", "phd_places", "multiply", 1.6, destination=EUROPEAN, start=FROM),
    Moved("pay", "lever", "research_pay", "multiply", 1.5, destination=EUROPEAN, start=FROM),
    Moved("return", "lever", "return_bonus", "add", 1.0, origin=("CHN",), start=FROM),
)
"""What an exported page moves where nobody chose."""


def grid_state(state: PageState) -> PageState:
    """Return the state whose levers a grid is made of: that one, or the default levers over its base where it moves nothing.

    Raises
    ------
    StateError
        If what it moves makes no grid; says why and what does.
    """
    if state.drop or any(item.kind != "lever" for item in state.items):
        raise StateError("--export: a grid is made of levers alone; remove the policies, and put back what was dropped")
    if state.assume:
        raise StateError("--export: a grid is made of draws, and an assumption has the reference point alone; take it back")
    if not state.items:
        return replace(state, items=DEFAULT_LEVERS)
    if not FEWEST_LEVERS <= len(state.items) <= MOST_LEVERS:
        raise StateError(
            f"--export: {len(state.items)} levers are moved; allowed: {FEWEST_LEVERS} to {MOST_LEVERS}, each to the farthest "
            "value that the page is to reach, or none for the default ones"
        )
    for item in state.items:
        if item.change not in NEUTRAL:
            raise StateError(
                f"--export: {item.id} ({item.name}) is set to a value; allowed: plus or times, which begin at no change"
            )
        if item.value == NEUTRAL[item.change]:
            raise StateError(
                f"--export: {item.id} ({item.name}) is not moved; give it the farthest value that the page is to reach"
            )
    return state


def factors_of(state: PageState) -> tuple[Factor, ...]:
    """List the levers of a grid with their ranges: from no change to the value in the state."""
    ends = [(NEUTRAL[item.change], item.value) for item in state.items]
    return tuple(Factor(item.id, "lever", item.id, min(end), max(end)) for item, end in zip(state.items, ends, strict=True))


def neutral_of(state: PageState) -> Floats:
    """Return the values that change nothing, (L,)."""
    return np.array([NEUTRAL[item.change] for item in state.items])


def grid_points(state: PageState, count: int, tests: int) -> Floats:
    """Make the points: no change first, then `count` scrambled Sobol points, then `tests` random ones; (1 + count + tests, L)."""
    factors = factors_of(state)
    random = np.random.default_rng(TEST_SEED).random((tests, len(factors)))
    unit = np.concatenate([sobol_unit(len(factors), count, GRID_SEED), random])
    return np.concatenate([neutral_of(state)[None], scaled(unit, factors)])


def first_moved(state: PageState) -> int:
    """Return the first year in which a lever of a state may be moved: what lies before is the base's."""
    return min(item.start or FROM for item in state.items)


def grid_design(bench: Bench, state: PageState, points: Floats) -> Design:
    """Make the design of a grid: people by tier, axis, year and region of every run.

    Parameters
    ----------
    bench
        That knows the bases.
    state
        Of `grid_state`.
    points
        Of `grid_points`, (N, L).

    Raises
    ------
    StateError, sim.scenarios.reading.text.ScenarioError
        If the state cannot be run.
    """
    question: PageQuestion = bench.question(state)
    check_solved(question)
    years, codes = range(first_moved(state), state.until + 1), bench.basis.data.codes
    keep = [
        Measure("researchers", code, year, axis, tier, members=(code,))
        for tier in GRID_TIERS
        for axis in GRID_AXES
        for year in years
        for code in codes
    ]
    return Design(
        title="The grid of an exported page", scenarios=(question.variant.scenario,), factors=factors_of(state), method="csv",
        points=len(points), sample_seed=GRID_SEED, keep=tuple(keep), draws=state.draws, replicates=state.replicates,
        researchers=state.researchers, seed=state.seed, until=state.until, rows=tuple(map(tuple, points.tolist())), name="grid",
        ensemble=bench.ensemble,
    )  # fmt: skip


@dataclass(frozen=True)
class Grid:
    """The runs of a grid.

    Parameters
    ----------
    state
        Of `grid_state`.
    points
        Of `grid_points`, (N, L): no change, the grid, the tests.
    tests
        Number of points at the end that the surfaces are not fitted to.
    years
        First and last year of the people.
    people
        (N, D, P, K, X, Y, R) by tier, axis, year and region.
    """

    state: PageState
    points: Floats
    tests: int
    years: tuple[int, int]
    people: Floats


def read_grid(design: Design, state: PageState, folder: Path, tests: int) -> Grid:
    """Read the runs of a grid, in the order of its points.

    Raises
    ------
    StateError
        If a run failed; says which and why.
    """
    table = pa.concat_tables([read_part(path).replace_schema_metadata(None) for path in part_paths(folder)])
    rows = best_rows(table)
    order = [rows[run.key] for run in sweep_runs(design)]
    table = table.take(order)
    failed = next((error for error in table["error"].to_pylist() if error), "")
    if failed:
        raise StateError(f"--export: a run failed ({failed}); remove {folder} and export again")
    points = design.make_points()
    kept = np.stack([table[str(measure)].to_numpy().astype(np.float32) for measure in design.keep], axis=-1)
    years = (first_moved(state), state.until)
    cells = (len(GRID_TIERS), len(GRID_AXES), years[1] - years[0] + 1, len(design.keep) // (6 * (years[1] - years[0] + 1)))
    return Grid(state, points, tests, years, kept.reshape(len(points), design.draws, design.replicates, *cells))
