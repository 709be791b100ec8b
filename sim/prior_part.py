"""How much of an effect's spread between draws goes with inputs that nothing but judgement has set.

A linear regression, over draws, of the effect on the ranks of those parameters whose prior is tagged M (judgement) in
`sim/data/tables/parameters.toml`. Today every draw comes from the priors, none is weighed by data; tag M marks those for
which not even the prior rests on a published or computed number. Sizes of levers are no parameters and are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.data.load import load_data
from sim.model.world import Floats
from sim.pairing import fixed_parameters, is_current, vectors_of
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import variance_parts

JUDGEMENT = "M"
DRAWS_PER_INPUT = 1.5
"""Fewest draws per input for which the regression says anything."""


@dataclass(frozen=True)
class Inputs:
    """Ranks of the uninformed parameters by draw, standardised, (D, I)."""

    names: tuple[str, ...]
    ranks: Floats


def uninformed(fixed: Sequence[str] = ()) -> tuple[str, ...]:
    """Name the uncertain parameters whose prior is judgement, but for those that a scenario fixes."""
    return tuple(p.name for p in load_data().parameters if p.prior is not None and p.tag == JUDGEMENT and p.name not in fixed)


def uninformed_inputs(run: Run, draws: Sequence[int]) -> Inputs | None:
    """Collect the uninformed parameters of draws of a run; None if the draws are too few or of another version.

    Parameters
    ----------
    run
        The run that the draws belong to.
    draws
        Numbers of the draws looked at, (D,).
    """
    names = uninformed(tuple(fixed_parameters(run)))
    if len(draws) < DRAWS_PER_INPUT * len(names) or not is_current(run):
        return None
    vectors = vectors_of(run)
    values = np.array([[vectors[draw][name] for name in names] for draw in draws])
    ranks = values.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable").astype(np.float64)
    return Inputs(names, ranks - ranks.mean(axis=0))


def prior_part(values: Floats, inputs: Inputs) -> float:
    """Return the share of the variance between draws that the uninformed parameters explain, 0..1.

    The share explained is adjusted for the number of inputs, and set against the variance between draws without replicate noise.

    Parameters
    ----------
    values
        Paired differences, (D, P).
    inputs
        Of `uninformed_inputs`, on the same draws.

    Returns
    -------
    float
        NaN where the draws do not differ, or where replicates cannot tell the noise.
    """
    parts = variance_parts(values)
    means = values.mean(axis=1)
    if np.isnan(means).any() or not np.isfinite(parts.draw) or parts.draw == 0.0:
        return float("nan")
    draws, count = inputs.ranks.shape
    centred = means - means.mean()
    weights, *_ = np.linalg.lstsq(inputs.ranks, centred, rcond=None)
    unexplained = float(((centred - inputs.ranks @ weights) ** 2).sum()) / (draws - count - 1)
    explained = float(means.var(ddof=1)) - unexplained
    return float(np.clip(explained / parts.draw, 0.0, 1.0))
