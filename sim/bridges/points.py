"""The simulation as a function of numbers: values of levers and parameters in, measures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

import numpy as np

from sim.api.keywords import Sizing, check_sizes
from sim.api.running import Stated, scenario_of
from sim.api.solving import Ranges, range_problems
from sim.model.world import Floats
from sim.runs.execute import execute
from sim.runs.formulas.measures import Measure, parse_measure, values_of
from sim.runs.plan import RunPlan, tasks_of
from sim.scenarios.levers.changes import value_range
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import load_basis
from sim.sweeps.design.design import with_value
from sim.sweeps.design.points import Factor


class PointsError(ValueError):
    """What is varied cannot be; says what can."""


@dataclass(frozen=True)
class PointModel:
    """Measures of a scenario as a function of levers and parameters. It can be pickled.

    Parameters
    ----------
    plan
        The scenario and the size of its runs.
    factors
        What is varied.
    measures
        What is told of each point: the mean over draws and replicates.
    """

    plan: RunPlan
    factors: tuple[Factor, ...]
    measures: tuple[Measure, ...]

    def at(self, point: Sequence[float]) -> Floats:
        """Simulate one point; every point has the same random numbers.

        Parameters
        ----------
        point : a value for each factor, (K,).

        Returns
        -------
        (M,) measures.
        """
        scenario = self.plan.scenario
        for factor, value in zip(self.factors, point, strict=True):
            scenario = with_value(scenario, factor, float(value))
        codes = self.plan.basis.data.codes
        made = (each for task in tasks_of(replace(self.plan, scenario=scenario)) for each in execute(task))
        mean: Floats = np.mean([values_of(self.measures, each, codes) for each in made], axis=0)
        return mean

    def at_all(self, points: Floats) -> Floats:
        """Simulate (N, K) points: (N, M) measures."""
        return np.stack([self.at(point) for point in np.asarray(points, dtype=np.float64)])


def response(scenario: Stated, ranges: Ranges, keep: Sequence[str], **sizes: Unpack[Sizing]) -> PointModel:
    """Make measures of a scenario a function of levers and parameters.

    Parameters
    ----------
    scenario
        Its name, its file, what a file would say, or what `sim.load_scenario` returned.
    ranges
        What is varied, and how far.
    keep
        Measures, as in ``share(work, USA, top20, 2035)``.
    sizes
        draws (10), replicates (2), researchers (5,000), seed (1), until (2035).

    Raises
    ------
    PointsError
        With everything that cannot be varied so.
    sim.runs.formulas.measures.MeasureError
        If a measure cannot be read.
    """
    check_sizes(sizes)
    loaded, basis = scenario_of(scenario), load_basis()
    numbers: dict[str, Any] = {"draws": 10, "researchers": 5_000, **sizes}
    numbers.pop("workers", None)
    plan = replace(RunPlan(loaded, basis), **numbers)
    measures = tuple(parse_measure(text, basis.data.codes, plan.until) for text in keep)
    levers = {change.id: ("this lever", *value_range(LEVERS[change.name], change.change)) for change in loaded.levers}
    parameters = {each.name: ("this parameter", each.low, each.high) for each in basis.data.parameters}
    problems = range_problems(
        ranges, levers | parameters, "lever or parameter", lambda name: f"{name!r} is no lever of the scenario and no parameter"
    )
    if problems:
        raise PointsError("\n".join(problems))
    kinds = {name: "parameter" if name in parameters else "lever" for name in ranges}
    factors = (Factor(name, kinds[name], name, float(low), float(high)) for name, (low, high) in ranges.items())
    return PointModel(plan, tuple(factors), measures)
