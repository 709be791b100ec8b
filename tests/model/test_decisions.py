"""Decisions of one researcher, function by function, and as the engine carries them out in toy worlds."""

import itertools

import numpy as np
import pytest

from sim.engines.expected.years import expected_years
from sim.model.choice.randomness import make_key
from sim.model.gates import bar_rank
from sim.model.indices import first_indices
from sim.model.population import (
    APPLY,
    OUT,
    STUDY,
    WORK,
    Who,
    age_class,
    duration_class,
    trait_classes,
    trait_code,
    unpack_traits,
)
from sim.model.trends import talent_up_to
from sim.model.world import AGE_FROM, DURATION_FROM, INDUSTRY, TALENT, YEARS_BEFORE, World, Year
from sim.model.year import ELITE, NOT_VISIBLE, TOP20, make_lone_year
from tests.support.toy import EQUAL_TALENT, FROZEN, abroad, four_sigma, plain_world, random_world, run


def tables_with(talent: np.ndarray) -> Year:
    """Tables of a year in which talent has these (R, Q) cumulative parts."""
    world = plain_world(regions=len(talent), years=1, talent_up_to=talent)
    return make_lone_year(world, first_indices(world), 0)


SHARES = tables_with(np.tile(EQUAL_TALENT, (5, 1)))
QUICK_DEGREE = [0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]


def one_cohort(years: int, people: float, regions: int) -> np.ndarray:
    """People who enter: in the first year only."""
    cohort = np.zeros((years, regions))
    cohort[0] = people
    return cohort


def doctors(people: float = 3000.0, regions: int = 4, years: int = 2, **changes) -> World:
    """A world whose single cohort studies for one year; nobody leaves or moves unless told."""
    settings = {
        "cohort": one_cohort(years, people, regions),
        "graduation": QUICK_DEGREE,
        "attrition_rate": 0.0,
        "exit_rate": 0.0,
        "relocation_hazard": 0.0,
        "home_tie_sd": 0.0,
        "study_region_pull": 0.0,
        **FROZEN,
        **changes,
    }
    return plain_world(regions, years, **settings)


def test_traits_survive_packing() -> None:
    codes = {}
    for talent in range(5):
        for tie in range(3):
            for visa in range(2):
                for taste in range(2):
                    code = trait_code(talent, tie, visa, taste)
                    assert unpack_traits(code) == (talent, tie, visa, taste)
                    codes[code] = None
    assert sorted(codes) == list(range(60))


def test_classes_of_traits_have_their_shares() -> None:
    key, people = make_key(1, 0), 20_000
    traits = np.array([trait_classes(key, i, 3, 2010, SHARES) for i in range(people)])
    for column, expected in ((0, [0.2] * 5), (1, [1 / 3] * 3), (2, [0.65, 0.35]), (3, [0.5, 0.5])):
        shares = np.bincount(traits[:, column]) / people
        assert (np.abs(shares - expected) < four_sigma(np.array(expected), people)).all()
    assert np.abs(np.corrcoef(traits.T) - np.eye(4)).max() < 4.5 / np.sqrt(people)


def test_talent_of_an_origin_is_tilted_around_its_mean() -> None:
    table = talent_up_to(np.array([0.0, 0.3, -0.3]))
    classes = np.diff(table, axis=1, prepend=0.0)
    np.testing.assert_allclose(table[0], EQUAL_TALENT, atol=1e-15)
    means = classes @ TALENT
    np.testing.assert_allclose(means, [0.0, 0.27, -0.27], atol=0.01)  # the five classes have a variance of .9
    np.testing.assert_allclose(classes[1], classes[2, ::-1], atol=1e-15)
    key, people, tables = make_key(1, 0), 20_000, tables_with(table)
    drawn = [trait_classes(key, i, 1, 2010, tables)[0] for i in range(people)]
    shares = np.bincount(drawn, minlength=5) / people
    assert (np.abs(shares - classes[1]) < four_sigma(classes[1], people)).all()


@pytest.mark.parametrize("late", [0.0, 0.4, 1.0])
def test_late_entrants_graduate_after_a_year(late: float) -> None:
    history = run(doctors(people=3000.0, years=3, graduation=[0.0] * 6 + [1.0], late_entry=late))
    first, second, third = ((people.stage == WORK).mean() for people in history.people)
    assert first == 0.0
    assert abs(second - late) < 4 * np.sqrt(late * (1 - late) / len(history.people[0].stage)) + 1e-12
    assert third == second  # the others have completed two years of six


@pytest.mark.parametrize("lever", ["student_visa_refusal", "border_closure", "entry_bar", "exit_gate"])
def test_late_entrants_met_the_rules_of_the_year_in_which_they_began(lever: str) -> None:
    cohort = np.zeros((10, 3))
    cohort[8, 0] = 300.0
    world = plain_world(3, 10, cohort=cohort, study_constant=[-20.0, 0.0, 0.0], late_entry=1.0, postponement=1.0, **FROZEN)
    for closed, home in ((8 - YEARS_BEFORE, 1.0), (7, 0.0), (8, 0.0)):
        table = getattr(world.levers, lever).copy()
        table[closed] = 1.0
        here = world._replace(levers=world.levers._replace(**{lever: table}))
        people, expected = run(here).people[8], list(expected_years(here))[8].entry[0]
        assert (people.study == 0).mean() == home
        assert expected[0] / expected.sum() == pytest.approx(home, abs=1e-6)


def test_traits_are_for_life_and_do_not_know_the_calendar() -> None:
    key = make_key(1, 0)
    assert trait_classes(key, 7, 3, 2010, SHARES) == trait_classes(key, 7, 3, 2010, SHARES)
    assert len({trait_classes(key, 7, 3, cohort, SHARES) for cohort in range(2000, 2030)}) > 5


def test_the_rank_for_the_bar_is_uniform_and_fixed() -> None:
    key = make_key(1, 0)
    ranks = np.array([bar_rank(Who(key, i, 3, 2010, 0)) for i in range(10_000)])
    assert abs(ranks.mean() - 0.5) < 4.0 * np.sqrt(1 / 12 / 10_000)
    assert abs((ranks < 0.1).mean() - 0.1) < four_sigma(0.1, 10_000)


@pytest.mark.parametrize(("function", "first"), [(age_class, AGE_FROM), (duration_class, DURATION_FROM)])
def test_classes_of_years_begin_where_they_should(function, first) -> None:
    years = np.arange(60)
    assert [function(int(year)) for year in years] == list(np.searchsorted(first, years, side="right") - 1)


def test_an_age_in_a_byte_has_the_same_class() -> None:
    assert [age_class(np.uint8(year)) for year in (0, 2, 3, 7, 8, 14, 15, 250)] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [duration_class(np.uint8(year)) for year in (0, 1, 2, 3, 5, 6, 250)] == [0, 1, 1, 2, 2, 3, 3]


# --- study --------------------------------------------------------------------------------------------------


def test_whoever_is_refused_everywhere_studies_at_home() -> None:
    world = plain_world(4, 1, student_visa_refusal=abroad(1.0, 4), home_study=-5.0, refusal_deterrence=0.0)
    people = run(world).people[0]
    assert (people.study == people.origin).all()
    assert (people.stage == STUDY).all()


def test_a_bar_hits_the_same_people_every_time_and_wider_bars_more() -> None:
    def kept_out(width: float) -> set[int]:
        world = plain_world(2, 1, entry_bar=abroad(width, 2), home_study=-20.0, cohort=2000.0)
        people = run(world).people[0]
        at_home = people.study == people.origin
        return {(int(o), int(i)) for o, i in zip(people.origin[at_home], people.index[at_home], strict=True)}

    some, more = kept_out(0.2), kept_out(0.5)
    assert some < more
    assert abs(len(some) / 4000 - 0.2) < four_sigma(0.2, 4000)
    assert abs(len(more) / 4000 - 0.5) < four_sigma(0.5, 4000)


def test_a_bar_of_two_destinations_hits_the_same_people_at_both() -> None:
    # One rank per person: barred from one region is barred from all with the same width.
    world = plain_world(3, 1, entry_bar=abroad(0.4, 3), home_study=-20.0, cohort=4000.0)
    people = run(world).people[0]
    assert abs((people.study == people.origin).mean() - 0.4) < four_sigma(0.4, len(people.study))


def test_refusals_by_two_destinations_are_separate_draws() -> None:
    world = plain_world(3, 1, student_visa_refusal=abroad(0.4, 3), refusal_deterrence=0.0, home_study=-20.0, cohort=4000.0)
    people = run(world).people[0]
    assert abs((people.study == people.origin).mean() - 0.16) < four_sigma(0.16, len(people.study))


def test_a_closure_postpones_once_for_a_year() -> None:
    closure = np.zeros((3, 2, 2))
    closure[:] = abroad(1.0, 2)
    changes = {"home_study": -20.0, "cohort": one_cohort(3, 4000.0, 2)}
    first, second, third = run(plain_world(2, 3, border_closure=closure, postponement=0.3, **changes)).people
    waiting = first.stage == APPLY
    assert abs(waiting.mean() - 0.3) < four_sigma(0.3, 8000)
    assert (first.postponed == waiting).all()
    assert (first.study[~waiting] == first.origin[~waiting]).all()
    assert (second.study == second.origin).all()  # still closed: nobody waits twice
    assert (second.years[waiting] == 0).all()
    assert (second.years[~waiting] == 1).all()
    assert (third.stage != APPLY).all()
    closure[1:] = 0.0
    reopened = run(plain_world(2, 3, border_closure=closure, postponement=0.3, **changes)).people[1]
    assert (reopened.study[waiting] != reopened.origin[waiting]).all()


def test_a_partly_closed_border_closes_for_that_share_of_people() -> None:
    changes = {"home_study": -20.0, "cohort": one_cohort(1, 4000.0, 2), "postponement": 0.0}
    people = run(plain_world(2, 1, border_closure=abroad(0.25, 2), **changes)).people[0]
    assert abs((people.study == people.origin).mean() - 0.25) < four_sigma(0.25, 8000)


def test_masks_of_different_kinds_are_separate_draws() -> None:
    changes = {"home_study": -20.0, "cohort": 4000.0, "postponement": 0.0, "refusal_deterrence": 0.0}
    world = plain_world(
        2, 1, border_closure=abroad(0.25, 2), student_visa_refusal=abroad(0.4, 2), entry_bar=abroad(0.3, 2), **changes
    )
    people = run(world).people[0]
    expected = 1.0 - 0.75 * 0.6 * 0.7
    assert abs((people.study == people.origin).mean() - expected) < four_sigma(expected, 8000)


# --- degrees, first jobs ------------------------------------------------------------------------------------


def test_degrees_take_the_years_of_the_table() -> None:
    table = [0.0, 0.0, 0.0, 0.0, 0.25, 2.0 / 3.0, 1.0]
    world = plain_world(2, 8, cohort=one_cohort(8, 5000.0, 2), graduation=table, attrition_rate=0.0, exit_rate=0.0)
    working = [(people.stage == WORK).mean() for people in run(world).people]
    assert working[:4] == [0.0] * 4
    assert abs(working[4] - 0.25) < four_sigma(0.25, 10_000)
    assert abs(working[5] - 0.75) < four_sigma(0.75, 10_000)
    assert working[6] == working[7] == 1.0


def test_the_study_region_pulls_at_the_first_job() -> None:
    people = run(doctors(study_region_pull=40.0)).people[1]
    assert (people.place == people.study).all()
    assert (people.employer == people.study).all()
    assert (run(doctors()).people[1].place != run(doctors()).people[1].study).any()


def test_a_job_that_is_never_authorised_goes_to_the_next() -> None:
    # Region 0 is everyone's best place, but its visas are never given: second choices, then home.
    odds = np.ones((2, 4, 2))
    odds[:, 0] = 0.0
    world = doctors(
        work_constant=[30.0, 0.0, 0.0, 0.0],
        work_visa_odds=odds,
        post_study_attempts=0.0,
        mobility_area=0,
        refusal_deterrence=0.0,
        elite_bypass=0.0,
    )
    people = run(world).people[1]
    foreign = people.origin != 0
    assert (people.place[~foreign] == 0).all()
    assert (people.place[foreign] != 0).all()


def test_whoever_is_refused_twice_works_at_home() -> None:
    odds = np.ones((2, 4, 2))
    odds[:, [1, 2]] = 0.0
    world = doctors(
        work_constant=[0.0, 60.0, 30.0, 0.0],
        work_visa_odds=odds,
        post_study_attempts=0.0,
        mobility_area=0,
        refusal_deterrence=0.0,
        elite_bypass=0.0,
    )
    people = run(world).people[1]
    from_home = (people.origin == 0) | (people.origin == 3)
    assert (people.place[from_home] == people.origin[from_home]).all()


def test_the_sector_at_home_after_two_refusals_is_drawn_anew() -> None:
    odds = np.ones((2, 4, 2))
    odds[:, [1, 2], INDUSTRY] = 0.0
    world = doctors(
        work_constant=[0.0, 60.0, 30.0, 0.0],
        work_visa_odds=odds,
        post_study_attempts=0.0,
        mobility_area=0,
        refusal_deterrence=0.0,
        elite_bypass=0.0,
        nest_dissimilarity=1.0,
        people=8000.0,
    )
    people = run(world).people[1]
    sent_home = ((people.origin == 0) | (people.origin == 3)) & (people.place == people.origin)
    assert sent_home.sum() > 3000
    # Half of the offers at home are in industry; tastes of +-.5 make those refused twice a little keener on it.
    assert people.sector[sent_home].mean() < 0.7


def test_a_refused_hire_may_keep_the_headquarters_of_the_first_offer() -> None:
    odds = np.ones((2, 3, 2))
    odds[:, 0] = 0.0
    settings = {
        "regions": 3,
        "work_constant": [60.0, 0.0, -60.0],
        "work_visa_odds": odds,
        "post_study_attempts": 0.0,
        "mobility_area": 0,
        "refusal_deterrence": 0.0,
        "elite_bypass": 0.0,
        "industry_constant": 60.0,
    }
    for share in (0.0, 0.4, 1.0):
        people = run(doctors(offshoring=share, **settings)).people[1]
        refused = (people.origin == 2) & (people.place == 1)
        assert refused.sum() > 2500
        remote = (people.employer[refused] == 0).mean()
        assert abs(remote - share) <= four_sigma(share, refused.sum())
    academics = run(doctors(offshoring=1.0, **{**settings, "industry_constant": -60.0})).people[1]
    assert (academics.employer == academics.place).all()


def test_industry_of_a_region_may_have_its_headquarters_elsewhere() -> None:
    changes = {"abroad_share": [0.0, 0.6, 0.0, 0.0], "abroad_region": [0, 3, 2, 3], "industry_constant": 60.0}
    people = run(doctors(**changes)).people[1]
    remote = people.employer != people.place
    assert (people.sector == INDUSTRY).all()
    assert (people.place[remote] == 1).all()
    assert (people.employer[remote] == 3).all()
    there = people.place == 1
    assert abs(remote[there].mean() - 0.6) < four_sigma(0.6, there.sum())
    in_academia = run(doctors(**{**changes, "industry_constant": -60.0})).people[1]
    assert (in_academia.employer == in_academia.place).all()


def test_sectors_follow_their_weights_and_tastes() -> None:
    people = run(doctors(nest_dissimilarity=1.0, people=5000.0)).people[1]
    taste = people.traits % 2
    for value, logit in ((0, -0.5), (1, 0.5)):
        chosen = people.sector[taste == value]
        expected = 1.0 / (1.0 + np.exp(-logit))
        assert abs(chosen.mean() - expected) < four_sigma(expected, len(chosen))


# --- incumbents ---------------------------------------------------------------------------------------------


def test_without_opportunities_nobody_moves() -> None:
    people = run(doctors(years=8)).people
    for before, after in itertools.pairwise(people[1:]):
        assert (before.place == after.place).all()
        assert (before.employer == after.employer).all()
        assert (after.age == before.age + 1).all()
        assert (after.duration == before.duration + 1).all()


def test_a_move_starts_the_years_in_the_place_anew() -> None:
    people = run(doctors(years=8, relocation_hazard=1.0, incumbency=0.0, moving_cost=0.0)).people
    moved = people[3].place != people[4].place
    assert 0.2 < moved.mean() < 0.9
    assert (people[4].duration[moved] == 0).all()
    assert (people[4].duration[~moved] == people[3].duration[~moved] + 1).all()
    assert (people[4].age == people[3].age + 1).all()


def test_whoever_stays_keeps_the_job() -> None:
    people = run(doctors(years=8, relocation_hazard=1.0, abroad_share=0.5, abroad_region=[1, 2, 3, 0])).people
    stayed = people[3].place == people[4].place
    assert (people[3].employer[stayed] == people[4].employer[stayed]).all()
    assert (people[3].sector[stayed] == people[4].sector[stayed]).all()


def test_incumbency_and_moving_costs_hold_people() -> None:
    def movers(**changes: float) -> float:
        always = {"relocation_hazard": 2.0, "relocation_age_decline": 0.0, "relocation_duration_decline": 0.0}
        people = run(doctors(years=4, nest_dissimilarity=1.0, **always, **changes)).people
        return (people[2].place != people[3].place).mean()

    free = movers(incumbency=0.0, moving_cost=0.0)
    assert abs(free - 0.75) < four_sigma(0.75, 12_000)  # four places alike, everyone may move
    held = movers(incumbency=0.0, moving_cost=2.0)
    expected = 3.0 / (3.0 + np.exp(2.0))
    assert abs(held - expected) < four_sigma(expected, 12_000)
    assert movers(incumbency=3.0, moving_cost=2.0) < 0.9 * held
    assert movers(incumbency=0.0, moving_cost=60.0) == 0.0


def test_settled_people_have_half_the_opportunities() -> None:
    settings = {
        "years": 3,
        "nest_dissimilarity": 1.0,
        "incumbency": 0.0,
        "moving_cost": 0.0,
        "relocation_hazard": 0.8,
        "relocation_age_decline": 0.0,
        "relocation_duration_decline": 0.0,
        "residence_wait_cost": 0.0,
    }
    people = run(doctors(mobility_area=0, residence_wait=9.0, **settings)).people
    moved = people[1].place != people[2].place
    at_home = people[1].place == people[1].origin
    for mask, hazard in ((at_home, 0.4), (~at_home, 0.8)):
        assert abs(moved[mask].mean() - 0.75 * hazard) < four_sigma(0.75 * hazard, mask.sum())


def test_everyone_leaves_at_a_rate_of_one() -> None:
    out = run(doctors(exit_rate=1.0, years=4)).people
    assert (out[1].stage == WORK).all()
    assert (out[2].stage == OUT).all()
    dropped = run(doctors(attrition_rate=1.0, graduation=[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0], years=3)).people
    assert (dropped[0].stage == STUDY).all()
    assert (dropped[1].stage == OUT).all()


def test_nobody_comes_back_after_leaving() -> None:
    people = run(random_world(4, years=15)).people
    for before, after in itertools.pairwise(people):
        gone = before.stage == OUT
        for name in ("stage", "place", "employer", "age"):
            assert (getattr(after, name)[: len(gone)][gone] == getattr(before, name)[gone]).all()


# --- visibility ---------------------------------------------------------------------------------------------


def test_bars_decide_who_is_visible() -> None:
    for top20, elite, tier in ((-99.0, 99.0, TOP20), (-99.0, -99.0, ELITE), (99.0, 99.0, NOT_VISIBLE)):
        people = run(doctors(bar_top20=top20, bar_elite=elite)).people
        assert (people[1].tier == tier).all()
        assert (people[0].tier == NOT_VISIBLE).all()  # nobody is visible in the year of entry


def test_visibility_follows_talent() -> None:
    people = run(doctors(bar_top20=1.0, people=8000.0)).people[1]
    talent = people.traits // 12
    shares = [(people.tier[talent == q] > 0).mean() for q in range(5)]
    assert shares == sorted(shares)
    assert shares[4] > 4 * shares[0]
