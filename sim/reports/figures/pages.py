"""Figures for pages: each kind of table drawn with plotly, with values under the pointer.

Panels are placed here as they stand on a wide screen; ``sim/reports/assets/page.js`` places them anew, by the numbers in
``layout.meta``, where the screen is narrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import plotly.graph_objects as go

from sim.reports.figures.files import most_rows, panel_columns, stop_words
from sim.reports.figures.kinds.scales import panel_title
from sim.reports.figures.panels import DRAWERS, safe
from sim.reports.figures.tables import BARS, DOTS, FORESTS, FUTURES, INTERVALS, LINES, MATRIX, MISSES, STREAMS, TILES, FigureTable
from sim.reports.words import shortened

_WIDTH: Final = 1060  # pixels for which panels are placed
_FONT: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
_LEGEND_ROW: Final = 22


class Edges(NamedTuple):
    """Pixels about a panel, for title, ticks and labels, and its least width: where there is less, fewer stand side by side."""

    head: int
    foot: int
    narrowest: int
    left: int
    right: int


_EDGES: Final = {
    LINES: Edges(30, 40, 230, 46, 14),
    INTERVALS: Edges(30, 46, 420, 118, 16),
    BARS: Edges(30, 46, 420, 150, 16),
    MATRIX: Edges(30, 92, 340, 118, 8),
    STREAMS: Edges(48, 18, 420, 4, 26),
    DOTS: Edges(30, 46, 300, 10, 14),
    TILES: Edges(30, 10, 460, 2, 2),
    FUTURES: Edges(30, 40, 330, 46, 14),
    MISSES: Edges(30, 46, 600, 210, 16),
}


def plotly_figure(table: FigureTable) -> go.Figure:
    """Draw a table for a page.

    Parameters
    ----------
    table
        With at least one row.
    """
    panels = table.page_panels
    columns = min(len(panels), panel_columns(table))
    height = _panel_height(table)
    meta = {
        "panels": len(panels),
        "columns": columns,
        "height": height,
        **_EDGES[table.kind]._asdict(),
        "top": _legend_rows(table, _WIDTH) * _LEGEND_ROW,
        "top_narrow": (_legend_rows(table, 360) - _legend_rows(table, _WIDTH)) * _LEGEND_ROW,
    }
    figure = _empty_figure(meta)
    figure.update_layout(hovermode="x" if table.kind == LINES else "closest")
    for number, name in enumerate(panels):
        x, y = domains(number, len(panels), columns, meta, _WIDTH)
        DRAWERS[table.kind](figure, table, name, number, {"x": x, "y": y})
        figure.add_annotation(
            text=f"<b>{safe(shortened(panel_title(table, name), 60))}</b>{_stops(table, name)}",
            x=x[0] - meta["left"] / _WIDTH,
            y=y[1],
            xref="paper",
            yref="paper",
            xanchor="left",
            yanchor="bottom",
            showarrow=False,
            align="left",
            font={"size": 13},
        )
    return figure


def _empty_figure(meta: Mapping[str, int]) -> go.Figure:
    """Make a figure with its size, its letters and its legend."""
    rows = -(-meta["panels"] // meta["columns"])
    figure = go.Figure()
    figure.update_layout(
        template="none",
        meta=dict(meta),
        height=rows * (meta["height"] + meta["head"] + meta["foot"]) + meta["top"],
        margin={"l": 0, "r": 0, "t": meta["top"], "b": 0, "pad": 0},
        font={"family": _FONT, "size": 12, "color": "#1A1A1A"},
        paper_bgcolor="white",
        plot_bgcolor="white",
        hoverlabel={"font": {"size": 12}, "namelength": -1},
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "xanchor": "left", "traceorder": "normal"},
        dragmode=False,
        barmode="group",
        showlegend=meta["top"] > 0,
    )
    return figure


def domains(number: int, count: int, columns: int, meta: Mapping[str, int], width: float) -> tuple[list[float], list[float]]:
    """Return where a panel stands, as shares of the drawing's width and height.

    Parameters
    ----------
    number, count
        Which panel of how many.
    columns
        Panels side by side.
    meta
        Sizes in pixels: height of a panel, head and foot, left and right margins.
    width
        Of the drawing, pixels.
    """
    rows = -(-count // columns)
    slot = meta["height"] + meta["head"] + meta["foot"]
    row, column = divmod(number, columns)
    x = [column / columns + meta["left"] / width, (column + 1) / columns - meta["right"] / width]
    y = [1 - ((row + 1) * slot - meta["foot"]) / (rows * slot), 1 - (row * slot + meta["head"]) / (rows * slot)]
    return x, [max(0.0, y[0]), min(1.0, y[1])]


def _stops(table: FigureTable, name: str) -> str:
    """Name the columns of a Sankey diagram."""
    return f"<br>{' → '.join(safe(stop_words(table, stop, name)) for stop in table.stops)}" if table.stops else ""


def _legend_rows(table: FigureTable, width: int) -> int:
    """Return how many rows the legend takes on a drawing of that width in pixels; none where a single colour needs no name."""
    names = [series.shown for series in table.series]
    if table.kind == LINES:
        names += ["50 % band", "90 % band", "published sample", "full count"][: 4 if table.records(kind="full count") else 2]
    if (len(names) < 2 and table.kind == BARS) or table.kind in (DOTS, TILES, MISSES):
        return 0
    if table.kind == FUTURES:
        return 1
    widest = max((len(name) for name in names), default=0) * 6 + 44
    return -(-len(names) // max(1, width // widest))


def _panel_height(table: FigureTable) -> int:
    if table.kind == MISSES:
        return 20 + 34 * most_rows(table)
    if table.kind in (*FORESTS, BARS):
        return 20 + most_rows(table) * max(20 + 14 * len(table.series), 50 if table.kind == BARS else 0)
    return {LINES: 170, MATRIX: 270, STREAMS: 430, DOTS: 130, TILES: 230, FUTURES: 210}[table.kind]
