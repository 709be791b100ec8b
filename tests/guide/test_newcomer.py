"""A newcomer's five questions: `find` leads to a command, and that one command answers."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cli import cli
from sim.cli.questions.find import command_entries
from sim.guide.entries import all_entries
from sim.guide.rank import find

Call = Callable[..., tuple[int, str, str]]
SMALL = ("--draws", "3", "--replicates", "1", "--researchers", "1000", "--until", "2027", "--workers", "1")
FIRST = 3
STIPEND = """title = "Germany pays"
extends = "baseline"
[[lever]]
id = "pay"
name = "phd_stipend"
destination = ["DEU"]
from = 2012
change = "multiply"
value = 1.0
evidence = "A question."
"""


def ask(question: str, command: str) -> None:
    """Check that `find` leads from a question to a command."""
    hits = find(question, [*command_entries(cli), *all_entries()], FIRST)
    assert ("command", command) in [(hit.entry.kind, hit.entry.name) for hit in hits], hits


@pytest.fixture
def call(talentsim: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(tmp_path)
    return talentsim


def shares(out: str) -> list[tuple[int, list[float]]]:
    """Years and the mean shares of a cohort's table."""
    lines = [line for line in out.splitlines() if re.match(r"\d{4} ", line)]
    return [(int(line[:4]), [float(each) for each in re.findall(r"(\d+) \(", line)]) for line in lines]


@pytest.mark.slow
def test_how_many_chinese_doctors_of_us_schools_return(call: Call) -> None:
    ask("how many Chinese doctors of US schools return", "cohort")
    code, out, err = call("cohort", "baseline", "--origin", "CHN", "--study", "USA", "--doctors", "--year", "2017", *SMALL)
    assert (code, err) == (0, "")
    assert out.startswith("Researchers of origin CHN who got their degree in 2017 of graduate school in USA")
    years = shares(out)
    assert [year for year, _ in years] == list(range(2017, 2028))
    assert all(sum(parts[:4]) == pytest.approx(100, abs=2) for _, parts in years)
    assert max(parts[1] for _, parts in years) > 0  # home


@pytest.mark.slow
def test_the_stay_rate_of_indian_doctors_over_time(call: Call) -> None:
    ask("stay rate of Indian doctors over time", "cohort")
    words = ("--origin", "IND", "--study", "USA", "--doctors", "--year", "2017", "--to", "stay.csv")
    code, _, err = call("cohort", "baseline", *words, *SMALL)
    assert (code, err) == (0, "")
    rows = list(csv.DictReader(Path("stay.csv").read_text(encoding="utf-8").splitlines()))
    rates = [float(row["share_mean"]) for row in rows if row["fate"].startswith("stayed, of those")]
    assert len(rates) == 11
    assert all(0.0 <= rate <= 1.0 for rate in rates)


@pytest.mark.slow
def test_who_gains_what_the_us_loses(call: Call) -> None:
    ask("who gains what the US loses", "compare")
    sizes = ("--draws", "3", "--replicates", "1", "--researchers", "500", "--until", "2030")
    code, out, err = call("compare", "baseline", "us-entry-restrictions", *sizes, "--no-anatomy", "--no-report", "--json")
    assert code == 0, err
    (folder,) = Path("results/comparisons").glob("*/*")
    rows = list(csv.DictReader((folder / "effects.csv").read_text(encoding="utf-8").splitlines()))
    last = [row for row in rows if (row["tier"], row["axis"], row["year"]) == ("all", "study", "2030")]
    by_region = {row["region"]: row for row in last}
    assert {"USA", "CHN", "GBR", "CAN"} <= set(by_region)
    assert "answers" in out


def test_how_sure(call: Call) -> None:
    ask("how sure is that", "fit")
    code, out, err = call("fit", "--draws", "10")
    assert (code, err) == (0, "")
    assert "rows inside their 90 %" in " ".join(out.split())


@pytest.mark.slow
def test_what_would_it_take(call: Call) -> None:
    ask("what would it take", "solve")
    Path("pay.toml").write_text(STIPEND, encoding="utf-8")
    goal = "share(study, DEU, all, 2022) >= 0.03"
    sizes = ("--draws", "4", "--replicates", "1", "--researchers", "1000", "--workers", "1", "--points", "5")
    code, out, err = call("solve", "pay.toml", "--lever", "pay", "--range", "1:8", "--goal", goal, *sizes)
    assert (code, err) == (0, "")
    assert re.search(r"It takes [\d.]+|Already met|Not reached", out)
