"""The site that `make site` built: every document and every public name is in it, and its links lead somewhere."""

import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click
import pytest

import sim
from sim.cli import cli
from sim.cli.terminal import InputError
from sim.sources import PACKAGE

DOCS = PACKAGE.parent / "docs"
SITE = PACKAGE.parent / "build" / "site"
INDEX = (DOCS / "index.md").read_text(encoding="utf-8")
SECTIONS = ["Start", "Use", "Model", "Validation", "How to add", "API", "Decisions"]
built = pytest.mark.skipif(not SITE.is_dir(), reason="the site is not built: `make site`")


class Page(HTMLParser):
    """What a page links to and loads, and the places in it that can be linked to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors = {""}
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.anchors.add(value)


def entries() -> list[str]:
    """The documents of the index, those that a pattern names too."""
    listed = [line for block in re.findall(r"```\{toctree\}\n(.*?)```", INDEX, flags=re.DOTALL) for line in block.splitlines()]
    return [line for line in listed if line and not line.startswith(":")]


def test_the_index_has_the_sections_and_every_document() -> None:
    assert re.findall(r"^:caption: (.*)$", INDEX, flags=re.MULTILINE) == SECTIONS
    documents = [path.stem for kind in ("*.md", "*.ipynb") for path in DOCS.glob(kind) if path.stem != "index"]
    assert sorted(entries()) == sorted([*documents, "decisions/index"])
    assert {path.name[0] for path in (DOCS / "decisions").glob("*.md") if path.stem != "index"} == {"0"}


def test_the_page_of_names_has_each_public_name_once() -> None:
    told = re.findall(
        r"^\.\. (?:py:data|autofunction|autoclass):: sim\.(\w+)$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(told) == sorted(sim.__all__)


@pytest.mark.slow
@built
def test_the_built_page_of_names_is_complete() -> None:
    anchors = Page(SITE / "api.html").anchors
    assert {f"sim.{name}" for name in sim.__all__} <= anchors
    for name in sim.NAMES:
        found = getattr(sim, name)
        own = [each for each, member in vars(found).items() if not each.startswith("_") and callable(member) and member.__doc__]
        if isinstance(found, type):
            assert {f"sim.{name}.{each}" for each in own} <= anchors, name


@pytest.mark.slow
@built
def test_every_link_inside_the_site_leads_somewhere() -> None:
    pages = {path: Page(path) for path in SITE.rglob("*.html")}
    followed = 0
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_file(), f"{path.name}: {link}"
            assert target not in pages or unquote(parts.fragment) in pages[target].anchors, f"{path.name}: {link}"
            followed += 1
    assert followed > 1000


def typed() -> list[tuple[str, str]]:
    """Every `talentsim` command of every page: the page and the line, in blocks of commands and in outputs."""
    pages = [PACKAGE.parent / "README.md", PACKAGE.parent / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
    found = []
    for page in pages:
        for block in re.findall(
            r"^```(?:bash|text)\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
        ):
            lines = (line.removeprefix("$ ") for line in block.splitlines())
            found += [(page.relative_to(PACKAGE.parent).as_posix(), line) for line in lines if line.startswith("talentsim ")]
    return found


def complaint(words: list[str]) -> str:
    """What the command line has against words before it does anything; a file of the reader's need not be here."""
    command = cli.commands[words[0]]
    try:
        command.make_context(words[0], words[1:])
    except (click.exceptions.Exit, InputError):
        return ""
    except click.UsageError as error:
        said = error.format_message()
        return "" if "does not exist" in said else said
    return ""


@pytest.mark.parametrize(("page", "line"), typed())
def test_every_command_of_every_page_can_be_read(page: str, line: str) -> None:
    """Its verb and its options are known; `test_pages.py` executes it."""
    words = shlex.split(re.sub(r"\$\w+", "1", line.split(" && ")[0]), comments=True)[1:]
    if not words[0].startswith("-"):
        assert complaint(words) == "", page
