"""Every design in ``invalid_designs/`` is refused with the very problems its first lines name, without a traceback or a run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.scenarios.reading.chain import shipped_folder
from sim.scenarios.reading.text import Problem, ScenarioError
from sim.sweeps.design.file import read_design
from tests.support.hostile import within_bounds
from tests.support.refusals import assert_named, expected_lines

FOLDER = Path(__file__).parent / "invalid_designs"
FILES = sorted(FOLDER.glob("*.toml"))
GOOD = """
title = "Good"
scenarios = ["us-entry-restrictions"]
keep = ["share(work, USA, top20, 2035)", "indicator(abroad, WORLD, 2030)"]
[sample]
method = "sobol"
points = 8
[[factor]]
lever = "us-refusal"
low = 0.2
high = 0.6
"""


def problems_of(path: Path | str) -> tuple[Problem, ...]:
    with within_bounds(), pytest.raises(ScenarioError) as caught:
        read_design(str(path))
    return caught.value.problems


def place(problem: Problem, path: Path) -> str:
    """A problem as the files name it: without the folder, and without the file's own name."""
    text = str(problem)
    return text.removeprefix(f"{path}:").lstrip().replace(f"{path.parent.parent}/", "").replace(f"{shipped_folder()}/", "")


def test_there_are_many_invalid_designs() -> None:
    assert len(FILES) >= 60


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_invalid_design_is_refused_as_its_first_lines_say(path: Path) -> None:
    assert_named([place(problem, path) for problem in problems_of(path)], path)


def test_all_errors_come_at_once_and_no_run_starts(
    talentsim: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    def never(*arguments: object) -> None:
        raise AssertionError("a store was opened")

    monkeypatch.setattr("sim.sweeps.store.Store.__init__", never)
    path = FOLDER / "many.toml"
    code, output, errors = talentsim("sweep", str(path))
    assert (code, output) == (2, "")
    assert len(errors.splitlines()) == len(expected_lines(path)) >= 12
    code, output, _ = talentsim("sweep", str(path), "--json")
    assert code == 2
    assert len(json.loads(output)["problems"]) == len(expected_lines(path))
    assert not list(tmp_path.iterdir())


def test_a_good_design_is_read(tmp_path: Path) -> None:
    path = tmp_path / "A good one.toml"
    path.write_text(GOOD, encoding="utf-8")
    design = read_design(str(path))
    assert (design.name, design.point_count, design.run_count) == ("A-good-one", 8, 160)
    assert [str(measure) for measure in design.keep] == ["share(work, USA, top20, 2035)", "indicator(abroad, WORLD, 2030)"]
    assert design.scenario_at(0, [0.25]).levers != design.scenarios[0].levers


def test_a_scenario_beside_the_design_wins_over_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "us-entry-restrictions.toml").write_text('title = "Mine"\n', encoding="utf-8")
    path = tmp_path / "design.toml"
    path.write_text(GOOD[: GOOD.index("[sample]")], encoding="utf-8")
    assert read_design(str(path)).scenarios[0].title == "Mine"


def test_a_misspelt_design_gets_the_nearest() -> None:
    (problem,) = problems_of("us-refusal-and-bars")
    assert problem.nearest == "us-refusal-and-bar"
    assert "there is no such file" in problem.message
    for name in ("", "a\0b", "x" * 5000, "\n", "../../nowhere"):
        assert "there is no such file" in problems_of(name)[0].message
    assert "is a folder" in problems_of(str(FOLDER))[0].message


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "1/0", "a/b", "1/2/3", "-1/2", "1/99999999"])
def test_a_wrong_shard_is_refused(talentsim: Callable[..., tuple[int, str, str]], shard: str) -> None:
    code, _, errors = talentsim("sweep", "us-refusal-and-bar", "--shard", shard)
    assert code == 2
    assert "expected I/N" in errors
