"""Reads the charts of the tracker: what was published, and what each row asks of the model."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.data.schema import PACKAGED, Data, Target

CHARTS: Final = Path(__file__).with_name("charts.toml")
TRACKER_ROWS: Final = ("M19", "M22")
"""How the ids of the rows begin that the tracker published; D19 and D22 are derived from these."""
NOT_MODELLED: Final = "none"
_OWN: Final = ("id", "title", "note", "unit", "operator", "row", "label", "published")


@dataclass(frozen=True)
class TrackerRow:
    """One line of a chart.

    Parameters
    ----------
    label
        What it says.
    operator, arguments
        What is read off the model; `NOT_MODELLED` if nothing.
    published
        Targets by year.
    """

    label: str
    operator: str
    arguments: Mapping[str, Any]
    published: Mapping[int, Target]


@dataclass(frozen=True)
class TrackerChart:
    """One chart or sentence: its rows are of one tier and unit.

    Parameters
    ----------
    id, title, note
        Name; what it shows; what has to be known beside it.
    unit
        share, institutions or number.
    rows
        In the order of the chart.
    """

    id: str
    title: str
    note: str
    unit: str
    rows: tuple[TrackerRow, ...]


def read_charts(data: Data, path: Path = CHARTS) -> tuple[TrackerChart, ...]:
    """Read the charts that the tables can be set beside: all of them for the packaged ones.

    Parameters
    ----------
    data : the tables, with the published targets.
    path : a file in the form of `charts.toml`.

    Raises
    ------
    KeyError : the file names a target that is not in the packaged targets.csv.
    """
    targets = {target.id: target for target in data.targets}
    known = () if data.name == PACKAGED else unmatched(data, path)
    return tuple(make_chart(chart, targets) for chart in charts_in(path) if chart["id"] not in known)


def charts_in(path: Path) -> list[dict[str, Any]]:
    """Read the tables of a file of charts."""
    found: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["chart"]
    return found


def unmatched(data: Data, path: Path = CHARTS) -> dict[str, str]:
    """Say of each chart that the tables cannot be set beside, by id, which targets and regions they lack."""
    there = {*(target.id for target in data.targets), *data.codes}
    found = {}
    for chart in charts_in(path):
        asked = [name for row in chart["row"] for name in (*row.get("published", ()), *regions_in(chart | row))]
        lacking = list(dict.fromkeys(name for name in asked if name not in there))
        if lacking:
            found[chart["id"]] = ", ".join(lacking)
    return found


def regions_in(row: Mapping[str, Any]) -> list[str]:
    """List the region codes that a row names."""
    texts = [each for value in row.values() for each in (value if isinstance(value, list) else [value])]
    return [each for each in texts if isinstance(each, str) and re.fullmatch("[A-Z]{3}", each)]


def make_chart(chart: Mapping[str, Any], targets: Mapping[str, Target]) -> TrackerChart:
    """Make a chart of its table; a key of the chart holds for its rows unless a row has its own."""
    shared = {key: value for key, value in chart.items() if key not in _OWN}
    rows = []
    for row in chart["row"]:
        arguments = shared | {key: value for key, value in row.items() if key not in _OWN}
        published = {targets[name].year: targets[name] for name in row.get("published", [])}
        rows.append(TrackerRow(row["label"], row.get("operator", chart["operator"]), arguments, published))
    return TrackerChart(chart["id"], chart["title"], chart["note"], chart.get("unit", "share"), tuple(rows))


def published_ids(charts: tuple[TrackerChart, ...]) -> Iterator[str]:
    """Yield the ids of all published rows in charts."""
    for chart in charts:
        for row in chart.rows:
            yield from (target.id for target in row.published.values())
