"""What a headline rests on: its variance shared out over groups of inputs, correlations kept (grouped Shapley values)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from sim.calibration.bank.points import drawn_parameters
from sim.calibration.ensemble.model import Answers, headline_names
from sim.calibration.ensemble.waves import Calibration
from sim.data.schema import JUDGEMENT, Data
from sim.draws.ensemble import INFORMED
from sim.model.world import Floats

DATA, LITERATURE, UNINFORMED, LEVER_GROUP = "data", "literature", "nothing", "levers"
SOURCES: Final[Mapping[str, str]] = {
    DATA: "parameters that the evidence narrows by .3 or more",
    LITERATURE: "parameters with a prior from a published source",
    UNINFORMED: "parameters with a prior of judgement, which no data inform",
    LEVER_GROUP: "values of levers in force, and errors of what draws are solved on",
}
"""Groups of inputs by name, in words."""


def what_headlines_rest_on(calibration: Calibration, answers: Answers, data: Data) -> dict[str, Any]:
    """Share out the posterior variance of every headline, on an emulator of all solved points.

    Parameters
    ----------
    calibration : with its sizes and seed.
    answers : of all points that were solved.
    data : the packaged tables, for the labels of the parameters.

    Returns
    -------
    "shrinkage" by parameter; "headlines": by name the share of the variance by group of SOURCES, which with what a linear
    surrogate leaves ("rest") add to 1.
    """
    states = calibration.states(answers)
    names = drawn_parameters(data)
    shrinkage = dict(zip(names, (1.0 - states.scores.std(axis=0)).tolist(), strict=True))
    groups = input_groups(data, shrinkage, states.keyed.shape[1])
    inputs = np.concatenate([states.scores, states.keyed], axis=1)
    shares = [variance_shares(inputs, values, groups) for values in states.headlines.T]
    return {"shrinkage": shrinkage, "headlines": dict(zip(headline_names(), shares, strict=True)), "states": len(inputs)}


def input_groups(data: Data, shrinkage: Mapping[str, float], keyed: int) -> dict[str, list[int]]:
    """List the columns of the inputs by group of SOURCES: parameters with a prior, then `keyed` scores."""
    tags = {parameter.name: parameter.tag for parameter in data.parameters}
    found: dict[str, list[int]] = {name: [] for name in SOURCES}
    for column, (name, shrunk) in enumerate(shrinkage.items()):
        found[DATA if shrunk >= INFORMED else UNINFORMED if tags[name] == JUDGEMENT else LITERATURE].append(column)
    found[LEVER_GROUP] = list(range(len(shrinkage), len(shrinkage) + keyed))
    return found


def variance_shares(inputs: Floats, values: Floats, groups: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Compute the grouped Shapley values of a linear surrogate, as shares of the variance, and what it leaves ("rest").

    Parameters
    ----------
    inputs : (n, I) of a sample, correlated as they are.
    values : (n,) of what is explained.
    groups : columns by name, disjoint.

    Notes
    -----
    A set of groups explains Var(E[value | its inputs]) = c' C^-1 c of the covariances of its inputs, those with others left out
    included; a group's share is what it adds, averaged over the orders in which groups may come (Owen 2014).
    """
    centred, moved = inputs - inputs.mean(axis=0), values - values.mean()
    spread = float(moved @ moved)
    covariance, with_value = centred.T @ centred, centred.T @ moved
    names = [name for name, columns in groups.items() if len(columns)]

    def explained(members: tuple[str, ...]) -> float:
        columns = [column for name in names if name in members for column in groups[name]]
        if not columns or spread == 0.0:
            return 0.0
        weights, *_ = np.linalg.lstsq(covariance[np.ix_(columns, columns)], with_value[columns], rcond=None)
        return float(with_value[columns] @ weights) / spread

    sets = [members for size in range(len(names) + 1) for members in itertools.combinations(names, size)]
    known = {frozenset(members): explained(members) for members in sets}
    shares = dict.fromkeys(groups, 0.0)
    for name in names:
        for members in (each for each in sets if name not in each):
            size = len(members)
            odds = math.factorial(size) * math.factorial(len(names) - size - 1) / math.factorial(len(names))
            shares[name] += odds * (known[frozenset((*members, name))] - known[frozenset(members)])
    return shares | {"rest": 1.0 - known[frozenset(names)]}
