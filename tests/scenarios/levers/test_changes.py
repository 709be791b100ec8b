"""Levers in force: exact where nothing applies, right by hand where something does."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.data.distributions import Distribution
from sim.scenarios.levers.changes import (
    LeverChange,
    Policies,
    absent_id,
    cells,
    default_policies,
    drawn_value,
    in_order,
    resolve_policies,
    selection_text,
    strength,
    value_range,
)
from sim.scenarios.levers.declared import CHANGES, LEVERS

FIRST_YEAR = 2000
YEARS = 40
REGIONS = 5
CODES = ("USA", "CHN", "GBR", "IND", "ROW")
ALL = tuple(range(REGIONS))


@pytest.fixture(scope="module")
def defaults() -> Policies:
    generator = np.random.default_rng(7)
    return default_policies(
        {
            "student_visa_refusal": generator.uniform(0.05, 0.6, (YEARS, REGIONS, REGIONS)),
            "phd_stipend": generator.uniform(10_000, 60_000, (YEARS, 1, REGIONS)),
            "work_visa_odds": generator.uniform(0.2, 0.98, (YEARS, REGIONS, 2)),
            "post_study_attempts": generator.integers(1, 6, (YEARS, REGIONS)),
            "residence_wait": generator.uniform(0.0, 9.0, (YEARS, REGIONS, REGIONS, 1)),
            "research_pay": generator.uniform(20_000, 200_000, (YEARS, 1, REGIONS, 2)),
            "research_capital": generator.uniform(0.01, 60.0, (YEARS, REGIONS)),
            "mobility_area": generator.integers(0, 1, (YEARS, REGIONS, REGIONS)),
            "offshoring": np.array(0.4),
        }
    )


def lever(name: str = "student_visa_refusal", **more: Any) -> LeverChange:
    """A change over everything, unless told otherwise."""
    axes = LEVERS[name].filters
    given_: dict[str, Any] = {
        "id": "a",
        "name": name,
        "origins": ALL if "origin" in axes else (),
        "destinations": ALL if "destination" in axes else (),
        "sectors": (0, 1) if "sector" in axes else (),
        "talent_classes": (0, 1, 2, 3, 4) if "talent_class" in axes else (),
        "stages": (0, 1) if "stage" in axes else (),
        "degrees": (0, 1) if "degree" in axes else (),
        "from_year": 2010,
        "until_year": 2050,
        "ramp_years": 1,
        "change": "set",
        "value": 0.4,
    }
    return LeverChange(**{**given_, **more})


def chn_usa(**more: Any) -> LeverChange:
    return lever(**{"origins": (1,), "destinations": (0,), **more})


def row(year: int) -> int:
    return year - FIRST_YEAR


def same(one: Policies, other: Policies) -> bool:
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_policies_have_one_field_per_lever() -> None:
    assert Policies._fields == tuple(LEVERS)


def test_defaults_have_the_declared_axes_and_neutral_values(defaults: Policies) -> None:
    sizes = {"origin": REGIONS, "destination": REGIONS, "sector": 2, "talent_class": 5, "stage": 2, "degree": 2}
    for name, declared in LEVERS.items():
        array = getattr(defaults, name)
        assert array.shape == (YEARS, *(sizes[axis] for axis in declared.filters))
        assert array.dtype == np.float64
        assert array.flags.c_contiguous
        if declared.neutral is not None:
            assert np.all(array == declared.neutral)
    assert np.all(defaults.phd_stipend == defaults.phd_stipend[:, :1, :])


def test_no_levers_change_no_bit_and_share_no_memory(defaults: Policies) -> None:
    resolved = resolve_policies(defaults, [], {}, FIRST_YEAR)
    assert same(resolved, defaults)
    assert not any(np.shares_memory(a, b) for a, b in zip(resolved, defaults, strict=True))


def test_defaults_outside_a_levers_range_are_not_clipped_where_nothing_applies(defaults: Policies) -> None:
    odd = defaults._replace(visa_delay=np.full_like(defaults.visa_delay, 99.0))
    resolved = resolve_policies(odd, [[chn_usa(name="visa_delay", value=3.0)]], {}, FIRST_YEAR)
    assert resolved.visa_delay[row(2010), 1, 0] == 3.0
    assert resolved.visa_delay[row(2010), 0, 1] == 99.0
    assert resolved.visa_delay[row(2009), 1, 0] == 99.0


def test_a_set_gives_the_value_in_its_window_and_cells_alone(defaults: Policies) -> None:
    change = chn_usa(from_year=2026, until_year=2030, value=0.45)
    resolved = resolve_policies(defaults, [[change]], {}, FIRST_YEAR)
    expected = defaults.student_visa_refusal.copy()
    expected[row(2026) : row(2031), 1, 0] = 0.45
    assert resolved.student_visa_refusal.tobytes() == expected.tobytes()
    assert same(resolved._replace(student_visa_refusal=defaults.student_visa_refusal), defaults)


def test_a_ramp_reaches_full_strength_after_its_years(defaults: Policies) -> None:
    change = chn_usa(name="hostility", from_year=2016, until_year=2019, ramp_years=4, value=1.0)
    resolved = resolve_policies(defaults, [[change]], {}, FIRST_YEAR)
    assert resolved.hostility[row(2015) : row(2021), 1, 0].tolist() == [0.0, 0.25, 0.5, 0.75, 1.0, 0.0]
    assert strength(change, np.array([2015, 2017, 2019, 2020])).tolist() == [0.0, 0.5, 1.0, 0.0]


def test_a_ramp_of_every_kind_by_hand(defaults: Policies) -> None:
    before = defaults.phd_stipend[row(2010), 1, 0]
    for kind, value, expected in (
        ("set", 40_000.0, before + 0.5 * (40_000 - before)),
        ("multiply", 0.6, before * 0.8),
        ("add", 1000.0, before + 500.0),
    ):
        change = chn_usa(name="phd_stipend", ramp_years=2, change=kind, value=value)
        resolved = resolve_policies(defaults, [[change]], {}, FIRST_YEAR)
        assert resolved.phd_stipend[row(2010), 1, 0] == pytest.approx(expected, rel=1e-12)


def test_within_a_file_set_comes_before_multiply_before_add(defaults: Policies) -> None:
    changes = [
        chn_usa(id="c", change="add", value=0.1),
        chn_usa(id="b", change="multiply", value=0.5),
        chn_usa(id="a", change="set", value=0.4),
    ]
    assert [change.id for change in in_order(changes)] == ["a", "b", "c"]
    resolved = resolve_policies(defaults, [changes], {}, FIRST_YEAR)
    assert resolved.student_visa_refusal[row(2010), 1, 0] == 0.4 * 0.5 + 0.1


def test_a_later_file_lies_over_an_earlier_one(defaults: Policies) -> None:
    first = [chn_usa(id="a", change="add", value=0.3), chn_usa(id="b", value=0.2)]
    second = [chn_usa(id="c", value=0.6)]
    resolved = resolve_policies(defaults, [first, second], {}, FIRST_YEAR)
    assert resolved.student_visa_refusal[row(2010), 1, 0] == 0.6
    turned = resolve_policies(defaults, [second, first], {}, FIRST_YEAR)
    assert turned.student_visa_refusal[row(2010), 1, 0] == pytest.approx(0.5)


def test_results_are_clipped_after_every_file(defaults: Policies) -> None:
    first = [chn_usa(id="a", change="add", value=0.95)]
    second = [chn_usa(id="b", change="multiply", value=0.5)]
    resolved = resolve_policies(defaults, [first, second], {}, FIRST_YEAR)
    assert resolved.student_visa_refusal[row(2010), 1, 0] == 0.5


def test_a_regions_own_pair_is_never_touched(defaults: Policies) -> None:
    resolved = resolve_policies(defaults, [[lever(value=0.9)]], {}, FIRST_YEAR)
    own = np.einsum("tii->ti", resolved.student_visa_refusal)
    assert np.array_equal(own, np.einsum("tii->ti", defaults.student_visa_refusal))
    others = ~np.eye(REGIONS, dtype=bool)
    assert np.all(resolved.student_visa_refusal[row(2010)][others] == 0.9)


@pytest.mark.parametrize("name", [name for name, declared in LEVERS.items() if declared.is_pair])
def test_friction_spares_a_regions_own_people_and_pay_does_not(defaults: Policies, name: str) -> None:
    value = 0.5 * (LEVERS[name].low + LEVERS[name].high)
    after = getattr(resolve_policies(defaults, [[lever(name, value=value)]], {}, FIRST_YEAR), name)[row(2010)]
    before = getattr(defaults, name)[row(2010)]
    own = np.arange(REGIONS)
    is_pay = name in ("phd_stipend", "research_pay")
    assert np.array_equal(after[own, own], np.full_like(after[own, own], value) if is_pay else before[own, own])
    assert np.all(after[0, 1] == value)


def test_filters_by_stage(defaults: Policies) -> None:
    gate = lever("exit_gate", origins=(1,), stages=(1,), value=0.3)
    forced = lever("forced_exit", origins=(1,), destinations=(0, 1), stages=(0,), value=0.2)
    resolved = resolve_policies(defaults, [[gate, forced]], {}, FIRST_YEAR)
    widths = np.zeros((5, 5, 2))
    widths[1, [0, 2, 3, 4], 1] = 0.3  # every destination but home
    np.testing.assert_array_equal(resolved.exit_gate[row(2010)], widths)
    assert resolved.forced_exit[row(2010), 1].tolist() == [[0.2, 0], [0, 0], [0, 0], [0, 0], [0, 0]]
    assert absent_id(gate, CODES) == "exit_gate:CHN>work:2010-2050:ramp1:set"


def test_filters_by_sector_and_by_talent_class(defaults: Policies) -> None:
    odds = lever("work_visa_odds", destinations=(0,), sectors=(1,), value=0.1)
    bonus = lever("return_bonus", origins=(1,), talent_classes=(3, 4), value=0.7)
    resolved = resolve_policies(defaults, [[odds, bonus]], {}, FIRST_YEAR)
    assert resolved.work_visa_odds[row(2010), 0].tolist() == [defaults.work_visa_odds[row(2010), 0, 0], 0.1]
    assert resolved.return_bonus[row(2010), 1].tolist() == [0, 0, 0, 0.7, 0.7]
    assert np.all(resolved.return_bonus[row(2010), 0] == 0)


def test_a_set_to_what_holds_anyway_changes_no_bit(defaults: Policies) -> None:
    for ramp, value in ((1, 0.1), (3, 0.1), (6, 0.3), (7, 0.7), (10, 0.9)):
        held = defaults._replace(student_visa_refusal=np.full_like(defaults.student_visa_refusal, value))
        change = lever(ramp_years=ramp, value=value)
        assert same(resolve_policies(held, [[change]], {}, FIRST_YEAR), held)


def test_a_distribution_takes_its_value_from_the_caller(defaults: Policies) -> None:
    change = chn_usa(value=Distribution("beta", mean=0.45, sd=0.05))
    resolved = resolve_policies(defaults, [[change]], {"a": 0.37}, FIRST_YEAR)
    assert resolved.student_visa_refusal[row(2010), 1, 0] == 0.37
    with pytest.raises(KeyError):
        resolve_policies(defaults, [[change]], {}, FIRST_YEAR)


def test_drawn_values_stay_inside_the_range_of_the_change() -> None:
    wide = Distribution("normal", mean=0.5, sd=2.0)
    assert all(0 <= drawn_value(chn_usa(value=wide), u) <= 1 for u in (0.001, 0.5, 0.999))
    assert drawn_value(chn_usa(value=0.3), 0.99) == 0.3
    assert value_range(LEVERS["hostility"], "set") == (0, 2)
    assert value_range(LEVERS["hostility"], "add") == (-2, 2)
    assert value_range(LEVERS["phd_stipend"], "add") == (-249_500, 249_500)  # from 500 to 250,000


def test_the_callers_arrays_are_not_written_to(defaults: Policies) -> None:
    kept = Policies(*(array.copy() for array in defaults))
    for array in defaults:
        array.setflags(write=False)
    resolve_policies(defaults, [[lever(value=0.9), lever("phd_places", id="b", value=0.5)]], {}, FIRST_YEAR)
    assert same(defaults, kept)


def test_an_absent_id_is_made_of_what_and_when_alone() -> None:
    assert absent_id(chn_usa(id="", from_year=2026, until_year=2030, ramp_years=2), CODES) == (
        "student_visa_refusal:CHN>USA:2026-2030:ramp2:set"
    )
    assert absent_id(chn_usa(value=0.1, evidence="x", source="y", id="z"), CODES) == absent_id(chn_usa(), CODES)
    assert absent_id(lever("cohort_size"), CODES) == "cohort_size:*:2010-2050:ramp1:set"
    assert len({absent_id(chn_usa(change=kind), CODES) for kind in CHANGES}) == len(CHANGES)


def test_selections_are_written_briefly() -> None:
    assert selection_text(ALL, CODES) == "*"
    assert selection_text((0, 2, 3, 4), CODES) == "*-CHN"
    assert selection_text((0, 2), CODES) == "USA+GBR"


@st.composite
def changes(draw: st.DrawFn) -> LeverChange:
    """Any change of any lever."""
    declared = LEVERS[draw(st.sampled_from(list(LEVERS)))]
    sizes = {"origin": REGIONS, "destination": REGIONS, "sector": 2, "talent_class": 5, "stage": 2, "degree": 2}
    chosen = {
        f"{axis}s" if axis != "talent_class" else "talent_classes": tuple(
            sorted(draw(st.sets(st.integers(0, sizes[axis] - 1), min_size=1)))
        )
        for axis in declared.filters
    }
    start = draw(st.integers(2000, 2045))
    kind = draw(st.sampled_from(CHANGES))
    return lever(
        declared.name,
        id=str(draw(st.integers(0, 10**6))),
        **chosen,
        from_year=start,
        until_year=draw(st.integers(start, 2050)),
        ramp_years=draw(st.integers(1, 6)),
        change=kind,
        value=draw(st.floats(*value_range(declared, kind))),
    )


@settings(deadline=None, max_examples=150)
@given(layers=st.lists(st.lists(changes(), max_size=4), max_size=3))
def test_only_touched_cells_and_years_ever_move(defaults: Policies, layers: list[list[LeverChange]]) -> None:
    resolved = resolve_policies(defaults, layers, {}, FIRST_YEAR)
    for name, declared in LEVERS.items():
        before, after = getattr(defaults, name), getattr(resolved, name)
        touched = np.zeros(before.shape, dtype=bool)
        for layer in layers:
            for change in layer:
                if change.name == name:
                    last = min(change.until_year, FIRST_YEAR + YEARS - 1)
                    touched[row(change.from_year) : row(last) + 1] |= cells(change, REGIONS)
        assert after[~touched].tobytes() == before[~touched].tobytes()
        assert np.all((after[touched] >= declared.low) & (after[touched] <= declared.high))
