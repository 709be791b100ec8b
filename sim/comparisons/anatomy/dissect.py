"""Take an effect apart: who changed and why, the policy's own part and the feedback, and what each lever brings.

Runs of both scenarios are made again on the same draws and random numbers, with everyone's history; the figures of a comparison
come from the runs themselves. At the runs' own size the researchers named here are those that `talentsim trace` finds there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from sim.comparisons.anatomy.anatomy import Anatomy, LeverPart
from sim.comparisons.anatomy.channels import ShownCell, cells_shown, channel_rows, shares_at
from sim.comparisons.anatomy.coalitions import Player, coalition, player_words, players
from sim.comparisons.anatomy.futures import live_future
from sim.comparisons.anatomy.shapley import MOST_EXACT, ORDERS, Order, coalitions_of, exact_parts, sample_orders, sampled_parts
from sim.comparisons.anatomy.switches import Switch, switch_rows, switches_of
from sim.comparisons.regions import MAIN_TIER
from sim.draws.draw import Draw
from sim.draws.ensemble import Ensemble, find_ensemble
from sim.draws.worlds import named_draw, world_of
from sim.engines.arrays import run_years
from sim.model.choice.randomness import make_key
from sim.model.world import FIRST_YEAR, LAST_YEAR, Floats, Indices, World
from sim.runs.executors import Progress, map_in_order
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import Basis, Scenario

LEVER_RESEARCHERS: Final = 5_000
"""Most researchers of the many runs of coalitions, unless told otherwise."""


@dataclass(frozen=True)
class Size:
    """How much is looked at; unless told otherwise, what takes about a minute on two cores.

    Parameters
    ----------
    draws
        Numbers of draws, -1 for the reference point; at least one.
    replicates
        Numbers of replicates, at least one.
    researchers
        Active researchers in 2022 on the baseline; that of the runs, if researchers are to be traced in them.
    seed
        Of the random numbers, and of the orders of levers if these are sampled.
    until
        Last year, 2000..2050.
    lever_researchers
        As `researchers`, for the runs of coalitions; LEVER_RESEARCHERS, or fewer, if None.
    orders
        Sampled orders of levers where there are more than MOST_EXACT, even, at least 4.
    visible_only
        Look for switches among those only who are visible in the last year of either run.
    """

    draws: tuple[int, ...] = (0, 1, 2, 3)
    replicates: tuple[int, ...] = (0,)
    researchers: int = 20_000
    seed: int = 1
    until: int = 2035
    lever_researchers: int | None = None
    orders: int = ORDERS
    visible_only: bool = False

    @property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """(draw, replicate) of the runs looked at."""
        return tuple((draw, replicate) for draw in self.draws for replicate in self.replicates)

    @property
    def smaller(self) -> int:
        """Researchers of the runs of coalitions."""
        return min(self.researchers, LEVER_RESEARCHERS) if self.lever_researchers is None else self.lever_researchers


@dataclass(frozen=True)
class Worlds:
    """Makes the draws and worlds that are looked at.

    Parameters
    ----------
    basis
        The tables and the baseline.
    ensemble
        That draws are of.
    """

    basis: Basis
    ensemble: Ensemble = field(default_factory=find_ensemble)

    @property
    def codes(self) -> tuple[str, ...]:
        """Region codes, (R,)."""
        return self.basis.data.codes

    @property
    def people(self) -> float:
        """Active researchers in 2022 as the tables have them."""
        return self.basis.data.researchers

    def draw(self, scenario: Scenario, number: int) -> Draw:
        """Find or solve a draw with the parameters that a scenario fixes."""
        return named_draw(self.basis, scenario, number, self.ensemble)

    def world(self, scenario: Scenario, draw: Draw, researchers: int, until: int) -> World:
        """Make the world of a scenario."""
        return world_of(self.basis.data, scenario, draw, researchers, until)


def packaged_worlds() -> Worlds:
    """Make worlds of the packaged tables."""
    return Worlds(load_basis())


@dataclass(frozen=True)
class Dissection:
    """What is to be taken apart, and how much of it.

    Parameters
    ----------
    base, variant
        The scenarios.
    worlds
        What makes their worlds.
    size
        How much is looked at.
    years
        In which effects are told.
    everyone
        The levers between them.
    orders
        In which levers join; None where every coalition is valued.
    """

    base: Scenario
    variant: Scenario
    worlds: Worlds
    size: Size
    years: tuple[int, ...]
    everyone: tuple[Player, ...]
    orders: tuple[Order, ...] | None

    @property
    def coalitions(self) -> tuple[int, ...]:
        """The coalitions that have to be valued, with bit k for player k."""
        return coalitions_of(len(self.everyone), self.orders)

    def scenario(self, joined: int) -> Scenario:
        """Make the scenario of a coalition."""
        some = [player for k, player in enumerate(self.everyone) if joined >> k & 1]
        return coalition(self.base, self.variant, self.everyone, some)


class Looked(NamedTuple):
    """What one draw and replicate shows; shares are (Y, X, R) in percent."""

    switches: list[Switch]
    base: Floats
    variant: Floats
    direct: Floats
    feedback: Floats
    values: dict[int, Floats]  # by coalition


def dissect(
    base: Scenario,
    variant: Scenario,
    worlds: Worlds,
    size: Size = Size(),
    workers: int = 1,
    progress: Progress | None = None,
    also: Sequence[str] = (),
) -> Anatomy:
    """Take the effect of a variant apart.

    Parameters
    ----------
    base, variant : resolved scenarios.
    worlds : what makes their worlds.
    size : how much is looked at.
    workers : processes, at least 1; they change nothing in the result.
    progress : called with (phase, done, total) after every draw and replicate.
    also : codes of regions that are told in any case.

    Returns
    -------
    The anatomy; effects are means over the runs looked at.

    Raises
    ------
    ValueError : no draw or no replicate, or a number out of range.
    """
    check_size(size)
    everyone = players(base, variant)
    sampled = sample_orders(len(everyone), size.orders, size.seed) if len(everyone) > MOST_EXACT else None
    years = years_shown(base, variant, everyone, size.until)
    plan = Dissection(base, variant, worlds, size, years, everyone, sampled)
    looked = list(look_at_all(plan, workers, progress))
    before, direct, feedback, after = (
        np.stack([getattr(each, name) for each in looked]) for name in ("base", "direct", "feedback", "variant")
    )
    cells = tuple(cells_shown((after - before).mean(axis=0), years, worlds.codes, also))
    switches = [switch for each in looked for switch in each.switches]
    return Anatomy(
        base=base.name,
        variant=variant.name,
        year=size.until,
        researchers=size.researchers,
        runs=size.runs,
        switches=switch_rows(switches, len(size.runs), worlds.people / size.researchers),
        channels=channel_rows(before, direct, feedback, after, cells),
        levers=lever_parts(plan, looked, cells),
        exact=sampled is None,
        lever_researchers=size.smaller,
    )


def check_size(size: Size) -> None:
    """Refuse what cannot be looked at.

    Raises
    ------
    ValueError : no draw or no replicate, or a number out of range.
    """
    if not FIRST_YEAR <= size.until <= LAST_YEAR or min(size.researchers, size.smaller) < 1:
        where = f"until {size.until} and researchers {size.researchers}"
        raise ValueError(f"{where}: from {FIRST_YEAR} to {LAST_YEAR}, and at least 1")
    if not size.runs:
        raise ValueError("no draw or no replicate to look at; give at least one of each, such as draws [0] and replicates [0]")


def years_shown(base: Scenario, variant: Scenario, everyone: Sequence[Player], until: int) -> tuple[int, ...]:
    """Choose the last year and the middle of the years since the first lever that differs."""
    differing = frozenset[str]().union(*(player.removed | player.added for player in everyone))
    starts = [change.from_year for scenario in (base, variant) for change in scenario.levers if change.id in differing]
    middle = (min([*starts, until]) + until) // 2
    return (middle, until) if middle < until else (until,)


def look_at_all(plan: Dissection, workers: int, progress: Progress | None) -> Iterator[Looked]:
    """Look at every run, in their order."""
    runs = plan.size.runs
    for done, each in enumerate(map_in_order(partial(look_at, plan), runs, workers), start=1):
        if progress is not None:
            progress("taking apart", done, len(runs))
        yield each


def look_at(plan: Dissection, run: tuple[int, int]) -> Looked:
    """Run both scenarios, both mixtures of levers and paths, and every coalition of levers, for one draw and replicate."""
    number, replicate = run
    key = make_key(plan.size.seed, replicate)
    draws = [plan.worlds.draw(each, number) for each in (plan.base, plan.variant)]

    def world(scenario: Scenario, researchers: int) -> World:
        draw = draws[0] if scenario.parameters == plan.base.parameters else draws[1]
        return plan.worlds.world(scenario, draw, researchers, plan.size.until)

    def shares_of(given: World, held: Sequence[Indices] | None = None) -> Floats:
        return shares_at(np.stack([end.counts.shares for end in run_years(given, key, held=held)]), plan.years)

    base, variant = (live_future(world(scenario, plan.size.researchers), key) for scenario in (plan.base, plan.variant))
    switches = switches_of(base, variant, plan.worlds.codes, run, plan.size.visible_only)
    before, after = shares_at(base.counts, plan.years), shares_at(variant.counts, plan.years)
    direct, feedback = shares_of(variant.world, base.indices), shares_of(base.world, variant.indices)
    del base, variant
    known = {0: before, (1 << len(plan.everyone)) - 1: after} if plan.size.smaller == plan.size.researchers else {}
    values = {
        joined: known[joined] if joined in known else shares_of(world(plan.scenario(joined), plan.size.smaller))
        for joined in (plan.coalitions if plan.everyone else ())
    }
    return Looked(switches, before, after, direct, feedback, values)


def lever_parts(plan: Dissection, looked: Sequence[Looked], cells: Sequence[ShownCell]) -> tuple[LeverPart, ...]:
    """Share the mean effect of each cell out among the levers."""
    if not plan.everyone:
        return ()
    value = {joined: np.mean([each.values[joined] for each in looked], axis=0) for joined in plan.coalitions}
    count = len(plan.everyone)
    parts = exact_parts(count, value) if plan.orders is None else sampled_parts(count, value, plan.orders)
    total = value[(1 << count) - 1] - value[0]
    words = player_words(plan.base, plan.variant, plan.everyone)
    return tuple(
        LeverPart(
            player.id,
            words[player.id],
            cell.year,
            MAIN_TIER,
            cell.axis,
            cell.region,
            part_points=float(parts.part[k][cell.at]),
            low_points=float(parts.low[k][cell.at]),
            high_points=float(parts.high[k][cell.at]),
            total_points=float(total[cell.at]),
        )
        for cell in cells
        for k, player in enumerate(plan.everyone)
    )
