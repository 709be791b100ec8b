"""SALib: the problem_of_model that its samplers take, and the outcomes that its analyses take."""

from __future__ import annotations

from typing import Any

from sim.bridges.points import PointModel
from sim.model.world import Floats


def problem_of_model(asked: PointModel) -> dict[str, Any]:
    """Write what is varied as SALib writes it: ``num_vars``, ``names``, ``bounds``, and the names of the outputs."""
    return {
        "num_vars": len(asked.factors),
        "names": [factor.name for factor in asked.factors],
        "bounds": [[factor.low, factor.high] for factor in asked.factors],
        "outputs": [str(measure) for measure in asked.measures],
    }


def evaluate_points(points: Floats, asked: PointModel) -> Floats:
    """Simulate the points of a SALib sample; `ProblemSpec.evaluate` takes it as it is.

    Parameters
    ----------
    points : (N, K) as a sampler made them of `problem_of_model`.
    asked : of `sim.bridges.points.response`.

    Returns
    -------
    (N, M) measures; (N,) of a single one, as SALib's functions want it.
    """
    values = asked.at_all(points)
    return values[:, 0] if values.shape[1] == 1 else values
