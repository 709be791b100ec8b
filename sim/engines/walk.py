"""Walk the years of a world with the engine that was asked for, and check that nobody is lost on the way."""

import importlib
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engines.arrays import CHUNK, run_years
from sim.engines.counts import ENTRY, EXIT, FIRST_JOB, RELOCATION, YearEnd
from sim.model.choice.randomness import Key
from sim.model.population import OUT
from sim.model.world import Indices, World

ENGINES = ("arrays", "agents")
"""Compiled loops over columns; one Mesa agent per researcher. Both give the same history."""

MESA = ("mesa", "networkx")
"""Packages that only the engine agents needs."""


class InvariantBrokenError(RuntimeError):
    """Researchers were not conserved: a fault of the program, never of the input."""


class EngineMissingError(RuntimeError):
    """The packages that an engine needs are not installed."""


def check_engine(engine: str) -> None:
    """Import what an engine needs, so that a run that cannot be made is refused before it begins.

    Raises
    ------
    EngineMissingError : a package is not installed; names it and the line that installs it.
    """
    if engine != "agents":
        return
    try:
        importlib.import_module("sim.engines.agents")
    except ModuleNotFoundError as error:
        if error.name not in MESA:
            raise
        raise EngineMissingError(f"the engine agents needs the package {error.name}: pip install 'talentsim[agents]'") from error


def years_of(
    engine: str, world: World, key: Key, chunk: int = CHUNK, threads: int = 1, held: Sequence[Indices] | None = None
) -> Iterator[YearEnd]:
    """Walk the years of a world with one of ENGINES; held: see `sim.engines.arrays.run_years`.

    Raises
    ------
    ValueError : unknown engine.
    EngineMissingError : see `check_engine`.
    """
    check_engine(engine)
    if engine == "arrays":
        return run_years(world, key, chunk, threads, held)
    if engine == "agents":
        from sim.engines.agents import run_agents  # Mesa is slow to import and needed here only

        return run_agents(world, key, held)
    raise ValueError(f"engine {engine!r} is not known; there are: {', '.join(ENGINES)}")


def check_year(end: YearEnd, before: NDArray[np.int64]) -> None:
    """Check one year: stock = before + entered + arrived - departed - left in every region; tiers nested.

    Raises
    ------
    InvariantBrokenError : naming the year, the region's id and the numbers.
    """
    flows = end.counts.flows.sum(axis=1)
    entered = flows[ENTRY].sum(axis=0)
    moves = flows[FIRST_JOB] + flows[RELOCATION]
    expected = before + entered + moves.sum(axis=0) - moves.sum(axis=1) - np.diag(flows[EXIT])
    stock = end.counts.stock.sum(axis=0)
    for region in np.flatnonzero(stock != expected):
        raise InvariantBrokenError(
            f"{end.year}, region {region}: the stock is {stock[region]}, but before + entered + arrived - departed - left "
            f"is {expected[region]}"
        )
    shares = end.counts.shares
    if (shares[1] > shares[0]).any() or (shares[0] > shares[2]).any():
        raise InvariantBrokenError(f"{end.year}: the tiers are not nested")
    active = int((end.researchers.stage[: end.entered] % OUT > 0).sum())
    if active != stock.sum():
        raise InvariantBrokenError(f"{end.year}: {active} active rows, but {stock.sum()} counted")
