"""A run held on another run's path: both engines give the same history, and its own path changes nothing."""

import numpy as np
import pytest

from sim.engines.counts import YearEnd
from sim.engines.walk import years_of
from sim.model.choice.randomness import make_key
from tests.engines.same import first_difference
from tests.support.toy import copied, random_world, with_change

pytestmark = pytest.mark.slow
KEY = make_key(3, 1)
WORLD = random_world(21, 4, years=18, people=12.0, relocation_hazard=0.5, demand_2019=1.0)
POLICY = with_change(WORLD, "phd_stipend", lambda paid: 3.0 * paid, 8, (slice(None), 2))


def ends(engine: str, world: object, held: object = None) -> list[YearEnd]:
    walked = years_of(engine, world, KEY, held=held)  # type: ignore[arg-type]
    return [end._replace(researchers=copied(end.researchers, end.entered)) for end in walked]


@pytest.fixture(scope="module")
def path() -> list[object]:
    return [end.indices for end in ends("arrays", WORLD)]


def test_both_engines_report_the_same_path(path: list[object]) -> None:
    for mine, theirs in zip(path, (end.indices for end in ends("agents", WORLD)), strict=True):
        for one, other in zip(mine, theirs, strict=True):  # type: ignore[call-overload]
            np.testing.assert_array_equal(one, other)


def test_held_both_engines_give_the_same_history(path: list[object]) -> None:
    arrays, agents = ends("arrays", POLICY, path), ends("agents", POLICY, path)
    for first, second in zip(arrays, agents, strict=True):
        assert first_difference(first, second) == ""
    free = ends("arrays", POLICY)
    assert any(first_difference(one, other) for one, other in zip(arrays, free, strict=True))


def test_held_on_its_own_path_a_run_is_itself(path: list[object]) -> None:
    for engine in ("arrays", "agents"):
        for free, held in zip(ends(engine, WORLD), ends(engine, WORLD, path), strict=True):
            assert first_difference(free, held) == ""


def test_what_is_held_is_the_others_and_beliefs_are_the_runs_own(path: list[object]) -> None:
    refused = with_change(POLICY, "student_visa_refusal", 0.9, 8, (slice(None), 1))
    free, held = ends("arrays", refused), ends("arrays", refused, path)
    for end, other, own in zip(held, path, free, strict=True):
        for name in ("ecosystem", "pull", "diaspora", "demand"):
            np.testing.assert_array_equal(getattr(end.indices, name), getattr(other, name))
        np.testing.assert_array_equal(end.indices.expected_success, own.indices.expected_success)
    assert (held[-1].indices.expected_success != path[-1].expected_success).any()  # type: ignore[attr-defined]
    assert (held[-1].indices.option_value != free[-1].indices.option_value).any()
