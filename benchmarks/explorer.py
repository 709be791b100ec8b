"""Measure the live page in a real browser: first line, bands, cancelling and memory, as its user waits for them.

    python -m benchmarks.explorer [--moves 20] [--long 200]

A move sets the slider and releases it. First line: from the release until it is drawn. Bands: until all draws are there and drawn
(25 draws x 2 replicates of 5,000 researchers). Cancelling: from a new value until the first event of its own answer,
which stops the old one. Memory: of the server, before the long series and after each tenth of it.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from sim.explorer.state import fragment_of
from tests.support.explorer_server import ENTRY_BAR, served

MOVE = """(value) => {
  const line = document.querySelector('#item-m1 input[type=range]');
  line.value = value;
  line.dispatchEvent(new Event('input', { bubbles: true }));
}"""
CANCEL = """(value) => new Promise((done) => {
  const began = performance.now();
  const line = document.querySelector('#item-m1 input[type=range]');
  line.value = value;
  line.dispatchEvent(new Event('input', { bubbles: true }));
  const look = () => explorer.said ? done(performance.now() - began) : setTimeout(look, 2);
  look();
})"""
DONE = "html[data-answer=complete]"  # waited for by a selector: the page evaluates no text
MOVED_BY = 0.01
SHORT_WAIT = 700  # milliseconds: a long series need not wait for all draws


def main(moves: int, long: int) -> None:
    """Measure and print one JSON object."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), "--port", "19465") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(240_000)
        page.goto(f"{server.url}#{fragment_of({'v': 1, 'items': [ENTRY_BAR]})}")
        page.wait_for_selector(DONE, state="attached")
        lines, bands = zip(*(timed_move(page, 0.2 + MOVED_BY * k) for k in range(moves)), strict=True)
        cancels = [timed_cancel(page, 0.5 + MOVED_BY * k) for k in range(moves)]
        held = [memory(server.process.pid)]
        for k in range(long):
            page.evaluate(MOVE, -0.5 + 0.004 * k)
            page.wait_for_timeout(SHORT_WAIT)
            if (k + 1) % max(1, long // 10) == 0:
                page.wait_for_selector(DONE, state="attached")
                held.append(memory(server.process.pid))
        record: dict[str, Any] = {"first_line_ms": spread(lines), "bands_ms": spread(bands), "cancelling_ms": spread(cancels)}
        record |= {"moves": moves, "long": long, "memory_mb": held}
        print(json.dumps(record, indent=2))
        browser.close()


def timed_move(page: Page, value: float) -> tuple[float, float]:
    """Move the slider and wait for everything: milliseconds to the first line and to the bands."""
    page.evaluate(MOVE, value)
    page.wait_for_selector(DONE, state="attached")
    first, bands = page.evaluate("[explorer.firstLine, explorer.bandsAfter]")
    return first, bands


def timed_cancel(page: Page, value: float) -> float:
    """Ask for one value, then for another half a second later: milliseconds until the other one is answered."""
    page.evaluate(MOVE, value)
    page.wait_for_timeout(500)
    page.evaluate("explorer.said = null")
    waited: float = page.evaluate(CANCEL, value + MOVED_BY / 2)
    page.wait_for_selector(DONE, state="attached")
    return waited


def spread(values: Any) -> dict[str, float]:
    """Return median, 95 % point and maximum."""
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 1),
        "p95": round(ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))], 1),
        "most": round(ordered[-1], 1),
    }


def memory(process: int) -> float:
    """Return the memory that a process holds, megabytes."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024, 1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--moves", type=int, default=20)
    parser.add_argument("--long", type=int, default=200)
    given = parser.parse_args()
    main(given.moves, given.long)
