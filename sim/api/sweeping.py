"""Sweeps as a program holds them: `sim.sweep` and `sim.read_sweep`."""

from __future__ import annotations

from concurrent.futures import Executor
from contextlib import closing
from pathlib import Path

from sim.api.keywords import hinted
from sim.data.load import data_in_force
from sim.data.schema import Data
from sim.runs.executors import InThisProcess, Processes, available_cores
from sim.runs.formulas.own import OWN_INDICATORS
from sim.sweeps.design.design import Design
from sim.sweeps.design.file import read_design
from sim.sweeps.execute import Report, sweep_into
from sim.sweeps.keys import WHOLE, Shard
from sim.sweeps.results import Sweep
from sim.sweeps.results import read_sweep as read_folder
from sim.sweeps.store import Store


@hinted()
def sweep(
    design: str | Path | Design,
    out: str | Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    shard: Shard = WHOLE,
    retry: bool = False,
    report: Report | None = None,
    data: Data | str | Path | None = None,
) -> Sweep:
    r"""Run what a design varies, only what is missing, and return all its runs.

    Parameters
    ----------
    design
        Path of a design file, name of a shipped one, or a design.
    out
        Folder of the sweep; results/sweeps/ and the design's name if None.
    executor
        Any; spawned processes if None: a script must then start the sweep under ``if __name__ == "__main__":``, a notebook need
        not. A design with indicators of one's own runs in this process.
    workers
        Batches that are executed at the same time; all cores if None. 1 without an executor stays in this process.
    shard
        (i, n): the i-th of n parts only.
    retry
        Whether failed runs are tried again.
    report
        Called with a `sim.sweeps.execute.SweepProgress` at the start and after every batch.
    data
        Own data, as `sim.load_data` returns them, or their folder.

    Returns
    -------
    Its `frame()`, `query(sql)` and `to_xarray()`; `failed` and `missing` count runs.

    Raises
    ------
    sim.scenarios.reading.text.ScenarioError
        With all problems of the design file.
    sim.runs.atomic.FolderError
        If the folder cannot be written or holds what cannot be extended.
    sim.runs.executors.ExecutorError
        If the executor fails; what was finished stays, and the same call goes on.

    Examples
    --------
    >>> import sim, pathlib
    >>> text = 'scenarios = ["us-opening"]\ndraws = 1\nresearchers = 500\nkeep = ["share(study, USA, all, 2028)"]'
    >>> _ = pathlib.Path("small.toml").write_text(text)
    >>> len(sim.sweep("small.toml", workers=1).frame())
    2
    """
    with data_in_force(data):
        plan = design if isinstance(design, Design) else read_design(str(design))
        place, width = own_executor(plan, workers)
        folder = Path(out) if out is not None else sweep_folder(plan.name, shard)
        with closing(Store(folder, plan)) as store:
            sweep_into(store, executor or place, width, shard, retry, report)
    return read_folder(folder)


def own_executor(plan: Design, workers: int | None) -> tuple[InThisProcess | Processes, int]:
    """Choose processes of our own, or this one, and how many batches they execute at the same time."""
    has_own = any(measure.indicator in OWN_INDICATORS for measure in plan.keep)
    width = workers or (1 if has_own else available_cores())
    return InThisProcess() if width == 1 or has_own else Processes(width), width


def sweep_folder(name: str, shard: Shard = WHOLE, root: Path = Path("results")) -> Path:
    """Name the folder of a sweep below the results after its design; a shard has its own."""
    return root / "sweeps" / (name if shard[1] == 1 else f"{name}-{shard[0]}-of-{shard[1]}")


def read_sweep(folder: str | Path) -> Sweep:
    r"""Read the folder of a sweep.

    Parameters
    ----------
    folder
        Where `sim.sweep` or ``talentsim sweep`` put it.

    Returns
    -------
    Its `frame()`, `query(sql)` and `to_xarray()`; `failed` and `missing` count runs.

    Raises
    ------
    sim.runs.atomic.FolderError
        If it holds no sweep.

    Examples
    --------
    >>> import sim, pathlib
    >>> text = 'scenarios = ["us-opening"]\ndraws = 1\nresearchers = 500\nkeep = ["share(study, USA, all, 2028)"]'
    >>> _ = pathlib.Path("small.toml").write_text(text)
    >>> made = sim.sweep("small.toml", workers=1)
    >>> found = sim.read_sweep(made.folder)
    >>> found.frame().equals(made.frame()), found.missing
    (True, 0)
    """
    return read_folder(Path(folder))
