"""Write the page as a folder: one HTML file with script and data inside, opened by a double click, and its errors as CSV."""

from __future__ import annotations

import base64
import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from plotly.offline import get_plotlyjs

from sim.explorer.export.grid import GRID_POINTS, TEST_POINTS, grid_design, grid_points, grid_state, read_grid
from sim.explorer.export.pack import grid_record
from sim.explorer.export.surface import ViewErrors, errors_of, fit_surfaces
from sim.explorer.live import Bench
from sim.explorer.numbers import member_lists
from sim.explorer.server import ASSETS
from sim.explorer.state import PageState, StateError
from sim.files.reading import UnreadableError, read_bounded
from sim.runs.executors import InThisProcess, Processes, Progress
from sim.sources import whole_file, write_whole
from sim.sweeps.design.design import Design
from sim.sweeps.execute import sweep_into
from sim.sweeps.store import Store

PAGE, ERRORS = "index.html", "errors.csv"
MOST_FOLDER_BYTES: Final = 25_000_000
POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; "
    "form-action 'none'"
)
"""What the page may do: it asks nobody for anything."""
MOST_EXPORTED: Final = 200_000_000
"""Bytes of a page that is looked at before it is replaced."""
GRID_TAG: Final = '<script type="application/json" id="grid">'
INSTEAD: Final = {"ask.js": "surfaces.js"}
"""Modules of the page that another one stands in for: answers come from the surfaces, not from a server."""


def export_page(
    bench: Bench, asked: PageState, folder: Path, progress: Progress, points: tuple[int, int] = (GRID_POINTS, TEST_POINTS)
) -> list[ViewErrors]:
    """Run the grid of a state, fit its surfaces and write the page; a grid that was stopped goes on.

    Parameters
    ----------
    bench
        That knows the bases.
    asked
        The state whose levers are the grid's; the default ones if it moves nothing.
    folder
        Of the page. The runs are kept beside it, in the folder of the same name and "-runs".
    progress
        Told how far it is.
    points
        How many the surfaces are fitted to, a power of two, and how many test them.

    Returns
    -------
    How far the views are from runs that the surfaces never saw.

    Raises
    ------
    StateError, sim.scenarios.reading.text.ScenarioError
        If the state makes no grid, or the page would be too large.
    sim.runs.atomic.FolderError
        If a folder cannot be written, or another process is at work on it.
    """
    check_folder(folder)
    state = grid_state(asked)
    design = grid_design(bench, state, grid_points(state, *points))
    runs = runs_folder(folder)
    run_grid(design, runs, bench.workers, progress)
    progress("fitting", 0, 2)
    grid = read_grid(design, state, runs, points[1])
    surfaces = fit_surfaces(grid)
    progress("fitting", 1, 2)
    errors = errors_of(grid, surfaces, member_lists(bench.question(state)))
    progress("fitting", 2, 2)
    text = page_text(grid_record(bench, grid, surfaces, errors))
    write_folder(folder, text, errors)
    return errors


def runs_folder(folder: Path) -> Path:
    """Return where the runs of an exported page are kept."""
    return folder.with_name(f"{folder.name}-runs")


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds something else; errors as of `export_page`."""
    if folder.exists() and not folder.is_dir():
        raise StateError(f"--export: {folder} is a file; name a folder")
    page = folder / PAGE
    try:
        is_ours = not page.exists() or GRID_TAG.encode() in read_bounded(page, MOST_EXPORTED)
    except UnreadableError:
        is_ours = False
    if not is_ours:
        raise StateError(f"--export: {page} is another page; name an empty folder")


def run_grid(design: Design, runs: Path, workers: int, progress: Progress) -> None:
    """Run what is missing of a grid; errors as of `export_page`."""
    store = Store(runs, design)
    try:
        executor = InThisProcess() if workers == 1 else Processes(workers)
        sweep_into(store, executor, workers, retry=True, report=lambda said: progress("running", said.done, said.total))
    finally:
        store.close()


def write_folder(folder: Path, text: str, errors: Sequence[ViewErrors]) -> None:
    """Write page and errors, each whole or not at all; errors as of `export_page`."""
    size = len(text.encode())
    if size > MOST_FOLDER_BYTES:
        raise StateError(
            f"--export: the page would have {size / 1e6:.0f} MB; allowed: {MOST_FOLDER_BYTES / 1e6:.0f}. Ask for fewer levers, "
            "draws or replicates, or an earlier last year"
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / PAGE, text)
    with whole_file(folder / ERRORS) as place, place.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(ViewErrors._fields)
        rows.writerows(errors)


def page_text(record: Mapping[str, Any]) -> str:
    """Write the page with all that it needs inside."""
    page = (ASSETS / "page.html").read_text(encoding="utf-8")
    style = (ASSETS / "style.css").read_text(encoding="utf-8")
    modules = sorted(path.name for path in ASSETS.glob("*.js") if path.name not in INSTEAD)
    names = {name: module_address(name) for name in modules} | {old: module_address(new) for old, new in INSTEAD.items()}
    data = json.dumps(record, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    inside = [
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        f"<style>\n{style}</style>",
        f"{GRID_TAG}{data}</script>",
        f'<script type="importmap">{json.dumps({"imports": names})}</script>',
        f"<script>{get_plotlyjs()}</script>",
        '<script type="module">import "main.js";</script>',
    ]
    head, _, rest = page.partition('<link rel="stylesheet"')
    return head + "\n".join(inside) + rest[rest.index("\n</head>") :]


def module_address(name: str) -> str:
    """Write a module as an address that holds it; what it imports is found by the names of the page's map."""
    text = re.sub(r'from "\./([\w.]+)"', r'from "\1"', (ASSETS / name).read_text(encoding="utf-8"))
    return "data:text/javascript;base64," + base64.b64encode(text.encode()).decode()
