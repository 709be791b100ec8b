"""Reads what was registered before any score was computed, and puts it beside the evidence: what is known, what is asked."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from sim.calibration.charts import part_variances, with_rest
from sim.calibration.evidence import Chart, Evidence, Record
from sim.model.world import Floats

REGISTRATION = Path(__file__).with_name("registration.toml")
Direction = Literal["hindcast", "backcast"]
DIRECTIONS: tuple[Direction, ...] = ("hindcast", "backcast")


@dataclass(frozen=True)
class RowGroup:
    """Rows of one kind, in the year that is known and in the year that is asked for.

    Parameters
    ----------
    name, title
        Short and long.
    known, asked
        Rows of the evidence, K each, pair by pair.
    known_chart, asked_chart
        The samples that the rows are shares of; None where they are not of one chart.
    """

    name: str
    title: str
    known: tuple[Evidence, ...]
    asked: tuple[Evidence, ...]
    known_chart: Chart | None
    asked_chart: Chart | None


@dataclass(frozen=True)
class Registered:
    """One of the two tests as it was registered.

    Parameters
    ----------
    direction
        hindcast or backcast.
    knows, asks
        Year whose measurements are known; year whose published values are to be met.
    slope, tested
        First and last year of the series for slopes; of origins in it for spreads.
    file
        Name of the strict ensemble.
    groups
        Rows by group.
    rules
        The numbers at the head of the file.
    digest
        Hash of the file, 16 hex digits.
    """

    direction: Direction
    knows: int
    asks: int
    slope: tuple[int, int]
    tested: tuple[int, int]
    file: str
    groups: tuple[RowGroup, ...]
    rules: MappingProxyType[str, Any]
    digest: str

    @property
    def rows(self) -> tuple[Evidence, ...]:
        """All rows asked for, group by group."""
        return tuple(row for group in self.groups for row in group.asked)

    @property
    def years(self) -> int:
        """Years from what is known to what is asked for; negative for the backcast."""
        return self.asks - self.knows


def load_registration(record: Record, direction: Direction) -> Registered:
    """Read a test; rows whose published value is a bound are known but not asked for.

    Parameters
    ----------
    record : the packaged evidence, which must have every row that is named.
    direction : hindcast or backcast.
    """
    text = REGISTRATION.read_text(encoding="utf-8")
    read = tomllib.loads(text)
    own, rows = read.pop(direction), {row.id: row for row in record.rows}
    groups = [made_group(entry, rows, record, direction) for entry in read.pop("group")]
    return Registered(
        direction,
        own["knows"],
        own["asked"],
        (own["slope"][0], own["slope"][1]),
        (own["tested"][0], own["tested"][1]),
        own["file"],
        tuple(group for group in groups if group.asked),
        MappingProxyType({key: value for key, value in read.items() if key not in DIRECTIONS}),
        hashlib.sha256(text.encode()).hexdigest()[:16],
    )


def made_group(entry: dict[str, Any], rows: dict[str, Evidence], record: Record, direction: Direction) -> RowGroup:
    """Put the rows of a group in the order known, asked."""
    turn = 1 if direction == "hindcast" else -1
    pairs = [[rows[name] for name in pair][::turn] for pair in entry["pairs"]]
    charts = tuple(record.charts[name] for name in entry["charts"])[::turn] or (None, None)
    pairs = [pair for pair in pairs if pair[1].bound is None]
    known, asked = (tuple(pair[k] for pair in pairs) for k in (0, 1))
    return RowGroup(entry["name"], entry["title"], known, asked, charts[0], charts[1])


def chart_parts(rows: tuple[Evidence, ...], chart: Chart) -> tuple[Floats, Floats]:
    """Compute the published shares of the rows with the rest to 1, and the variances of their logarithms by the sample alone."""
    parts = with_rest(np.array([row.value for row in rows]))
    return parts, part_variances(parts, chart.sample, chart.design_effect, chart.rounding)
