"""What is asked of a run: the plan, and its draws, each of which is a unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sim.draws.draw import Draw
from sim.draws.ensemble import Ensemble, draw_of, find_ensemble, vectors_of_draws
from sim.scenarios.scenario import Basis, Scenario


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
    ValueError : the parameters fixed by the scenario leave nothing that is stable, or the ensemble has fewer draws.
    """
    vectors = vectors_of_draws(plan.ensemble, plan.basis.data, plan.draws, plan.scenario.parameters)
    return [Task(plan, number, vector) for number, vector in enumerate(vectors)]


def solve(task: Task) -> Draw:
    """Solve or find the draw of a task."""
    return draw_of(task.plan.ensemble, task.plan.basis, task.parameters, task.number)
