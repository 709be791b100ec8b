"""`simulate`: one run of a scenario under a draw and a replicate, on the engine that was asked for."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.draws.draw import Draw
from sim.engines.arrays import CHUNK, run_counts
from sim.engines.counts import Counts, counts_of_years, write_year
from sim.engines.walk import check_year, years_of
from sim.model.choice.randomness import make_key
from sim.model.world import FIRST_YEAR, Indices, World
from sim.runs.outcomes.outcomes import Outcomes, Remark

TENTH_OF_A_POINT = 0.1  # how closely targets are met where the parameters allow it


@dataclass(frozen=True)
class Walk:
    """How the years of a run are walked; nothing of it but `held` changes a number.

    Parameters
    ----------
    engine
        One of `sim.engines.walk.ENGINES`.
    check_invariants
        Check after every year that researchers are conserved and tiers nested.
    chunk
        Rows a loop of the array engine walks at once.
    threads
        Loops that walk at the same time.
    held
        Indices of another run of the same years, whose congestion, ecosystem and diasporas everyone then meets.
    """

    engine: str = "arrays"
    check_invariants: bool = False
    chunk: int = CHUNK
    threads: int = 1
    held: Sequence[Indices] | None = None


def simulate(world: World, draw: Draw, replicate: int, seed: int, walk: Walk = Walk()) -> Outcomes:
    """Simulate one run.

    Parameters
    ----------
    world : the scenario under the draw, at a scale (see `sim.draws.worlds.world_of`).
    draw : parameters and solved constants.
    replicate, seed : key of the random numbers, each 0..2**32-1.
    walk : how the years are walked.

    Returns
    -------
    Counts by year.

    Raises
    ------
    ValueError : unknown engine.
    sim.engines.walk.InvariantBrokenError : a year does not add up, if that is checked.
    """
    key = make_key(seed, replicate)
    if walk.engine == "arrays" and walk.held is None and not walk.check_invariants:
        return gather(run_counts(world, key, walk.chunk, walk.threads), draw, replicate, world)
    years = counts_of_years(*world.cohort.shape)
    before = np.zeros(world.anglophone.shape[0], dtype=np.int64)
    for t, end in enumerate(years_of(walk.engine, world, key, walk.chunk, walk.threads, walk.held)):
        if walk.check_invariants:
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
