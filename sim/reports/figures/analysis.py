"""Figures of analyses: tornado, Sobol bars, mu* and sigma, PRIM's trade-off, regret; each with its table and its metadata."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim.files.paths import unlinked
from sim.reports.figures.files import STYLE, save_pictures
from sim.runs.rows import write_table
from sim.sweeps.analysis.discovery import Discovery
from sim.sweeps.analysis.robustness import Robustness
from sim.sweeps.analysis.sensitivity import Index, Sensitivity

_MOST_BARS: Final = 15  # inputs shown in a figure, the most important first; the table has all
_BLUE, _ORANGE, _GREY = "#0072B2", "#D55E00", "#888888"
INDEX_COLUMNS: Final = ("statistic", "input", "second", "value", "low", "high")
_STEP_COLUMNS: Final = ("step", "coverage", "density", "mass", "restricted")
_REGRET_COLUMNS: Final = ("policy", "future", "value", "regret")
_STYLE: Final = STYLE | {"font.size": 9.0}
_Row = tuple[str | int | float, ...]


def save_sensitivity(found: Sensitivity, folder: Path, stem: str, metadata: Mapping[str, Any]) -> list[Path]:
    """Draw what a design gives: the tornado, and Sobol bars or mu* against sigma.

    Parameters
    ----------
    found
        Of `sim.sweeps.analysis.sensitivity`.
    folder, stem
        Where files go and how their names begin.
    metadata
        Written beside each figure.

    Returns
    -------
    All files: PNG, SVG, CSV and JSON of each figure.
    """
    files = _save(found, _tornado, ("mean_low", "mean_high"), folder, f"{stem}-tornado", metadata)
    if found.values("total_order"):
        files += _save(found, _sobol, ("first_order", "total_order"), folder, f"{stem}-sobol", metadata)
    if found.values("mu_star"):
        files += _save(found, _morris, ("mu", "mu_star", "sigma"), folder, f"{stem}-morris", metadata)
    if found.values("pawn"):
        files += _save(found, _pawn, ("pawn", "pawn_chance"), folder, f"{stem}-pawn", metadata)
    return files


def save_discovery(found: Discovery, folder: Path, stem: str, metadata: Mapping[str, Any]) -> list[Path]:
    """Draw coverage against density along PRIM's first peeling; nothing if it peeled nothing."""
    if not found.steps:
        return []
    rows = [(k, each.coverage, each.density, each.mass, each.restricted) for k, each in enumerate(found.steps)]
    return _write(lambda panel: _peeling(panel, found), (6.4, 4.6), folder, f"{stem}-peeling", _STEP_COLUMNS, rows, metadata)


def save_robustness(found: Robustness, folder: Path, stem: str, metadata: Mapping[str, Any]) -> list[Path]:
    """Draw each policy's regret over futures."""
    regret = found.regret
    rows = [
        (policy, future, float(found.values[p, f]), float(regret[p, f]))
        for p, policy in enumerate(found.policies)
        for f, future in enumerate(found.futures)
    ]
    size = (8.0, 1.7 + 0.34 * min(len(found.policies), _MOST_BARS))
    return _write(lambda panel: _regret(panel, found), size, folder, f"{stem}-regret", _REGRET_COLUMNS, rows, metadata)


def index_rows(indices: Iterable[Index]) -> list[_Row]:
    """Return indices as rows of a table."""
    return [(each.statistic, each.input, each.second, each.value, each.low, each.high) for each in indices]


def _save(
    found: Sensitivity,
    draw: Callable[[Axes, Sensitivity], None],
    statistics: Sequence[str],
    folder: Path,
    stem: str,
    metadata: Mapping[str, Any],
) -> list[Path]:
    rows = index_rows(each for each in found.indices if each.statistic in statistics)
    size = (7.6, 5.2) if draw is _morris else (8.0, 1.9 + 0.34 * min(len(found.inputs), _MOST_BARS))
    return _write(lambda panel: draw(panel, found), size, folder, stem, INDEX_COLUMNS, rows, metadata)


def _write(
    draw: Callable[[Axes], None],
    size: tuple[float, float],
    folder: Path,
    stem: str,
    columns: Sequence[str],
    rows: Sequence[_Row],
    metadata: Mapping[str, Any],
) -> list[Path]:
    csv, note = (unlinked(folder / f"{stem}{suffix}") for suffix in (".csv", ".json"))
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, dpi=150, layout="constrained")
        FigureCanvasAgg(figure)
        draw(figure.subplots())
        pictures = save_pictures(figure, folder, stem)
    write_table(csv, columns, rows)
    note.write_text(json.dumps({"figure": stem, **metadata}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    return [*pictures, csv, note]


def _head(panel: Axes, found: Sensitivity, title: str, rows: int) -> tuple[str, ...]:
    """Write title and labels; return the inputs shown, the most important first."""
    shown = found.ranking[:_MOST_BARS]
    rest = len(found.inputs) - len(shown)
    less = f" less {found.against}" if found.against else ""
    more = f", {rest} more in the table" if rest else ""
    panel.set_title(f"{title}\n{found.expression}\n{found.scenario}{less}, {rows} {found.rows_are}{more}", loc="left", fontsize=9)
    panel.set_axisbelow(True)
    panel.grid(axis="x", color="#E5E5E5", linewidth=0.6)
    return shown


def _names(panel: Axes, names: Sequence[str]) -> None:
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.5, -0.5)


def _half(index: Index) -> float:
    return index.high - index.value if math.isfinite(index.high) else 0.0


def _tornado(panel: Axes, found: Sensitivity) -> None:
    low, high = found.values("mean_low"), found.values("mean_high")
    _head(panel, found, "Mean output with one input in its lowest and in its highest fifth", found.independent_rows)
    spans = {name: abs(high[name].value - low[name].value) for name in found.inputs}
    shown = sorted(found.inputs, key=lambda name: -spans[name])[:_MOST_BARS]
    for y, name in enumerate(shown):
        for index, colour in ((low[name], _BLUE), (high[name], _ORANGE)):
            panel.barh(y, index.value - found.mean, left=found.mean, color=colour, height=0.62)
            if _half(index):
                panel.errorbar(index.value, y, xerr=_half(index), color="#333333", elinewidth=0.9, capsize=2)
    panel.axvline(found.mean, color="#333333", linewidth=0.8)
    panel.plot([], [], color=_BLUE, linewidth=6, label="lowest")
    panel.plot([], [], color=_ORANGE, linewidth=6, label="highest")
    panel.figure.legend(loc="outside lower right", ncols=2, frameon=False, fontsize=8)
    panel.set_xlabel("mean output")
    _names(panel, shown)


def _sobol(panel: Axes, found: Sensitivity) -> None:
    shown = _head(panel, found, "Sobol indices: share of the variance, with 95 % intervals", found.rows)
    for shift, statistic, colour, label in ((-0.18, "first_order", _BLUE, "alone (first order)"), (0.18, "total_order", _ORANGE, "with interactions (total)")):  # fmt: skip  # noqa: E501
        values = found.values(statistic)
        for y, name in enumerate(shown):
            index = values[name]
            panel.barh(y + shift, index.value, color=colour, height=0.34, label=label if y == 0 else None)
            panel.errorbar(index.value, y + shift, xerr=_half(index), color="#333333", elinewidth=0.9, capsize=2)
    panel.axvline(0.0, color="#333333", linewidth=0.8)
    panel.legend(loc="lower right", frameon=False, fontsize=8)
    panel.set_xlabel("share of the variance")
    _names(panel, shown)


def _pawn(panel: Axes, found: Sensitivity) -> None:
    values, chance = found.values("pawn"), found.values("pawn_chance")[""].value
    _head(panel, found, "PAWN: how far one input moves the whole distribution, with 95 % intervals", found.independent_rows)
    shown = sorted(found.inputs, key=lambda name: -values[name].value)[:_MOST_BARS]
    for y, name in enumerate(shown):
        index = values[name]
        panel.barh(y, index.value, color=_BLUE if index.value > chance else _GREY, height=0.62)
        panel.errorbar(index.value, y, xerr=_half(index), color="#333333", elinewidth=0.9, capsize=2)
    panel.axvline(chance, color=_ORANGE, linewidth=1.2, linestyle=(0, (4, 2)), label="what chance alone reaches")
    panel.legend(loc="lower right", frameon=False, fontsize=8)
    panel.set_xlim(left=0.0)
    panel.set_xlabel("distance of distributions, 0 to 1")
    _names(panel, shown)


def _morris(panel: Axes, found: Sensitivity) -> None:
    shown = _head(panel, found, "Morris screening: size of the effect, and how much it differs from place to place", found.rows)
    size, spread = found.values("mu_star"), found.values("sigma")
    for name in shown:
        x, y = size[name], spread[name]
        panel.errorbar(x.value, y.value, xerr=_half(x), yerr=_half(y), color=_BLUE, marker="o", markersize=5, elinewidth=0.8)
        panel.annotate(name, (x.value, y.value), xytext=(5, 4), textcoords="offset points", fontsize=8)
    top = max(size[name].high for name in shown)
    panel.plot(
        [0.0, top], [0.0, top], color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)), label="sigma = mu*: bends or interacts above"
    )
    panel.legend(loc="upper left", frameon=False, fontsize=8)
    panel.set_xlim(left=0.0)
    panel.set_ylim(bottom=0.0)
    panel.set_xlabel("mu*: mean size of the change over the input's range")
    panel.set_ylabel("sigma: its standard deviation")


def _peeling(panel: Axes, found: Discovery) -> None:
    panel.plot(
        [s.coverage for s in found.steps], [s.density for s in found.steps], color=_BLUE, marker="o", markersize=4, linewidth=0.9
    )
    told = next((box for box in found.boxes if box.method == "PRIM"), None)
    if told is not None:
        panel.plot(
            told.coverage, told.density, color=_ORANGE, marker="D", markersize=8, linestyle="", label="the box that is told"
        )
    panel.axhline(found.base_rate, color=_GREY, linewidth=0.8, linestyle=(0, (4, 3)), label="share of all rows")
    panel.set_title(
        f"PRIM: what each step of the first peeling keeps\n{found.where}\n{found.scenario}, {len(found.y)} rows",
        loc="left",
        fontsize=9,
    )
    panel.set_xlim(0.0, 1.03)
    panel.set_ylim(0.0, 1.03)
    panel.grid(color="#E5E5E5", linewidth=0.6)
    panel.legend(loc="lower left", frameon=False, fontsize=8)
    panel.set_xlabel("coverage: share of all cases that lie in the box")
    panel.set_ylabel("density: share of the box that are cases")


def _regret(panel: Axes, found: Robustness) -> None:
    regret = found.regret
    order = sorted(range(len(found.policies)), key=lambda p: float(regret[p].max()))[:_MOST_BARS]
    for y, p in enumerate(order):
        panel.plot([0.0, float(regret[p].max())], [y, y], color="#CCCCCC", linewidth=1.0, zorder=1)
        panel.scatter(
            regret[p], [y] * len(regret[p]), color=_BLUE, s=12, alpha=0.35, linewidths=0, label="one future" if y == 0 else None
        )
        panel.scatter(regret[p].mean(), y, color=_ORANGE, marker="D", s=34, zorder=3, label="mean" if y == 0 else None)
        panel.scatter(regret[p].max(), y, color="#333333", marker="|", s=90, zorder=3, label="greatest" if y == 0 else None)
    panel.set_title(f"Regret by policy, least worst first\n{found.expression}, {found.direction} is better, {len(found.futures)} futures", loc="left", fontsize=9)  # fmt: skip  # noqa: E501
    panel.grid(axis="x", color="#E5E5E5", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.figure.legend(loc="outside lower right", ncols=3, frameon=False, fontsize=8)
    panel.set_xlabel("shortfall from the best policy in the same future")
    _names(panel, [found.policies[p] for p in order])
