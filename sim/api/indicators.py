"""Indicators by run: the packaged ones and one's own, from the counts that a run's folder holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from sim.api.keywords import hinted
from sim.model.world import Floats
from sim.runs.careers import read_careers, read_flows
from sim.runs.folder import Run as StoredRun
from sim.runs.formulas.own import OWN_INDICATORS, known_indicator, measure_own, register
from sim.runs.outcomes.indicators import INDICATORS, Counted, IndicatorRow
from sim.scenarios.reading.text import nearest_name

Told = TypeVar("Told", bound=Callable[[Counted], Floats])


@hinted()
def indicator(unit: str, definition: str, places: str | Sequence[str] = "WORLD") -> Callable[[Told], Told]:
    """Register the function that follows as an indicator of its name.

    Runs, comparisons and the designs of sweeps (``indicator(NAME, PLACE, YEAR)``) know it from then on, in this process. Nothing
    of it is written into a run's folder.

    Parameters
    ----------
    unit, definition
        What it is measured in, and exactly what it says.
    places
        What it is told for: a name, several, or ``"regions"`` for each region.

    Returns
    -------
    A decorator of a function of the counts of one run, `sim.Counted`, that gives a value a year, (Y,), or a year and place,
    (Y, G); NaN where nobody is counted.

    Raises
    ------
    sim.runs.formulas.own.IndicatorError
        If a packaged indicator has the name.

    Examples
    --------
    >>> import sim
    >>> @sim.indicator("share", "top20, degree completed: of Indian origin with a US degree, at work in India", "IND")
    ... def returned_to_india(counted: sim.Counted) -> "numpy.ndarray":
    ...     ind, usa = counted.codes.index("IND"), counted.codes.index("USA")
    ...     trained = counted.careers[:, ind, usa]
    ...     return trained[:, ind] / trained.sum(axis=1)
    """

    def declare(function: Told) -> Told:
        register(function, unit, definition, places)
        return function

    return declare


def counted_runs(run: StoredRun) -> Iterator[tuple[int, int, Counted]]:
    """Yield draw, replicate and counts of every run in a folder.

    Raises
    ------
    sim.runs.rows.RunTableError
        If a table is missing or cannot be read.
    """
    shape = run.years, run.codes, (run.draws, run.replicates)
    careers, flows = read_careers(run.folder, *shape), read_flows(run.folder, *shape)
    for k, counts in enumerate(run.counts):
        counted = Counted(run.codes, run.years, careers.of_run(k), counts, flows.of_run(k))
        yield *divmod(k, run.replicates), counted


def by_run(run: StoredRun, names: Sequence[str]) -> pd.DataFrame:
    """Measure indicators in every run: draw, replicate, year (missing where it has none), indicator, region, unit, value."""
    blocks = [block(draw, replicate, name, counted) for draw, replicate, counted in counted_runs(run) for name in names]
    return pd.concat(blocks, ignore_index=True)


def block(draw: int, replicate: int, name: str, counted: Counted) -> pd.DataFrame:
    """Measure one indicator in one run."""
    known = known_indicator(name)
    values = measure_own(name, counted) if name in OWN_INDICATORS else known.measure(counted)
    places = known.places(counted.codes)
    years = np.repeat(counted.years, len(places)).tolist() if known.is_yearly else [None] * len(places)
    number = pd.Series(years, dtype="Int64")
    columns = {"year": number, "indicator": name, "region": [*places] * (len(values) if known.is_yearly else 1)}
    return pd.DataFrame({"draw": draw, "replicate": replicate, **columns, "unit": known.unit, "value": np.ravel(values)})


def packaged_summary(rows: Sequence[IndicatorRow]) -> pd.DataFrame:
    """Make the table of the packaged indicators over all runs."""
    units = [INDICATORS[row.indicator].unit if row.indicator in INDICATORS else "" for row in rows]
    frame = pd.DataFrame(rows, columns=list(IndicatorRow._fields))
    frame.insert(3, "unit", units)
    return frame.astype({"year": "Int64"})


def own_summary(run: StoredRun, names: Sequence[str]) -> pd.DataFrame:
    """Summarise one's own indicators over all runs, as `packaged_summary` does."""
    cells = by_run(run, names).groupby(["indicator", "region", "unit", "year"], sort=False, dropna=False)["value"]
    quantiles = {name: cells.quantile(level) for name, level in (("p05", 0.05), ("p50", 0.5), ("p95", 0.95))}
    frame = pd.DataFrame({"mean": cells.mean(), **quantiles}).reset_index()
    return frame[["year", "indicator", "region", "unit", "mean", "p05", "p50", "p95"]]


def names_of(name: str | None) -> list[str]:
    """List the indicators that are asked for: all, or one.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    every = [*INDICATORS, *OWN_INDICATORS]
    if name is None:
        return every
    if name not in every:
        near = nearest_name(name, every)
        hint = f"did you mean {near}? " if near else ""
        raise ValueError(f"there is no indicator {name!r}; {hint}there are: {', '.join(every)}")
    return [name]
