"""EMA Workbench: a model with levers, uncertainties and outcomes, for its experiments, scenario discovery and searches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from sim.api.keywords import Sizing
from sim.api.running import Stated
from sim.api.solving import Ranges
from sim.bridges.points import PointModel, response

if TYPE_CHECKING:
    from ema_workbench import Model


@dataclass(frozen=True)
class Experiment:
    """What a model of the workbench calls: values by name in, outcomes by name out. It can be pickled.

    Parameters
    ----------
    asked
        What is simulated.
    names
        Names of the workbench, in the order of the factors.
    outcomes
        Names of the outcomes, in the order of the measures.
    """

    asked: PointModel
    names: tuple[str, ...]
    outcomes: tuple[str, ...]

    def __call__(self, **values: float) -> dict[str, float]:
        """Simulate one experiment."""
        found = self.asked.at([values[name] for name in self.names])
        return dict(zip(self.outcomes, found.tolist(), strict=True))


def model(scenario: Stated, levers: Ranges, uncertainties: Ranges, outcomes: Mapping[str, str], **sizes: Unpack[Sizing]) -> Model:
    """Make a model of the EMA Workbench.

    Parameters
    ----------
    scenario
        Its name, its file, what a file would say, or what `sim.load_scenario` returned.
    levers, uncertainties
        Ranges of what a policy decides and of what it does not: ids of levers of the scenario, names of parameters. The workbench
        calls them with ``_`` for every other sign.
    outcomes
        Measures by the name that an outcome gets.
    sizes
        draws (10), replicates (2), researchers (5,000), seed (1), until (2035).

    Raises
    ------
    sim.bridges.points.PointsError, sim.runs.formulas.measures.MeasureError
        If something cannot be varied or measured so.
    """
    from ema_workbench import Model, RealParameter, ScalarOutcome

    asked = response(scenario, {**levers, **uncertainties}, list(outcomes.values()), **sizes)
    names = tuple(python_name(factor.name) for factor in asked.factors)
    made: Any = Model("talentsim", function=Experiment(asked, names, tuple(outcomes)))
    made.levers = parameters(levers, RealParameter)
    made.uncertainties = parameters(uncertainties, RealParameter)
    made.outcomes = [ScalarOutcome(name) for name in outcomes]
    return made


def parameters(ranges: Ranges, kind: Any) -> Sequence[Any]:
    """Make the parameters of the workbench."""
    return [kind(python_name(name), float(low), float(high)) for name, (low, high) in ranges.items()]


def python_name(name: str) -> str:
    """Write a name as Python does: ``_`` for every other sign."""
    return re.sub(r"\W", "_", name)
