"""The page of examples/mesa_app.py in a real browser: steps, sliders, plot, Reset and Play."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from sim.runs.talent_model import TalentModel
from tests.support.chromium import BROWSER

ROOT = Path(__file__).parents[2]
PATIENCE = 60_000  # milliseconds; a step takes a tenth of a second on an idle machine
REFUSALS, PAY = "US visa refusals, +points", "US doctoral pay, %"
KNOWN_NOISE = (
    # Of ipyvue, on every page that it serves.
    "Failed to evaluate Vue script and find module.exports, falling back to old method",
)

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on the PATH")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the page on a free port of the loopback device; afterwards nothing may have gone wrong in the server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("server") / "log"
    command = [sys.executable, "-m", "solara", "run", "examples/mesa_app.py", "--production", "--no-open"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False"}
    with log.open("w") as output:
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_for(f"http://127.0.0.1:{port}/", server, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.terminate()
        server.wait(30)
    assert "Traceback" not in log.read_text(), log.read_text()


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers; the first start of a fresh cache compiles the model."""
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(address, timeout=60) as answer:
                assert answer.status == 200
                return
        except urllib.error.URLError:
            time.sleep(0.5)
    raise AssertionError(log.read_text())


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    """Open the page; whatever the browser complains about is a failure, unless it is known noise."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--disable-dev-shm-usage"])
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.set_default_timeout(PATIENCE)
        tab.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
        tab.on("request", lambda asked: complaints.append(asked.url) if is_elsewhere(asked.url, address) else None)
        tab.goto(address)
        yield tab
        browser.close()
    assert [each for each in complaints if not each.startswith(KNOWN_NOISE)] == []


def is_elsewhere(url: str, address: str) -> bool:
    """Tell whether a request leaves this machine."""
    return not url.startswith((address, f"blob:{address}", "data:"))


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def slide(page: Page, name: str, key: str) -> None:
    page.get_by_role("slider", name=name, exact=True).press(key)


def plot(page: Page, year: int, refusals: int, pay: int) -> str:
    """Wait for the plot of a year and levers; return its SVG."""
    expect(page.get_by_role("heading", name=f"Year {year}", exact=True)).to_be_visible(timeout=PATIENCE)
    title = f"Work shares up to {year}, levers {refusals:+} {pay:+}<"
    asked = "async () => await (await fetch(document.querySelector('img').src)).text()"
    for _ in range(PATIENCE // 200):
        drawn = str(page.evaluate(asked))
        if title in drawn:
            return drawn
        page.wait_for_timeout(200)
    raise AssertionError(f"no plot called {title!r}")


def labels(drawn: str) -> dict[str, int]:
    """Read the labels at the ends of the lines: per cent by region."""
    found = re.findall(r"<!-- ([A-Z][\w .()]+?) (\d+) % -->", drawn)
    assert len(found) == 4, found
    return {name: int(value) for name, value in found}


def lines(drawn: str) -> list[str]:
    """Read the paths of all curves, which are the plot without its texts."""
    return re.findall(r'<g id="line2d_\d+">\s*<path d="([^"]+)"', drawn)


def test_steps_sliders_reset_and_play(page: Page, tmp_path: Path) -> None:
    opened = plot(page, 2025, 0, 0)
    press(page, "Step")
    stepped = plot(page, 2026, 0, 0)
    assert lines(stepped) != lines(opened)
    expect(page.get_by_text("Step: 27")).to_be_visible()

    model = TalentModel(researchers=1_000, until=2035)
    while model.year < 2026:
        model.step()
    assert labels(stepped)["United States"] == round(100 * model.share("USA"))
    assert labels(stepped)["China"] == round(100 * model.share("CHN"))

    for year in (2027, 2028, 2029, 2030):
        press(page, "Step")
        untouched = plot(page, year, 0, 0)

    slide(page, REFUSALS, "End")
    restricted = plot(page, 2030, 90, 0)
    expect(page.get_by_text("+90 percentage points")).to_be_visible()
    assert labels(restricted)["United States"] < labels(untouched)["United States"]
    assert labels(restricted)["China"] > labels(untouched)["China"]

    slide(page, PAY, "End")
    both = plot(page, 2030, 90, 100)
    expect(page.get_by_text("+100 %")).to_be_visible()
    assert lines(both) != lines(restricted)
    picture = page.screenshot(path=tmp_path / "page.png")
    assert len(picture) > 20_000

    press(page, "Reset")
    assert lines(plot(page, 2025, 90, 100)) == lines(opened)

    slide(page, PAY, "Home")
    plot(page, 2025, 90, -50)
    press(page, "▶")
    poor = plot(page, 2035, 90, -50)
    expect(page.get_by_role("button", name="Step", exact=True)).to_be_disabled()
    slide(page, PAY, "End")
    rich = plot(page, 2035, 90, 100)
    assert labels(rich)["United States"] > labels(poor)["United States"]
