"""Scales of panels that stand beside each other: one for all, or enlarged by a factor that stands in the panel's title."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from sim.reports.figures.tables import FORESTS, LINES, FigureTable

FACTORS: Final = (500, 200, 100, 50, 20, 10, 5, 2, 1)
_ROOM: Final = 1.05
TO_90: Final = 1.6448536269514722
"""Half width of a 90 % interval in standard errors."""


class Scale(NamedTuple):
    """The range of a panel's numbers, and how many times it is enlarged beside the panel with the largest."""

    low: float
    high: float
    factor: int


@lru_cache(maxsize=4)  # every panel and its title ask for it
def line_scales(table: FigureTable) -> dict[str, Scale]:
    """Choose the vertical scale of every panel with curves: the largest panel's, divided by a round factor where it is small."""
    ends = _ends_of_panels(table)
    low, high = min(each[0] for each in ends.values()), max(each[1] for each in ends.values())
    if low == high == 0.0:
        return dict.fromkeys(ends, Scale(-0.5 if table.line == "difference" else 0.0, 0.5, 1))
    found = {}
    for name, (bottom, top) in ends.items():
        factor = next(f for f in FACTORS if f == 1 or (f * top <= high * 1.001 and f * bottom >= low * 1.001))
        factor = 1 if bottom == top == 0.0 else factor
        found[name] = Scale(_ROOM * low / factor, _ROOM * high / factor, factor)
    return found


def panel_title(table: FigureTable, name: str) -> str:
    """Return the title of a panel, with the factor by which it is enlarged."""
    factor = line_scales(table)[name].factor if table.kind == LINES else 1
    return name if factor == 1 else f"{name} (enlarged {factor} x)"


def forest_range(table: FigureTable) -> tuple[float, float]:
    """Return the range of the axis that all panels of a forest plot share, with a little room at both ends; it holds zero."""
    assert table.kind in FORESTS
    low = min(0.0, *_finite(record["p05"] for record in table.records()))
    high = max(0.0, *_finite(record["p95"] for record in table.records()))
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def _ends_of_panels(table: FigureTable) -> dict[str, tuple[float, float]]:
    """Return the least and the largest number of every panel, zero among them, in one walk through the rows."""
    found: dict[str, list[float]] = {}
    for record in table.records():
        shown = [record[name] for name in ("p05", "p95", "value", table.line) if name in table.columns]
        if "standard_error" in table.columns:
            shown.append(float(record["value"]) + TO_90 * float(record["standard_error"]))
        found.setdefault(str(record[table.panel]), [0.0]).extend(_finite(shown))
    return {name: (min(numbers), max(numbers)) for name, numbers in found.items()}


def _finite(values: Iterable[str | int | float]) -> list[float]:
    """Return what is a number, at least one."""
    return [float(value) for value in values if isinstance(value, int | float) and math.isfinite(value)] or [0.0]
