"""Load a scenario file, lay it over what it extends, and write it in resolved form.

A scenario states only its differences; ``extends`` names what they are differences from. Files hold data
only, nothing in them is evaluated. docs/decisions/0003-scenario-files.md gives the rules and their reasons.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from sim.data.distributions import Distribution
from sim.data.load import load_data
from sim.data.schema import Data
from sim.differences import DifferenceRow as DifferenceRow
from sim.differences import lever_differences, parameter_differences
from sim.expansions import ExpansionRow, Replacement, expansion_rows, overridden
from sim.levers import LEVERS
from sim.model.world import FIRST_YEAR
from sim.named_policies import NamedPolicy, PolicyUse
from sim.observed import observed_policies
from sim.policy import LeverChange, axis_names, drawn_value, in_order
from sim.policy_library import PackagedLibrary
from sim.scenario_files import ChainFile, read_chain
from sim.scenario_files import shipped_folder as shipped_folder
from sim.scenario_files import shipped_names as shipped_names
from sim.scenario_layers import Layers, is_dropped, lay
from sim.scenario_text import Problem as Problem
from sim.scenario_text import ScenarioError as ScenarioError
from sim.scenario_text import key_text, toml_string
from sim.scenario_values import RefusedError, Vocabulary, parameter_values, to_problem

COMMAND_LINE: Final = "--set"
"""How problems name a parameter set on the command line."""

Quantity = float | Distribution


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
    parameters: dict[str, Quantity]
    dropped: tuple[str, ...] = ()
    inherited_layers: Layers = ()
    inherited_parameters: dict[str, Quantity] = field(default_factory=dict)
    policies: tuple[PolicyUse, ...] = ()
    own_ids: frozenset[str] = frozenset()

    @property
    def levers(self) -> tuple[LeverChange, ...]:
        """All lever changes, in the order in which they apply."""
        return tuple(change for layer in self.layers for change in in_order(layer))


def load_shipped(name: str) -> Scenario:
    """Load a shipped scenario by its name, whatever files stand in the current folder.

    Raises
    ------
    ScenarioError
        If there is none of that name.
    """
    return load_scenario(str(shipped_folder() / f"{name}.toml"))


def load_scenario(path_or_name: str, *, overrides: Mapping[str, float] | None = None, horizon: int | None = None) -> Scenario:
    """Load a scenario and lay it over what it extends.

    Parameters
    ----------
    path_or_name
        Path of a file, or the name of a file in the current folder or of a shipped scenario, in this
        order, with or without ``.toml``.
    overrides
        Parameters set from outside; they win over every file.
    horizon
        Last year of the run, if known: a file whose levers all start later would do nothing; refused.

    Raises
    ------
    ScenarioError
        With the problems of every file of the chain.
    """
    problems: list[Problem] = []
    chain: tuple[ChainFile, ...] = ()
    try:
        chain = read_chain(path_or_name, _vocabulary())
    except ScenarioError as error:
        problems.extend(error.problems)
    fixed = _checked_overrides(overrides or {}, problems)
    if not problems:
        laid, before = lay(chain, problems)
        problems.extend(_nothing_before(chain[-1], horizon))
    if problems:
        raise ScenarioError(problems)
    top = chain[-1]
    return Scenario(
        name=_folder_name(top.path.stem),
        title=top.content.title,
        question=top.content.question,
        note=top.content.note,
        path=top.shown,
        files=tuple(file.shown for file in chain),
        shipped=tuple(file.is_shipped for file in chain),
        remarks=tuple(_remark(file) for file in chain if file.hides_shipped),
        layers=laid.layers,
        parameters={**laid.parameters, **fixed},
        dropped=top.content.drop,
        inherited_layers=before.layers,
        inherited_parameters=dict(before.parameters),
        policies=laid.policies,
        own_ids=frozenset(lever.change.id for lever in top.content.levers),
    )


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
    Value by lever id, the ``values`` of ``sim.policy.resolve_policies``.
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


def difference(scenario: Scenario) -> tuple[DifferenceRow, ...]:
    """List what a scenario changes in what it extends; in the observed defaults if it extends nothing.

    Values are compared cell by cell at the median and both ends of the 90 % band of every distribution, with
    the parameters that decide observed values at their defaults.
    """
    data = load_data()
    known = {parameter.name: parameter for parameter in data.parameters}
    defaults = observed_policies(data, {name: parameter.default for name, parameter in known.items()})
    priors = {p.name: (p.unit, p.default if p.prior is None else p.prior) for p in known.values()}
    return (
        *lever_differences(defaults, scenario.inherited_layers, scenario.layers, FIRST_YEAR, data.codes),
        *parameter_differences(scenario.inherited_parameters, scenario.parameters, priors),
    )


def replacements(scenario: Scenario) -> tuple[Replacement, ...]:
    """List the ``set`` of the file itself that take the place of inherited levers, cell by cell."""
    inherited = [change for layer in scenario.inherited_layers for change in layer if not is_dropped(change, scenario.dropped)]
    own = [change for change in scenario.levers if change.id in scenario.own_ids]
    return overridden(inherited, own, load_data().codes)


def expansion(use: PolicyUse) -> tuple[ExpansionRow, ...]:
    """List what a named policy became: which levers, for whom, when and how much."""
    return expansion_rows(use, load_data().codes)


def named_policies() -> Mapping[str, NamedPolicy]:
    """Return the named policies by name, in the order of the library."""
    return _vocabulary().policies


def resolved_toml(scenario: Scenario) -> str:
    """Write a scenario as one file that extends nothing and loads back to the same effect.

    The key ``layer`` keeps the order of the files it came from.
    """
    data = load_data()
    lines = [f"title = {toml_string(scenario.title)}"]
    lines += [f"{key} = {toml_string(text)}" for key in ("question", "note") if (text := getattr(scenario, key))]
    for number, layer in enumerate(scenario.layers, start=1):
        for change in layer:
            lines += ["", "[[lever]]", *_change_lines(change, number, data)]
    if scenario.parameters:
        lines += ["", "[parameters]"]
        lines += [f"{name} = {_toml(value)}" for name, value in sorted(scenario.parameters.items())]
    return "\n".join(lines) + "\n"


def _change_lines(change: LeverChange, layer: int, data: Data) -> list[str]:
    lines = [f"layer = {layer}", f"id = {toml_string(change.id)}", f"name = {toml_string(change.name)}"]
    for axis in LEVERS[change.name].filters:
        names = axis_names(axis, data.codes)
        ids = change.selected(axis)
        items = [str(i) if axis == "talent_class" else toml_string(names[i]) for i in ids]
        lines.append(f'{axis} = "*"' if len(ids) == len(names) else f"{axis} = [{', '.join(items)}]")
    lines += [
        f"from = {change.from_year}",
        f"until = {change.until_year}",
        f"ramp_years = {change.ramp_years}",
    ]
    lines += [f"change = {toml_string(change.change)}", f"value = {_toml(change.value)}"]
    lines.append(f"evidence = {toml_string(change.evidence)}")
    return [*lines, f"source = {toml_string(change.source)}"] if change.source else lines


def _toml(value: Quantity) -> str:
    if not isinstance(value, Distribution):
        return repr(float(value))
    table = value.table().items()
    pairs = (f"{key} = {toml_string(each) if isinstance(each, str) else repr(each)}" for key, each in table)
    return "{ " + ", ".join(pairs) + " }"


def _plain(value: Quantity) -> Any:
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


@cache
def _vocabulary() -> Vocabulary:
    data = load_data()
    vocabulary = Vocabulary(
        regions=data.codes,
        region_names=tuple(region.name for region in data.regions),
        sources=frozenset(data.sources),
        parameters={parameter.name: parameter for parameter in data.parameters},
        countries=data.countries,
    )
    return replace(vocabulary, policies=PackagedLibrary(vocabulary))


def _remark(file: ChainFile) -> str:
    return f"{file.shown} is used, not the shipped scenario of the same name"


def _folder_name(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.") or "scenario"


def _checked_overrides(overrides: Mapping[str, float], problems: list[Problem]) -> dict[str, Quantity]:
    try:
        return parameter_values(dict(overrides), _vocabulary().parameters)
    except RefusedError as error:
        problems.extend(to_problem(finding, COMMAND_LINE, None) for finding in error.findings)
        return {}


def _nothing_before(file: ChainFile, horizon: int | None) -> list[Problem]:
    levers = file.content.levers
    if horizon is None or not levers or any(lever.change.from_year <= horizon for lever in levers):
        return []
    first = min(levers, key=lambda lever: lever.change.from_year)
    message = f"every lever of this file starts after the run's last year, {horizon}; run it until a later year"
    key = key_text((*first.path, "from"))
    return [Problem(file.shown, first.line, key, message, str(first.change.from_year))]
