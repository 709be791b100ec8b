"""``careers.parquet``: where the visible come from, studied and work, year by year and run by run, nothing where nobody is.

Shares by region cannot say how many of an origin's graduates stayed; these counts can, for any origin and any place, long after a
run was made.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.engines.axes import TIERS
from sim.model.world import REPORT_FROM, Integers
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.rows import RunTableError
from sim.runs.tables import column, numbers_of, texts

CAREERS_FILE: Final = "careers.parquet"
CAREER_TIER: Final = TIERS[0]
"""The tier whose careers the engines count: visible researchers with a completed degree."""
CAREER_AXES: Final = ("origin", "study", "work")
"""Undergraduate region, graduate region, headquarters region of the employer."""
_CODED = pa.dictionary(pa.int8(), pa.string())
_CAREERS = pa.schema(
    [
        ("draw", pa.int32()),
        ("replicate", pa.int32()),
        ("year", pa.int16()),
        ("tier", _CODED),
        *((axis, _CODED) for axis in CAREER_AXES),
        ("researchers", pa.int32()),
    ]
)
_RUNS_HELD = 20  # written together: larger groups of rows are smaller files


class CareerTable:
    """Write ``careers.parquet`` run by run, in the order given.

    Rows follow draw, replicate, year, then the region ids of origin, study and work; they hold simulated researchers (whole
    numbers above 0) of the reporting years. The metadata entry ``people_per_researcher`` turns them into people.

    Parameters
    ----------
    folder
        Where the file is written.
    codes
        Region codes in id order.
    weight
        People per simulated researcher.
    """

    def __init__(self, folder: Path, codes: Sequence[str], weight: float) -> None:
        self._words = texts(codes)
        self._tiers = texts(TIERS)
        self._held: list[pa.Table] = []
        note = {"people_per_researcher": repr(float(weight))}
        self._writer = pq.ParquetWriter(
            folder / CAREERS_FILE, _CAREERS.with_metadata(note), compression="zstd", compression_level=3, version="2.6"
        )

    def __enter__(self) -> CareerTable:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Write what is held, unless an error is on its way, and close the file."""
        if kind is None:
            self._flush()
        # A failure to close says nothing new about a folder that is given up for another error.
        with contextlib.suppress(*(() if kind is None else (OSError,))):
            self._writer.close()

    def append(self, outcomes: Outcomes) -> None:
        """Add the rows of one run."""
        reported = outcomes.years >= REPORT_FROM
        careers, years = outcomes.careers[reported], outcomes.years[reported]
        index = np.nonzero(careers)
        number = len(index[0])
        columns = [
            column(np.full(number, outcomes.draw), np.int32),
            column(np.full(number, outcomes.replicate), np.int32),
            column(years[index[0]], np.int16),
            pa.DictionaryArray.from_arrays(column(np.zeros(number), np.int8), self._tiers),
            *(pa.DictionaryArray.from_arrays(column(each, np.int8), self._words) for each in index[1:]),
            column(careers[index], np.int32),
        ]
        self._held.append(pa.Table.from_arrays(columns, schema=self._writer.schema))
        if len(self._held) >= _RUNS_HELD:
            self._flush()

    def _flush(self) -> None:
        if self._held:
            self._writer.write_table(pa.concat_tables(self._held).combine_chunks())
        self._held.clear()


def has_careers(folder: Path) -> bool:
    """Tell whether a run's folder holds careers; one of before they were kept does not."""
    return (folder / CAREERS_FILE).is_file()


def read_careers(folder: Path, runs: Sequence[tuple[int, int]], years: Integers, codes: Sequence[str]) -> Integers:
    """Read the careers of every run back.

    Parameters
    ----------
    folder : of the run.
    runs : draw and replicate of each, (N,).
    years : reporting years, (Y,).
    codes : region codes in id order, (R,).

    Returns
    -------
    (N, Y, R origin, R study, R work) simulated researchers of the tier `CAREER_TIER`.

    Raises
    ------
    sim.runs.rows.RunTableError : the file is missing or cannot be read.
    """
    path = folder / CAREERS_FILE
    if not path.is_file():
        raise RunTableError(f"{path}: is not there; the run was made before careers were kept: make it again in another folder")
    try:
        with pq.ParquetFile(path) as file:  # `pyarrow.parquet.read_table` would import pandas
            read = file.read()
    except (OSError, pa.ArrowException) as error:
        raise RunTableError(f"{path}: cannot be read ({error})") from error
    found = np.zeros((len(runs), len(years), *(len(codes),) * len(CAREER_AXES)), dtype=np.int64)
    number = {run: k for k, run in enumerate(runs)}
    pairs = zip(*(numbers_of(read[name], np.int32).tolist() for name in ("draw", "replicate")), strict=True)
    run = np.fromiter((number[pair] for pair in pairs), dtype=np.int64, count=len(read))
    year = numbers_of(read["year"], np.int16).astype(np.int64) - int(years[0])
    places = (ids_of(read[axis]) for axis in CAREER_AXES)
    found[run, year, *places] = numbers_of(read["researchers"], np.int32)
    return found


def ids_of(chunked: pa.ChunkedArray) -> Integers:
    """Take the ids of a column of region codes, whose dictionary is in id order: (N,)."""
    indices = pa.chunked_array([each.indices for each in chunked.chunks], type=pa.int8())
    return numbers_of(indices, np.int8).astype(np.int64)
