"""What the verbs share: errors of input and work, how scenarios are loaded, what is printed and how the process stops."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar, cast

import click

from sim.cli.complete import complete_scenarios

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sim.runs.executors import Progress
    from sim.scenarios.scenario import Scenario

SCREEN_WIDTH = 100
NARROWEST = 80
DONE, FAILED, WRONG_INPUT, INTERRUPTED = 0, 1, 2, 130

Command = TypeVar("Command", bound=Callable[..., None])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
scenario_arguments = click.argument(
    "scenarios", nargs=-1, required=True, metavar="SCENARIO...", shell_complete=complete_scenarios
)
out_option = click.option("--out", default="results", show_default=True, metavar="DIR", help="Results folder.")


def gathered(name: str, kind: type[NamedTuple]) -> Callable[[Command], Command]:
    """Hand a command some of its options as one record: those that are fields of a kind, under a name."""
    make: Any = kind

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def call(**options: Any) -> None:
            record = make(**{field: options.pop(field) for field in kind._fields})
            command(**options, **{name: record})

        return cast(Command, call)

    return decorate


class InputError(Exception):
    """The input was wrong; carries one line per problem."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = list(dict.fromkeys(problems))
        super().__init__("\n".join(self.problems))


class WorkError(Exception):
    """The work failed although the input was right."""


def load_all(names: Sequence[str], overrides: dict[str, float], horizon: int | None = None) -> list[Scenario]:
    """Load scenarios and report the problems of all of them together.

    Raises
    ------
    InputError
        If any of them has one.
    """
    from sim.scenarios.load import load_scenario
    from sim.scenarios.reading.text import ScenarioError

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


@contextlib.contextmanager
def progress_lines(title: str = "calibration", seconds: float = 20.0) -> Iterator[Progress]:
    """Say how far a long work is on standard error: a bar on a terminal, else a line when a phase begins and now and then."""
    with progress_bar(title) as bar:
        if bar is not None:
            yield bar
            return
        said = [("", -seconds)]

        def line(phase: str, done: int, total: int) -> None:
            before, when = said[0]
            now = time.monotonic()
            if phase != before or now - when >= seconds:
                said[0] = (phase, now)
                click.echo(f"{phase}: {done} of {total}", err=True)

        yield line


def say(content: RenderableType, soft_wrap: bool = False) -> None:
    """Print to standard output, as wide as the terminal or as COLUMNS says, at least `NARROWEST` columns; 100 into a file."""
    from rich.console import Console

    console = Console(highlight=False)
    is_known = console.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    console.width = max(NARROWEST, console.width) if is_known else SCREEN_WIDTH
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
