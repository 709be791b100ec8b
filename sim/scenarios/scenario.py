"""A scenario as data: every name resolved, everything it extends laid under it; the values of its levers and its effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim.data.distributions import Distribution
from sim.data.schema import Data
from sim.scenarios.levers.changes import Layers, LeverChange, LeverValue, drawn_value, in_order
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import PolicyUse


@dataclass(frozen=True)
class Scenario:
    """A scenario with everything it extends laid under it and every name resolved.

    Parameters
    ----------
    name
        The file's name without ``.toml``, safe as a folder's name.
    title, question, note
        As the file has them; they have no effect.
    path
        The file.
    files
        Every file of the chain, the extended one first; the last is ``path``.
    shipped
        For each of ``files``, whether it belongs to the shipped library.
    remarks
        What a reader should know about which files were used.
    layers
        Lever changes by layer, in the order in which layers apply; no layer is empty, no id occurs twice.
    parameters
        Parameters that the chain or the command line fixes or gives another distribution.
    dropped
        Ids of inherited levers and policies that the file itself drops.
    inherited_layers, inherited_parameters
        The same of what the file extends; empty if it extends nothing.
    policies
        Named policies of which a lever is in force; their changes are among the levers.
    own_ids
        Ids of the file's own levers, those of its policies among them.
    groups
        Groups of regions that the chain names, codes by name; they change no number and stay out of `scenario_effect`.
    regions
        Codes of the regions that its levers name by id; empty where nobody knows.
    """

    name: str
    title: str
    question: str
    note: str
    path: str
    files: tuple[str, ...]
    shipped: tuple[bool, ...]
    remarks: tuple[str, ...]
    layers: Layers
    parameters: dict[str, LeverValue]
    dropped: tuple[str, ...] = ()
    inherited_layers: Layers = ()
    inherited_parameters: dict[str, LeverValue] = field(default_factory=dict)
    policies: tuple[PolicyUse, ...] = ()
    own_ids: frozenset[str] = frozenset()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    regions: tuple[str, ...] = ()

    @property
    def levers(self) -> tuple[LeverChange, ...]:
        """All lever changes, in the order in which they apply."""
        return tuple(change for layer in self.layers for change in in_order(layer))


@dataclass(frozen=True, eq=False)
class Basis:
    """What all runs stand on; it is loaded once, at the door, and handed in.

    Parameters
    ----------
    data
        The tables.
    baseline
        The scenario on which the constants of every draw are solved, whatever scenario is run.
    """

    data: Data
    baseline: Scenario


def check_regions(scenario: Scenario, data: Data) -> None:
    """Check that a scenario names the regions of the tables that it is to be run with.

    Raises
    ------
    ValueError
        If it was loaded with other tables.
    """
    if scenario.regions not in ((), data.codes):
        regions = ", ".join(scenario.regions)
        raise ValueError(f"{scenario.name} was loaded with other data, of the regions {regions}; load it with those of the run")


def lever_values(scenario: Scenario, uniform: Callable[[str], float]) -> dict[str, float]:
    """Return the value of every lever whose value is a distribution, in one draw.

    Parameters
    ----------
    scenario
        The scenario.
    uniform
        The draw's number strictly between 0 and 1 for a lever id. Keyed by the id alone it is shared between
        scenarios, and a new lever moves nobody else's.

    Returns
    -------
    Value by lever id, the ``values`` of ``sim.scenarios.levers.changes.resolve_policies``.
    """
    return {
        change.id: drawn_value(change, uniform(change.id)) for change in scenario.levers if isinstance(change.value, Distribution)
    }


def scenario_effect(scenario: Scenario) -> dict[str, Any]:
    """Return what decides the scenario's numbers and nothing else, as plain lists, texts and numbers.

    Titles, evidence, sources, file names and the ids of levers with a fixed value change nothing and are
    left out. The id of a lever with a distribution stays, as its draw is keyed by it.
    """
    return {
        "layers": [[_change_effect(change) for change in _canonical(layer)] for layer in scenario.layers],
        "parameters": {name: _plain(value) for name, value in sorted(scenario.parameters.items())},
    }


def _plain(value: LeverValue) -> Any:
    return value.table() if isinstance(value, Distribution) else float(value)


def _change_effect(change: LeverChange) -> dict[str, Any]:
    effect: dict[str, Any] = {
        "lever": change.name,
        **{axis: list(change.selected(axis)) for axis in LEVERS[change.name].filters},
        "years": [change.from_year, change.until_year, change.ramp_years],
        "change": change.change,
        "value": _plain(change.value),
    }
    if isinstance(change.value, Distribution):
        effect["id"] = change.id
    return effect


def _canonical(layer: Sequence[LeverChange]) -> list[LeverChange]:
    """Order a layer as it applies; ``set`` changes, which never overlap, in an order of their own."""

    def order(change: LeverChange) -> tuple[Any, ...]:
        if change.change != "set":
            return (1,)
        axes = tuple(change.selected(axis) for axis in LEVERS[change.name].filters)
        return (0, change.name, change.from_year, *axes)

    return sorted(in_order(layer), key=order)
