"""Which policy is regretted least: a table of policies against uncertain futures, for one number.

Policies are the scenarios of a sweep and futures its points and draws; with one scenario, policies are the points and futures
the draws. The regret of a policy in a future is what it falls short of the best policy of the table in the same future.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sim.model.world import Floats
from sim.runs.outcomes.statistics import BAND_AND_MEDIAN
from sim.sweeps.analysis.responses import AnalysisError, Response, respond
from sim.sweeps.results import Sweep

HIGHER = "higher"


MOST_POLICIES = 200


@dataclass(frozen=True)
class Robustness:
    """Policies against futures.

    Parameters
    ----------
    expression
        The number.
    direction
        ``higher`` or ``lower``: what is better.
    policies
        P names.
    futures
        F names.
    values
        Mean over replicates, (P, F).
    left_out
        Futures left out because a run of a policy is missing or failed.
    noise
        Standard error, from the replicates, of a difference between two policies in one future; NaN with one replicate.
    """

    expression: str
    direction: str
    policies: tuple[str, ...]
    futures: tuple[str, ...]
    values: Floats
    left_out: int
    noise: float

    @property
    def regret(self) -> Floats:
        """What each policy falls short of the best one, (P, F), at least 0."""
        gain = self.values if self.direction == HIGHER else -self.values
        regret: Floats = gain.max(axis=0) - gain
        return regret

    @property
    def least_worst(self) -> str:
        """The policy whose greatest regret is smallest."""
        return self.policies[int(np.argmin(self.regret.max(axis=1)))]

    @property
    def least_mean(self) -> str:
        """The policy whose mean regret is smallest."""
        return self.policies[int(np.argmin(self.regret.mean(axis=1)))]

    @property
    def best_share(self) -> Floats:
        """In what share of the futures each policy is the best (or as good), (P,)."""
        share: Floats = (self.regret == 0.0).mean(axis=1)
        return share

    @property
    def quantiles(self) -> Floats:
        """The 5 %, 50 % and 95 % quantiles of each policy's number over futures, (P, 3)."""
        return np.quantile(self.values, BAND_AND_MEDIAN, axis=1).T


def robustness(sweep: Sweep, text: str, direction: str = HIGHER) -> Robustness:
    """Set policies against futures.

    Parameters
    ----------
    sweep
        Read; with several scenarios, or one whose points differ in levers alone.
    text
        A measure that it kept, or a formula of measures.
    direction
        ``higher`` or ``lower``: what is better.

    Raises
    ------
    ExpressionError
        If the text is wrong.
    AnalysisError
        If the elite is too small, or there are no two policies or no complete future.
    """
    responses = [respond(sweep, text, name) for name in sweep.scenarios]
    if len(responses) > 1:
        stacked = np.stack([response.values.reshape(-1, response.values.shape[2]) for response in responses])
        return regret_table(text, direction, sweep.scenarios, future_names(responses[0], len(responses[0].points)), stacked)
    (response,) = responses
    uncertain = [factor.name for factor in response.factors if factor.kind == "parameter"]
    if uncertain:
        raise AnalysisError(
            f"{', '.join(uncertain)}: an uncertain parameter is no policy; a regret table needs several scenarios in the design, "
            "or factors that are levers alone"
        )
    points, first = np.unique(response.points, axis=0, return_index=True)
    if len(points) < 2:
        raise AnalysisError("the sweep has one policy; a regret table needs several scenarios, or points that differ in levers")
    if len(points) > MOST_POLICIES:
        raise AnalysisError(f"{len(points)} points are too many policies to compare, at most {MOST_POLICIES}; use a small grid")
    names = [", ".join(f"{f.name} {x:.4g}" for f, x in zip(response.factors, point, strict=True)) for point in points]
    return regret_table(text, direction, tuple(names), future_names(response, 1), response.values[first])


def future_names(response: Response, points: int) -> tuple[str, ...]:
    """Name the futures: points and draws, draws within points."""
    draws = response.values.shape[1]
    by_point = [f"point {n}" for n in range(points)] if points > 1 else [""]
    by_draw = [f"draw {n}" for n in range(draws)] if draws > 1 else [""]
    return tuple(" ".join(filter(None, (point, draw))) or "reference point" for point in by_point for draw in by_draw)


def regret_table(text: str, direction: str, policies: tuple[str, ...], futures: tuple[str, ...], values: Floats) -> Robustness:
    """Make the table from numbers by policy, future and replicate, (P, F, R).

    Raises
    ------
    AnalysisError
        If no future has all the runs of every policy.
    """
    whole = np.asarray(np.isfinite(values).all(axis=(0, 2)), dtype=np.bool_)
    if not whole.any():
        raise AnalysisError("no future has all the runs of every policy; finish the sweep, or look at its failed runs")
    kept = values[:, whole]
    replicates = kept.shape[2]
    noise = math.nan
    if replicates > 1:
        apart = kept - kept.mean(axis=0)  # shared random numbers move all policies alike
        variance = apart.var(axis=2, ddof=1).mean() * len(policies) / (len(policies) - 1)
        noise = float(np.sqrt(2.0 * variance / replicates))
    names = tuple(name for name, keep in zip(futures, whole, strict=True) if keep)
    return Robustness(text, direction, policies, names, kept.mean(axis=2), int((~whole).sum()), noise)
