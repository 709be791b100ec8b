"""The verbs of sweeps: ``sweep`` and ``merge``."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sim.cli.terminal import (
    FAILED,
    InputError,
    WorkError,
    collect_seldom,
    data_option,
    follow_data,
    gathered,
    given,
    json_option,
    out_option,
    say,
    say_unsolved,
    show_json,
)

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from sim.runs.executors import Processes
    from sim.sweeps.design.design import Design
    from sim.sweeps.execute import SweepProgress

SECONDS_BETWEEN_LINES = 20.0


class SweepPlace(NamedTuple):
    """Where a sweep goes: the results folder, or a folder of its own."""

    out: str
    to: Path | None


@click.command()
@click.argument("design")
@data_option
@out_option
@click.option("--to", "to", metavar="DIR", type=click.Path(path_type=Path),
              help="Folder of the sweep itself.  [default: sweeps/ and the design's name, below --out]")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Processes.  [default: one per core]")
@click.option("--dask", metavar="ADDRESS", help="Scheduler of a Dask cluster that is running, as in tcp://host:8786.")
@click.option("--shard", metavar="I/N", help="Run the I-th of N parts only; `talentsim merge` puts them together.")
@click.option("--retry", is_flag=True, help="Try failed runs again.")
@click.option("--dry-run", is_flag=True, help="Count the runs, measure a few, say how long and how much; keep nothing.")
@json_option
@gathered("place", SweepPlace)
def sweep(
    design: str,
    place: SweepPlace,
    workers: int | None,
    dask: str | None,
    shard: str | None,
    retry: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Run what a design varies: only what is missing. Stop it anyhow and run the same command to go on.

    DESIGN is the path of a TOML file or the name of a shipped design.
    """
    collect_seldom()
    part = read_shard(shard)
    wanted = load_design(design)
    from sim.api.sweeping import sweep_folder
    from sim.runs.executors import available_cores

    say_draws(wanted, workers or available_cores())
    folder = place.to or sweep_folder(wanted.name, part, Path(place.out))
    processes = workers or available_cores()
    if dry_run:
        with executor_of(processes, dask) as (_, width):
            say_estimate(wanted, folder, width, part, as_json)
        return
    progress = run_sweep(wanted, folder, processes, dask, part, retry, as_json)
    say_end(progress, folder, write_tables(folder, progress), as_json)


def say_draws(design: Design, workers: int) -> None:
    """Say how long the draws of a design will take to solve, for data that no solved draws ship with."""
    from sim.data.load import is_packaged

    if is_packaged():
        return
    from sim.scenarios.load import load_basis
    from sim.sweeps.execute import vectors_of

    basis = load_basis()
    found = [vectors_of(design, scenario, basis.data) for scenario in design.scenarios]
    say_unsolved(basis, [point for vectors in found for point in vectors.items()], workers)


def load_design(name: str) -> Design:
    """Read a design.

    Raises
    ------
    InputError
        With all its problems.
    """
    from sim.scenarios.reading.text import ScenarioError
    from sim.sweeps.design.file import read_design

    try:
        return read_design(name)
    except ScenarioError as error:
        raise InputError(str(problem) for problem in error.problems) from error


def run_sweep(
    design: Design, folder: Path, workers: int, dask: str | None, shard: tuple[int, int], retry: bool, as_json: bool
) -> SweepProgress:
    """Run what is missing, with a bar or lines on standard error.

    Raises
    ------
    KeyboardInterrupt
        Saying how to go on.
    WorkError
        If the executor fails.
    """
    from sim.runs.executors import ExecutorError
    from sim.sweeps.execute import sweep_into
    from sim.sweeps.store import Store

    latest: list[SweepProgress] = []
    store: Store | None = None
    try:
        store = Store(folder, design)
        with executor_of(workers, dask) as (executor, width), reporting(folder.name, as_json) as report:

            def note(progress: SweepProgress) -> None:
                latest[:] = [progress]
                report(progress)

            return sweep_into(store, executor, width, shard, retry, note)
    except KeyboardInterrupt:
        there = f"{latest[0].done:,} of {latest[0].total:,} runs are" if latest else "what was finished is"
        if store is not None:
            store.note("interrupted")
        raise KeyboardInterrupt(f"stopped; {there} in {folder}. The same command goes on from there.") from None
    except ExecutorError as error:
        if store is not None:
            store.note("executor failed", message=str(error))
        raise WorkError(f"{error}. What was finished is in {folder}; the same command goes on from there.") from error
    finally:
        if store is not None:
            store.close()


def write_tables(folder: Path, progress: SweepProgress) -> list[Path]:
    """Write the results of a sweep as CSV, and a figure where one number varies; nothing while no run is there.

    Returns
    -------
    The files that a reader opens.
    """
    from sim.reports.figures.dose import save_response, varies_one_number
    from sim.sweeps.results import read_sweep, write_results

    if progress.done - progress.failed <= 0:
        return []
    held = read_sweep(folder)
    table = write_results(held)
    return [table, *save_response(held)[:1]] if varies_one_number(held) else [table]


def say_end(progress: SweepProgress, folder: Path, files: Sequence[Path], as_json: bool) -> None:
    """Say where the sweep is; exit with 1 if runs failed."""
    failed = f"{progress.failed:,} of {progress.total:,} runs failed; their rows in {folder} say why, --retry tries them again."
    if progress.message:
        failed += f" One of them: {progress.message}"
    if as_json:
        show_json(
            {"folder": str(folder), "runs": progress.total, "done": progress.done, "executed": progress.executed,
             "failed": progress.failed, "message": progress.message, "seconds": round(progress.seconds, 3),
             "files": [str(path) for path in files]}
        )  # fmt: skip
        if progress.failed:
            click.echo(f"talentsim: {failed}", err=True)
            sys.exit(FAILED)
        return
    there = progress.done - progress.executed
    say(
        f"{progress.done:,} of {progress.total:,} runs are in {folder}: {there:,} were there, {progress.executed:,} executed.",
        soft_wrap=True,
    )
    for path in files:
        say(f"{path.name}: {path}", soft_wrap=True)
    if progress.failed:
        raise WorkError(failed)


@contextmanager
def executor_of(workers: int, dask: str | None) -> Iterator[tuple[Executor | Processes, int]]:
    """Give the executor of a sweep and how many batches it works at.

    Raises
    ------
    InputError
        If the scheduler cannot be reached, or Dask is not installed.
    sim.runs.executors.ExecutorError
        If the scheduler has no worker, or the cluster goes.
    """
    from sim.runs.executors import InThisProcess, Processes

    if dask is None:
        yield (InThisProcess(), 1) if workers == 1 else (Processes(workers), workers)
        return
    from sim.sweeps.cluster import UnreachedError, cluster

    try:
        with cluster(dask) as reached:
            yield reached
    except UnreachedError as error:
        raise InputError([str(error)]) from error


@contextmanager
def reporting(title: str, as_json: bool) -> Iterator[Callable[[SweepProgress], None]]:
    """Show a bar if standard error is a terminal, else a line now and then; with --json one object on a line."""
    if as_json or not sys.stderr.isatty():
        import json

        last = [-SECONDS_BETWEEN_LINES]

        def line(progress: SweepProgress) -> None:
            if time.monotonic() - last[0] >= SECONDS_BETWEEN_LINES:
                last[0] = time.monotonic()
                text = json.dumps(progress_record(progress)) if as_json else f"{title}: {progress_text(progress)}"
                click.echo(text, err=True)

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bar

    with Bar(TextColumn("{task.description}", markup=False), BarColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"{title}: starting", total=None)

        def advance(progress: SweepProgress) -> None:
            bar.update(task, description=f"{title}: {progress_text(progress)}", completed=progress.done, total=progress.total)

        yield advance


def progress_record(progress: SweepProgress) -> dict[str, Any]:
    """Return how far a sweep is as plain values; the time left is null before it is known."""
    left = None if progress.left != progress.left else round(progress.left, 1)
    return {
        "done": progress.done, "total": progress.total, "failed": progress.failed,
        "runs_per_second": round(progress.rate, 3), "seconds_left": left,
    }  # fmt: skip


def progress_text(progress: SweepProgress) -> str:
    """Say how far a sweep is."""
    said = f"{progress.done:,} of {progress.total:,} runs"
    if progress.failed:
        said += f", {progress.failed:,} failed"
    if progress.executed:
        said += f", {progress.rate:.1f} a second, {time_text(progress.left)} left"
    return said


def time_text(seconds: float) -> str:
    """Write a span of time in one or two units."""
    if seconds != seconds:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def say_estimate(design: Design, folder: Path, width: int, shard: tuple[int, int], as_json: bool) -> None:
    """Print what a sweep would take."""
    from sim.sweeps.estimate import estimate
    from sim.sweeps.parts import known_runs

    found = estimate(design, known_runs(folder), shard)
    seconds = found.seconds(width)
    if as_json:
        show_json(
            {"runs": found.runs, "there": found.there, "points": found.points, "draws_to_solve": found.unsolved,
             "seconds_per_run": found.seconds_per_run, "workers": width, "seconds": seconds,
             "bytes": round(found.bytes_missing)}
        )  # fmt: skip
        return
    solve = f"; {counted(found.unsolved, 'draw')} to be solved first, some 20 s each" if found.unsolved else ""
    part = f" (shard {shard[0]} of {shard[1]})" if shard[1] > 1 else ""
    say(
        f"{design.name}: {counted(found.points, 'point')} x {counted(len(design.scenarios), 'scenario')} x "
        f"{counted(max(1, design.draws), 'draw')} x {counted(design.replicates, 'replicate')}\n"
        f"{counted(found.runs, 'run')}{part}, {found.there:,} of them there\n"
        f"about {time_text(seconds)} on {counted(width, 'worker')} ({1000 * found.seconds_per_run:.0f} ms a run{solve})\n"
        f"about {found.bytes_missing / 1e6:.2f} MB more in {folder}",
        soft_wrap=True,
    )


def counted(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def read_shard(text: str | None) -> tuple[int, int]:
    """Read ``I/N``.

    Raises
    ------
    InputError
        For another text, or a part that does not exist.
    """
    if text is None:
        return 1, 1
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise InputError([f"--shard {text}: expected I/N with I from 1 to N, as in 3/16"])
    return int(found[1]), int(found[2])


@click.command()
@click.argument(
    "folders", nargs=-1, required=True, metavar="DIR...", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--to", "to", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Folder of the whole sweep.")
@json_option
def merge(folders: tuple[Path, ...], to: Path, as_json: bool) -> None:
    """Put the shards of one sweep together; what is in --to already stays."""
    collect_seldom()
    from sim.sweeps.results import read_sweep, write_results
    from sim.sweeps.store import merge as merge_shards

    follow_data(folders[0])
    with given(to):
        added = merge_shards(folders, to)
    whole = read_sweep(to)
    write_results(whole)
    if as_json:
        show_json({"folder": str(to), "added": added, "missing": whole.missing, "failed": whole.failed})
        return
    lacks = f" {counted(whole.missing, 'run')} of the design are missing: a shard is not done." if whole.missing else ""
    say(f"{counted(added, 'run')} added to {to}.{lacks}", soft_wrap=True)
