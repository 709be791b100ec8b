"""The page of a report: what it says, that it is escaped, and the verb that writes it."""

import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from sim.comparisons.answers.ranking import rank_variants, read_goal, usual_goal
from sim.comparisons.comparison import Comparison
from sim.comparisons.folder import write_comparison
from sim.comparisons.pairing import pair
from sim.comparisons.words import effect, interval, levels, numbers, signed
from sim.reports.figures.catalogue import drawn_part, figure_table, figure_tables
from sim.reports.figures.tables import COLOURS
from sim.reports.html import Blocks, DataTable, NumberCell, Paragraph, TextCell, templates
from sim.reports.page import MOST_PAGE_BYTES, MOST_TITLE, described, plotting_library, report_page, script_hash, write_report
from sim.runs.folder import Run
from tests.support.comparisons import DATA, compared, run_of

HOSTILE = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run]:
    root = tmp_path_factory.mktemp("runs")
    trap = root / "trap.toml"
    trap.write_text(
        f"title = '{HOSTILE}'\nquestion = '{HOSTILE}'\nextends = 'us-entry-restrictions'\n[[lever]]\nid = 'x'\n"
        "name = 'phd_places'\n"
        f"destination = ['CAN']\nfrom = 2026\nchange = 'multiply'\nvalue = 1.1\nevidence = '{HOSTILE}'\n",
        encoding="utf-8",
    )
    return run_of("baseline", root, until=2027), run_of(str(trap), root, until=2027, seed=2)


@pytest.fixture(scope="module")
def comparison(runs: tuple[Run, Run]) -> Comparison:
    return compared(runs[0], runs[1:])


@pytest.fixture
def few_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw two figures only, which is quick."""
    monkeypatch.setattr(
        "sim.reports.figures.catalogue.figure_tables", lambda what: figure_tables(what, ("crossing", "net-flows"))
    )


@pytest.fixture(scope="module")
def page(comparison: Comparison) -> str:
    return report_page(comparison)


def rendered(blocks: Blocks) -> str:
    """Return the HTML of some blocks."""
    module: Any = templates().get_template("blocks.html").module
    return str(module.show(blocks))


class Texts(HTMLParser):
    """Collects the text of a page, and its tags."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_page_holds_every_section_and_number(page: str, comparison: Comparison) -> None:
    parser = Texts()
    parser.feed(page)
    text = " ".join(" ".join(parser.texts).split())
    anchors = {attributes.get("id") for tag, attributes in parser.tags if tag == "section"}
    assert anchors == {
        "answer", "effects", "shares", "who", "moves", "tables", "changes", "evidence", "bands", "assumptions", "fit",
        "record", "provenance",
    }  # fmt: skip
    assert comparison.answers[0] in text
    main = comparison.headlines[0]
    assert effect(main) in text
    assert interval(main) in text
    assert all(level in text for level in levels(main))
    assert all(number in text for number in numbers(main)), "shares and people stand together"
    assert all(run.run_id in text for run in (comparison.base, *comparison.variants))
    assert "student visas refused, CHN to USA" in text
    assert "CHN-2026-17 (draw 0, replicate 1)" in text
    assert "phd_places" in text, "what the scenario changes"
    assert "seat elasticity" in text
    assert "cite as" in text


def test_every_link_of_the_page_leads_somewhere(page: str) -> None:
    parser = Texts()
    parser.feed(page)
    ids = [attributes["id"] for _, attributes in parser.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = [attributes["href"] for tag, attributes in parser.tags if tag == "a"]
    assert len(links) >= 10
    assert all(link and link.startswith("#") and link[1:] in ids for link in links)


def test_nothing_of_the_page_comes_from_elsewhere(page: str) -> None:
    parser = Texts()
    parser.feed(page)
    for tag, attributes in parser.tags:
        assert tag not in ("link", "iframe", "object", "embed", "base", "form"), tag
        assert not any(name.startswith("on") for name in attributes), attributes
        source = attributes.get("src")
        assert source is None or source.startswith("data:image/png;base64,"), source
    assert len(page.encode()) <= MOST_PAGE_BYTES


def test_texts_of_a_scenario_are_escaped(page: str) -> None:
    assert "<script>alert" not in page
    assert page.count("&lt;/script&gt;&lt;script&gt;alert(1)") >= 4
    assert page.count("<script") == 3
    assert page.count("</script>") == 3
    assert "<code>a &lt; b</code>" in rendered([Paragraph("see `a < b`")])
    assert '"><img' not in rendered([DataTable('"><img src=x>', ("a",), [[TextCell('"><img src=x>')]])])


def test_only_the_scripts_of_the_page_may_run(page: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    assert policy[1].startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy[1].split("style-src")[0]
    script = page.rpartition("<script>")[2].partition("</script>")[0]
    assert script_hash(script) in policy[1]
    packed = re.search(r'id="library">([^<]+)<', page)
    assert packed
    library = gzip.decompress(base64.b64decode(packed[1]))
    assert f"'sha256-{base64.b64encode(hashlib.sha256(library).digest()).decode()}'" in policy[1]
    assert plotting_library().hash in policy[1]


def test_the_numbers_of_the_figures_are_in_the_page(page: str) -> None:
    found = re.search(r'id="figures">(.+?)</script>', page, re.DOTALL)
    assert found
    figures = json.loads(found[1])
    assert set(re.findall(r'id="plot-([a-z-]+)"', page)) == set(figures)
    assert all(figure["data"] and figure["layout"]["meta"]["panels"] for figure in figures.values())


@pytest.mark.slow
@pytest.mark.usefixtures("few_figures")
def test_the_same_comparison_gives_the_same_page(comparison: Comparison) -> None:
    assert report_page(comparison) == report_page(comparison)


@pytest.mark.usefixtures("few_figures")
def test_a_title_that_is_too_long_stands_in_full_below(runs: tuple[Run, Run]) -> None:
    record = dict(runs[0].provenance)
    record["scenario"] = {**record["scenario"], "title": "a" * 10_000}
    text = report_page(compared(runs[0], [Run(runs[0].folder, record, *(getattr(runs[0], name) for name in
                       ("years", "codes", "shares", "indicators", "variants")))], with_anatomy=False))  # fmt: skip
    heading = re.search(r"<h1[^>]*>([^<]+)</h1>", text)
    assert heading
    assert len(heading[1]) == MOST_TITLE
    assert "a" * 10_000 in text


def test_a_table_tells_numbers_from_words() -> None:
    table = rendered([DataTable("c", ("what", "n"), [[TextCell("x"), NumberCell("1.0", "2 people")]])])
    assert '<th scope="col" class="number">n</th>' in table
    assert '<th scope="row"' in table
    assert "<small>2 people</small>" in table


def test_a_figure_is_described_with_its_numbers(comparison: Comparison) -> None:
    table = figure_table(comparison, "effects")
    first = table.records()[0]
    assert f"{first['region']} (where they work, trap) {signed(float(first['difference']))}" in described(table)


@pytest.mark.usefixtures("few_figures")
def test_the_verb_writes_the_page_of_a_run(
    runs: tuple[Run, Run], tmp_path: Path, talentsim: Callable[..., tuple[int, str, str]]
) -> None:
    page = tmp_path / "deep" / "page.html"
    code, out, _ = talentsim("report", str(runs[0].folder), "--to", str(page), "--json")
    assert code == 0
    said = json.loads(out)
    assert said["page"] == str(page)
    assert said["bytes"] == page.stat().st_size
    assert "passed" in said["answers"][0]


@pytest.mark.usefixtures("few_figures")
def test_the_verb_writes_the_page_of_a_comparison_into_its_folder(
    comparison: Comparison, talentsim: Callable[..., tuple[int, str, str]]
) -> None:
    folder = comparison.base.folder.parents[1] / "comparisons" / "x" / "0123456789abcdef"
    write_comparison(comparison, folder, "talentsim compare")
    code, out, _ = talentsim("report", str(folder))
    assert code == 0
    assert " ".join(comparison.answers[0].split()[:6]) in " ".join(out.split())
    assert (folder / "report.html").stat().st_size > 1_000_000, "it carries the plotting library"


def test_the_verb_refuses_what_is_no_run(tmp_path: Path, talentsim: Callable[..., tuple[int, str, str]]) -> None:
    code, _, error = talentsim("report", str(tmp_path))
    assert code == 2
    assert "results/SCENARIO/RUN-ID" in error
    (tmp_path / "provenance.json").write_text("{", encoding="utf-8")
    code, _, error = talentsim("report", str(tmp_path))
    assert code == 2
    assert "is no JSON" in error


@pytest.mark.usefixtures("few_figures")
def test_a_page_that_would_be_too_large_is_refused(
    runs: tuple[Run, Run], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.reports.page.MOST_PAGE_BYTES", 1000)
    with pytest.raises(ValueError, match="compare fewer scenarios"):
        write_report(runs[0], tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


def test_a_page_leaves_figures_out_until_it_fits_and_says_which(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.reports.page.figure_tables", lambda what: figure_tables(what, ("crossing", "net-flows", "effects")))
    whole = report_page(comparison)
    assert "Left out" not in whole
    smaller = report_page(comparison, len(whole.encode()) - 1)
    assert len(smaller.encode()) < len(whole.encode())
    assert "Left out to keep the page below 5 MB: net-flows; their pictures" in " ".join(smaller.split())
    assert ("figure-net-flows" in whole, "figure-net-flows" in smaller, "figure-crossing" in smaller) == (True, False, True)
    least = report_page(comparison, len(whole.encode()) - 150_000)
    assert html.escape(comparison.answers[0]) in " ".join(least.split())


def test_pictures_show_the_first_variants_and_tables_all(comparison: Comparison) -> None:
    many = replace(comparison, variants=comparison.variants * 8, effects=comparison.effects * 8)
    assert len(drawn_part(many).variants) == len(COLOURS)
    assert drawn_part(comparison) is comparison


@pytest.mark.slow
def test_a_page_of_twenty_variants_fits_its_budget_and_begins_with_the_ranking(runs: tuple[Run, Run], tmp_path: Path) -> None:
    found = compared(runs[0], [runs[1]] * 20, with_anatomy=False)
    goal = read_goal(usual_goal(found), found.base.codes, 2027, found.groups)
    ranking = rank_variants(found, [goal], [pair(runs[0], runs[1], DATA)] * 20)
    page = write_report(replace(found, ranking=ranking), tmp_path / "page.html")
    assert page.stat().st_size <= MOST_PAGE_BYTES
    text = page.read_text(encoding="utf-8")
    assert 0 < text.index("Ranked by share(work,") < text.index("By 2027, “")
    assert f"Figures show the first {len(COLOURS)} of 20 variants." in text
