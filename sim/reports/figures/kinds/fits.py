"""The fit made visible: for every weighed row of the record how far the draws are from what was published, misses first."""

from __future__ import annotations

import math
from typing import Final

from sim.calibration.evidence import WEIGHED, Evidence, load_evidence
from sim.calibration.fit import Fit, RowFit, fit
from sim.calibration.modelled import kept_values
from sim.comparisons.comparison import Comparison
from sim.data.load import is_packaged
from sim.draws.ensemble import EnsembleError
from sim.reports.figures.tables import BANDS, COLOURS, MISSES, FigureTable, Series, Value
from sim.runs.folder import Run, ensemble_of
from sim.scenarios.load import load_basis

MOST_MISSES: Final = 24
"""Rows of a figure: the largest misses."""
FEWEST_FITTED: Final = 10
"""Draws below which a page shows no fit."""


def fit_table(found: Fit, most: int = MOST_MISSES) -> FigureTable:
    """Tabulate published against modelled, in standard deviations of the row's own errors, the largest misses first.

    Parameters
    ----------
    found
        Of `sim.calibration.fit.fit`.
    most
        Rows; all if 0.
    """
    known = [each for each in found.rows if each.row.use in WEIGHED and math.isfinite(each.miss)]
    shown = known[: most or len(known)]
    total = found.total
    return FigureTable(
        name="fit",
        kind=MISSES,
        title="Published against modelled, the largest misses first",
        caption=f"Dot: median of {found.draws} draws less the published number; bar: 90 % of the draws; both in "
        "standard deviations of what is published and of its comparison with the model. On the zero line both are equal. "
        f"{total.inside} of {total.rows} weighed rows lie inside their 90 % interval; {len(shown)} of {len(known)} are shown.",
        unit="standard deviations of the row's errors",
        definition="(modelled - published) / error of the row; a bound that holds counts as no miss.",
        source="published: see `talentsim sources` for each id; modelled: expected flows of the draws",
        columns=(
            "panel",
            "scenario",
            "region",
            "code",
            "year",
            *BANDS,
            "difference",
            "people",
            "verdict",
            "published",
            "modelled",
        ),
        rows=tuple(_row(each) for each in shown),
        panel="panel",
        series=(Series("modelled", COLOURS[0]),),
    )


def _row(each: RowFit) -> tuple[Value, ...]:
    row = each.row
    low, high = ((end - row.value) / row.error for end in (each.low, each.high))
    middle = (each.median - row.value) / row.error
    label = f"{row.label}, {row.year}: {row_number(row, row.value)} | {row_number(row, each.median)}"
    inside = "inside its 90 % interval" if each.inside else "outside its 90 % interval"
    numbers = (low, math.nan, middle, math.nan, high, middle, math.nan, inside, row.value, each.median)
    return ("what was published | what is modelled", "modelled", label, row.id, row.year, *numbers)


def row_number(row: Evidence, value: float) -> str:
    """Write a share in per cent, a count or another number with three digits."""
    if row.value <= 1.0 and 0.0 <= value <= 1.5:
        return f"{100 * value:.1f} %"
    return f"{value:.3g}"


def fit_of_run(run: Run) -> Fit | None:
    """Return how the draws of a run fit the record; None if too few of them have been set beside it (`talentsim fit` does so).

    Of data of one's own nothing is recorded.
    """
    if not is_packaged():
        return None
    basis = load_basis()
    try:
        ensemble = ensemble_of(run)
    except EnsembleError:
        return None
    record = load_evidence(basis.data)
    values = kept_values(record, basis, ensemble, run.draws)
    return fit(record, values) if len(values) >= FEWEST_FITTED else None


def fit_of(comparison: Comparison) -> Fit | None:
    """Return the fit of the draws that a comparison rests on: those of its base."""
    return fit_of_run(comparison.base)
