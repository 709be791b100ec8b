"""Reads how a design makes its points, those of a CSV file among them, every problem noted."""

from __future__ import annotations

import csv
import importlib.util
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sim.design_text import DesignText
from sim.sampling import FROM_SALIB, METHODS, POWERS_OF_TWO, Factor
from sim.scenarios.reading.text import KeyPath, nearest_name

SAMPLE_KEYS = ("method", "points", "seed", "file")
SAMPLE_WHOLE: Mapping[str, tuple[int, int, int]] = {"points": (0, 1, 1_000_000), "seed": (1, 0, 2**31 - 1)}
MOST_CSV_BYTES = 100_000_000
MOST_WRONG_ROWS = 20  # shown; a file that is wrong is mostly wrong everywhere
USED_BY: Mapping[str, frozenset[str]] = {
    "points": frozenset({"sobol", "halton", "lhs", "saltelli", "morris"}),
    "seed": frozenset({"sobol", "halton", "lhs", "saltelli", "morris"}),
    "file": frozenset({"csv"}),
}
"""Methods that read a key of [sample]."""


def read_sample(file: DesignText, factors: Sequence[Factor]) -> dict[str, Any]:
    """Read how points are made."""
    table = file.document.get("sample", {})
    if not isinstance(table, dict):
        file.refuse(("sample",), "must be a table, [sample]", table)
        return {}
    file.keys(("sample",), table, SAMPLE_KEYS, "a sample")
    numbers = {key: file.whole(("sample", key), table.get(key), *SAMPLE_WHOLE[key]) for key in SAMPLE_WHOLE}
    method = file.method()
    if not isinstance(method, str) or method not in METHODS:
        file.refuse(("sample", "method"), "is not a method", method, tuple(METHODS), nearest_name(str(method), METHODS))
        return {}
    for key, methods in USED_BY.items():
        if key in table and method not in methods:
            file.refuse(("sample", key), f"has no effect with method {method}", table[key])
    has_factors = bool(file.document.get("factor"))
    rows: tuple[tuple[float, ...], ...] = ()
    if (method == "none") == has_factors:
        file.refuse(("sample", "method"), "takes no factors; grid does" if has_factors else "needs a [[factor]]", method)
    elif method == "csv":
        rows = csv_rows(file, table.get("file"), factors)
    elif method == "grid":
        for factor in factors:
            if not factor.values:
                file.refuse(("factor",), f"{factor.name}: a grid needs values, or steps between low and high")
    elif method != "none":
        sampled(file, method, table, numbers["points"], factors)
    return {"method": method, "points": numbers["points"], "sample_seed": numbers["seed"], "rows": rows}


def sampled(file: DesignText, method: str, table: Mapping[str, Any], points: int, factors: Sequence[Factor]) -> None:
    """Check what only methods that draw points need."""
    if "points" not in table:
        file.refuse(("sample", "points"), f"{method} needs a number of points")
    elif method in POWERS_OF_TWO and points and points & (points - 1):
        near = 1 << points.bit_length()
        file.refuse(("sample", "points"), f"{method} needs a power of two, such as {near // 2} or {near}", points)
    if method == "morris" and any(factor.values or factor.is_year for factor in factors):
        file.refuse(("sample", "method"), "morris steps through ranges of numbers; it takes no lists and no years", method)
    if method in FROM_SALIB and importlib.util.find_spec("SALib") is None:
        message = f"{method} needs the package SALib: pip install 'talentsim[analysis]'"
        file.refuse(("sample", "method"), message, method)


def csv_rows(file: DesignText, name: object, factors: Sequence[Factor]) -> tuple[tuple[float, ...], ...]:
    """Read the points of a CSV file beside the design."""
    path: KeyPath = ("sample", "file")
    if not isinstance(name, str) or not name:
        file.refuse(path, "csv needs the name of a file beside the design", name)
        return ()
    source = file.path.parent / name
    try:
        if source.stat().st_size > MOST_CSV_BYTES:
            file.refuse(path, f"is larger than {MOST_CSV_BYTES // 1_000_000} MB", name)
            return ()
        with source.open(encoding="utf-8-sig", newline="") as stream:
            table = [row for row in csv.reader(stream) if row]
    except (OSError, ValueError, csv.Error) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        file.refuse(path, f"cannot be read ({reason})", name)
        return ()
    return tuple(csv_points(file, source.name, table, factors)) if len(factors) == len(file.tables()) else ()


def csv_points(
    file: DesignText, name: str, table: Sequence[Sequence[str]], factors: Sequence[Factor]
) -> Iterator[tuple[float, ...]]:
    """Check the rows of a CSV file."""
    header = [factor.name for factor in factors]
    if not table or [cell.strip() for cell in table[0]] != header or len(table) < 2:
        file.refuse(("sample", "file"), f"{name}: the first row must be {','.join(header)}, then one row for each point")
        return
    seen: set[tuple[float, ...]] = set()
    wrong = 0
    for number, row in enumerate(table[1:], start=2):
        try:
            point = tuple(float(cell) for cell in row)
        except ValueError:
            point = ()
        if len(point) != len(factors) or not all(fits(f, x) for f, x in zip(factors, point, strict=True)) or point in seen:
            message = f"{name}:{number}: must be one number for each factor, in its range, and no row twice"
            file.refuse(("sample", "file"), message, list(row))
            wrong += 1
            if wrong == MOST_WRONG_ROWS:
                file.refuse(("sample", "file"), f"{name}: has more rows like these")
                return
            continue
        seen.add(point)
        yield point


def fits(factor: Factor, value: float) -> bool:
    """Tell whether a factor may have a value."""
    return factor.low <= value <= factor.high and (not factor.is_year or value == int(value))
