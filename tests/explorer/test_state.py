"""A state is read strictly, written back as it was, and becomes a scenario file that loads."""

from typing import Any

import pytest

from sim.explorer.state import PageState, StateError, fragment_of, read_state, record_of_link, state_record
from sim.explorer.texts import command_of, scenario_text
from sim.scenarios.load import packaged_vocabulary, scenario_of_chain
from sim.scenarios.reading.chain import read_chain, read_over
from sim.scenarios.reading.text import ScenarioError
from tests.support.explorer_server import ENTRY_BAR

H1B = {"id": "m2", "kind": "policy", "name": "h1b_fee_all_hires", "values": {}, "from": 2028}
WHOLE = {"v": 1, "base": "baseline", "items": [ENTRY_BAR, H1B], "size": {"draws": 12, "until": 2040}}


def test_a_state_goes_through_an_address_and_back() -> None:
    state = read_state(WHOLE)
    record = state_record(state)
    assert read_state(record_of_link(f"http://127.0.0.1:1/#{fragment_of(record)}")) == state
    assert record_of_link(fragment_of({"text": "هل تتغير 🙂"}))["text"] == "هل تتغير 🙂"


def test_a_state_becomes_a_scenario_over_its_base() -> None:
    text = scenario_text(read_state(WHOLE))
    chain = read_chain("baseline", packaged_vocabulary())
    found = scenario_of_chain(read_over(chain, text, "explored.toml", packaged_vocabulary()), 2040)
    bar = next(change for change in found.levers if change.id == "m1")
    assert (bar.value, bar.from_year, bar.change) == (0.15, 2027, "add")
    assert any(change.id.startswith("m2.") for change in found.levers)
    assert found.name == "explored"


def test_a_lever_is_aimed_at_stages_and_talent_classes_too() -> None:
    aimed = {**ENTRY_BAR, "stage": ["work", "study"], "talent_class": ["4", "3"]}
    state = read_state({"items": [aimed]})
    assert read_state(record_of_link(fragment_of(state_record(state)))) == state
    chain = read_chain("baseline", packaged_vocabulary())
    found = scenario_of_chain(read_over(chain, scenario_text(state), "explored.toml", packaged_vocabulary()), 2035)
    bar = next(change for change in found.levers if change.id == "m1")
    assert (bar.stages, bar.talent_classes) == ((0, 1), (3, 4))
    text = scenario_text(read_state({"items": [{**ENTRY_BAR, "sector": ["industry"]}]}))
    with pytest.raises(ScenarioError, match="sector"):
        read_over(chain, text, "explored.toml", packaged_vocabulary())


def test_the_command_names_the_sizes() -> None:
    said = command_of(PageState(draws=7), "prior")
    assert "--draws 7" in said
    assert said.endswith("--ensemble prior")


@pytest.mark.parametrize(
    ("record", "place"),
    [
        ([], "state"),
        ({"v": 2}, "v is 2"),
        ({"other": 1}, "state.other"),
        ({"base": "../../etc/passwd"}, "base"),
        ({"base": "x" * 200}, "base"),
        ({"items": [{}]}, "items[0].id"),
        ({"items": [{**ENTRY_BAR, "id": "a.b"}]}, "items[0].id"),
        ({"items": [{**ENTRY_BAR, "kind": "file"}]}, "items[0].kind"),
        ({"items": [{**ENTRY_BAR, "value": float("inf")}]}, "items[0].value"),
        ({"items": [{**ENTRY_BAR, "value": True}]}, "items[0].value"),
        ({"items": [{**ENTRY_BAR, "origin": ["china"]}]}, "items[0].origin"),
        ({"items": [{**ENTRY_BAR, "from": 2027.5}]}, "items[0].from"),
        ({"items": [{**ENTRY_BAR, "stage": ["rest"]}]}, "items[0].stage"),
        ({"items": [{**ENTRY_BAR, "talent_class": []}]}, "items[0].talent_class"),
        ({"items": [ENTRY_BAR, ENTRY_BAR]}, "same id"),
        ({"items": [ENTRY_BAR] * 13}, "items"),
        ({"size": {"draws": 0}}, "size.draws"),
        ({"size": {"draws": 100, "replicates": 3}}, "more than 200 runs"),
        ({"size": {"until": 2051}}, "size.until"),
    ],
)
def test_a_wrong_state_is_refused_with_its_place(record: Any, place: str) -> None:
    with pytest.raises(StateError, match=place.replace("[", r"\[").replace("]", r"\]")):
        read_state(record)


@pytest.mark.parametrize("link", ["", "#", "http://127.0.0.1/#v9.e30", "#v1.%%%", "#v1.e3", "#v1.W10", "nothing"])
def test_a_damaged_link_says_so(link: str) -> None:
    with pytest.raises(StateError):
        record_of_link(link)


def test_a_text_may_extend_nothing_but_its_base() -> None:
    chain = read_chain("baseline", packaged_vocabulary())
    text = scenario_text(read_state(WHOLE))
    with pytest.raises(ScenarioError, match="extends"):
        read_over(chain, text.replace('"baseline"', '"us-opening"', 1), "x.toml", packaged_vocabulary())
    with pytest.raises(ScenarioError, match="extends"):
        read_over((), text, "x.toml", packaged_vocabulary())
