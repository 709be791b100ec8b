"""What the command line shows of inputs: levers and the packaged data. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sim.cli.tables.plain import plain_table
from sim.data.schema import Data
from sim.model.world import FIRST_YEAR
from sim.scenarios.differences import axis_text, number_text
from sim.scenarios.examples import lever_example, policy_example
from sim.scenarios.expansions import change_unit, size_text
from sim.scenarios.levers.declared import LEVERS, Lever
from sim.scenarios.levers.named import NamedPolicy, PolicyLever, expand


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
    tables = [(name, f"{len(rows)}", ", ".join(_variables(data, name))) for name, rows in data.tables.items()]
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
        "tables": {name: _variables(data, name) for name in data.tables},
        "parameters": [parameter.name for parameter in data.parameters],
        "targets": [target.id for target in data.targets],
        "sources": [vars(source) for source in data.sources.values()],
        "gaps": [vars(gap) for gap in data.gaps],
    }


def _variables(data: Data, table: str) -> list[str]:
    """Return the variables of a table in the order of their first row; none if it has no such column."""
    return [name for name in dict.fromkeys(row.cells.get("variable", "") for row in data.tables[table]) if name]


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def policies_report(policies: Sequence[NamedPolicy]) -> RenderableType:
    """Return a table of policies: name, what it is, which levers, what it asks for, when."""
    rows = [(each.name, f"{each.title}\nMoves {', '.join(_levers_of(each))}.", _asks(each), each.window) for each in policies]
    return Group(
        plain_table(("policy", "what it is", "asks for", "when"), rows),
        Text("\n`talentsim policies NAME` says what a policy is made of, why, and how a scenario uses it.", style="dim"),
    )


def policy_report(policy: NamedPolicy, regions: Sequence[str]) -> RenderableType:
    """Return everything about one policy: what it is, its levers with sizes and evidence, an example."""
    facts = [
        ("what it is", policy.title),
        ("made of", policy.about),
        ("asks for", _asks(policy)),
        ("when", policy.window if policy.from_year is None else f"{policy.window}, unless the scenario says otherwise"),
    ]
    if policy.ramp_years > 1:
        facts.append(("full after", f"{policy.ramp_years} years, unless the scenario says otherwise"))
    rows = [
        (record["id"], record["lever"], record["whom"], record["size"], record["unit"])
        for record in _lever_records(policy, regions)
    ]
    why = [(lever.id, f"{lever.evidence} [{lever.source}]") for lever in policy.levers]
    return Group(
        plain_table((policy.name, ""), facts),
        Text(),
        plain_table(("id", "lever", "for whom", "size", "unit"), rows),
        Text(),
        plain_table(("id", "why this size"), why),
        Text("\nA scenario file that uses it:\n"),
        Text(policy_example(policy, regions)),
        Text(_options(policy), style="dim"),
    )


def policy_record(policy: NamedPolicy, regions: Sequence[str]) -> dict[str, Any]:
    """Return what ``--json`` says about a policy."""
    return {
        "name": policy.name,
        "number": policy.number,
        "title": policy.title,
        "about": policy.about,
        "asks": list(policy.asks),
        "from": policy.from_year,
        "until": policy.until_year,
        "ramp_years": policy.ramp_years,
        "levers": _lever_records(policy, regions),
        "example": policy_example(policy, regions),
    }


def _asks(policy: NamedPolicy) -> str:
    return ", ".join(policy.asks) or "nothing"


def _levers_of(policy: NamedPolicy) -> dict[str, None]:
    """Return the names of a policy's levers, each once, in order."""
    return dict.fromkeys(lever.name for lever in policy.levers)


def _lever_records(policy: NamedPolicy, regions: Sequence[str]) -> list[dict[str, Any]]:
    changes = expand(policy, policy.name, {}, (policy.from_year or FIRST_YEAR, None, 1), {}, "", len(regions)).changes
    return [
        {
            "id": lever.id,
            "lever": lever.name,
            "unit": change_unit(change),
            "whom": _whom(lever, policy.asks, regions),
            "size": size_text(change),
            "evidence": lever.evidence,
            "source": lever.source,
        }
        for lever, change in zip(policy.levers, changes, strict=True)
    ]


def _whom(lever: PolicyLever, asks: Sequence[str], regions: Sequence[str]) -> str:
    """Say for whom a lever of the library is, axis by axis; all of an axis is not mentioned."""
    texts: Mapping[str, str] = {
        axis: axis_text(axis, lever.stated[axis], regions) if axis in lever.stated else "as the scenario says"
        for axis in LEVERS[lever.name].filters
        if axis in lever.stated or axis in asks
    }
    parts = [text if axis == "talent_class" else f"{axis} {text}" for axis, text in texts.items()]
    return "; ".join(parts) or "everyone"


def _options(policy: NamedPolicy) -> str:
    first = policy.levers[0].id
    return (
        f'Its levers are then called mine.{first} and so on, and drop = ["mine"] in a file that extends this one leaves them '
        f"out; without id they are called {policy.name}.{first}. It may also have from, until, ramp_years, evidence, and "
        f"values = {{ {first} = ... }}: another size of one of its levers."
    )
