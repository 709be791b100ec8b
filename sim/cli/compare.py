"""The verb of comparisons: ``compare``."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sim.cli.complete import complete_scenarios
from sim.cli.report import RUN_RECORD, report_into
from sim.cli.run import (
    USUAL,
    DrawsAsked,
    Sizes,
    draws_options,
    ensemble_under,
    execute_all,
    read_settings,
    say_solving,
    size_options,
    workers_option,
)
from sim.cli.terminal import (
    InputError,
    WorkError,
    collect_seldom,
    data_option,
    follow_data,
    gathered,
    given,
    json_option,
    load_all,
    out_option,
    progress_bar,
    say,
    show_json,
)
from sim.scenarios.groups import GROUPS

if TYPE_CHECKING:
    from sim.comparisons.comparison import Comparison
    from sim.runs.folder import Run

_SHORTEST_PREFIX = 4
_FEWEST = 2  # a base and a variant


class LeftOut(NamedTuple):
    """What a comparison shall do without."""

    no_assumptions: bool
    no_anatomy: bool
    no_report: bool


class Ranked(NamedTuple):
    """What a comparison ranks by, and for how many variants it says why."""

    goals: tuple[str, ...]
    lower: bool
    every_variant: bool


class Output(NamedTuple):
    """How a comparison is told."""

    exports: tuple[tuple[str, Path], ...]
    full: bool
    as_json: bool


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="BASE VARIANT...", shell_complete=complete_scenarios)
@data_option
@out_option
@size_options(Sizes())
@workers_option
@draws_options
@click.option("--goal", "goals", multiple=True, metavar="FORMULA",
              help='Rank by a formula such as "share(work, EUROPE, top20, 2035)"; may be repeated.  [default for several '
              "variants: the share of work that moves most]")  # fmt: skip
@click.option("--lower", is_flag=True, help="Less of the goals is better.")
@click.option("--every-variant", is_flag=True, help="Make the runs that say why for all variants, not for the first three.")
@gathered("ranked", Ranked)
@click.option("--no-assumptions", is_flag=True, help="Leave out the effects at the reference point under other assumptions.")
@click.option("--no-anatomy", is_flag=True, help="Leave out who changed and why.")
@click.option("--no-report", is_flag=True, help="Leave out the page and the figures.")
@gathered("left_out", LeftOut)
@click.option("--export", "exports", type=(click.Choice(["iamc", "hubverse"]), click.Path(dir_okay=False, path_type=Path)),
              multiple=True, metavar="FORMAT FILE",
              help="Write iamc or hubverse to FILE (.csv or .parquet); may be repeated.")  # fmt: skip
@click.option("--full", is_flag=True, help="Print every table and how to read them.")
@json_option
@gathered("output", Output)
def compare(
    runs: tuple[str, ...],
    out: str,
    sizes: Sizes,
    workers: int | None,
    asked: DrawsAsked,
    ranked: Ranked,
    left_out: LeftOut,
    output: Output,
) -> None:
    """Say what each VARIANT changes in BASE: how much, whether it is more than noise, and what that rests on.

    Each is a scenario (a shipped name or a file), the folder of a run, or the first digits of a run id below --out. What is
    missing is run, with the sizes of the runs that are there. Several variants are ranked.
    """
    collect_seldom()
    from sim.cli.tables.comparison import answer_report, comparison_record, comparison_report
    from sim.comparisons.answers.ranking import GoalError
    from sim.comparisons.compare import Extent, compare_into
    from sim.comparisons.exports import ExportError, check_export, export
    from sim.comparisons.pairing import NotComparableError
    from sim.runs.executors import available_cores

    if len(runs) < _FEWEST:
        raise InputError(["compare takes a base and at least one variant, as in: talentsim compare baseline us-opening"])
    place, processes = Path(out), workers or available_cores()
    tell: Callable[[Comparison], None] = lambda told: None if output.as_json else say(answer_report(told))  # noqa: E731
    try:
        for form, path in output.exports:
            check_export(form, path)
        found, groups = find_or_make(runs, place, sizes, processes, asked, ranked.goals, not left_out.no_assumptions)
        extent = Extent(not left_out.no_assumptions, not left_out.no_anatomy, processes,
                        ranked.every_variant, ranked.goals, ranked.lower, groups)  # fmt: skip
        command = _command_of(found, asked.settings, left_out, ranked)
        with progress_bar("comparison") as progress:
            comparison, folder, was_there = compare_into(found, place, extent, command, progress, tell)
        for form, path in output.exports:
            export(comparison, form, path)
    except NotComparableError as error:
        raise InputError(error.reasons) from error
    except (ExportError, GoalError) as error:
        raise InputError([str(error)]) from error
    if not output.as_json:
        say(comparison_report(comparison, output.full))
        told = [f"{form}: {path}" for form, path in output.exports]
        say("\n".join(["", *told, f"Comparison ({'already there' if was_there else 'written'}): {folder}"]), soft_wrap=True)
    page, problem = (None, "") if left_out.no_report else try_page(comparison, folder)
    if output.as_json:
        show_json(comparison_record(comparison, folder, was_there) | {"page": page and str(page), "page_problem": problem})
    elif page is not None:
        say(f"Report: {page}", soft_wrap=True)
    if problem and not output.as_json:
        raise WorkError(problem)


def try_page(comparison: Comparison, folder: Path) -> tuple[Path | None, str]:
    """Write the page and the figures of a comparison that is complete; if that fails, say why, and that the comparison stays."""
    try:
        return report_into(comparison, folder), ""
    except (OSError, ValueError) as error:
        again = f"the comparison is complete in {folder}; `talentsim report {folder}` makes its page again"
        return None, f"the page could not be written: {error}; {again}"


def find_or_make(
    arguments: Sequence[str],
    out: Path,
    wanted: Sizes,
    workers: int,
    asked: DrawsAsked,
    goals: Sequence[str] = (),
    has_assumptions: bool = False,
) -> tuple[list[Run], dict[str, tuple[str, ...]]]:
    """Read the runs that are there; make the others in their sizes, once the goals can be read.

    Returns
    -------
    tuple
        The runs, and the groups of regions that they and the scenarios name.

    Raises
    ------
    InputError
        If an argument is neither a run nor a scenario, or an option contradicts a run that is there.
    """
    from sim.comparisons.answers.ranking import GoalError, read_goal
    from sim.comparisons.assumptions import reference_variants
    from sim.comparisons.effects import groups_of_runs
    from sim.data.load import is_packaged
    from sim.runs.folder import ensemble_of
    from sim.runs.plan import RunPlan
    from sim.scenarios.load import load_basis

    folders = [folder_of(argument, out) for argument in arguments]
    for folder in folders:
        if folder is not None and is_packaged():
            follow_data(folder)
    there = [None if folder is None else run_given(folder) for folder in folders]
    known = [run for run in there if run is not None]
    sizes = sizes_of(known, wanted)
    missing = [argument for argument, folder in zip(arguments, folders, strict=True) if folder is None]
    if missing:
        check_current(known)
    scenarios = load_all(missing, read_settings(asked.settings), sizes["until"])
    own = {name: members for scenario in reversed(scenarios) for name, members in scenario.groups.items()}
    basis = load_basis()
    groups = {**GROUPS, **groups_of_runs(known), **own}
    try:
        for goal in goals:
            read_goal(goal, basis.data.codes, sizes["until"], groups)
    except GoalError as error:
        raise InputError([str(error)]) from error
    of_run = bool(known) and asked.ensemble is None
    draws = ensemble_of(known[0]) if of_run else ensemble_under(asked, sizes["draws"], out, workers)
    plans = [RunPlan(scenario, basis, workers=workers, ensemble=draws, **sizes) for scenario in scenarios]
    say_solving(plans, reference_variants if has_assumptions else None)
    made = (run for run, _ in execute_all(plans, out, asked.settings))
    return [next(made) if run is None else run for run in there], groups


def run_given(folder: Path) -> Run:
    """Read the folder of a run that somebody named; InputError if it is damaged."""
    from sim.runs.folder import read_run

    with given(folder):
        return read_run(folder)


def check_current(there: Sequence[Run]) -> None:
    """Check, before anything is run beside them, that runs were made by this version of the model.

    Raises
    ------
    InputError
        Naming those that were not.
    """
    from sim.comparisons.pairing import is_current

    problems = [
        f"{run.folder} was made by another version of the model or the data; name the scenario {run.name} to run it again"
        for run in there
        if not is_current(run)
    ]
    if problems:
        raise InputError(problems)


def sizes_of(there: Sequence[Run], asked: Sizes) -> dict[str, Any]:
    """Take the sizes of the first run that is there, else those asked for, else the usual ones.

    Raises
    ------
    InputError
        If an option asks for another size than that run has.
    """
    options = {name: value for name, value in asked._asdict().items() if value is not None}
    if not there:
        return USUAL._asdict() | options
    given = {name: int(there[0].provenance[name]) for name in Sizes._fields}
    problems = [
        f"--{name} {value}: the run {there[0].folder} has {given[name]}; leave the option out, or name the scenario instead"
        for name, value in options.items()
        if value != given[name]
    ]
    if problems:
        raise InputError(problems)
    return given


def folder_of(argument: str, out: Path) -> Path | None:
    """Find the run that an argument names: a folder, or the first digits of a run id; None if it names a scenario.

    Raises
    ------
    InputError
        If several runs begin with these digits, or a folder holds no run.
    """
    folder = Path(argument)
    if (folder / RUN_RECORD).is_file():
        return folder
    if folder.is_dir() and not folder.with_suffix(".toml").is_file():
        raise InputError([f"{argument} is a folder without a run; name results/SCENARIO/RUN-ID, a run id or a scenario"])
    if len(argument) < _SHORTEST_PREFIX or not set(argument) <= set("0123456789abcdef"):
        return None
    found = sorted(path.parent for path in out.glob(f"*/{argument}*/{RUN_RECORD}"))
    if len(found) > 1:
        raise InputError([f"{argument}: {len(found)} runs begin so: {', '.join(str(path) for path in found)}"])
    return found[0] if found else None


def _command_of(runs: Sequence[Run], settings: Sequence[str], left_out: LeftOut, ranked: Ranked) -> str:
    """Return the command that makes a comparison again, without anything of this machine."""
    from sim.data.schema import PACKAGED

    sizes = [word for name in Sizes._fields for word in (f"--{name}", str(runs[0].provenance[name]))]
    fixed = [word for setting in settings for word in ("--set", setting)]
    goals = [word for goal in ranked.goals for word in ("--goal", goal)]
    flags = [f"--{flag.replace('_', '-')}" for flag in ("no_assumptions", "no_anatomy") if getattr(left_out, flag)]
    flags += [f"--{flag.replace('_', '-')}" for flag in ("lower", "every_variant") if getattr(ranked, flag)]
    name = runs[0].provenance["data"].get("name", PACKAGED)
    data = [] if name == PACKAGED else ["--data", name]
    return shlex.join(["talentsim", "compare", *(run.name for run in runs), *sizes, *data, *fixed, *goals, *flags])
