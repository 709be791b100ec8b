"""Walk a run again, researcher by researcher: counts by region cannot say who stayed, a deterministic re-run can.

Draws belong to researchers and rows keep their places, so that what is read of a row in one year and in another is one person.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.draws.ensemble import draw_of, vectors_of_draws
from sim.draws.worlds import world_of
from sim.engines.arrays import run_years
from sim.engines.counts import YearEnd
from sim.model.choice.randomness import make_key
from sim.runs.executors import Progress, map_in_order
from sim.runs.folder import ensemble_of, read_run
from sim.runs.plan import RunPlan
from sim.runs.provenance import model_id
from sim.scenarios.load import load_basis, load_scenario

Reader = Callable[[Iterator[YearEnd]], NDArray[Any]]
"""Reads an array off the years of one run; its columns are the engine's own and change with the next year. It can be pickled."""


class TraceError(Exception):
    """What was asked for is not in the run."""


@dataclass(frozen=True)
class DrawAgain:
    """One draw of a plan, to be walked again and read; a unit of work.

    Parameters
    ----------
    plan
        The run.
    number, parameters
        Of the draw, numbered from 0.
    read
        What is read off each replicate.
    """

    plan: RunPlan
    number: int
    parameters: Mapping[str, float]
    read: Reader


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
    vectors = vectors_of_draws(plan.ensemble, plan.basis.data, plan.draws, plan.scenario.parameters)
    items = [DrawAgain(plan, number, vector, read) for number, vector in enumerate(vectors)]
    found = []
    with closing(map_in_order(walk_again, items, plan.workers)) as results:
        for done, arrays in enumerate(results, start=1):
            found.append(arrays)
            if progress is not None:
                progress("following", done, len(items))
    return np.stack(found)


def walk_again(item: DrawAgain) -> NDArray[Any]:
    """Walk the replicates of one draw and read them: (P, ...)."""
    plan = item.plan
    draw = draw_of(plan.ensemble, plan.basis, item.parameters, item.number)
    world = world_of(plan.basis.data, plan.scenario, draw, plan.researchers, plan.until)
    return np.stack([item.read(run_years(world, make_key(plan.seed, replicate))) for replicate in range(plan.replicates)])
