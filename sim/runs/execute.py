"""Many runs of one scenario: draws x replicates on any number of processes, in a fixed order; found where they are already."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from sim.data.schema import PACKAGED
from sim.draws.draw import REFERENCE, Draw, reference_vector
from sim.draws.ensemble import find_ensemble, known_draw_of
from sim.draws.worlds import world_of
from sim.engines.arrays import is_compiled
from sim.engines.walk import EngineMissingError, check_engine
from sim.runs.executors import Progress, map_in_order, map_in_threads, with_progress
from sim.runs.folder import Run, check_place, find_run, write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.variants import VALUES, VARIED
from sim.runs.plan import RunPlan, Task, solve, tasks_of
from sim.runs.simulate import Walk, simulate
from sim.scenarios.warnings import warn_without_baseline

SHORT: Final = 200_000
"""Researchers up to which a run is so short that threads of one process may make it: none can be stopped in the middle."""
SMALLEST = 100
"""Researchers of a run that is made for nothing but what it compiles."""


def variant_tasks(plan: RunPlan) -> dict[float, Task]:
    """Make the tasks that show a plan's headline at the reference point, by seat elasticity.

    A scenario that fixes parameters leaves the reference point; it has no variants.
    """
    if plan.scenario.parameters:
        return {}
    point = reference_vector(plan.basis.data)
    return {value: Task(plan, REFERENCE, point | {VARIED: value}) for value in VALUES}


def execute(task: Task) -> list[Outcomes]:
    """Solve or find the draw of a task and run its replicates."""
    return run_replicates(task, solve(task))


def run_replicates(task: Task, draw: Draw) -> list[Outcomes]:
    """Run the replicates of a task whose draw is solved."""
    plan = task.plan
    world = world_of(plan.basis.data, plan.scenario, draw, plan.researchers, plan.until)
    walk = Walk(plan.engine, plan.check_invariants)
    return [simulate(world, draw, replicate, plan.seed, walk) for replicate in range(plan.replicates)]


def run_tasks(tasks: list[Task], workers: int, progress: Progress | None = None) -> Iterator[Outcomes]:
    """Run tasks and yield their outcomes in the order of the tasks, whatever the number of workers.

    Short runs of the array engine are made in threads of this process, which has everything loaded; what is long or walks in
    Python, and draws that are not solved yet, in processes.

    Parameters
    ----------
    tasks : of `tasks_of`.
    workers : threads or processes, at least 1; 1 runs in this process.
    progress : called with (phase, done, total) after every task.

    Yields
    ------
    Outcomes by draw, then replicate.

    Raises
    ------
    sim.runs.executors.ExecutorError : worker processes die or cannot start.
    """
    compile_ahead(tasks, progress)
    if all(is_short(task.plan) for task in tasks):
        draws = draws_of(tasks, workers, progress)
        made = map_in_threads(lambda pair: run_replicates(*pair), zip(tasks, draws, strict=True), workers)
    else:
        made = map_in_order(execute, tasks, workers)
    with closing(made) as results:
        for outcomes in with_progress(results, "running", len(tasks), progress):
            yield from outcomes


def is_short(plan: RunPlan) -> bool:
    """Tell whether a run of a plan is one compiled call of a second at most, or a few."""
    return plan.engine == "arrays" and not plan.check_invariants and plan.researchers <= SHORT


def draws_of(tasks: Sequence[Task], workers: int, progress: Progress | None) -> list[Draw]:
    """Find the draws of tasks, and solve in processes those that nobody has solved."""
    known = [known_draw_of(task.plan.ensemble, task.plan.basis, task.parameters, task.number) for task in tasks]
    missing = [task for task, draw in zip(tasks, known, strict=True) if draw is None]
    with closing(map_in_order(solve, missing, workers)) as results:
        solved = iter(list(with_progress(results, "solving", len(missing), progress)))
    return [next(solved) if draw is None else draw for draw in known]


def compile_ahead(tasks: Sequence[Task], progress: Progress | None = None) -> None:
    """Compile what the tasks call, if it is not in the cache: once, by the smallest run there is, before workers ask for it.

    Parameters
    ----------
    tasks : of one plan.
    progress : told beforehand, as it takes some ten seconds.
    """
    if not tasks or tasks[0].plan.engine != "arrays" or is_compiled():
        return
    if progress is not None:
        progress("compiling the model, once for this version", 0, len(tasks))
    execute(replace(tasks[0], plan=replace(tasks[0].plan, researchers=SMALLEST, replicates=1, check_invariants=False)))


class PlanError(ValueError):
    """A plan that cannot be run as it was asked for."""


class Runner:
    """Makes the outcomes of a plan by the engines, on processes of our own; tests put outcomes made by hand in its place."""

    def tasks(self, plan: RunPlan) -> list[Task]:
        """List what has to be done (see `tasks_of`)."""
        return tasks_of(plan)

    def outcomes(self, tasks: list[Task], workers: int, progress: Progress | None) -> Iterator[Outcomes]:
        """Run tasks, in their order (see `run_tasks`)."""
        return run_tasks(tasks, workers, progress)

    def variants(self, plan: RunPlan) -> Mapping[float, Iterable[Outcomes]]:
        """Run the headline at the reference point, by seat elasticity (see `variant_tasks`)."""
        tasks = variant_tasks(plan)
        made = run_tasks(list(tasks.values()), plan.workers)
        return {value: list(islice(made, plan.replicates)) for value in tasks}


Finish = Callable[[Run], object]
"""Adds files, such as figures, to the folder of a run before it is moved into place."""
Watcher = Callable[[str], AbstractContextManager[Progress | None]]
"""Opens what shows how far the runs of the scenario of a name are; errors of its runs pass through it."""


def unwatched(name: str) -> AbstractContextManager[Progress | None]:
    """Show nothing of the runs of a scenario."""
    return nullcontext()


def found_or_made(
    plans: Sequence[RunPlan],
    out: Path,
    finish: Finish,
    settings: Sequence[str] = (),
    watch: Watcher = unwatched,
    runner: Runner | None = None,
) -> Iterator[tuple[Run, Literal["found", "made", "made again"]]]:
    """Find the run of each plan below a results folder, or make it; what can be checked is, before anything is run.

    A run of another engine, or whose invariants are to be checked, is made again and compared with the one that is there. Of a
    scenario without the levers of the baseline it warns.

    Parameters
    ----------
    plans
        What is asked for.
    out
        Results folder.
    finish
        Called with each run that is made before its folder is in its place, to write into it what is drawn of it.
    settings
        Texts of ``--set`` for the record.
    watch
        Opened around the making of each run with the name of its scenario.
    runner
        Who makes the outcomes; the engines if None.

    Yields
    ------
    Each run in the order of the plans, and what became of it.

    Raises
    ------
    PlanError
        If the fixed parameters of a scenario leave nothing that is stable.
    sim.draws.constants.NotSolvedError, sim.engines.walk.InvariantBrokenError
        If the constants of a draw cannot be solved, or a year does not add up.
    sim.runs.atomic.FolderError
        If a folder cannot be written, or is there already and holds other numbers.
    """
    runner = runner or Runner()
    there = [found_run(plan, out) for plan in plans]
    tasks = [planned(runner, plan, out) if found is None else [] for plan, found in zip(plans, there, strict=True)]
    for plan in plans:
        warn_without_baseline(plan.scenario, plan.basis)
    for plan, found, todo in zip(plans, there, tasks, strict=True):
        known = found or found_run(plan, out)  # a scenario named twice is made by the first
        if known is not None:
            yield known, "found"
            continue
        before = find_run(plan, out)
        with watch(plan.scenario.name) as progress:
            outcomes = runner.outcomes(todo, plan.workers, progress)
            made = write_run(
                plan, outcomes, out, command=run_command(plan, settings), variants=runner.variants(plan), finish=finish
            )
        yield made, "made" if before is None else "made again"


def planned(runner: Runner, plan: RunPlan, out: Path) -> list[Task]:
    """List the tasks of a plan whose run can be written; errors as of `found_or_made`."""
    try:
        check_engine(plan.engine)
        tasks = runner.tasks(plan)
    except (ValueError, EngineMissingError) as error:
        raise PlanError(str(error)) from error
    check_place(plan, out)
    return tasks


def found_run(plan: RunPlan, out: Path) -> Run | None:
    """Read a run that need not be made: there, whole, by the engine of the plan, with no invariants to check."""
    known = find_run(plan, out)
    return None if known is None or plan.check_invariants or known.provenance["engine"] != plan.engine else known


def run_command(plan: RunPlan, settings: Sequence[str]) -> str:
    """Return the command that makes a run again, without anything of this machine."""
    numbers = {name: getattr(plan, name) for name in ("researchers", "draws", "replicates", "seed", "until")}
    options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    options += [word for setting in settings for word in ("--set", setting)]
    if plan.basis.data.name != PACKAGED:
        options += ["--data", plan.basis.data.name]
    elif plan.ensemble != find_ensemble():
        options += ["--ensemble", plan.ensemble.file]
    return shlex.join(["talentsim", "run", plan.scenario.name, *options])
