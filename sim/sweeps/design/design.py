"""A design: scenarios, what varies, how it is sampled, draws x replicates, and what is kept of each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sim.draws.ensemble import Ensemble, find_ensemble
from sim.runs.formulas.measures import Measure
from sim.scenarios.groups import Groups
from sim.scenarios.scenario import Scenario
from sim.sweeps.design.points import DesignPoints, Factor, make_points, point_count


@dataclass(frozen=True)
class Design:
    """A design that can be run.

    Parameters
    ----------
    title
        What the sweep is for.
    scenarios
        One or more; every point is run with each.
    factors, method, points, sample_seed
        What varies and how; see `sim.sweeps.design.points`. points is the number that was asked for.
    rows
        Of a CSV file, (N, K).
    keep
        What is kept of each run.
    draws
        Number of parameter draws; 0 for the reference point alone.
    replicates, researchers, seed, until
        As for a run.
    text
        The file, kept beside the results.
    name
        Of the file without ``.toml``; the folder's, if no other is asked for.
    groups
        Groups of regions that it or its scenarios name, codes by name.
    """

    title: str
    scenarios: tuple[Scenario, ...]
    factors: tuple[Factor, ...]
    method: str
    points: int
    sample_seed: int
    keep: tuple[Measure, ...]
    draws: int
    replicates: int
    researchers: int
    seed: int
    until: int
    text: str = ""
    rows: tuple[tuple[float, ...], ...] = field(default=())
    name: str = "sweep"
    ensemble: Ensemble = field(default_factory=find_ensemble)
    groups: Groups = field(default_factory=dict)

    @property
    def point_count(self) -> int:
        """Number of points; a design with lists or years may have equal ones, whose runs are executed once."""
        return point_count(self.method, self.factors, self.points, len(self.rows))

    @property
    def run_count(self) -> int:
        """Most runs that it can have."""
        return self.point_count * len(self.scenarios) * max(1, self.draws) * self.replicates

    def make_points(self) -> DesignPoints:
        """Make the (N, K) points."""
        rows = np.array(self.rows, dtype=np.float64) if self.rows else None
        return make_points(self.method, self.factors, self.points, self.sample_seed, rows)

    def scenario_at(self, scenario: int, point: Sequence[float]) -> Scenario:
        """Put the factor values of a point into one of the scenarios."""
        found = self.scenarios[scenario]
        for factor, value in zip(self.factors, point, strict=True):
            found = with_value(found, factor, float(value))
        return found


def with_value(scenario: Scenario, factor: Factor, value: float) -> Scenario:
    """Put one factor value into a scenario."""
    if factor.kind == "parameter":
        return replace(scenario, parameters={**scenario.parameters, factor.target: value})
    key: Any = {"lever": "value", "from": "from_year", "until": "until_year"}[factor.kind]
    number: Any = value if factor.kind == "lever" else round(value)
    layers = tuple(
        tuple(replace(change, **{key: number}) if change.id == factor.target else change for change in layer)
        for layer in scenario.layers
    )
    return replace(scenario, layers=layers)
