"""Futures one at a time: who is ahead in single runs, side by side in a file, stepped through on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from sim.comparisons.comparison import Comparison
from sim.comparisons.crossings import work_counts
from sim.comparisons.regions import passing_pair
from sim.model.world import Floats, Integers
from sim.reports.figures.kinds.axes import Domain, page_axes
from sim.reports.figures.published import LAST_OBSERVED, shown_groups
from sim.reports.figures.tables import FUTURES, FigureTable, Value, shown_runs
from sim.reports.words import region_names
from sim.runs.folder import Run

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes

SHOWN_FUTURES: Final = 8
"""Futures of a scenario."""
MOST_SCENARIOS: Final = 3
_FROM: Final = 2010


def tabulate_futures(comparison: Comparison) -> FigureTable:
    """Tabulate the shares of work of two regions in single futures: the first replicate of draws spread over all."""
    rows: list[tuple[Value, ...]] = []
    names = region_names()
    for series, run in shown_runs(comparison)[:MOST_SCENARIOS]:
        for draw in _chosen(run):
            shares = _shares(run, draw)  # (Y, 2)
            ahead = _ahead(run.years, shares, names)
            panel = f"{series.label}, draw {draw}"
            for y in np.flatnonzero(run.years >= _FROM):
                for place, code in enumerate(passing_pair()):
                    rows.append((panel, series.label, draw, names[code], code, int(run.years[y]), float(shares[y, place]), ahead))
    first, second = (names[code] for code in passing_pair())
    return FigureTable(
        name="futures",
        kind=FUTURES,
        title=f"Who is ahead: {first} and {second}, one future at a time",
        caption="Each panel is one run, not an average: the share of the top 20 % at work, by headquarters of the employer. "
        "Panels of one draw differ by the scenario only. All have the same scale.",
        unit="% of the tier",
        definition="Share of work of the top 20 % in the first replicate of a draw; draws are spread evenly over all.",
        source="runs",
        columns=("panel", "scenario", "draw", "region", "code", "year", "value", "ahead"),
        rows=tuple(rows),
        panel="panel",
    )


def _chosen(run: Run) -> list[int]:
    """Choose draws, spread evenly over all."""
    count = min(SHOWN_FUTURES, run.draws)
    return [int(draw) for draw in np.linspace(0, run.draws - 1, count).round()]


def _shares(run: Run, draw: int) -> Floats:
    """Return the shares of the challenger and the leader by year in the first replicate of a draw, (Y, 2) in per cent."""
    counts: Integers = work_counts(run.counts, "top20")[draw * run.replicates]
    whole = np.maximum(counts.sum(axis=-1, keepdims=True), 1)
    shares: Floats = 100.0 * counts[:, [run.codes.index(code) for code in passing_pair()]] / whole
    return shares


def _ahead(years: Integers, shares: Floats, names: dict[str, str]) -> str:
    """Say who is ahead at the end of a future, and since when."""
    leads = shares[:, 0] > shares[:, 1]
    winner = passing_pair()[0] if leads[-1] else passing_pair()[1]
    changes = np.flatnonzero(leads != leads[-1])
    since = int(years[changes[-1] + 1]) if len(changes) else int(years[0])
    return f"{names[winner]} ahead since {since}" if since > _FROM else f"{names[winner]} ahead all the time"


def colour_of(code: str) -> str:
    """Return the colour that a region has in every figure."""
    return next(group.colour for group in shown_groups() if group.codes == (code,))


def top(table: FigureTable) -> float:
    """Return the end of the scale that all panels share."""
    return 1.05 * max(float(record["value"]) for record in table.records())


def file_futures(panel: Axes, table: FigureTable, name: str) -> None:
    """Draw one future for a file."""
    records = table.records(**{table.panel: name})
    for code in passing_pair():
        mine = [record for record in records if record["code"] == code]
        x, y = [float(r["year"]) for r in mine], [float(r["value"]) for r in mine]
        panel.plot(x, y, color=colour_of(code), linewidth=1.7)
        panel.text(x[-1], y[-1], f" {code}", color=colour_of(code), fontsize=7.5, va="center")
    panel.axvline(LAST_OBSERVED + 0.5, color="#888888", linewidth=0.8, linestyle=(0, (4, 3)))
    panel.text(0.03, 0.04, str(records[0]["ahead"]), transform=panel.transAxes, fontsize=7.5)
    panel.set_ylim(0, top(table))
    panel.set_ylabel(table.unit, fontsize=7.5)
    panel.grid(axis="y", color="#E5E5E5", linewidth=0.6)
    panel.margins(x=0.12)


def page_futures(figure: go.Figure, table: FigureTable, name: str, number: int, domain: Domain) -> None:
    """Draw the futures of one scenario for a page: one panel, in which the page steps through them (`meta`)."""
    records = [record for record in table.records() if record["scenario"] == name]
    axes = page_axes(
        figure,
        number,
        domain,
        {"tickformat": "d", "nticks": 6, "hoverformat": "d"},
        {"gridcolor": "#E5E5E5", "range": [0, top(table)], "nticks": 6},
    )
    for step, draw in enumerate(dict.fromkeys(int(record["draw"]) for record in records)):
        for code in passing_pair():
            mine = [record for record in records if record["draw"] == draw and record["code"] == code]
            looks: dict[str, Any] = {"color": colour_of(code), "width": 2.5}
            figure.add_scatter(
                x=[int(r["year"]) for r in mine],
                y=[round(float(r["value"]), 2) for r in mine],
                mode="lines",
                name=str(mine[0]["region"]),
                legendgroup=code,
                showlegend=number == 0,
                line=looks,
                visible=step == 0,
                meta={"step": step, "said": f"draw {draw}: {mine[0]['ahead']}", "who": name},
                hovertemplate=f"{mine[0]['region']}: %{{y:.1f}} %<extra></extra>",
                **axes,
            )
