"""Figures for files: each kind of table drawn with matplotlib."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.files.paths import unlinked
from sim.reports.figures.kinds.dots import file_dots
from sim.reports.figures.kinds.futures import file_futures
from sim.reports.figures.kinds.scales import TO_90, forest_range, line_scales, panel_title
from sim.reports.figures.kinds.tiles import file_tiles
from sim.reports.figures.published import LAST_OBSERVED
from sim.reports.figures.streams import draw_streams, layout
from sim.reports.figures.tables import (
    BARS,
    DIVERGING,
    DOTS,
    FORESTS,
    FUTURES,
    INTERVALS,
    LINES,
    MATRIX,
    MISSES,
    STREAMS,
    TILES,
    FigureTable,
    Series,
    node_colour,
    node_labels,
)  # fmt: skip

STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "talentsim",
    "svg.fonttype": "path",
}
_MARGINS: Final = {
    LINES: (0.066, 0.985, 0.4),
    INTERVALS: (0.13, 0.93, 0.62),
    BARS: (0.2, 0.93, 0.95),
    MATRIX: (0.11, 0.985, 0.42),
    STREAMS: (0.02, 0.98, 0.03),
    DOTS: (0.03, 0.985, 0.1),
    TILES: (0.02, 0.98, 0.06),
    FUTURES: (0.066, 0.985, 0.4),
    MISSES: (0.42, 0.93, 0.62),
}
"""Left and right edge, and the space between panels as a share of their width."""
SLIDE_PIXELS: Final = 1920
_DARK: Final = "#333333"
_WIDTH: Final = 11.0  # inches


def file_figure(table: FigureTable, note: str) -> Figure:
    """Draw a table for a file.

    Parameters
    ----------
    table
        With at least one row.
    note
        Small print below the figure, such as the run ids.
    """
    with mpl.rc_context(STYLE):
        panels, columns = table.panels, panel_columns(table)
        rows = -(-len(panels) // columns)
        foot = f"{_wrapped(table.caption, 165)}\n{_wrapped(note, 165)}"
        handles = _handles(table)
        above = 0.75 + (0.24 if handles else 0.0)
        below = 0.62 + 0.17 * foot.count("\n") + (0.35 if table.kind == MATRIX else 0.0)
        titles = [_wrapped(panel_title(table, name), _title_width(table, columns)) for name in panels]
        gap = _gap(table, max(title.count("\n") for title in titles) + 1)
        each = _panel_height(table) + gap
        total = each * rows + above + below
        figure = Figure(figsize=(_WIDTH, total), dpi=120)
        FigureCanvasAgg(figure)
        axes = figure.subplots(rows, columns, squeeze=False)
        left, right, between = _MARGINS[table.kind]
        figure.subplots_adjust(
            left,
            below / total,
            right,
            1 - above / total,
            wspace=between,
            hspace=gap * rows / (each * rows - gap * (rows - 1)),
        )
        for place, panel in enumerate(axes.ravel()):
            if place >= len(panels):
                panel.axis("off")
                continue
            _DRAWERS[table.kind](panel, table, panels[place])
            # A place of its own: matplotlib would else measure every label of the axes to find the same one.
            panel.set_title(titles[place], loc="left", fontsize=9, weight="bold", y=1.0)
            if not panel.get_xlabel():
                panel.xaxis.set_label_coords(0.5, 0.0)
        figure.text(0.012, 1 - 0.28 / total, table.title, fontsize=13, weight="bold")
        figure.text(0.012, 0.12 / total, foot, fontsize=7.5, color="#444444", linespacing=1.35)
        if handles:
            corner = (0.005, 1 - 0.33 / total)
            figure.legend(
                handles=handles, ncols=min(len(handles), 9), frameon=False, fontsize=8, bbox_to_anchor=corner, loc="upper left"
            )
    return figure


def picture(figure: Figure, dpi: float | None = None) -> bytes:
    """Draw a figure as PNG, with so many pixels an inch; its own number if None."""
    file = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(file, format="png", dpi=dpi or "figure", metadata={"Software": None})
    return file.getvalue()


def save_slide(figure: Figure, folder: Path, stem: str) -> list[Path]:
    """Write a figure as PNG and SVG in the shape of a slide, 16 : 9 and 1,920 pixels wide; its panels take what room there is.

    Parameters
    ----------
    figure
        Of `file_figure`; it has the shape of a slide afterwards.
    folder, stem
        As for `save_pictures`.
    """
    wide, high = figure.get_size_inches()
    figure.set_size_inches(max(wide, high * 16 / 9), max(high, wide * 9 / 16))
    return save_pictures(figure, folder, stem, SLIDE_PIXELS / figure.get_size_inches()[0])


def save_pictures(figure: Figure, folder: Path, stem: str, dpi: float | None = None) -> list[Path]:
    """Write a figure as PNG and SVG; no date is written, so that equal figures give equal bytes.

    Parameters
    ----------
    figure
        Drawn in `STYLE` or a style like it.
    folder, stem
        Where the files go and what they are called without their endings.
    dpi
        Pixels an inch of the PNG; the figure's own if None.
    """
    png, svg = unlinked(folder / f"{stem}.png"), unlinked(folder / f"{stem}.svg")
    png.write_bytes(picture(figure, dpi))
    with mpl.rc_context(STYLE):
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    return [png, svg]


def _lines(panel: Axes, table: FigureTable, name: str) -> None:
    for series in table.series:
        records = table.records(**{table.panel: name, "scenario": series.label, "kind": "run"})
        if not records:
            continue
        years, low, quarter, middle, three, high = (
            np.array([record[key] for record in records], dtype=float) for key in ("year", "p05", "p25", table.line, "p75", "p95")
        )
        panel.fill_between(years, low, high, color=series.colour, alpha=0.13, linewidth=0)
        panel.fill_between(years, quarter, three, color=series.colour, alpha=0.22, linewidth=0)
        panel.plot(years, middle, color=series.colour, linewidth=1.7, linestyle=(0, (4, 2)) if series.is_base else "-")
    for kind in ("published sample", "full count"):
        for point in table.records(**{table.panel: name, "kind": kind}):
            _point(panel, float(point["year"]), float(point["value"]), float(point["standard_error"]), kind == "full count")
    if table.name.startswith("differences"):
        panel.axhline(0, color="black", linewidth=0.8)
    else:
        panel.axvline(LAST_OBSERVED + 0.5, color="#888888", linewidth=0.8, linestyle=(0, (4, 3)))
    scale = line_scales(table)[name]
    panel.set_ylim(scale.low, scale.high)
    panel.set_ylabel(table.unit, fontsize=7.5)
    panel.grid(axis="y", color="#E5E5E5", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
    panel.margins(x=0.01)


def _point(panel: Axes, year: float, value: float, error: float, is_count: bool) -> None:
    # The two instruments of one year are set apart a little, or their marks would hide each other.
    panel.errorbar(
        [year + (0.2 if is_count else -0.2)],
        [value],
        yerr=[TO_90 * error],
        fmt="D" if is_count else "o",
        markersize=3.4 if is_count else 4.6,
        markerfacecolor="white" if is_count else "black",
        color="black",
        elinewidth=1.0,
        capsize=2.0,
        zorder=5,
    )


def _intervals(panel: Axes, table: FigureTable, name: str) -> None:
    labels = list(dict.fromkeys(str(record["region"]) for record in table.records(**{table.panel: name})))
    offsets = np.linspace(0.24, -0.24, len(table.series)) if len(table.series) > 1 else [0.0]
    panel.axvline(0, color="black", linewidth=0.8)
    for series, offset in zip(table.series, offsets, strict=True):
        for record in table.records(**{table.panel: name, "scenario": series.label}):
            y = -labels.index(str(record["region"])) + offset
            numbers = {key: float(record[key]) for key in ("p05", "p25", "p75", "p95", "difference")}
            panel.plot([numbers["p05"], numbers["p95"]], [y, y], color=series.colour, linewidth=1.1)
            panel.plot([numbers["p25"], numbers["p75"]], [y, y], color=series.colour, linewidth=4.0, alpha=0.55)
            panel.plot([numbers["difference"]], [y], "o", color=series.colour, markersize=4.5)
            _beside(panel, numbers["difference"], y, fontsize=7.5, color=series.colour)
    _named_rows(panel, labels, table.unit)
    panel.set_ylim(-len(labels) + 0.4, 0.6)
    panel.set_xlim(*forest_range(table))


def _bars(panel: Axes, table: FigureTable, name: str) -> None:
    labels = list(dict.fromkeys(str(record["label"]) for record in table.records(**{table.panel: name})))
    thick = 0.78 / len(table.series)
    panel.axvline(0, color="black", linewidth=0.8)
    for place, series in enumerate(table.series):
        for record in table.records(**{table.panel: name, "series": series.label}):
            y = -labels.index(str(record["label"])) + 0.39 - thick * (place + 0.5)
            value, low, high = (float(record[key]) for key in ("value", "low", "high"))
            panel.barh([y], [value], height=0.88 * thick, color=series.colour)
            if high > low:
                panel.plot([low, high], [y, y], color="black", linewidth=1.1)
            _beside(panel, value, y, fontsize=7)
    _named_rows(panel, [_wrapped(label, 30) for label in labels], table.unit)
    panel.set_ylim(-len(labels) + 0.45, 0.55)


def _beside(panel: Axes, value: float, y: float, **looks: Any) -> None:
    """Write a number to the right of a panel, beside its row."""
    place: Any = ("axes fraction", "data")
    panel.annotate(f"{value:+.2f}", xy=(1.02, y), xycoords=place, va="center", annotation_clip=False, **looks)


def _named_rows(panel: Axes, labels: Sequence[str], unit: str) -> None:
    """Name the rows of a panel, the first on top, and the unit below it."""
    panel.set_yticks([-place for place in range(len(labels))], labels)
    panel.tick_params(axis="y", length=0)
    panel.grid(axis="x", color="#E5E5E5", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.set_xlabel(unit, fontsize=7.5)


def _matrix(panel: Axes, table: FigureTable, name: str) -> None:
    records = table.records(**{table.panel: name})
    labels = list(dict.fromkeys(str(record["other"]) for record in table.records()))
    labels = [label for label in node_labels() if label in labels]
    values = np.full((len(labels), len(labels)), np.nan)
    for record in records:
        values[labels.index(str(record["region"])), labels.index(str(record["other"]))] = float(record["value"])
    most = max(float(np.nanmax(np.abs(values))), 1e-9)
    colours = mpl.colors.LinearSegmentedColormap.from_list("loss-gain", DIVERGING).with_extremes(bad="#EEEEEE")
    panel.imshow(values, cmap=colours, vmin=-1.15 * most, vmax=1.15 * most, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            panel.text(column, row, whole(value), ha="center", va="center", fontsize=7)
    panel.set_xticks(range(len(labels)), labels, rotation=35, ha="right", fontsize=7.5)
    panel.set_yticks(range(len(labels)), labels, fontsize=7.5)
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)


def _streams(panel: Axes, table: FigureTable, name: str) -> None:
    streams = streams_of(table, name)
    nodes, ribbons = layout(streams, node_labels())
    draw_streams(panel, nodes, ribbons, {label: node_colour(label) for label in node_labels()})
    for column, stop in enumerate(table.stops):
        panel.text(column, -0.035, stop_words(table, stop, name), ha="center", va="top", fontsize=8, color=_DARK)


def streams_of(table: FigureTable, name: str) -> dict[tuple[str, ...], float]:
    """Return the people of a panel of a Sankey diagram by the nodes they pass."""
    found: dict[tuple[str, ...], float] = {}
    for record in table.records(**{table.panel: name}):
        key = tuple(str(record[stop]) for stop in table.stops)
        found[key] = found.get(key, 0.0) + float(record["people"])
    return found


def whole(value: float) -> str:
    """Write a whole number with its sign, and nothing as 0."""
    return f"{value:+,.0f}" if round(value) else "0"


def stop_words(table: FigureTable, stop: str, name: str) -> str:
    """Name a column of a Sankey diagram."""
    words = {"origin": "comes from", "study": "graduate school", "work": "first job", "base": "under the base"}
    return words.get(stop, f"under {name}")


def _handles(table: FigureTable) -> list[Any]:
    if table.kind in (MATRIX, STREAMS, DOTS, TILES, FUTURES):
        return []
    if table.kind == BARS:
        return [Patch(color=series.colour, label=series.shown) for series in table.series] if len(table.series) > 1 else []
    if table.kind == MISSES:
        (drawn,) = table.series
        dot = Line2D([], [], color=drawn.colour, marker="o", linestyle="", markersize=5, label=f"{drawn.shown}, median")
        return [dot, Line2D([], [], color=drawn.colour, linewidth=1.3, label="90 % of the draws")]
    handles: list[Any] = [_line(series) for series in table.series]
    if table.kind == INTERVALS:
        return [
            *handles,
            Line2D([], [], color=_DARK, linewidth=4, alpha=0.55, label="50 % of the runs"),
            Line2D([], [], color=_DARK, linewidth=1.1, label="90 % of the runs"),
        ]
    if any(np.isfinite(float(record["p05"])) for record in table.records(kind="run")):
        handles += [
            Patch(color=_DARK, alpha=0.33, linewidth=0, label="50 % band"),
            Patch(color=_DARK, alpha=0.13, label="90 % band"),
        ]
    if table.records(kind="published sample"):
        handles.append(Line2D([], [], color="black", marker="o", linestyle="", markersize=4.6, label="published sample"))
    if table.records(kind="full count"):
        handles.append(
            Line2D([], [], color="black", marker="D", linestyle="", markersize=3.4, markerfacecolor="white", label="full count")
        )
    return handles


def _line(series: Series) -> Line2D:
    dash: Any = (0, (4, 2)) if series.is_base else "-"
    return Line2D([], [], color=series.colour, linewidth=1.7, linestyle=dash, label=series.shown)


def panel_columns(table: FigureTable) -> int:
    """Return how many panels stand beside each other where there is room."""
    count = len(table.panels)
    if table.kind in (LINES, FUTURES):
        return min(count, 4)
    return min(count, 3 if table.kind in (MATRIX, DOTS) else 2)


def most_rows(table: FigureTable) -> int:
    """Return how many rows the highest panel of a forest plot or of bars has."""
    named = "region" if table.kind in FORESTS else "label"
    return max(len({record[named] for record in table.records(**{table.panel: name})}) for name in table.panels)


def _title_width(table: FigureTable, columns: int) -> int:
    """Return how many letters of a panel's title stand in one line."""
    return int(_WIDTH / columns / 0.085) - (24 if table.kind in (*FORESTS, BARS) else 8)


def _panel_height(table: FigureTable) -> float:
    if table.kind in (*FORESTS, BARS):
        return most_rows(table) * (0.2 + 0.13 * len(table.series))
    return {LINES: 1.55, MATRIX: 2.6, STREAMS: 4.0, DOTS: 1.5, TILES: 2.5, FUTURES: 1.35}[table.kind]


def _gap(table: FigureTable, lines: int) -> float:
    """Return the inches between rows of panels: numbers and names of the axes above, titles of so many lines below."""
    return 0.3 + 0.16 * lines + (0.16 if table.kind in (*FORESTS, BARS, DOTS) else 0.1)


def _wrapped(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


_DRAWERS: Final[Mapping[str, Callable[[Axes, FigureTable, str], None]]] = {
    LINES: _lines,
    INTERVALS: _intervals,
    BARS: _bars,
    MATRIX: _matrix,
    STREAMS: _streams,
    DOTS: file_dots,
    TILES: file_tiles,
    FUTURES: file_futures,
    MISSES: _intervals,
}
