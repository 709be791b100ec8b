"""`sim.compare`: scenarios or runs side by side, from Python."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sim.comparisons.exports as exports
from sim.comparisons.compare import Extent, compare_into
from sim.comparisons.comparison import Comparison
from sim.comparisons.folder import effects_table
from sim.runs.execute import found_or_made
from sim.runs.folder import Run, read_run
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_scenario
from sim.scenarios.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


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
        """Return a table: headlines, crossings, assumptions, or effects (all years, tiers, axes and regions).

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
            "crossings": self.comparison.crossings,
            "assumptions": self.comparison.assumptions,
        }
        if name not in rows:
            raise ValueError(f"table {name!r} is not known; there are: {', '.join([*rows, 'effects'])}")
        return pd.DataFrame(rows[name])

    def figure(self, name: str) -> Figure:
        """Draw a figure; `sim.reports.figures.catalogue.TABLES` names them.

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
        return _frame(exports.hubverse_rows(self.comparison))


def compare(
    base: str | Path | Run | Scenario,
    *variants: str | Path | Run | Scenario,
    out: str | Path = "results",
    assumptions: bool = True,
    anatomy: bool = True,
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
    place = Path(out)
    runs = [each if isinstance(each, Run) else found_or_made(replace(RunPlan(each), **sizes), place) for each in given]
    comparison, folder, _ = compare_into(runs, place, Extent(assumptions, anatomy))
    return Compared(comparison, folder)


def _read(given: str | Path | Run | Scenario) -> Run | Scenario:
    if isinstance(given, Run | Scenario):
        return given
    return read_run(Path(given)) if (Path(given) / "provenance.json").is_file() else load_scenario(str(given))


def _frame(table: tuple[tuple[str, ...], Any]) -> pd.DataFrame:
    import pandas as pd

    header, rows = table
    return pd.DataFrame(list(rows), columns=list(header))
