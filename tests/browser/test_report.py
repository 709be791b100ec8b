"""Reports in a real headless browser: drawn, quiet, offline, readable on a phone, accessible, printable, safe."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from sim.reports.figures.catalogue import figure_tables
from sim.reports.page import write_report
from sim.reports.sheets import MOST_SHEETS
from sim.reports.single import as_comparison
from tests.support.chromium import BROWSER
from tests.support.comparisons import compared, run_of

PATIENCE = 120_000  # milliseconds
DESK, PHONE, SMALL = (1280, 900), (390, 844), (320, 640)
FAULTS = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")
HOSTILE = '</title><script>window.hacked = 1</script><img src="x" onerror="window.hacked = 2">'
RIGHT_TO_LEFT = "هل تتغير حصة الباحثين"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")

Opened = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write three pages: a comparison, one of a scenario full of traps, and a run alone."""
    folder = tmp_path_factory.mktemp("pages")
    base = run_of("baseline", folder)
    variant = run_of("us-entry-restrictions", folder, seed=2)
    trap = folder / "trap.toml"
    trap.write_text(trap_file(), encoding="utf-8")
    trapped = run_of(str(trap), folder, seed=3)
    names = ("us-opening", "china-pull", "europe-attraction", "decoupling")
    more = [run_of(name, folder, seed=seed) for seed, name in enumerate(names, start=4)]
    return {
        "comparison": write_report(compared(base, [variant]), folder / "comparison.html"),
        "trap": write_report(compared(base, [trapped]), folder / "trap.html"),
        "run": write_report(base, folder / "run.html"),
        "five": write_report(compared(base, [variant, *more]), folder / "five.html"),
    }


def trap_file() -> str:
    """Write a scenario whose every text would break a careless page."""
    return f"""
title = '{HOSTILE}{"w" * 10_000}'
question = '{RIGHT_TO_LEFT} {"long " * 2000}'
note = '{HOSTILE}'
extends = "baseline"

[[lever]]
id = "b"
name = "phd_places"
destination = ["CAN"]
from = 2027
change = "multiply"
value = 1.5
evidence = '{HOSTILE} `{HOSTILE}` {"y" * 3000}'
"""


@pytest.fixture
def opened(browser: Browser, pages: dict[str, Path]) -> Opened:
    """Return a function that opens a page; whatever the browser complains about, or asks the network for, is a failure."""

    @contextmanager
    def open_page(name: str, size: tuple[int, int] = DESK) -> Iterator[Page]:
        complaints: list[str] = []
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.set_default_timeout(PATIENCE)
        tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        address = pages[name].as_uri()
        tab.on(
            "request", lambda asked: None if asked.url.startswith((address, "data:", "blob:")) else complaints.append(asked.url)
        )
        tab.goto(address)
        tab.wait_for_function("document.documentElement.dataset.figures === 'drawn'")
        yield tab
        tab.close()
        assert complaints == []

    return open_page


def sizes(page: Page, selector: str) -> list[tuple[float, float]]:
    """Return width and height of every element, 0 where it is not shown."""
    return [
        (box["width"], box["height"]) if box else (0.0, 0.0)
        for box in (element.bounding_box() for element in page.query_selector_all(selector))
    ]


def overflow(page: Page) -> Any:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


@pytest.mark.parametrize("name", ["comparison", "run"])
def test_every_figure_is_drawn_and_nothing_is_asked_of_the_network(opened: Opened, pages: dict[str, Path], name: str) -> None:
    assert pages[name].stat().st_size <= 5_000_000
    with opened(name) as page:
        drawn = sizes(page, "figure .plot svg.main-svg:first-child")
        assert len(drawn) == page.locator("figure").count() >= (11 if name == "comparison" else 5)
        assert all(width > 600 and height > 150 for width, height in drawn), drawn
        marks = page.evaluate(
            "[...document.querySelectorAll('figure')].map((f) => f.querySelectorAll('svg path, svg rect').length)"
        )
        assert min(marks) > 10, marks
        assert sizes(page, "figure .picture") == [(0.0, 0.0)] * len(drawn), "the pictures are for print"


def test_the_pointer_shows_the_value_of_the_table(opened: Opened, tmp_path: Path) -> None:
    base, variant = run_of("baseline", tmp_path), run_of("us-entry-restrictions", tmp_path, seed=2)
    effects = figure_tables(compared(base, [variant]))["effects"].records(region="United States")[0]
    with opened("comparison") as page:
        point = page.locator("#plot-effects .scatterlayer .point").first
        point.scroll_into_view_if_needed()
        point.hover(force=True)
        page.wait_for_selector("#plot-effects .hoverlayer .hovertext")
        said = (page.locator("#plot-effects .hoverlayer").text_content() or "").replace("\N{MINUS SIGN}", "-")
        assert "United States" in said
        assert f"{float(effects['difference']):+.2f}" in said, said

        box = page.locator("#plot-work-shares .subplot.xy .nsewdrag, #plot-work-shares .draglayer .xy .nsewdrag").first
        box.scroll_into_view_if_needed()
        area = box.bounding_box()
        assert area is not None
        page.mouse.move(area["x"] + area["width"] * 0.8, area["y"] + area["height"] / 2)
        page.wait_for_selector("#plot-work-shares .hoverlayer .hovertext")
        assert re.search(
            r"baseline: \d+\.\d .*50 %: .* people", page.locator("#plot-work-shares .hoverlayer").text_content() or ""
        )


@pytest.mark.parametrize(("name", "size"), [("comparison", PHONE), ("run", SMALL), ("trap", SMALL)])
def test_a_phone_needs_no_horizontal_scroll(opened: Opened, name: str, size: tuple[int, int]) -> None:
    with opened(name, size) as page:
        assert overflow(page) <= 0
        drawn = sizes(page, "figure .plot svg.main-svg:first-child")
        assert all(250 < width <= size[0] for width, _ in drawn), drawn
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert overflow(page) <= 0


@pytest.mark.parametrize(("name", "size"), [("comparison", DESK), ("trap", PHONE), ("run", PHONE)])
def test_there_is_no_serious_fault_of_accessibility(opened: Opened, name: str, size: tuple[int, int]) -> None:
    with opened(name, size) as page:
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert page.evaluate(f"({FAULTS})()") == []
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        assert sizes(page, ".skip")[0][0] > 50
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_the_check_of_accessibility_can_fail(opened: Opened) -> None:
    with opened("run", PHONE) as page:
        page.evaluate(
            "(html) => document.querySelector('main').insertAdjacentHTML('beforeend', html)",
            '<h5>x</h5><img src="data:,"><p style="color: #bbb">y</p><table><tr><th>z</th></tr></table><div id="answer"></div>',
        )
        rules = {fault.split(":")[0] for fault in page.evaluate(f"({FAULTS})()")}
        assert {"heading-order", "image-alt", "color-contrast", "table-caption", "th-scope", "duplicate-id"} <= rules


def test_texts_of_a_scenario_do_not_run_and_do_not_break_the_page(opened: Opened) -> None:
    with opened("trap") as page:
        assert page.evaluate("window.hacked") is None
        assert page.locator("main img[src='x'], header img").count() == 0
        assert page.locator("h1").inner_text().startswith("</title><script>")
        assert len(page.locator("h1").inner_text()) < 300
        assert "w" * 9_000 in (page.locator("header details").text_content() or "")
        assert page.evaluate("getComputedStyle(document.querySelector('.question')).direction") == "rtl"
        assert overflow(page) <= 0
        assert page.locator("#evidence dd").first.evaluate("(box) => box.scrollWidth - box.clientWidth") <= 0


def test_a_script_that_came_in_would_not_run(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    text = pages["run"].read_text(encoding="utf-8")
    broken.write_text(text.replace("</main>", "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'></main>"))
    page = browser.new_page()
    page.goto(broken.as_uri())
    page.wait_for_function("document.documentElement.dataset.figures === 'drawn'", timeout=PATIENCE)
    assert page.evaluate("window.hacked") is None
    page.close()


def test_print_and_a_browser_without_scripts_show_the_pictures(browser: Browser, opened: Opened, pages: dict[str, Path]) -> None:
    with opened("comparison") as page:
        printed = page.pdf(format="A4")
        assert printed.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) >= 6
        page.emulate_media(media="print")
        on_paper = [size for size in sizes(page, "figure .picture") if size != (0.0, 0.0)]  # the others have no room there
        assert on_paper
        assert all(width > 300 and height > 50 for width, height in on_paper), on_paper
        assert sizes(page, "figure .plot") == [(0.0, 0.0)] * page.locator("figure").count()
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(pages["comparison"].as_uri())
    assert all(width > 300 and height > 50 for width, height in sizes(page, "figure .picture"))
    context.close()


@pytest.mark.parametrize("name", ["comparison", "trap", "run", "five"])
def test_the_first_sheet_stands_alone_and_twelve_hold_all(opened: Opened, name: str) -> None:
    with opened(name) as page:
        printed = page.pdf(prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= MOST_SHEETS
        page.emulate_media(media="print")
        page.set_viewport_size({"width": round(182 / 25.4 * 96), "height": 1000})
        high = page.evaluate("document.querySelector('#answer').getBoundingClientRect().bottom + window.scrollY")
        assert high <= 269 / 25.4 * 96, "question, answer, figure, table, caveats and citation on one A4 sheet"
        assert page.evaluate("getComputedStyle(document.querySelector('#answer')).breakAfter") == "page"
        assert page.locator("#answer figure").count() == page.locator("#answer table").count() == 1
        assert page.locator("#answer li").count() == 3
        assert "Cite as" in (page.locator("#answer .cite").text_content() or "")


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_no_cell_is_cut(opened: Opened, size: tuple[int, int]) -> None:
    with opened("comparison", size) as page:
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        cut = page.evaluate(
            "[...document.querySelectorAll('th, td')].filter((c) => c.scrollWidth > c.clientWidth + 1).map((c) => c.textContent)"
        )
        assert cut == []
        lost = page.evaluate(
            "[...document.querySelectorAll('table')].filter((t) => t.scrollWidth > t.parentElement.clientWidth + 1 &&"
            " getComputedStyle(t.parentElement).overflowX !== 'auto').length"
        )
        assert lost == 0, "a table that is wider than the screen scrolls by itself"


def test_futures_are_stepped_through(opened: Opened) -> None:
    with opened("comparison") as page:
        row = page.locator("#figure-futures .steps")
        first = row.locator("span").inner_text()
        assert first.startswith("Future 1 of 3.")
        row.get_by_role("button", name="Next").click()
        page.wait_for_function("document.querySelector('#figure-futures .steps span').textContent.startsWith('Future 2 of 3.')")
        shown = page.evaluate("document.querySelectorAll('#plot-futures .scatterlayer .trace').length")
        assert shown == 4, "two regions in two scenarios, of one draw"
        row.get_by_role("button", name="Previous").click()
        page.wait_for_function(f"document.querySelector('#figure-futures .steps span').textContent === {first!r}")


def test_a_run_alone_says_how_to_compare(pages: dict[str, Path]) -> None:
    text = pages["run"].read_text(encoding="utf-8")
    assert "Run of baseline" in text
    assert 'id="effects"' not in text


def test_the_answer_of_a_run_alone_has_two_sentences(tmp_path: Path) -> None:
    answer = as_comparison(run_of("baseline", tmp_path)).answers[0]
    assert answer.count(". ") == 1
    assert answer.endswith(".")
