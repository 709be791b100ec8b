"""The figures of a comparison or a run, by name: for a file, for a page, and written with their tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from sim.comparisons.comparison import Comparison
from sim.comparisons.pairing import labels
from sim.files.paths import unlinked
from sim.reports.figures.effects import (
    tabulate_channels,
    tabulate_crossings,
    tabulate_differences,
    tabulate_end_effects,
    tabulate_levers,
    tabulate_study_differences,
    tabulate_switchers,
)
from sim.reports.figures.files import file_figure, save_pictures, save_slide
from sim.reports.figures.kinds.dots import tabulate_crossing_dots, tabulate_effect_dots
from sim.reports.figures.kinds.futures import tabulate_futures
from sim.reports.figures.kinds.tiles import tabulate_tiles
from sim.reports.figures.tables import (
    COLOURS,
    FigureTable,
    shown_runs,
    tabulate_elite_work_shares,
    tabulate_net_flows,
    tabulate_paths,
    tabulate_work_shares,
)
from sim.reports.single import as_comparison
from sim.runs.atomic import made_folder
from sim.runs.folder import Run
from sim.runs.rows import write_table

FIGURES: Final[Mapping[str, Callable[[Comparison], FigureTable]]] = {
    "work-shares": tabulate_work_shares,
    "work-shares-elite": tabulate_elite_work_shares,
    "differences": tabulate_differences,
    "differences-study": tabulate_study_differences,
    "effects": tabulate_end_effects,
    "effect-dots": tabulate_effect_dots,
    "tiles": tabulate_tiles,
    "crossing": tabulate_crossings,
    "crossing-dots": tabulate_crossing_dots,
    "futures": tabulate_futures,
    "switchers": tabulate_switchers,
    "levers": tabulate_levers,
    "channels": tabulate_channels,
    "paths": tabulate_paths,
    "net-flows": tabulate_net_flows,
}
"""The table behind each figure, in the order in which a report shows them."""
OF_EFFECTS: Final = ("differences", "differences-study", "effects", "effect-dots")
OF_A_RUN: Final = ("work-shares", "work-shares-elite")
"""Figures that lie in the folder of every run."""


class UnknownFigureError(ValueError):
    """There is no figure of that name, or the comparison has no numbers for it."""


def figure_tables(comparison: Comparison, names: Sequence[str] = tuple(FIGURES)) -> dict[str, FigureTable]:
    """Return the table of every figure named that the comparison has numbers for."""
    wanted = [name for name in names if comparison.variants or name not in OF_EFFECTS]
    tables = {name: FIGURES[name](comparison) for name in wanted}
    return {name: table for name, table in tables.items() if table.rows}


def drawn_part(comparison: Comparison) -> Comparison:
    """Return what pictures show of a comparison: the base and the first variants, as many as there are colours."""
    if len(comparison.variants) <= len(COLOURS):
        return comparison
    variants = comparison.variants[: len(COLOURS)]
    names = labels(comparison.base, comparison.variants)[: len(COLOURS) + 1]
    return replace(
        comparison,
        variants=variants,
        effects=comparison.effects[: len(COLOURS)],
        headlines=tuple(row for row in comparison.headlines if row.variant in names),
        crossings=tuple(row for row in comparison.crossings if row.scenario in names),
        anatomies={name: anatomy for name, anatomy in comparison.anatomies.items() if name in names},
    )


def figure_table(comparison: Comparison, name: str) -> FigureTable:
    """Return the table of one figure.

    Raises
    ------
    UnknownFigureError
        If there is no such figure.
    """
    if name not in FIGURES:
        raise UnknownFigureError(f"no figure {name!r}; there are {', '.join(FIGURES)}")
    if name in OF_EFFECTS and not comparison.variants:
        raise UnknownFigureError(f"figure {name!r} shows differences; compare the run with another")
    table = FIGURES[name](comparison)
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
        One of `FIGURES`.

    Raises
    ------
    UnknownFigureError
        If there is no such figure, or no numbers for it.
    """
    return file_figure(figure_table(comparison, name), run_note(comparison))


def save_figures(comparison: Comparison, folder: Path, names: Sequence[str] = tuple(FIGURES)) -> list[Path]:
    """Write every figure as PNG and SVG, its table as CSV, and what the numbers are as JSON.

    Pictures of many variants show the first of them, tables all.

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
    written = []
    drawn = figure_tables(drawn_part(comparison), names)
    whole = drawn if drawn_part(comparison) is comparison else figure_tables(comparison, names)
    with made_folder(folder):
        for name, table in whole.items():
            csv, note = (unlinked(folder / f"{name}{suffix}") for suffix in (".csv", ".json"))
            written += save_pictures(file_figure(drawn.get(name, table), run_note(drawn_part(comparison))), folder, name)
            write_table(csv, table.columns_with_units, table.rows)
            text = json.dumps(metadata(comparison, table), indent=2, ensure_ascii=False)
            note.write_text(text + "\n", encoding="utf-8", newline="\n")
            written += [csv, note]
    return written


def save_slides(comparison: Comparison, folder: Path) -> list[Path]:
    """Write every figure of the first variants in the shape of a slide, PNG and SVG; the folder is made if it is not there."""
    shown = drawn_part(comparison)
    made = (save_slide(file_figure(table, run_note(shown)), folder, name) for name, table in figure_tables(shown).items())
    with made_folder(folder):
        return [path for pair in made for path in pair]


def save_run_figures(run: Run) -> list[Path]:
    """Write the figures of work shares into the folder of a run, as `save_figures` does."""
    return save_figures(as_comparison(run), run.folder, OF_A_RUN)


def metadata(comparison: Comparison, table: FigureTable) -> dict[str, object]:
    """Return what the numbers of a figure are: unit, definition, source and the runs they come from."""
    return {
        "figure": table.name,
        "title": table.title,
        "caption": table.caption,
        "unit": table.unit,
        "definition": table.definition,
        "source": table.source,
        "bands_contain": comparison.base.provenance["bands"],
        "table": f"{table.name}.csv",
        "columns": list(table.columns_with_units),
        "runs": [
            {
                "scenario": run.name,
                "shown_as": series.label,
                "run_id": run.run_id,
                "role": "base" if run is comparison.base else "variant",
            }
            for series, run in shown_runs(comparison)
        ],
    }


def run_note(comparison: Comparison) -> str:
    """Say in one line which runs a figure shows."""
    base = comparison.base
    ids = ", ".join(f"{series.label} {run.run_id}" for series, run in shown_runs(comparison))
    return (
        f"{base.draws} draws x {base.replicates} replicates of {base.provenance['researchers']:,} researchers; bands contain "
        f"{base.provenance['bands']}. Runs: {ids}."
    )
