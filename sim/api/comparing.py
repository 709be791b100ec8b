"""Comparisons as a program holds them: `sim.compare` and what it returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from markupsafe import escape

import sim.comparisons.exports as exports
from sim.api.indicators import by_run, names_of
from sim.api.keywords import Sizing, check_sizes, hinted
from sim.api.running import Run, scenario_of
from sim.comparisons.compare import Extent, compare_into
from sim.comparisons.comparison import Comparison
from sim.comparisons.effects import groups_of_runs
from sim.comparisons.folder import effects_table
from sim.comparisons.pairing import labels
from sim.data.load import data_in_force, is_packaged
from sim.data.package import kept_copy
from sim.runs.execute import Runner, found_or_made
from sim.runs.executors import available_cores
from sim.runs.folder import Run as StoredRun
from sim.runs.folder import read_run
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        """Say what was compared and where it lies."""
        names = labels(self.comparison.base, self.comparison.variants)
        return f"<Compared {', '.join(names[1:])} with {names[0]}; {self.folder}>"

    def _repr_html_(self) -> str:
        """Show the answers in a notebook."""
        return "".join(f"<p>{escape(answer)}</p>" for answer in self.comparison.answers)

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

    def runs(self) -> dict[str, Run]:
        """Return the runs by the labels of the tables, the base first."""
        compared = (self.comparison.base, *self.comparison.variants)
        names = labels(self.comparison.base, self.comparison.variants)
        return {name: Run(each) for name, each in zip(names, compared, strict=True)}

    def indicators(self, name: str) -> pd.DataFrame:
        """Return what an indicator, packaged or one's own, is in base and variant and how they differ, run by run.

        Raises
        ------
        ValueError
            If there is no indicator of that name.
        """
        import pandas as pd

        (known,) = names_of(name)
        with data_in_force(kept_copy(self.comparison.base.folder)):
            found = {label: by_run(run.stored, [known]) for label, run in self.runs().items()}
        values = {label: each.rename(columns={"value": "variant_value"}) for label, each in found.items()}
        base, *others = values
        keys = ["draw", "replicate", "year", "indicator", "region", "unit"]
        start = values[base].rename(columns={"variant_value": "base_value"})
        tables = [start.merge(values[label], on=keys).assign(variant=label) for label in others]
        paired = pd.concat(tables, ignore_index=True)
        paired["difference"] = paired.variant_value - paired.base_value
        return paired[["variant", *keys, "base_value", "variant_value", "difference"]]

    def figure(self, name: str) -> Figure:
        """Draw a figure; `sim.reports.figures.catalogue.FIGURES` names them.

        Raises
        ------
        sim.reports.figures.catalogue.UnknownFigureError
            For another name, or one that the comparison has no numbers for.
        """
        from sim.reports.figures.catalogue import figure

        with data_in_force(kept_copy(self.comparison.base.folder)):
            return figure(self.comparison, name)

    def to_iamc(self) -> pd.DataFrame:
        """Return the long table of the IAMC, which `pyam.IamDataFrame` takes."""
        return _frame(exports.iamc_rows(self.comparison))

    def to_hubverse(self) -> pd.DataFrame:
        """Return the model output of the Hubverse: linked samples, one number a draw and replicate in all scenarios."""
        with data_in_force(kept_copy(self.comparison.base.folder)):
            return _frame(exports.hubverse_rows(self.comparison, load_basis().data))


Comparable = str | Path | Mapping[str, Any] | Run | StoredRun | Scenario
"""What can be compared: a scenario in any form, a run, or the folder of one."""


@hinted(Sizing)
def compare(
    base: Comparable,
    *variants: Comparable,
    out: str | Path = "results",
    assumptions: bool = True,
    anatomy: bool = True,
    goals: Sequence[str] = (),
    lower: bool = False,
    runner: Runner | None = None,
    **sizes: Unpack[Sizing],
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
        data: own data, as `sim.load_data` returns them, or their folder; those of the first run that is given.

    Raises
    ------
    sim.comparisons.pairing.NotComparableError
        With everything that differs and must not.
    sim.scenarios.reading.text.ScenarioError
        With every problem of a scenario file.
    ValueError
        Without a variant.

    Examples
    --------
    >>> import sim
    >>> found = sim.compare("baseline", "us-opening", assumptions=False, anatomy=False, draws=2, researchers=500)
    >>> [*found.runs()]
    ['baseline', 'us-opening']
    """
    if not variants:
        raise ValueError("compare takes a base and at least one variant")
    check_sizes(sizes)
    with data_in_force(_data_of((base, *variants)) if is_packaged() else None):
        given = [_read(each) for each in (base, *variants)]
        return _compared(given, Path(out), Extent(assumptions, anatomy, goals=tuple(goals), is_lower_better=lower), runner, sizes)


def _compared(
    given: Sequence[StoredRun | Scenario], out: Path, extent: Extent, runner: Runner | None, sizes: Mapping[str, Any]
) -> Compared:
    """Make the runs that are missing, and compare all."""
    numbers = {"workers": available_cores(), **_sizes_of(given), **sizes}
    scenarios = [each for each in given if isinstance(each, Scenario)]
    made = _made(scenarios, numbers, out, runner)
    runs = [each if isinstance(each, StoredRun) else next(made) for each in given]
    groups = groups_of_runs(runs) | {name: codes for each in scenarios for name, codes in each.groups.items()}
    comparison, folder, _ = compare_into(runs, out, replace(extent, groups=groups))
    return Compared(comparison, folder)


def _made(scenarios: Sequence[Scenario], sizes: Mapping[str, Any], out: Path, runner: Runner | None) -> Iterator[StoredRun]:
    """Yield the run of each scenario, made if it is not there."""
    from sim.reports.figures.catalogue import save_run_figures  # plotting libraries are slow to import

    basis = load_basis()
    plans: list[RunPlan] = [replace(RunPlan(each, basis), **sizes) for each in scenarios]
    yield from (run for run, _ in found_or_made(plans, out, save_run_figures, runner=runner))


def _data_of(given: Sequence[Comparable]) -> Path | None:
    """Find the data of the first run among what is compared; None where they are the packaged ones or no run is given."""
    folders = [each.folder if isinstance(each, Run | StoredRun) else each for each in given]
    return next((kept for each in folders if isinstance(each, str | Path) and (kept := kept_copy(Path(each)))), None)


def _read(given: Comparable) -> StoredRun | Scenario:
    if isinstance(given, Run):
        return given.stored
    if isinstance(given, StoredRun):
        return given
    if isinstance(given, str | Path) and (Path(given) / "provenance.json").is_file():
        return read_run(Path(given))
    return scenario_of(given)


def _sizes_of(given: Sequence[StoredRun | Scenario]) -> dict[str, Any]:
    run = next((each for each in given if isinstance(each, StoredRun)), None)
    if run is None:
        return {}
    return {name: int(run.provenance[name]) for name in ("draws", "replicates", "seed", "researchers", "until")}


def _frame(table: tuple[tuple[str, ...], Any]) -> pd.DataFrame:
    import pandas as pd

    header, rows = table
    return pd.DataFrame(list(rows), columns=list(header))
