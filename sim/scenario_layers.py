"""Lay the files of a scenario over one another: what each drops, what it adds, and which ids it may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from sim.data.distributions import Distribution
from sim.named_policies import PolicyUse, belongs, group_of
from sim.policy import LeverChange
from sim.scenario_files import ChainFile
from sim.scenario_text import KeyPath, Problem, key_text, line_of, nearest_name, show

Layers = tuple[tuple[LeverChange, ...], ...]


@dataclass(frozen=True)
class Laid:
    """What holds after some files of a chain.

    Parameters
    ----------
    layers
        Lever changes by layer; no layer is empty, no id occurs twice.
    parameters
        Parameters that are fixed or have another distribution.
    policies
        Named policies of which a lever is still in force, with these levers alone.
    """

    layers: Layers = ()
    parameters: Mapping[str, float | Distribution] = field(default_factory=dict)
    policies: tuple[PolicyUse, ...] = ()


def lay(chain: Sequence[ChainFile], problems: list[Problem]) -> tuple[Laid, Laid]:
    """Lay the files of a chain over one another.

    Parameters
    ----------
    chain
        The files, the extended one first; each is right by itself.
    problems
        Grows by what is wrong between them.

    Returns
    -------
    What holds with the last file, and what holds before it.
    """
    laid, before = Laid(), Laid()
    for file in chain:
        before = laid
        layers = _without(before.layers, file, problems)
        uses = (*_still_there(before.policies, layers), *(policy.use for policy in file.content.policies))
        own = _own_layers(file, {change.id for layer in layers for change in layer}, problems)
        replaced = {change.id for layer in own for change in layer}
        layers = (*(tuple(c for c in layer if c.id not in replaced) for layer in layers), *own)
        layers = tuple(layer for layer in layers if layer)
        laid = Laid(layers, {**before.parameters, **file.content.parameters}, uses)
    return laid, before


def _still_there(uses: Sequence[PolicyUse], layers: Layers) -> tuple[PolicyUse, ...]:
    """Leave out policies that were dropped, whole or in part."""
    there = {change.id for layer in layers for change in layer}
    kept = (replace(use, changes=tuple(change for change in use.changes if change.id in there)) for use in uses)
    return tuple(use for use in kept if use.changes)


def is_dropped(change: LeverChange, drop: Sequence[str]) -> bool:
    """Return whether a list of ids drops a lever, by its own id or by that of its policy."""
    return any(belongs(change.id, wanted) for wanted in drop)


def _without(layers: Layers, file: ChainFile, problems: list[Problem]) -> Layers:
    """Leave out the levers a file drops, alone or by the id of their policy; an id that is not there is a problem."""
    ids = tuple(change.id for layer in layers for change in layer)
    known = tuple(dict.fromkeys((*(group_of(each) for each in ids if "." in each), *ids)))
    drop = file.content.drop
    for position, wanted in enumerate(drop):
        if not any(belongs(each, wanted) for each in ids):
            line = line_of(file.content.lines, ("drop", position))
            message = "is not the id of an inherited lever or policy" if ids else "drops a lever, but nothing is inherited"
            key, near = f"drop[{position + 1}]", nearest_name(wanted, known)
            problems.append(Problem(file.shown, line, key, message, show(wanted), known, near))
    return tuple(tuple(change for change in layer if not is_dropped(change, drop)) for layer in layers)


def _own_layers(file: ChainFile, inherited: Set[str], problems: list[Problem]) -> Layers:
    """Group a file's levers by layer and refuse ids that are inherited.

    A ``set`` without an id takes the place of an inherited one of the very same cells; anything else that
    repeats an id must drop the inherited lever or be given an id of its own.
    """
    groups = {group_of(each) for each in inherited if "." in each}
    by_layer: dict[int, list[LeverChange]] = {}
    for lever in file.content.levers:
        change = lever.change
        by_layer.setdefault(lever.layer, []).append(change)
        if lever.is_of_policy:
            continue
        if change.id in inherited and (lever.is_named or change.change != "set"):
            problems.append(_inherited_id(file, lever.path, lever.line, change.id, "lever"))
        elif change.id in groups:
            problems.append(_inherited_id(file, lever.path, lever.line, change.id, "policy"))
    for policy in file.content.policies:
        if policy.use.id in groups | inherited:
            kind = "lever" if policy.use.id in inherited else "policy"
            problems.append(_inherited_id(file, policy.path, policy.line, policy.use.id, kind))
    return tuple(tuple(by_layer[number]) for number in sorted(by_layer))


def _inherited_id(file: ChainFile, path: KeyPath, line: int, own_id: str, kind: str) -> Problem:
    shown = show(own_id, 240)
    message = f"is the id of an inherited {kind}; add drop = [{shown}] to replace that one, or choose another id to apply both"
    return Problem(file.shown, line, key_text((*path, "id")), message, shown)
