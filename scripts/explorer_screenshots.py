"""Photograph the views of the live page, wide and on a phone: results/reference/explorer-*.png.

python scripts/explorer_screenshots.py
"""

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from sim.explorer.state import fragment_of
from tests.support.explorer_server import ENTRY_BAR, served

FOLDER = Path(__file__).parents[1] / "results" / "reference"
SCREENS = {"desktop": (1280, 900), "phone": (390, 844)}
VIEWS = ("shares", "people", "flow", "map", "who", "crossing", "futures", "takes", "fit")
ON_REQUEST = ("who", "takes")
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
        for screen, (width, height) in SCREENS.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(PATIENCE)
            page.goto(f"{server.url}#{fragment_of({'v': 1, 'items': [ENTRY_BAR]})}")
            page.wait_for_selector("html[data-answer=complete]", state="attached")
            for view in VIEWS:
                page.locator(f"#tab-{view}").click()
                page.wait_for_selector("#controls:not(:empty), #caption:not(:empty)")
                if view in ON_REQUEST:
                    page.locator("#controls button.main").click()
                    page.wait_for_selector("#table table")
                page.wait_for_timeout(1500)
                save(page.screenshot(full_page=True), FOLDER / f"explorer-{screen}-{view}.png")
        browser.close()


def save(picture: bytes, path: Path) -> None:
    """Write a picture with few colours."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS).save(path, format="png", optimize=True)


if __name__ == "__main__":
    main()
