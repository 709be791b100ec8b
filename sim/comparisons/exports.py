"""Tables for other programs: the long table of the IAMC and the model output of the Hubverse.

IAMC: a row per model, scenario, region, variable, unit and year. Hubverse: a row per task and sample; a sample is one draw and
replicate and has one number in all scenarios, years and regions, so that differences between scenarios are taken sample by sample
(compound_taskid_set = ["origin_date"]).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import sim
from sim.comparisons.comparison import Comparison
from sim.comparisons.pairing import labels, pair
from sim.data.load import load_data
from sim.data.schema import Data
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats, Integers
from sim.runs.folder import Run
from sim.runs.outcomes.statistics import band, grouped, shares_of
from sim.runs.rows import write_csv
from sim.scenarios.groups import member_ids

FORMATS = ("iamc", "hubverse")


SUFFIXES = (".csv", ".parquet")


EXPORTED_TIERS = ("top20", "elite")


EXPORTED_AXES = ("origin", "study", "work")


IAMC_COLUMNS = ("model", "scenario", "region", "variable", "unit", "year", "value")


IAMC_FROM = 2019


HUB_COLUMNS = (
    "origin_date", "scenario_id", "location", "target", "horizon", "output_type", "output_type_id", "value",
)  # fmt: skip


HUB_ORIGIN = 2022
"""Year of the last published shares; horizons are counted in years from its end."""


TIER_NAMES = {"top20": "Top 20 Percent", "elite": "Elite"}


class ExportError(ValueError):
    """A file that cannot be an export; says what is allowed."""


def export(comparison: Comparison, form: str, path: Path) -> None:
    """Write an export.

    Parameters
    ----------
    comparison
        What to write.
    form
        One of `FORMATS`.
    path
        Ends in one of `SUFFIXES`, which decides how the table is written.

    Raises
    ------
    ExportError
        For another format or ending.
    OSError
        If the file cannot be written.
    """
    check_export(form, path)
    header, rows = iamc_rows(comparison) if form == "iamc" else hubverse_rows(comparison, load_data())
    if path.suffix == ".csv":
        write_csv(path, header, rows)
    else:
        columns = list(zip(*rows, strict=True))
        pq.write_table(pa.table(dict(zip(header, columns, strict=True))), path, compression="zstd")


def check_export(form: str, path: Path) -> None:
    """Check a format and a file's ending before any work.

    Raises
    ------
    ExportError
        If they are not known.
    """
    if form not in FORMATS:
        raise ExportError(f"format {form!r} is not known; there are: {', '.join(FORMATS)}")
    if path.suffix not in SUFFIXES:
        raise ExportError(f"{path}: an export ends in {' or '.join(SUFFIXES)}")


def iamc_rows(comparison: Comparison) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Lay shares, people and differences in the long table of the IAMC.

    Returns
    -------
    tuple
        Column names, and rows; what is not a number has no row.
    """
    return IAMC_COLUMNS, _iamc(comparison)


def _iamc(comparison: Comparison) -> Iterator[tuple[Any, ...]]:
    base = comparison.base
    names = labels(base, comparison.variants)
    model = f"talentsim {sim.__version__}"
    for name, run in zip(names, (base, *comparison.variants), strict=True):
        levels = {
            ("Share", "Median", "%"): 100.0 * run.shares.p50,
            ("Share", "5th Percentile", "%"): 100.0 * run.shares.p05,
            ("Share", "95th Percentile", "%"): 100.0 * run.shares.p95,
            ("People", "Median", "people"): run.shares.researchers_p50,
        }
        yield from _cells(model, name, base, base.codes, levels)
        yield from _cells(model, name, base, tuple(comparison.groups), _group_levels(run, comparison))
    for name, effects in zip(names[1:], comparison.effects, strict=True):
        changes = {
            ("Share Difference", "Mean", "percentage points"): effects.difference_points,
            ("Share Difference", "5th Percentile", "percentage points"): effects.p05_points,
            ("Share Difference", "95th Percentile", "percentage points"): effects.p95_points,
            ("People Difference", "Mean", "people"): effects.people,
        }
        yield from _cells(model, name, base, comparison.places, changes)


def _group_levels(run: Run, comparison: Comparison) -> dict[tuple[str, str, str], Floats]:
    """Summarise the shares and people of groups over the runs of a scenario, (Y, K, X, G)."""
    members = [member_ids(name, run.codes, comparison.groups) for name in comparison.groups]
    if not members:
        return {}
    low, middle, high = band(grouped(shares_of(run.counts), members))
    people = run.weight * np.median(grouped(run.counts, members), axis=0)
    return {
        ("Share", "Median", "%"): 100.0 * middle,
        ("Share", "5th Percentile", "%"): 100.0 * low,
        ("Share", "95th Percentile", "%"): 100.0 * high,
        ("People", "Median", "people"): people,
    }


def _cells(
    model: str, name: str, run: Run, places: Sequence[str], tables: dict[tuple[str, str, str], Floats]
) -> Iterator[tuple[Any, ...]]:
    for (quantity, statistic, unit), values in tables.items():
        for tier in EXPORTED_TIERS:
            for axis in EXPORTED_AXES:
                variable = f"Talent|{quantity}|{TIER_NAMES[tier]}|{axis.capitalize()}|{statistic}"
                cell = values[:, TIERS.index(tier), AXES.index(axis)]
                for year, region in np.ndindex(*cell.shape):
                    value = float(cell[year, region])
                    if run.years[year] >= IAMC_FROM and math.isfinite(value):
                        yield model, name, places[region], variable, unit, int(run.years[year]), value


def hubverse_rows(comparison: Comparison, data: Data) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Lay the paired runs in the model output of the Hubverse, as linked samples.

    Returns
    -------
    tuple
        Column names, and rows by scenario, target, location, horizon and sample; targets are shares (0..1) and people.

    Raises
    ------
    ExportError
        If the variants share other draws with the base, so that no sample has one number in all scenarios, or if the runs end
        before there is a horizon.
    """
    base = comparison.base
    pairs = [pair(base, variant, data) for variant in comparison.variants]
    if len({(each.draws, each.base.shape[1]) for each in pairs}) > 1:
        raise ExportError("the variants share other draws or replicates with the base; export them one by one")
    if int(base.years[-1]) <= HUB_ORIGIN:
        raise ExportError(f"the runs end in {base.years[-1]}; horizons count from {HUB_ORIGIN}")
    names = labels(base, comparison.variants)
    counts = dict(zip(names, (pairs[0].base, *(each.variant for each in pairs)), strict=True))
    return HUB_COLUMNS, _samples(comparison, counts)


def _samples(comparison: Comparison, counts: dict[str, Integers]) -> Iterator[tuple[Any, ...]]:
    base, places = comparison.base, comparison.places
    members = [member_ids(name, base.codes, comparison.groups) for name in places]
    first = int(np.searchsorted(base.years, HUB_ORIGIN + 1))
    for name, values in counts.items():
        flat = values.reshape(-1, *values.shape[2:])
        for tier in EXPORTED_TIERS:
            for axis in EXPORTED_AXES:
                cell = flat[:, :, TIERS.index(tier), AXES.index(axis)]
                targets = {"share": grouped(shares_of(cell), members), "people": base.weight * grouped(cell, members)}
                for quantity, table in targets.items():
                    target = f"{tier} {axis} {quantity}"
                    for region, year in np.ndindex(len(places), len(base.years) - first):
                        task = f"{HUB_ORIGIN}-12-31", name, places[region], target, year + 1, "sample"
                        for sample, value in enumerate(table[:, first + year, region], start=1):
                            if math.isfinite(value):
                                yield *task, sample, float(value)
