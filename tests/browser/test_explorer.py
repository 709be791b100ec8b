"""The live page in a real headless browser: every view by keyboard, axe-core, offline, narrow, a copied address."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page

from sim.explorer.state import fragment_of, record_of_link
from tests.support.chromium import BROWSER
from tests.support.explorer_server import ENTRY_BAR, Served, served

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE = 240_000  # milliseconds
DESK, PHONE = (1280, 900), (390, 844)
VIEWS = ("shares", "people", "flow", "map", "who", "crossing", "futures", "takes", "fit")
SIZE = {"draws": 10, "replicates": 2, "researchers": 1000, "seed": 1, "until": 2035}
RECORD = {"v": 1, "items": [ENTRY_BAR], "size": SIZE}
SERIOUS = "async () => (await axe.run()).violations.filter((each) => ['serious', 'critical'].includes(each.impact))"
DONE = "html[data-answer=complete]"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")]

LISTEN = """document.addEventListener('DOMContentLoaded', () => {
  window.told = [];
  new MutationObserver((seen) => seen.forEach((each) => each.addedNodes.forEach((node) => window.told.push(node.textContent))))
    .observe(document.getElementById('status'), { childList: true });
})"""
"""Keeps every word of the status."""
Opened = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("served"), "--port", "18865") as running:
        yield running


@pytest.fixture
def opened(browser: Browser) -> Opened:
    """Return a function that opens a page; whatever the browser complains about, or asks of another machine, is a failure."""

    @contextmanager
    def open_page(server: Served, size: tuple[int, int] = DESK, record: Any = RECORD) -> Iterator[Page]:
        complaints: list[str] = []
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.set_default_timeout(PATIENCE)
        tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        own = (f"http://127.0.0.1:{server.port}/", "data:", "blob:")
        tab.on("request", lambda asked: None if asked.url.startswith(own) else complaints.append(asked.url))
        tab.goto(f"{server.url}#{fragment_of(record)}")
        tab.wait_for_selector(DONE, state="attached")
        yield tab
        tab.close()
        assert complaints == []

    return open_page


def key_numbers(page: Page) -> Any:
    return page.evaluate("explorer.result")


def overflow(page: Page) -> Any:
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def open_view(page: Page, name: str) -> None:
    page.locator(f"#tab-{name}").click()
    page.wait_for_selector(f"#tab-{name}[aria-selected=true]")
    page.wait_for_selector("#controls:not(:empty), #caption:not(:empty)")


def test_each_view_is_reached_by_keyboard_alone(opened: Opened, server: Served) -> None:
    with opened(server) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        for _ in range(60):
            if page.evaluate("document.activeElement.getAttribute('role')") == "tab":
                break
            page.keyboard.press("Tab")
        seen = [page.evaluate("document.activeElement.id")]
        for _ in VIEWS[1:]:
            page.keyboard.press("ArrowRight")
            seen.append(page.evaluate("document.activeElement.id"))
        assert seen == [f"tab-{name}" for name in VIEWS]
        page.wait_for_selector("#extra table")
        assert page.locator("#tab-fit").get_attribute("aria-selected") == "true"


def test_a_slider_moves_by_keyboard_and_gives_a_line_then_bands(opened: Opened, server: Served) -> None:
    with opened(server) as page:
        before = key_numbers(page)
        page.locator("#item-m1 input[type=range]").focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_selector(DONE, state="attached")
        assert page.evaluate("explorer.state.items[0].value") != 0.15
        assert key_numbers(page) != before
        assert page.evaluate("explorer.firstLine") < page.evaluate("explorer.bandsAfter")
        assert page.locator("#key .card").count() == 4


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_axe_finds_no_serious_fault_and_nothing_scrolls_sideways(opened: Opened, server: Served, size: tuple[int, int]) -> None:
    if not AXE.is_file():
        pytest.skip("axe-core is not there: npm ci --prefix tests/browser")
    with opened(server, size) as page:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        for name in VIEWS:
            open_view(page, name)
            page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
            faults = page.evaluate(SERIOUS)
            assert [(fault["id"], fault["nodes"][0]["html"]) for fault in faults] == [], name
            assert overflow(page) <= 0, name


def test_a_copied_address_gives_the_same_in_a_fresh_process(opened: Opened, server: Served, tmp_path: Path) -> None:
    with opened(server) as page:
        first, address = key_numbers(page), page.url
    assert "token" not in address
    with served(tmp_path, "--port", "18965", address) as fresh:
        said = (tmp_path / "said.txt").read_text()
        assert "#v1." in said
        with opened(fresh, record=record_of_link(address)) as page:
            assert key_numbers(page) == first


def test_an_old_link_says_that_the_model_is_another(opened: Opened, server: Served) -> None:
    with opened(server, record={**RECORD, "model": "0" * 64}) as page:
        assert "another version of the model" in page.locator("#problems").inner_text()


def test_what_the_base_has_can_be_taken_away_and_put_back(opened: Opened, server: Served) -> None:
    with opened(server) as page:
        page.locator("#drops select").select_option("h1b-fee-after")
        page.wait_for_selector("#drops s")
        assert 'drop     = ["h1b-fee-after"]' in page.evaluate("explorer.said.file")
        page.locator("#drops button").click()
        page.wait_for_selector("#drops s", state="detached")
        assert page.evaluate("explorer.state.drop") == []


@pytest.mark.parametrize(("button", "start"), [("SVG", b"<svg"), ("PNG", b"\x89PNG")])
def test_the_tile_map_leaves_as_a_picture(opened: Opened, server: Served, button: str, start: bytes) -> None:
    with opened(server) as page:
        open_view(page, "map")
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button, exact=True).click()
        content = Path(waiting.value.path()).read_bytes()
        assert content.startswith(start)
        assert button == "PNG" or b"USA" in content


def test_the_list_is_filtered_by_what_levers_can_be_aimed_at(opened: Opened, server: Served) -> None:
    with opened(server) as page:
        page.locator("#aims input[value=sector]").check()
        page.wait_for_selector("#hits button[aria-label$=research_pay]")
        names = page.locator("#hits b").all_inner_texts()
        page.locator("#aims input[value=origin]").check()
        page.wait_for_selector("#hits button[aria-label$=phd_places]", state="detached")
        assert "entry_bar" not in names
        assert "research_pay" in page.locator("#hits b").all_inner_texts()


def test_an_assumption_moves_the_base_too_and_says_so(opened: Opened, server: Served) -> None:
    with opened(server) as page:
        before = page.evaluate("explorer.record.base_share.at(-1)")
        page.locator("#assumed summary").click()
        page.locator("#assumptions select").first.select_option("seat elasticity: 1 (a place for everyone)")
        page.wait_for_selector("#problems :text('reference point')")
        page.wait_for_selector(DONE, state="attached")
        assert page.evaluate("explorer.record.base_share.at(-1)") != before
        assert "--set seat_elasticity=" in set_command(page, "seat_elasticity")


def set_command(page: Page, name: str) -> str:
    page.locator("#assumptions select").nth(1).select_option(name)
    return page.locator("#set").inner_text()


def test_the_full_report_is_made_on_request_and_opens(opened: Opened, server: Served) -> None:
    with opened(server) as page:
        page.get_by_role("button", name="Full report").click()
        page.locator("#report progress").wait_for()
        page.locator("#report button").click()
        page.wait_for_selector("#report progress", state="detached")
        assert page.locator("#report a").count() == 0
    with opened(server, record={**RECORD, "size": {**SIZE, "draws": 2, "researchers": 500}}) as page:
        made = page.get_by_role("button", name="Full report")
        with page.context.expect_page(timeout=PATIENCE) as waiting:
            until_taken(page, made)
        report = waiting.value
        report.wait_for_selector("table", state="attached")
        assert "entry_bar" in report.content()
        assert report.evaluate("window.origin") == "null"
        report.close()


def until_taken(page: Page, made: Locator) -> None:
    """Ask for a report; the one that was cancelled stops at its next step, until then another is refused."""
    for _ in range(60):
        page.evaluate("document.getElementById('problems').replaceChildren()")
        made.click()
        page.wait_for_timeout(2_000)
        if "another answer" not in page.locator("#problems").inner_text():
            return


def test_a_cold_cache_is_told_with_progress(
    opened: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, browser: Browser
) -> None:
    monkeypatch.setenv("TALENTSIM_CACHE", str(tmp_path / "cold"))
    with served(tmp_path, "--port", "19165") as cold:
        tab = browser.new_page()
        tab.set_default_timeout(PATIENCE)
        tab.add_init_script(LISTEN)
        tab.goto(f"{cold.url}#{fragment_of({**RECORD, 'size': {**SIZE, 'draws': 2, 'researchers': 500}})}")
        tab.wait_for_selector("#item-m1")  # the desk is there while the model compiles
        tab.wait_for_selector(DONE, state="attached")
        told = tab.evaluate("window.told")
        tab.close()
    kinds = ["Compiling", "One draw", "Running", "Complete"]
    found = [next((k for k, text in enumerate(told) if text.startswith(kind)), None) for kind in kinds]
    assert None not in found, told
    assert found == sorted(found), told


def test_two_tabs_have_streams_of_their_own(opened: Opened, server: Served) -> None:
    other = {**RECORD, "items": [{**ENTRY_BAR, "value": 0.3}]}
    with opened(server) as one, opened(server, record=other) as two:
        assert key_numbers(one) != key_numbers(two)


def test_texts_of_an_address_do_not_run(opened: Opened, server: Served) -> None:
    trap = "<img src=x onerror='window.hacked=1'>"
    with opened(server, record={**RECORD, "look": {"places": [trap], "view": trap}}) as page:
        assert page.evaluate("window.hacked") is None
        assert page.locator("img").count() == 0
