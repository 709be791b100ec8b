"""Reads what a design varies: each factor with its bounds, every problem noted."""

from __future__ import annotations

import csv
import importlib.util
import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from sim.data.schema import Data
from sim.files.reading import UnreadableError, check_csv
from sim.model.world import FIRST_YEAR, LAST_YEAR
from sim.runs.rows import read_csv
from sim.scenarios.levers.changes import LeverChange, value_range
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.reading.text import KeyPath, nearest_name
from sim.scenarios.scenario import Scenario
from sim.sweeps.design.points import FROM_SALIB, METHODS, POWERS_OF_TWO, Factor
from sim.sweeps.design.text import DesignText

FACTOR_KEYS = ("name", "lever", "from", "until", "parameter", "low", "high", "values", "steps")


TARGETS = ("lever", "from", "until", "parameter")


RESERVED = ("key", "scenario", "point", "draw", "replicate", "error", "seconds")
"""Columns of the results that are no factor's; capitals do not tell columns apart."""


FACTOR_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")


GREATEST_NUMBER = 1e300


ANY = (-math.inf, math.inf)
"""Bounds of a factor that names nothing: its numbers are still checked among themselves."""


def read_factors(file: DesignText, scenarios: Sequence[Scenario], until: int, data: Data) -> list[Factor]:
    """Read the factors of a design; the problems are noted in the file.

    Parameters
    ----------
    file
        The design.
    scenarios
        Those that it varies.
    until
        Last year of the runs.
    data
        The tables.
    """
    return _FactorReader(file, scenarios, until, data).factors()


class _FactorReader:
    """Reads the factors of one design."""

    def __init__(self, file: DesignText, scenarios: Sequence[Scenario], until: int, data: Data) -> None:
        self.file = file
        self.scenarios = scenarios
        self.until = until
        self.data = data

    def factors(self) -> list[Factor]:
        """Read all factors."""
        if not isinstance(self.file.document.get("factor", []), list):
            self.file.refuse(
                ("factor",), "must be a list of tables; write [[factor]] with two brackets", self.file.document["factor"]
            )
        found: list[Factor] = []
        names: set[str] = set()
        targets: set[tuple[str, str]] = set()
        for position, table in enumerate(self.file.tables()):
            path: KeyPath = ("factor", position)
            if not isinstance(table, dict):
                self.file.refuse(path, "must be a table, [[factor]]", table)
                continue
            kinds = [kind for kind in TARGETS if kind in table]
            self.file.keys(path, table, FACTOR_KEYS, "a factor")
            if len(kinds) != 1:
                options = ", ".join(f"{kind} = ..." for kind in TARGETS)
                self.file.refuse(path, f"must name one thing that varies; write one of {options}")
            kind = kinds[0] if len(kinds) == 1 else ""
            if kind and not isinstance(table[kind], str):
                self.file.refuse((*path, kind), "must be a name in quotes", table[kind])
                kind = ""
            name = self.name(path, table, kind)
            if name.lower() in names:
                self.file.refuse(path, f"another factor is called {name}; give it a name of its own")
            target = (kind, str(table.get(kind)))
            if kind and target in targets:
                self.file.refuse((*path, kind), "is varied by another factor already", table[kind])
            names |= {name.lower()} - {""}
            targets.add(target)
            bounds = self.bounds((*path, kind), kind, table[kind]) if kind else None
            numbers = self.numbers(path, table, bounds or ANY, kind in ("from", "until"))
            if bounds is not None and numbers is not None and name:
                found.append(Factor(name, kind, str(table[kind]), *numbers))
        self.windows(found)
        return found

    def name(self, path: KeyPath, table: Mapping[str, Any], kind: str) -> str:
        """Read the name of a factor; "" if it is wrong."""
        name = table.get("name", table.get(kind, "") if kind in ("lever", "parameter") else f"{table.get(kind, '')}-{kind}")
        if not kind and "name" not in table:
            return ""
        is_right = isinstance(name, str) and FACTOR_NAME.fullmatch(name) and name.lower() not in RESERVED
        if not is_right:
            allowed = f"must be up to 60 letters, digits, _ . or -, a letter first, and none of {', '.join(RESERVED)}"
            self.file.refuse((*path, "name"), allowed, name)
        return str(name) if is_right else ""

    def windows(self, factors: Sequence[Factor]) -> None:
        """Refuse years of one lever's window that can cross."""
        starts = {factor.target: factor for factor in factors if factor.kind == "from"}
        for factor in factors:
            first = starts.get(factor.target)
            if factor.kind == "until" and first is not None and first.high > factor.low:
                message = f"{factor.name} can be {factor.low:g} when {first.name} is {first.high:g}: an empty window"
                self.file.refuse(("factor",), message)

    def bounds(self, path: KeyPath, kind: str, target: object) -> tuple[float, float] | None:
        """Find the range that a factor may have; None if it names nothing."""
        if kind == "parameter":
            known = {parameter.name: parameter for parameter in self.data.parameters}
            if target not in known:
                self.file.refuse(path, "is not a parameter", target, tuple(known), nearest_name(str(target), known))
                return None
            return known[str(target)].low, known[str(target)].high
        changes: list[LeverChange] = []
        for scenario in self.scenarios:
            by_id = {change.id: change for change in scenario.levers}
            if target not in by_id:
                message = f"{scenario.name} has no lever of this id"
                self.file.refuse(path, message, target, tuple(by_id), nearest_name(str(target), by_id))
                continue
            changes.append(by_id[str(target)])
        if not changes or len(changes) < len(self.scenarios):
            return None
        if kind == "lever":
            ranges = [value_range(LEVERS[change.name], change.change) for change in changes]
            return max(low for low, _ in ranges), min(high for _, high in ranges)
        if kind == "from":
            return FIRST_YEAR, min(min(change.until_year for change in changes), self.until)
        return max(change.from_year for change in changes), LAST_YEAR

    def numbers(
        self, path: KeyPath, table: Mapping[str, Any], bounds: tuple[float, float], is_year: bool
    ) -> tuple[float, float, tuple[float, ...]] | None:
        """Read a range or a list of values inside the bounds: low, high, values."""
        has_range, has_list = "low" in table or "high" in table, "values" in table
        if self.file.method() == "csv" and not has_range and not has_list and "steps" not in table:
            return (*bounds, ())
        if has_range == has_list:
            self.file.refuse(path, "needs low and high, or values")
            return None
        steps = 0
        if "steps" in table:
            steps = self.file.whole((*path, "steps"), table["steps"], 0, 2, 10_000)
            if not steps:
                return None
            if has_list or self.file.method() != "grid":
                self.file.refuse((*path, "steps"), "goes with low and high in a grid", table["steps"])
        if has_list:
            given = table["values"]
            if not isinstance(given, list) or not given:
                self.file.refuse((*path, "values"), "must be a list of numbers", given)
                return None
            checked = [self.inside((*path, "values", k), value, bounds, is_year) for k, value in enumerate(given)]
        else:
            checked = [self.inside((*path, key), table.get(key), bounds, is_year) for key in ("low", "high")]
        good = [each for each in checked if each is not None]
        if len(good) < len(checked):
            return None
        if has_list:
            if len(set(good)) < len(good):
                self.file.refuse((*path, "values"), "names a value twice")
            return min(good), max(good), tuple(good)
        low, high = good
        if not low < high:
            self.file.refuse(path, f"the range is empty: low {low:g} is not below high {high:g}")
            return None
        values = tuple(np.linspace(low, high, steps).tolist()) if steps else ()
        if is_year and any(value != int(value) for value in values):
            self.file.refuse((*path, "steps"), "does not divide the range into whole years", steps)
        return low, high, values

    def inside(self, path: KeyPath, value: object, bounds: tuple[float, float], is_year: bool) -> float | None:
        """Check one number of a factor."""
        low, high = bounds
        number = math.nan
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= GREATEST_NUMBER:
            number = float(value)
        if not low <= number <= high or (is_year and number != int(number)):
            allowed = "" if bounds == ANY else f" from {low:g} to {high:g}"
            what = f"must be a {'year' if is_year else 'number'}{allowed}"
            self.file.refuse(path, f"is missing; {what}" if value is None else what, value)
            return None
        return number


SAMPLE_KEYS = ("method", "points", "seed", "file")


SAMPLE_WHOLE: Mapping[str, tuple[int, int, int]] = {"points": (0, 1, 1_000_000), "seed": (1, 0, 2**31 - 1)}


MOST_POINTS_BYTES = 100_000_000
MOST_CSV_POINTS = 1_000_000


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
    if "\0" in name:  # versions of Python word it differently
        file.refuse(path, "cannot be read (embedded null byte)", name)
        return ()
    source = file.path.parent / name
    try:
        if source.exists():  # else reading says why not
            check_csv(source, MOST_POINTS_BYTES, MOST_CSV_POINTS)
        table = [row for row in read_csv(source, "utf-8-sig") if row]
    except UnreadableError as error:
        file.refuse(path, f"cannot be read: {error}", name)
        return ()
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
