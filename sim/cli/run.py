"""The verb that simulates: ``talentsim run``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sim.cli.terminal import (
    Command,
    InputError,
    WorkError,
    collect_seldom,
    data_option,
    gathered,
    json_option,
    load_all,
    out_option,
    progress_bar,
    progress_lines,
    say,
    say_unsolved,
    scenario_arguments,
    show_json,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.data.schema import Data
    from sim.draws.ensemble import Ensemble
    from sim.runs.executors import Progress
    from sim.runs.folder import Run
    from sim.runs.plan import RunPlan


class Sizes(NamedTuple):
    """How large runs are; None for what was not asked."""

    researchers: int | None = None
    draws: int | None = None
    replicates: int | None = None
    seed: int | None = None
    until: int | None = None


USUAL = Sizes(researchers=20_000, draws=100, replicates=2, seed=1, until=2035)


def size_options(defaults: Sizes) -> Callable[[Command], Command]:
    """Give a command the options of `Sizes`; those without a default say which is the usual one."""
    declared = {
        "researchers": (click.IntRange(100, 10_000_000), "N", "Active researchers simulated in 2022."),
        "draws": (click.IntRange(1, 10_000), "N", "Draws of the uncertain parameters."),
        "replicates": (click.IntRange(1, 10_000), "N", "Realisations of the random numbers per draw."),
        "seed": (click.IntRange(0, 2**32 - 1), "S", "Seed of the random numbers."),
        "until": (click.IntRange(2010, 2050), "YEAR", "Last year."),
    }

    def decorate(command: Command) -> Command:
        command = gathered("sizes", Sizes)(command)
        for name, (kind, metavar, words) in reversed(declared.items()):
            default = getattr(defaults, name)
            usual = "" if default is not None else f"  [default: {getattr(USUAL, name)}]"
            command = click.option(
                f"--{name}", type=kind, default=default, show_default=True, metavar=metavar, help=words + usual
            )(command)
        return command

    return decorate


ENSEMBLE_HELP = "Draws: prior, a shipped ensemble, or a file of `calibrate`.  [default: the shipped one]"


class DrawsAsked(NamedTuple):
    """Which draws: name or file of an ensemble, None for the shipped one; texts of ``--set``."""

    ensemble: str | None
    settings: tuple[str, ...]


def draws_options(command: Command) -> Command:
    """Give a command the options of `DrawsAsked`, as `asked`."""
    command = gathered("asked", DrawsAsked)(command)
    command = click.option("--set", "settings", multiple=True, metavar="PARAMETER=VALUE",
                           help="Fix an uncertain parameter; may be repeated.")(command)  # fmt: skip
    return click.option("--ensemble", metavar="NAME|FILE", help=ENSEMBLE_HELP)(command)


workers_option = click.option(
    "--workers", type=click.IntRange(1, 1024), metavar="N", help="Threads or processes.  [default: one per core]"
)


class RunOutput(NamedTuple):
    """How the answer is given."""

    full: bool
    as_json: bool


@click.command()
@scenario_arguments
@data_option
@out_option
@size_options(USUAL)
@click.option("--engine", default="arrays", show_default=True, type=click.Choice(["arrays", "agents"]),
              help="Engine that walks the years.")  # fmt: skip
@workers_option
@draws_options
@click.option("--check-invariants", is_flag=True,
              help="Check every year that no researcher is lost; repeats and compares a run.")  # fmt: skip
@click.option("--full", is_flag=True, help="Print every table and how to read them.")
@json_option
@gathered("output", RunOutput)
def run(
    scenarios: tuple[str, ...],
    out: str,
    sizes: Sizes,
    engine: str,
    workers: int | None,
    asked: DrawsAsked,
    check_invariants: bool,
    output: RunOutput,
) -> None:
    """Run scenarios over draws and replicates; print the shares, write the results folder."""
    collect_seldom()
    loaded = load_all(scenarios, read_settings(asked.settings), sizes.until)
    from sim.calibration.validation.record import read_kept, record_line
    from sim.cli.tables.run import run_record, run_report
    from sim.reports.words import region_names
    from sim.runs.executors import available_cores
    from sim.runs.plan import RunPlan
    from sim.scenarios.groups import GROUPS
    from sim.scenarios.load import load_basis

    options: dict[str, Any] = {"engine": engine, "workers": workers or available_cores(), "check_invariants": check_invariants}
    options["ensemble"] = ensemble_under(asked, sizes.draws or 1, Path(out), options["workers"])
    basis = load_basis()
    plans = [RunPlan(scenario, basis, **sizes._asdict(), **options) for scenario in loaded]
    names = region_names()
    say_solving(plans)
    records = []
    for plan, (finished, state) in zip(plans, execute_all(plans, Path(out), asked.settings), strict=True):
        groups = {**GROUPS, **plan.scenario.groups}
        if output.as_json:
            records.append(run_record(finished, state, groups))
            continue
        say(run_report(finished, names, groups, output.full))
        say(f"\nResults of {plan.scenario.name} ({state}): {finished.folder}", soft_wrap=True)
    if output.as_json:
        show_json({"runs": records})
    elif line := record_line(read_kept()):
        say(line)


def say_solving(plans: Sequence[RunPlan], also: Callable[[Data], Sequence[Mapping[str, float]]] | None = None) -> None:
    """Say how many draws have to be solved first, and how long that will take: for data that no solved draws ship with.

    Parameters
    ----------
    plans
        Of runs.
    also
        Makes the parameters of further reference points that will be asked for.
    """
    from sim.data.load import is_packaged

    if is_packaged() or not plans:
        return
    from sim.draws.draw import REFERENCE
    from sim.runs.execute import variant_tasks
    from sim.runs.plan import tasks_of

    basis = plans[0].basis
    try:
        tasks = [task for plan in plans for task in (*tasks_of(plan), *variant_tasks(plan).values())]
    except ValueError as error:
        raise InputError([str(error)]) from error
    points = [(task.number, task.parameters) for task in tasks]
    points += [(REFERENCE, parameters) for parameters in (also(basis.data) if also else ())]
    say_unsolved(basis, points, plans[0].workers)


def ensemble_asked(name: str | None) -> Ensemble:
    """Find the ensemble of the option; InputError with what is allowed if there is none of that name."""
    from sim.draws.ensemble import EnsembleError, find_ensemble

    try:
        return find_ensemble(name)
    except EnsembleError as error:
        raise InputError([str(error)]) from error


def ensemble_under(asked: DrawsAsked, draws: int, out: Path, workers: int) -> Ensemble:
    """Find the ensemble, and solve and weigh its draws anew where parameters are fixed, saying how many draws that leaves."""
    ensemble = ensemble_asked(asked.ensemble)
    fixed = read_settings(asked.settings)
    if ensemble.is_prior or not fixed:
        return ensemble
    from sim.calibration.ensemble.conditioned import FEW_EFFECTIVE, under_settings
    from sim.scenarios.load import load_basis

    try:
        with progress_lines() as progress:
            found, effective = under_settings(ensemble, load_basis(), fixed, draws, out / "ensembles", workers, progress)
    except ValueError as error:
        raise InputError([str(error)]) from error
    few = "" if effective >= FEW_EFFECTIVE else "; few: the record speaks against it, or more --draws are needed"
    click.echo(
        f"--set {' '.join(asked.settings)}: {len(found)} draws solved and weighed anew, effective size {effective:.0f}{few}",
        err=True,
    )
    return found


def read_settings(settings: Sequence[str]) -> dict[str, float]:
    """Read ``PARAMETER=VALUE`` texts; the names are checked when a scenario is loaded.

    Raises
    ------
    InputError
        For a text of another form, a value that is no finite number, or two values for one parameter.
    """
    values: dict[str, float] = {}
    problems = []
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip()
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not equals or not name or value != value or abs(value) == float("inf"):
            problems.append(f"--set {setting}: expected PARAMETER=VALUE with a number, as in ecosystem_pull=0.3")
        elif values.setdefault(name, value) != value:
            problems.append(f"--set {setting}: {name} is also set to {values[name]:g}")
    if problems:
        raise InputError(problems)
    return values


def execute_all(plans: Sequence[RunPlan], out: Path, settings: Sequence[str]) -> Iterator[tuple[Run, str]]:
    """Find or make the run of each plan; whether each can be written is checked before anything is executed.

    A run that the other engine made is made again and compared.

    Yields
    ------
    tuple
        The run, and in words whether it was there already.
    """
    from sim.runs.execute import PlanError, found_or_made

    def finish(made: Run) -> None:
        from sim.reports.figures.catalogue import save_run_figures  # where a run is found no figure is drawn

        save_run_figures(made)

    runner = click.get_current_context().obj
    made = found_or_made(plans, out, finish, settings, watched, runner)
    said = {"found": "already there, nothing executed", "made": "written"}
    try:
        for plan, (finished, state) in zip(plans, made, strict=True):
            yield finished, said.get(state, f"made again by the {plan.engine} engine: the same numbers")
    except PlanError as error:
        raise InputError([str(error)]) from error


@contextmanager
def watched(name: str) -> Iterator[Progress | None]:
    """Show how far the runs of a scenario are, and say which scenario it was if they fail."""
    from sim.data.load import is_packaged
    from sim.draws.constants import NotSolvedError
    from sim.engines.walk import InvariantBrokenError

    shown = progress_bar(name) if is_packaged() else progress_lines(name)
    with shown as progress:
        try:
            yield progress
        except (NotSolvedError, InvariantBrokenError) as error:
            raise WorkError(f"{name}: {error}") from error
