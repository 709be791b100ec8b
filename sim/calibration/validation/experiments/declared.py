"""Reads the declared experiments: what is switched, what was published, and what the model cannot say."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sim.calibration.evidence import Record
from sim.calibration.validation.experiments.readings import READINGS, Where
from sim.draws.reference import without
from sim.scenarios.load import load_scenario
from sim.scenarios.scenario import Scenario

EXPERIMENTS = Path(__file__).with_name("experiments.toml")
CENTRAL_90 = 1.645
"""Standard errors from the middle to the ends of a central interval of 90 %."""
FIGURE_USES = ("fit", "shown")


@dataclass(frozen=True)
class Altered:
    """What makes one side of an experiment of the baseline.

    Parameters
    ----------
    drop
        Ids of levers of the baseline that are taken out.
    levers
        Levers that are laid over it, as tables of a scenario file.
    """

    drop: tuple[str, ...] = ()
    levers: tuple[Mapping[str, Any], ...] = ()

    def scenario(self, baseline: Scenario) -> Scenario:
        """Make the scenario of the side."""
        side = without(baseline, self.drop)
        if not self.levers:
            return side
        own = load_scenario({"title": "One side of an experiment", "lever": [dict(table) for table in self.levers]})
        return replace(side, layers=(*side.layers, *own.layers))


@dataclass(frozen=True)
class QuasiExperiment:
    """Two sides that differ in what a study compared.

    Parameters
    ----------
    id, title
        Name; what happened.
    until
        Last year that is walked.
    treated, control
        The side on which it happened, the side on which it did not.
    """

    id: str
    title: str
    until: int
    treated: Altered
    control: Altered


@dataclass(frozen=True)
class Figure:
    """One published figure.

    Parameters
    ----------
    id, label
        Name; what was measured, in words.
    experiment
        Id of the experiment.
    reading, where
        What is read off its two sides.
    published, low, high
        The figure and its interval of 90 %.
    interval
        Where the interval comes from.
    bound
        "" or at_most, at_least: what the figure is a bound of.
    use
        fit (it weighs, as a row of evidence) or shown.
    source
        Ids of sources.csv.
    note
        In what the model's experiment differs from the study.
    """

    id: str
    label: str
    experiment: str
    reading: str
    where: Where
    published: float
    low: float
    high: float
    interval: str
    use: str
    source: tuple[str, ...]
    bound: str = ""
    note: str = ""


@dataclass(frozen=True)
class Unsaid:
    """A published figure that the model cannot say, and why."""

    label: str
    published: str
    source: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Declared:
    """All that is declared, in the order of the file."""

    experiments: tuple[QuasiExperiment, ...]
    figures: tuple[Figure, ...]
    unsaid: tuple[Unsaid, ...]

    def experiment_of(self, figure: Figure) -> QuasiExperiment:
        """Find the experiment of a figure."""
        return next(each for each in self.experiments if each.id == figure.experiment)


def load_experiments(record: Record, path: Path = EXPERIMENTS) -> Declared:
    """Read the declared experiments; figures that are rows of evidence take value, error, use and source from there.

    Raises
    ------
    ValueError : a reading, a use or a row is not known; a year lies beyond what is walked; says which and where.
    """
    with path.open("rb") as file:
        read = tomllib.load(file)
    experiments = tuple(make_experiment(entry) for entry in read["experiment"])
    figures = tuple(make_figure(entry, record) for entry in read["figure"])
    unsaid = tuple(Unsaid(**{**entry, "source": tuple(entry["source"])}) for entry in read["unsaid"])
    declared = Declared(experiments, figures, unsaid)
    problems = [problem for figure in figures for problem in figure_problems(figure, declared)]
    if problems:
        raise ValueError(f"{path.name}: {'; '.join(problems)}")
    return declared


def make_experiment(entry: Mapping[str, Any]) -> QuasiExperiment:
    """Make an experiment of its table."""
    return QuasiExperiment(
        entry["id"], entry["title"], entry["until"], *(make_altered(entry.get(side, {})) for side in ("treated", "control"))
    )


def make_altered(entry: Mapping[str, Any]) -> Altered:
    """Make a side of its table."""
    return Altered(tuple(entry.get("drop", ())), tuple(entry.get("lever", ())))


def make_figure(entry: Mapping[str, Any], record: Record) -> Figure:
    """Make a figure of its table, with what a row of evidence says where one is named."""
    own = dict(entry)
    asked: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in own.pop("where").items()}
    name = own.pop("row", None)
    if name is not None:
        row = next((row for row in record.rows if row.id == name), None)
        if row is None:
            raise ValueError(f"figure {own['id']}: row {name!r} is not in the evidence; name one of evidence.toml")
        reach = CENTRAL_90 * row.error
        own |= {"published": row.value, "low": row.value - reach, "high": row.value + reach, "source": row.source}
        own |= {"use": "fit" if row.use == "fit" else "shown", "interval": f"error of the row {name} of the evidence"}
    return Figure(where=Where(**asked), **{**own, "source": tuple(own["source"])})


def figure_problems(figure: Figure, declared: Declared) -> Sequence[str]:
    """Report what is wrong with a figure."""
    problems = []
    allowed = {each.id: each for each in declared.experiments}
    if figure.experiment not in allowed:
        problems.append(f"figure {figure.id}: experiment {figure.experiment!r}; allowed: {', '.join(allowed)}")
    elif max(figure.where.years[1], figure.where.degrees[1]) > allowed[figure.experiment].until:
        problems.append(f"figure {figure.id}: a year lies after {allowed[figure.experiment].until}; raise `until`")
    if figure.reading not in READINGS:
        problems.append(f"figure {figure.id}: reading {figure.reading!r}; allowed: {', '.join(READINGS)}")
    if figure.use not in FIGURE_USES:
        problems.append(f"figure {figure.id}: use {figure.use!r}; allowed: {', '.join(FIGURE_USES)}")
    if not figure.low <= figure.published <= figure.high and not figure.bound:
        problems.append(f"figure {figure.id}: {figure.published} lies outside {figure.low} to {figure.high}")
    return problems
