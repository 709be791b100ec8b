"""Files that are right but meaningless get their warning; those that mean something get none; a file without baseline does."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sim.scenarios.load import load_basis, load_scenario, load_shipped, resolved_toml
from sim.scenarios.reading.chain import shipped_names
from sim.scenarios.warnings import BaselineWarning, Doubt, doubts, warn_without_baseline

BASIS = load_basis()
FOLDER = Path(__file__).parent
DOUBTFUL = sorted((FOLDER / "doubtful").glob("*.toml"))
MEANINGFUL = sorted((FOLDER / "meaningful").glob("*.toml"))
BAR = """
[[lever]]
id = "it"
name = "entry_bar"
origin = ["CHN"]
destination = ["USA"]
from = 2027
change = "add"
value = 0.1
evidence = "A test."
"""


def found(path: Path) -> tuple[Doubt, ...]:
    return doubts(load_scenario(str(path)), BASIS.data, BASIS.baseline)


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
        kinds = {doubt.kind for doubt in doubts(load_shipped(name), BASIS.data, BASIS.baseline)}
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


def written(folder: Path, name: str, text: str) -> Path:
    (folder / f"{name}.toml").write_text(f'title = "{name}"\n{text}', encoding="utf-8")
    return folder / f"{name}.toml"


def test_a_file_that_does_not_lead_to_the_baseline_is_told_what_to_write_and_where(tmp_path: Path) -> None:
    root = written(tmp_path, "root", BAR)
    (doubt,) = found(root)
    levers = len(load_shipped("baseline").levers)
    assert (doubt.lever, doubt.kind) == ("extends", "no baseline")
    assert f"{levers} of its {levers} levers" in doubt.message
    assert str(doubt).endswith(f'write extends = "baseline" in {root}')
    above = found(written(tmp_path, "above", 'extends = "root"\ndrop = ["it"]\n'))
    assert [each.message for each in above] == [doubt.message]
    assert not found(written(tmp_path, "mended", f'extends = "baseline"\n{BAR}'))


def test_a_resolved_file_has_the_baseline_and_what_is_dropped_is_meant_to_be_away(tmp_path: Path) -> None:
    for name in ("us-entry-restrictions", "no-restrictions-2018-22", "baseline"):
        resolved = tmp_path / "scenario.toml"
        resolved.write_text(resolved_toml(load_shipped(name), load_basis().data.codes), encoding="utf-8")
        assert "no baseline" not in {doubt.kind for doubt in found(resolved)}, name
    every = json.dumps([change.id for change in load_shipped("baseline").levers])
    assert not found(written(tmp_path, "nothing", f'extends = "baseline"\ndrop = {every}\n'))


def test_what_has_less_than_half_of_the_baseline_is_doubted() -> None:
    basis = load_basis()
    (layer,) = basis.baseline.layers
    half = len(layer) // 2

    def kinds(kept: int) -> list[str]:
        part = replace(basis.baseline, layers=(layer[:kept],), own_ids=frozenset())
        return [doubt.kind for doubt in doubts(part, basis.data, basis.baseline)]

    assert kinds(half - 1) == ["no baseline"]
    assert kinds(len(layer) - half) == []


def test_it_is_said_once_before_it_is_run(tmp_path: Path) -> None:
    basis = load_basis()
    with pytest.warns(BaselineWarning, match=r'^root: extends: does not lead to baseline: .* write extends = "baseline" in'):
        warn_without_baseline(load_scenario(str(written(tmp_path, "root", BAR))), basis)
    warn_without_baseline(load_shipped("us-opening"), basis)  # warnings are errors here


def test_check_prints_it_too(talentsim: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    path = str(written(tmp_path, "root", BAR))
    code, out, _ = talentsim("check", path)
    assert code == 0
    assert "warning: extends: does not lead to baseline" in out
    (record,) = json.loads(talentsim("check", path, "--json")[1])["scenarios"]
    assert [(each["lever"], each["kind"]) for each in record["warnings"]] == [("extends", "no baseline")]
