"""Figures: the only place that imports a plotting library."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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

from sim.data.schema import Data, Target
from sim.model.world import Floats
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import band
from sim.runs.rows import write_table

LAST_OBSERVED: Final = 2022
"""Last year with published shares: what follows is a projection."""
CENSUS: Final = ("CEN", "CEN22")
"""Sources that count all authors instead of drawing a sample."""
WORK_SHARES: Final = "work-shares"
"""Name of the figure of work shares, without its suffix."""
COLUMNS: Final = ("kind", "tier", "year", "group", "p05", "p50", "p95", "value", "standard_error", "source")

_TIERS: Final = {"top20": "Top 20 % (all authors)", "elite": "Elite, about top 2 % (a tenth of them)"}
_TO_90: Final = 1.6448536269514722  # half width of a 90 % interval in standard errors
_STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "talentsim",
    "svg.fonttype": "path",
}


@dataclass(frozen=True)
class Group:
    """Regions drawn as one line: label, member codes, colour, dash pattern."""

    label: str
    codes: tuple[str, ...]
    colour: str
    dash: tuple[float, ...] = ()


# Colours by Okabe and Ito, which stay apart for colour-blind readers; the dashes repeat the distinction.
GROUPS: Final = (
    Group("United States", ("USA",), "#0072B2"),
    Group("China", ("CHN",), "#D55E00"),
    Group("Europe (excl. UK)", ("DEU", "FRA", "CHE", "NLD", "REU"), "#009E73", (6, 1.5)),
    Group("United Kingdom", ("GBR",), "#CC79A7", (2, 1.2)),
    Group("Canada", ("CAN",), "#B58900", (4, 1.2, 1, 1.2)),
    Group("India", ("IND",), "#56B4E9", (1, 1)),
)
REST: Final = Group("All others", (), "#6B6B6B", (3, 2))


@dataclass(frozen=True)
class Point:
    """A published share and its standard error beside the line it belongs to; a count or a sample."""

    group: Group
    year: int
    value: float
    error: float
    source: str
    is_count: bool


def work_shares_figure(run: Run, data: Data) -> Figure:
    """Draw work shares over time with 90 % bands and the published points, one panel per tier.

    Parameters
    ----------
    run
        A run, read from its folder.
    data
        The packaged data, for the published shares.

    Returns
    -------
    matplotlib.figure.Figure
        Shares by headquarters of the employer, in per cent, 2010 to the horizon.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11.0, 6.0), dpi=150)
        FigureCanvasAgg(figure)
        panels = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(left=0.06, right=0.885, top=0.84, bottom=0.235, wspace=0.37)
        tops = [_draw_panel(panel, run, data, tier) for panel, tier in zip(panels, _TIERS, strict=True)]
        panels[0].set_ylim(0, 1.04 * max(tops))
        panels[0].set_ylabel("share of researchers, %")
        figure.text(0.06, 0.945, "Where top AI researchers work", fontsize=14, weight="bold")
        figure.text(0.06, 0.9, f"{run.title} · by headquarters of the employer", fontsize=10)
        _add_legend(figure)
        figure.text(0.06, 0.025, _caption(run), fontsize=7.5, color="#444444", linespacing=1.35)
    return figure


def save_work_shares(run: Run, data: Data, folder: Path) -> list[Path]:
    """Write the figure of work shares as PNG and SVG, and the CSV behind it.

    The same run gives the same bytes: no date is written and the identifiers of the SVG are salted.

    Returns
    -------
    list
        The three files.
    """
    figure = work_shares_figure(run, data)
    png, svg, table = (folder / f"{WORK_SHARES}{suffix}" for suffix in (".png", ".svg", ".csv"))
    with mpl.rc_context(_STYLE):
        figure.savefig(png, format="png", metadata={"Software": None})
        figure.savefig(svg, format="svg", metadata={"Date": None, "Creator": None})
    write_table(table, COLUMNS, _rows(run, data))
    return [png, svg, table]


def groups_of(codes: Sequence[str]) -> list[tuple[Group, list[int]]]:
    """Return the lines of the figure with the region ids they add up; what is in no group comes last."""
    named = [(group, [codes.index(code) for code in group.codes]) for group in GROUPS]
    used = {region for _, members in named for region in members}
    return [*named, (REST, [region for region in range(len(codes)) if region not in used])]


def published_points(targets: Iterable[Target], tier: str) -> list[Point]:
    """Return the published work shares (headquarters) of a tier that belong to exactly one line.

    Rows that count parts of the same regions (China without Hong Kong, Hong Kong) are added up. A row for
    Europe may hold Russia, which the count does not list apart.

    Parameters
    ----------
    targets
        Published values of the packaged data.
    tier
        ``top20`` or ``elite``.
    """
    lines = {frozenset(group.codes): group for group in GROUPS}
    parts: dict[tuple[str, int, str], list[Target]] = {}
    for target in targets:
        group = lines.get(frozenset(target.destination or ()) - {"RUS"})
        if group and (target.tier, target.axis, target.attribution) == (tier, "work", "headquarters"):
            parts.setdefault((group.label, target.year, target.source), []).append(target)
    labels = {group.label: group for group in GROUPS}
    return [
        Point(
            labels[label],
            year,
            sum(row.value for row in rows),
            math.sqrt(sum(row.sd**2 for row in rows)),
            " + ".join(row.id for row in rows),
            source in CENSUS or tier == "elite",
        )
        for (label, year, source), rows in parts.items()
        if math.isclose(sum(row.part for row in rows), 1.0, abs_tol=1e-6)
    ]


def _draw_panel(panel: Axes, run: Run, data: Data, tier: str) -> float:
    """Draw one tier; return the highest value drawn, per cent."""
    years = run.years.astype(float)
    ends: list[tuple[float, Group]] = []
    top = 0.0
    for group, low, middle, high in _lines(run, tier):
        panel.fill_between(years, 100 * low, 100 * high, color=group.colour, alpha=0.16, linewidth=0)
        (line,) = panel.plot(years, 100 * middle, color=group.colour, linewidth=1.8)
        if group.dash:
            line.set_dashes(group.dash)
        ends.append((100 * float(middle[-1]), group))
        top = max(top, 100 * float(np.nanmax(high)))
    for point in published_points(data.targets, tier):
        _draw_point(panel, point)
        top = max(top, 100 * (point.value + _TO_90 * point.error))
    panel.axvline(LAST_OBSERVED + 0.5, color="#888888", linewidth=0.8, linestyle=(0, (4, 3)))
    panel.text(LAST_OBSERVED + 0.8, 1.0, "projection", transform=panel.get_xaxis_transform(), fontsize=8, va="top")
    panel.set_title(_TIERS[tier], loc="left", fontsize=10)
    panel.set_xlim(years[0], max(years[-1], years[0] + 1))
    panel.grid(axis="y", color="#E5E5E5", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    panel.tick_params(labelleft=True)
    for height, (value, group) in zip(_apart([value for value, _ in ends], 3.4), ends, strict=True):
        panel.annotate(
            f"{group.label} {value:.0f}",
            xy=(1.01, height),
            xycoords=("axes fraction", "data"),
            color=group.colour,
            fontsize=8,
            va="center",
            annotation_clip=False,
        )
    return top


def _draw_point(panel: Axes, point: Point) -> None:
    # The two instruments of one year are set apart a little, or their marks would hide each other.
    year = point.year + (0.15 if point.is_count else -0.15)
    panel.errorbar(
        [year],
        [100 * point.value],
        yerr=[100 * _TO_90 * point.error],
        fmt="D" if point.is_count else "o",
        markersize=3.6 if point.is_count else 5.2,
        markerfacecolor="white" if point.is_count else point.group.colour,
        markeredgecolor=point.group.colour,
        ecolor=point.group.colour,
        elinewidth=1.1,
        capsize=2.5,
        zorder=5,
    )


def _add_legend(figure: Figure) -> None:
    dark = "#333333"
    handles = [
        Line2D([], [], color=dark, linewidth=1.8, label="median of the runs"),
        Patch(color=dark, alpha=0.16, linewidth=0, label="90 % band of the runs"),
        Line2D(
            [],
            [],
            color=dark,
            marker="o",
            linestyle="",
            markersize=5.2,
            label="published sample, 90 % error",
        ),
        Line2D(
            [],
            [],
            color=dark,
            marker="D",
            markerfacecolor="white",
            linestyle="",
            markersize=3.6,
            label="full count of authors, 90 % error",
        ),
        Line2D([], [], color="#888888", linestyle=(0, (4, 3)), linewidth=0.8, label="last published shares"),
    ]
    figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.05, 0.125), ncols=5, frameon=False, fontsize=8)


def _caption(run: Run) -> str:
    runs = f"{run.draws} parameter draws x {run.replicates} replicates"
    return (
        f"Bands hold 90 % of {runs}. The draws come from the priors and are not yet calibrated.\n"
        "The sampling noise of the published sample is not in the bands: it is the error bar of its points. "
        "Students count at their university.\n"
        "The elite of 2019 was counted by a narrower rule (top 0.5 %); the count of Europe includes Russia.\n"
        f"Run {run.run_id}, talentsim {run.provenance['versions']['talentsim']}."
    )


def _lines(run: Run, tier: str) -> list[tuple[Group, Floats, Floats, Floats]]:
    groups = groups_of(run.codes)
    low, middle, high = band(run.shares_by_run(tier, "work", [members for _, members in groups]))
    return [(group, low[:, i], middle[:, i], high[:, i]) for i, (group, _) in enumerate(groups)]


def _apart(heights: Sequence[float], gap: float) -> list[float]:
    """Move labels that would overlap apart, keeping their order, by at least `gap` and not below zero."""
    order = np.argsort(heights, kind="stable")
    placed = list(heights)
    last = -gap
    for index in order:
        placed[index] = last = max(heights[index], last + gap)
    return placed


def _rows(run: Run, data: Data) -> Iterable[tuple[str | int | float, ...]]:
    for tier in _TIERS:
        for group, low, middle, high in _lines(run, tier):
            for year, *values in zip(run.years, low, middle, high, strict=True):
                yield ("run", tier, int(year), group.label, *map(float, values), math.nan, math.nan, "")
        for point in published_points(data.targets, tier):
            blank = (math.nan,) * 3
            yield (
                "published",
                tier,
                point.year,
                point.group.label,
                *blank,
                point.value,
                point.error,
                point.source,
            )
