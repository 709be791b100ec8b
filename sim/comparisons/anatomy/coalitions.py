"""The levers in which two scenarios differ, and the scenarios that have only some of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sim.scenarios.levers.changes import LeverChange
from sim.scenarios.levers.named import group_of
from sim.scenarios.load import difference, load_basis
from sim.scenarios.scenario import Scenario, scenario_effect

PARAMETERS: Final = "parameters"
"""Id of the player that stands for all parameters a scenario fixes otherwise: they are solved together."""
MOST_WORDS: Final = 3
"""Differences that are spelt out for one player."""


@dataclass(frozen=True)
class Player:
    """One lever, or one named policy with all its levers, by which a variant differs from its base.

    Parameters
    ----------
    id
        Of the lever or the policy.
    removed
        Changes that the base has and the variant has not, by id.
    added
        Changes that the variant has and the base has not, by id; a changed one is in both.
    parameters
        Whether it stands for the parameters.
    """

    id: str
    removed: frozenset[str] = frozenset()
    added: frozenset[str] = frozenset()
    parameters: bool = False


def players(base: Scenario, variant: Scenario) -> tuple[Player, ...]:
    """List what a variant adds to the levers of its base, takes out of them or changes, in the order in which levers apply.

    Levers of one named policy are one player; what differs in evidence and source alone is none.
    """
    old, new = by_id(base), by_id(variant)
    removed: dict[str, set[str]] = {}
    added: dict[str, set[str]] = {}
    for each in (*new, *old):
        if each in old and each in new and substance(old[each]) == substance(new[each]):
            continue
        player = player_of(each)
        removed.setdefault(player, set()).update({each} & old.keys())
        added.setdefault(player, set()).update({each} & new.keys())
    found = [Player(name, frozenset(removed[name]), frozenset(added[name])) for name in added]
    if scenario_effect(base)["parameters"] != scenario_effect(variant)["parameters"]:
        found.append(Player(PARAMETERS, parameters=True))
    return tuple(found)


def player_of(lever_id: str) -> str:
    """Name the player that a lever belongs to: its policy, or itself; the id of a nameless lever may hold dots of numbers."""
    return lever_id if ":" in lever_id else group_of(lever_id)


def by_id(scenario: Scenario) -> dict[str, LeverChange]:
    """Return the lever changes of a scenario by id."""
    return {change.id: change for layer in scenario.layers for change in layer}


def substance(change: LeverChange) -> LeverChange:
    """Leave out what has no effect."""
    return replace(change, evidence="", source="")


def coalition(base: Scenario, variant: Scenario, everyone: Iterable[Player], joined: Iterable[Player]) -> Scenario:
    """Make the scenario that is the base with some of a variant's differences.

    Parameters
    ----------
    base, variant : the scenarios.
    everyone : all players between them.
    joined : those in force.

    Returns
    -------
    The base itself if nobody joined, the variant if everybody did.
    """
    every, some = tuple(everyone), set(joined)
    if not some or len(some) == len(every):
        return variant if some else base
    kept = frozenset[str]().union(*(player.removed for player in every if player not in some))
    taken = frozenset[str]().union(*(player.added for player in some))
    common = by_id(base).keys() - frozenset[str]().union(*(player.removed for player in every))
    places = layer_places(base, variant)
    laid: dict[float, list[LeverChange]] = {}
    for k, layer in enumerate(variant.layers):
        laid.setdefault(float(k), []).extend(change for change in layer if change.id in common | taken)
    for k, layer in enumerate(base.layers):
        laid.setdefault(places[k], []).extend(change for change in layer if change.id in kept)
    position = {each: k for k, each in enumerate(by_id(base))}  # what the base has stays in its order
    layers = tuple(
        tuple(sorted(laid[place], key=lambda change: position.get(change.id, len(position))))
        for place in sorted(laid)
        if laid[place]
    )
    parameters = variant.parameters if any(player.parameters for player in some) else base.parameters
    return replace(base, name=variant.name, layers=layers, parameters=dict(parameters), policies=(), own_ids=frozenset())


def layer_places(base: Scenario, variant: Scenario) -> list[float]:
    """Find for every layer of the base the layer of the variant that it became; half a step after the one before if none."""
    where = {change.id: float(k) for k, layer in enumerate(variant.layers) for change in layer}
    places: list[float] = []
    for layer in base.layers:
        shared = [where[change.id] for change in layer if change.id in where]
        before = places[-1] if places else -1.0
        places.append(min(shared) if shared else before + 0.5)
    return places


def player_words(base: Scenario, variant: Scenario, everyone: Iterable[Player]) -> Mapping[str, str]:
    """Say for every player what it alone changes in the base: which lever, for whom, when, from what to what."""
    every = tuple(everyone)
    said = {}
    for player in every:
        alone = coalition(base, variant, every, [player])
        rows = difference(replace(alone, inherited_layers=base.layers, inherited_parameters=base.parameters), load_basis().data)
        texts = [str(row) for row in rows[:MOST_WORDS]]
        if len(rows) > MOST_WORDS:
            texts.append(f"and {len(rows) - MOST_WORDS} more")
        kind = "" if player.added or player.parameters else "dropped: "
        said[player.id] = kind + ("; ".join(texts) or "changes nothing by itself")
    return said
