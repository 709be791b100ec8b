"""Which value of a lever reaches a goal: a scan of its range, then brackets, with the same random numbers at every value.

The criterion of a value is the mean margin over draws, or, for "in a part p of the draws", the margin that the ceil(p D)-th best
draw has; it is reached where the criterion is at least 0. Crossings between points of the scan are found by Brent's method (Brent
1973, chapter 4; scipy.optimize.brentq) on the simulated criterion itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from sim.draws.worlds import world_of
from sim.model.world import Floats
from sim.runs.executors import Progress, map_in_order, with_progress
from sim.runs.formulas.measures import values_of
from sim.runs.outcomes.statistics import STANDARD_ERRORS
from sim.runs.plan import RunPlan, Task, solve, tasks_of
from sim.runs.simulate import simulate
from sim.scenarios.scenario import Scenario
from sim.sweeps.design.design import with_value
from sim.sweeps.design.points import Factor, sobol_unit
from sim.sweeps.goals.goal import Goal, margin

SCAN_POINTS: Final = 9
RESOLUTION: Final = 1 / 500
"""Of the range: how closely a crossing is found."""
DESIGN_POINTS, DESIGN_SEED = 32, 2026
WAYS, WAY_POINTS = 3, 3
"""How many of the cheapest points that reach a goal are gone towards, and the points of the scan on each way."""
WAY: Final = "way"
NEVER: Final = -1e9
"""Margin of a draw that has none, where draws are put in order."""
SOLUTION_RESAMPLES, RESAMPLE_SEED = 500, 2026


class Along(NamedTuple):
    """One lever of several that move together: its value where none of the way is gone, and where all of it is."""

    factor: Factor
    start: float
    end: float


TriedValue = float | tuple[float, ...] | None
"""What is tried: a value of the aim's factor, one value for each of its levers, or the scenario as it is."""


@dataclass(frozen=True)
class Aim:
    """What is asked.

    Parameters
    ----------
    plan
        The scenario and the size of its runs; its last year is at least that of the goal.
    factor
        The lever and its range; of several levers the part of the way that they go together, 0 to 1.
    goal
        The goal.
    part
        Part of the draws in which it must hold, 0..1; None: in the mean.
    along
        The levers, where there are several.
    """

    plan: RunPlan
    factor: Factor
    goal: Goal
    part: float | None = None
    along: tuple[Along, ...] = ()

    def scenario_at(self, value: TriedValue) -> Scenario:
        """Put a value into the scenario."""
        scenario = self.plan.scenario
        if value is None:
            return scenario
        if not self.along and not isinstance(value, tuple):
            return with_value(scenario, self.factor, value)
        for lever, number in zip(self.along, value if isinstance(value, tuple) else self.levers_at(value), strict=True):
            scenario = with_value(scenario, lever.factor, number)
        return scenario

    def levers_at(self, way: float) -> tuple[float, ...]:
        """Return the value of each of several levers when a part of the way is gone."""
        return tuple(lever.start + way * (lever.end - lever.start) for lever in self.along)


@dataclass(frozen=True)
class Solution:
    """What was found.

    Parameters
    ----------
    state
        ``met`` already, ``reached``, ``not reached``, or ``flat``: no value differs from another by more than noise.
    values, margins
        Values of the lever that were tried, ascending, (X,); the margin of each draw there, (D, X).
    today, today_margins
        The lever's value in the scenario (of a distribution the median), and the margins of the scenario as it is, (D,).
    crossings
        All values at which the criterion changes sign, ascending.
    value
        The smallest change that reaches the goal: the crossing nearest to today's value; where nothing reaches it the best value;
        NaN if it is met or flat.
    error
        Standard error of the value, from resampled draws; NaN if it is not known.
    criterion
        At the value; what is missing if it is below 0.
    by_draw
        The value that each draw would need, (D,); NaN where nothing in the range does.
    needed
        For a flat answer: draws that would tell the best from the worst value; infinite if they are equal.
    """

    state: str
    values: Floats
    margins: Floats
    today: float
    today_margins: Floats
    crossings: tuple[float, ...] = ()
    value: float = math.nan
    error: float = math.nan
    criterion: float = math.nan
    by_draw: Floats = field(default_factory=lambda: np.empty(0))
    needed: float = math.nan

    @property
    def is_monotone(self) -> bool:
        """Whether the criterion changes sign once at most."""
        return len(self.crossings) <= 1


def criterion(margins: Floats, part: float | None) -> Floats:
    """Join the margins of draws: their mean, or the one that a part of the draws has at least.

    Parameters
    ----------
    margins : (D, ...); draws without a margin (NaN) count as not met, and are left out of a mean.
    part : 0..1, or None for the mean.

    Returns
    -------
    (...): at least 0 where the goal is reached.
    """
    if part is None:
        mean: Floats = np.nanmean(margins, axis=0)
        return mean
    wanted = max(1, math.ceil(part * len(margins) - 1e-9))
    ordered: Floats = np.sort(np.where(np.isnan(margins), NEVER, margins), axis=0)
    best: Floats = ordered[len(margins) - wanted]
    return best


def margins_at(aim: Aim, values: Sequence[TriedValue], workers: int, progress: Progress | None = None) -> Floats:
    """Simulate an aim at some values of its lever: (D, X), the mean over replicates. Every value has the same random numbers.

    Raises
    ------
    ValueError : the parameters that the scenario fixes leave nothing that is admissible.
    """
    tasks = tasks_of(aim.plan)
    with closing(map_in_order(partial(margins_of_draw, aim, tuple(values)), tasks, workers)) as results:
        return np.stack(list(with_progress(results, "trying values", len(tasks), progress)))


def margins_of_draw(aim: Aim, values: Sequence[TriedValue], task: Task) -> Floats:
    """Simulate one draw at every value: (X,)."""
    plan, goal, codes = aim.plan, aim.goal, aim.plan.basis.data.codes
    draw = solve(task)
    found = []
    for value in values:
        world = world_of(plan.basis.data, aim.scenario_at(value), draw, plan.researchers, plan.until)
        runs = (simulate(world, draw, replicate, plan.seed) for replicate in range(plan.replicates))
        table = np.array([values_of(goal.measures, outcomes, codes) for outcomes in runs])  # (P, measures)
        columns = dict(zip((str(measure) for measure in goal.measures), table.T, strict=True))
        found.append(float(np.mean(margin(goal.condition, columns))))
    return np.array(found)


def search(aim: Aim, today: float, workers: int, points: int = SCAN_POINTS, progress: Progress | None = None) -> Solution:
    """Find the smallest change of a lever that reaches a goal.

    Parameters
    ----------
    aim : what is asked.
    today : the lever's value in the scenario.
    workers : processes for the scan.
    points : of the scan, at least 3; today's value is one more if it lies in the range.
    progress : called with (phase, done, total).
    """
    grid = np.linspace(aim.factor.low, aim.factor.high, points)
    if aim.factor.low < today < aim.factor.high:
        grid = np.unique(np.append(grid, today))
    tried = margins_at(aim, [None, *grid.tolist()], workers, progress)
    as_it_is, margins = tried[:, 0], tried[:, 1:]
    if float(criterion(as_it_is, aim.part)) >= 0.0:
        return Solution("met", grid, margins, today, as_it_is, by_draw=np.full(len(margins), today))
    needed = draws_needed(margins, aim.part)
    if needed > len(margins):
        return Solution("flat", grid, margins, today, as_it_is, needed=needed)
    known = {float(x): column for x, column in zip(grid, margins.T, strict=True)}

    def at(x: float) -> float:
        if x not in known:
            if progress is not None:
                progress("narrowing down", len(known) - len(grid), 12)
            known[x] = margins_at(aim, [x], 1)[:, 0]
        return float(criterion(known[x], aim.part))

    crossings = tuple(crossings_of(grid, at, RESOLUTION * (aim.factor.high - aim.factor.low)))
    values = np.array(sorted(known))
    margins = np.stack([known[float(x)] for x in values], axis=1)
    reached = criterion(margins, aim.part)
    by_draw = np.array([nearest_reaching(values, row, today) for row in margins])
    found = Solution("reached", values, margins, today, as_it_is, crossings, by_draw=by_draw)
    if not (reached >= 0.0).any():
        best = int(np.argmax(reached))
        return replace(found, state="not reached", value=float(values[best]), criterion=float(reached[best]))
    value = smallest_change(values, reached, today)
    error = error_of(values, margins, aim.part, today)
    return replace(found, value=value, error=error, criterion=float(reached[values == value][0]))


def search_several(
    aim: Aim, todays: Sequence[float], costs: Sequence[float], workers: int, progress: Progress | None = None
) -> tuple[Aim, Solution]:
    """Find a cheap change of several levers that reaches a goal: a Sobol design, then the ways to its cheapest points.

    The cost of a point is the sum over levers of cost * |value - today| / (high - low). From today to each of the cheapest points
    that reach the goal all levers move together; the cheapest solution is kept. If none does, the way goes to the best point.

    Parameters
    ----------
    aim : what is asked; the ranges are those of the factors in `along`.
    todays, costs : of each lever: its value in the scenario, and what its whole range costs, above 0.
    workers, progress : see `search`.

    Returns
    -------
    The aim with the way that was kept, and the solution in parts of that way.
    """
    levers = [lever.factor for lever in aim.along]
    low, high = (np.array([getattr(factor, side) for factor in levers]) for side in ("low", "high"))
    design = low + sobol_unit(len(levers), DESIGN_POINTS, DESIGN_SEED) * (high - low)
    reached = criterion(margins_at(aim, [tuple(point) for point in design.tolist()], workers, progress), aim.part)

    def cost(point: Floats) -> float:
        return float((np.array(costs) * np.abs(point - np.array(todays)) / (high - low)).sum())

    good = sorted((point for point, value in zip(design, reached, strict=True) if value >= 0.0), key=cost)
    best: tuple[float, Aim, Solution] | None = None
    for end in good[:WAYS] or [design[int(np.argmax(reached))]]:
        ways = tuple(Along(factor, *ends) for factor, *ends in zip(levers, todays, end.tolist(), strict=True))
        one = replace(aim, factor=Factor(WAY, "lever", WAY, 0.0, 1.0), along=ways)
        found = search(one, 0.0, workers, WAY_POINTS, progress)
        price = cost(np.array(one.levers_at(found.value))) if found.state == "reached" else math.inf
        if best is None or price < best[0]:
            best = price, one, found
        if found.state == "met":
            break
    assert best is not None  # there is at least one way
    return best[1], best[2]


def crossings_of(grid: Floats, at: Callable[[float], float], tolerance: float) -> Iterator[float]:
    """Yield a value on the reached side of every sign change between neighbours of a grid, within a tolerance of the change."""
    from scipy.optimize import brentq

    for low, high in zip(grid[:-1].tolist(), grid[1:].tolist(), strict=True):
        is_low, is_high = at(low) >= 0.0, at(high) >= 0.0
        if is_low != is_high:
            root = float(brentq(at, low, high, xtol=tolerance, maxiter=60))
            yield reached_side(root, low if is_low else high, at, tolerance)


def reached_side(root: float, end: float, at: Callable[[float], float], tolerance: float) -> float:
    """Step from a root towards the end that reaches the goal until it is reached: a simulated criterion has steps, no roots."""
    steps = math.ceil(abs(end - root) / tolerance)
    for k in range(steps):
        value = root + k * math.copysign(tolerance, end - root)
        if at(value) >= 0.0:
            return value
    return end


def smallest_change(values: Floats, reached: Floats, today: float) -> float:
    """Choose, of the values that reach the goal, the one nearest to today's."""
    good = values[reached >= 0.0]
    return float(good[np.argmin(np.abs(good - today))])


def nearest_reaching(values: Floats, margins: Floats, today: float) -> float:
    """Interpolate where one draw reaches its goal, as near to today's value as it does; NaN where it does nowhere.

    Parameters
    ----------
    values : (X,), ascending.
    margins : (X,) of the draw.
    today : of the lever.
    """
    good = margins >= 0.0
    found = list(values[good])
    for k in range(len(values) - 1):
        if good[k] != good[k + 1]:
            step = (values[k + 1] - values[k]) * margins[k] / (margins[k] - margins[k + 1])
            found.append(values[k] + step)
    return float(min(found, key=lambda x: abs(x - today))) if found else math.nan


def error_of(values: Floats, margins: Floats, part: float | None, today: float) -> float:
    """Estimate the standard error of the solution by resampling draws, (D, X) margins; NaN from few draws."""
    draws = len(margins)
    if draws < 5:
        return math.nan
    chosen = np.random.default_rng(RESAMPLE_SEED).integers(0, draws, (SOLUTION_RESAMPLES, draws))
    found = np.array([nearest_reaching(values, criterion(margins[rows], part), today) for rows in chosen])
    found = found[np.isfinite(found)]
    return float(found.std(ddof=1)) if len(found) > SOLUTION_RESAMPLES / 2 else math.nan


def draws_needed(margins: Floats, part: float | None) -> float:
    """Count the draws that tell the best value of a scan from the worst by `STANDARD_ERRORS`, from resampled draws.

    Parameters
    ----------
    margins : (D, X) with D draws.
    part : as of `criterion`, which is what is told apart.

    Returns
    -------
    Draws; infinite where the values are all equal; 1 where a single draw was run and they are not, or where so many draws
    agree on which is better that it is not chance.
    """
    draws, reached = len(margins), criterion(margins, part)
    ends = margins[:, [int(np.argmax(reached)), int(np.argmin(reached))]]
    difference = float(reached.max() - reached.min())
    if not difference > 0.0:
        return math.inf
    signs = np.sign(ends[:, 0] - ends[:, 1])
    if draws < 2 or abs(np.nansum(signs)) >= STANDARD_ERRORS * math.sqrt(draws):  # a sign test: most draws agree
        return 1.0
    chosen = np.random.default_rng(RESAMPLE_SEED).integers(0, draws, (SOLUTION_RESAMPLES, draws))
    error = float(np.std([np.subtract(*criterion(ends[rows], part)) for rows in chosen], ddof=1))
    return math.ceil(draws * (STANDARD_ERRORS * error / difference) ** 2)
