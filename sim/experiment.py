"""Many runs of one scenario: draws x replicates, on any number of processes, in a fixed order."""

import multiprocessing
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice

from sim.data import load_data
from sim.draws import REFERENCE, draw_vectors, make_draw, reference_vector
from sim.engine import simulate
from sim.outcomes import Outcomes
from sim.scenario import Scenario
from sim.variants import VALUES, VARIED

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RunPlan:
    """What `talentsim run` was asked to do for one scenario."""

    scenario: Scenario
    draws: int = 100
    replicates: int = 2
    seed: int = 1
    researchers: int = 20_000
    until: int = 2035
    engine: str = "arrays"
    workers: int = 1
    check_invariants: bool = False


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
    ValueError : the parameters fixed by the scenario leave nothing that is stable.
    """
    vectors = draw_vectors(load_data(), plan.draws, plan.scenario.parameters)
    return [Task(plan, number, vector) for number, vector in enumerate(vectors)]


def variant_tasks(plan: RunPlan) -> dict[float, Task]:
    """Make the tasks that show a plan's headline at the reference point, by seat elasticity.

    A scenario that fixes parameters leaves the reference point; it has no variants.
    """
    if plan.scenario.parameters:
        return {}
    point = reference_vector(load_data())
    return {value: Task(plan, REFERENCE, point | {VARIED: value}) for value in VALUES}


def execute(task: Task) -> list[Outcomes]:
    """Solve or find the draw of a task and run its replicates."""
    plan = task.plan
    draw = make_draw(load_data(), task.parameters, task.number)
    return [
        simulate(
            plan.scenario,
            draw,
            replicate,
            plan.researchers,
            plan.seed,
            plan.until,
            plan.engine,
            plan.check_invariants,
        )
        for replicate in range(plan.replicates)
    ]


def run_tasks(tasks: list[Task], workers: int, progress: Progress | None = None) -> Iterator[Outcomes]:
    """Run tasks and yield their outcomes in the order of the tasks, whatever the number of workers.

    Parameters
    ----------
    tasks : of `tasks_of` or `reference_task`.
    workers : processes, at least 1; 1 runs in this process.
    progress : called with (phase, done, total) after every task.

    Yields
    ------
    Outcomes by draw, then replicate.
    """
    if workers <= 1 or len(tasks) == 1:
        for done, task in enumerate(tasks, start=1):
            yield from execute(task)
            report(progress, done, len(tasks))
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(max_workers=min(workers, len(tasks)), mp_context=context)
    try:
        waiting: list[Future[list[Outcomes]]] = []
        upcoming = iter(tasks)
        done = 0
        while True:
            waiting += [pool.submit(execute, task) for task in islice(upcoming, 2 * workers - len(waiting))]
            if not waiting:
                break
            yield from waiting.pop(0).result()
            done += 1
            report(progress, done, len(tasks))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def report(progress: Progress | None, done: int, total: int) -> None:
    """Tell the caller how far the runs are."""
    if progress is not None:
        progress("running", done, total)


def run_plan(plan: RunPlan, progress: Progress | None = None) -> Iterator[Outcomes]:
    """Run all draws and replicates of a plan, in (draw, replicate) order."""
    yield from run_tasks(tasks_of(plan), plan.workers, progress)
