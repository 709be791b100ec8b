"""From runs to a comparison's folder: compare, run what needs new runs, write the answer, write the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from sim.comparisons.anatomy.anatomy import Anatomy, ChannelRow, LeverPart
from sim.comparisons.anatomy.dissect import Size, Worlds, dissect
from sim.comparisons.answers.answer import answers
from sim.comparisons.answers.ranking import rank_variants, read_goal, usual_goal
from sim.comparisons.assumptions import assumption_rows, why_no_assumptions
from sim.comparisons.comparison import Comparison
from sim.comparisons.effects import compare_runs, groups_of_runs, leading
from sim.comparisons.folder import comparison_folder, read_comparison, write_comparison
from sim.comparisons.pairing import RESOLVED, check_comparable, fixed_parameters, is_current, labels, pair
from sim.data.schema import Data
from sim.engines.axes import AXES, TIERS
from sim.runs.atomic import FolderError, set_aside
from sim.runs.executors import Progress
from sim.runs.folder import Run, ensemble_of
from sim.scenarios.groups import Groups
from sim.scenarios.load import load_basis, load_scenario
from sim.scenarios.scenario import Basis

Explained = TypeVar("Explained", ChannelRow, LeverPart)
MOST_UNRANKED = 2
"""A base and a variant need no ranking."""


MOST_EXPLAINED = 3
"""Variants, the first ones, for which runs of their own are made unless all are asked for."""


@dataclass(frozen=True)
class Extent:
    """What a comparison holds besides the runs it was given.

    Parameters
    ----------
    assumptions
        Whether the main effects are run at the reference point under other assumptions.
    anatomy
        Whether some runs are made again with everyone's history, to say who changed and why.
    workers
        Processes of the anatomy, threads of the assumptions; they change nothing in the result.
    is_every_variant
        Whether runs of their own are made for all variants, not for the first `MOST_EXPLAINED` alone.
    goals
        Formulas by which scenarios are ranked; without any several variants are ranked by what they move most.
    is_lower_better
        Whether less of the goals is better.
    groups
        Groups of regions told beside the regions; those of the runs if None.
    """

    assumptions: bool = True
    anatomy: bool = True
    workers: int = 1
    is_every_variant: bool = False
    goals: tuple[str, ...] = ()
    is_lower_better: bool = False
    groups: Groups | None = None

    def decides(self, variants: int) -> tuple[Any, ...]:
        """Return what of it decides what a comparison of so many variants holds."""
        explained = variants if self.is_every_variant else min(variants, MOST_EXPLAINED)
        return self.assumptions, self.anatomy, explained, list(self.goals), self.is_lower_better


Listener = Callable[[Comparison], object]
"""Is given a comparison that has its answer, before anything is made that takes long or can fail."""


def silent(comparison: Comparison) -> None:
    """Tell nothing of a comparison."""


def compare_into(
    runs: Sequence[Run], out: Path, extent: Extent, command: str = "", progress: Progress | None = None, tell: Listener = silent
) -> tuple[Comparison, Path, bool]:
    """Find the comparison of runs below a results folder, or make and write it.

    Parameters
    ----------
    runs
        The base, then the variants.
    out
        Results folder.
    extent
        What to hold.
    command
        The command that makes it again, without anything of this machine.
    progress
        Called with (phase, done, total).
    tell
        Called with the comparison as soon as it has its answer and its ranking.

    Returns
    -------
    tuple
        The comparison, its folder, and whether it was there already.

    Raises
    ------
    sim.comparisons.pairing.NotComparableError
        With everything that differs and must not.
    sim.comparisons.answers.ranking.GoalError
        If a goal cannot be read.
    sim.runs.atomic.FolderError
        If the folder cannot be written or read.
    """
    check_comparable(runs[0], runs[1:])
    groups = extent.groups if extent.groups is not None else groups_of_runs(runs)
    folder = comparison_folder(runs, out, extent.decides(len(runs) - 1), groups)
    found = found_comparison(folder, runs)
    if found is not None:
        tell(found)
        return found, folder, True
    basis = load_basis()
    answered = answered_by(runs, basis.data, extent, groups)
    tell(answered)
    asked = extent.decides(len(runs) - 1)
    write_comparison(complete(answered, extent, basis, progress), folder, command, asked=asked)
    return read_comparison(folder, runs), folder, False


def found_comparison(folder: Path, runs: Sequence[Run]) -> Comparison | None:
    """Read a comparison that is there; None if there is none. A damaged one is set aside, so that it is made again."""
    if not folder.exists():
        return None
    try:
        return read_comparison(folder, runs)
    except FolderError as error:
        set_aside(folder, str(error))
        return None


def answered_by(runs: Sequence[Run], data: Data, extent: Extent, groups: Groups) -> Comparison:
    """Compare runs and write the answers and the ranking: all that needs no run of its own."""
    base = runs[0]
    goals = [read_goal(text, base.codes, int(base.years[-1]), groups, extent.is_lower_better) for text in extent.goals]
    compared = compare_runs(base, runs[1:], data, groups)
    if not goals and len(runs) > MOST_UNRANKED:
        goals = [read_goal(usual_goal(compared), base.codes, int(base.years[-1]), groups, extent.is_lower_better)]
    ranking = rank_variants(compared, goals, [pair(base, run, data) for run in runs[1:]]) if goals else ()
    return replace(compared, ranking=ranking, answers=answers(compared))


def complete(comparison: Comparison, extent: Extent, basis: Basis, progress: Progress | None = None) -> Comparison:
    """Add what needs new runs on the basis to a comparison; arguments as for `compare_into`."""
    reasons: list[str | None] = []
    chosen = len(comparison.variants) if extent.is_every_variant else MOST_EXPLAINED
    explained = replace(comparison, variants=comparison.variants[:chosen], effects=comparison.effects[:chosen])
    if chosen < len(comparison.variants) and (extent.assumptions or extent.anatomy):
        reasons.append(f"Why is told of the first {chosen} variants; --every-variant makes the runs that tell it of all.")
    if extent.assumptions:
        reasons.append(why_no_assumptions(explained.base, explained.variants))
        comparison = replace(comparison, assumptions=assumption_rows(explained, basis, progress, extent.workers))
    if extent.anatomy:
        reasons.append(why_no_anatomy(explained.base, explained.variants))
        worlds = Worlds(basis, ensemble_of(comparison.base))
        comparison = replace(comparison, anatomies=anatomies(explained, worlds, extent.workers, progress))
    notes = (*comparison.notes, *(reason for reason in reasons if reason is not None))
    return replace(comparison, notes=notes)


def why_no_anatomy(base: Run, variants: Sequence[Run]) -> str | None:
    """Say why runs cannot be taken apart; None if they can."""
    if not all(is_current(run) for run in (base, *variants)):
        return "Who changed is not told: the runs were made by another version of the model."
    if any(fixed_parameters(run) != fixed_parameters(base) for run in variants):
        return "Who changed is not told: the scenarios fix other parameters."
    return None


def anatomies(comparison: Comparison, worlds: Worlds, workers: int, progress: Progress | None) -> Mapping[str, Anatomy]:
    """Take every variant apart, by name; empty where `why_no_anatomy` has a reason."""
    base, variants = comparison.base, comparison.variants
    if why_no_anatomy(base, variants) is not None:
        return MappingProxyType({})
    scenarios = [load_scenario(str(run.folder / RESOLVED)) for run in (base, *variants)]
    record = base.provenance
    size = Size(researchers=int(record["researchers"]), seed=int(record["seed"]), until=int(record["until"]))
    names = labels(base, variants)
    found = {}
    for name, run, scenario in zip(names[1:], variants, scenarios[1:], strict=True):
        anatomy = dissect(
            replace(scenarios[0], name=names[0]),
            replace(scenario, name=name),
            worlds,
            replace(size, draws=tuple(draw for draw in size.draws if draw < min(base.draws, run.draws))),
            workers,
            progress,
            told_of(comparison, name),
        )
        found[name] = beside_headlines(anatomy, comparison, names.index(name) - 1)
    return MappingProxyType(found)


def told_of(comparison: Comparison, name: str) -> list[str]:
    """List the regions whose share of work is among the headlines of a variant."""
    rows = leading(comparison.headlines, name)
    return [region for region in dict.fromkeys(row.region for row in rows) if region in comparison.base.codes]


def beside_headlines(anatomy: Anatomy, comparison: Comparison, variant: int) -> Anatomy:
    """Put the effect over all pairs beside what the runs of an anatomy show, and what is left between the two.

    Parameters
    ----------
    anatomy
        Of the variant.
    comparison
        With effects.
    variant
        Number of the variant, from 0.
    """
    effects, base = comparison.effects[variant], comparison.base

    def with_headline(row: Explained) -> Explained:
        if row.year < base.years[0]:
            return row  # no headline is given of a year that is not reported
        cell = row.year - int(base.years[0]), TIERS.index(row.tier), AXES.index(row.axis), base.codes.index(row.region)
        headline = float(effects.difference_points[cell])
        return row._replace(
            headline_points=headline,
            other_runs_points=headline - row.total_points,
            headline_error_points=float(effects.error_points[cell]),
        )

    return replace(
        anatomy,
        channels=tuple(with_headline(row) for row in anatomy.channels),
        levers=tuple(with_headline(row) for row in anatomy.levers),
    )
