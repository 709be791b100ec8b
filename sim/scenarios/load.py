"""Load a scenario file, lay it over what it extends, and write it in resolved form.

A scenario states only its differences; ``extends`` names what they are differences from. Files hold data
only, nothing in them is evaluated. docs/decisions/0003-scenario-files.md gives the rules and their reasons.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from sim.data.distributions import Distribution
from sim.data.load import data_in_force, load_data
from sim.data.schema import PACKAGED, Data
from sim.model.world import FIRST_YEAR
from sim.scenarios.differences import DifferenceRow, lever_differences, parameter_differences, usual_policies
from sim.scenarios.expansions import Replacement, overridden
from sim.scenarios.levers.changes import LeverChange, LeverValue, axis_names
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import NamedPolicy
from sim.scenarios.reading.chain import ChainFile, is_dropped, lay, shipped_folder
from sim.scenarios.reading.document import chain_of
from sim.scenarios.reading.library import PackagedLibrary
from sim.scenarios.reading.text import Problem, ScenarioError, key_text, toml_string
from sim.scenarios.reading.values import RefusedError, Vocabulary, parameter_values, to_problem
from sim.scenarios.scenario import Basis, Scenario

COMMAND_LINE: Final = "--set"
"""How problems name a parameter set on the command line."""
BASELINE: Final = "baseline"
"""The shipped scenario on which the constants of every draw are solved."""


def load_shipped(name: str) -> Scenario:
    """Load a shipped scenario by its name, whatever files stand in the current folder.

    Raises
    ------
    ScenarioError
        If there is none of that name.
    """
    return load_scenario(str(shipped_folder() / f"{name}.toml"))


def load_basis(folder: Path | None = None) -> Basis:
    """Load the tables and their baseline; the same object as long as they do not change.

    Parameters
    ----------
    folder
        Folder of the tables; None for those in force.
    """
    with data_in_force(folder) as data:
        return _basis(data)


@cache
def _basis(data: Data) -> Basis:
    return Basis(data, load_shipped(BASELINE))


def leads_to_baseline(scenario: Scenario) -> bool:
    """Tell whether what a scenario extends in the end is the baseline that ships."""
    return scenario.shipped[0] and Path(scenario.files[0]).stem == BASELINE


def load_scenario(
    scenario: str | Path | Mapping[str, Any],
    levers: Sequence[Mapping[str, Any]] = (),
    *,
    name: str = "",
    overrides: Mapping[str, float] | None = None,
    horizon: int | None = None,
    vocabulary: Vocabulary | None = None,
    data: Data | str | Path | None = None,
) -> Scenario:
    """Load a scenario and lay it over what it extends.

    Parameters
    ----------
    scenario
        Path of a file, or the name of a file in the current folder or of a shipped scenario, in this
        order, with or without ``.toml``; or what a file would say, key by key.
    levers
        Tables of further levers, as `sim.lever` makes them; they are laid over the scenario.
    name
        Names the folder of its runs; the file's name if "", or one made of it where there is no file.
    overrides
        Parameters set from outside; they win over every file.
    horizon
        Last year of the run, if known: a file whose levers all start later would do nothing; refused.
    vocabulary
        The names a file may use; those of the packaged tables and policies if None.
    data
        Own data, as `sim.load_data` returns them, or their folder; those in force if None.

    Raises
    ------
    ScenarioError
        With the problems of every file of the chain.

    Examples
    --------
    >>> import sim
    >>> sim.load_scenario("us-entry-restrictions").title
    'US entry restrictions on students from China from 2026'
    >>> bar = sim.lever("entry_bar", origin="CHN", destination="USA", start=2026, change="add", value=0.1, evidence="assumption")
    >>> sim.load_scenario("baseline", levers=[bar]).name
    'baseline-own'
    """
    problems: list[Problem] = []
    chain: tuple[ChainFile, ...] = ()
    try:
        with data_in_force(data):
            words = packaged_vocabulary() if vocabulary is None else vocabulary
            chain = chain_of(scenario, levers, name, words)
    except ScenarioError as error:
        problems.extend(error.problems)
    fixed = _checked_overrides(overrides or {}, words, problems)
    if problems:
        raise ScenarioError(problems)
    return replace(scenario_of_chain(chain, horizon, fixed), regions=words.regions)


def scenario_of_chain(
    chain: Sequence[ChainFile], horizon: int | None = None, fixed: Mapping[str, LeverValue] = MappingProxyType({})
) -> Scenario:
    """Lay the files of a chain over one another.

    Parameters
    ----------
    chain
        The files, the extended one first; each is right by itself.
    horizon
        As for `load_scenario`.
    fixed
        Parameters set from outside; they win over every file.

    Raises
    ------
    ScenarioError
        With what is wrong between the files.
    """
    problems: list[Problem] = []
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
        groups={name: members for file in chain for name, members in file.content.groups.items()},
    )


def difference(scenario: Scenario, data: Data) -> tuple[DifferenceRow, ...]:
    """List what a scenario changes in what it extends; in the observed defaults if it extends nothing.

    Values are compared cell by cell at the median and both ends of the 90 % band of every distribution, with
    the parameters that decide observed values at their defaults.
    """
    known = {parameter.name: parameter for parameter in data.parameters}
    priors = {p.name: (p.unit, p.default if p.prior is None else p.prior) for p in known.values()}
    return (
        *lever_differences(usual_policies(data), scenario.inherited_layers, scenario.layers, FIRST_YEAR, data.codes),
        *parameter_differences(scenario.inherited_parameters, scenario.parameters, priors),
    )


def replacements(scenario: Scenario, codes: Sequence[str]) -> tuple[Replacement, ...]:
    """List the ``set`` of the file itself that take the place of inherited levers, cell by cell."""
    inherited = [change for layer in scenario.inherited_layers for change in layer if not is_dropped(change, scenario.dropped)]
    own = [change for change in scenario.levers if change.id in scenario.own_ids]
    return overridden(inherited, own, codes)


def named_policies() -> Mapping[str, NamedPolicy]:
    """Return the named policies by name, in the order of the library."""
    return packaged_vocabulary().policies


def resolved_toml(scenario: Scenario, codes: Sequence[str]) -> str:
    """Write a scenario as one file that extends nothing and loads back to the same effect.

    The key ``layer`` keeps the order of the files it came from.
    """
    lines = [f"title = {toml_string(scenario.title)}"]
    lines += [f"{key} = {toml_string(text)}" for key in ("question", "note") if (text := getattr(scenario, key))]
    for number, layer in enumerate(scenario.layers, start=1):
        for change in layer:
            lines += ["", "[[lever]]", *_change_lines(change, number, codes)]
    if scenario.parameters:
        lines += ["", "[parameters]"]
        lines += [f"{name} = {_toml(value)}" for name, value in sorted(scenario.parameters.items())]
    return "\n".join(lines) + "\n"


def whole_toml(scenario: Scenario, codes: Sequence[str]) -> str:
    """Write a scenario as `resolved_toml` does, with its groups, which change no number: what a record keeps of it."""
    text = resolved_toml(scenario, codes)
    if not scenario.groups:
        return text
    members = (f"{name} = [{', '.join(map(toml_string, group))}]" for name, group in sorted(scenario.groups.items()))
    return "\n".join([text, "[groups]", *members]) + "\n"


def _change_lines(change: LeverChange, layer: int, codes: Sequence[str]) -> list[str]:
    lines = [f"layer = {layer}", f"id = {toml_string(change.id)}", f"name = {toml_string(change.name)}"]
    for axis in LEVERS[change.name].filters:
        names = axis_names(axis, codes)
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


def _toml(value: LeverValue) -> str:
    if not isinstance(value, Distribution):
        return repr(float(value))
    table = value.table().items()
    pairs = (f"{key} = {toml_string(each) if isinstance(each, str) else repr(each)}" for key, each in table)
    return "{ " + ", ".join(pairs) + " }"


def packaged_vocabulary() -> Vocabulary:
    """Return the names of the tables in force, the packaged ones or one's own, and of the policies that stand beside them."""
    return _vocabulary(load_data())


@cache
def _vocabulary(data: Data) -> Vocabulary:
    vocabulary = Vocabulary(
        regions=data.codes,
        region_names=tuple(region.name for region in data.regions),
        sources=frozenset(data.sources),
        parameters={parameter.name: parameter for parameter in data.parameters},
        countries=data.countries,
    )
    return replace(vocabulary, policies=PackagedLibrary(vocabulary)) if data.name == PACKAGED else vocabulary


def _remark(file: ChainFile) -> str:
    return f"{file.shown} is used, not the shipped scenario of the same name"


def _folder_name(stem: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.") or "scenario"


def _checked_overrides(overrides: Mapping[str, float], vocabulary: Vocabulary, problems: list[Problem]) -> dict[str, LeverValue]:
    try:
        return parameter_values(dict(overrides), vocabulary.parameters)
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
