"""Photograph the views of the live page, wide and on a phone: results/reference/explorer-*.png.

python scripts/explorer_screenshots.py
"""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from sim.explorer.state import fragment_of
from tests.support.explorer_server import ENTRY_BAR, served

FOLDER = Path(__file__).parents[1] / "results" / "reference"
SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}
ON_REQUEST = ("takes", "who")
VIEWS = ("shares", "people", "flow", "map", "crossing", "futures", "fit", *ON_REQUEST)
COLOURS = 128
PATIENCE = 300_000  # milliseconds


def main() -> None:
    """Start the server, open the page in both sizes, photograph each view."""
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder), "--port", "19565") as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--disable-dev-shm-usage"])
        pages = {screen: open_page(browser, server.url, *size) for screen, size in SCREENS.items()}
        for view in VIEWS:
            for screen, page in pages.items():
                photograph(page, view, FOLDER / f"explorer-{screen}-{view}.png")
        browser.close()


def open_page(browser: Browser, url: str, width: int, height: int) -> Page:
    """Open the page in a size and wait until all draws are there."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(PATIENCE)
    page.goto(f"{url}#{fragment_of({'v': 1, 'items': [ENTRY_BAR]})}")
    page.wait_for_selector("html[data-answer=complete]", state="attached")
    return page


def photograph(page: Page, view: str, path: Path) -> None:
    """Open a view, ask for what it makes on request only, and write its picture."""
    page.locator(f"#tab-{view}").click()
    page.wait_for_selector("#controls:not(:empty), #caption:not(:empty)")
    if view in ON_REQUEST:
        page.locator("#controls button.main").click()
        page.wait_for_selector("#table table", state="attached")
    page.wait_for_timeout(1500)
    save(page.screenshot(full_page=True), path)


def save(picture: bytes, path: Path) -> None:
    """Write a picture with few colours."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS).save(path, format="png", optimize=True)


if __name__ == "__main__":
    main()
