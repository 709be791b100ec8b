"""Where a number comes from: answers for the verb ``sources``."""

from __future__ import annotations

from difflib import get_close_matches

from sim.data.declared import QUANTITIES
from sim.data.schema import Data, Parameter, Row, SourceAnswer, Target

MOST_ROWS = 40
"""Rows printed for one name."""


def answer(data: Data, name: str) -> SourceAnswer:
    """Say what a name stands for and where it comes from (see ``sim.data.load.find_source``)."""
    if name in data.sources:
        return _source(data, name)
    for parameter in data.parameters:
        if parameter.name == name:
            return _parameter(data, parameter)
    for target in data.targets:
        if target.id == name:
            return _target(data, target)
    head, _, key = name.partition(":")
    rows = _rows(data, head, key)
    if rows:
        return _table(data, name, head, rows)
    known = _names(data)
    spelled = {candidate.lower(): candidate for candidate in known}
    nearest = [spelled[match] for match in get_close_matches(name.lower(), list(spelled), n=5, cutoff=0.5)]
    return SourceAnswer(name, None, (f"nothing is called {name!r}",), tuple(nearest))


def _names(data: Data) -> list[str]:
    parameters = [parameter.name for parameter in data.parameters]
    return [*parameters, *QUANTITIES, *data.tables, *data.sources, *(target.id for target in data.targets)]


def _rows(data: Data, head: str, key: str) -> list[tuple[str, Row]]:
    """Return the rows of a table or variable, for one region or pair if a key is given, with the table."""
    places = ("region", "origin", "destination", "code", "id", "system")
    found = []
    for name, rows in data.tables.items():
        for row in rows:
            if head not in (name, row.cells.get("variable")):
                continue
            pair = f"{row.cells.get('origin')}->{row.cells.get('destination')}"
            if not key or key == pair or key in (row.cells.get(place) for place in places):
                found.append((name, row))
    return found


def _source(data: Data, name: str) -> SourceAnswer:
    source = data.sources[name]
    lines = [f"{source.id}: {source.title}", f"  {source.publisher}, {source.year} ({source.kind})"]
    if source.url:
        lines.append(f"  {source.url}")
    counts = {table: sum(name in row.cells.get("source", "").split(";") for row in rows) for table, rows in data.tables.items()}
    used = [f"{table} ({count} rows)" for table, count in counts.items() if count]
    used += [f"parameter {p.name}" for p in data.parameters if name in p.source.replace(",", " ").split()]
    lines.append(f"  used in: {', '.join(used) if used else 'nothing yet'}")
    return SourceAnswer(name, "source", tuple(lines))


def _cited(data: Data, ids: str) -> list[str]:
    lines = []
    for key in ids.replace(",", " ").replace(";", " ").split():
        if key in data.sources:
            source = data.sources[key]
            where = f"; {source.url}" if source.url else ""
            lines.append(f"  source {key}: {source.title} ({source.publisher}, {source.year}){where}")
    return lines


def _parameter(data: Data, parameter: Parameter) -> SourceAnswer:
    lines = [
        f"parameter {parameter.name}: {parameter.meaning}",
        f"  default {parameter.default:g} {parameter.unit}, range {parameter.low:g} to {parameter.high:g}; "
        f"{parameter.role}, tag {parameter.tag}",
    ]
    if parameter.prior is not None:
        numbers = ", ".join(f"{key} = {value:g}" for key, value in parameter.prior.numbers)
        lines.append(f"  prior: {parameter.prior.kind}({numbers}), cut to the range")
    return SourceAnswer(parameter.name, "parameter", (*lines, *_cited(data, parameter.source)))


def _target(data: Data, target: Target) -> SourceAnswer:
    who = "; ".join(
        f"{label} {' '.join(codes)}"
        for label, codes in (
            ("origin", target.origin),
            ("study", target.study),
            ("destination", target.destination),
        )
        if codes
    )
    lines = (
        f"target {target.id}: {target.value:g} ({target.unit}, standard error {target.sd:g})",
        f"  tier {target.tier}, axis {target.axis}, attribution {target.attribution}, {target.year}, {target.kind}",
        f"  {who or 'all researchers'}; confidence {target.confidence}",
        f"  {target.holds}",
        *_cited(data, target.source),
    )
    return SourceAnswer(target.id, "target", lines)


def _table(data: Data, name: str, head: str, rows: list[tuple[str, Row]]) -> SourceAnswer:
    lines = []
    if head in QUANTITIES:
        quantity = QUANTITIES[head]
        lines.append(f"{head}: {quantity.meaning}, {quantity.unit}")
    tables = list(dict.fromkeys(table for table, _ in rows))
    lines.append(f"{len(rows)} rows in {', '.join(tables)} (data version {data.version})")
    shown = rows[:MOST_ROWS]
    lines += [_line(row) for _, row in shown]
    if len(rows) > len(shown):
        lines.append(f"  ... and {len(rows) - len(shown)} more; ask for one with {head}:KEY, e.g. {head}:CHN")
    ids = dict.fromkeys(part for _, row in shown for part in row.cells.get("source", "").split(";") if part)
    lines += _cited(data, " ".join(ids))
    return SourceAnswer(name, "table", tuple(lines))


def _line(row: Row) -> str:
    """Write a row: what it is about, its value with unit, and how it is known."""
    marks = ("value", "unit", "source", "confidence", "filled", "rule", "holds")
    about = " ".join(value for column, value in row.cells.items() if column not in marks and value)
    value = f" = {row.cells['value']} {row.cells['unit']}" if "value" in row.cells else ""
    how = "filled" if row.cells.get("filled") == "1" else row.cells.get("confidence", "")
    rule = f": {row.cells['rule']}" if row.cells.get("rule") else ""
    source = f" [{row.cells['source']}; {how}{rule}]" if "source" in row.cells else ""
    return f"  {about}{value}{source}"
