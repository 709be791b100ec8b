"""What is asked of a run: the plan, and its draws, each of which is a unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from sim.data.schema import PACKAGED
from sim.draws.draw import Draw
from sim.draws.ensemble import PRIOR, Ensemble, draw_of, find_ensemble, vectors_of_draws
from sim.runs.outcomes.statistics import effective_number
from sim.scenarios.scenario import Basis, Scenario, check_regions


@dataclass(frozen=True)
class RunPlan:
    """What is asked of the runs of one scenario.

    Parameters
    ----------
    scenario
        The resolved scenario.
    basis
        The tables, and the baseline on which draws are solved.
    draws, replicates
        Number of parameter draws, and of replicates of each.
    seed
        Of the keyed random numbers.
    researchers
        Active researchers in 2022 on the baseline, the scale of the run.
    until
        Last year.
    ensemble
        That draws are of; the shipped one unless another is given.
    engine, workers, check_invariants
        How it is executed; they change no number.
    """

    scenario: Scenario
    basis: Basis
    draws: int = 100
    replicates: int = 2
    seed: int = 1
    researchers: int = 20_000
    until: int = 2035
    engine: str = "arrays"
    workers: int = 1
    check_invariants: bool = False
    ensemble: Ensemble = field(default_factory=find_ensemble)

    @property
    def effective_draws(self) -> float:
        """Number of draws, those that repeat one another counted for less (Kish): what an error of a mean or median rests on."""
        if self.ensemble.is_prior:
            return float(self.draws)
        return effective_number(np.array([float(len(rows)) for rows in rows_by_point(self.ensemble, self.draws)]))


def rows_by_point(ensemble: Ensemble, draws: int) -> list[list[int]]:
    """List the points that the first rows of an ensemble are of, each once, as the rows that it has."""
    rows: dict[tuple[int, bytes], list[int]] = {}
    for row, (number, scores) in enumerate(zip(ensemble.numbers[:draws], ensemble.scores[:draws], strict=True)):
        rows.setdefault((number, scores.tobytes()), []).append(row)
    return list(rows.values())


@dataclass(frozen=True)
class Task:
    """The replicates of one draw: the unit that a worker executes."""

    plan: RunPlan
    number: int
    parameters: Mapping[str, float]


def tasks_of(plan: RunPlan) -> list[Task]:
    """List the draws of a plan with their parameters.

    Raises
    ------
    ValueError : the parameters fixed by the scenario leave nothing that is stable, the ensemble has fewer draws, or the scenario
        or the ensemble belongs to other data.
    """
    data, scenario = plan.basis.data, plan.scenario
    check_regions(scenario, data)
    if not plan.ensemble.is_prior and data.name != PACKAGED:
        raise ValueError(
            f"ensemble {plan.ensemble.name} is of the packaged data, not of {data.name}; its draws are of the {PRIOR}"
        )
    vectors = vectors_of_draws(plan.ensemble, data, plan.draws, scenario.parameters)
    return [Task(plan, number, vector) for number, vector in enumerate(vectors)]


def solve(task: Task) -> Draw:
    """Solve or find the draw of a task."""
    return draw_of(task.plan.ensemble, task.plan.basis, task.parameters, task.number)
