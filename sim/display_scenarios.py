"""What the command line shows of scenarios: files, what named policies become, and the effective difference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.display_inputs import plain_table
from sim.scenarios.levers.named import PolicyUse
from sim.scenarios.load import difference, expansion, replacements
from sim.scenarios.scenario import Scenario


def scenario_report(scenario: Scenario) -> RenderableType:
    """Return what `check` prints of a scenario without errors: its files and what it changes."""
    parts: list[RenderableType] = [
        Text(f"\n{scenario.name}: {scenario.title}", style="bold"),
        Text("no errors; files, the extended one first:"),
        *(Text(f"  {line}") for line in _file_lines(scenario)),
        *(Text(f"note: {remark}") for remark in scenario.remarks),
    ]
    parts += expansion_report(scenario)
    rows = difference(scenario)
    base = Path(scenario.files[-2]).stem if len(scenario.files) > 1 else "the observed defaults"
    warnings = [Text(f"warning: {each}") for each in replacements(scenario)]
    if warnings:
        parts += [Text(), *warnings]
    if not rows:
        return Group(*parts, Text(f"\nChanges nothing in {base}."))
    cells = [(row.lever, row.whom, row.when, row.before, row.after, row.unit) for row in rows]
    columns = ("what", "for whom", "when", "from", "to", "unit")
    return Group(*parts, Text(f"\nChanges in {base}:"), plain_table(columns, cells))


def scenario_record(scenario: Scenario) -> dict[str, Any]:
    """Return what ``check --json`` says about a scenario without errors."""
    pairs = zip(scenario.files, scenario.shipped, strict=True)
    return {
        "name": scenario.name,
        "title": scenario.title,
        "files": [{"file": file, "shipped": shipped} for file, shipped in pairs],
        "remarks": list(scenario.remarks),
        "policies": expansion_records(scenario),
        "replacements": [vars(row) for row in replacements(scenario)],
        "difference": [vars(row) for row in difference(scenario)],
    }


def expansion_report(scenario: Scenario) -> list[RenderableType]:
    """Return what the named policies of a scenario become: those of the file itself, then the inherited ones by name."""
    parts: list[RenderableType] = []
    for use in (each for each in scenario.policies if is_own(each, scenario)):
        parts += [Text(f"\nPolicy {_called(use)}: {use.policy.title}"), Text(use.policy.about, style="dim"), _table(use)]
    inherited = [use for use in scenario.policies if not is_own(use, scenario)]
    if inherited:
        parts.append(Text(f"\nInherited policies: {', '.join(map(_called, inherited))}"))
    return parts


def expansion_records(scenario: Scenario) -> list[dict[str, Any]]:
    """Return what ``check --json`` says about the named policies of a scenario, the inherited ones among them."""
    return [
        {
            "id": use.id,
            "name": use.policy.name,
            "title": use.policy.title,
            "inherited": not is_own(use, scenario),
            "levers": [vars(row) for row in expansion(use)],
        }
        for use in scenario.policies
    ]


def is_own(use: PolicyUse, scenario: Scenario) -> bool:
    """Return whether a policy is used by the scenario's own file, not by what it extends."""
    return use.changes[0].id in scenario.own_ids


def _called(use: PolicyUse) -> str:
    return use.id if use.id == use.policy.name else f"{use.id} ({use.policy.name})"


def _table(use: PolicyUse) -> Table:
    cells = [(row.id, row.lever, row.whom, row.when, row.size, row.unit) for row in expansion(use)]
    return plain_table(("becomes", "lever", "for whom", "when", "size", "unit"), cells)


def _file_lines(scenario: Scenario) -> list[str]:
    pairs = zip(scenario.files, scenario.shipped, strict=True)
    return [f"{Path(file).stem} (shipped)" if shipped else file for file, shipped in pairs]
