"""The figure of what it takes: how far a goal is met by the value of a lever, with the draws it is met in."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.model.world import Floats
from sim.reports.figures.files import STYLE, save_pictures
from sim.reports.figures.tables import COLOURS
from sim.sweeps.goals.search import Solution


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
