"""What the command line shows of named policies: the library, and everything about one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from sim.display_inputs import plain_table
from sim.model.world import FIRST_YEAR
from sim.scenarios.differences import axis_text
from sim.scenarios.examples import policy_example
from sim.scenarios.expansions import change_unit, size_text
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import NamedPolicy, PolicyLever, expand


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
