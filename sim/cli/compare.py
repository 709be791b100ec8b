"""The verb of comparisons: ``compare``."""

from __future__ import annotations

import gc
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sim.cli.report import RUN_RECORD, report_into
from sim.cli.run import (
    USUAL,
    DrawsAsked,
    Sizes,
    draws_options,
    ensemble_under,
    execute_all,
    read_settings,
    size_options,
    workers_option,
)
from sim.cli.terminal import InputError, gathered, json_option, load_all, progress_bar, say, show_json

if TYPE_CHECKING:
    from sim.runs.folder import Run

_SHORTEST_PREFIX = 4
_FEWEST = 2  # a base and a variant


class LeftOut(NamedTuple):
    """What a comparison shall do without."""

    no_assumptions: bool
    no_anatomy: bool
    no_report: bool


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="BASE VARIANT...")
@click.option("--out", default="results", show_default=True, metavar="DIR", help="Results folder.")
@size_options(Sizes())
@workers_option
@draws_options
@click.option("--no-assumptions", is_flag=True, help="Leave out the effects at the reference point under other assumptions.")
@click.option("--no-anatomy", is_flag=True, help="Leave out who changed and why.")
@click.option("--no-report", is_flag=True, help="Leave out the page and the figures.")
@gathered("left_out", LeftOut)
@click.option("--export", "exports", type=(click.Choice(["iamc", "hubverse"]), click.Path(dir_okay=False, path_type=Path)),
              multiple=True, metavar="FORMAT FILE",
              help="Write iamc or hubverse to FILE (.csv or .parquet); may be repeated.")  # fmt: skip
@json_option
def compare(
    runs: tuple[str, ...],
    out: str,
    sizes: Sizes,
    workers: int | None,
    asked: DrawsAsked,
    left_out: LeftOut,
    exports: tuple[tuple[str, Path], ...],
    as_json: bool,
) -> None:
    """Say what each VARIANT changes in BASE: how much, whether it is more than noise, and what that rests on.

    Each is a scenario (a shipped name or a file), the folder of a run, or the first digits of a run id below --out. What is
    missing is run, with the sizes of the runs that are there.
    """
    gc.enable()
    from sim.cli.tables.comparison import comparison_record, comparison_report
    from sim.comparisons.compare import Extent, compare_into
    from sim.comparisons.exports import ExportError, check_export, export
    from sim.comparisons.pairing import NotComparableError
    from sim.runs.executors import available_cores

    if len(runs) < _FEWEST:
        raise InputError(["compare takes a base and at least one variant, as in: talentsim compare baseline us-opening"])
    place, processes = Path(out), workers or available_cores()
    extent = Extent(not left_out.no_assumptions, not left_out.no_anatomy, processes)
    try:
        for form, path in exports:
            check_export(form, path)
        found = find_or_make(runs, place, sizes, processes, asked)
        with progress_bar("comparison") as progress:
            comparison, folder, was_there = compare_into(
                found, place, extent, _command_of(found, asked.settings, left_out), progress
            )
        for form, path in exports:
            export(comparison, form, path)
    except NotComparableError as error:
        raise InputError(error.reasons) from error
    except ExportError as error:
        raise InputError([str(error)]) from error
    page = None if left_out.no_report else report_into(comparison, folder)
    if as_json:
        show_json(comparison_record(comparison, folder, was_there))
        return
    say(comparison_report(comparison))
    for form, path in exports:
        say(f"\n{form}: {path}", soft_wrap=True)
    state = "already there" if was_there else "written"
    say(f"\nComparison ({state}): {folder}", soft_wrap=True)
    if page is not None:
        say(f"Report: {page}", soft_wrap=True)
        say("\n".join(("", *comparison.answers)))


def find_or_make(arguments: Sequence[str], out: Path, wanted: Sizes, workers: int, asked: DrawsAsked) -> list[Run]:
    """Read the runs that are there; make the others in their sizes.

    Raises
    ------
    InputError
        If an argument is neither a run nor a scenario, or an option contradicts a run that is there.
    """
    from sim.runs.folder import ensemble_of, read_run
    from sim.runs.plan import RunPlan
    from sim.scenarios.load import load_basis

    folders = [folder_of(argument, out) for argument in arguments]
    there = [None if folder is None else read_run(folder) for folder in folders]
    sizes = sizes_of([run for run in there if run is not None], wanted)
    missing = [argument for argument, folder in zip(arguments, folders, strict=True) if folder is None]
    if missing:
        check_current([run for run in there if run is not None])
    scenarios = load_all(missing, read_settings(asked.settings), sizes["until"])
    known = next((run for run in there if run is not None), None)
    of_run = known is not None and asked.ensemble is None
    draws = ensemble_of(known) if known is not None and of_run else ensemble_under(asked, sizes["draws"], out, workers)
    plans = [RunPlan(scenario, load_basis(), workers=workers, ensemble=draws, **sizes) for scenario in scenarios]
    made = (run for run, _ in execute_all(plans, out, asked.settings))
    return [next(made) if run is None else run for run in there]


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


def _command_of(runs: Sequence[Run], settings: Sequence[str], left_out: LeftOut) -> str:
    """Return the command that makes a comparison again, without anything of this machine."""
    sizes = [word for name in Sizes._fields for word in (f"--{name}", str(runs[0].provenance[name]))]
    fixed = [word for setting in settings for word in ("--set", setting)]
    flags = [f"--{flag.replace('_', '-')}" for flag in ("no_assumptions", "no_anatomy") if getattr(left_out, flag)]
    return shlex.join(["talentsim", "compare", *(run.name for run in runs), *sizes, *fixed, *flags])
