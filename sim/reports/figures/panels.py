"""The panels of figures for pages, one function for each kind of table."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import plotly.graph_objects as go

from sim.reports.figures.files import stop_words, streams_of, whole
from sim.reports.figures.kinds.axes import Domain, page_axes
from sim.reports.figures.kinds.dots import page_dots
from sim.reports.figures.kinds.futures import page_futures
from sim.reports.figures.kinds.scales import TO_90, forest_range, line_scales
from sim.reports.figures.kinds.tiles import page_tiles
from sim.reports.figures.published import LAST_OBSERVED
from sim.reports.figures.streams import layout as placed
from sim.reports.figures.tables import (
    BARS,
    DIVERGING,
    DOTS,
    FUTURES,
    INTERVALS,
    LINES,
    MATRIX,
    MISSES,
    STREAMS,
    TILES,
    FigureTable,
    Series,
    Value,
    node_colour,
    node_labels,
)  # fmt: skip
from sim.reports.words import shortened

_GRID: Final = "#E5E5E5"


def safe(text: str) -> str:
    """Escape what plotly would read as a tag."""
    return html.escape(text, quote=False)


def _draw_lines(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw curves with their bands, and published points."""
    is_difference = table.name.startswith("differences")
    scale = line_scales(table)[name]
    axes = page_axes(
        figure,
        number,
        domain,
        {"tickformat": "d", "nticks": 6, "hoverformat": "d"},
        {"gridcolor": _GRID, "range": [scale.low, scale.high], "nticks": 6},
    )
    for series in table.series:
        records = table.records(**{table.panel: name, "scenario": series.label, "kind": "run"})
        if records:
            _bands(figure, records, series, axes)
            _curve(figure, table, records, series, axes, number == 0)
    for kind, symbol, shift in (("published sample", "circle", -0.2), ("full count", "diamond-open", 0.2)):
        points = table.records(**{table.panel: name, "kind": kind})
        errors = [round(TO_90 * float(point["standard_error"]), 3) for point in points]
        figure.add_scatter(
            x=[int(point["year"]) + shift for point in points],
            y=_rounded(points, "value"),
            error_y={"type": "data", "array": errors, "thickness": 1, "width": 2},
            customdata=[[safe(str(point["source"])), int(point["year"])] for point in points],
            mode="markers",
            marker={"color": "black", "symbol": symbol, "size": 7},
            name=kind,
            legendgroup=kind,
            showlegend=number == 0 and bool(table.records(kind=kind)),
            hovertemplate=f"{kind} %{{customdata[1]}}: %{{y:.1f}} (source %{{customdata[0]}})<extra></extra>",
            **axes,
        )
    line = {"color": "#000000", "width": 1} if is_difference else {"color": "#777777", "width": 1, "dash": "dash"}
    if is_difference:
        figure.add_shape(type="line", xref=f"{axes['xaxis']} domain", yref=axes["yaxis"], x0=0, x1=1, y0=0, y1=0, line=line)
    else:
        when = LAST_OBSERVED + 0.5
        figure.add_shape(type="line", xref=axes["xaxis"], yref=f"{axes['yaxis']} domain", x0=when, x1=when, y0=0, y1=1, line=line)
    if number == 0 and any(math.isfinite(float(record["p05"])) for record in table.records(kind="run")):
        nothing: list[float | None] = [None]
        for label, shade in (("50 % band", 0.35), ("90 % band", 0.13)):
            figure.add_scatter(
                x=nothing,
                y=nothing,
                mode="markers",
                name=label,
                hoverinfo="skip",
                marker={"symbol": "square", "size": 14, "color": f"rgba(51,51,51,{shade})"},
                **axes,
            )


def _bands(figure: go.Figure, records: Sequence[Mapping[str, Value]], series: Series, axes: Mapping[str, str]) -> None:
    years = [int(record["year"]) for record in records]
    for low, high, shade in (("p05", "p95", 0.13), ("p25", "p75", 0.22)):
        if not math.isfinite(float(records[0][low])):
            continue
        figure.add_scatter(
            x=years + years[::-1],
            y=_rounded(records, high) + _rounded(records, low)[::-1],
            fill="toself",
            mode="lines",
            fillcolor=_clear(series.colour, shade),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
            legendgroup=series.label,
            **axes,
        )


def _curve(
    figure: go.Figure,
    table: FigureTable,
    records: Sequence[Mapping[str, Value]],
    series: Series,
    axes: Mapping[str, str],
    in_legend: bool,
) -> None:
    people = next((name for name in ("people_p50", "people") if name in table.columns), "")
    values: list[list[str]] = []
    for record in records:
        band = ""
        if math.isfinite(float(record["p05"])):
            band = f" (50 %: {record['p25']:.1f} to {record['p75']:.1f}; 90 %: {record['p05']:.1f} to {record['p95']:.1f})"
        values.append([band, f"; {float(record[people]):,.0f} people" if people else ""])
    figure.add_scatter(
        x=[int(record["year"]) for record in records],
        y=_rounded(records, table.line),
        mode="lines",
        name=safe(series.shown),
        line={"color": series.colour, "width": 2, "dash": "dash" if series.is_base else "solid"},
        customdata=values,
        legendgroup=series.label,
        showlegend=in_legend,
        hovertemplate=f"{safe(series.shown)}: %{{y:.1f}}%{{customdata[0]}}%{{customdata[1]}}<extra></extra>",
        **axes,
    )


def _draw_intervals(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw a forest plot: a dot with two bars by region."""
    labels = list(dict.fromkeys(str(record["region"]) for record in table.records(**{table.panel: name})))
    axes = page_axes(
        figure,
        number,
        domain,
        {"gridcolor": _GRID, "zeroline": True, "zerolinecolor": "#000000", "nticks": 6, "range": list(forest_range(table))},
        {
            "tickvals": [-place for place in range(len(labels))],
            "ticktext": labels,
            "range": [-len(labels) + 0.4, 0.6],
            "ticks": "",
        },
    )
    step = 0.48 / max(len(table.series) - 1, 1)
    for place, series in enumerate(table.series):
        records = table.records(**{table.panel: name, "scenario": series.label})
        offset = 0.24 - step * place if len(table.series) > 1 else 0.0
        rows = [-labels.index(str(record["region"])) + offset for record in records]
        for low, high, thick, alpha in (("p05", "p95", 1.5, 1.0), ("p25", "p75", 6, 0.5)):
            x: list[float | None] = []
            y: list[float | None] = []
            for record, row in zip(records, rows, strict=True):
                x += [round(float(record[low]), 3), round(float(record[high]), 3), None]
                y += [row, row, None]
            line = {"color": _clear(series.colour, alpha), "width": thick}
            figure.add_scatter(
                x=x, y=y, mode="lines", line=line, hoverinfo="skip", showlegend=False, legendgroup=series.label, **axes
            )
        figure.add_scatter(
            x=_rounded(records, "difference"),
            y=rows,
            mode="markers",
            marker={"color": series.colour, "size": 9},
            name=safe(series.shown),
            legendgroup=series.label,
            showlegend=number == 0,
            customdata=[
                [
                    str(r["region"]),
                    *(f"{float(r[key]):+.2f}" for key in ("p25", "p75", "p05", "p95")),
                    f"{float(r['people']):+,.0f}",
                    f"; {r['verdict']}" if r["verdict"] else "",
                ]
                for r in records
            ],
            hovertemplate=f"%{{customdata[0]}}, {safe(series.shown)}<br>%{{x:+.2f}} points%{{customdata[6]}}<br>50 %: "
            "%{customdata[1]} to %{customdata[2]}<br>90 %: %{customdata[3]} to %{customdata[4]}<br>%{customdata[5]} people"
            "<extra></extra>",
            **axes,
        )


def _draw_misses(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw misses in standard deviations: a dot with the bar of 90 % of the draws by row."""
    records = table.records(**{table.panel: name})
    rows = [-place for place in range(len(records))]
    axes = page_axes(
        figure,
        number,
        domain,
        {"gridcolor": _GRID, "zeroline": True, "zerolinecolor": "#000000", "nticks": 6, "range": list(forest_range(table))},
        {
            "tickvals": rows,
            "ticktext": [_broken(str(record["region"]), 34) for record in records],
            "range": [-len(rows) + 0.4, 0.6],
            "ticks": "",
            "tickfont": {"size": 10},
        },
    )
    x: list[float | None] = []
    y: list[float | None] = []
    for record, row in zip(records, rows, strict=True):
        x += [round(float(record["p05"]), 3), round(float(record["p95"]), 3), None]
        y += [row, row, None]
    colour = table.series[0].colour
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 2}, hoverinfo="skip", showlegend=False, **axes)
    figure.add_scatter(
        x=_rounded(records, "difference"),
        y=rows,
        mode="markers",
        marker={"color": colour, "size": 8},
        showlegend=False,
        customdata=[[safe(str(r["region"])), str(r["verdict"])] for r in records],
        hovertemplate="%{customdata[0]}<br>%{x:+.1f} standard deviations; %{customdata[1]}<extra></extra>",
        **axes,
    )


def _draw_bars(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw bars."""
    labels = list(dict.fromkeys(str(record["label"]) for record in table.records(**{table.panel: name})))
    texts = [_broken(label, 24) for label in labels]
    axes = page_axes(
        figure,
        number,
        domain,
        {"gridcolor": _GRID, "zeroline": True, "zerolinecolor": "#000000", "nticks": 5},
        {
            "tickvals": list(range(len(labels))),
            "ticktext": texts,
            "range": [len(labels) - 0.5, -0.5],
            "ticks": "",
            "tickfont": {"size": 11},
        },
    )
    for series in table.series:
        records = table.records(**{table.panel: name, "series": series.label})
        values = [float(record["value"]) for record in records]
        up, down = ([round(abs(float(r[end]) - v), 3) for r, v in zip(records, values, strict=True)] for end in ("high", "low"))
        figure.add_bar(
            x=[round(value, 3) for value in values],
            y=[labels.index(str(record["label"])) for record in records],
            orientation="h",
            marker={"color": series.colour},
            name=series.shown,
            legendgroup=series.label,
            showlegend=number == 0,
            error_x={"type": "data", "array": up, "arrayminus": down, "thickness": 1.2, "width": 3, "visible": any(up)},
            customdata=[safe(str(record["label"])) for record in records],
            hovertemplate=f"%{{customdata}}: {series.label} %{{x:+.2f}} points<extra></extra>",
            **axes,
        )


def _draw_matrix(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw a coloured matrix."""
    found = {(str(r["region"]), str(r["other"])): float(r["value"]) for r in table.records(**{table.panel: name})}
    labels = [label for label in node_labels() if any(label in pair for pair in found)]
    values = [[found.get((row, column)) for column in labels] for row in labels]
    most = max((abs(value) for value in found.values()), default=1.0) or 1.0
    axes = page_axes(
        figure,
        number,
        domain,
        {"ticks": "", "showgrid": False, "tickangle": -40, "tickfont": {"size": 11}},
        {"ticks": "", "showgrid": False, "autorange": "reversed"},
    )
    figure.add_heatmap(
        z=[[None if value is None else round(value, 1) for value in row] for row in values],
        x=labels,
        y=labels,
        zmin=-1.15 * most,
        zmax=1.15 * most,
        colorscale=[[0, DIVERGING[0]], [0.5, DIVERGING[1]], [1, DIVERGING[2]]],
        showscale=False,
        text=[["" if value is None else whole(value) for value in row] for row in values],
        texttemplate="%{text}",
        textfont={"size": 10},
        hovertemplate="%{y} from %{x}: %{z:+,.0f} people a year<extra></extra>",
        hoverongaps=False,
        xgap=1,
        ygap=1,
        **axes,
    )


def _draw_streams(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw a Sankey diagram."""
    streams = streams_of(table, name)
    nodes, _ = placed(streams, node_labels())
    index = {(node.column, node.label): place for place, node in enumerate(nodes)}
    last = len(table.stops) - 1
    links: dict[tuple[int, int, str], float] = {}
    for key, people in streams.items():
        for column in range(last):
            ends = index[column, key[column]], index[column + 1, key[column + 1]]
            links[*ends, key[0]] = links.get((*ends, key[0]), 0.0) + people
    figure.add_sankey(
        domain=dict(domain),
        arrangement="fixed",
        valueformat=",.0f",
        textfont={"size": 11},
        node={
            "label": [f"{node.label} {node.people:,.0f}" for node in nodes],
            "color": [node_colour(node.label) for node in nodes],
            "pad": 12,
            "thickness": 14,
            "line": {"width": 0},
            "x": [0.001 + 0.998 * node.column / last for node in nodes],
            "y": [min(max(1 - (node.low + node.high) / 2, 0.001), 0.999) for node in nodes],
            "customdata": [stop_words(table, table.stops[node.column], name) for node in nodes],
            "hovertemplate": "%{customdata} %{label} people<extra></extra>",
        },
        link={
            "source": [key[0] for key in links],
            "target": [key[1] for key in links],
            "value": [round(value, 2) for value in links.values()],
            "color": [_clear(node_colour(key[2]), 0.45) for key in links],
            "customdata": [f"{nodes[key[0]].label} to {nodes[key[1]].label} ({key[2]})" for key in links],
            "hovertemplate": "%{value:,.0f} people: %{customdata}<extra></extra>",
        },
    )


def _rounded(records: Sequence[Mapping[str, Value]], name: str) -> list[float | None]:
    numbers = (float(record[name]) for record in records)
    return [round(number, 3) if math.isfinite(number) else None for number in numbers]


def _clear(colour: str, alpha: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def _broken(text: str, width: int) -> str:
    """Break a label into at most three lines."""
    lines = textwrap.wrap(shortened(text, 3 * width), width, break_long_words=False, break_on_hyphens=False)
    return "<br>".join(safe(line) for line in lines)


DRAWERS: Final[Mapping[str, Callable[[go.Figure, FigureTable, str, int, Domain], None]]] = {
    LINES: _draw_lines,
    INTERVALS: _draw_intervals,
    BARS: _draw_bars,
    MATRIX: _draw_matrix,
    STREAMS: _draw_streams,
    DOTS: page_dots,
    TILES: page_tiles,
    FUTURES: page_futures,
    MISSES: _draw_misses,
}
"""What draws a panel of each kind: the figure, its table, the name and number of the panel, and where it stands."""
