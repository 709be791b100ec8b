"""The verb that opens the live page: ``talentsim explore``."""

from __future__ import annotations

import gc
import importlib.util
import webbrowser
from pathlib import Path
from typing import NamedTuple

import click

from sim.cli.terminal import InputError, load_all, say

SERVED_WITH = ("starlette", "uvicorn")


class Opening(NamedTuple):
    """How the page is opened."""

    port: int
    no_browser: bool


@click.command()
@click.argument("what", nargs=-1, metavar="[SCENARIO...] [LINK]")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1024, 65_535), metavar="N",
              help="Port of this machine; the next free one if it is taken.")  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Print the address and open nothing.")
@click.option("--ensemble", metavar="NAME|FILE", help="Draws: prior, a shipped ensemble, or a file of `calibrate`.")
@click.option("--workers", type=click.IntRange(1, 1024), metavar="N", help="Threads.  [default: one per core]")
def explore(what: tuple[str, ...], port: int, no_browser: bool, ensemble: str | None, workers: int | None) -> None:
    """Open a page that runs the model while a slider moves, on this machine only.

    A SCENARIO is a file of yours that may be a base on the page; a LINK is an address that was copied from it.
    """
    gc.enable()
    missing = [name for name in SERVED_WITH if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError([f'{" and ".join(missing)} missing, which the page is served with: pip install "talentsim[explore]"'])
    import secrets

    from sim.draws.ensemble import EnsembleError, find_ensemble
    from sim.explorer.live import Bench
    from sim.explorer.serve import Address, listen, serve
    from sim.explorer.state import StateError, fragment_of, read_state, record_of_link
    from sim.runs.executors import available_cores
    from sim.scenarios.load import load_basis

    links = [each for each in what if "#" in each or each.startswith("v1.")]
    files = [each for each in what if each not in links]
    if len(links) > 1:
        raise InputError(["more than one LINK; give one"])
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
    listener = listen(port)
    address = Address(listener.getsockname()[1], secrets.token_urlsafe(24))
    url = address.url(fragment_of(record) if record else "")

    def ready() -> None:
        say(f"The page: {url}\nIt answers on this machine only. Ctrl-C ends it.", soft_wrap=True)
        if not no_browser:
            webbrowser.open(url)

    serve(bench, listener, address, ready)
