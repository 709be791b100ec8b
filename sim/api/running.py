"""Runs as a program holds them: `sim.run`, `sim.read_run` and what they return."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from markupsafe import escape

import sim.api.indicators as measured
from sim.api.frames import dense_frame, mean_frame, run_axes, sparse_frame
from sim.api.keywords import Place, SizeError, check_sizes, hinted
from sim.data.load import data_in_force
from sim.data.package import kept_copy
from sim.draws.ensemble import find_ensemble
from sim.engines.axes import AXES, STAGES, TIERS
from sim.engines.walk import ENGINES
from sim.reports.single import as_comparison
from sim.runs.careers import CAREER_AXES, CAREER_TIER, SparseCounts, read_careers, read_flows
from sim.runs.execute import Runner, execute, found_or_made
from sim.runs.executors import Progress, available_cores, map_in_order
from sim.runs.folder import Run as StoredRun
from sim.runs.folder import read_run as read_folder
from sim.runs.formulas.own import OWN_INDICATORS
from sim.runs.outcomes.outcomes import STATISTICS, Outcomes
from sim.runs.outcomes.statistics import shares_of
from sim.runs.plan import RunPlan, Task
from sim.scenarios.load import load_basis, load_scenario
from sim.scenarios.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

Stated = str | Path | Mapping[str, Any] | Scenario
"""A scenario: its name, its file, what a file would say, or what `sim.load_scenario` returned."""


@dataclass(frozen=True, repr=False)
class Run:
    """One scenario run over draws and replicates, as tidy tables.

    Numbers of researchers are people who were simulated; ``people`` are these times the people that each stands for.

    Parameters
    ----------
    stored
        What its folder holds.
    """

    stored: StoredRun

    @property
    def folder(self) -> Path:
        """Where its files lie."""
        return self.stored.folder

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.stored.name

    @property
    def run_id(self) -> str:
        """Hash of everything that decides the numbers, 16 hex digits."""
        return self.stored.run_id

    @property
    def provenance(self) -> Mapping[str, Any]:
        """Where it comes from: sizes, seed, versions, commit, command."""
        return self.stored.provenance

    @property
    def regions(self) -> tuple[str, ...]:
        """Codes of the regions."""
        return self.stored.codes

    def shares(self, by_run: bool = False) -> pd.DataFrame:
        """Return shares and people by year, tier, axis and region: over all runs, or of each with its draw and replicate."""
        stored = self.stored
        axes = self._axes("tier", "axis", "region")
        if not by_run:
            return dense_frame(axes, {name: getattr(stored.shares, name) for name in STATISTICS})
        counts = stored.counts
        columns = {"share": shares_of(counts), "researchers": counts, "people": stored.weight * counts}
        return dense_frame({**run_axes(stored.draws, stored.replicates), **axes}, columns)

    def indicators(self, name: str | None = None, by_run: bool = False) -> pd.DataFrame:
        """Return indicators, one's own among them: over all runs, or the value of each run with its draw and replicate.

        Parameters
        ----------
        name
            Of one; all if None.
        by_run
            Whether every run has its own rows.

        Raises
        ------
        ValueError
            If there is no indicator of that name.
        """
        import pandas as pd

        names = measured.names_of(name)
        if by_run:
            with data_in_force(kept_copy(self.folder)):
                return measured.by_run(self.stored, names)
        told_in_folder = [row for row in self.stored.indicators if row.indicator in names]
        own = [each for each in names if each in OWN_INDICATORS]
        tables = [measured.packaged_summary(told_in_folder)] if told_in_folder else []
        return pd.concat([*tables, *([measured.own_summary(self.stored, own)] if own else [])], ignore_index=True)

    def flows(self, by_run: bool = False) -> pd.DataFrame:
        """Return the moves of each year by stage, origin, region left and region entered: the mean, or those of each run."""
        return self._sparse(read_flows, self._axes("stage", "origin", "from_region", "to_region"), by_run)

    def careers(self, by_run: bool = False) -> pd.DataFrame:
        """Return who is visible by year, origin, study and work (headquarters of the employer): the mean, or those of each run.

        Raises
        ------
        sim.runs.rows.RunTableError
            If the run was made before careers were kept.
        """
        frame = self._sparse(read_careers, self._axes(*CAREER_AXES), by_run)
        frame.insert(frame.columns.get_loc("origin"), "tier", CAREER_TIER)
        return frame

    def to_xarray(self) -> xr.Dataset:
        """Return researchers and shares over draw, replicate, year, tier, axis and region (needs the extra ``analysis``)."""
        import xarray as xr

        stored = self.stored
        axes = {**run_axes(stored.draws, stored.replicates), **self._axes("tier", "axis", "region")}
        shape = tuple(len(names) for names in axes.values())
        counts = stored.counts.reshape(shape)
        arrays = {"researchers": (tuple(axes), counts), "share": (tuple(axes), shares_of(counts))}
        about = {"scenario": self.name, "run_id": self.run_id, "people_per_researcher": stored.weight}
        return xr.Dataset(arrays, coords={name: list(names) for name, names in axes.items()}, attrs=about)

    def plot(self, name: str = "work-shares") -> Figure:
        """Draw a figure; `talentsim report` shows them all.

        Raises
        ------
        sim.reports.figures.catalogue.UnknownFigureError
            For a name that is not known; says which there are.
        """
        from sim.reports.figures.catalogue import figure

        with data_in_force(kept_copy(self.folder)):
            return figure(as_comparison(self.stored), name)

    def headline(self) -> pd.DataFrame:
        """Return the work shares of the visible in the last year, the largest first."""
        frame = self.shares()
        last = frame[(frame.year == frame.year.max()) & (frame.tier == "top20") & (frame["axis"] == "work")]
        return last[["region", "p05", "p50", "p95"]].sort_values("p50", ascending=False).reset_index(drop=True)

    def __repr__(self) -> str:
        """Say what was run, how large, where it lies and what came out."""
        first = ", ".join(f"{row.region} {row.p50:.1%}" for row in self.headline().head(3).itertuples())
        return f"<Run {self._size()}; work of the top 20 % in {self.stored.years[-1]}: {first}; {self.folder}>"

    def _repr_html_(self) -> str:
        """Show it in a notebook."""
        table = self.headline().head(8).to_html(index=False, border=0, float_format="{:.3f}".format)
        what = f"work shares of the top 20 %, {self.stored.years[-1]}"
        return f"<div><strong>{escape(self.stored.title)}</strong><br>{escape(self._size())}; {what}{table}</div>"

    def _size(self) -> str:
        stored = self.stored
        return (
            f"{stored.name}: {stored.draws} draws x {stored.replicates} replicates of "
            f"{stored.provenance['researchers']:,} researchers until {stored.years[-1]}"
        )

    def _axes(self, *names: str) -> dict[str, Sequence[Any]]:
        words = {"tier": TIERS, "axis": AXES, "stage": STAGES}
        return {"year": self.stored.years.tolist(), **{name: words.get(name, self.stored.codes) for name in names}}

    def _sparse(self, read: Any, axes: Mapping[str, Sequence[Any]], by_run: bool) -> pd.DataFrame:
        stored = self.stored
        counts: SparseCounts = read(stored.folder, stored.years, stored.codes, (stored.draws, stored.replicates))
        if by_run:
            return sparse_frame(axes, counts, stored.replicates, stored.weight)
        return mean_frame(axes, counts, stored.draws * stored.replicates, stored.weight)


class OnExecutor(Runner):
    """Makes outcomes on an executor of the caller's, a draw a task."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor

    def outcomes(self, tasks: list[Task], workers: int, progress: Progress | None) -> Iterator[Outcomes]:
        """Run tasks, in their order."""
        with closing(map_in_order(execute, tasks, workers, self.executor)) as made:
            for found in made:
                yield from found


def scenario_of(asked: Stated, until: int | None = None) -> Scenario:
    """Load what is asked for, unless it is loaded."""
    return asked if isinstance(asked, Scenario) else load_scenario(asked, horizon=until)


@hinted(Place)
def run(
    scenario: Stated = "baseline",
    *,
    draws: int = 100,
    replicates: int = 2,
    researchers: int = 20_000,
    seed: int = 1,
    until: int = 2035,
    engine: str = "arrays",
    executor: Executor | None = None,
    **place: Unpack[Place],
) -> Run:
    """Run a scenario over draws and replicates; a run that is there already is read, not made.

    Parameters
    ----------
    scenario
        Its name, its file, what a file would say, or what `sim.load_scenario` returned.
    draws, replicates
        Draws of the uncertain parameters, and realisations of the random numbers for each; at least 1.
    researchers
        Active researchers simulated in 2022, at least 100.
    seed
        Of the random numbers, 0..2**32-1.
    until
        Last year, 2010..2050.
    engine
        ``arrays``, or ``agents`` (slow, the same numbers).
    executor
        Any of `concurrent.futures`, or a Dask client's; threads and processes of our own if None.
    place
        out: results folder ("results"); ensemble: name or file of the draws; workers: threads or processes, one a core; progress:
        called with (what is done, how much, of how much); data: own data, as `sim.load_data` returns them, or their folder.

    Raises
    ------
    sim.scenarios.reading.text.ScenarioError
        With every problem of the scenario.
    sim.api.keywords.SizeError
        If a size is out of range.
    sim.runs.execute.PlanError
        If the fixed parameters leave nothing that is stable, or the ensemble has fewer draws.
    sim.runs.atomic.FolderError
        If the folder cannot be written.

    Examples
    --------
    >>> import sim
    >>> run = sim.run("baseline", draws=2, replicates=1, researchers=500, until=2024)
    >>> run.careers(by_run=True).columns.tolist()
    ['draw', 'replicate', 'year', 'tier', 'origin', 'study', 'work', 'researchers', 'people']
    """
    sizes: dict[str, Any] = {"draws": draws, "replicates": replicates, "researchers": researchers, "seed": seed, "until": until}
    check_sizes(sizes)
    if engine not in ENGINES:
        raise SizeError(f"engine={engine!r}: allowed are {', '.join(ENGINES)}")
    ensemble, workers = find_ensemble(place.get("ensemble")), place.get("workers") or available_cores()
    plan = RunPlan(scenario_of(scenario, until), load_basis(), **sizes, engine=engine, workers=workers, ensemble=ensemble)
    return Run(_made(plan, executor, place))


def _made(plan: RunPlan, executor: Executor | None, place: Place) -> StoredRun:
    """Find the run of a plan, or make it."""
    from sim.reports.figures.catalogue import save_run_figures  # plotting libraries are slow to import

    runner = None if executor is None else OnExecutor(executor)
    shown = place.get("progress")
    out = Path(place.get("out", "results"))
    ((made, _),) = found_or_made([plan], out, save_run_figures, watch=lambda _: nullcontext(shown), runner=runner)
    return made


def read_run(folder: str | Path) -> Run:
    """Read the folder of a run.

    Raises
    ------
    sim.runs.atomic.FolderError
        If a file is missing or damaged.

    Examples
    --------
    >>> import sim
    >>> made = sim.run("baseline", draws=2, replicates=1, researchers=500, until=2024)
    >>> sim.read_run(made.folder).run_id == made.run_id
    True
    """
    return Run(read_folder(Path(folder)))
