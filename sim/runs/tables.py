"""The tables of a run's folder: fixed order and settings, so that equal runs give equal bytes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.engines.axes import AXES, STAGES, TIERS
from sim.model.world import REPORT_FROM, Integers
from sim.runs.outcomes.indicators import INDICATORS, IndicatorRow
from sim.runs.outcomes.outcomes import STATISTICS, Outcomes, ShareSummary
from sim.runs.outcomes.statistics import shares_of
from sim.runs.outcomes.variants import VariantRow
from sim.runs.rows import rounded_all, write_columns, write_table

SHARE_COLUMNS = ("year", "tier", "axis", "region", *STATISTICS)


INDICATOR_COLUMNS = ("year", "indicator", "region", "unit", "definition", "mean", "p05", "p50", "p95")


_TEXT = pa.dictionary(pa.int8(), pa.string())


_OUTCOMES = pa.schema(
    [
        ("draw", pa.int32()),
        ("replicate", pa.int32()),
        ("year", pa.int16()),
        ("tier", _TEXT),
        ("axis", _TEXT),
        ("region", _TEXT),
        ("researchers", pa.int32()),
        ("share", pa.float64()),
    ]
)


_FLOWS = pa.schema(
    [
        ("draw", pa.int32()),
        ("replicate", pa.int32()),
        ("year", pa.int16()),
        ("stage", _TEXT),
        ("origin", _TEXT),
        ("from_region", _TEXT),
        ("to_region", _TEXT),
        ("researchers", pa.int32()),
    ]
)


class LongTables:
    """Write ``outcomes.parquet`` and ``flows.parquet`` run by run, in the order given.

    Both hold simulated researchers (whole numbers); the metadata entry ``people_per_researcher`` turns them
    into people. Rows follow draw, replicate, year, then the order of tiers, axes, stages and region ids.
    Flows keep the reporting years and what is not zero.

    Parameters
    ----------
    folder
        Where the two files are written.
    codes
        Region codes in id order.
    weight
        People per simulated researcher.
    group
        Runs that are held before they are written together.
    """

    def __init__(self, folder: Path, codes: Sequence[str], weight: float, group: int) -> None:
        self._group = group
        self._words = {
            name: texts(words) for name, words in (("tier", TIERS), ("axis", AXES), ("stage", STAGES), ("region", codes))
        }
        self._index: list[pa.Array] = []
        note = {"people_per_researcher": repr(float(weight))}
        self._held: tuple[list[pa.Table], list[pa.Table]] = ([], [])
        self._writers = tuple(
            pq.ParquetWriter(folder / name, schema.with_metadata(note), compression="zstd", version="2.6")
            for name, schema in (("outcomes.parquet", _OUTCOMES), ("flows.parquet", _FLOWS))
        )

    def __enter__(self) -> LongTables:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Write what is held, unless an error is on its way, and close both files."""
        if kind is None:
            self._flush()
        for writer in self._writers:
            # A failure to close says nothing new about a folder that is given up for another error.
            with contextlib.suppress(*(() if kind is None else (OSError,))):
                writer.close()

    def append(self, outcomes: Outcomes) -> None:
        """Add the rows of one run."""
        reported = outcomes.years >= REPORT_FROM
        years = outcomes.years[reported]
        self._held[0].append(self._outcome_rows(outcomes, years, outcomes.counts[reported]))
        self._held[1].append(self._flow_rows(outcomes, years, outcomes.flows[reported]))
        if len(self._held[0]) >= self._group:
            self._flush()

    def _flush(self) -> None:
        for writer, held in zip(self._writers, self._held, strict=True):
            if held:
                writer.write_table(pa.concat_tables(held).combine_chunks())
            held.clear()

    def _outcome_rows(self, outcomes: Outcomes, years: Integers, counts: Integers) -> pa.Table:
        if not self._index:  # every run has the same rows
            year, *cell = np.indices(counts.shape).reshape(counts.ndim, -1)
            named = zip(cell, ("tier", "axis", "region"), strict=True)
            self._index = [column(years[year], np.int16), *(self._texts(each, name) for each, name in named)]
        columns = [
            *_run_columns(outcomes, counts.size),
            *self._index,
            column(counts.ravel(), np.int32),
            column(shares_of(counts).ravel(), np.float64),
        ]
        return pa.Table.from_arrays(columns, schema=self._writers[0].schema)

    def _flow_rows(self, outcomes: Outcomes, years: Integers, flows: NDArray[np.int32]) -> pa.Table:
        index = np.nonzero(flows)
        columns = [
            *_run_columns(outcomes, len(index[0])),
            column(years[index[0]], np.int16),
            self._texts(index[1], "stage"),
            *(self._texts(each, "region") for each in index[2:]),
            column(flows[index], np.int32),
        ]
        return pa.Table.from_arrays(columns, schema=self._writers[1].schema)

    def _texts(self, index: NDArray[np.integer], name: str) -> pa.DictionaryArray:
        return pa.DictionaryArray.from_arrays(column(index, np.int8), self._words[name])


def column(values: NDArray[Any], kind: type[np.number], nan_is_missing: bool = True) -> pa.Array:
    """Make a column of numbers, (N,). `pyarrow.array` would do so too, and import pandas, which takes longer."""
    numbers = np.ascontiguousarray(values, dtype=kind)
    known = ~np.isnan(numbers)
    bits = None if known.all() or not nan_is_missing else pa.py_buffer(np.packbits(known, bitorder="little"))
    return pa.Array.from_buffers(pa.from_numpy_dtype(numbers.dtype), len(numbers), [bits, pa.py_buffer(numbers)])


def numbers_of(chunked: pa.ChunkedArray, kind: type[np.number]) -> NDArray[Any]:
    """Take the numbers of a column of which none is missing, (N,); its own `to_numpy` would import pandas."""
    found = [np.frombuffer(each.buffers()[1], dtype=kind)[each.offset : each.offset + len(each)] for each in chunked.chunks]
    return np.concatenate([np.empty(0, dtype=kind), *found])


def texts(words: Sequence[str]) -> pa.Array:
    """Make a column of texts."""
    coded = [word.encode() for word in words]
    ends = np.cumsum([0, *map(len, coded)], dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(coded), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(coded))])


def write_shares(path: Path, shares: ShareSummary, years: Integers, codes: Sequence[str]) -> None:
    """Write ``shares.csv``: a row per year, tier, axis and region, six decimals, people rounded to one."""
    year, tier, axis, region = (each.ravel().tolist() for each in np.indices(shares.mean.shape))
    keys = [
        [str(years[k]) for k in year],
        [TIERS[k] for k in tier],
        [AXES[k] for k in axis],
        [codes[k] for k in region],
    ]
    numbers = (rounded_all(getattr(shares, name).ravel().tolist(), 0 if name == "researchers_p50" else 6) for name in STATISTICS)
    write_columns(path, SHARE_COLUMNS, [*keys, *numbers])


def write_indicators(path: Path, rows: Sequence[IndicatorRow]) -> None:
    """Write ``indicators.csv``: every declared indicator with its unit and definition."""
    units = [INDICATORS[row.indicator].unit for row in rows]
    keys = [
        ["" if row.year is None else str(row.year) for row in rows],
        [row.indicator for row in rows],
        [row.region for row in rows],
        units,
        [INDICATORS[row.indicator].definition for row in rows],
    ]
    numbers = []
    for name in ("mean", "p05", "p50", "p95"):
        values = [getattr(row, name) for row in rows]
        whole, exact = rounded_all(values, 0), rounded_all(values, 6)
        numbers.append([a if unit == "year" else b for unit, a, b in zip(units, whole, exact, strict=True)])
    write_columns(path, INDICATOR_COLUMNS, [*keys, *numbers])


def _run_columns(outcomes: Outcomes, length: int) -> list[pa.Array]:
    return [column(np.full(length, each), np.int32) for each in (outcomes.draw, outcomes.replicate)]


def write_variants(path: Path, rows: Iterable[VariantRow]) -> None:
    """Write variants as a CSV table."""
    write_table(path, VariantRow._fields, rows)
