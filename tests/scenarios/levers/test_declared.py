"""Declared levers: each says all that the readers, the tables and the documents need of it."""

from sim.scenarios.groups import GROUPS
from sim.scenarios.levers.declared import CHANGES, LEVERS, MOST_FACTOR


def test_levers_are_declared_completely() -> None:
    for name, lever in LEVERS.items():
        assert lever.name == name
        assert lever.low < lever.high
        assert lever.unit
        assert lever.meaning.endswith(".")
        assert lever.enters
        assert lever.default
        assert lever.by == ("year", *lever.filters)
        assert set(lever.changes) <= set(CHANGES)
        assert len(set(lever.filters)) == len(lever.filters) > 0
        if lever.neutral is not None:
            assert lever.low <= lever.neutral <= lever.high


def test_levers_by_origin_and_destination_are_friction_or_pay() -> None:
    friction = {
        "student_visa_refusal",
        "entry_bar",
        "border_closure",
        "visa_delay",
        "work_visa_delay",
        "hostility",
        "residence_wait",
        "forced_exit",
        "exit_gate",
        "mobility_area",
    }
    assert {name for name, lever in LEVERS.items() if lever.spares_own_pair} == friction
    assert {name for name, lever in LEVERS.items() if lever.is_pair} == friction | {"phd_stipend", "research_pay"}


def test_filters_that_came_later_and_what_is_usual_are_filters() -> None:
    for lever in LEVERS.values():
        assert set(lever.later) <= set(lever.filters)
        assert set(lever.usual) <= set(lever.filters)
    assert LEVERS["entry_bar"].usual == {"stage": (0,)}


def test_constants_make_sense() -> None:
    assert MOST_FACTOR > 1
    assert not set(GROUPS["EUROPE"]) & set(GROUPS["ANGLOPHONE"])
