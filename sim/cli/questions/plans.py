"""What a question is about: the run of a folder, or a scenario of a size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli.run import Sizes
from sim.cli.terminal import InputError, follow_data, given, load_all

if TYPE_CHECKING:
    from sim.runs.plan import RunPlan


def plan_for(what: str, sizes: Sizes, workers: int) -> RunPlan:
    """Say what is walked: the run of a folder, of its own size, or a scenario of the size asked for.

    Raises
    ------
    InputError
        If it is neither, or a run that another version of the model made.
    """
    from dataclasses import replace

    from sim.runs.lives.replay import TraceError, plan_of_run
    from sim.runs.plan import RunPlan
    from sim.scenarios.load import load_basis

    if Path(what).is_dir():
        follow_data(Path(what))
        try:
            with given(Path(what)):
                return replace(plan_of_run(Path(what)), workers=workers)
        except TraceError as error:
            raise InputError([str(error)]) from error
    (scenario,) = load_all([what], {}, sizes.until)
    return replace(RunPlan(scenario, load_basis(), workers=workers), **sizes._asdict())
