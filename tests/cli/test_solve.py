"""`talentsim solve`: all that is wrong is said at once, and what is written is what was found."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.scenarios.load import load_scenario
from sim.sweeps.goals.search import criterion, margins_at

Call = Callable[..., tuple[int, str, str]]
FILE = """title = "Better schools"
extends = "baseline"
[[lever]]
id = "places"
name = "doctoral_quality"
destination = ["CAN"]
from = 2015
change = "add"
value = 0.0
evidence = "A question."
"""
GOAL = "share(study, CAN, all, 2022) >= 0.05"
SIZES = ("--draws", "6", "--replicates", "1", "--researchers", "1000", "--workers", "1")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("places.toml").write_text(FILE, encoding="utf-8")
    return "places.toml"


def test_everything_wrong_is_said_at_once(talentsim: Call, file: str) -> None:
    code, out, err = talentsim("solve", file, "--lever", "places", "--range", "3:1", "--goal", "share(work) > 1", "--in", "150%")
    assert (code, out) == (2, "")
    assert "--range 3:1: expected LOW:HIGH with LOW below HIGH; allowed for add doctoral_quality: " in err
    assert "--goal: at character 1" in err
    assert "--in 150%: expected a part of the draws; allowed: above 0 to 100%" in err
    code, _, err = talentsim("solve", file, "--lever", "places", "--range", "1:3", "--range", "1:2", "--goal", GOAL)
    assert code == 2
    assert "--range: 2 for 1 levers; give one LOW:HIGH for each --lever" in err
    code, _, err = talentsim("solve", file, "--lever", "places", "--range", "1:3", "--goal", GOAL, "--cost", "plases=2")
    assert code == 2
    assert "--cost plases=2: expected ID=X with X above 0 and ID one of places" in err
    code, _, err = talentsim("solve", file, "--lever", "place", "--range", "1:3", "--goal", GOAL)
    assert code == 2
    assert "Did you mean places?" in err


@pytest.mark.slow
def test_an_answer_its_files_and_its_scenario_agree(talentsim: Call, file: str) -> None:
    from sim.cli.questions.solve import SOLVE_SIZES, Wanted, lever_of, read_aim

    code, out, err = talentsim("solve", file, "--lever", "places", "--range", "0:3", "--goal", GOAL, *SIZES)
    assert (code, err) == (0, "")
    (folder,) = Path("results/solve/places").iterdir()
    record = json.loads((folder / "solution.json").read_text(encoding="utf-8"))
    assert record["state"] == "reached"
    assert f"It takes {record['value']:.4g}" in out
    rows = list(csv.DictReader((folder / "response.csv").read_text(encoding="utf-8").splitlines()))
    at_it = next(row for row in rows if float(row["value"]) == record["value"])
    assert float(at_it["mean_margin"]) == pytest.approx(record["margin"])
    assert record["margin"] >= 0.0
    assert sorted(path.name for path in folder.iterdir()) == [
        "response.csv", "response.png", "response.svg", "solution.json", "solution.toml",
    ]  # fmt: skip
    solved = load_scenario(str(folder / "solution.toml"))
    sizes = SOLVE_SIZES._replace(draws=6, replicates=1, researchers=1_000)
    aim = read_aim(solved, [lever_of(solved, "places")], Wanted(("places",), ("0:3",), (), GOAL, None), sizes)
    assert criterion(margins_at(aim, [None], 1), None)[0] == pytest.approx(record["margin"], abs=1e-12)
    code, out, _ = talentsim(
        "solve", str(folder / "solution.toml"), "--lever", "places", "--range", "0:3", "--goal", GOAL, *SIZES
    )
    assert code == 0
    assert "Already met" in out


@pytest.mark.slow
def test_what_is_not_reached_or_moves_nothing(talentsim: Call, file: str) -> None:
    code, out, _ = talentsim("solve", file, "--lever", "places", "--range", "0:1", "--goal", GOAL.replace("0.05", "0.9"),
                             *SIZES, "--points", "3", "--json")  # fmt: skip
    record = json.loads(out)
    assert (code, record["reached"], record["state"]) == (0, False, "not reached")
    assert record["margin"] < 0.0
    assert record["share_of_draws_never"] == 1.0
    early = GOAL.replace("2022", "2012").replace("0.05", "0.9")
    code, _, err = talentsim("solve", file, "--lever", "places", "--range", "0:1", "--goal", early, *SIZES, "--points", "3")
    assert code == 2
    assert "is flat: no value of the range changes anything" in err
