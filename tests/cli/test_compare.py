"""`talentsim compare`: what it takes, runs, prints and refuses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.runs.plan import RunPlan

SIZES = (
    "--draws",
    "3",
    "--replicates",
    "2",
    "--researchers",
    "500",
    "--until",
    "2024",
    "--no-assumptions",
    "--no-anatomy",
    "--no-report",
)
Call = Callable[..., tuple[int, str, str]]
SELF = """
title = "The baseline under another title"
question = "Does a title change anything?"
note = "Another note."
extends = "baseline"
"""


@pytest.fixture
def call(talentsim: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_engine: list[RunPlan]) -> Call:
    """Return a function that runs the command line in an empty folder, with outcomes made by hand."""
    assert not quick_engine
    monkeypatch.chdir(tmp_path)
    return talentsim


def test_scenarios_are_run_and_compared(call: Call, quick_engine: list[RunPlan]) -> None:
    code, out, err = call("compare", "baseline", "no-restrictions-2018-22", *SIZES)
    assert (code, err) == (0, "")
    assert [plan.scenario.name for plan in quick_engine] == ["baseline", "no-restrictions-2018-22"]
    for part in (
        "no-restrictions-2018-22 against baseline",
        "Headlines",
        "verdict",
        "unpaired",
        "CHN passes USA",
        "How to read this",
    ):
        assert part in out
    (folder,) = Path("results/comparisons/baseline--no-restrictions-2018-22").iterdir()
    assert {"effects.parquet", "effects.csv", "headlines.csv", "crossings.csv", "answer.txt"} <= {
        p.name for p in folder.iterdir()
    }
    answer = (folder / "answer.txt").read_text(encoding="utf-8")
    assert " ".join(answer.split()) in " ".join(out.split())
    again = call("compare", "baseline", "no-restrictions-2018-22", *SIZES)[1]
    assert "Comparison (already there)" in again
    assert len(quick_engine) == 2


def test_a_scenario_under_another_name_changes_nothing(call: Call) -> None:
    Path("other.toml").write_text(SELF, encoding="utf-8")
    code, out, _ = call("compare", "baseline", "other.toml", *SIZES, "--json")
    record = json.loads(out)
    assert code == 0
    assert {row["verdict"] for row in record["headlines"]} == {"no change"}
    assert {row["difference_points"] for row in record["headlines"]} == {0.0}
    assert "changes nothing" in record["answers"][0]


def test_a_run_gives_its_sizes_to_what_is_missing(call: Call, quick_engine: list[RunPlan]) -> None:
    call("run", "baseline", *SIZES[:-3])
    (folder,) = Path("results/baseline").iterdir()
    assert call("compare", str(folder), "no-restrictions-2018-22", "--no-assumptions", "--no-anatomy", "--no-report")[0] == 0
    assert (quick_engine[1].draws, quick_engine[1].researchers, quick_engine[1].until) == (3, 500, 2024)
    assert call("compare", folder.name[:6], "no-restrictions-2018-22", "--no-assumptions", "--no-anatomy", "--no-report")[0] == 0
    assert len(quick_engine) == 2
    code, _, err = call("compare", str(folder), "no-restrictions-2018-22", "--seed", "9")
    assert (code, "--seed 9: the run" in err, "has 1" in err) == (2, True, True)


def test_what_cannot_be_compared_is_refused_with_the_reasons(call: Call) -> None:
    call("run", "baseline", *SIZES[:-3])
    call("run", "no-restrictions-2018-22", *SIZES[:-3], "--seed", "2")
    (base,), (other,) = Path("results/baseline").iterdir(), Path("results/no-restrictions-2018-22").iterdir()
    code, out, err = call("compare", str(base), str(other))
    assert (code, out) == (2, "")
    assert "have seed 2 and 1; run no-restrictions-2018-22 again with --seed 1" in err
    assert call("compare", "baseline")[0] == 2
    assert call("compare", "baseline", "no-restrictions-2018-2")[0] == 2
    assert "folder without a run" in call("compare", "baseline", "results")[2]
    record = base / "provenance.json"
    record.write_text(record.read_text(encoding="utf-8").replace('"model_id": "', '"model_id": "0'), encoding="utf-8")
    assert "made by another version of the model" in call("compare", str(base), "no-restrictions-2018-22")[2]


def test_exports_are_written(call: Call) -> None:
    exports = ("--export", "iamc", "table.csv", "--export", "hubverse", "samples.parquet")
    code, out, _ = call("compare", "baseline", "no-restrictions-2018-22", *SIZES, *exports)
    assert (code, "hubverse: samples.parquet" in out) == (0, True)
    assert Path("table.csv").read_text(encoding="utf-8").startswith("model,scenario,region,variable,unit,year,value\n")
    assert Path("samples.parquet").stat().st_size > 1000
    code, _, err = call("compare", "baseline", "no-restrictions-2018-22", *SIZES, "--export", "iamc", "table.xlsx")
    assert (code, ".csv or .parquet" in err) == (2, True)
