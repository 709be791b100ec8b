"""Walk a run again, researcher by researcher: counts by region cannot say who stayed, a deterministic re-run can.

Draws belong to researchers and rows keep their places, so that what is read of a row in one year and in another is one person.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.draws.worlds import world_of
from sim.engines.arrays import run_years
from sim.engines.counts import YearEnd
from sim.model.choice.randomness import make_key
from sim.runs.executors import Progress, map_in_order, with_progress
from sim.runs.folder import ensemble_of, read_run
from sim.runs.plan import RunPlan, Task, solve, tasks_of
from sim.runs.provenance import model_id
from sim.scenarios.load import load_basis, load_scenario

Reader = Callable[[Iterator[YearEnd]], NDArray[Any]]
"""Reads an array off the years of one run; its columns are the engine's own and change with the next year. It can be pickled."""


class TraceError(Exception):
    """What was asked for is not in the run."""


def plan_of_run(folder: Path) -> RunPlan:
    """Say what was asked of a run that was made, so that it can be walked again to the same numbers.

    Raises
    ------
    TraceError : the run was made by another version of the model.
    sim.runs.atomic.FolderError : the folder is no complete run.
    """
    run = read_run(folder)
    basis = load_basis()
    if run.provenance["model_id"] != model_id(basis.data):
        raise TraceError(
            f"{folder} was made by another version of the model or the data; run its scenario again to follow people"
        )
    sizes: dict[str, Any] = {name: int(run.provenance[name]) for name in ("draws", "replicates", "seed", "researchers", "until")}
    scenario = replace(load_scenario(str(run.folder / "scenario.toml")), name=run.name)
    return RunPlan(scenario, basis, ensemble=ensemble_of(run), **sizes)


def replay(plan: RunPlan, read: Reader, progress: Progress | None = None) -> NDArray[Any]:
    """Walk every run of a plan again and read an array off each.

    Parameters
    ----------
    plan : what was run, or could be; its workers are used.
    read : see `Reader`.
    progress : called with (phase, done, total) after every draw.

    Returns
    -------
    (D, P, ...), by draw and replicate.

    Raises
    ------
    ValueError : the parameters that the scenario fixes leave nothing that is admissible.
    sim.draws.constants.NotSolvedError : the constants of a draw cannot be solved.
    sim.runs.executors.ExecutorError : worker processes die or cannot start.
    """
    tasks = tasks_of(plan)
    with closing(map_in_order(partial(walk_again, read), tasks, plan.workers)) as results:
        return np.stack(list(with_progress(results, "following", len(tasks), progress)))


def walk_again(read: Reader, task: Task) -> NDArray[Any]:
    """Walk the replicates of one draw and read them: (P, ...)."""
    plan = task.plan
    world = world_of(plan.basis.data, plan.scenario, solve(task), plan.researchers, plan.until)
    return np.stack([read(run_years(world, make_key(plan.seed, replicate))) for replicate in range(plan.replicates)])
