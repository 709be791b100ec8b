"""Reads the evidence: one row a target with its errors, what the row may be used for, and what shares a bias or a sample.

The file is `sim/data/tables/evidence.toml`. Everything wrong in it is reported together; nothing is weighed here.
"""

from __future__ import annotations

import copyreg
import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from sim.calibration.charts import part_variances, with_rest
from sim.calibration.observe import COUNTS, OPERATORS, Question
from sim.data.declared import LAST_OUTCOME
from sim.data.load import DATA_FOLDER
from sim.data.schema import Data
from sim.engines.axes import AXES, TIERS
from sim.files.reading import MOST_TOML_BYTES, UnreadableError, read_bounded
from sim.model.world import FIRST_YEAR

EVIDENCE = DATA_FOLDER / "evidence.toml"
USES = ("fit", "one-sided", "solved", "check")
WEIGHED = ("fit", "one-sided")
"""Uses of the rows that a likelihood may weigh."""
BOUNDS = ("at_most", "at_least")
LAST_PUBLISHED = 2026
LAST_OWN = 2035
"""Last year of an outcome in a file of the user's own."""
REQUIRED_KEYS: Mapping[str, tuple[str, ...]] = {
    "family": ("name", "title", "bias"),
    "chart": ("id", "title", "sample", "design_effect", "rounding", "rest_discrepancy", "reason"),
    "row": ("id", "label", "operator", "value", "sd", "discrepancy", "reason", "family", "use", "year", "published"),
}
OPTIONAL = ("source", "chart", "of", "bound")
ARGUMENTS = ("tier", "axis", "part", "regions", "origin", "study", "work", "among", "degrees", "years")
REGION_LISTS = ("regions", "origin", "study", "work", "among")
YEAR_LISTS = ("degrees", "years")
NUMBER_KEYS = ("value", "sd", "discrepancy", "sample", "design_effect", "rounding", "rest_discrepancy", "part")
SD_TOLERANCE = 0.02
"""Part by which the sd of a row may differ from that of its chart's sample."""


class EvidenceError(Exception):
    """The evidence is wrong; carries one line per problem: place, value, what is allowed, remedy."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Family:
    """Rows that share a bias; they are left out together."""

    name: str
    title: str
    bias: str


@dataclass(frozen=True)
class Chart:
    """Shares that one sample gives together.

    Parameters
    ----------
    id, title
        Name and what it shows.
    sample, design_effect
        Persons counted; variance over that of independent persons.
    rounding, rest_discrepancy
        Step to which shares are rounded; discrepancy of what is left to 1 (shares).
    reason
        Where sample and design effect come from.
    """

    id: str
    title: str
    sample: float
    design_effect: float
    rounding: float
    rest_discrepancy: float
    reason: str


@dataclass(frozen=True)
class Evidence:
    """One target.

    Parameters
    ----------
    id, label
        Name, and in words what is counted.
    operator, arguments
        What is read off the model (`sim.calibration.observe`).
    value, sd, discrepancy, reason
        As published; its error of observation; what the model cannot be expected to meet; why: shares 0..1, or people.
    family, chart
        Name of the family; id of the chart, or None.
    use
        fit, one-sided, solved or check.
    bound
        at_most or at_least for a one-sided row, else None.
    year, published
        Of the outcome; in which it was public.
    source
        Ids of sources.csv.
    """

    id: str
    label: str
    operator: str
    arguments: Mapping[str, Any]
    value: float
    sd: float
    discrepancy: float
    reason: str
    family: str
    chart: str | None
    use: str
    bound: str | None
    year: int
    published: int
    source: tuple[str, ...]

    @property
    def error(self) -> float:
        """Observation and discrepancy together, sqrt(sd^2 + discrepancy^2)."""
        return math.hypot(self.sd, self.discrepancy)

    @property
    def question(self) -> Question:
        """What the row asks of the model."""
        return Question(self.operator, self.arguments, self.year)


def _frozen(mapping: dict[str, object]) -> MappingProxyType[str, object]:
    return MappingProxyType(mapping)


copyreg.pickle(MappingProxyType, lambda proxy: (_frozen, (dict(proxy),)))  # records and tables travel to worker processes


@dataclass(frozen=True)
class Record:
    """All evidence: rows in the order of the file, families by name, charts by id."""

    rows: tuple[Evidence, ...]
    families: Mapping[str, Family]
    charts: Mapping[str, Chart]

    def members(self, chart: str) -> tuple[int, ...]:
        """List the positions of the rows of a chart."""
        return tuple(k for k, row in enumerate(self.rows) if row.chart == chart)

    def variances(self, chart: str) -> tuple[np.ndarray, np.ndarray]:
        """Compute the published shares of all parts of a chart and the variances of their logarithms, both (parts,)."""
        rows = [self.rows[k] for k in self.members(chart)]
        parts = with_rest(np.array([row.value for row in rows]))
        design = self.charts[chart]
        discrepancies = [row.discrepancy for row in rows] + [design.rest_discrepancy] * (len(parts) - len(rows))
        return parts, part_variances(parts, design.sample, design.design_effect, design.rounding, discrepancies)


def load_evidence(data: Data, path: Path = EVIDENCE, own: Path | None = None) -> Record:
    """Read and check the evidence.

    Parameters
    ----------
    data : the packaged tables: regions, sources, published targets.
    path : a file in the form of `sim/data/tables/evidence.toml`.
    own : a further file in that form, of the user's: its rows may use families and charts of both, may name any source and be of
        any year to LAST_OWN.

    Returns
    -------
    The evidence, rows in the order of the file.

    Raises
    ------
    EvidenceError : the file cannot be read or something in it is wrong; says all of it.
    """
    read = read_tables(path)
    added = read_tables(own) if own is not None else {}
    entries = {kind: [*read.get(kind, []), *added.get(kind, [])] for kind in REQUIRED_KEYS}
    record = Record(
        tuple(make_row(entry, data) for entry in entries["row"]),
        MappingProxyType({entry["name"]: Family(**entry) for entry in entries["family"]}),
        MappingProxyType({entry["id"]: Chart(**entry) for entry in entries["chart"]}),
    )
    packaged = len(read.get("row", []))
    problems = [problem for entry in read.get("row", []) for problem in published_problems(entry, data)]
    problems += [problem for k, row in enumerate(record.rows) for problem in row_problems(row, record, data, k >= packaged)]
    problems += [problem for chart in record.charts for problem in chart_problems(chart, record)]
    for kind, key in (("row", "id"), ("family", "name"), ("chart", "id")):
        names = [entry[key] for entry in entries[kind]]
        problems += [
            f"{kind} {name}: the {key} stands twice; give each {kind} an {key} of its own" for name in sorted(twice(names))
        ]
    if problems:
        raise EvidenceError(problems)
    return record


def read_tables(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Read the tables of a file and check the shape of each; errors as of `load_evidence`."""
    try:
        read = tomllib.loads(read_bounded(path, MOST_TOML_BYTES).decode("utf-8"))
    except (UnreadableError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise EvidenceError([f"{path}: {error}; allowed: a TOML file with [[family]], [[chart]] and [[row]] tables"]) from error
    unknown = sorted(read.keys() - REQUIRED_KEYS.keys())
    problems = [f"{path.name}: {key!r} is unknown; allowed: family, chart, row; remove or rename it" for key in unknown]
    problems += [
        f"{path.name}: {kind} is no list of tables; write [[{kind}]]"
        for kind in REQUIRED_KEYS
        if not (isinstance(read.get(kind, []), list) and all(isinstance(entry, dict) for entry in read.get(kind, [])))
    ]
    if not problems:
        problems = [problem for kind in REQUIRED_KEYS for entry in read.get(kind, []) for problem in shape_problems(kind, entry)]
    if problems:
        raise EvidenceError(problems)
    return read


def twice(names: Sequence[str]) -> set[str]:
    """Find the names that stand more than once."""
    return {name for name in names if names.count(name) > 1}


def shape_problems(kind: str, entry: Mapping[str, Any]) -> list[str]:
    """Report missing and unknown keys and values of a wrong type in one table of the file."""
    place = f"{kind} {entry.get('id', entry.get('name', '?'))}"
    required = REQUIRED_KEYS[kind]
    allowed = (*required, *(OPTIONAL + ARGUMENTS if kind == "row" else ()))
    problems = [f"{place}: {key} is missing; add it" for key in required if key not in entry]
    unknown = sorted(entry.keys() - set(allowed))
    problems += [f"{place}: {key!r} is unknown; allowed: {', '.join(allowed)}; remove or rename it" for key in unknown]
    for key, value in entry.items():
        if key in NUMBER_KEYS:
            right, wanted = type(value) in (int, float) and math.isfinite(value), "a finite number"
        elif key in ("year", "published"):
            right, wanted = type(value) is int, "a whole number"
        elif key in YEAR_LISTS:
            right, wanted = type(value) is list and bool(value) and all(type(each) is int for each in value), "a list of years"
        elif key in REGION_LISTS or key == "of":
            right, wanted = type(value) is list and bool(value) and all(type(each) is str for each in value), "a list of names"
        else:
            right, wanted = type(value) is str and bool(value.strip()), "a text"
        if not right:
            problems.append(f"{place}: {key} is {value!r}; allowed: {wanted}")
    return problems


def make_row(entry: Mapping[str, Any], data: Data) -> Evidence:
    """Make a row; without a source of its own it has those of the published rows it is made of."""
    known = {target.id: target.source for target in data.targets}
    given = entry.get("source") or ";".join(known.get(name.lstrip("-"), "") for name in entry.get("of", [entry["id"]]))
    own = set(REQUIRED_KEYS["row"]) | set(OPTIONAL)
    return Evidence(
        **{key: entry[key] for key in REQUIRED_KEYS["row"]},
        arguments=MappingProxyType({key: value for key, value in entry.items() if key not in own}),
        chart=entry.get("chart"),
        bound=entry.get("bound"),
        source=tuple(dict.fromkeys(given.split(";"))),
    )


def published_problems(entry: Mapping[str, Any], data: Data) -> list[str]:
    """Report a value that is not that of the published rows it is made of."""
    known = {target.id: target.value for target in data.targets}
    names = entry.get("of", [entry["id"]] if entry["id"] in known else [])
    missing = [name for name in names if name.lstrip("-") not in known]
    if missing:
        return [f"row {entry['id']}: of names {', '.join(missing)}; allowed: ids of targets.csv, '-' before those to subtract"]
    total = math.fsum((-1.0 if name.startswith("-") else 1.0) * known[name.lstrip("-")] for name in names)
    if names and abs(total - entry["value"]) > 1e-6:
        return [f"row {entry['id']}: value is {entry['value']}; allowed: {total:.6g}, that of targets.csv; correct one of them"]
    return []


def row_problems(row: Evidence, record: Record, data: Data, own: bool = False) -> list[str]:
    """Report what is wrong in one row: names, ranges, years, arguments; a row of the user's own may name any source."""
    choices = [
        ("use", row.use, USES),
        ("operator", row.operator, tuple(OPERATORS)),
        ("family", row.family, tuple(record.families)),
        *([("chart", row.chart, tuple(record.charts))] if row.chart is not None else []),
        *([("bound", row.bound, BOUNDS)] if row.bound is not None else []),
        *(("source", source, data.sources) for source in row.source if not own),
        *(("axis", row.arguments[key], AXES) for key in ("axis",) if key in row.arguments),
        *(("tier", row.arguments[key], TIERS) for key in ("tier",) if key in row.arguments),
    ]
    problems = []
    for key, value, allowed in choices:
        if value not in allowed:
            shown = ", ".join(allowed) if len(allowed) < 60 else "ids of sources.csv"
            problems.append(f"{key} is {value!r}; allowed: {shown}")
    most = math.inf if row.operator in COUNTS else 1.0
    if not 0.0 <= row.value <= most:
        problems.append(f"value is {row.value}; allowed: 0 to {most:g}")
    if not 0.0 < row.sd <= most:
        problems.append(f"sd is {row.sd}; allowed: above 0, at most {most:g}")
    if not 0.0 <= row.discrepancy <= most:
        problems.append(f"discrepancy is {row.discrepancy}; allowed: 0 to {most:g}")
    if (row.use == "one-sided") != (row.bound is not None):
        problems.append(f"use is {row.use!r} and bound {row.bound!r}; allowed: a bound with use one-sided and with no other")
    problems += argument_problems(row, data.codes) + year_problems(row, LAST_OWN if own else LAST_OUTCOME)
    return [f"row {row.id}: {problem}" for problem in problems]


def argument_problems(row: Evidence, codes: Sequence[str]) -> list[str]:
    """Report arguments that an operator needs or does not take, and unknown regions."""
    operator = OPERATORS.get(row.operator)
    if operator is None:
        return []
    problems = [f"{name} is missing; {row.operator} needs it" for name in operator.needs if name not in row.arguments]
    taken = operator.needs + operator.may
    for name, value in row.arguments.items():
        if name not in taken:
            problems.append(f"{row.operator} takes no {name}; allowed: {', '.join(taken) or 'no arguments'}; remove it")
        if name in REGION_LISTS:
            unknown = [code for code in value if code not in codes]
            problems += [f"{name} names {code!r}; allowed: {', '.join(codes)}" for code in unknown]
    if not 0.0 < row.arguments.get("part", 1.0) <= 1.0:
        problems.append(f"part is {row.arguments['part']}; allowed: above 0, at most 1")
    return problems


def year_problems(row: Evidence, last: int = LAST_OUTCOME) -> list[str]:
    """Report outcomes after the last year that is allowed, before the run, or published before they happened."""
    years = (row.year, *row.arguments.get("degrees", ()), *row.arguments.get("years", ()))
    problems = [
        f"the outcome is of {year}; allowed: {FIRST_YEAR} to {last}; "
        + ("later outcomes are kept for a blind test: remove it" if last == LAST_OUTCOME else "that far the model is observed")
        for year in years
        if not FIRST_YEAR <= year <= last
    ]
    if not row.year <= row.published <= max(LAST_PUBLISHED, last):
        problems.append(f"published is {row.published}; allowed: {row.year} (the outcome) to {LAST_PUBLISHED}")
    return problems


def chart_problems(chart: str, record: Record) -> list[str]:
    """Report a chart whose rows differ in use or year, add to more than 1, or state another error than its sample gives."""
    rows, design = [record.rows[k] for k in record.members(chart)], record.charts[chart]
    if len(rows) < 2:
        return [f"chart {chart}: {len(rows)} row; allowed: at least two rows with chart = {chart!r}"]
    problems = []
    if design.sample <= 0.0 or design.design_effect < 1.0 or not 0.0 <= design.rounding < 1.0 or design.rest_discrepancy < 0.0:
        return [f"chart {chart}: allowed: sample above 0, design_effect at least 1, rounding 0 to 1, rest_discrepancy at least 0"]
    for key in ("use", "year", "operator"):
        found = sorted({str(getattr(row, key)) for row in rows})
        if len(found) > 1:
            problems.append(f"chart {chart}: its rows have {key} {' and '.join(found)}; allowed: one, they are compared together")
    total = math.fsum(row.value for row in rows)
    if total > 1.0 + 1e-6:
        problems.append(f"chart {chart}: its shares add to {total:.4f}; allowed: at most 1; remove the row that holds others")
    for row in rows:
        expected = math.sqrt(row.value * (1.0 - row.value) * design.design_effect / design.sample + design.rounding**2 / 12.0)
        if not row.value > 0.0:
            problems.append(f"row {row.id}: value is {row.value}; allowed: above 0 in a chart, whose logarithm is taken")
        elif abs(row.sd / expected - 1.0) > SD_TOLERANCE:
            problems.append(f"row {row.id}: sd is {row.sd}; allowed: {expected:.3g}, from sample and design effect of {chart}")
    return problems
