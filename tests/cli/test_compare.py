"""`talentsim compare`: what it takes, runs, prints and refuses."""

import importlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.runs.plan import RunPlan
from sim.scenarios.warnings import BaselineWarning
from tests.support.damage import edit_record

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
    monkeypatch.setattr("sim.reports.figures.catalogue.save_run_figures", lambda _: [])  # pictures of runs take seconds
    return talentsim


def test_scenarios_are_run_and_compared(call: Call, quick_engine: list[RunPlan]) -> None:
    code, out, err = call("compare", "baseline", "no-restrictions-2018-22", *SIZES, "--full")
    assert (code, err) == (0, "")
    assert [plan.scenario.name for plan in quick_engine] == ["baseline", "no-restrictions-2018-22"]
    for part in (
        "no-restrictions-2018-22 against baseline",
        "Headlines",
        "verdict",
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


def test_a_scenario_without_the_baseline_is_warned_of_whether_it_is_run_or_found(call: Call) -> None:
    Path("alone.toml").write_text(SELF.replace('extends = "baseline"\n', ""), encoding="utf-8")
    said = r'^alone: extends: does not lead to baseline: .* write extends = "baseline" in alone\.toml$'
    with pytest.warns(BaselineWarning, match=said):
        assert call("run", "alone.toml", *SIZES[:-3])[0] == 0
    with pytest.warns(BaselineWarning, match=said):
        code, out, _ = call("compare", "baseline", "alone.toml", *SIZES, "--json")
    assert (code, len(json.loads(out)["answers"])) == (0, 1)


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
    edit_record(base / "provenance.json", lambda record: record.update(model_id="0" * 64), is_forged=True)
    assert "made by another version of the model" in call("compare", str(base), "no-restrictions-2018-22")[2]


def test_exports_are_written(call: Call) -> None:
    exports = ("--export", "iamc", "table.csv", "--export", "hubverse", "samples.parquet")
    code, out, _ = call("compare", "baseline", "no-restrictions-2018-22", *SIZES, *exports)
    assert (code, "hubverse: samples.parquet" in out) == (0, True)
    assert Path("table.csv").read_text(encoding="utf-8").startswith("model,scenario,region,variable,unit,year,value\n")
    assert Path("samples.parquet").stat().st_size > 1000
    code, _, err = call("compare", "baseline", "no-restrictions-2018-22", *SIZES, "--export", "iamc", "table.xlsx")
    assert (code, ".csv or .parquet" in err) == (2, True)


def own_files(count: int) -> list[str]:
    """Write scenarios that differ in nothing but their names; the numbers made by hand are the same."""
    names = [f"own-{number}.toml" for number in range(count)]
    for name in names:
        Path(name).write_text(SELF.replace("another title", name), encoding="utf-8")
    return names


def test_variants_are_ranked_by_a_goal_that_may_name_own_groups(call: Call) -> None:
    Path("big.toml").write_text(SELF + '[groups]\nBIG = ["DEU", "FRA"]\n', encoding="utf-8")
    goal = "share(work, BIG, top20, 2024) - share(work, EU, top20, 2024)"
    code, out, _ = call("compare", "baseline", "big.toml", "no-restrictions-2018-22", *SIZES, "--goal", goal, "--json")
    record = json.loads(out)
    assert code == 0
    assert {row["goal"] for row in record["ranking"]} == {goal}
    assert {row["variant"] for row in record["ranking"]} == {"baseline", "big", "no-restrictions-2018-22"}
    assert [row["rank"] for row in record["ranking"]] == [1, 2, 3]
    assert sum(row["best_share_of_draws"] for row in record["ranking"]) == pytest.approx(1.0)
    assert record["groups"]["BIG"] == ["DEU", "FRA"]
    assert any(row["region"] == "BIG" for row in record["headlines"])


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ("share(work, EU27, top20, 2024)", "REU"),
        ("share(work, DEU, top20, 2024) > 0.1", "condition"),
        ("indicator(stay_rate, USA, 2024)", "not kept run by run"),
        ("share(work, DEU, top20, 2035)", "2024"),
    ],
)
def test_a_goal_is_refused_before_anything_is_run(call: Call, quick_engine: list[RunPlan], goal: str, message: str) -> None:
    code, _, err = call("compare", "baseline", "no-restrictions-2018-22", *SIZES, "--goal", goal)
    assert (code, message in err, quick_engine) == (2, True, [])


def test_any_number_of_variants_is_ranked_and_the_answer_stands_before_what_can_fail(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = own_files(20)
    sizes = [word for word in SIZES if word != "--no-report"]

    def fail(*_: object) -> None:
        raise OSError("no space left on the device")

    monkeypatch.setattr(importlib.import_module("sim.cli.compare"), "report_into", fail)
    code, out, err = call("compare", "baseline", *names, *sizes)
    assert code == 1
    assert "Ranked by share(work," in out
    assert "the page could not be written: no space left on the device; the comparison is complete in results" in err
    (folder,) = Path("results/comparisons/baseline--own-0--and-19-more").iterdir()
    assert (folder / "provenance.json").is_file()
    assert not (folder / "report.html").exists()
    assert len((folder / "ranking.csv").read_text(encoding="utf-8").splitlines()) == 22


def test_a_failure_after_the_answer_leaves_no_half_a_folder(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr("sim.comparisons.compare.complete", fail)
    code, out, _ = call("compare", "baseline", "no-restrictions-2018-22", *SIZES)
    assert code == 1
    assert "By 2024" in out or "changes nothing" in out
    assert not list(Path("results/comparisons").rglob("*.csv"))
    assert len(list(Path("results").glob("*/*/provenance.json"))) == 2
