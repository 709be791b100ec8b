"""The levers between two scenarios, coalitions of them, and an anatomy on paper and on the screen."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sim.cli.tables.anatomy import anatomy_lines, anatomy_record, anatomy_report
from sim.comparisons.anatomy.anatomy import Anatomy, ChannelRow, LeverPart, SwitchRow
from sim.comparisons.anatomy.coalitions import coalition, player_words, players
from sim.comparisons.anatomy.dissect import years_shown
from sim.comparisons.anatomy.reasons import NOT_LOOKED_AT
from sim.comparisons.folder import ANATOMY_RECORD, ANATOMY_TABLES, read_anatomy, write_anatomy
from sim.runs.atomic import FolderError
from sim.scenarios.load import load_scenario, load_shipped
from sim.scenarios.reading.chain import shipped_names
from sim.scenarios.scenario import Scenario, scenario_effect
from tests.support.packaged import resolved_toml

REFUSAL = """
[[lever]]
id = "refusal"
name = "student_visa_refusal"
origin = ["CHN"]
destination = ["USA"]
from = 2027
change = "add"
value = {distribution = "uniform", low = 0.05, high = 0.2}
evidence = "assumption"
"""
STIPEND = """
[[lever]]
id = "stipend"
name = "phd_stipend"
destination = ["CAN"]
from = 2028
change = "multiply"
value = 1.5
evidence = "assumption"
"""
DROP = 'drop = ["h1b-fee-after"]\n'


def written(folder: Path, name: str, *parts: str) -> Scenario:
    path = folder / f"{name}.toml"
    path.write_text(f'title = "{name}"\nquestion = "What then?"\nextends = "baseline"\n' + "".join(parts), encoding="utf-8")
    return load_scenario(str(path))


def test_a_coalition_is_the_file_that_has_only_its_levers(tmp_path: Path) -> None:
    base, variant = load_shipped("baseline"), written(tmp_path, "all", DROP, REFUSAL, STIPEND)
    every = players(base, variant)
    assert {player.id for player in every} == {"refusal", "stipend", "h1b-fee-after"}
    files = {"refusal": REFUSAL, "stipend": STIPEND, "h1b-fee-after": DROP}
    assert coalition(base, variant, every, []) is base
    assert coalition(base, variant, every, every) is variant
    for player in every:
        alone = coalition(base, variant, every, [player])
        assert scenario_effect(alone) == scenario_effect(written(tmp_path, "alone", files[player.id]))
        without = coalition(base, variant, every, [other for other in every if other != player])
        rest = [text for name, text in files.items() if name != player.id]
        parts = sorted(rest, key=lambda text: text != DROP)
        assert scenario_effect(without) == scenario_effect(written(tmp_path, "without", *parts))


def test_a_scenario_under_another_name_has_no_player(tmp_path: Path) -> None:
    one = written(tmp_path, "one", REFUSAL)
    other = written(tmp_path, "other", REFUSAL.replace("assumption", "somebody said so"))
    assert players(one, other) == ()
    assert players(one, written(tmp_path, "more", REFUSAL.replace("0.2}", "0.3}")))[0].id == "refusal"


def test_a_policy_is_one_player_also_after_it_was_resolved(tmp_path: Path) -> None:
    base = load_shipped("baseline")
    for name in shipped_names():
        variant = load_shipped(name)
        path = tmp_path / f"{name}.toml"
        path.write_text(resolved_toml(variant), encoding="utf-8")
        assert players(base, variant) == players(base, load_scenario(str(path)))
    found = players(base, load_shipped("us-broad-tightening"))
    assert [player.id for player in found if player.added] == [
        "refusals", "stem_opt_ended", "h1b_fee_all_hires", "us_fixed_admission", "places",
    ]  # fmt: skip
    assert [player.id for player in found if not player.added] == ["h1b-fee-after", "us-funding-after-2026"]


def test_parameters_are_one_player(tmp_path: Path) -> None:
    base, variant = load_shipped("baseline"), written(tmp_path, "fixed", REFUSAL, "[parameters]\necosystem_pull = 0.2\n")
    every = players(base, variant)
    assert [player.id for player in every] == ["refusal", "parameters"]
    assert not coalition(base, variant, every, every[:1]).parameters
    alone = coalition(base, variant, every, every[1:])
    assert alone.parameters == {"ecosystem_pull": 0.2}
    assert scenario_effect(alone)["layers"] == scenario_effect(base)["layers"]


def test_a_changed_lever_is_either_the_old_or_the_new(tmp_path: Path) -> None:
    old, new = written(tmp_path, "old", REFUSAL), written(tmp_path, "new", REFUSAL.replace("0.2}", "0.3}"), STIPEND)
    every = players(old, new)
    changed = next(player for player in every if player.id == "refusal")
    assert changed.removed == changed.added == {"refusal"}
    for joined in ([], [changed]):
        levers = [change for change in coalition(old, new, every, joined).levers if change.id == "refusal"]
        assert levers == [change for change in (new if joined else old).levers if change.id == "refusal"]
    only = coalition(old, new, every, [player for player in every if player != changed])
    assert [change.value for change in only.levers if change.id == "refusal"] == [old.levers[-1].value]


def test_words_say_what_a_lever_does_by_itself(tmp_path: Path) -> None:
    base, variant = load_shipped("baseline"), written(tmp_path, "all", DROP, REFUSAL, STIPEND)
    words = player_words(base, variant, players(base, variant))
    assert words["refusal"].startswith("student_visa_refusal, CHN -> USA, 2027-2050: from ")
    assert words["h1b-fee-after"].startswith("dropped: research_pay, all but USA -> USA")


def test_years_told_are_the_last_and_the_middle_of_those_with_a_lever(tmp_path: Path) -> None:
    base, variant = load_shipped("baseline"), written(tmp_path, "one", REFUSAL)
    assert years_shown(base, variant, players(base, variant), 2035) == (2031, 2035)
    assert years_shown(base, base, (), 2035) == (2035,)


ANATOMY = Anatomy(
    "baseline",
    "tighter",
    2035,
    5000,
    ((0, 0), (1, 0)),
    (
        SwitchRow("CHN", "study", "USA", "CHN", "visa refusal", 12, 27.1, ("CHN-2026-17 (draw 0, replicate 0)",) * 2),
        SwitchRow("IND", "entry", "absent", "USA", "cohort size", 4, 1 / 3, ()),
    ),
    (ChannelRow(2035, "top20", "work", "USA", -1.5, -1.25, -0.5, 0.25),),
    (
        LeverPart("refusal", 'raises "it", by a\nlot', 2035, "top20", "work", "USA", -1.0, -1.1, -0.9, -1.5),
        LeverPart("stipend", "pays more", 2035, "top20", "work", "USA", -0.5, -0.6, -0.4, -1.5),
    ),
    exact=False,
    lever_researchers=1000,
)


def test_an_anatomy_reads_back_to_the_bit(tmp_path: Path) -> None:
    write_anatomy(tmp_path / "new", ANATOMY)
    assert repr(read_anatomy(tmp_path / "new")) == repr(ANATOMY)  # NaN is unequal to itself
    empty = replace(ANATOMY, switches=(), channels=(), levers=())
    write_anatomy(tmp_path / "new", empty)
    assert read_anatomy(tmp_path / "new") == empty


@pytest.mark.parametrize("name", [ANATOMY_RECORD, *ANATOMY_TABLES])
def test_a_broken_folder_is_named(tmp_path: Path, name: str) -> None:
    write_anatomy(tmp_path, ANATOMY)
    (tmp_path / name).write_text("year,nonsense\n1,2\n", encoding="utf-8")
    with pytest.raises(FolderError, match="compare the scenarios again"):
        read_anatomy(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(FolderError, match="holds no complete anatomy"):
        read_anatomy(tmp_path)


def test_the_terminal_says_it_in_sentences() -> None:
    lines = anatomy_lines(ANATOMY)
    assert lines[1] == (
        "In 2035 about 27 people are in another state than in baseline. Main reasons: visa refusal (75 %), cohort size (25 %)."
    )
    unseen = replace(ANATOMY, switches=(*ANATOMY.switches, ANATOMY.switches[0]._replace(reason=NOT_LOOKED_AT, researchers=16)))
    assert "Main reasons of the 50 % looked into: visa refusal (75 %), cohort size (25 %)." in anatomy_lines(unseen)[1]
    assert lines[2] == "USA, work, 2035: −1.50 = policy −1.25, feedback −0.50, both together +0.25."
    assert lines[3].startswith("USA, work, 2035: refusal brings −1.00 of −1.50 (sampled orders of levers")
    empty = replace(ANATOMY, switches=(), levers=(), channels=())
    assert anatomy_lines(empty)[1:] == [
        "Nobody is in another state at the end of 2035.", "No share told here changes.", "No lever differs."
    ]  # fmt: skip
    for each in (ANATOMY, empty):
        console = Console(file=io.StringIO(), width=120)
        console.print(anatomy_report(each))
        assert anatomy_lines(each)[1] in console.file.getvalue().replace("\n", " ").replace("  ", " ")  # type: ignore[attr-defined]
    assert anatomy_record(ANATOMY)["switches"][0]["reason"] == "visa refusal"
