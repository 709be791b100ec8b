"""JSON Schemas of scenario and design files, made of the levers, policies, regions and parameters: what an editor completes.

A schema knows names, kinds and ranges. What only the whole file tells (overlapping ``set``, empty windows, inherited ids)
is left to `talentsim check`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sim.data.distributions import DISTRIBUTIONS
from sim.engines.axes import AXES, TIERS
from sim.model.world import FIRST_YEAR, LAST_YEAR, LEVER_STAGES, SECTORS, TALENT_CLASSES
from sim.runs.formulas.measures import MEASURE_KINDS
from sim.scenarios.groups import GROUPS, SPELLINGS
from sim.scenarios.levers.changes import value_range
from sim.scenarios.levers.declared import CHANGES, LEVERS, Lever
from sim.scenarios.levers.named import NamedPolicy
from sim.scenarios.reading.values import ALL, Vocabulary
from sim.sweeps.design.factors import FACTOR_NAME, SAMPLE_WHOLE, TARGETS
from sim.sweeps.design.file import REFERENCE_POINT, SIZES
from sim.sweeps.design.points import METHODS

Schema = dict[str, Any]
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
YEAR_PART: Final[Schema] = {"type": "integer", "minimum": FIRST_YEAR, "maximum": LAST_YEAR}
TEXT_PART: Final[Schema] = {"type": "string", "minLength": 1, "pattern": r"\S"}
OWN_GROUP: Final = "^-?[A-Z][A-Z0-9_]{1,29}$"
ASKED_PLACES: Final = ("origin", "destination")


def scenario_schema(words: Vocabulary) -> Schema:
    """Make the schema of scenario files.

    Parameters
    ----------
    words : the names that a file may use.
    """
    keys: Schema = {
        "title": TEXT_PART | {"description": "What the scenario is, in one line."},
        "question": {"type": "string", "description": "What it asks."},
        "note": {"type": "string", "description": "What would prove it wrong, and what else a reader should know."},
        "extends": TEXT_PART | {"description": "Name of a shipped scenario, or a file beside this one, that it changes."},
        "drop": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Ids of inherited levers and policies to leave out.",
        },
        "lever": {"type": "array", "items": {"$ref": "#/$defs/lever"}},
        "policy": {"type": "array", "items": {"$ref": "#/$defs/policy"}},
        "parameters": parameters_part(words),
        "groups": groups_part(),
    }
    return {
        "$schema": DIALECT,
        "title": "Scenario of talentsim",
        **table(keys, ("title",)),
        "$defs": {
            "distribution": distribution_part(),
            "filter_of_regions": filter_part(region_part(words)),
            "lever": lever_part(words),
            "policy": policy_part(words),
        },
    }


def design_schema(words: Vocabulary) -> Schema:
    """Make the schema of design files.

    Parameters
    ----------
    words : the names that a file may use.
    """
    sizes = {name: ranged(least, most, usual) for name, (usual, least, most) in SIZES.items()}
    sizes["draws"] = {"anyOf": [sizes["draws"], {"const": REFERENCE_POINT}]}
    sample: Schema = {name: ranged(least, most, usual) for name, (usual, least, most) in SAMPLE_WHOLE.items()}
    sample |= {"method": chosen(METHODS, METHODS), "file": TEXT_PART}
    keys: Schema = {
        "title": {"type": "string"},
        "scenarios": {"type": "array", "items": TEXT_PART, "minItems": 1, "uniqueItems": True},
        **sizes,
        "keep": {"type": "array", "items": {"type": "string", "pattern": measure_pattern()}, "minItems": 1, "uniqueItems": True},
        "groups": groups_part(),
        "sample": table(sample),
        "factor": {"type": "array", "items": factor_part(words)},
        "ensemble": TEXT_PART,
    }
    return {"$schema": DIALECT, "title": "Design of a sweep of talentsim", **table(keys, ("scenarios", "keep"))}


def factor_part(words: Vocabulary) -> Schema:
    """Make the schema of a ``[[factor]]``: one thing that varies, over a range or a list."""
    numbers = {"type": "array", "items": {"type": "number"}, "minItems": 1}
    keys: Schema = {
        "name": {"type": "string", "pattern": f"^{FACTOR_NAME.pattern}$"},
        **dict.fromkeys(("lever", "from", "until"), TEXT_PART | {"description": "Id of a lever of every scenario."}),
        "parameter": {"enum": list(words.parameters)},
        "low": {"type": "number"},
        "high": {"type": "number"},
        "values": numbers,
        "steps": {"type": "integer", "minimum": 2},
    }
    return table(keys) | {"oneOf": [{"required": [target]} for target in TARGETS]}


def ranged(least: int, most: int, usual: int) -> Schema:
    """Make the schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most} | ({"default": usual} if usual >= least else {})


def table(keys: Schema, required: Iterable[str] = ()) -> Schema:
    """Make the schema of a table that has these keys and no others."""
    return {"type": "object", "properties": keys, "required": list(required), "additionalProperties": False}


def chosen(names: Iterable[str], meaning: Mapping[str, str]) -> Schema:
    """Make the schema of one of some names, each with what it means."""
    return {"oneOf": [{"const": name, "description": meaning[name]} for name in names]}


def region_part(words: Vocabulary) -> Schema:
    """Make the schema of a region or a group, with a minus to leave it out; a group of one's own has any name."""
    names = [*words.regions, *GROUPS, *SPELLINGS, ALL]
    return {
        "anyOf": [{"enum": [*names, *(f"-{name}" for name in names if name != ALL)]}, {"type": "string", "pattern": OWN_GROUP}]
    }


def filter_part(items: Schema) -> Schema:
    """Make the schema of a filter: a list that is not empty, or all."""
    return {"anyOf": [{"const": ALL}, {"type": "array", "items": items, "minItems": 1}]}


def distribution_part() -> Schema:
    """Make the schema of a distribution table."""
    number = {"type": "number"}
    kinds = [
        table({"distribution": {"const": kind}, **dict.fromkeys(names, number)}, ("distribution", *names))
        for kind, names in DISTRIBUTIONS.items()
    ]
    return {"oneOf": kinds}


def sized(low: float, high: float) -> Schema:
    """Make the schema of a number in a range, or of its distribution."""
    return {"anyOf": [{"type": "number", "minimum": low, "maximum": high}, {"$ref": "#/$defs/distribution"}]}


def lever_part(words: Vocabulary) -> Schema:
    """Make the schema of a ``[[lever]]``: the filters, kinds of change and range of each lever."""
    meaning = {name: f"{each.meaning} Unit: {each.unit}, {each.low:g} to {each.high:g}." for name, each in LEVERS.items()}
    keys: Schema = {
        "name": chosen(LEVERS, meaning),
        "change": {"enum": list(CHANGES)},
        "origin": {"$ref": "#/$defs/filter_of_regions"},
        "destination": {"$ref": "#/$defs/filter_of_regions"},
        "sector": filter_part({"enum": list(SECTORS)}),
        "talent_class": filter_part({"type": "integer", "minimum": 0, "maximum": TALENT_CLASSES - 1}),
        "stage": filter_part({"enum": list(LEVER_STAGES)}),
        "value": {"description": "The size, a factor for multiply; or a distribution."},
        "evidence": TEXT_PART | {"description": "Why this size: what was observed, where, when; or: assumption."},
        "id": {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9._:>*+/,-]{0,199}$"},
        "layer": {"type": "integer", "minimum": 1, "maximum": 1000},
        "from": YEAR_PART | {"description": "First year of the change."},
        "until": YEAR_PART | {"description": "Last year of the change; for good if it is left out."},
        "ramp_years": {"type": "integer", "minimum": 0, "maximum": LAST_YEAR - FIRST_YEAR},
        "source": {"enum": sorted(words.sources)},
    }
    required = ("name", "change", "value", "evidence", "from")
    return table(keys, required) | {"allOf": [rule for lever in LEVERS.values() for rule in lever_rules(lever)]}


def when(conditions: Mapping[str, str], then: Schema) -> Schema:
    """Make a rule: where keys have these values, more holds."""
    asked = {key: {"const": value} for key, value in conditions.items()}
    return {"if": {"properties": asked, "required": list(asked)}, "then": then}


def lever_rules(lever: Lever) -> Iterable[Schema]:
    """List what holds for one lever: no filter that it does not have, its kinds of change, and the range of each."""
    absent = {axis: False for axis in (*ASKED_PLACES, "sector", "talent_class", "stage") if axis not in lever.filters}
    yield when({"name": lever.name}, {"properties": {**absent, "change": {"enum": list(lever.changes)}}})
    for change in lever.changes:
        yield when({"name": lever.name, "change": change}, {"properties": {"value": sized(*value_range(lever, change))}})


def policy_part(words: Vocabulary) -> Schema:
    """Make the schema of a ``[[policy]]``: what each named policy asks for and which sizes it takes."""
    policies = words.policies
    keys: Schema = {
        "name": chosen(policies, {name: f"{policies[name].title} {policies[name].about}" for name in policies}),
        "id": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$"},
        **{axis: {"$ref": "#/$defs/filter_of_regions"} for axis in ASKED_PLACES},
        "from": YEAR_PART,
        "until": YEAR_PART,
        "ramp_years": {"type": "integer", "minimum": 0, "maximum": LAST_YEAR - FIRST_YEAR},
        "values": {"type": "object", "description": "Other sizes, by the id of the policy's lever."},
        "evidence": TEXT_PART,
    }
    return table(keys, ("name",)) | {"allOf": [policy_rule(policies[name]) for name in policies]}


def policy_rule(policy: NamedPolicy) -> Schema:
    """Say what holds for one policy: the axes it asks for and no others, a first year where it has none, the sizes it takes."""
    sizes = {each.id: sized(*value_range(LEVERS[each.name], each.change)) for each in policy.levers}
    absent = {axis: False for axis in ASKED_PLACES if axis not in policy.asks}
    needed = [*policy.asks, *(["from"] if policy.from_year is None else [])]
    return when({"name": policy.name}, {"properties": {**absent, "values": table(sizes)}, "required": needed})


def parameters_part(words: Vocabulary) -> Schema:
    """Make the schema of ``[parameters]``."""
    known = {
        each.name: sized(each.low, each.high) | {"description": f"{each.meaning} Unit: {each.unit}; default {each.default:g}."}
        for each in words.parameters.values()
    }
    return table(known)


def groups_part() -> Schema:
    """Make the schema of ``[groups]``: new names of lists of regions."""
    members = {"type": "array", "items": {"type": "string"}, "minItems": 1}
    return {"type": "object", "patternProperties": {"^[A-Z][A-Z0-9_]{1,29}$": members}, "additionalProperties": False}


def measure_pattern() -> str:
    """Write the form of a measure as an expression that editors read."""
    counted, told = MEASURE_KINDS[:2], MEASURE_KINDS[2]
    place, year = r"[A-Z][A-Z0-9_]*", r"\d{4}"
    words = rf"({'|'.join(counted)})\s*\(\s*({'|'.join(AXES)})\s*,\s*{place}\s*,\s*({'|'.join(TIERS)})\s*,\s*{year}\s*\)"
    return rf"^\s*({words}|{told}\s*\(\s*\w+\s*,\s*[A-Z][A-Z0-9_>-]*\s*,\s*{year}\s*\))\s*$"
