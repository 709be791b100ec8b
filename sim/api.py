"""What a script or a notebook calls as ``sim.NAME``; each name is imported when it is first asked for."""

from __future__ import annotations

from concurrent.futures import Executor
from pathlib import Path

from sim.runs.executors import InThisProcess, Processes, available_cores
from sim.sweeps.design.design import Design
from sim.sweeps.design.file import read_design
from sim.sweeps.execute import Report, sweep_into
from sim.sweeps.keys import WHOLE, Shard
from sim.sweeps.results import Sweep, read_sweep
from sim.sweeps.store import Store


def sweep(
    design: str | Path | Design,
    out: str | Path | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    shard: Shard = WHOLE,
    retry: bool = False,
    report: Report | None = None,
) -> Sweep:
    """Run what a design varies, only what is missing, and return all its runs.

    Parameters
    ----------
    design
        Path of a design file, name of a shipped one, or a design.
    out
        Folder of the sweep; results/sweeps/ and the design's name if None.
    executor
        Any; spawned processes if None. A script must then start the sweep under ``if __name__ == "__main__":``.
    workers
        Batches that are executed at the same time; all cores if None. 1 without an executor stays in this process.
    shard
        (i, n): the i-th of n parts only.
    retry
        Whether failed runs are tried again.
    report
        Called with a `sim.sweeps.execute.Progress` at the start and after every batch.

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
    """
    plan = design if isinstance(design, Design) else read_design(str(design))
    workers = workers or available_cores()
    place = InThisProcess() if workers == 1 else Processes(workers)
    store = Store(Path(out) if out is not None else sweep_folder(plan.name, shard), plan)
    try:
        sweep_into(store, executor or place, workers, shard, retry, report)
    finally:
        store.close()
    return read_sweep(store.folder)


def sweep_folder(name: str, shard: Shard = WHOLE) -> Path:
    """Name the folder of a sweep after its design; a shard has its own."""
    return Path("results") / "sweeps" / (name if shard[1] == 1 else f"{name}-{shard[0]}-of-{shard[1]}")
