"""Dots of quantiles: what the runs say as 50 dots, each for one run in fifty, so that a chance can be counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from sim.comparisons.comparison import Comparison
from sim.comparisons.crossings import work_counts
from sim.comparisons.effects import main_headline
from sim.comparisons.pairing import pair
from sim.comparisons.regions import always_told, passing_pair
from sim.data.load import load_data
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats
from sim.reports.figures.kinds.axes import Domain, page_axes
from sim.reports.figures.tables import DOTS, FigureTable, Value, shown_runs
from sim.reports.words import region_names
from sim.runs.outcomes.indicators import crossing
from sim.runs.outcomes.statistics import shares_of
from sim.scenarios.groups import member_ids

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

COUNT: Final = 50
"""Dots of a panel: each stands for 2 % of the runs."""
DOT_BINS: Final = 26
"""Columns of dots over the range of a panel."""
NOT_PASSED: Final = "not before the horizon"
_GREY: Final = "#9E9E9E"


def quantile_dots(values: Floats) -> Floats:
    """Return the middles of 50 equal parts of the values, ascending; values that are infinite stay so, NaN are left out."""
    known = np.sort(values[~np.isnan(values)])
    if len(known) == 0:
        return known
    places = np.minimum((len(known) * (np.arange(COUNT) + 0.5) / COUNT).astype(np.int64), len(known) - 1)
    found: Floats = known[places]
    return found


def tabulate_effect_dots(comparison: Comparison) -> FigureTable:
    """Tabulate the effect on work of the top 20 % in the last year as dots: USA, CHN and the region that moves most."""
    rows: list[tuple[Value, ...]] = []
    data, names, last = load_data(), region_names(), int(comparison.base.years[-1])
    for (series, _), variant in zip(shown_runs(comparison)[1:], comparison.variants, strict=True):
        each = pair(comparison.base, variant, data)
        cell = -1, TIERS.index("top20"), AXES.index("work")
        before, after = (shares_of(counts[:, :, *cell, :].astype(np.float64)) for counts in (each.base, each.variant))
        for place in dict.fromkeys((*always_told(), main_headline(comparison.headlines, series.label).region)):
            members = member_ids(place, comparison.base.codes, comparison.groups)
            values = 100.0 * (after - before)[..., members].sum(axis=-1).ravel()
            name = names.get(place, place)
            dots = quantile_dots(values)
            rows += [(f"{series.label}: {name}", series.label, name, last, n, float(v)) for n, v in enumerate(dots)]
    return FigureTable(
        name="effect-dots",
        kind=DOTS,
        title=f"The effect in {last}, as {COUNT} dots",
        caption=f"Each dot is {100 // COUNT} % of the paired runs: count those right of the line to see how often the share of "
        "the top 20 % at work in the region rises. All panels have the same axis.",
        unit="percentage points",
        definition=f"Middles of {COUNT} equal parts of the paired differences of the share of work, top 20 %, in the last year.",
        source="runs",
        columns=("panel", "scenario", "region", "year", "dot", "value"),
        rows=tuple(rows),
        panel="panel",
        series=tuple(series for series, _ in shown_runs(comparison)[1:]),
    )


def tabulate_crossing_dots(comparison: Comparison) -> FigureTable:
    """Tabulate the first year in which one region has more of the top 20 % at work than another, as dots of each scenario."""
    rows: list[tuple[Value, ...]] = []
    names = region_names()
    for series, run in shown_runs(comparison):
        regions = [run.codes.index(code) for code in passing_pair()]
        dots = quantile_dots(crossing(work_counts(run.counts, "top20"), run.years, *regions))
        rows += [(series.label, n, float(v) if np.isfinite(v) else np.nan) for n, v in enumerate(dots)]
    first, second = (names[code] for code in passing_pair())
    last = int(comparison.base.years[-1])
    return FigureTable(
        name="crossing-dots",
        kind=DOTS,
        title=f"The year in which {first} passes {second}, as {COUNT} dots",
        caption=f"Each dot is {100 // COUNT} % of the runs: the first year in which {first} has more of the top 20 % at work, by "
        f"headquarters of the employer. Grey, at the right: {NOT_PASSED}, {last}.",
        unit="year",
        definition="First reporting year in which the challenger has more researchers of the top 20 % than the leader; no number "
        "where there is none.",
        source="runs",
        columns=("scenario", "dot", "value"),
        rows=tuple(rows),
        panel="scenario",
        series=tuple(series for series, _ in shown_runs(comparison)),
    )


def stacked(table: FigureTable, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64], list[str]]:
    """Place the dots of a panel: across, up (from 1), and their colours.

    Dots of one column stand at its middle; those without a number stand in a column of their own at the right.
    """
    low, high = span_of(table)
    wide = 1.0 if table.unit == "year" else (high - low) / DOT_BINS
    counted: Counter[float] = Counter()
    colour = {series.label: series.colour for series in table.series}
    across, up, colours = [], [], []
    for record in table.records(**{table.panel: name}):
        value = float(record["value"])
        column = high + 2 * wide if np.isnan(value) else low + wide * (np.floor((value - low) / wide) + (wide != 1.0) / 2)
        counted[column] += 1
        across.append(float(column))
        up.append(float(counted[column]))
        colours.append(_GREY if np.isnan(value) else colour[str(record["scenario"])])
    return np.array(across), np.array(up), colours


def span_of(table: FigureTable) -> tuple[float, float]:
    """Return the range of all panels; of years whole ones, of differences one that holds zero."""
    values = [float(record["value"]) for record in table.records() if np.isfinite(float(record["value"]))]
    if not values:
        return 0.0, 1.0
    if table.unit == "year":
        return min(values), max(max(values), min(values) + 5.0)
    low, high = min(0.0, *values), max(0.0, *values)
    return (low, high) if high - low > 1e-9 else (-0.5, 0.5)


def highest(table: FigureTable) -> float:
    """Return how many dots the highest column of any panel has."""
    return max(float(stacked(table, name)[1].max()) for name in table.panels)


def file_dots(panel: Axes, table: FigureTable, name: str) -> None:
    """Draw the dots of a panel for a file."""
    across, up, colours = stacked(table, name)
    panel.scatter(across, up, c=colours, s=26, linewidths=0)
    panel.set_ylim(0.2, max(highest(table), 8.0) + 1.0)
    panel.set_xlim(*_shown(table))
    panel.set_yticks([])
    panel.spines["left"].set_visible(False)
    if table.unit != "year":
        panel.axvline(0, color="black", linewidth=0.8)
    panel.set_xlabel(table.unit, fontsize=7.5)


def page_dots(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw the dots of a panel for a page."""
    across, up, colours = stacked(table, name)
    records = table.records(**{table.panel: name})
    years = table.unit == "year"
    y = {"range": [0.2, max(highest(table), 8.0) + 1.0], "showticklabels": False, "ticks": "", "showgrid": False}
    axes = page_axes(figure, number, domain, {"range": list(_shown(table)), "nticks": 7, "tickformat": "d" if years else ""}, y)
    values = [float(record["value"]) for record in records]
    figure.add_scatter(
        x=across.tolist(),
        y=up.tolist(),
        mode="markers",
        marker={"color": colours, "size": 8},
        text=[NOT_PASSED if np.isnan(v) else f"{v:.0f}" if years else f"{v:+.2f} points" for v in values],
        hovertemplate=f"%{{text}}, {100 // COUNT} % of the runs<extra></extra>",
        showlegend=False,
        **axes,
    )
    if not years:
        line = {"color": "#000000", "width": 1}
        figure.add_shape(type="line", xref=axes["xaxis"], yref=f"{axes['yaxis']} domain", x0=0, x1=0, y0=0, y1=1, line=line)


def _shown(table: FigureTable) -> tuple[float, float]:
    low, high = span_of(table)
    room = (high - low) / DOT_BINS
    has_none: Sequence[object] = [r for r in table.records() if np.isnan(float(r["value"]))]
    beyond = (3.0 if table.unit == "year" else 3 * room) if has_none else room
    return low - (1.0 if table.unit == "year" else room), high + max(beyond, 1.0 if table.unit == "year" else room)
