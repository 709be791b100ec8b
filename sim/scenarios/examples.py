"""A scenario file for every lever and every named policy, made from its declaration; each loads as it stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Final

import numpy as np

from sim.scenarios.levers.changes import cells
from sim.scenarios.levers.declared import Lever
from sim.scenarios.levers.named import NamedPolicy, expand
from sim.scenarios.reading.text import toml_string

FIRST, LAST = 2027, 2032
_FILTERS: Final[Mapping[str, str]] = {
    "origin": '["CHN"]',
    "destination": '["USA"]',
    "sector": '["industry"]',
    "talent_class": "[3, 4]",
    "stage": '["work"]',
    "degree": '["here"]',
}
_FEW: Final = 10.0
"""Ranges up to here have a third of one as a size that means something; wider ones a sixth of their width."""


def lever_example(lever: Lever) -> str:
    """Write a scenario file that moves one lever."""
    change, value = example_size(lever)
    rows = [("name", toml_string(lever.name)), *((axis, _FILTERS[axis]) for axis in lever.filters)]
    rows += [("from", f"{FIRST}"), ("until", f"{LAST}"), ("ramp_years", "2")]
    rows += [("change", toml_string(change)), ("value", f"{value:g}"), ("evidence", toml_string("Assumption: an example."))]
    return _file(f"Example of {lever.name}", "[[lever]]", rows)


def policy_example(policy: NamedPolicy, regions: Sequence[str]) -> str:
    """Write a scenario file that uses one named policy, on top of history; the id keeps it apart from history's own use.

    Parameters
    ----------
    policy
        The policy.
    regions
        Region codes in id order; the first ones that the policy can be for are named.
    """
    rows = [("name", toml_string(policy.name)), ("id", '"mine"')]
    rows += [(axis, f"[{toml_string(regions[place])}]") for axis, place in _places(policy, len(regions)).items()]
    if policy.from_year is None:
        rows.append(("from", f"{FIRST}"))
    return _file(f"Example of {policy.name}", "[[policy]]", rows, extends="baseline")


def _file(title: str, header: str, rows: Sequence[tuple[str, str]], extends: str = "") -> str:
    width = max(len(key) for key, _ in rows)
    head = (
        [f"title   = {toml_string(title)}", f"extends = {toml_string(extends)}"] if extends else [f"title = {toml_string(title)}"]
    )
    lines = [*head, "", header, *(f"{key:{width}} = {value}" for key, value in rows)]
    return "\n".join(lines) + "\n"


def example_size(lever: Lever) -> tuple[str, float]:
    """Choose a kind of change and a size, in the lever's unit or as a factor, that differs from what holds anyway."""
    if lever.neutral is None and lever.high > 1:
        return "multiply", 1.2
    if lever.neutral:
        return "multiply", 0.8
    return "set", 0.3 if lever.high <= _FEW else round(lever.high / 6, 1)


def _places(policy: NamedPolicy, regions: int) -> dict[str, int]:
    """Choose regions for the axes that a policy asks for, such that every lever concerns somebody if possible."""
    best: tuple[int, dict[str, int]] = (-1, {})
    order = (1, 0, *range(2, regions)) if "origin" in policy.asks else range(regions)
    for places in permutations(order, len(policy.asks)):
        asked = dict(zip(policy.asks, places, strict=True))
        changes = expand(
            policy, "x", {axis: (place,) for axis, place in asked.items()}, (FIRST, None, 1), {}, "", regions
        ).changes
        touching = sum(bool(np.any(cells(change, regions))) for change in changes)
        if touching > best[0]:
            best = (touching, asked)
        if touching == len(changes):
            break
    return best[1]
