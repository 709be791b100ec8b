"""The verb that opens the live page: ``talentsim explore``."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from sim.cli.terminal import (
    InputError,
    WorkError,
    collect_often,
    collect_seldom,
    data_option,
    gathered,
    load_all,
    progress_lines,
    say,
    say_unsolved,
)

if TYPE_CHECKING:
    from sim.explorer.live import Bench

SERVED_WITH = ("starlette", "uvicorn")
NOT_EXPORTED = (
    "--export works with the packaged data alone: its page holds the fit to their published record; without --export the page "
    "runs tables of yours, and `talentsim sweep` varies levers over them"
)


class Opening(NamedTuple):
    """How the page is opened."""

    port: int
    no_browser: bool
    export: Path | None


@click.command()
@click.argument("what", nargs=-1, metavar="[SCENARIO...] [LINK]")
@data_option
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1024, 65_535), metavar="N",
              help="Port of this machine; the next free one if it is taken.")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.option("--export", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Write the page as a folder instead, to be opened without this program: a grid over the 5 to 8 levers that "
                   "LINK moves, each to the farthest value that the page reaches; without LINK, usual ones.")  # fmt: skip
@click.option("--ensemble", metavar="NAME|FILE", help="Draws: prior, a shipped ensemble, or a file of `calibrate`.")
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Threads.  [default: one per core]")
@gathered("opening", Opening)
def explore(what: tuple[str, ...], opening: Opening, ensemble: str | None, workers: int | None) -> None:
    """Open a page that runs the model while a slider moves, on this machine only.

    A SCENARIO is a file of yours that may be a base on the page; a LINK is an address that was copied from it.
    """
    collect_seldom()
    missing = [name for name in SERVED_WITH if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError([f'{" and ".join(missing)} missing, which the page is served with: pip install "talentsim[explore]"'])
    from sim.data.load import is_packaged
    from sim.draws.ensemble import EnsembleError, find_ensemble
    from sim.explorer.live import Bench
    from sim.explorer.state import StateError, read_state, record_of_link
    from sim.runs.executors import available_cores
    from sim.scenarios.load import load_basis

    links = [each for each in what if "#" in each or each.startswith("v1.")]
    files = [each for each in what if each not in links]
    if len(links) > 1:
        raise InputError(["more than one LINK; give one"])
    if opening.export is not None and not is_packaged():
        raise InputError([NOT_EXPORTED])
    named = {scenario.name: Path(scenario.path) for scenario in load_all(files, {})}
    try:
        record = record_of_link(links[0]) if links else {}
        read_state(record)
        draws = find_ensemble(ensemble)
    except (StateError, EnsembleError) as error:
        raise InputError([str(error)]) from error
    if files and not links:
        record = {"v": 1, "base": next(iter(named))}
    bench = Bench(load_basis(), draws, named, workers or available_cores())
    if not is_packaged():
        solve_first(bench, record)
    if opening.export is not None:
        write_page(bench, record, opening.export)
        return
    open_page(bench, record, opening)


def solve_first(bench: Bench, record: dict[str, Any]) -> None:
    """Solve the draws that the page opens with, saying how many and how long: for tables that no solved draws ship with.

    Raises
    ------
    InputError, WorkError
        If there is no such base, or a draw cannot be solved.
    """
    from sim.draws.constants import NotSolvedError
    from sim.explorer.live import solve_ahead, unsolved_tasks
    from sim.explorer.state import read_state
    from sim.runs.executors import ExecutorError
    from sim.scenarios.reading.text import ScenarioError

    try:
        plan = bench.question(read_state(record)).base
        say_unsolved(bench.basis, [(task.number, task.parameters) for task in unsolved_tasks(plan)], bench.workers)
        with progress_lines() as progress:
            solve_ahead(plan, bench.workers, progress)
    except ScenarioError as error:
        raise InputError([str(each) for each in error.problems]) from error
    except ValueError as error:  # a StateError is one
        raise InputError([str(error)]) from error
    except (NotSolvedError, ExecutorError) as error:
        raise WorkError(str(error)) from error


def open_page(bench: Bench, record: dict[str, Any], opening: Opening) -> None:
    """Serve the page until a signal ends it.

    Raises
    ------
    KeyboardInterrupt
        In the end, saying that nothing is lost.
    """
    import secrets

    from sim.explorer.serve import Address, listen, serve
    from sim.explorer.state import fragment_of

    listener = listen(opening.port)
    address = Address(listener.getsockname()[1], secrets.token_urlsafe(24))
    url = address.url(fragment_of(record) if record else "")

    def ready() -> None:
        say(f"The page: {url}\nIt answers on this machine only. Ctrl-C ends it.", soft_wrap=True)
        if not opening.no_browser:
            import webbrowser

            webbrowser.open(url)

    collect_often()
    try:
        serve(bench, listener, address, ready)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("the page is closed; the addresses copied from it open it again as it was") from None


def write_page(bench: Bench, record: dict[str, Any], folder: Path) -> None:
    """Write the page as a folder and say how far its views are from the model.

    Raises
    ------
    InputError, WorkError
        If the levers make no grid, or the folder cannot be written.
    KeyboardInterrupt
        Saying how to go on.
    """
    from sim.explorer.export.folder import ERRORS, PAGE, export_page, runs_folder
    from sim.explorer.state import StateError, read_state
    from sim.runs.atomic import FolderError
    from sim.runs.executors import ExecutorError
    from sim.scenarios.reading.text import ScenarioError

    try:
        with progress_lines("the page as a folder") as progress:
            errors = export_page(bench, read_state(record), folder, progress)
    except StateError as error:
        raise InputError([str(error)]) from error
    except ScenarioError as error:
        raise InputError([str(each) for each in error.problems]) from error
    except (FolderError, ExecutorError) as error:
        raise WorkError(
            f"{error}. What was finished is in {runs_folder(folder)}; the same command goes on from there."
        ) from error
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped; runs are in {runs_folder(folder)}. The same command goes on from there.") from None
    finally:
        bench.close()
    worst = max(errors, key=lambda row: row.share_95)
    say(
        f"{folder / PAGE}: open it by a double click, or put the folder on any web server. Farthest off at runs that were not "
        f"fitted are shares of {worst.tier}, {worst.axis}: {worst.share_median:.2f} points (median), "
        f"{worst.share_95:.2f} (95 %); all views: {folder / ERRORS}. The runs in {runs_folder(folder)} may go.",
        soft_wrap=True,
    )
