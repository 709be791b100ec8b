"""Dose and response: how far a goal is met by the value of a lever, and what a sweep of one number gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.files.paths import unlinked
from sim.model.world import Floats
from sim.reports.figures.files import STYLE, save_pictures
from sim.reports.figures.tables import COLOURS
from sim.runs.rows import write_table
from sim.sweeps.analysis.responses import values_by_run
from sim.sweeps.goals.search import Solution
from sim.sweeps.results import Sweep

FEWEST_DOSES: Final = 3
"""Different values of a factor below which there is no curve."""
MOST_RESPONSES: Final = 6
"""Most panels of a figure of a sweep."""


class Dose(NamedTuple):
    """What a measure is at one value of the factor, over draws (means of their replicates)."""

    measure: str
    scenario: str
    value: float
    mean: float
    p05: float
    p95: float
    draws: int


def dose_levels(found: Solution, line: tuple[float, float] | None) -> Floats:
    """Turn margins into what the figure shows, (D, X): the formula that the goal bounds, or the margin itself."""
    if line is None:
        return found.margins
    sign, level = line
    levels: Floats = level + sign * found.margins
    return levels


def save_dose(found: Solution, line: tuple[float, float] | None, words: tuple[str, str, str], folder: Path) -> list[Path]:
    """Draw the response of a goal to a lever, PNG and SVG.

    Parameters
    ----------
    found
        What was found.
    line
        Sign and level of a goal against a number, see `sim.sweeps.goals.goal.Goal.line`.
    words
        The goal; the lever with its unit; small print.
    folder
        Where ``response.png`` and ``response.svg`` go.
    """
    goal, lever, note = words
    levels = dose_levels(found, line)
    low, middle, high = np.nanquantile(levels, (0.05, 0.5, 0.95), axis=0)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 5.6), dpi=120)
        FigureCanvasAgg(figure)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        figure.subplots_adjust(0.115, 0.16, 0.975, 0.88, hspace=0.12)
        above.fill_between(found.values, low, high, color=COLOURS[0], alpha=0.15, linewidth=0, label="90 % of the draws")
        above.plot(found.values, middle, color=COLOURS[0], linewidth=0.9, linestyle=(0, (4, 2)), label="median draw")
        above.plot(found.values, np.nanmean(levels, axis=0), "o-", color=COLOURS[0], linewidth=1.7, markersize=3.2, label="mean")
        above.axhline(0.0 if line is None else line[1], color="black", linewidth=0.9, label="goal")
        above.set_ylabel("margin of the goal" if line is None else "left side of the goal", fontsize=8)
        below.plot(found.values, 100 * np.mean(found.margins >= 0.0, axis=0), "o-", color="#333333", linewidth=1.2, markersize=3)
        below.set_ylim(-4, 104)
        below.set_ylabel("draws that\nmeet it, %", fontsize=8)
        below.set_xlabel(lever, fontsize=8)
        for panel in (above, below):
            panel.axvline(found.today, color="#888888", linewidth=0.9, linestyle=(0, (2, 2)))
            if np.isfinite(found.value) and found.state == "reached":
                panel.axvline(found.value, color=COLOURS[1], linewidth=1.3)
            panel.grid(color="#E5E5E5", linewidth=0.6)
            panel.set_axisbelow(True)
        above.legend(frameon=False, fontsize=8, loc="best")
        figure.text(0.02, 0.945, goal, fontsize=10.5, weight="bold")
        figure.text(0.02, 0.91, "grey: the scenario's value; orange: the smallest change that reaches the goal", fontsize=8)
        figure.text(0.02, 0.02, note, fontsize=7.5, color="#444444")
        return save_pictures(figure, folder, "response")


def varies_one_number(sweep: Sweep) -> bool:
    """Whether exactly one factor varies, at enough values for a curve."""
    return len(sweep.factors) == 1 and len(np.unique(sweep.points[:, 0])) >= FEWEST_DOSES


def doses(sweep: Sweep) -> list[Dose]:
    """List what each kept measure is at each value of the one factor, scenario by scenario; values without a run are left out."""
    found = []
    for measure in sweep.measures:
        for scenario in sweep.scenarios:
            values = values_by_run(sweep, scenario, (measure,))[measure]  # (N, D, R)
            for value in np.unique(sweep.points[:, 0]):
                with np.errstate(invalid="ignore"):
                    by_draw = values[sweep.points[:, 0] == value].mean(axis=2).ravel()
                known = by_draw[np.isfinite(by_draw)]
                if len(known):
                    low, high = np.quantile(known, (0.05, 0.95))
                    found.append(Dose(measure, scenario, float(value), float(known.mean()), float(low), float(high), len(known)))
    return found


def save_response(sweep: Sweep) -> list[Path]:
    """Draw what a sweep of one number gives, ``response.png`` and ``response.svg``, and write ``response.csv``, into its folder.

    The first `MOST_RESPONSES` measures have a panel each, all stand in the table.

    Parameters
    ----------
    sweep
        That `varies_one_number`, with at least one run.
    """
    rows = doses(sweep)
    if not rows:
        return []
    write_table(unlinked(sweep.folder / "response.csv"), Dose._fields, rows)
    shown = list(dict.fromkeys(row.measure for row in rows))[:MOST_RESPONSES]
    columns = min(len(shown), 2)
    lines = -(-len(shown) // columns)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(5.2 * columns, 3.1 * lines + 0.9), dpi=120)
        FigureCanvasAgg(figure)
        panels = figure.subplots(lines, columns, squeeze=False)
        high = 3.1 * lines + 0.9
        figure.subplots_adjust(0.11 / columns + 0.03, 0.62 / high, 0.98, 1 - 0.72 / high, hspace=0.42, wspace=0.22)
        for place, panel in enumerate(panels.ravel()):
            if place >= len(shown):
                panel.axis("off")
                continue
            for number, scenario in enumerate(sweep.scenarios[: len(COLOURS)]):
                _response(
                    panel, [row for row in rows if (row.measure, row.scenario) == (shown[place], scenario)], COLOURS[number]
                )
            panel.set_title(shown[place], loc="left", fontsize=9)
            panel.set_xlabel(sweep.factors[0].name, fontsize=8)
            panel.grid(color="#E5E5E5", linewidth=0.6)
            panel.set_axisbelow(True)
        title = f"What {sweep.factors[0].name} does"
        figure.text(0.012, 1 - 0.3 / high, title, fontsize=12, weight="bold")
        panels[0][0].legend(frameon=False, fontsize=8, loc="best")
        note = "Line: mean of the draws; band: 90 % of them, each the mean of its replicates."
        figure.text(0.012, 0.08 / high, note, fontsize=7.5, color="#444444")
        return save_pictures(figure, sweep.folder, "response")


def _response(panel: Axes, rows: Sequence[Dose], colour: str) -> None:
    """Draw one curve with its band."""
    doses_of = [row.value for row in rows]
    if rows and rows[0].draws > 1:
        panel.fill_between(doses_of, [row.p05 for row in rows], [row.p95 for row in rows], color=colour, alpha=0.15, linewidth=0)
    panel.plot(doses_of, [row.mean for row in rows], "o-", color=colour, linewidth=1.6, markersize=3, label=rows[0].scenario)
