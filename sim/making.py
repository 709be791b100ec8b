"""Make the run of a plan, or find it: what `talentsim run` does, without its words."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from sim.data import load_data
from sim.experiment import Progress, RunPlan, Task, execute, run_tasks, tasks_of, variant_tasks
from sim.figures import save_work_shares
from sim.results import Run, find_run, read_run, write_run


def found_or_made(plan: RunPlan, out: Path, settings: Sequence[str] = (), progress: Progress | None = None) -> Run:
    """Find the run of a plan below a results folder, or make it.

    Parameters
    ----------
    plan
        What is asked for.
    out
        Results folder.
    settings
        Texts of ``--set`` for the record.
    progress
        Called with (phase, done, total).

    Raises
    ------
    ValueError
        If the fixed parameters leave nothing that is stable.
    sim.constants.NotSolvedError
        If the constants of a draw cannot be solved.
    sim.folders.FolderError
        If the folder cannot be written.
    """
    there = find_run(plan, out)
    return read_run(there) if there is not None else make_run(plan, tasks_of(plan), out, settings, progress)


def make_run(plan: RunPlan, tasks: list[Task], out: Path, settings: Sequence[str], progress: Progress | None) -> Run:
    """Make the run of a plan, whether it is there or not; arguments and errors as for `found_or_made`."""
    data = load_data()
    return write_run(
        plan,
        run_tasks(tasks, plan.workers, progress),
        out,
        command=command_of(plan, settings),
        variants={value: execute(task) for value, task in variant_tasks(plan).items()},
        finish=lambda made: save_work_shares(made, data, made.folder),
    )


def command_of(plan: RunPlan, settings: Sequence[str]) -> str:
    """Return the command that makes a run again, without anything of this machine."""
    numbers = {name: getattr(plan, name) for name in ("researchers", "draws", "replicates", "seed", "until")}
    options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    options += [word for setting in settings for word in ("--set", setting)]
    return shlex.join(["talentsim", "run", plan.scenario.name, *options])
