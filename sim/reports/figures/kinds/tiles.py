"""A map of tiles: every region as large as any other, near where it lies, coloured by what changes there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from sim.comparisons.comparison import Comparison
from sim.data.load import load_data
from sim.data.schema import Tile
from sim.engines.axes import AXES, TIERS
from sim.reports.figures.kinds.axes import Domain, page_axes
from sim.reports.figures.tables import DIVERGING, TILES, FigureTable, Value, shown_runs
from sim.reports.words import region_names

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

_HALF: Final = 0.47


def tiles() -> Mapping[str, Tile]:
    """Return where the regions of the tables in force stand, by code."""
    return load_data().tiles


def tabulate_tiles(comparison: Comparison) -> FigureTable:
    """Tabulate what each variant changes in the share of work of every region in the last year, or a run's shares."""
    rows: list[tuple[Value, ...]] = []
    base, names = comparison.base, region_names()
    cell = -1, TIERS.index("top20"), AXES.index("work")
    last = int(base.years[-1])
    if comparison.variants:
        for (series, _), effects in zip(shown_runs(comparison)[1:], comparison.effects, strict=True):
            values, people = effects.difference_points[cell], effects.people[cell]
            rows += [_row(series.label, code, names, values[r], people[r]) for r, code in enumerate(base.codes)]
    else:
        values, people = 100.0 * base.shares.p50[cell], base.shares.researchers_p50[cell]
        rows += [_row(shown_runs(comparison)[0][0].label, code, names, values[r], people[r]) for r, code in enumerate(base.codes)]
    what = "What changes" if comparison.variants else "Shares of work"
    return FigureTable(
        name="tiles",
        kind=TILES,
        title=f"{what}, region by region, top 20 %, {last}",
        caption="Each tile is a region, near where it lies, all of one size. Orange: more; blue: less. The colours of all panels "
        "mean the same numbers.",
        unit="percentage points" if comparison.variants else "% of the tier",
        definition="Share of work by headquarters in the last year: mean paired difference from the base, or a run's median.",
        source="runs; places of the tiles: tiles.csv",
        columns=("scenario", "region", "code", "row", "column", "value", "people"),
        rows=tuple(rows),
        panel="scenario",
    )


def _row(label: str, code: str, names: dict[str, str], value: float, people: float) -> tuple[Value, ...]:
    tile = tiles()[code]
    return (label, names.get(code, code), code, tile.row, tile.column, float(value), float(people))


def largest(table: FigureTable) -> float:
    """Return the largest size of a number of any panel, above 0."""
    return max(1e-9, *(abs(float(record["value"])) for record in table.records() if np.isfinite(float(record["value"]))))


def file_tiles(panel: Axes, table: FigureTable, name: str) -> None:
    """Draw a map for a file."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    colours, most = LinearSegmentedColormap.from_list("loss-gain", DIVERGING), 1.7 * largest(table)
    for record in table.records(**{table.panel: name}):
        x, y, value = float(record["column"]), -float(record["row"]), float(record["value"])
        colour = colours((value / most + 1) / 2) if np.isfinite(value) else "#EEEEEE"
        panel.add_patch(Rectangle((x - _HALF, y - _HALF), 2 * _HALF, 2 * _HALF, facecolor=colour, edgecolor="#BBBBBB"))
        panel.text(x, y + 0.14, str(record["code"]), ha="center", va="center", fontsize=7.5, weight="bold")
        panel.text(x, y - 0.2, tile_text(table, value), ha="center", va="center", fontsize=7)
    panel.set_xlim(-0.6, max(tile.column for tile in tiles().values()) + 0.6)
    panel.set_ylim(-max(tile.row for tile in tiles().values()) - 0.6, 0.6)
    panel.set_xticks([])
    panel.set_yticks([])
    panel.spines[:].set_visible(False)


def tile_text(table: FigureTable, value: float) -> str:
    """Write the number of a tile: changes with their sign, shares without."""
    if not np.isfinite(value):
        return "–"
    if table.unit != "percentage points":
        return f"{value:.1f} %"
    return f"{value:+.2f}" if round(value, 2) else "0"


def page_tiles(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw a map for a page."""
    high = max(tile.row for tile in tiles().values()) + 1
    wide = max(tile.column for tile in tiles().values()) + 1
    values: list[list[float | None]] = [[None] * wide for _ in range(high)]
    texts = [[""] * wide for _ in range(high)]
    said = [[""] * wide for _ in range(high)]
    for record in table.records(**{table.panel: name}):
        row, column, value = int(record["row"]), int(record["column"]), float(record["value"])
        values[row][column] = round(value, 3) if np.isfinite(value) else None
        texts[row][column] = f"<b>{record['code']}</b><br>{tile_text(table, value)}"
        said[row][column] = f"{record['region']}: {tile_text(table, value)}; {float(record['people']):+,.0f} people"
    nothing = {"showticklabels": False, "ticks": "", "showgrid": False, "linecolor": "rgba(0,0,0,0)"}
    axes = page_axes(figure, number, domain, nothing, {**nothing, "autorange": "reversed"})
    most = 1.7 * largest(table)
    figure.add_heatmap(
        z=values,
        zmin=-most,
        zmax=most,
        colorscale=[[0, DIVERGING[0]], [0.5, DIVERGING[1]], [1, DIVERGING[2]]],
        showscale=False,
        text=texts,
        customdata=said,
        texttemplate="%{text}",
        textfont={"size": 10, "color": "#1A1A1A"},
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        xgap=3,
        ygap=3,
        **axes,
    )
