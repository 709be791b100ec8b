"""The visa path in toy worlds: statuses one after another, attempts counted down, and what a lost status forces."""

import itertools
from typing import Any

import numpy as np
import pytest

from sim.engines.expected.years import expected_years
from sim.model.population import NO_STATUS, PERMANENT, POST_STUDY, STUDENT, TEMPORARY, WORK
from sim.model.world import INDUSTRY, World
from tests.support.toy import FROZEN, abroad, four_sigma, plain_world, random_world, run, stocks_and_flows

QUICK_DEGREE = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
STRONG, WEAK = 60.0, 30.0


def migrants(years: int = 7, people: float = 3000.0, **changes: Any) -> World:
    """Three regions; one cohort of region 2 that studies and works in region 0's industry, with region 1 as second best."""
    cohort = np.zeros((years, 3))
    cohort[0, 2] = people
    settings = {
        "cohort": cohort,
        "graduation": QUICK_DEGREE,
        "attrition_rate": 0.0,
        "exit_rate": 0.0,
        "relocation_hazard": 0.0,
        "home_tie_sd": 0.0,
        "study_constant": [STRONG, WEAK, 0.0],
        "work_constant": [STRONG, WEAK, 0.0],
        "industry_constant": STRONG,
        "mobility_area": np.eye(3),
        "post_study_attempts": 3.0,
        "work_visa_odds": np.array([0.3, 1.0, 1.0])[:, None],
        "residence_wait": abroad(3.0, 3),
        "elite_bypass": 0.0,
        "refusal_deterrence": 0.0,
        "offshoring": 0.0,
        **FROZEN,
        **changes,
    }
    return plain_world(3, years, **settings)


def share(mask: np.ndarray) -> float:
    return float(mask.mean())


def test_the_path_from_student_to_permanent_resident() -> None:
    people = run(migrants()).people
    assert (people[0].status == STUDENT).all()
    assert (people[1].place == 0).all()  # hired without authorisation
    assert (people[1].status == POST_STUDY).all()
    assert (people[1].attempts == 3).all()
    for t, left in ((2, 2), (3, 1)):
        waiting = people[t].status == POST_STUDY
        assert abs(share(waiting) - 0.7 ** (t - 1)) < four_sigma(0.7 ** (t - 1), 3000)
        assert (people[t].attempts == np.where(waiting, left, 0)).all()
        assert (people[t].status[~waiting] == TEMPORARY).all()
        assert (people[t].place == 0).all()
    lost = people[4].place != 0
    assert abs(share(lost) - 0.7**3) < four_sigma(0.7**3, 3000)
    assert (lost <= (people[3].status == POST_STUDY)).all()
    assert (people[4].place[lost] == 1).all()
    assert (people[4].status == TEMPORARY).all()
    assert (people[4].duration[lost] == 0).all()
    # Three years in the place are complete at the end of 2004: permanent from then on.
    assert (people[5].status == np.where(lost, TEMPORARY, PERMANENT)).all()
    assert (people[6].place == people[4].place).all()


def test_whoever_fails_every_attempt_leaves_after_as_many_years() -> None:
    for attempts in (1, 2, 5):
        world = migrants(8, 400.0, post_study_attempts=float(attempts), work_visa_odds=np.array([0.0, 1.0, 1.0])[:, None])
        here = [(people.place == 0).all() for people in run(world).people]
        assert here == [t < 1 + attempts for t in range(8)]


def test_at_home_and_under_full_mobility_no_status_is_needed() -> None:
    world = random_world(5, 4, years=14, mobility_area=1.0, forced_exit=1.0)
    for people in run(world).people:
        assert not people.status.any()
        assert not people.attempts.any()
    mixed = run(random_world(5, 4, years=14, forced_exit=0.1))
    for people in mixed.people:
        at_home = (people.place == people.origin) & (people.stage != 0)
        assert not people.status[at_home].any()
        assert ((people.attempts > 0) == (people.status == POST_STUDY)).all()
    assert {NO_STATUS, STUDENT, POST_STUDY, TEMPORARY, PERMANENT} == set(np.unique(mixed.people[-1].status))


def test_academia_and_hires_from_elsewhere_are_authorised_at_the_hire() -> None:
    academics = run(migrants(industry_constant=-STRONG, work_visa_odds=0.5, years=2)).people[1]
    stayed = academics.place == 0
    assert abs(share(stayed) - 0.5) < four_sigma(0.5, 3000)
    assert (academics.status[stayed] == TEMPORARY).all()
    # Trained in region 1, hired in region 0: all attempts at once.
    apart = run(migrants(study_constant=[0.0, STRONG, 0.0], years=2)).people[1]
    hired = apart.place == 0
    assert abs(share(hired) - (1.0 - 0.7**3)) < four_sigma(0.343, 3000)
    assert (apart.status[hired] == TEMPORARY).all()
    assert (apart.status[~hired] == POST_STUDY).all()  # back where the degree is from


def test_without_a_stay_after_the_degree_one_attempt_comes_first() -> None:
    people = run(migrants(post_study_attempts=0.0, years=2)).people[1]
    hired = people.place == 0
    assert abs(share(hired) - 0.3) < four_sigma(0.3, 3000)
    assert (people.status == TEMPORARY).all()


def test_half_of_the_top_class_needs_no_attempts() -> None:
    people = run(migrants(people=12_000.0, elite_bypass=0.8, years=2)).people[1]
    top = people.traits // 12 == 4
    assert (people.status[~top] == POST_STUDY).all()
    assert abs(share(people.status[top] == TEMPORARY) - 0.4) < four_sigma(0.4, top.sum())


def test_an_employer_may_keep_whom_the_region_sends_away() -> None:
    for kept in (0.0, 0.4, 1.0):
        world = migrants(
            5, post_study_attempts=1.0, work_visa_odds=np.array([0.0, 1.0, 1.0])[:, None], offshoring=[kept, 0.0, 0.0]
        )
        people = run(world).people[3]
        assert (people.place == 1).all()
        assert (people.sector == INDUSTRY).all()
        assert abs(share(people.employer == 0) - kept) <= four_sigma(kept, 3000)


def test_expected_flows_keep_as_many_headquarters() -> None:
    odds = np.array([0.25, 1.0, 1.0])[:, None]
    world = migrants(
        6, work_visa_odds=odds, post_study_attempts=2.0, offshoring=[0.4, 0.0, 0.0], abroad_share=[0.5, 0.0, 0.0], bar_top20=-99.0
    )
    world = world._replace(abroad_region=np.array([2, 1, 2]))
    year = list(expected_years(world, patterns=2))[-1]
    stayed = 1.0 - 0.75**2
    np.testing.assert_allclose(year.shares[0, 3] / 3000.0, [stayed, 1.0 - stayed, 0.0], atol=1e-6)
    remote = 0.4 * (1.0 - stayed)
    hired = [0.5 * (stayed + remote), 0.6 * (1.0 - stayed), 0.5 * (stayed + remote)]
    np.testing.assert_allclose(year.shares[0, 2] / 3000.0, hired, atol=1e-6)
    np.testing.assert_allclose(year.shares[0, 1] / 3000.0, [1.0, 0.0, 0.0], atol=1e-6)
    assert year.careers[2, 0, 1] == pytest.approx(3000.0 * hired[1], rel=1e-5)
    people = run(world).people[-1]
    assert (np.abs(np.bincount(people.employer, minlength=3) / 3000.0 - hired) < four_sigma(np.array(hired), 3000)).all()


def test_offshoring_belongs_to_the_place_that_refused() -> None:
    odds = np.array([0.0, 1.0, 1.0])[:, None]
    world = migrants(3, study_constant=[0.0, 0.0, STRONG], work_visa_odds=odds, offshoring=[0.0, 1.0, 1.0])
    assert (run(world).people[1].employer == 1).all()
    world = migrants(3, study_constant=[0.0, 0.0, STRONG], work_visa_odds=odds, offshoring=[1.0, 0.0, 0.0])
    assert (run(world).people[1].employer == 0).all()


# --- forced exits -------------------------------------------------------------------------------------------


def forced(stage: int, value: float, places: tuple[int, ...] = (0,)) -> np.ndarray:
    table = np.zeros((3, 3, 2))
    table[2, list(places), stage] = value
    return table


def test_a_forced_exit_ends_temporary_statuses_at_its_rate() -> None:
    world = migrants(8, work_visa_odds=1.0, residence_wait=abroad(99.0, 3), forced_exit=forced(1, 0.25))
    here = [share(people.place == 0) for people in run(world).people]
    for t in range(1, 8):
        assert abs(here[t] - 0.75 ** (t - 1)) < four_sigma(0.75 ** (t - 1), 3000)


def test_permanent_residents_stay() -> None:
    people = run(
        migrants(8, work_visa_odds=1.0, forced_exit=forced(1, 1.0), residence_wait=abroad(0.0, 3), post_study_attempts=0.0)
    ).people
    assert (people[-1].place == 0).all()
    assert (people[-1].status == PERMANENT).all()
    spared = run(migrants(8, work_visa_odds=1.0, residence_wait=abroad(3.0, 3), forced_exit=forced(1, 0.25))).people
    here = [share(each.place == 0) for each in spared]
    assert here[4] < 0.55
    assert here[4] == here[5] == here[7]
    moving = run(migrants(8, work_visa_odds=1.0, mobility_area=1.0, forced_exit=forced(1, 1.0))).people
    assert (moving[-1].place == 0).all()


def test_whoever_is_sent_away_everywhere_ends_at_home() -> None:
    world = migrants(
        6,
        work_visa_odds=1.0,
        residence_wait=abroad(99.0, 3),
        forced_exit=forced(1, 1.0, (0, 1)),
        work_constant=[STRONG, WEAK, 0.0],
    )
    people = run(world).people
    assert (people[1].place == 0).all()
    assert (people[2].place == 1).all()
    assert (people[3].place == 0).all()  # only the present place is out
    closed = migrants(
        6, work_visa_odds=np.array([1.0, 0.0, 1.0])[:, None], residence_wait=abroad(99.0, 3), forced_exit=forced(1, 1.0)
    )
    people = run(closed).people
    assert (people[1].place == 0).all()
    assert (people[2].place == 2).all()
    assert not people[2].status.any()


def test_a_place_lost_is_left_in_the_flows() -> None:
    world = random_world(5, 4, years=16, forced_exit=0.3, exit_gate=0.2)
    history = run(world)
    for stock, expected in stocks_and_flows(history.counts):
        np.testing.assert_array_equal(stock, expected)
    studying = [people.stage == 1 for people in history.people]
    moved = 0
    for (before, after), was in zip(itertools.pairwise(history.people), studying, strict=False):
        still = was & (after.stage[: len(was)] == 1)
        moved += int((before.study[still] != after.study[: len(was)][still]).sum())
    assert moved > 20


def test_students_who_lose_their_status_go_where_they_would_have_gone_without_the_region() -> None:
    # Nobody is refused, shocks are frozen: the next best is the choice of a world in which the region is barred.
    long_study = {"graduation": [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0], "study_constant": 0.0, "option_value_weight": 0.0}
    cut = np.zeros((3, 3, 3, 2))
    cut[1:, 2, 0, 0] = 0.4
    people = run(migrants(3, 6000.0, forced_exit=cut, **long_study)).people
    barred = np.zeros((3, 3))
    barred[2, 0] = 1.0
    without = run(migrants(3, 6000.0, entry_bar=barred, **long_study)).people[0].study
    in_region = people[0].study == 0
    left = in_region & (people[1].study != 0)
    assert abs(share(left[in_region]) - 0.4) < four_sigma(0.4, in_region.sum())
    assert (people[1].study[left] == without[left]).all()
    assert (people[1].study[~left] == people[0].study[~left]).all()
    assert (people[1].years == 1).all()
    assert set(np.unique(people[1].status[left])) == {NO_STATUS, STUDENT}
    assert (people[1].place == people[1].study).all()
    assert (people[1].employer == people[1].study).all()


# --- exit gates ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", [0, 1])
def test_wider_gates_hold_the_same_people_and_more(stage: int) -> None:
    def held(width: float) -> set[int]:
        gate = np.zeros((3, 2))
        gate[2, stage] = width
        study = [0.0, 0.0, STRONG] if stage == 1 else [STRONG, WEAK, 0.0]
        people = run(migrants(3, exit_gate=gate, study_constant=study, work_visa_odds=1.0)).people[stage]
        return set(people.index[people.place == 2].tolist())

    some, more = held(0.2), held(0.5)
    assert some < more
    assert held(0.0) == set()
    assert len(held(1.0)) == 3000
    for group, width in ((some, 0.2), (more, 0.5)):
        assert abs(len(group) / 3000 - width) < four_sigma(width, 3000)


def test_the_gates_of_study_and_work_and_the_bar_have_ranks_of_their_own() -> None:
    def kept(**changes: Any) -> np.ndarray:
        return run(migrants(2, **changes)).people[0].place == 2

    gate = np.zeros((3, 2))
    gate[2, 0] = 0.5
    bar = np.zeros((3, 3))
    bar[2, :2] = 0.5
    both = kept(exit_gate=gate) & kept(entry_bar=bar)
    assert abs(share(both) - 0.25) < four_sigma(0.25, 3000)
    gate[2, 1] = 0.5
    doctors = run(migrants(2, exit_gate=gate)).people[1].place == 2
    assert (doctors == (run(migrants(2, exit_gate=gate)).people[0].place == 2) & doctors).all()
    assert abs(share(doctors) - 0.25) < four_sigma(0.25, 3000)


def test_a_gate_holds_incumbents_at_home_only() -> None:
    moving = {"relocation_hazard": 2.0, "relocation_age_decline": 0.0, "relocation_duration_decline": 0.0, "moving_cost": 0.0}
    gate = np.zeros((6, 3, 2))
    gate[3:, 2, 1] = 0.6
    calm = {"study_constant": [0.0, 0.0, STRONG], "work_constant": 0.0, "work_visa_odds": 1.0, "nest_dissimilarity": 1.0}
    free, held = (run(migrants(6, exit_gate=g, incumbency=0.0, **moving, **calm)).people for g in (0.0, gate))
    for before, after in zip(free[:3], held[:3], strict=True):
        assert (before.place == after.place).all()
    abroad_then = free[2].place != 2
    assert (free[3].place[abroad_then] == held[3].place[abroad_then]).all()
    would_leave = ~abroad_then & (free[3].place != 2)
    assert would_leave.sum() > 200
    assert abs(share(held[3].place[would_leave] == 2) - 0.6) < four_sigma(0.6, would_leave.sum())
    assert (held[3].stage == WORK).all()
