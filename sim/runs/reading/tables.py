"""The tables of a run's folder, read by their columns and sorted by their keys: the order of rows is not trusted.

Notation: N runs, Y reporting years, K tiers, X axes, R regions.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sim.engines.axes import AXES, TIERS
from sim.files.reading import check_csv, check_ordinary
from sim.model.world import REPORT_FROM, Floats, Integers
from sim.runs.outcomes.indicators import INDICATORS, IndicatorRow
from sim.runs.outcomes.outcomes import ShareSummary
from sim.runs.outcomes.variants import VariantRow
from sim.runs.rows import RunTableError, read_columns
from sim.runs.tables import INDICATOR_COLUMNS, SHARE_COLUMNS, numbers_of


def read_long(path: Path, words: Mapping[str, Sequence[str]], numbers: Sequence[str], most: int) -> dict[str, NDArray[Any]]:
    """Read columns of a long table: words as their places in a list, numbers as they are.

    Parameters
    ----------
    path
        Of a Parquet file.
    words
        What a column of words may hold, by its name.
    numbers
        Names of columns of numbers.
    most
        Rows that it may have.

    Returns
    -------
    (N,) each, by name; whole numbers as int64.

    Raises
    ------
    RunTableError
        If it cannot be read, a column is missing or of another kind, a value is missing, or a word is none of those.
    """
    with parquet_of(path) as file:
        if file.metadata.num_rows > most:
            raise RunTableError(f"{path.name} has {file.metadata.num_rows:,} rows; at most {most:,} can be")
        return columns_of(file.read(columns=[*words, *numbers]), words, numbers)


def long_pieces(path: Path, words: Mapping[str, Sequence[str]], numbers: Sequence[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Read columns of a long table as `read_long` does, a group of its rows at a time: memory holds one.

    Its filters would import `pyarrow.compute`, which takes longer.
    """
    with parquet_of(path) as file:
        for number in range(file.num_row_groups):
            yield columns_of(file.read_row_group(number, columns=[*words, *numbers]), words, numbers)


@contextmanager
def parquet_of(path: Path) -> Iterator[pq.ParquetFile]:
    """Open a Parquet file; whatever goes wrong while it is read is a `RunTableError`."""
    try:
        check_ordinary(path)
        with pq.ParquetFile(path) as file:  # `pyarrow.parquet.read_table` would import pandas
            yield file
    except Exception as error:  # a damaged file can raise anything
        raise RunTableError(f"{path.name} cannot be read ({error})") from error


def columns_of(table: pa.Table, words: Mapping[str, Sequence[str]], numbers: Sequence[str]) -> dict[str, NDArray[Any]]:
    """Take the columns of a table: words as their places in a list, numbers as they are."""
    places = {name: placed(table, name, known) for name, known in words.items()}
    return places | {name: plain_numbers(table, name) for name in numbers}


def plain_numbers(table: pa.Table, name: str) -> NDArray[Any]:
    """Take a column of numbers, none missing; whole numbers as int64."""
    column = table.column(name)
    if column.null_count or not (pa.types.is_integer(column.type) or pa.types.is_float64(column.type)):
        raise RunTableError(f"column {name} has values that are missing or no numbers")
    kind = np.dtype(column.type.to_pandas_dtype())
    found = numbers_of(column, kind.type)
    return found.astype(np.int64) if kind.kind in "iu" else found


def placed(table: pa.Table, name: str, words: Sequence[str]) -> Integers:
    """Take a column of words as their places in a list."""
    place = {word: k for k, word in enumerate(words)}
    found = [np.empty(0, dtype=np.int64)]
    for chunk in table.column(name).chunks:
        coded = chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode()
        known = np.array([place.get(word, -1) for word in coded.dictionary.to_pylist()], dtype=np.int64)
        indices = coded.indices
        kind = np.dtype(indices.type.to_pandas_dtype()).type
        if indices.null_count:
            raise RunTableError(f"column {name} has values that are missing")
        found.append(known[numbers_of(pa.chunked_array([indices]), kind).astype(np.int64)])
    places = np.concatenate(found)
    if (places < 0).any():
        raise RunTableError(f"column {name} holds a word that is none of {', '.join(words)}")
    return places


def cells_of(path: Path, keys: Sequence[Integers], shape: Sequence[int]) -> Integers:
    """Give for each row of a table its cell in an array that the table fills: (n,).

    Raises
    ------
    RunTableError
        If a row lies outside, a cell has no row, or two.
    """
    size = math.prod(shape)
    if len(keys[0]) != size:
        raise RunTableError(f"{path.name}: {len(keys[0])} rows, expected {size}")
    if any(((key < 0) | (key >= most)).any() for key, most in zip(keys, shape, strict=True)):
        raise RunTableError(f"{path.name} has a row of another year, run or region")
    found = np.ravel_multi_index([*keys], tuple(shape))
    if (np.bincount(found, minlength=size) != 1).any():
        raise RunTableError(f"{path.name} has a row twice, and lacks another")
    return found.astype(np.int64)


def check_row_count(path: Path, runs: int, until: int) -> None:
    """Check that ``outcomes.parquet`` has rows for so many runs to a year, without reading them; RunTableError if not."""
    check_ordinary(path)
    try:
        with pq.ParquetFile(path) as file:
            rows = int(file.metadata.num_rows)
    except Exception as error:  # a damaged file can raise anything
        raise RunTableError(f"{path.name} cannot be read ({error})") from error
    cells = runs * (until - REPORT_FROM + 1) * len(TIERS) * len(AXES)
    if cells <= 0 or rows % cells or rows == 0:
        raise RunTableError(f"{path.name} has {rows:,} rows, which are not those of {runs:,} runs until {until}")


def read_counts(folder: Path, runs: tuple[int, int], years: Integers, codes: Sequence[str]) -> Integers:
    """Read the simulated researchers of every run back.

    Parameters
    ----------
    folder : of the run.
    runs : numbers of draws and replicates.
    years : reporting years, (Y,).
    codes : of the regions.

    Returns
    -------
    (N, Y, K, X, R), runs ordered by draw, then replicate.

    Raises
    ------
    RunTableError
        If the file cannot be read or does not hold just these rows.
    """
    path = folder / "outcomes.parquet"
    words = {"tier": TIERS, "axis": AXES, "region": codes}
    shape = (*runs, len(years), len(TIERS), len(AXES), len(codes))
    read = read_long(path, words, ["draw", "replicate", "year", "researchers"], math.prod(shape))
    keys = [read["draw"], read["replicate"], read["year"] - int(years[0]), *(read[name] for name in words)]
    at = cells_of(path, keys, shape)
    found = np.empty(math.prod(shape), dtype=np.int64)
    found[at] = read["researchers"]
    return found.reshape(math.prod(runs), *shape[2:])


def read_shares(path: Path, regions: Sequence[str] = ()) -> tuple[Integers, tuple[str, ...], ShareSummary]:
    """Read ``shares.csv`` back.

    Parameters
    ----------
    path
        Of the file.
    regions
        Codes in id order; in the order of the file if none are known.

    Returns
    -------
    tuple
        Years (Y,), region codes, and the statistics.
    """
    rows = bounded_rows(path, SHARE_COLUMNS)
    years = sorted({int(row[0]) for row in rows})
    codes = tuple(regions) or tuple(dict.fromkeys(row[3] for row in rows))
    if not years or years != list(range(years[0], years[0] + len(years))):
        raise RunTableError(f"{path.name}: its years have gaps")
    places = [{word: k for k, word in enumerate(words)} for words in (TIERS, AXES, codes)]
    try:
        year, tier, axis, region, *columns = zip(*rows, strict=True)
        keys = [[int(text) - years[0] for text in year]]
        keys += [[*map(place.__getitem__, column)] for place, column in zip(places, (tier, axis, region), strict=True)]
        numbers = [numbers_in(column) for column in columns]
    except (KeyError, ValueError, IndexError) as error:
        raise RunTableError(f"{path.name} has a cell that is not of its column ({error})") from error
    shape = (len(years), *(len(place) for place in places))
    at = cells_of(path, [np.array(key, dtype=np.int64) for key in keys], shape)
    summary = {}
    for field, column in zip(fields(ShareSummary), numbers, strict=True):
        sorted_column: Floats = np.empty(math.prod(shape))
        sorted_column[at] = column
        summary[field.name] = sorted_column.reshape(shape)
    return np.array(years, dtype=np.int64), codes, ShareSummary(**summary)


def read_indicators(path: Path) -> list[IndicatorRow]:
    """Read ``indicators.csv`` back; RunTableError for one that is not known, or where rows are lacking at the end."""
    rows = [
        IndicatorRow(int(row[0]) if row[0] else None, row[1], row[2], *numbers_in(row[5:]))
        for row in bounded_rows(path, INDICATOR_COLUMNS)
    ]
    unknown = next((row.indicator for row in rows if row.indicator not in INDICATORS), None)
    if unknown is not None:
        raise RunTableError(f"{path.name} has an indicator {unknown!r} that this version does not know")
    years = [row.year for row in rows if row.year is not None]
    if rows and rows[-1].year not in (None, max(years, default=None)):
        raise RunTableError(f"{path.name} ends with year {rows[-1].year}: it lacks rows")
    return rows


def read_variants(path: Path) -> tuple[VariantRow, ...]:
    """Read variants back.

    Raises
    ------
    RunTableError
        If the file is missing or has other columns.
    """
    rows = bounded_rows(path, VariantRow._fields)
    return tuple(VariantRow(row[0], float(row[1]), int(row[2]), row[3], row[4], row[5], float(row[6])) for row in rows)


def bounded_rows(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Read the rows of a CSV file of bounded size, each as wide as its columns; errors as of `read_columns`."""
    check_whole(path)
    rows = read_columns(path, columns)
    if any(len(row) != len(columns) for row in rows):
        raise RunTableError(f"{path.name} has a row with more or fewer cells than columns")
    return rows


def check_whole(path: Path) -> None:
    """Check a table that a run wrote, which ends with its last row; UnreadableError or RunTableError if not."""
    check_csv(path)
    if not path.read_bytes().endswith(b"\n"):  # empty, or cut
        raise RunTableError(f"{path.name} ends in the middle of a row")


_WORDS: Final = {"": "nan", "never": "inf"}


def numbers_in(texts: Sequence[str]) -> list[float]:
    """Read numbers as `number_of` does; without a word among them that takes a third of the time."""
    try:
        return [*map(float, texts)]
    except ValueError:
        return [*map(number_of, texts)]


def number_of(text: str) -> float:
    """Read a number as tables write it: blank where it is missing, "never" where it is infinite."""
    return float(_WORDS.get(text, text))


DAMAGE = (
    OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError, RecursionError, MemoryError, csv.Error,
    pa.ArrowException,
)  # fmt: skip
"""What reading a damaged folder can raise; `UnreadableError`, `RunTableError` and their like are ValueErrors."""
