"""The figures of a comparison or a run, by name: for a file, for a page, and written with their tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import matplotlib as mpl
import plotly.graph_objects as go
from matplotlib.figure import Figure

from sim.comparisons.comparison import Comparison
from sim.reports.figures.effects import channels, crossings, differences, end_effects, levers, study_differences, switchers
from sim.reports.figures.files import STYLE, file_figure
from sim.reports.figures.pages import plotly_figure
from sim.reports.figures.tables import FigureTable, elite_work_shares, net_flows, paths, runs_of, work_shares
from sim.runs.folder import BAND_CONTENTS
from sim.runs.rows import write_table

TABLES: Final[Mapping[str, Callable[[Comparison], FigureTable]]] = {
    "work-shares": work_shares,
    "work-shares-elite": elite_work_shares,
    "differences": differences,
    "differences-study": study_differences,
    "effects": end_effects,
    "crossing": crossings,
    "switchers": switchers,
    "levers": levers,
    "channels": channels,
    "paths": paths,
    "net-flows": net_flows,
}
"""The table behind each figure, in the order in which a report shows them."""
OF_EFFECTS: Final = ("differences", "differences-study", "effects")


class UnknownFigureError(ValueError):
    """There is no figure of that name, or the comparison has no numbers for it."""


def figure_tables(comparison: Comparison, names: Sequence[str] = tuple(TABLES)) -> dict[str, FigureTable]:
    """Return the table of every figure named that the comparison has numbers for."""
    wanted = [name for name in names if comparison.variants or name not in OF_EFFECTS]
    tables = {name: TABLES[name](comparison) for name in wanted}
    return {name: table for name, table in tables.items() if table.rows}


def figure_table(comparison: Comparison, name: str) -> FigureTable:
    """Return the table of one figure.

    Raises
    ------
    UnknownFigureError
        If there is no such figure.
    """
    if name not in TABLES:
        raise UnknownFigureError(f"no figure {name!r}; there are {', '.join(TABLES)}")
    if name in OF_EFFECTS and not comparison.variants:
        raise UnknownFigureError(f"figure {name!r} shows differences; compare the run with another")
    table = TABLES[name](comparison)
    if not table.rows:
        raise UnknownFigureError(f"no numbers for figure {name!r}: they come from runs that `talentsim compare` makes again")
    return table


def figure(comparison: Comparison, name: str) -> Figure:
    """Draw a figure for a file.

    Parameters
    ----------
    comparison
        What to draw; a run alone is a comparison without variants.
    name
        One of `TABLES`.

    Raises
    ------
    UnknownFigureError
        If there is no such figure, or no numbers for it.
    """
    return file_figure(figure_table(comparison, name), run_note(comparison))


def page_figure(comparison: Comparison, name: str) -> go.Figure:
    """Draw a figure for a page: the same numbers, with values under the pointer.

    Parameters and errors are those of `figure`.
    """
    return plotly_figure(figure_table(comparison, name))


def save_figures(comparison: Comparison, folder: Path, names: Sequence[str] = tuple(TABLES)) -> list[Path]:
    """Write every figure as PNG and SVG, its table as CSV, and what the numbers are as JSON.

    The same comparison gives the same bytes: no date is written.

    Parameters
    ----------
    comparison
        What to draw.
    folder
        Made if it is not there.
    names
        Of the figures; those that the comparison has no numbers for are left out.

    Returns
    -------
    list
        The files, four for each figure.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, table in figure_tables(comparison, names).items():
        png, svg, csv, note = (folder / f"{name}{suffix}" for suffix in (".png", ".svg", ".csv", ".json"))
        drawn = file_figure(table, run_note(comparison))
        with mpl.rc_context(STYLE):
            drawn.savefig(png, format="png", metadata={"Software": None})
            drawn.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
        write_table(csv, table.columns, table.rows)
        text = json.dumps(metadata(comparison, table), indent=2, ensure_ascii=False)
        note.write_text(text + "\n", encoding="utf-8", newline="\n")
        written += [png, svg, csv, note]
    return written


def metadata(comparison: Comparison, table: FigureTable) -> dict[str, object]:
    """Return what the numbers of a figure are: unit, definition, source and the runs they come from."""
    return {
        "figure": table.name,
        "title": table.title,
        "caption": table.caption,
        "unit": table.unit,
        "definition": table.definition,
        "source": table.source,
        "bands_contain": BAND_CONTENTS,
        "table": f"{table.name}.csv",
        "columns": list(table.columns),
        "runs": [
            {
                "scenario": run.name,
                "shown_as": series.label,
                "run_id": run.run_id,
                "role": "base" if series.is_base else "variant",
            }
            for series, run in runs_of(comparison)
        ],
    }


def run_note(comparison: Comparison) -> str:
    """Say in one line which runs a figure shows."""
    base = comparison.base
    ids = ", ".join(f"{series.label} {run.run_id}" for series, run in runs_of(comparison))
    return (
        f"{base.draws} draws x {base.replicates} replicates of {base.provenance['researchers']:,} researchers; bands contain "
        f"{base.provenance['bands']}. Runs: {ids}."
    )
