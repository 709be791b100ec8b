"""What the verbs share: errors of input and work, how scenarios are loaded, what is printed and how the process stops."""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar, cast

import click

from sim.cli.complete import complete_scenarios
from sim.files.words import UNPRINTED, Notice, briefly, printable

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import RenderableType

    from sim.runs.executors import Progress
    from sim.scenarios.scenario import Basis, Scenario

SCREEN_WIDTH = 100
NARROWEST = 80
usual_format = warnings.formatwarning
MOST_PROBLEMS = 100
NEW_OBJECTS = 400_000
"""After which a long command looks for garbage; Python's own number is 700."""
OFTEN = 50_000
"""After which one that stays does."""
DONE, FAILED, WRONG_INPUT = 0, 1, 2

Command = TypeVar("Command", bound=Callable[..., None])

json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
scenario_arguments = click.argument(
    "scenarios", nargs=-1, required=True, metavar="SCENARIO...", shell_complete=complete_scenarios
)
out_option = click.option("--out", default="results", show_default=True, metavar="DIR", help="Results folder.")


def data_option(command: Command) -> Command:
    """Give a command ``--data``: the folder of tables that it works with from its first moment to its end."""
    told = "Data package of your own (docs/data.md).  [default: the packaged data]"
    return click.option("--data", metavar="FOLDER", type=click.Path(path_type=Path), expose_value=False, is_eager=True,
                        callback=_put_in_force, help=told)(command)  # fmt: skip


def no_data_option(reason: str) -> Callable[[Command], Command]:
    """Make a command refuse ``--data`` and say why."""

    def refuse(context: click.Context, option: click.Parameter, folder: Path | None) -> None:
        if folder is not None:
            raise InputError([f"--data {folder}: {context.info_name} works with the packaged data alone: {reason}"])

    return click.option("--data", metavar="FOLDER", type=click.Path(path_type=Path), expose_value=False, is_eager=True,
                        hidden=True, callback=refuse)  # fmt: skip


def _put_in_force(context: click.Context, option: click.Parameter, folder: Path | None) -> None:
    if folder is not None:
        work_with_data(folder, context)


def work_with_data(folder: Path, context: click.Context | None = None) -> None:
    """Work with the tables of a folder until the command ends.

    Raises
    ------
    InputError
        If they are wrong.
    """
    from sim.data.checks import DataError
    from sim.data.load import data_in_force

    try:
        (context or click.get_current_context()).with_resource(data_in_force(folder))
    except DataError as error:
        raise InputError([str(error)]) from error


def follow_data(folder: Path) -> None:
    """Work with the tables that a run, comparison or sweep was made with, if they were of one's own, until the command ends."""
    from sim.data.package import kept_copy

    kept = kept_copy(folder)
    if kept is not None:
        work_with_data(kept)


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


class UnreadError(Exception):
    """Nobody reads what is printed any more."""


class Lazily(MutableMapping[str, click.Command]):
    """Commands by name, each imported when it is asked for.

    Parameters
    ----------
    modules
        Module by name of the command, which is its function of that name.
    """

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.modules = modules
        self.added: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        if name not in self.added:
            self.added[name] = getattr(importlib.import_module(self.modules[name]), name)
        return self.added[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        self.added[name] = command

    def __delitem__(self, name: str) -> None:
        del self.added[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self.modules, *self.added)))

    def __len__(self) -> int:
        return len(list(iter(self)))


class Verbs(click.Group):
    """The commands; click would end with 1 where nobody reads any more."""

    def invoke(self, ctx: click.Context) -> Any:
        """Call the command; UnreadError for a broken pipe."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise UnreadError from error


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

    title = printable(title)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
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
    """Print to standard output, as wide as the terminal or as COLUMNS says, at least `NARROWEST` columns; 100 into a file.

    Control characters of what is said, which may come from a file of somebody else, are written as numbers.
    """
    from rich.console import Console
    from rich.segment import Segment

    class PlainConsole(Console):
        def render(self, renderable: Any, options: Any = None) -> Iterator[Segment]:
            for segment in super().render(renderable, options):
                yield segment if segment.control else Segment(printable(segment.text), segment.style)

        def on_broken_pipe(self) -> None:
            raise UnreadError

    console = PlainConsole(highlight=False)
    is_known = console.is_terminal or os.environ.get("COLUMNS", "").isdigit()
    console.width = max(NARROWEST, console.width) if is_known else SCREEN_WIDTH
    console.print(content, soft_wrap=soft_wrap, markup=False)


def say_unsolved(basis: Basis, points: Sequence[tuple[int, Mapping[str, float]]], workers: int) -> None:
    """Say how many of some draws nobody has solved, and how long solving them will take; nothing where all are."""
    from sim.draws.estimate import seconds_to_solve, unsolved_points

    missing = unsolved_points(basis, points)
    if not missing:
        return
    each = seconds_to_solve(basis, missing[0])
    whole = each * len(missing) / min(workers, len(missing))
    click.echo(
        f"{basis.data.name}: {len(missing)} draws of it are to be solved, about {each:.0f} s each, {whole / 60:.1f} min in all; "
        "each is kept once it is solved, so that the same command goes on where it was stopped.",
        err=True,
    )


def show_json(record: dict[str, Any]) -> None:
    """Print one JSON object to standard output; what moves a cursor is written as JSON writes it."""
    import json

    text = json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2)
    click.echo(UNPRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def stop(code: int, kind: str, problems: Sequence[str], as_json: bool) -> NoReturn:
    """Print what went wrong (as JSON on standard output if that was asked for), within limits, and exit."""
    said = [briefly(problem) for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        said.append(f"and {len(problems) - MOST_PROBLEMS:,} more")
    with contextlib.suppress(OSError):  # nobody reads any more; the code says it
        if as_json:
            show_json({"error": kind, "problems": said})
    with contextlib.suppress(OSError):
        for problem in said:
            click.echo(f"talentsim: {problem}", err=True)
    end_output()
    sys.exit(code)


@contextlib.contextmanager
def given(folder: Path) -> Iterator[None]:
    """Read a folder that somebody gave: what is wrong with it is wrong input.

    Raises
    ------
    InputError
        In place of errors of reading it.
    """
    from sim.files.manifest import AlteredError
    from sim.files.paths import OutsideError
    from sim.files.reading import UnreadableError
    from sim.runs.atomic import FolderError

    try:
        yield
    except (FolderError, UnreadableError, AlteredError, OutsideError) as error:
        raise InputError([str(error) if isinstance(error, FolderError) else f"{folder}: {error}"]) from error


def ready_notices() -> None:
    """Let notices be one line on standard error, to the end of the process; other warnings look as ever."""
    warnings.formatwarning = formatted


def formatted(message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    """Write a warning as standard error has it."""
    if issubclass(category, Notice):
        return f"talentsim: {briefly(str(message))}\n"
    return usual_format(message, category, filename, lineno, line)


def collect_seldom() -> None:
    """Look for garbage again, once in many new objects: a search goes through tables and figures that are all still needed."""
    gc.set_threshold(NEW_OBJECTS, 20, 20)
    gc.enable()


def collect_often() -> None:
    """Look for garbage now, and more often from here on, in a command that stays: else its memory grows."""
    gc.collect()
    gc.set_threshold(OFTEN, 10, 10)


def ready_output() -> None:
    """Let any text be written, whatever the terminal's letters are, and to closed streams too."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (as long as the process)
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def end_output() -> None:
    """Write out what is said so far; where that fails, nothing more is said, not by the interpreter's end either."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            silence(stream)


def silence(stream: Any) -> None:
    """Let a stream that cannot be written lead nowhere."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
