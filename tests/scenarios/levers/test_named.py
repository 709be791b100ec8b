"""Named policies: the packaged library, what one becomes in a scenario, and how it stacks with levers and files."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from sim.data.checks import DataError
from sim.data.distributions import Distribution
from sim.data.load import load_data
from sim.scenarios.examples import lever_example, policy_example
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.levers.named import NamedPolicy
from sim.scenarios.load import packaged_vocabulary
from sim.scenarios.reading.library import LIBRARY, load_library, read_library
from sim.scenarios.reading.text import Problem, ScenarioError
from sim.scenarios.scenario import Scenario, lever_values, scenario_effect
from tests.support.packaged import TOYS, VOCABULARY, difference, expansion, load_scenario, replacements, resolved_toml

CODES = load_data().codes
SHIPPED = load_library(packaged_vocabulary())
FEE = '[[policy]]\nname = "toy_fee"\n'
ENTRY = '[[policy]]\nname = "toy_entry"\norigin = ["CHN", "IND"]\ndestination = ["USA"]\nfrom = 2027\n'
LEVER = (
    '[[lever]]\nname = "student_visa_refusal"\norigin = ["CHN"]\ndestination = ["USA"]\nfrom = 2030\n'
    'change = "set"\nvalue = 0.1\nevidence = "A reason."\nid = "own"\n'
)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'title = "Title of {name}"\n{text}', encoding="utf-8")
    return path


def load(folder: Path, name: str, text: str) -> Scenario:
    return load_scenario(str(write(folder, name, text)))


def ids(scenario: Scenario) -> list[str]:
    return [change.id for change in scenario.levers]


# --- the packaged library


def test_the_packaged_library_is_right_as_a_whole() -> None:
    assert SHIPPED
    rows = tomllib.loads(LIBRARY.read_text(encoding="utf-8"))["policy"]
    assert [row["name"] for row in rows] == list(SHIPPED)
    assert [len(row["lever"]) for row in rows] == [len(policy.levers) for policy in SHIPPED.values()]


@pytest.mark.parametrize("policy", SHIPPED.values(), ids=lambda policy: policy.name)
def test_a_packaged_policy_says_what_it_is_and_why_its_sizes(policy: NamedPolicy) -> None:
    assert policy.title.endswith(".")
    assert len(policy.about) > 20
    for lever in policy.levers:
        assert len(lever.evidence) > 20, lever.id
        if lever.source == "ASSUMPTION":
            assert "assum" in lever.evidence.lower(), lever.id


@pytest.mark.parametrize("policy", SHIPPED.values(), ids=lambda policy: policy.name)
def test_the_example_of_a_packaged_policy_loads_and_changes_something_new(tmp_path: Path, policy: NamedPolicy) -> None:
    path = tmp_path / "example.toml"
    path.write_text(policy_example(policy, CODES), encoding="utf-8")
    scenario = load_scenario(str(path))
    used = next(use for use in scenario.policies if use.id == "mine")
    assert [change.id for change in used.changes] == [f"mine.{lever.id}" for lever in policy.levers]
    assert all(row.whom for row in expansion(used))
    assert difference(scenario) or any(lever.change == "set" for lever in policy.levers)  # a set may be history already


@pytest.mark.parametrize("lever", LEVERS.values(), ids=lambda lever: lever.name)
def test_the_example_of_a_lever_loads_and_names_every_filter(tmp_path: Path, lever: object) -> None:
    assert isinstance(lever, type(LEVERS["entry_bar"]))
    path = tmp_path / "example.toml"
    path.write_text(lever_example(lever), encoding="utf-8")
    scenario = load_scenario(str(path))
    (change,) = scenario.levers
    assert change.name == lever.name
    assert all(f"\n{axis}" in lever_example(lever) for axis in lever.filters)
    assert difference(scenario)


GOOD = """
[[policy]]
name = "a"
number = 1
title = "T."
about = "A."
asks = ["origin"]
[[policy.lever]]
id = "bar"
name = "entry_bar"
change = "set"
value = 0.1
evidence = "E."
source = "ASSUMPTION"
"""
SECOND = '[[policy.lever]]\nid = "two"\nname = "entry_bar"\nchange = "{}"\nvalue = 0\nevidence = "E."\nsource = "ASSUMPTION"\n'


def library_problems(text: str) -> list[Problem]:
    with pytest.raises(ScenarioError) as caught:
        read_library(text, "library", packaged_vocabulary())
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "message"),
    [
        ('"a"', '"A b"', 3, "policy[1].name", "is not the name of a policy"),
        ("number = 1", "", 2, "policy[1].number", "is missing"),
        ("number = 1", 'nunber = "1"', 4, "policy[1].nunber", "has no such key"),
        ('["origin"]', '["origins"]', 7, "policy[1].asks", "is not an axis"),
        ('["origin"]', '["origin", "origin"]', 7, "policy[1].asks", "names an axis twice"),
        ('asks = ["origin"]', 'asks = ["origin"]\nuntil = 2030', 8, "policy[1].until", "needs a from"),
        ('asks = ["origin"]', "asks = []\nfrom = 2030\nuntil = 2029", 9, "policy[1].until", "window is empty"),
        ('change = "set"', 'change = "set"\norigin = ["CHN"]', 2, "policy[1]", "asks for origin, but none"),
        ('"entry_bar"', '"entry_bra"', 10, "policy[1].lever[1].name", "is not a lever"),
        ("0.1", "1.5", 12, "policy[1].lever[1].value", "is outside the range"),
        ('"ASSUMPTION"', '"NOWHERE"', 14, "policy[1].lever[1].source", "is not the id of a source"),
        ('source = "ASSUMPTION"\n', "", 8, "policy[1].lever[1].source", "is missing"),
        ('evidence = "E."', 'evidence = "E."\nfrom = 2030', 14, "policy[1].lever[1].from", "has no such key"),
        ("[[policy.lever]]", "[policy.lever]", 8, "policy[1].lever", "write [[policy.lever]] with two brackets"),
    ],
)
def test_a_wrong_library_is_refused(old: str, new: str, line: int, key: str, message: str) -> None:
    assert old in GOOD
    found = library_problems(GOOD.replace(old, new, 1))
    assert [(p.line, p.key) for p in found if message in str(p)] == [(line, key)], found


def test_a_damaged_library_is_a_fault_of_the_package(tmp_path: Path) -> None:
    path = tmp_path / "policies.toml"
    path.write_text(GOOD.replace('"entry_bar"', '"entry_bra"').replace("0.1", "nan"), encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_library(packaged_vocabulary(), path)
    assert "policies.toml:10: policy[1].lever[1].name" in str(caught.value)
    assert "policies.toml:12: policy[1].lever[1].value" in str(caught.value)


def test_policies_of_a_library_do_not_contradict_themselves() -> None:
    read_library(GOOD, "l", packaged_vocabulary())
    adding = GOOD + SECOND.format("add")
    read_library(adding, "l", packaged_vocabulary())
    (problem,) = library_problems(GOOD + SECOND.format("set"))
    assert problem.message == "levers bar and two may set some of the same cells"
    (problem,) = library_problems(adding.replace('"two"', '"bar"'))
    assert problem.message == "has two levers with the id bar"
    (problem,) = library_problems(GOOD + GOOD)
    assert (problem.line, problem.message) == (16, "the policy of line 2 has this name already")
    (problem,) = library_problems(GOOD.replace('change = "set"', 'change = "set"\norigin = ["USA"]\ndestination = ["USA"]'))[1:]
    assert "touches nobody" in problem.message
    assert "is missing" in library_problems("")[0].message


# --- what a policy becomes


def test_a_policy_is_what_its_levers_written_by_hand_would_be(tmp_path: Path) -> None:
    used = load(tmp_path, "used", ENTRY + 'until = 2030\nramp_years = 3\nid = "us"\nevidence = "Told."\n')
    by_hand = load(
        tmp_path,
        "by-hand",
        """
[[lever]]
id = "us.refusal"
name = "student_visa_refusal"
origin = ["CHN", "IND"]
destination = ["USA"]
from = 2027
until = 2030
ramp_years = 3
change = "set"
value = 0.4
evidence = "Told. Assumption: refusal."
source = "P_BT25"
[[lever]]
id = "us.delay"
name = "visa_delay"
origin = ["CHN", "IND"]
destination = ["CAN"]
from = 2027
until = 2030
ramp_years = 3
change = "add"
value = 3
evidence = "Told. Assumption: delay, in one place whatever the scenario asks."
source = "ASSUMPTION"
""",
    )
    assert used.layers == by_hand.layers
    assert scenario_effect(used) == scenario_effect(by_hand)
    assert difference(used) == difference(by_hand)
    assert resolved_toml(used).replace("Title of used", "") == resolved_toml(by_hand).replace("Title of by-hand", "")


def test_the_window_and_ramp_of_a_policy_are_its_own_unless_the_scenario_has_others(tmp_path: Path) -> None:
    def window(text: str) -> set[tuple[int, int, int]]:
        return {(c.from_year, c.until_year, c.ramp_years) for c in load(tmp_path, "a", text).levers}

    assert window(FEE) == {(2025, 2028, 1)}
    assert window(FEE + "from = 2026\n") == {(2026, 2028, 1)}
    assert window(FEE + "from = 2030\nuntil = 2032\nramp_years = 4\n") == {(2030, 2032, 4)}
    assert window(FEE + "until = 2050\n") == {(2025, 2050, 1)}
    back = '[[policy]]\nname = "toy_return"\norigin = "*"\nfrom = 2027\n'
    assert window(back) == {(2027, 2050, 2)}
    assert window(back + "ramp_years = 0\n") == {(2027, 2050, 1)}


def test_a_scenario_may_give_another_size(tmp_path: Path) -> None:
    other = load(tmp_path, "a", FEE + 'values = { pay = 0.9, odds = { distribution = "beta", mean = 0.3, sd = 0.1 } }\n')
    pay, odds = other.levers[1], other.levers[0]
    assert (pay.id, pay.value) == ("toy_fee.pay", 0.9)
    assert isinstance(odds.value, Distribution)
    plain = load(tmp_path, "b", FEE)
    assert isinstance(plain.levers[1].value, Distribution)
    assert plain.levers[0].value == 0.2


def test_equal_policy_ids_share_their_draws_between_scenarios(tmp_path: Path) -> None:
    numbers = {"toy_fee.pay": 0.1, "other.pay": 0.9}
    one = lever_values(load(tmp_path, "one", FEE), numbers.__getitem__)
    two = lever_values(load(tmp_path, "two", FEE + "from = 2027\n" + LEVER), numbers.__getitem__)
    three = lever_values(load(tmp_path, "three", FEE + 'id = "other"\n'), numbers.__getitem__)
    assert one == two
    assert list(three) == ["other.pay"]
    assert three["other.pay"] > one["toy_fee.pay"]


def test_a_policy_may_be_used_twice_under_two_ids(tmp_path: Path) -> None:
    twice = load(tmp_path, "a", ENTRY + ENTRY.replace("USA", "GBR") + 'id = "gb"\n')
    assert sorted(ids(twice)) == ["gb.delay", "gb.refusal", "toy_entry.delay", "toy_entry.refusal"]
    assert [use.id for use in twice.policies] == ["toy_entry", "gb"]


def test_policies_and_levers_keep_the_order_of_the_file(tmp_path: Path) -> None:
    add = LEVER.replace('"set"', '"multiply"')
    assert [each.id for each in load(tmp_path, "a", add + "\n" + FEE).layers[0]] == ["own", "toy_fee.pay", "toy_fee.odds"]
    assert [each.id for each in load(tmp_path, "b", FEE + "\n" + add).layers[0]] == ["toy_fee.pay", "toy_fee.odds", "own"]


# --- what extends what


def test_a_policy_is_dropped_whole_or_in_part(tmp_path: Path) -> None:
    write(tmp_path, "lower", FEE + 'id = "fee"\n' + LEVER)
    whole = load(tmp_path, "whole", 'extends = "lower"\ndrop = ["fee"]\n')
    assert ids(whole) == ["own"]
    assert whole.policies == ()
    part = load(tmp_path, "part", 'extends = "lower"\ndrop = ["fee.pay"]\n')
    assert sorted(ids(part)) == ["fee.odds", "own"]
    assert [[change.id for change in use.changes] for use in part.policies] == [["fee.odds"]]
    assert {row.lever for row in difference(part)} == {"research_pay"}


def test_a_policy_can_be_dropped_from_a_resolved_file_too(tmp_path: Path) -> None:
    (tmp_path / "resolved.toml").write_text(resolved_toml(load(tmp_path, "lower", FEE + LEVER)), encoding="utf-8")
    assert ids(load(tmp_path, "upper", 'extends = "resolved"\ndrop = ["toy_fee"]\n')) == ["own"]


def test_a_dropped_policy_may_come_again(tmp_path: Path) -> None:
    write(tmp_path, "lower", FEE)
    upper = load(tmp_path, "upper", f'extends = "lower"\ndrop = ["toy_fee"]\n{FEE}from = 2027\n')
    assert {change.from_year for change in upper.levers} == {2027}
    assert [use.id for use in upper.policies] == ["toy_fee"]
    same = load(tmp_path, "same", f'extends = "lower"\ndrop = ["toy_fee"]\n{FEE}')
    assert [use.id for use in same.policies] == ["toy_fee"]
    assert difference(same) == ()
    both = load(tmp_path, "both", f'extends = "lower"\n{FEE}id = "again"\n')
    assert sorted(ids(both)) == ["again.odds", "again.pay", "toy_fee.odds", "toy_fee.pay"]


def test_a_set_that_replaces_an_inherited_value_is_told(tmp_path: Path) -> None:
    write(tmp_path, "lower", ENTRY)
    (told,) = replacements(load(tmp_path, "upper", 'extends = "lower"\n' + LEVER))
    assert (told.id, told.replaced) == ("own", ("toy_entry.refusal",))
    assert str(told) == (
        "own sets student_visa_refusal for CHN -> USA in 2030-2050; where it does, it replaces the inherited toy_entry.refusal"
    )
    for other in ('"GBR"', '"CAN"'):
        assert replacements(load(tmp_path, "away", 'extends = "lower"\n' + LEVER.replace('"USA"', other))) == ()
    assert replacements(load(tmp_path, "add", 'extends = "lower"\n' + LEVER.replace('"set"', '"add"'))) == ()
    dropped = 'extends = "lower"\ndrop = ["toy_entry.refusal"]\n' + LEVER
    assert replacements(load(tmp_path, "dropped", dropped)) == ()
    before = LEVER.replace("from = 2030", "from = 2020\nuntil = 2026")
    assert replacements(load(tmp_path, "before", 'extends = "lower"\n' + before)) == ()


def test_the_expansion_is_told_for_whom_when_and_how_much(tmp_path: Path) -> None:
    (use,) = load(tmp_path, "a", FEE + "until = 2030\nramp_years = 3\n").policies
    pay, odds = expansion(use)
    assert str(odds) == (
        "toy_fee.odds: work_visa_odds, USA, industry, 2025-2030, in full from 2027: = 0.2 (probability per attempt)"
    )
    assert (pay.whom, pay.unit) == ("all but USA -> USA, industry", "factor")
    assert pay.size.startswith("x 0.7")
    assert pay.size.endswith("triangular (low 0.6, mode 0.8, high 0.95))")
    own = load(tmp_path, "b", '[[policy]]\nname = "toy_entry"\norigin = ["CAN"]\ndestination = ["USA"]\nfrom = 2027\n')
    assert [row.whom for row in expansion(own.policies[0])] == ["CAN -> USA", "nobody (people at home)"]


# --- the axis stage


def test_stages_are_resolved_and_told(tmp_path: Path) -> None:
    text = '[[lever]]\nname = "{}"\norigin = ["CHN"]\nfrom = 2027\nchange = "set"\nvalue = 0.2\nevidence = "E."\n{}'
    gate = load(tmp_path, "a", text.format("exit_gate", 'stage = ["study"]\n'))
    assert gate.levers[0].stages == (0,)
    assert [row.whom for row in difference(gate)] == ["CHN, study"]
    both = load(tmp_path, "b", text.format("exit_gate", 'stage = ["work", "study"]\n'))
    assert both.levers[0].stages == (0, 1)
    assert [row.whom for row in difference(both)] == ["CHN"]
    left_out = load(tmp_path, "c", text.format("exit_gate", ""))
    assert scenario_effect(both) == scenario_effect(left_out)
    forced = load(tmp_path, "d", text.format("forced_exit", 'destination = ["USA", "GBR"]\nstage = ["work"]\n'))
    assert [row.whom for row in difference(forced)] == ["CHN -> USA, GBR, work"]
    everyone = load(tmp_path, "e", text.format("forced_exit", 'destination = ["USA"]\n'))
    assert [row.whom for row in difference(everyone)] == ["CHN -> USA"]
    assert 'stage = ["work"]' in resolved_toml(forced)
    path = tmp_path / "resolved.toml"
    path.write_text(resolved_toml(forced), encoding="utf-8")
    assert load_scenario(str(path)).layers == forced.layers


def test_pay_reaches_natives_unless_the_file_leaves_them_out(tmp_path: Path) -> None:
    text = '[[lever]]\nname = "phd_stipend"\norigin = {}\ndestination = ["USA"]\nfrom = 2027\nchange = "multiply"\nvalue = 2\n'
    text += 'evidence = "E."\n'
    assert [row.whom for row in difference(load(tmp_path, "a", text.format('"*"')))] == ["all -> USA"]
    assert [row.whom for row in difference(load(tmp_path, "b", text.format('["-USA"]')))] == ["all but USA -> USA"]
    assert [row.whom for row in difference(load(tmp_path, "c", text.format('["USA"]')))] == ["USA -> USA"]


def test_the_test_library_stands_beside_the_packaged_one() -> None:
    assert set(VOCABULARY.policies) == {*SHIPPED, *TOYS}
    assert all(name.startswith("toy_") for name in TOYS)


def test_a_scenario_with_policies_survives_another_process(tmp_path: Path) -> None:
    name = next(iter(SHIPPED))
    path = tmp_path / "example.toml"
    path.write_text(policy_example(SHIPPED[name], CODES), encoding="utf-8")
    code = "import pickle, sys; from sim.scenarios.load import load_scenario; s = load_scenario(sys.argv[1]);"
    code += "assert pickle.loads(pickle.dumps(s)) == s; print(s.policies[-1].policy.name)"
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == name
