"""One estimand, one number: the headline is the same in the answer, the tables, the page, the files and the anatomy."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from sim.cli.tables.anatomy import anatomy_lines, channel_table, lever_table
from sim.cli.tables.comparison import answer_report, comparison_report, headline_table
from sim.comparisons.comparison import Comparison
from sim.comparisons.effects import main_headline
from sim.comparisons.folder import write_comparison
from sim.comparisons.pairing import labels
from sim.comparisons.words import effect, interval
from sim.reports.figures.catalogue import figure_table, figure_tables
from sim.reports.page import report_page
from sim.runs.folder import Run
from tests.support.comparisons import compared, run_of

VARIANTS = ("us-entry-restrictions", "us-opening", "no-restrictions-2018-22", "europe-attraction", "ai-winter")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    root = Path(tmp_path_factory.mktemp("runs"))
    names = ("baseline", *VARIANTS)
    return {name: run_of(name, root, seed=number) for number, name in enumerate(names, start=1)}


def shown(content: object, width: int = 100) -> str:
    """Print to a text, in one line."""
    console = Console(file=io.StringIO(), width=width, highlight=False)
    console.print(content, markup=False)
    return " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]


def column(path: Path, name: str, **wanted: str) -> set[float]:
    """Read one column of the rows of a CSV file that have the wanted values."""
    with path.open(encoding="utf-8", newline="") as stream:
        return {float(row[name]) for row in csv.DictReader(stream) if all(row[key] == value for key, value in wanted.items())}


@pytest.mark.parametrize("names", [VARIANTS[:1], VARIANTS[1:2], VARIANTS], ids=["one", "another", "five"])
def test_the_headline_is_one_number_everywhere(
    runs: dict[str, Run], names: Sequence[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.reports.page.figure_tables", lambda what: figure_tables(what, ("levers", "channels")))
    found = compared(runs["baseline"], [runs[name] for name in names])
    folder = tmp_path / "comparison"
    write_comparison(found, folder)
    page = " ".join(report_page(found).split())
    answered = shown(answer_report(found))
    for number, name in enumerate(labels(found.base, found.variants)[1:], start=1):
        main = main_headline(found.headlines, name)
        text, value = effect(main), main.difference_points
        where = {"variant": name, "year": str(main.year), "tier": "top20", "axis": "work", "region": main.region}
        assert f"{text} percentage points (90 % of {main.runs} paired runs: {interval(main)})" in found.answers[number - 1]
        assert f"{main.region} by {text}" in answered or f"{main.region} {text} ({interval(main)}" in answered
        assert text in shown(headline_table([main], is_full=False))
        assert found.answers[number - 1] in page
        assert f">{text}<" in page
        assert column(folder / "headlines.csv", "difference_points", **where) == {value}
        assert column(folder / "effects.csv", "difference_points", **where) == {value}
        in_anatomy = {key: each for key, each in where.items() if key != "variant"}
        for table in ("channels.csv", "levers.csv"):
            assert column(folder / f"anatomy-{number}" / table, "headline_points", **in_anatomy) <= {value}
        told_in_the_anatomy(found, name, main.region, text)


def told_in_the_anatomy(found: Comparison, name: str, region: str, text: str) -> None:
    """Check the sentences, the tables and the figures of an anatomy that tells of a region."""
    anatomy = found.anatomies[name]
    rows = [row for row in anatomy.channels if (row.axis, row.region) == ("work", region)]
    if not rows:  # the made-up anatomy tells of USA and CHN; a real one of all regions of the answer
        return
    assert f"{region}, work, {anatomy.year}: {text} = policy" in anatomy_lines(anatomy)[2]
    assert f"of {text} (" in anatomy_lines(anatomy)[3]
    assert text in shown(channel_table(anatomy))
    assert f"effect {text} the headline" in shown(lever_table(anatomy))
    for figure in ("levers", "channels"):
        table = figure_table(found, figure)
        own = [row for row in table.records(scenario=name) if region in (row.get("code"), *str(row["panel"]).split(", "))]
        assert own or figure == "levers"
    for row in rows:
        parts = row.direct_points + row.feedback_points + row.interaction_points + row.other_runs_points
        assert parts == pytest.approx(row.headline_points, abs=1e-9)


def test_levels_as_written_subtract_to_the_effect_as_written(runs: dict[str, Run]) -> None:
    from sim.comparisons.words import MINUS, levels

    found = compared(runs["baseline"], [runs[name] for name in VARIANTS])
    for row in found.headlines:
        before, after = (float(text.removesuffix(" %")) for text in levels(row))
        assert after - before == pytest.approx(float(effect(row).replace(MINUS, "-")), abs=1e-9)
        assert 100.0 * (row.variant_share - row.base_share) == pytest.approx(row.difference_points, abs=1e-9)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("names", "most"), [(VARIANTS[:1], 40), (VARIANTS, 60)], ids=["one", "five"])
def test_a_comparison_is_short_and_fits_the_terminal(runs: dict[str, Run], names: Sequence[str], most: int, width: int) -> None:
    found = compared(runs["baseline"], [runs[name] for name in names])
    for is_full in (False, True):
        console = Console(file=io.StringIO(), width=width, highlight=False)
        console.print(answer_report(found), markup=False)
        console.print(comparison_report(found, is_full), markup=False)
        lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
        assert max(map(len, lines)) <= width
        assert not any("…" in line for line in lines)  # no cell is cut
        if not is_full:
            assert len(lines) + 4 <= most, "\n".join(lines)  # the verb adds where the files are
            assert "would settle" not in " ".join(lines)
