"""What it would take, asked from a program: `sim.solve` and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from sim.api.frames import dense_frame
from sim.api.keywords import Sizing, check_sizes, hinted
from sim.api.running import Stated, scenario_of
from sim.model.world import LAST_YEAR
from sim.runs.executors import available_cores
from sim.runs.plan import RunPlan
from sim.scenarios.levers.changes import LeverChange, drawn_value, value_range
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import load_basis
from sim.scenarios.reading.text import nearest_name
from sim.scenarios.scenario import Scenario
from sim.sweeps.design.points import Factor
from sim.sweeps.goals.goal import parse_goal
from sim.sweeps.goals.search import SCAN_POINTS, Aim, Along, Solution, search, search_several

if TYPE_CHECKING:
    import pandas as pd

Ranges = Mapping[str, tuple[float, float]]
"""Least and greatest value of each lever, by its id."""


class RangeError(ValueError):
    """A lever or a range that cannot be asked for; says which can."""


@dataclass(frozen=True, repr=False)
class Solved:
    """What it takes to reach a goal.

    Parameters
    ----------
    aim
        What was asked.
    solution
        What was found.
    """

    aim: Aim
    solution: Solution

    @property
    def state(self) -> str:
        """``met`` already, ``reached``, ``not reached``, or ``flat``: no value differs from another by more than noise."""
        return self.solution.state

    @property
    def value(self) -> float:
        """The smallest change of the lever that reaches the goal (of several, the part of the way); NaN if there is none."""
        return self.solution.value

    @property
    def levers(self) -> dict[str, float]:
        """The value of each lever there."""
        if self.aim.along:
            return dict(zip((each.factor.target for each in self.aim.along), self.aim.levers_at(self.value), strict=True))
        return {self.aim.factor.target: self.value}

    @property
    def scenario(self) -> Scenario:
        """The scenario with these values."""
        return self.aim.scenario_at(self.value)

    def frame(self) -> pd.DataFrame:
        """Return every value that was tried, with the margin of each draw: value, draw, margin (at least 0 where it is met)."""
        tried = self.solution
        return dense_frame({"draw": range(len(tried.margins)), "value": list(tried.values)}, {"margin": tried.margins})

    def __repr__(self) -> str:
        """Say what was asked and what was found."""
        found = "" if np.isnan(self.value) else f" with {', '.join(f'{name} = {x:.4g}' for name, x in self.levers.items())}"
        return f"<Solved {self.aim.plan.scenario.name}, {self.aim.goal.text}: {self.state}{found}>"


@hinted(Sizing)
def solve(
    scenario: Stated,
    ranges: Ranges,
    goal: str,
    *,
    part: float | None = None,
    costs: Mapping[str, float] | None = None,
    points: int = SCAN_POINTS,
    **sizes: Unpack[Sizing],
) -> Solved:
    """Find the smallest change of a lever, or of several, that reaches a goal.

    Parameters
    ----------
    scenario
        Its name, its file, what a file would say, or what `sim.load_scenario` returned.
    ranges
        Least and greatest value of each lever of the scenario, by its id.
    goal
        A condition of measures, as in ``share(work, DEU, top20, 2035) >= 0.023``.
    part
        Part of the draws in which it must hold, 0..1; None: in the mean.
    costs
        What the whole range of each of several levers costs; 1 where it is not said.
    points
        Values of the first scan, at least 3.
    sizes
        draws (25), replicates (2), researchers (5,000), seed (1); until is the last year that the goal or a lever names.
        workers: processes, all cores; with more than one a script must call this under ``if __name__ == "__main__":``.

    Raises
    ------
    RangeError
        If the scenario has no such lever, or it cannot have such values.
    sim.runs.formulas.expressions.ExpressionError
        If the goal cannot be read.
    sim.api.keywords.SizeError
        If a size is out of range.

    Examples
    --------
    >>> import sim
    >>> more = sim.lever("phd_places", id="more", destination="DEU", start=2026, change="multiply", value=1, evidence="asked")
    >>> asked = sim.load_scenario("baseline", levers=[more])
    >>> small = {"draws": 2, "researchers": 500, "workers": 1}
    >>> found = sim.solve(asked, {"more": (1.0, 1.2)}, "share(work, DEU, top20, 2028) >= 0.0", **small)
    >>> found.state
    'met'
    """
    check_sizes(sizes)
    loaded = scenario_of(scenario)
    by_id = {change.id: change for change in loaded.levers}
    check_ranges(loaded, by_id, ranges)
    aim = replace(aim_of(loaded, ranges, goal, sizes), part=part)
    workers = sizes.get("workers", available_cores())
    todays = [float(drawn_value(by_id[name], 0.5)) for name in ranges]
    if not aim.along:
        return Solved(aim, search(aim, todays[0], workers, points))
    prices = dict.fromkeys(ranges, 1.0) | dict(costs or {})
    return Solved(*search_several(aim, todays, [prices[name] for name in ranges], workers))


def aim_of(scenario: Scenario, ranges: Ranges, goal: str, sizes: Sizing) -> Aim:
    """Say what is asked: the levers of a scenario over their ranges, and the goal in the mean over draws."""
    basis = load_basis()
    read = parse_goal(goal, basis.data.codes, sizes.get("until", LAST_YEAR))
    factors = [Factor(name, "lever", name, float(low), float(high)) for name, (low, high) in ranges.items()]
    until = max(read.last_year, *(change.from_year for change in scenario.levers if change.id in ranges))
    numbers: dict[str, Any] = {"draws": 25, "researchers": 5_000, **sizes, "until": until}
    along = tuple(Along(factor, factor.low, factor.high) for factor in factors) if len(factors) > 1 else ()
    numbers.pop("workers", None)
    return Aim(replace(RunPlan(scenario, basis), **numbers), factors[0], read, None, along)


def range_problems(
    ranges: Ranges, allowed: Mapping[str, tuple[str, float, float]], kind: str, unknown: Callable[[str], str]
) -> list[str]:
    """List what is wrong with ranges: none at all, names that are not known, values out of range.

    Parameters
    ----------
    ranges : least and greatest value by name.
    allowed : by name what it is, its lowest and its highest value.
    kind : of what can be named, for a message.
    unknown : says of a name that there is none such.
    """
    problems = [] if ranges else [f"ranges: name at least one {kind}"]
    for name, span in ranges.items():
        if name not in allowed:
            near = nearest_name(name, allowed)
            hint = f"did you mean {near}? " if near else ""
            problems.append(f"{unknown(name)}; {hint}allowed: {', '.join(allowed)}")
            continue
        what, least, most = allowed[name]
        if len(span) != 2 or not least <= span[0] < span[1] <= most:
            problems.append(f"{name}: {span} is no range (low, high); allowed for {what}: {least:g} to {most:g}")
    return problems


def check_ranges(scenario: Scenario, by_id: Mapping[str, LeverChange], ranges: Ranges) -> None:
    """Refuse levers that the scenario does not have and values that they cannot have.

    Raises
    ------
    RangeError
        With all of them.
    """
    allowed = {name: (f"{each.change} {each.name}", *value_range(LEVERS[each.name], each.change)) for name, each in by_id.items()}
    problems = range_problems(ranges, allowed, "lever", lambda name: f"{scenario.name} has no lever {name!r}")
    if problems:
        raise RangeError("\n".join(problems))
