"""The command line ``talentsim``: the only place that prints or exits.

Exit codes: 0 done; 1 the work failed; 2 the input was wrong; 130 interrupted by Ctrl-C. Slow libraries are
imported inside the verbs that need them, so that ``--help`` and ``check`` start at once.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

import sim

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sim.data import Data
    from sim.experiment import RunPlan
    from sim.results import Run
    from sim.scenario import Scenario

DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130
WIDTH = 100

Progress = Callable[[str, int, int], None]


class InputError(Exception):
    """The input was wrong; carries one line per problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


class WorkError(Exception):
    """The work failed although the input was right."""


json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
scenario_arguments = click.argument("scenarios", nargs=-1, required=True, metavar="SCENARIO...")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH})
@click.version_option(sim.__version__, prog_name="talentsim")
def cli() -> None:
    """Simulate where AI researchers come from, study and work.

    A SCENARIO is the name of a shipped scenario or the path of a TOML file.
    """


@cli.command()
@scenario_arguments
@click.option("--out", default="results", show_default=True, metavar="DIR", help="Results folder.")
@click.option("--researchers", default=20_000, show_default=True, metavar="N",
              type=click.IntRange(100, 10_000_000), help="Active researchers simulated in 2022.")  # fmt: skip
@click.option("--draws", default=100, show_default=True, type=click.IntRange(1, 10_000), metavar="N",
              help="Draws of the uncertain parameters.")  # fmt: skip
@click.option("--replicates", default=2, show_default=True, type=click.IntRange(1, 10_000), metavar="N",
              help="Realisations of the random numbers per draw.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**32 - 1), metavar="S",
              help="Seed of the random numbers.")  # fmt: skip
@click.option("--until", default=2035, show_default=True, type=click.IntRange(2010, 2050), metavar="YEAR",
              help="Last year.")  # fmt: skip
@click.option("--engine", default="arrays", show_default=True, type=click.Choice(["arrays", "agents"]),
              help="Engine that walks the years.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes.  [default: one per core]")
@click.option("--set", "settings", multiple=True, metavar="PARAMETER=VALUE",
              help="Fix an uncertain parameter; may be repeated.")  # fmt: skip
@click.option("--check-invariants", is_flag=True,
              help="Check every year that no researcher is lost; repeats and compares a run.")  # fmt: skip
@json_option
def run(scenarios: tuple[str, ...], out: str, settings: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Run scenarios over draws and replicates; print the shares, write the results folder."""
    loaded = load_all(scenarios, read_settings(settings), options["until"])
    from sim.data import load_data
    from sim.display import run_record, run_report
    from sim.experiment import RunPlan

    options["workers"] = options["workers"] or available_cores()
    data = load_data()
    names = {region.code: region.name for region in data.regions}
    plans = [RunPlan(scenario=scenario, **options) for scenario in loaded]
    records = []
    for plan, (finished, state) in zip(plans, execute_all(plans, Path(out), data, settings), strict=True):
        if as_json:
            records.append(run_record(finished, state))
            continue
        show(run_report(finished, names))
        show(f"\nResults of {plan.scenario.name} ({state}): {finished.folder}", soft_wrap=True)
    if as_json:
        show_json({"runs": records})


@cli.command()
@scenario_arguments
@json_option
def check(scenarios: tuple[str, ...], as_json: bool) -> None:
    """Report every error of scenario files, then what each changes in what it extends."""
    from sim.display_scenarios import scenario_record, scenario_report

    loaded = load_all(scenarios, {})
    if as_json:
        show_json({"scenarios": [scenario_record(scenario) for scenario in loaded]})
        return
    for scenario in loaded:
        show(scenario_report(scenario))


@cli.command()
@click.argument("name", required=False)
@json_option
def levers(name: str | None, as_json: bool) -> None:
    """List what a scenario can move, or say everything about the lever NAME."""
    from sim.display_inputs import lever_record, lever_report, levers_report
    from sim.parameters import LEVERS

    if name is not None and name not in LEVERS:
        raise InputError([unknown("lever", name, LEVERS)])
    chosen = list(LEVERS.values()) if name is None else [LEVERS[name]]
    if as_json:
        show_json({"levers": [lever_record(lever) for lever in chosen]})
    else:
        show(levers_report(chosen) if name is None else lever_report(chosen[0]))


@cli.command()
@click.argument("name", required=False)
@json_option
def policies(name: str | None, as_json: bool) -> None:
    """List the named policies a scenario can use, or say everything about the policy NAME."""
    from sim.data import load_data
    from sim.display_policies import policies_report, policy_record, policy_report
    from sim.scenario import named_policies

    known, regions = named_policies(), load_data().codes
    if name is not None and name not in known:
        raise InputError([unknown("policy", name, known)])
    chosen = list(known.values()) if name is None else [known[name]]
    if as_json:
        show_json({"policies": [policy_record(policy, regions) for policy in chosen]})
    else:
        show(policies_report(chosen) if name is None else policy_report(chosen[0], regions))


@cli.command()
@click.argument("name", required=False)
@json_option
def sources(name: str | None, as_json: bool) -> None:
    """Say where the number NAME comes from: a variable, VARIABLE:REGION, parameter, target or source."""
    from sim.data import find_source, load_data
    from sim.display_inputs import data_record, data_report

    if name is None:
        if as_json:
            show_json(data_record(load_data()))
        else:
            show(data_report(load_data()))
        return
    answer = find_source(name)
    if answer.kind is None:
        hint = f"; did you mean {', '.join(answer.nearest)}?" if answer.nearest else ""
        raise InputError([f"{answer.lines[0]}{hint} `talentsim sources` lists what can be asked"])
    if as_json:
        show_json({"name": answer.name, "kind": answer.kind, "lines": list(answer.lines)})
    else:
        show("\n".join(answer.lines), soft_wrap=True)


@cli.command()
@click.argument("folder", metavar="RUN", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--researcher", required=True, metavar="ORIGIN-COHORT-INDEX", help="Who, as in CHN-2012-17.")
@click.option("--draw", default=0, show_default=True, metavar="N", help="Draw of the run.")
@click.option("--replicate", default=0, show_default=True, metavar="N", help="Replicate of the run.")
@json_option
def trace(folder: Path, researcher: str, draw: int, replicate: int, as_json: bool) -> None:
    """Tell one researcher's life in the run of the folder RUN: options, probabilities, shocks, visas, choices."""
    from sim.trace import TraceError, life_record
    from sim.trace import trace as traced

    try:
        life = traced(folder, researcher, draw, replicate)
    except TraceError as error:
        raise InputError([str(error)]) from error
    if as_json:
        show_json(life_record(life))
    else:
        show(str(life), soft_wrap=True)


def load_all(names: Sequence[str], overrides: dict[str, float], horizon: int | None = None) -> list[Scenario]:
    """Load scenarios and report the problems of all of them together.

    Raises
    ------
    InputError
        If any of them has one.
    """
    from sim.scenario import ScenarioError, load_scenario

    loaded: list[Scenario] = []
    problems: list[str] = []
    for name in names:
        try:
            loaded.append(load_scenario(name, overrides=overrides, horizon=horizon))
        except ScenarioError as error:
            problems.extend(str(problem) for problem in error.problems)
    if problems:
        raise InputError(problems)
    return loaded


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


def execute_all(plans: Sequence[RunPlan], out: Path, data: Data, settings: Sequence[str]) -> Iterator[tuple[Run, str]]:
    """Find or make the run of each plan; whether each can be written is checked before anything is executed.

    A run that the other engine made is made again and compared.

    Yields
    ------
    tuple
        The run, and in words whether it was there already.
    """
    from sim.constants import NotSolvedError
    from sim.engine import InvariantBrokenError
    from sim.experiment import execute, run_tasks, tasks_of, variant_tasks
    from sim.figures import save_work_shares
    from sim.results import check_place, find_run, read_run, write_run

    found = {id(plan): None if plan.check_invariants else find_run(plan, out, plan.engine) for plan in plans}
    to_do = [plan for plan in plans if found[id(plan)] is None]
    try:
        tasks = {id(plan): tasks_of(plan) for plan in to_do}
    except ValueError as error:
        raise InputError([str(error)]) from error
    for plan in to_do:
        check_place(plan, out)
    for plan in plans:
        there = found[id(plan)] or find_run(plan, out, plan.engine) if not plan.check_invariants else None
        if there is not None:
            yield read_run(there), "already there, nothing executed"
            continue
        before = find_run(plan, out)
        with progress_bar(plan.scenario.name) as progress:
            try:
                finished = write_run(
                    plan,
                    run_tasks(tasks[id(plan)], plan.workers, progress),
                    out,
                    command=command_of(plan, settings),
                    notes=[unstable_points(plan, data)],
                    variants={value: execute(task) for value, task in variant_tasks(plan).items()},
                    finish=lambda made: save_work_shares(made, data, made.folder),
                )
            except (NotSolvedError, InvariantBrokenError) as error:
                raise WorkError(f"{plan.scenario.name}: {error}") from error
        yield finished, "written" if before is None else f"made again by the {plan.engine} engine: the same numbers"


def unstable_points(plan: RunPlan, data: Data) -> str:
    """Say which share of the points of the priors was passed over."""
    from sim.draws import draw_vectors

    rejected = draw_vectors(data, plan.draws, plan.scenario.parameters)[1]
    return f"Passed over as unstable (feedbacks that amplify themselves): {rejected:.0%} of the prior's points."


def command_of(plan: RunPlan, settings: Sequence[str]) -> str:
    """Return the command that makes a run again, without anything of this machine."""
    numbers = {name: getattr(plan, name) for name in ("researchers", "draws", "replicates", "seed", "until")}
    options = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    options += [word for setting in settings for word in ("--set", setting)]
    return shlex.join(["talentsim", "run", plan.scenario.name, *options])


def available_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def unknown(kind: str, name: str, allowed: Iterable[str]) -> str:
    """Say that a name is not known, with the nearest and all the allowed ones."""
    import difflib

    allowed = list(allowed)
    nearest = difflib.get_close_matches(name, allowed, n=1)
    hint = f" Did you mean {nearest[0]}?" if nearest else ""
    return f"unknown {kind} {name!r}.{hint} Known: {', '.join(allowed)}"


@contextlib.contextmanager
def progress_bar(title: str) -> Iterator[Progress | None]:
    """Show a bar on standard error while the work lasts, if that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{title}: starting", total=None)

        def advance(phase: str, done: int, total: int) -> None:
            bar.update(task, description=f"{title}: {phase}", completed=done, total=total)

        yield advance


def show(content: RenderableType, soft_wrap: bool = False) -> None:
    """Print to standard output, at least 100 columns wide."""
    from rich.console import Console

    console = Console(highlight=False)
    console.width = max(WIDTH, console.width) if console.is_terminal else WIDTH
    console.print(content, soft_wrap=soft_wrap, markup=False)


def show_json(record: dict[str, Any]) -> None:
    """Print one JSON object to standard output."""
    click.echo(json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2))


def stop(code: int, kind: str, problems: Sequence[str], as_json: bool) -> NoReturn:
    """Print what went wrong (as JSON on standard output if that was asked for) and exit."""
    if as_json:
        show_json({"error": kind, "problems": list(problems)})
    for problem in problems:
        click.echo(f"talentsim: {problem}", err=True)
    sys.exit(code)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code.

    Parameters
    ----------
    arguments
        Words after the command's name; those of the process if None.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    as_json = "--json" in words
    try:
        cli.main(args=words, prog_name="talentsim", standalone_mode=False)
    except InputError as error:
        stop(WRONG_INPUT, "input", error.problems, as_json)
    except click.UsageError as error:
        usage = [] if error.ctx is None else [error.ctx.get_usage()]
        stop(WRONG_INPUT, "input", [error.format_message(), *usage], as_json)
    except (KeyboardInterrupt, click.Abort):
        stop(
            INTERRUPTED,
            "interrupted",
            ["interrupted; the unfinished run was removed, finished runs stay"],
            as_json,
        )
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 (nobody reads any more)
        sys.exit(DONE)
    except Exception as error:
        problem = explain(error)
        if problem is None:
            raise
        stop(FAILED, "failed", [problem], as_json)
    sys.exit(DONE)


def explain(error: Exception) -> str | None:
    """Return one sentence for a failure of the machine or the files, None for a fault of the program."""
    from concurrent.futures import BrokenExecutor

    if isinstance(error, MemoryError):
        return "the memory of this machine is full; use fewer --researchers, --draws or --workers"
    if isinstance(error, BrokenExecutor):
        return "a worker process died (often for want of memory); use fewer --workers"
    from sim.data import DataError
    from sim.folders import FolderError

    return str(error) if isinstance(error, OSError | FolderError | DataError | WorkError) else None
