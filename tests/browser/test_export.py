"""The page as a folder in a real headless browser: by a double click and from a plain file server, with no network."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from sim.draws.ensemble import find_ensemble
from sim.explorer.export.folder import PAGE, export_page, runs_folder
from sim.explorer.export.grid import DEFAULT_LEVERS, Grid, grid_design, grid_points, read_grid
from sim.explorer.export.pack import with_values
from sim.explorer.export.surface import fit_surfaces, lever_units, surface_shares
from sim.explorer.live import Bench
from sim.explorer.state import PageState, fragment_of, state_record
from sim.scenarios.load import load_basis
from tests.support.chromium import BROWSER

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
DONE = "html[data-answer=complete]"
POINTS = (32, 4)
STATE = PageState(items=DEFAULT_LEVERS, draws=2, replicates=2, researchers=500)
VALUES = np.array([0.2, 0.1, 1.3, 1.2, 1.1, 0.5])
NEEDS_MODEL = ("flow", "who", "takes")

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")]
Opened = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Grid]:
    folder, bench = tmp_path_factory.mktemp("exported") / "page", Bench(load_basis(), find_ensemble(), {}, 1)
    export_page(bench, STATE, folder, lambda *step: None, POINTS)
    design = grid_design(bench, STATE, grid_points(STATE, *POINTS))
    grid = read_grid(design, STATE, runs_folder(folder), POINTS[1])
    bench.close()
    return folder, grid


@pytest.fixture
def opened(browser: Browser) -> Opened:
    """Return a function that opens the page without a network; a complaint or a request for anything else is a failure."""

    @contextmanager
    def open_page(address: str, state: PageState | None = None, width: int = 1280) -> Iterator[Page]:
        complaints: list[str] = []
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=address.startswith("file:"))
        tab = context.new_page()
        tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        allowed = (address, "data:", "blob:")
        tab.on("request", lambda asked: None if asked.url.startswith(allowed) else complaints.append(asked.url))
        tab.goto(address + (f"#{fragment_of(state_record(state))}" if state else ""))
        tab.wait_for_selector(DONE, state="attached", timeout=120_000)
        yield tab
        context.close()
        assert complaints == []

    return open_page


def test_the_numbers_are_those_of_the_surfaces(exported: tuple[Path, Grid], opened: Opened) -> None:
    folder, grid = exported
    with opened((folder / PAGE).as_uri(), with_values(STATE, VALUES)) as page:
        record: Any = page.evaluate("explorer.record")
        command = page.locator("#command").inner_text()
        error = page.locator("#error").inner_text()
    unit = lever_units(VALUES[None], STATE)
    shares = surface_shares(grid, fit_surfaces(grid).at(unit))[0, :, :, 0, 0]
    base = surface_shares(grid, np.zeros(2))[0, :, :, 0, 0]
    shown = np.array(record["variant_share"])[-shares.shape[2] :, :20]
    assert np.allclose(shown, shares.mean(axis=(0, 1)), atol=2e-5)
    differences = 100.0 * (shares - base).reshape(4, *shares.shape[2:])
    for name, part in (("p05_points", 0.05), ("p95_points", 0.95)):
        assert np.allclose(np.array(record[name])[-shares.shape[2] :, :20], np.quantile(differences, part, axis=0), atol=2e-3)
    assert command.startswith("talentsim compare baseline")
    assert "95 %" in error


def test_where_nothing_is_moved_the_base_is_shown(exported: tuple[Path, Grid], opened: Opened) -> None:
    neutral = with_values(STATE, np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.0]))
    with opened((exported[0] / PAGE).as_uri(), neutral) as page:
        assert np.abs(np.array(page.evaluate("explorer.record.difference_points"))).max() == 0.0


def test_a_file_server_is_enough_and_every_view_answers_or_says_who_does(exported: tuple[Path, Grid], opened: Opened) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(exported[0]))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with opened(f"http://127.0.0.1:{server.server_port}/{PAGE}") as page:
            for view in json.loads(
                page.evaluate("JSON.stringify([...document.querySelectorAll('[role=tab]')].map((e) => e.id))")
            ):
                page.locator(f"#{view}").click()
                name = view.removeprefix("tab-")
                if name in NEEDS_MODEL[:1]:
                    page.wait_for_selector("#problems p")
                    assert "talentsim compare" in page.locator("#problems").inner_text()
                elif name not in NEEDS_MODEL:
                    page.wait_for_selector("#caption:not(:empty)")
        server.shutdown()


def test_a_point_outside_the_grid_is_refused_with_the_command(exported: tuple[Path, Grid], opened: Opened) -> None:
    with opened((exported[0] / PAGE).as_uri()) as page:
        page.locator("#item-bar input[type=number]").fill("0.9")
        page.locator("#item-bar input[type=number]").press("Enter")
        page.wait_for_selector("html[data-answer=failed]", state="attached")
        assert "reaches from 0 to 0.3" in page.locator("#problems").inner_text()


def test_a_point_whose_error_is_too_large_is_refused(exported: tuple[Path, Grid], opened: Opened, tmp_path: Path) -> None:
    text = (exported[0] / PAGE).read_text(encoding="utf-8")
    (tmp_path / PAGE).write_text(text.replace('"mostError": 0.5', '"mostError": 1e-09'), encoding="utf-8")
    with opened(f"{(tmp_path / PAGE).as_uri()}", replace(STATE, items=())) as page:
        page.wait_for_selector("#problems p")
        assert "Refused at this point" in page.locator("#problems").inner_text()
        assert page.evaluate("explorer.record") is None
        assert page.locator("#key .card").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_serious_fault_in_the_folder(exported: tuple[Path, Grid], opened: Opened, width: int) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not there: npm ci --prefix tests/browser")
    with opened((exported[0] / PAGE).as_uri(), width=width) as page:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(
            "async () => (await axe.run()).violations.filter((e) => ['serious', 'critical'].includes(e.impact))"
        )
        assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
