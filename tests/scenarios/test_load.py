"""What scenarios mean once loaded: layers, drops, ids, draws, differences, the resolved form, the library."""

import dataclasses
import json
import os
import pickle
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest

from sim.data.distributions import Distribution
from sim.data.load import load_data
from sim.scenarios.differences import DifferenceRow
from sim.scenarios.groups import GROUPS
from sim.scenarios.levers.changes import Policies, resolve_policies
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.observed import observed_policies
from sim.scenarios.load import load_shipped
from sim.scenarios.reading.chain import shipped_folder, shipped_names
from sim.scenarios.reading.text import ScenarioError
from sim.scenarios.scenario import Scenario, lever_values, scenario_effect
from tests.support.packaged import difference, load_scenario, resolved_toml

FIRST_YEAR = 2000
BAR = """
[[lever]]
name = "entry_bar"
origin = ["CHN"]
destination = ["USA"]
from = 2026
change = "set"
value = 0.3
evidence = "A reason."
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'title = "Title of {name}"\n{text}', encoding="utf-8")
    return path


def load(folder: Path, name: str, text: str) -> Scenario:
    return load_scenario(str(write(folder, name, text)))


def policies(scenario: Scenario, u: float = 0.5) -> Policies:
    data = load_data()
    defaults = observed_policies(data, {"doctoral_refusal_factor": 0.5, "offshoring": 0.4})
    return resolve_policies(defaults, scenario.layers, lever_values(scenario, lambda _: u), FIRST_YEAR)


def value(scenario: Scenario, name: str, year: int, *codes: str) -> float:
    places = (load_data().codes.index(code) for code in codes)
    cell = getattr(policies(scenario), name)[year - FIRST_YEAR, *places]
    return float(cell.flat[0])  # of the lowest talent class and of students, where a lever tells them apart


def same(one: Policies, other: Policies) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_groups_are_made_of_regions_and_agree_with_the_data() -> None:
    regions = {region.code: region for region in load_data().regions}
    assert all(set(members) <= set(regions) for members in GROUPS.values())
    assert set(GROUPS["ANGLOPHONE"]) == {code for code, region in regions.items() if region.anglophone}


# --- one file


def test_a_scenario_without_levers_changes_no_bit(tmp_path: Path) -> None:
    scenario = load(tmp_path, "empty", "")
    data = load_data()
    expected = observed_policies(data, {"doctoral_refusal_factor": 0.5, "offshoring": 0.4})
    assert same(policies(scenario), expected)
    assert difference(scenario) == ()


def test_titles_evidence_sources_and_file_names_have_no_effect(tmp_path: Path) -> None:
    one = load(tmp_path, "one", BAR)
    other = load(tmp_path, "other", 'note = "n"\n' + BAR.replace("A reason.", "Another.") + 'source = "FLYNN"\n')
    assert scenario_effect(one) == scenario_effect(other)
    assert one.levers[0].id == other.levers[0].id == "entry_bar:CHN>USA:2026-2050:ramp1:set"


def test_the_id_of_a_fixed_lever_has_no_effect_but_that_of_a_distribution_has(tmp_path: Path) -> None:
    named = BAR + 'id = "bar"\n'
    assert scenario_effect(load(tmp_path, "a", BAR)) == scenario_effect(load(tmp_path, "b", named))
    uncertain = named.replace("0.3", '{ distribution = "beta", mean = 0.3, sd = 0.1 }')
    renamed = uncertain.replace('"bar"', '"other"')
    assert scenario_effect(load(tmp_path, "c", uncertain)) != scenario_effect(load(tmp_path, "d", renamed))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0.3", "0.31"),
        ("2026", "2027"),
        ('["CHN"]', '["IND"]'),
        ('["USA"]', '["GBR"]'),
        ('"set"', '"add"'),
        ('"entry_bar"', '"border_closure"'),
        ("from", "ramp_years = 2\nfrom"),
        ("from", "until = 2030\nfrom"),
    ],
)
def test_every_number_of_a_lever_has_an_effect(tmp_path: Path, old: str, new: str) -> None:
    one, other = load(tmp_path, "one", BAR), load(tmp_path, "other", BAR.replace(old, new))
    assert scenario_effect(one) != scenario_effect(other)
    if new != '"add"':  # adding to nothing is setting
        assert difference(one) != difference(other)


def test_the_effect_is_plain_json(tmp_path: Path) -> None:
    effect = scenario_effect(load_scenario("us-entry-restrictions"))
    assert json.loads(json.dumps(effect)) == effect


def test_the_order_of_sets_in_a_file_has_no_effect(tmp_path: Path) -> None:
    other = BAR.replace("CHN", "IND")
    assert scenario_effect(load(tmp_path, "a", BAR + other)) == scenario_effect(load(tmp_path, "b", other + BAR))


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ('"*"', "all"),
        ('["*"]', "all"),
        ('["EUROPE"]', "DEU FRA CHE NLD REU"),
        ('["ANGLOPHONE", "CHN"]', "USA CHN GBR CAN AUS"),
        ('["EUROPE", "-REU"]', "DEU FRA CHE NLD"),
        ('["CHN", "CHN"]', "CHN"),
    ],
)
def test_regions_and_groups(tmp_path: Path, written: str, codes: str) -> None:
    scenario = load(tmp_path, "a", BAR.replace('["CHN"]', written))
    known = load_data().codes
    wanted = known if codes == "all" else tuple(codes.split())
    assert tuple(known[i] for i in scenario.levers[0].origins) == wanted


def test_only_minuses_start_from_all_regions(tmp_path: Path) -> None:
    scenario = load(tmp_path, "a", BAR.replace('["CHN"]', '["-CHN"]'))
    assert scenario.levers[0].origins == tuple(i for i in range(20) if i != 1)


def test_a_filter_left_out_means_all(tmp_path: Path) -> None:
    scenario = load(tmp_path, "a", BAR.replace('origin = ["CHN"]\n', ""))
    assert scenario.levers[0].origins == tuple(range(20))
    assert scenario.levers[0].sectors == ()


def test_a_fixed_distribution_is_a_number(tmp_path: Path) -> None:
    scenario = load(tmp_path, "a", BAR.replace("0.3", '{ distribution = "fixed", value = 0.3 }'))
    assert scenario.levers[0].value == 0.3


def test_sets_on_the_diagonal_alone_do_not_overlap(tmp_path: Path) -> None:
    wide = BAR.replace('origin = ["CHN"]', 'origin = ["USA"]').replace('["USA"]\nfrom', '["*"]\nfrom')
    load(tmp_path, "a", BAR.replace('origin = ["CHN"]\n', "") + wide)


def test_the_same_cells_in_other_years_do_not_overlap(tmp_path: Path) -> None:
    load(tmp_path, "a", BAR.replace("from", "until = 2029\nfrom") + BAR.replace("2026", "2030"))


# --- what extends what


def test_a_file_lies_over_what_it_extends(tmp_path: Path) -> None:
    write(tmp_path, "lower", BAR)
    upper = load(tmp_path, "upper", 'extends = "lower"\n' + BAR.replace("2026", "2030").replace("0.3", "0.1"))
    assert [value(upper, "entry_bar", year, "CHN", "USA") for year in (2025, 2026, 2029, 2030)] == [
        0,
        0.3,
        0.3,
        0.1,
    ]
    assert [Path(file).name for file in upper.files] == ["lower.toml", "upper.toml"]
    assert len(upper.layers) == 2


def test_a_set_of_the_same_cells_takes_the_inherited_ones_place(tmp_path: Path) -> None:
    write(tmp_path, "lower", BAR)
    upper = load(tmp_path, "upper", 'extends = "lower"\n' + BAR.replace("0.3", "0.2"))
    assert len(upper.levers) == 1
    assert value(upper, "entry_bar", 2030, "CHN", "USA") == 0.2


def test_an_add_of_the_same_cells_must_say_whether_it_replaces_or_comes_on_top(tmp_path: Path) -> None:
    add = BAR.replace('"set"', '"add"')
    write(tmp_path, "lower", add)
    with pytest.raises(ScenarioError, match="is the id of an inherited lever; add drop = "):
        load(tmp_path, "upper", f'extends = "lower"\n{add}')
    both = load(tmp_path, "both", f'extends = "lower"\n{add}id = "more"\n')
    assert value(both, "entry_bar", 2030, "CHN", "USA") == 0.6


def test_a_redundant_set_makes_no_difference(tmp_path: Path) -> None:
    write(tmp_path, "lower", BAR)
    again = BAR.replace("2026", "2030") + BAR.replace("CHN", "IND").replace("0.3", "0")
    upper = load(tmp_path, "upper", 'extends = "lower"\n' + again)
    assert len(upper.levers) == 3
    assert difference(upper) == ()
    assert same(policies(upper), policies(load_scenario(str(tmp_path / "lower.toml"))))


def test_a_dropped_lever_is_a_difference(tmp_path: Path) -> None:
    write(tmp_path, "lower", BAR + 'id = "bar"\n')
    upper = load(tmp_path, "upper", 'extends = "lower"\ndrop = ["bar"]\n')
    assert upper.dropped == ("bar",)
    assert upper.layers == ()
    (row,) = difference(upper)
    assert (row.lever, row.whom, row.when, row.before, row.after) == (
        "entry_bar",
        "CHN -> USA",
        "2026-2050",
        "0.3",
        "0",
    )


def test_a_dropped_id_may_be_used_again(tmp_path: Path) -> None:
    write(tmp_path, "lower", BAR + 'id = "bar"\n')
    upper = load(tmp_path, "upper", 'extends = "lower"\ndrop = ["bar"]\n' + BAR.replace("0.3", "0.1") + 'id = "bar"\n')
    assert value(upper, "entry_bar", 2030, "CHN", "USA") == 0.1


def test_an_unnamed_lever_can_be_dropped_by_the_id_that_check_prints(tmp_path: Path) -> None:
    write(tmp_path, "lower", BAR)
    upper = load(tmp_path, "upper", 'extends = "lower"\ndrop = ["entry_bar:CHN>USA:2026-2050:ramp1:set"]\n')
    assert upper.layers == ()


def test_the_parameters_of_a_later_file_and_of_the_command_line_win(tmp_path: Path) -> None:
    write(tmp_path, "lower", "[parameters]\nseat_elasticity = 0.1\ncongestion = 0.3\nexit_rate = 0.1\n")
    text = 'extends = "lower"\n[parameters]\nseat_elasticity = 0.2\ncongestion = 0.4\n'
    upper = load_scenario(str(write(tmp_path, "upper", text)), overrides={"congestion": 0.5})
    assert upper.parameters == {"seat_elasticity": 0.2, "congestion": 0.5, "exit_rate": 0.1}
    assert {row.lever: (row.before, row.after) for row in difference(upper)} == {
        "parameter seat_elasticity": ("0.1", "0.2"),
        "parameter congestion": ("0.3", "0.5"),
    }


def test_a_parameter_may_get_another_distribution(tmp_path: Path) -> None:
    text = '[parameters]\nseat_elasticity = { distribution = "uniform", low = 0, high = 0.5 }\n'
    (row,) = difference(load(tmp_path, "a", text))
    assert (row.before, row.after) == ("uniform (low 0, high 1)", "uniform (low 0, high 0.5)")
    assert row.when == "all years"


def test_a_name_means_the_file_beside_first(tmp_path: Path) -> None:
    write(tmp_path, "baseline", BAR)
    upper = load(tmp_path, "upper", 'extends = "baseline"\n')
    assert upper.files[0] == str(tmp_path / "baseline.toml")
    assert upper.shipped == (False, False)
    assert "not the shipped scenario of the same name" in upper.remarks[0]


def test_a_name_means_the_shipped_scenario_if_nothing_stands_beside(tmp_path: Path) -> None:
    upper = load(tmp_path, "upper", 'extends = "baseline"\n')
    assert upper.shipped == (True, False)
    assert upper.remarks == ()
    assert difference(upper) == ()


def test_a_file_of_a_shipped_name_may_extend_its_namesake(tmp_path: Path) -> None:
    own = load(tmp_path, "baseline", 'extends = "baseline"\n')
    assert own.shipped == (True, False)


def test_a_file_may_extend_one_in_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    write(tmp_path / "below", "lower", BAR)
    for name in ("below/lower", "below/lower.toml", "below/../below/lower", "./below/lower"):
        assert load(tmp_path, "upper", f'extends = "{name}"\n').levers


def test_names_work_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_scenario("us-entry-restrictions").shipped == (True, True)
    write(tmp_path, "baseline", BAR)
    (tmp_path / "us-entry-restrictions").mkdir()
    own = load_scenario("baseline")
    assert own.path == "baseline.toml"
    assert own.remarks
    assert load_scenario("us-entry-restrictions").shipped == (True, True)
    assert load_shipped("baseline").title.startswith("Baseline")


def test_an_installed_package_finds_its_own_folder(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "sim"
    package.mkdir(parents=True)
    assert shipped_folder(package) == tmp_path / "site-packages" / "scenarios"
    shutil.copytree(Path(__file__).parents[2] / "scenarios", package / "shipped")
    assert shipped_folder(package) == package / "shipped"


def test_the_name_is_safe_as_a_folder(tmp_path: Path) -> None:
    for stem, name in ((" a b/ü".replace("/", ""), "a-b"), (".hidden", "hidden"), ("---", "scenario")):
        path = tmp_path / f"{stem}.toml"
        path.write_text('title = "T"\n', encoding="utf-8")
        assert load_scenario(str(path)).name == name


# --- distributions


def test_equal_ids_share_their_draw_between_scenarios() -> None:
    numbers = {"pp10043": 0.2, "us-wider-bar": 0.9}
    base = lever_values(load_scenario("baseline"), lambda name: numbers.get(name, 0.5))
    restricted = lever_values(load_scenario("us-entry-restrictions"), lambda name: numbers.get(name, 0.5))
    assert set(restricted) - set(base) == {"us-refusal", "us-wider-bar"}
    assert all(restricted[name] == base[name] for name in base)
    assert base["pp10043"] < 0.1 < base["pp10043"] * 3


def test_a_wider_spread_alone_is_a_difference(tmp_path: Path) -> None:
    narrow = BAR.replace("0.3", '{ distribution = "uniform", low = 0.25, high = 0.75 }') + 'id = "bar"\n'
    write(tmp_path, "lower", narrow)
    wide = narrow.replace("0.25", "0.125").replace("0.75", "0.875")
    (row,) = difference(load(tmp_path, "upper", f'extends = "lower"\ndrop = ["bar"]\n{wide}'))
    assert row.before == "0.5 (90 %: 0.275..0.725)"
    assert row.after == "0.5 (90 %: 0.163..0.837)"


# --- differences in words


def rows(scenario: Scenario) -> dict[tuple[str, str], DifferenceRow]:
    return {(row.lever, row.whom): row for row in difference(scenario)}


def test_a_difference_is_told_for_whom_when_from_what_to_what(tmp_path: Path) -> None:
    text = BAR.replace("2026", "2026\nuntil = 2030\nramp_years = 2")
    (row,) = difference(load(tmp_path, "a", text))
    assert str(row) == (
        "entry_bar, CHN -> USA, 2026-2030: from 0 to 0.15 in 2026, 0.3 in 2027-2030 (share of the origin's applicants)"
    )


def test_everyone_abroad_counts_as_all(tmp_path: Path) -> None:
    scenario = load(tmp_path, "a", BAR.replace('origin = ["CHN"]\n', ""))
    assert [row.whom for row in difference(scenario)] == ["all -> USA"]
    scenario = load(tmp_path, "b", BAR.replace('["CHN"]', '["-CHN"]'))
    assert [row.whom for row in difference(scenario)] == ["all but CHN -> USA"]
    scenario = load(tmp_path, "c", BAR.replace('["USA"]', '["EUROPE"]').replace('["CHN"]', '"*"'))
    assert [row.whom for row in difference(scenario)] == ["all -> EUROPE"]


def test_other_axes_are_named(tmp_path: Path) -> None:
    text = """
[[lever]]
name = "return_bonus"
origin = ["CHN"]
talent_class = [3, 4]
from = 2026
change = "set"
value = 0.5
evidence = "e"
[[lever]]
name = "work_visa_odds"
destination = ["USA"]
sector = ["industry"]
from = 2026
until = 2026
change = "multiply"
value = 0
evidence = "e"
[[lever]]
name = "cohort_size"
origin = ["IND", "EUROPE"]
from = 2026
change = "set"
value = 1.5
evidence = "e"
"""
    found = rows(load(tmp_path, "a", text))
    assert set(found) == {
        ("return_bonus", "CHN, talent class 3, 4"),
        ("work_visa_odds", "USA, industry"),
        ("cohort_size", "EUROPE, IND"),
    }
    assert found["work_visa_odds", "USA, industry"].when == "2026"


def test_thousands_are_written_in_full(tmp_path: Path) -> None:
    text = BAR.replace("entry_bar", "phd_stipend").replace("0.3", "45678")
    assert [row.after for row in difference(load(tmp_path, "a", text))] == ["45,678"]


def test_the_restrictions_are_told_as_the_file_has_them() -> None:
    found = rows(load_shipped("us-entry-restrictions"))
    assert set(found) == {("student_visa_refusal", "CHN -> USA"), ("entry_bar", "CHN -> USA")}
    assert {row.from_year for row in found.values()} == {2026}


# --- the resolved form


@pytest.mark.parametrize("name", shipped_names())
def test_the_resolved_form_loads_back_to_the_same_effect(tmp_path: Path, name: str) -> None:
    scenario = load_shipped(name)
    path = tmp_path / "resolved.toml"
    path.write_text(resolved_toml(scenario), encoding="utf-8")
    back = load_scenario(str(path))
    assert back.layers == scenario.layers
    assert scenario_effect(back) == scenario_effect(scenario)
    assert (back.title, back.question, back.note) == (scenario.title, scenario.question, scenario.note)
    assert resolved_toml(back) == resolved_toml(scenario)
    assert "extends" not in tomllib.loads(resolved_toml(scenario))


def test_the_resolved_form_keeps_parameters_layers_and_odd_text(tmp_path: Path) -> None:
    write(tmp_path, "lower", BAR + "[parameters]\nexit_rate = 0.1\n")
    text = 'extends = "lower"\n' + BAR.replace("2026", "2030").replace("A reason.", r"A \"quote\", \\ and \u0007\n ü")
    text += '[parameters]\ncongestion = { distribution = "uniform", low = 0.1, high = 0.3 }\n'
    upper = load_scenario(str(write(tmp_path, "upper", text)), overrides={"seat_elasticity": 1 / 3})
    path = tmp_path / "resolved.toml"
    path.write_text(resolved_toml(upper), encoding="utf-8")
    back = load_scenario(str(path))
    assert back.layers == upper.layers
    assert back.parameters == upper.parameters
    assert isinstance(back.parameters["congestion"], Distribution)
    assert same(policies(back), policies(upper))


def test_layers_of_a_resolved_file_apply_one_after_the_other(tmp_path: Path) -> None:
    text = BAR + "layer = 2\n" + BAR.replace('"set"', '"add"').replace("0.3", "0.5")
    assert value(load(tmp_path, "a", text), "entry_bar", 2030, "CHN", "USA") == 0.3


def test_a_scenario_survives_a_move_between_processes() -> None:
    scenario = load_shipped("us-entry-restrictions")
    assert pickle.loads(pickle.dumps(scenario)) == scenario
    with pytest.raises(dataclasses.FrozenInstanceError):
        scenario.title = "x"  # type: ignore[misc]


# --- the shipped library


def test_the_library_has_the_promised_scenarios() -> None:
    assert {"baseline", "us-entry-restrictions", "no-restrictions-2018-22"} <= set(shipped_names())


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_scenario_says_what_it_asks_and_what_would_prove_it_wrong(name: str) -> None:
    scenario = load_shipped(name)
    assert scenario.question.endswith("?")
    assert scenario.note.startswith("Wrong if")
    assert difference(scenario)
    document = tomllib.loads(Path(scenario.path).read_text(encoding="utf-8"))
    for lever in document.get("lever", []):
        assert lever["id"]
        assert lever["source"]
        assert len(lever["evidence"]) > 40
        if lever["source"] == "ASSUMPTION":
            assert "assumption" in lever["evidence"].lower()


def test_the_baseline_is_history_to_2025_then_status_quo() -> None:
    base = load_shipped("baseline")
    assert base.files[0].endswith(f"{os.sep}baseline.toml")
    # What was decided by the end of 2025 starts in 2027 at the latest.
    assert max(change.from_year for change in base.levers) == 2027
    settled = policies(base)
    for name, array in zip(settled._fields, settled, strict=True):
        if LEVERS[name].neutral is not None:
            assert np.array_equal(array[2027 - FIRST_YEAR], array[-1]), name
    assert value(base, "hostility", 2018, "CHN", "USA") == 1.0
    assert value(base, "border_closure", 2020, "IND", "USA") == pytest.approx(0.456, abs=0.005)
    assert value(base, "border_closure", 2022, "USA", "CHN") > 0.7
    assert value(base, "border_closure", 2023, "USA", "CHN") == 0.0
    assert value(base, "border_closure", 2020, "FRA", "DEU") == 0.0


def test_the_restrictions_are_study_stage_only_and_start_in_2026() -> None:
    base, restricted = load_shipped("baseline"), load_shipped("us-entry-restrictions")
    for u in (0.01, 0.5, 0.99):
        before, after = policies(base, u), policies(restricted, u)
        for name, old, new in zip(before._fields, before, after, strict=True):
            start = 2026 - FIRST_YEAR
            assert old[:start].tobytes() == new[:start].tobytes()
            if name not in ("student_visa_refusal", "entry_bar"):
                assert old.tobytes() == new.tobytes()
            else:
                assert np.all(new >= old)


def test_the_bar_is_wider_in_every_draw() -> None:
    base, restricted = load_shipped("baseline"), load_shipped("us-entry-restrictions")
    for high in (0.001, 0.999):
        old = lever_values(base, lambda _, u=high: u)["pp10043"]
        numbers = lever_values(restricted, lambda name, u=high: u if name == "pp10043" else 1 - u)
        assert numbers["pp10043"] == old
        assert numbers["us-wider-bar"] > 0


def test_without_the_restrictions_nothing_of_2018_22_is_left() -> None:
    free = policies(load_shipped("no-restrictions-2018-22"))
    base = policies(load_shipped("baseline"))
    years = slice(2018 - FIRST_YEAR, 2023 - FIRST_YEAR)
    for name in ("entry_bar", "border_closure", "hostility", "visa_delay"):
        assert not np.any(getattr(free, name)[years])
    assert free.hostility[: 2018 - FIRST_YEAR].tobytes() == base.hostility[: 2018 - FIRST_YEAR].tobytes()
    assert free.phd_places.tobytes() == base.phd_places.tobytes()
    assert free.return_bonus.tobytes() == base.return_bonus.tobytes()
