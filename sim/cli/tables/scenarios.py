"""What the command line shows of scenarios: files, what named policies become, and the effective difference."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sim.cli.tables.plain import plain_table
from sim.data.load import load_data
from sim.reports.words import assumption_line
from sim.scenarios.expansions import ExpansionRow, change_row, expansion_rows
from sim.scenarios.levers.named import PolicyUse
from sim.scenarios.load import difference, leads_to_baseline, load_basis, replacements
from sim.scenarios.reading.chain import is_dropped
from sim.scenarios.scenario import Scenario
from sim.scenarios.warnings import Doubt, doubts

if TYPE_CHECKING:
    from sim.comparisons.shipped.reference import EffectRow


def scenario_report(scenario: Scenario) -> RenderableType:
    """Return what `check` prints of a scenario without errors: its files and what it changes."""
    parts: list[RenderableType] = [
        Text(f"\n{scenario.name}: {scenario.title}", style="bold"),
        Text("no errors; files, the extended one first:"),
        *(Text(f"  {line}") for line in _file_lines(scenario)),
        *(Text(f"note: {remark}") for remark in scenario.remarks),
    ]
    parts += expansion_report(scenario)
    data = load_data()
    rows = difference(scenario, data)
    base = Path(scenario.files[-2]).stem if len(scenario.files) > 1 else "the observed defaults"
    warnings = [Text(f"warning: {each}") for each in (*doubts_of(scenario), *replacements(scenario, data.codes))]
    if warnings:
        parts += [Text(), *warnings]
    if not rows:
        return Group(*parts, Text(f"\nChanges nothing in {base}."))
    cells = [(row.lever, row.whom, row.when, row.before, row.after, row.unit) for row in rows]
    columns = ("what", "for whom", "when", "from", "to", "unit")
    return Group(*parts, Text(f"\nChanges in {base}:"), plain_table(columns, cells))


def doubts_of(scenario: Scenario) -> tuple[Doubt, ...]:
    """List what is probably not meant; the baseline is read only where that is not what the scenario extends."""
    return doubts(scenario, load_data(), None if leads_to_baseline(scenario) else load_basis().baseline)


def scenario_record(scenario: Scenario) -> dict[str, Any]:
    """Return what ``check --json`` says about a scenario without errors."""
    pairs = zip(scenario.files, scenario.shipped, strict=True)
    return {
        "name": scenario.name,
        "title": scenario.title,
        "files": [{"file": file, "shipped": shipped} for file, shipped in pairs],
        "remarks": list(scenario.remarks),
        "policies": expansion_records(scenario),
        "warnings": [vars(each) for each in doubts_of(scenario)],
        "replacements": [vars(row) for row in replacements(scenario, load_data().codes)],
        "difference": [vars(row) for row in difference(scenario, load_data())],
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
            "levers": [vars(row) for row in expansion_rows(use, load_data().codes)],
        }
        for use in scenario.policies
    ]


def is_own(use: PolicyUse, scenario: Scenario) -> bool:
    """Return whether a policy is used by the scenario's own file, not by what it extends."""
    return use.changes[0].id in scenario.own_ids


def _called(use: PolicyUse) -> str:
    return use.id if use.id == use.policy.name else f"{use.id} ({use.policy.name})"


def _table(use: PolicyUse) -> Table:
    cells = [(row.id, row.lever, row.whom, row.when, row.size, row.unit) for row in expansion_rows(use, load_data().codes)]
    return plain_table(("becomes", "lever", "for whom", "when", "size", "unit"), cells)


def _file_lines(scenario: Scenario) -> list[str]:
    pairs = zip(scenario.files, scenario.shipped, strict=True)
    return [f"{Path(file).stem} (shipped)" if shipped else file for file, shipped in pairs]


_ONE_IN_TWENTY = 0.05


@dataclass(frozen=True)
class Part:
    """A part of a scenario: a named policy, the levers of its own, or what it takes away from what it extends."""

    name: str
    about: str
    levers: tuple[ExpansionRow, ...]


def parts_of(scenario: Scenario, regions: Sequence[str]) -> tuple[Part, ...]:
    """List what a scenario's own file does: its policies, its levers, what it drops."""
    uses = [use for use in scenario.policies if is_own(use, scenario)]
    parts = [
        Part(f"policy {use.policy.name}", use.policy.title, tuple(change_row(change, regions) for change in use.changes))
        for use in uses
    ]
    of_policies = {change.id for use in uses for change in use.changes}
    own = [change for change in scenario.levers if change.id in scenario.own_ids - of_policies]
    inherited = [change for layer in scenario.inherited_layers for change in layer]
    dropped = [change for change in inherited if is_dropped(change, scenario.dropped)]
    if own:
        parts.append(Part("levers of its own", "", tuple(change_row(change, regions) for change in own)))
    if dropped:
        parts.append(
            Part("without", "What it takes out of the baseline.", tuple(change_row(change, regions) for change in dropped))
        )
    return tuple(parts)


def own_levers(parts: Sequence[Part]) -> list[ExpansionRow]:
    """List the levers of a scenario's parts, but for those that it takes away."""
    return [lever for part in parts if part.name != "without" for lever in part.levers]


def effect_text(row: EffectRow) -> str:
    """Say the median effect and its 90 % band in percentage points: ``USA -1.2 (-2.0..-0.4)``."""
    return f"{row.region} {effect_points(row.p50)} ({effect_points(row.p05)}..{effect_points(row.p95)})"


def effect_line(rows: Sequence[EffectRow], axis: str) -> str:
    """Say the effects of one scenario on an axis."""
    return "; ".join(effect_text(row) for row in rows if row.axis == axis)


def inputs_line(row: EffectRow) -> str:
    """Say which two uncertain inputs go most with the effect, and whether that could be chance."""
    pairs = [(row.first, row.first_rho), (row.second, row.second_rho)]
    found = [f"{name} (rank correlation {rho:+.2f}, {_strength(rho, row)})" for name, rho in pairs if name]
    if not found:
        return f"Nothing decides the effect on {row.region}: it is the same in all draws, or there are too few."
    return f"Most with the effect on {row.region} go {' and '.join(found)}."


def elite_line(row: EffectRow) -> str:
    """Say whether the effect on the elite is above its Monte-Carlo error."""
    verdict = "above" if is_above_error(row) else "not above"
    return (
        f"Elite, {row.axis}, {row.region}: {effect_points(row.elite)} with a Monte-Carlo standard error of "
        f"{row.elite_error:.2f}, {verdict} two errors."
    )


def is_above_error(row: EffectRow) -> bool:
    """Return whether the effect on the elite is more than two Monte-Carlo standard errors from nothing."""
    return abs(row.elite) > 2.0 * row.elite_error


def noise_level(draws: int, inputs: int = 1) -> float:
    """Return the rank correlation that the largest of so many unrelated inputs passes in one case of twenty, at most 1."""
    from statistics import NormalDist

    level = NormalDist().inv_cdf(1.0 - _ONE_IN_TWENTY / (2.0 * max(inputs, 1)))
    return min(1.0, level / math.sqrt(max(draws - 1, 1)))


def effect_points(value: float) -> str:
    """Write percentage points with a sign and one decimal."""
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def scenarios_report(scenarios: Sequence[Scenario]) -> RenderableType:
    """Return a table of scenarios: name, title, question."""
    rows = [(each.name, f"{each.title}\n{each.question}") for each in scenarios]
    hint = "\n`talentsim scenarios NAME` says what one changes, why, what it does and what would prove it wrong."
    return Group(plain_table(("scenario", "what it is and asks"), rows), Text(hint, style="dim"))


def shipped_report(scenario: Scenario, effects: Sequence[EffectRow], regions: Sequence[str]) -> RenderableType:
    """Return everything about one shipped scenario."""
    parts = parts_of(scenario, regions)
    content: list[RenderableType] = [
        Text(f"{scenario.name}: {scenario.title}", style="bold"),
        Text(scenario.question),
        Text(scenario.note),
    ]
    for part in parts:
        content.append(Text(f"\n{part.name}{': ' if part.about else ''}{part.about}"))
        cells = [
            (row.id, f"{row.lever}, {row.whom}, {row.when}: {row.size} ({row.unit})", evidence_text(row)) for row in part.levers
        ]
        content.append(plain_table(("id", "what, for whom, when, how much", "why this size"), cells))
    content.append(Text(f"\n{assumption_line(own_levers(parts))}"))
    main = [row for row in effects if row.main]
    for row in main:
        content += [
            Text("\nEffect on shares of the top 20 % in 2035, percentage points, median (90 % band over draws):"),
            *(Text(f"  {axis}: {effect_line(effects, axis)}") for axis in dict.fromkeys(each.axis for each in effects)),
            Text(inputs_line(row)),
            Text(elite_line(row)),
        ]
    return Group(*content)


def shipped_record(scenario: Scenario, effects: Sequence[EffectRow], regions: Sequence[str]) -> dict[str, Any]:
    """Return what ``scenarios --json`` says about a shipped scenario."""
    return {
        "name": scenario.name,
        "title": scenario.title,
        "question": scenario.question,
        "wrong_if": scenario.note,
        "parts": [
            {"name": part.name, "about": part.about, "levers": [vars(row) for row in part.levers]}
            for part in parts_of(scenario, regions)
        ],
        "effects": [
            row._asdict() | {"noise": noise_level(row.draws, row.inputs), "elite_above_error": is_above_error(row)}
            for row in effects
        ],
    }


def evidence_text(row: ExpansionRow) -> str:
    """Return the evidence of a lever with its source."""
    return f"{row.evidence} [{row.source}]" if row.source else row.evidence


def _strength(rho: float, row: EffectRow) -> str:
    if abs(rho) < noise_level(row.draws):
        return "within noise"
    return "may be chance" if abs(rho) < noise_level(row.draws, row.inputs) else "more than chance"
