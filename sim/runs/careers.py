"""``careers.parquet``: where the visible come from, studied and work, year by year and run by run, nothing where nobody is.

Shares by region cannot say how many of an origin's graduates stayed; these counts can, for any origin and any place, long after a
run was made.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sim.engines.axes import STAGES, TIERS
from sim.model.world import REPORT_FROM, Integers
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.reading.tables import read_long
from sim.runs.rows import RunTableError
from sim.runs.tables import column, texts

CAREERS_FILE: Final = "careers.parquet"
FLOWS_FILE: Final = "flows.parquet"
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


@dataclass(frozen=True)
class SparseCounts:
    """Counts of many runs of which most are zero.

    Parameters
    ----------
    runs
        Position of each row's run, ascending, (n,).
    at
        Its place on every axis, each (n,).
    researchers
        How many there are, (n,), above 0.
    shape
        Of the counts of one run.
    """

    runs: Integers
    at: tuple[Integers, ...]
    researchers: Integers
    shape: tuple[int, ...]

    def of_run(self, position: int) -> Integers:
        """Spread the counts of one run over its whole shape."""
        rows = slice(*np.searchsorted(self.runs, (position, position + 1)).tolist())
        found = np.zeros(self.shape, dtype=np.int64)
        found[tuple(each[rows] for each in self.at)] = self.researchers[rows]
        return found


def read_careers(folder: Path, years: Integers, codes: Sequence[str], runs: tuple[int, int]) -> SparseCounts:
    """Read the careers of every run back, (Y, R origin, R study, R work), of the tier `CAREER_TIER`.

    Parameters
    ----------
    folder : of the run.
    years : reporting years, (Y,).
    codes : of the regions.
    runs : numbers of draws and replicates.

    Raises
    ------
    sim.runs.rows.RunTableError : the file is missing or cannot be read.
    """
    if not has_careers(folder):
        raise RunTableError(
            f"{folder}: holds no {CAREERS_FILE}; it was made before careers were kept: make it again in another folder"
        )
    return read_sparse(folder / CAREERS_FILE, years, dict.fromkeys(CAREER_AXES, codes), runs)


def read_flows(folder: Path, years: Integers, codes: Sequence[str], runs: tuple[int, int]) -> SparseCounts:
    """Read the moves of every run back, (Y, stage, R origin, R from, R to); arguments and errors as of `read_careers`."""
    words = {"stage": STAGES, **dict.fromkeys(("origin", "from_region", "to_region"), codes)}
    return read_sparse(folder / FLOWS_FILE, years, words, runs)


def read_sparse(path: Path, years: Integers, words: Mapping[str, Sequence[str]], runs: tuple[int, int]) -> SparseCounts:
    """Read a table of counts that are not zero; `words` says what its columns of words may hold, in the order of their ids.

    Raises
    ------
    sim.runs.rows.RunTableError : it cannot be read, or has a row of another year or run.
    """
    shape = len(years), *(len(known) for known in words.values())
    read = read_long(path, words, ["draw", "replicate", "year", "researchers"], math.prod((*runs, *shape)))
    year = read["year"] - int(years[0])
    for name, most in (("draw", runs[0]), ("replicate", runs[1])):
        if ((read[name] < 0) | (read[name] >= most)).any():
            raise RunTableError(f"{path.name} has a row of a {name} that the run does not have")
    if ((year < 0) | (year >= len(years))).any():
        raise RunTableError(f"{path.name} has a row of a year that the run does not have")
    run = read["draw"] * runs[1] + read["replicate"]
    order = np.argsort(run, kind="stable")
    at = tuple(each[order] for each in (year, *(read[name] for name in words)))
    return SparseCounts(run[order], at, read["researchers"][order], shape)
