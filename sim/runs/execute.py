"""Many runs of one scenario: draws x replicates on any number of processes, in a fixed order; found where they are already."""

from __future__ import annotations

import multiprocessing
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sim.data.load import load_data
from sim.draws.draw import REFERENCE, draw_vectors, make_draw, reference_vector
from sim.runs.folder import Run, find_run, read_run, write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.variants import VALUES, VARIED
from sim.runs.plan import RunPlan
from sim.runs.simulate import simulate

Progress = Callable[[str, int, int], None]
Finish = Callable[[Run], object]


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
    ValueError : the parameters fixed by the scenario leave too few stable draws.
    """
    vectors, _ = draw_vectors(load_data(), plan.draws, plan.scenario.parameters)
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


def found_or_made(
    plan: RunPlan, out: Path, finish: Finish, settings: Sequence[str] = (), progress: Progress | None = None
) -> Run:
    """Find the run of a plan below a results folder, or make it.

    Parameters
    ----------
    plan
        What is asked for.
    out
        Results folder.
    finish
        Called with the run before its folder is in its place, to write into it what is drawn from its numbers.
    settings
        Texts of ``--set`` for the record.
    progress
        Called with (phase, done, total).

    Raises
    ------
    ValueError
        If the fixed parameters leave too few stable draws.
    sim.draws.constants.NotSolvedError
        If the constants of a draw cannot be solved.
    sim.runs.atomic.FolderError
        If the folder cannot be written.
    """
    there = find_run(plan, out)
    return read_run(there) if there is not None else make_run(plan, tasks_of(plan), out, finish, settings, progress)


def make_run(
    plan: RunPlan, tasks: list[Task], out: Path, finish: Finish, settings: Sequence[str], progress: Progress | None
) -> Run:
    """Make the run of a plan, whether it is there or not; arguments and errors as for `found_or_made`."""
    return write_run(
        plan,
        run_tasks(tasks, plan.workers, progress),
        out,
        command=command_of(plan, settings),
        notes=[unstable_points(plan)],
        variants={value: execute(task) for value, task in variant_tasks(plan).items()},
        finish=finish,
    )


def unstable_points(plan: RunPlan) -> str:
    """Say which share of the points of the priors was passed over."""
    rejected = draw_vectors(load_data(), plan.draws, plan.scenario.parameters)[1]
    return f"Passed over as unstable (feedbacks that amplify themselves): {rejected:.0%} of the prior's points."


def command_of(plan: RunPlan, settings: Sequence[str]) -> str:
    """Return the command that makes a run again, without anything of this machine."""
    numbers = {name: getattr(plan, name) for name in ("researchers", "draws", "replicates", "seed", "until")}
    options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    options += [word for setting in settings for word in ("--set", setting)]
    return shlex.join(["talentsim", "run", plan.scenario.name, *options])
