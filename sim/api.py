"""What a script or a notebook calls as ``sim.NAME``; each name is imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sim.comparisons.exports as exports
from sim.comparisons.compare import Extent, compare_into
from sim.comparisons.comparison import Comparison
from sim.comparisons.effects import groups_of_runs
from sim.comparisons.folder import effects_table
from sim.runs.execute import Runner, found_or_made
from sim.runs.executors import InThisProcess, Processes, available_cores
from sim.runs.folder import Run, read_run
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_basis, load_scenario
from sim.scenarios.scenario import Scenario
from sim.sweeps.design.design import Design
from sim.sweeps.design.file import read_design
from sim.sweeps.execute import Report, sweep_into
from sim.sweeps.keys import WHOLE, Shard
from sim.sweeps.results import Sweep, read_sweep
from sim.sweeps.store import Store

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


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
        Called with a `sim.sweeps.execute.SweepProgress` at the start and after every batch.

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


def sweep_folder(name: str, shard: Shard = WHOLE, root: Path = Path("results")) -> Path:
    """Name the folder of a sweep below the results after its design; a shard has its own."""
    return root / "sweeps" / (name if shard[1] == 1 else f"{name}-{shard[0]}-of-{shard[1]}")


@dataclass(frozen=True)
class Compared:
    """A comparison that was made, and its folder.

    Parameters
    ----------
    comparison
        Effects, headlines with verdicts, crossings, assumptions and the answers.
    folder
        Where its files are.
    """

    comparison: Comparison
    folder: Path

    def __str__(self) -> str:
        """Return the answers, one line a variant."""
        return "\n".join(self.comparison.answers)

    def table(self, name: str = "headlines") -> pd.DataFrame:
        """Return a table: headlines, ranking, crossings, assumptions, or effects (all years, tiers, axes and regions).

        Raises
        ------
        ValueError
            For another name.
        """
        import pandas as pd

        if name == "effects":
            return effects_table(self.comparison).to_pandas()
        rows = {
            "headlines": self.comparison.headlines,
            "ranking": self.comparison.ranking,
            "crossings": self.comparison.crossings,
            "assumptions": self.comparison.assumptions,
        }
        if name not in rows:
            raise ValueError(f"table {name!r} is not known; there are: {', '.join([*rows, 'effects'])}")
        return pd.DataFrame(rows[name])

    def figure(self, name: str) -> Figure:
        """Draw a figure; `sim.reports.figures.catalogue.FIGURES` names them.

        Raises
        ------
        sim.reports.figures.catalogue.UnknownFigureError
            For another name, or one that the comparison has no numbers for.
        """
        from sim.reports.figures.catalogue import figure

        return figure(self.comparison, name)

    def to_iamc(self) -> pd.DataFrame:
        """Return the long table of the IAMC, which `pyam.IamDataFrame` takes."""
        return _frame(exports.iamc_rows(self.comparison))

    def to_hubverse(self) -> pd.DataFrame:
        """Return the model output of the Hubverse: linked samples, one number a draw and replicate in all scenarios."""
        return _frame(exports.hubverse_rows(self.comparison, load_basis().data))


def compare(
    base: str | Path | Run | Scenario,
    *variants: str | Path | Run | Scenario,
    out: str | Path = "results",
    assumptions: bool = True,
    anatomy: bool = True,
    goals: Sequence[str] = (),
    lower: bool = False,
    runner: Runner | None = None,
    **sizes: Any,
) -> Compared:
    """Compare scenarios or runs; what is missing is run with the same draws and replicates.

    Parameters
    ----------
    base, variants
        Names or paths of scenarios, folders of runs, or what was read from these.
    out
        Results folder.
    assumptions
        Whether to run the main effects at the reference point under other assumptions.
    anatomy
        Whether to make some runs again to say who changed and why.
    goals
        Formulas by which the scenarios are ranked; several variants are ranked by what they move most without any.
    lower
        Whether less of the goals is better.
    runner
        Who makes the outcomes of runs; the engines if None.
    sizes
        Of the runs that are made: draws, replicates, seed, researchers, until, workers; as those of the first run that is given.

    Raises
    ------
    sim.comparisons.pairing.NotComparableError
        With everything that differs and must not.
    sim.scenarios.reading.text.ScenarioError
        With every problem of a scenario file.
    ValueError
        Without a variant.
    """
    if not variants:
        raise ValueError("compare takes a base and at least one variant")
    given = [_read(each) for each in (base, *variants)]
    first = next((each for each in given if isinstance(each, Run)), None)
    if first is not None:
        sizes = {name: int(first.provenance[name]) for name in ("draws", "replicates", "seed", "researchers", "until")} | sizes
    from sim.reports.figures.catalogue import save_run_figures  # plotting libraries are slow to import

    place = Path(out)
    basis = load_basis()
    plans = [replace(RunPlan(each, basis), **sizes) for each in given if not isinstance(each, Run)]
    made = found_or_made(plans, place, save_run_figures, runner=runner)
    runs = [each if isinstance(each, Run) else next(made)[0] for each in given]
    groups = groups_of_runs(runs) | {
        name: codes for each in given if isinstance(each, Scenario) for name, codes in each.groups.items()
    }
    extent = Extent(assumptions, anatomy, goals=tuple(goals), is_lower_better=lower, groups=groups)
    comparison, folder, _ = compare_into(runs, place, extent)
    return Compared(comparison, folder)


def _read(given: str | Path | Run | Scenario) -> Run | Scenario:
    if isinstance(given, Run | Scenario):
        return given
    return read_run(Path(given)) if (Path(given) / "provenance.json").is_file() else load_scenario(str(given))


def _frame(table: tuple[tuple[str, ...], Any]) -> pd.DataFrame:
    import pandas as pd

    header, rows = table
    return pd.DataFrame(list(rows), columns=list(header))
