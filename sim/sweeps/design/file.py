"""The file of a design. Every error is found at once and named with its line; nothing runs before a design is right."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.data.load import load_data
from sim.data.schema import Data
from sim.draws.ensemble import PRIOR_ENSEMBLE, Ensemble, EnsembleError, find_ensemble
from sim.model.world import LAST_YEAR
from sim.runs.formulas.measures import Measure, MeasureError, parse_measure
from sim.scenarios.groups import GROUPS, Groups
from sim.scenarios.load import load_scenario, packaged_vocabulary
from sim.scenarios.reading.chain import shipped_folder
from sim.scenarios.reading.text import Problem, ScenarioError, nearest_name, show
from sim.scenarios.reading.values import RefusedError, own_groups, to_problem
from sim.scenarios.scenario import Scenario
from sim.sweeps.design.design import Design
from sim.sweeps.design.factors import read_factors, read_sample
from sim.sweeps.design.points import Factor, point_count
from sim.sweeps.design.text import DesignText

REFERENCE_POINT = "reference"
MOST_RUNS = 10_000_000
MOST_DESIGN_POINTS = 1_000_000
TOP_KEYS = (
    "title", "scenarios", "until", "researchers", "seed", "draws", "replicates", "keep", "groups", "sample", "factor", "ensemble",
)  # fmt: skip
SIZES: Mapping[str, tuple[int, int, int]] = {
    "until": (2035, 2015, LAST_YEAR),
    "researchers": (5_000, 100, 5_000_000),
    "seed": (1, 0, 2**32 - 1),
    "draws": (10, 1, 1_000),
    "replicates": (2, 1, 100_000),
}
"""Default, least and greatest value."""


def design_folder() -> Path:
    """Return the folder of the shipped designs."""
    return shipped_folder() / "sweeps"


def shipped_designs() -> tuple[str, ...]:
    """List the names of the shipped designs, in alphabetical order."""
    return tuple(sorted(path.stem for path in design_folder().glob("*.toml")))


def find_design(path_or_name: str) -> Path:
    """Find a design file: a path, with or without ``.toml``, or the name of a shipped design, in this order.

    Raises
    ------
    ScenarioError
        If there is none.
    """
    folders = (Path(), *([design_folder()] if path_or_name and not re.search(r"[/\\]", path_or_name) else []))
    for folder in folders:
        for path in (folder / path_or_name, folder / f"{path_or_name}.toml"):
            if path_or_name and os.path.isfile(path):
                return path
    if path_or_name and os.path.exists(path_or_name):  # a folder or a device: reading it says so
        return Path(path_or_name)
    message = "there is no such file, and no shipped design of that name"
    near = nearest_name(Path(path_or_name).stem, shipped_designs())
    raise ScenarioError([Problem(show(path_or_name), 0, "", message, "", shipped_designs(), near)])


def read_design(path_or_name: str) -> Design:
    """Read a design file.

    Parameters
    ----------
    path_or_name
        Of a TOML file, or the name of a shipped design.

    Raises
    ------
    ScenarioError
        With every problem of the file and of the scenarios it names.
    """
    return _Reader(DesignText(find_design(path_or_name)), load_data()).design()


class _Reader:
    """Reads one design."""

    def __init__(self, file: DesignText, data: Data) -> None:
        self.file = file
        self.data = data

    def design(self) -> Design:
        """Check everything; return the design or raise all problems."""
        self.file.keys((), self.file.document, TOP_KEYS, "a design")
        whole = (name for name in SIZES if name != "draws")
        numbers: dict[str, Any] = {name: self.file.whole((name,), self.file.document.get(name), *SIZES[name]) for name in whole}
        numbers["draws"] = self.draws()
        ensemble = self.ensemble(numbers["draws"])
        scenarios = self.scenarios(numbers["until"])
        factors = read_factors(self.file, scenarios, numbers["until"], self.data)
        sample = read_sample(self.file, factors)
        groups = self.groups(scenarios)
        keep = self.keep(numbers["until"], {**GROUPS, **groups})
        title = self.file.document.get("title", "")
        if not isinstance(title, str):
            self.file.refuse(("title",), "must be a text", title)
        self.size(numbers, sample, factors)
        if self.file.problems:
            raise ScenarioError(
                sorted(self.file.problems, key=lambda problem: (problem.file != self.file.shown, problem.file, problem.line))
            )
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self.file.path.stem).strip("-.") or "sweep"
        return Design(
            title, tuple(scenarios), tuple(factors), **sample, keep=tuple(keep), **numbers, text=self.file.text, name=name,
            ensemble=ensemble,
            groups=groups,
        )  # fmt: skip

    def size(self, numbers: Mapping[str, int], sample: Mapping[str, Any], factors: Sequence[Factor]) -> None:
        """Refuse more points or runs than anybody can mean, as far as they can be counted."""
        if not sample or (len(factors) < len(self.file.tables()) and sample["method"] != "csv"):
            return
        points = point_count(sample["method"], factors, sample["points"], len(sample["rows"]))
        named = self.file.document.get("scenarios")
        runs = points * max(1, len(named) if isinstance(named, list) else 1) * max(1, numbers["draws"]) * numbers["replicates"]
        if points > MOST_DESIGN_POINTS:
            self.file.refuse((), f"asks for {points:,} points; at most {MOST_DESIGN_POINTS:,} make one sweep")
        elif runs > MOST_RUNS:
            self.file.refuse((), f"asks for {runs:,} runs; at most {MOST_RUNS:,} make one sweep")

    def ensemble(self, draws: int) -> Ensemble:
        """Find the ensemble that draws are of; the shipped one unless the design names another."""
        name = self.file.document.get("ensemble")
        if name is not None and not isinstance(name, str):
            self.file.refuse(("ensemble",), 'must be the name or the file of an ensemble, such as "prior"', name)
            return PRIOR_ENSEMBLE
        try:
            found = find_ensemble(name)
        except EnsembleError as error:
            self.file.refuse(("ensemble",), str(error), name)
            return PRIOR_ENSEMBLE
        if not found.is_prior and draws > len(found):
            self.file.refuse(("draws",), f'must be at most {len(found)}, the draws of its ensemble; or ensemble = "prior"', draws)
        return found

    def draws(self) -> int:
        """Read the number of draws; 0 for the reference point."""
        value = self.file.document.get("draws")
        if value == REFERENCE_POINT:
            return 0
        if isinstance(value, str):
            self.file.refuse(("draws",), f'must be a number of draws, or "{REFERENCE_POINT}"', value)
            return 1
        number: int = self.file.whole(("draws",), value, *SIZES["draws"])
        return number

    def scenarios(self, until: int) -> list[Scenario]:
        """Load the scenarios."""
        names = self.file.document.get("scenarios")
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            self.file.refuse(("scenarios",), 'must be a list of scenarios such as ["us-entry-restrictions"]', names)
            return []
        found = []
        for position, name in enumerate(names):
            if name in names[:position]:
                self.file.refuse(("scenarios", position), "is named twice", name)
                continue
            try:
                found.append(load_scenario(self.beside(name), horizon=until))
            except ScenarioError as error:
                self.file.problems.extend(error.problems)
        titles = [scenario.name for scenario in found]
        for twice in sorted({name for name in titles if titles.count(name) > 1}):
            self.file.refuse(("scenarios",), f"two scenarios would both be called {twice}; rename a file")
        return found

    def beside(self, name: str) -> str:
        """Name a scenario by the file beside the design, if there is one."""
        paths = (self.file.path.parent / name, self.file.path.parent / f"{name}.toml") if name else ()
        return next((str(path) for path in paths if os.path.isfile(path)), name)

    def groups(self, scenarios: Sequence[Scenario]) -> dict[str, tuple[str, ...]]:
        """Collect the groups of regions of the scenarios and of the design, which must not contradict each other."""
        found: dict[str, tuple[str, ...]] = {}
        own: Mapping[str, tuple[str, ...]] = {}
        try:
            own = own_groups(self.file.document.get("groups", {}), packaged_vocabulary())
        except RefusedError as error:
            self.file.problems.extend(to_problem(each, self.file.shown, self.file.lines, ("groups",)) for each in error.findings)
        for groups in (*(scenario.groups for scenario in scenarios), own):
            for name, members in groups.items():
                if found.setdefault(name, members) != members:
                    self.file.refuse(("groups",), f"{name} has other members in another of its files; give it another name")
        return found

    def keep(self, until: int, groups: Groups) -> list[Measure]:
        """Read what is kept."""
        texts = self.file.document.get("keep")
        if not isinstance(texts, list) or not texts:
            self.file.refuse(("keep",), f'must be a list of measures such as ["share(work, USA, top20, {until})"]', texts)
            return []
        found: list[Measure] = []
        for position, text in enumerate(texts):
            path = ("keep", position)
            if not isinstance(text, str):
                self.file.refuse(path, f'must be a text such as "share(work, USA, top20, {until})"', text)
                continue
            try:
                measure = parse_measure(text, self.data.codes, until, groups)
            except MeasureError as error:
                self.file.refuse(path, str(error))
                continue
            if measure in found:
                self.file.refuse(path, "is kept already", text)
            found.append(measure)
        return found
