"""From runs to a comparison's folder: compare, run what needs new runs, write the answer, write the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from sim.comparisons.anatomy.anatomy import Anatomy
from sim.comparisons.anatomy.dissect import Size, Worlds, dissect
from sim.comparisons.answer import answers
from sim.comparisons.assumptions import assumption_rows, why_no_assumptions
from sim.comparisons.comparison import Comparison
from sim.comparisons.effects import compare_runs
from sim.comparisons.folder import comparison_folder, read_comparison, write_comparison
from sim.comparisons.pairing import RESOLVED, check_comparable, fixed_parameters, is_current, labels
from sim.runs.executors import Progress
from sim.runs.folder import Run
from sim.scenarios.load import load_basis, load_scenario
from sim.scenarios.scenario import Basis


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
    """

    assumptions: bool = True
    anatomy: bool = True
    workers: int = 1


def compare_into(
    runs: Sequence[Run], out: Path, extent: Extent, command: str = "", progress: Progress | None = None
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

    Returns
    -------
    tuple
        The comparison, its folder, and whether it was there already.

    Raises
    ------
    sim.comparisons.pairing.NotComparableError
        With everything that differs and must not.
    sim.runs.atomic.FolderError
        If the folder cannot be written or read.
    """
    check_comparable(runs[0], runs[1:])
    folder = comparison_folder(runs, out, extent.assumptions, extent.anatomy)
    if (folder / "provenance.json").is_file():
        return read_comparison(folder, runs), folder, True
    basis = load_basis()
    compared = compare_runs(runs[0], runs[1:], basis.data)
    write_comparison(complete(compared, extent, basis, progress), folder, command)
    return read_comparison(folder, runs), folder, False


def complete(comparison: Comparison, extent: Extent, basis: Basis, progress: Progress | None = None) -> Comparison:
    """Add what needs new runs on the basis, and the answer, to a comparison; arguments as for `compare_into`."""
    reasons = []
    if extent.assumptions:
        reasons.append(why_no_assumptions(comparison.base, comparison.variants))
        comparison = replace(comparison, assumptions=assumption_rows(comparison, basis, progress, extent.workers))
    if extent.anatomy:
        reasons.append(why_no_anatomy(comparison.base, comparison.variants))
        comparison = replace(comparison, anatomies=anatomies(comparison, Worlds(basis), extent.workers, progress))
    notes = (*comparison.notes, *(reason for reason in reasons if reason is not None))
    return replace(comparison, notes=notes, answers=answers(comparison))


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
        )
        found[name] = anatomy
    return MappingProxyType(found)
