"""The desk: what can be moved, found by words, each with unit, range, value today, evidence and source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from sim.data.schema import Data
from sim.explorer.live import Bench, PageQuestion, assumptions
from sim.explorer.state import FINER
from sim.explorer.texts import own_folder
from sim.guide.entries import lever_entries, policy_entries
from sim.guide.rank import Entry, find
from sim.model.world import FIRST_YEAR
from sim.reports.figures.kinds.tiles import tiles
from sim.runs.provenance import model_id
from sim.scenarios.expansions import change_unit, size_text
from sim.scenarios.levers.changes import drawn_value
from sim.scenarios.levers.declared import LEVERS, Lever
from sim.scenarios.levers.named import NamedPolicy, expand
from sim.scenarios.levers.observed import observed_policies
from sim.scenarios.load import load_shipped, named_policies
from sim.scenarios.reading.chain import shipped_names
from sim.scenarios.warnings import resolved

MOST_HITS: Final = 12
EXAMPLES: Final = (
    {
        "kind": "lever",
        "name": "entry_bar",
        "change": "add",
        "value": 0.15,
        "origin": ["CHN"],
        "destination": ["USA"],
        "from": 2027,
    },
    {"kind": "lever", "name": "phd_places", "change": "multiply", "value": 1.5, "destination": ["CAN"], "from": 2027},
    {"kind": "lever", "name": "research_pay", "change": "multiply", "value": 1.3, "destination": ["DEU"], "from": 2027},
)
"""What the desk offers to begin with."""


def desk_record(bench: Bench) -> dict[str, Any]:
    """Write what the page needs once: bases, regions, policies and levers, examples, assumptions."""
    data = bench.basis.data
    challenger, leader = data.passing
    return {
        "bases": [{"name": name, "title": title_of_base(bench, name)} for name in bench.base_names()],
        "own": {name: bench.resolved(name) for name in bench.named if name not in shipped_names()},
        "regions": [
            {"code": region.code, "name": region.name, "tile": [tiles()[region.code].row, tiles()[region.code].column]}
            for region in data.regions
        ],
        "levers": [lever_card(lever) for lever in LEVERS.values()],
        "policies": [policy_card(policy, data) for policy in named_policies().values()],
        "examples": examples_of(data),
        "leader": leader,
        "told": [leader, challenger, *data.told, *data.having("shown")],
        "groups": dict(data.labels),
        "aims": list(AIMS),
        "assumptions": [] if own_folder(data) else list(assumptions()),
        "parameters": [
            {key: getattr(each, key) for key in ("name", "unit", "low", "high", "default", "meaning")} for each in data.parameters
        ],
        "ensemble": bench.ensemble.name,
        "model": model_id(data),
    }


def examples_of(data: Data) -> list[dict[str, Any]]:
    """List what the desk offers to begin with; in other regions than those of the packaged tables, of leader and challenger."""
    challenger, leader = data.passing
    instead = dict(zip(("USA", "CHN", "CAN", "DEU"), (leader, challenger, challenger, leader), strict=True))
    is_known = set(instead) <= set(data.codes)
    places = {code: code if is_known else instead[code] for code in instead}
    return [
        {key: [places[code] for code in each] if isinstance(each, list) else each for key, each in example.items()}
        for example in EXAMPLES
    ]


def title_of_base(bench: Bench, name: str) -> str:
    """Return the title of a scenario that may be a base; a file that cannot be read says so when it is chosen."""
    return load_shipped(name).title if name in shipped_names() else f"{name} (your file)"


def lever_card(lever: Lever) -> dict[str, Any]:
    """Write a lever as the desk shows it."""
    return {
        "name": lever.name,
        "meaning": lever.meaning,
        "unit": lever.unit,
        "low": lever.low,
        "high": lever.high,
        "filters": [axis for axis in lever.filters if axis not in FINER],
        "finer": {axis: list(FINER[axis]) for axis in lever.filters if axis in FINER},
        "usual": {axis: [FINER[axis][k] for k in ids] for axis, ids in lever.usual.items() if axis in FINER},
        "changes": list(lever.changes),
        "today": lever.default,
        "neutral": lever.neutral,
        "enters": lever.enters,
    }


def policy_card(policy: NamedPolicy, data: Data) -> dict[str, Any]:
    """Write a named policy as the desk shows it: what it is made of, each size with its range, evidence and source."""
    window = (policy.from_year or 2027, policy.until_year, policy.ramp_years)
    changes = expand(policy, policy.name, {}, window, {}, "", len(data.codes)).changes
    levers = [
        {
            "id": lever.id,
            "lever": lever.name,
            "change": lever.change,
            "unit": change_unit(change),
            "size": size_text(change),
            "value": drawn_value(change, 0.5),
            "low": LEVERS[lever.name].low,
            "high": LEVERS[lever.name].high,
            "evidence": lever.evidence,
            "source": source_text(lever.source, data),
        }
        for lever, change in zip(policy.levers, changes, strict=True)
    ]
    return {
        "name": policy.name,
        "title": policy.title,
        "about": policy.about,
        "asks": list(policy.asks),
        "from": policy.from_year,
        "until": policy.until_year,
        "ramp": policy.ramp_years,
        "levers": levers,
    }


def source_text(name: str, data: Data) -> str:
    """Write a source with its publisher and year; an id that is none of the data's stands for itself."""
    known = data.sources.get(name)
    return name if known is None else f"{name}: {known.title}, {known.publisher} {known.year}"


AIMS: Final = tuple(dict.fromkeys(axis for lever in LEVERS.values() for axis in lever.filters))
"""What levers can be aimed at: origin, destination, and what few have, such as sector, talent class and stage."""


def found_entries(words: str, aims: Sequence[str] = ()) -> list[dict[str, str]]:
    """Find the levers and policies that somebody's words may mean, best first; all of them for no words.

    Parameters
    ----------
    words
        Of a search.
    aims
        Some of `AIMS`: only levers that can be aimed at all of these are listed, and policies that have such a lever.
    """
    entries = [entry for entry in (*policy_entries(), *lever_entries()) if set(aims) <= aims_of(entry)]
    if not words.strip():
        return [{"kind": entry.kind, "name": entry.name, "title": entry.title} for entry in entries]
    hits = find(words, entries, MOST_HITS)
    return [{"kind": hit.entry.kind, "name": hit.entry.name, "title": hit.entry.title} for hit in hits]


def aims_of(entry: Entry) -> set[str]:
    """Collect what a lever can be aimed at; of a policy, what its levers can be."""
    names = [entry.name] if entry.kind == "lever" else [each.name for each in named_policies()[entry.name].levers]
    return {axis for name in names for axis in LEVERS[name].filters}


def values_today(bench: Bench, question: PageQuestion) -> dict[str, tuple[float, float]]:
    """Say what each lever that is moved is in the base, in the first year in which it moves: the lowest and the highest cell."""
    data, base = bench.basis.data, question.base.scenario
    defaults = observed_policies(data, {parameter.name: parameter.default for parameter in data.parameters})
    found = {}
    for change in question.variant.scenario.levers:
        if change.id in question.variant.scenario.own_ids:
            values = resolved(defaults, base.layers, change.name)[change.from_year - FIRST_YEAR]
            for at, axis in enumerate(LEVERS[change.name].filters):
                values = np.take(values, change.selected(axis), axis=at)
            found[change.id] = (float(values.min()), float(values.max()))
    return found
