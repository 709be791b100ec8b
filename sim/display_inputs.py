"""What the command line shows of inputs: levers and the packaged data. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.data.schema import Data
from sim.scenarios.differences import number_text
from sim.scenarios.examples import lever_example
from sim.scenarios.levers.declared import Lever


def levers_report(levers: Sequence[Lever]) -> RenderableType:
    """Return a table of levers: name, unit, range, filters, what it means."""
    rows = [
        (
            lever.name,
            f"{lever.unit}, {number_text(lever.low)} to {number_text(lever.high)}",
            ", ".join(lever.filters),
            lever.meaning,
        )
        for lever in levers
    ]
    return Group(
        plain_table(("lever", "unit and range", "filters", "meaning"), rows),
        Text("\n`talentsim levers NAME` says where a lever enters and what holds without it.", style="dim"),
    )


def lever_report(lever: Lever) -> RenderableType:
    """Return everything declared about one lever."""
    lines = [
        ("meaning", lever.meaning),
        ("unit", lever.unit),
        ("range", f"{number_text(lever.low)} to {number_text(lever.high)}"),
        ("filters", ", ".join(lever.filters)),
        ("changes", ", ".join(lever.changes)),
        ("without it", lever.default),
        ("enters", lever.enters),
        (
            "restrictive",
            "yes: raising it can only lower entry to, or staying in, the place" if lever.restrictive else "no",
        ),
    ]
    return Group(
        plain_table((lever.name, ""), lines),
        Text("\nA scenario file that moves it:\n"),
        Text(lever_example(lever)),
    )


def lever_record(lever: Lever) -> dict[str, Any]:
    """Return what ``--json`` says about a lever."""
    names = (
        "name",
        "meaning",
        "unit",
        "low",
        "high",
        "filters",
        "changes",
        "default",
        "enters",
        "restrictive",
    )
    return {**{name: _listed(getattr(lever, name)) for name in names}, "example": lever_example(lever)}


def data_report(data: Data) -> RenderableType:
    """Return what the packaged data hold and which names can be asked for."""
    tables = [(name, f"{len(rows)}", ", ".join(variables(data, name))) for name, rows in data.tables.items()]
    parameters = ", ".join(parameter.name for parameter in data.parameters)
    filled = f"{len(data.gaps)} gaps filled by stated rules"
    return Group(
        Text(f"Data version {data.version}: {len(data.sources)} sources, {filled}."),
        plain_table(("table", "rows", "variables"), tables),
        Text(f"\nParameters: {parameters}"),
        Text(
            "\n`talentsim sources NAME` says where a number comes from. NAME is a table, a variable, "
            "VARIABLE:REGION, VARIABLE:ORIGIN->DESTINATION, a parameter, a target or a source; "
            "`--json` lists all of them.",
            style="dim",
        ),
    )


def data_record(data: Data) -> dict[str, Any]:
    """Return what ``--json`` says about the packaged data."""
    return {
        "version": data.version,
        "tables": {name: variables(data, name) for name in data.tables},
        "parameters": [parameter.name for parameter in data.parameters],
        "targets": [target.id for target in data.targets],
        "sources": [vars(source) for source in data.sources.values()],
        "gaps": [vars(gap) for gap in data.gaps],
    }


def variables(data: Data, table: str) -> list[str]:
    """Return the variables of a table in the order of their first row; none if it has no such column."""
    return [name for name in dict.fromkeys(row.cells.get("variable", "") for row in data.tables[table]) if name]


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table of texts whose columns fold rather than cut."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=position == 0)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return table


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
