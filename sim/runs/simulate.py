"""`simulate`: one run of a scenario under a draw and a replicate, on the engine that was asked for."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.data.load import load_data
from sim.draws.draw import Draw
from sim.draws.worlds import world_of
from sim.engines.arrays import CHUNK, run_counts
from sim.engines.counts import Counts, counts_of_years, write_year
from sim.engines.walk import check_year, years_of
from sim.model.choice.randomness import make_key
from sim.model.world import FIRST_YEAR, Indices, World
from sim.runs.outcomes.outcomes import Outcomes, Remark
from sim.scenarios.scenario import Scenario

TENTH_OF_A_POINT = 0.1  # how closely targets are met where the parameters allow it


def simulate(
    scenario: Scenario,
    draw: Draw,
    replicate: int,
    researchers: int,
    seed: int,
    until: int,
    engine: str = "arrays",
    check_invariants: bool = False,
    chunk: int = CHUNK,
    threads: int = 1,
    world: World | None = None,
    held: Sequence[Indices] | None = None,
) -> Outcomes:
    """Simulate one run.

    Parameters
    ----------
    scenario : resolved scenario.
    draw : parameters and solved constants.
    replicate, seed : key of the random numbers, each 0..2**32-1.
    researchers : active researchers in 2022 on the baseline.
    until : last year, 2000..2050.
    engine : one of ENGINES.
    check_invariants : check after every year that researchers are conserved and tiers nested.
    chunk : rows a loop of the array engine walks at once; changes nothing.
    threads : loops that walk at the same time; changes nothing.
    world : that of the scenario, draw and scale, if it is there already, as for all replicates of a draw.
    held : indices of another run of the same years, whose congestion, ecosystem and diasporas everyone then meets.

    Returns
    -------
    Counts by year.

    Raises
    ------
    ValueError : unknown engine.
    InvariantBrokenError : with check_invariants, if a year does not add up.
    """
    world = world_of(scenario, draw, researchers, until, load_data()) if world is None else world
    key = make_key(seed, replicate)
    if engine == "arrays" and held is None and not check_invariants:
        return gather(run_counts(world, key, chunk, threads), draw, replicate, world)
    years = counts_of_years(*world.cohort.shape)
    before = np.zeros(world.anglophone.shape[0], dtype=np.int64)
    for t, end in enumerate(years_of(engine, world, key, chunk, threads, held)):
        if check_invariants:
            check_year(end, before)
            before = end.counts.stock.sum(axis=0)
        write_year(end.counts, years, t)
    return gather(years, draw, replicate, world)


def gather(counts: Counts, draw: Draw, replicate: int, world: World) -> Outcomes:
    """Make outcomes of the counts of all years, one more axis (T,) in front of each."""
    years = np.arange(FIRST_YEAR, FIRST_YEAR + len(counts.shares), dtype=np.int64)
    return Outcomes(
        draw=draw.number,
        replicate=replicate,
        years=years,
        counts=counts.shares,
        flows=counts.flows,
        careers=counts.careers,
        weight=world.people_per_researcher,
        active=counts.stock.sum(axis=(1, 2)),
        eligible=counts.eligible[:, 0].copy(),
        remarks=tuple(remarks(draw, years)),
    )


def remarks(draw: Draw, years: NDArray[np.int64]) -> Iterator[Remark]:
    """Say where a draw's assumptions were cut off and how closely its constants meet their targets."""
    bound = years[draw.constants.binding[: len(years)] > 0]
    if len(bound):
        yield Remark("visible_share_cut", draw.number, (int(bound[0]), int(bound[-1])), None)
    error = 100.0 * draw.constants.error
    if math.isfinite(error) and error > TENTH_OF_A_POINT:
        yield Remark("target_missed", draw.number, None, float(error))
