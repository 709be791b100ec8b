"""Files that are right but meaningless get their warning; those that mean something get none."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.data.load import load_data
from sim.scenarios.load import load_scenario, load_shipped
from sim.scenarios.reading.chain import shipped_names
from sim.scenarios.warnings import Doubt, doubts

FOLDER = Path(__file__).parent
DOUBTFUL = sorted((FOLDER / "doubtful").glob("*.toml"))
MEANINGFUL = sorted((FOLDER / "meaningful").glob("*.toml"))


def found(path: Path) -> tuple[Doubt, ...]:
    return doubts(load_scenario(str(path)), load_data())


def test_there_are_40_meaningless_and_60_meaningful_files() -> None:
    assert (len(DOUBTFUL), len(MEANINGFUL)) == (40, 60)


@pytest.mark.parametrize("path", DOUBTFUL, ids=lambda path: path.stem)
def test_a_meaningless_file_gets_the_warning_of_its_first_line(path: Path) -> None:
    wanted = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
    kinds = {doubt.kind for doubt in found(path)}
    assert wanted in kinds
    assert kinds <= {"no effect", "clipped", "large", "percent", "window"}


@pytest.mark.parametrize("path", MEANINGFUL, ids=lambda path: path.stem)
def test_a_meaningful_file_gets_none(path: Path) -> None:
    assert not found(path)


def test_no_shipped_scenario_but_the_record_sets_what_holds_already() -> None:
    for name in shipped_names():
        kinds = {doubt.kind for doubt in doubts(load_shipped(name), load_data())}
        assert kinds <= ({"no effect"} if name == "baseline" else set()), name


def test_a_warning_says_what_happens_and_what_to_write() -> None:
    said = {path.stem: [str(doubt) for doubt in found(path)] for path in DOUBTFUL}
    assert said["percent-stipend-factor"] == ["it: multiplies by 0.1, which leaves 10 %; for 10 % more write 1.1"]
    assert said["clipped-places"][0] == "it: is clipped: it would be 60, and phd_places ends at 10"
    assert 'write change = "set" or "add"' in said["no-effect-twice-no-hostility"][0]
    assert "it counts in whole numbers" in said["no-effect-attempts-below-one"][0]
    assert "another lever of the scenario decides" in said["no-effect-covered-by-a-layer"][0]


def test_check_prints_warnings_and_exits_with_0(talentsim: Callable[..., tuple[int, str, str]]) -> None:
    path = str(FOLDER / "doubtful" / "clipped-refusal.toml")
    code, out, _ = talentsim("check", path)
    assert code == 0
    assert "warning: it: is clipped" in out
    code, out, _ = talentsim("check", path, "--json")
    (record,) = json.loads(out)["scenarios"]
    assert (code, [each["kind"] for each in record["warnings"]]) == (0, ["clipped", "large"])
