"""Make the report of two shipped scenarios anew and photograph it, wide and on a phone: results/reference/report-*.png.

    python scripts/report_screenshots.py [--draws 10] [--researchers 4000]

It needs a Chromium on the PATH and the packages of the extra dev.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "results" / "reference"
SCENARIOS = ("baseline", "us-entry-restrictions")
SIZES = {"report-desktop": (1200, 2600), "report-phone": (390, 2600)}
COLOURS = 96


def main() -> None:
    """Compare, write the page, photograph it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--researchers", type=int, default=4_000)
    asked = parser.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("no Chromium on the PATH: the screenshots stay as they are")
    with tempfile.TemporaryDirectory() as folder:
        words = ["compare", *SCENARIOS, "--draws", str(asked.draws), "--researchers", str(asked.researchers), "--out", folder]
        subprocess.run([sys.executable, "-m", "sim", *words], check=True, cwd=ROOT)
        (page,) = Path(folder).rglob("report.html")
        with sync_playwright() as playwright:
            started = playwright.chromium.launch(executable_path=browser, args=["--disable-dev-shm-usage"])
            for name, (width, height) in SIZES.items():
                photograph(started, page, FOLDER / f"{name}.png", width, height)
            started.close()


def photograph(browser: Browser, page: Path, picture: Path, width: int, height: int) -> None:
    """Write the first pixels of a page, from its top, as a small PNG."""
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.goto(page.as_uri())
    tab.wait_for_function("document.documentElement.dataset.figures === 'drawn'", timeout=120_000)
    with Image.open(io.BytesIO(tab.screenshot())) as image:
        image.convert("RGB").quantize(COLOURS).save(picture, format="png", optimize=True)
    tab.close()
    print(f"{picture.name}: {picture.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
