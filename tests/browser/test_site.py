"""A newcomer's path through the site that `make site` built, link by link."""

import pytest
from playwright.sync_api import Browser

from sim.sources import PACKAGE
from tests.support.chromium import BROWSER

SITE = PACKAGE.parent / "build" / "site"
VISIBLE = "(all, target) => all.findIndex(each => each.href === target && each.checkVisibility())"
PATH = [
    ("start.html", "First steps"), ("tutorial.html", "Fifteen minutes"),
    ("scenario-files.html", "Scenario files"), ("decisions/0003-scenario-files.html", "0003"),
    ("scenario-files.html", "Scenario files"), ("scenarios.html", "The shipped scenarios"),
    ("scenarios.html#us-opening", "The shipped scenarios"),
    ("glossary.html", "Glossary"), ("start.html", "First steps"), ("comparing.html", "Compare scenarios"),
    ("who-changed.html", "Who changed"), ("model.html", "The model"), ("levers.html", "The levers"), ("model.html", "The model"),
    ("decisions/0005-model.html", "0005"), ("decisions/0017-solving.html", "0017"), ("parameters.html", "The parameters"),
    ("calibration.html", "Calibration"), ("evidence.html", "Evidence"), ("validation.html", "Validation"),
    ("preregistration.html", "Pre-registration"), ("python.html", "From Python"), ("mesa.html", "A Mesa model"),
    ("api.html", "Every public name"), ("add.html", "Contributing"), ("map.html", "Follow one number"),
    ("index.html", "talentsim"),
]  # fmt: skip
"""What a newcomer clicks in turn, from the first page on: where each link leads, and how the page there begins."""


@pytest.mark.skipif(not SITE.is_dir(), reason="the site is not built: `make site`")
@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_newcomer_follows_25_links(browser: Browser) -> None:
    assert len(PATH) >= 25
    page = browser.new_page()
    failed: list[str] = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.goto((SITE / "index.html").as_uri())
    for link, heading in PATH:
        name, mark, place = link.partition("#")
        target = f"{(SITE / name).as_uri()}{mark}{place}"
        links = page.locator("a")
        number = links.evaluate_all(VISIBLE, target)
        assert number >= 0, f"{page.url} has no link to {link}"
        links.nth(number).click()
        assert page.url == target
        assert page.locator("h1").first.inner_text().startswith(heading), link
    assert failed == []
