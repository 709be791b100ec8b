"""Expected flows: closed forms, conservation, masks against an integral, and the engine's mean."""

import math
from functools import cache

import numpy as np
import pytest
from scipy.integrate import quad

from sim.engines.expected.jobs import SMALL, new_jobs, take_first_jobs
from sim.engines.expected.moves import move_incumbents
from sim.engines.expected.study import choose_regions, mask_patterns, study_on, transfer_shares
from sim.engines.expected.years import (
    ALL_YEARS,
    ELITE_SHARE,
    MOST_VISIBLE,
    ExpectedYear,
    Visibility,
    age_workers,
    eligible_people,
    expected_years,
    new_pool,
    tier_shares,
    visible_target,
)
from sim.model.choice.logit import nested_shares
from sim.model.indices import first_indices
from sim.model.world import AGE_FROM, DURATION_FROM, TALENT_CLASSES, TIE_CLASSES, VISA_CLASSES, YEARS_BEFORE, World, Year
from sim.model.year import make_lone_year
from tests.support.toy import FROZEN, abroad, four_sigma, plain_world, random_world, run, with_levers

PATTERNS = 256
NOBODY = np.zeros((3, 2, 5, 3))


def year_of(world: World, t: int = 0) -> Year:
    return make_lone_year(world, first_indices(world), t)


def choose(world: World, postponed: np.ndarray | None = None, patterns: int = PATTERNS):
    """Expected choices of the first year: (R, V, Q, R) people by study region, and those who postpone."""
    regions = world.anglophone.shape[0]
    if postponed is None:
        postponed = np.zeros((regions, VISA_CLASSES, TALENT_CLASSES, regions))
    most = patterns.bit_length() - 1
    return choose_regions(year_of(world), postponed, world.cohort[0], most, np.zeros((regions, regions)))[:2]


# --- masks ----------------------------------------------------------------------------------------------------

REFUSALS = np.array([0.0, 0.5, 0.15, 0.8, 0.35])
CONSTANTS = np.array([0.0, 1.2, 0.4, 1.5, -0.6])


def masked_logit(weights: np.ndarray, refusals: np.ndarray) -> np.ndarray:
    """P(j) of a plain logit in which alternative k is missing with probability r_k, independently."""

    def chance(j: int) -> float:
        others = [k for k in range(len(weights)) if k != j]

        def density(t: float) -> float:
            rest = math.prod(refusals[k] + (1.0 - refusals[k]) * math.exp(-weights[k] * t) for k in others)
            return (1.0 - refusals[j]) * weights[j] * math.exp(-weights[j] * t) * rest

        return quad(density, 0.0, math.inf, epsabs=1e-10)[0]

    return np.array([chance(j) for j in range(len(weights))])


def refusing_world(people: float, lam: float = 1.0, **changes) -> World:
    """A world in which one constant origin (0) faces REFUSALS abroad and choices have no other cause."""
    refusal = np.tile(REFUSALS, (5, 1))
    np.fill_diagonal(refusal, 0.0)
    return plain_world(
        5,
        1,
        study_constant=CONSTANTS,
        student_visa_refusal=refusal,
        refusal_deterrence=0.0,
        nest_dissimilarity=lam,
        option_value_weight=0.0,
        talent_ecosystem_pull=0.0,
        cohort=people,
        anglophone=[0, 1, 0, 1, 0],
        **changes,
    )


def test_the_integral_gives_probabilities() -> None:
    shares = masked_logit(np.exp(CONSTANTS), REFUSALS)
    assert shares.sum() == pytest.approx(1.0, abs=1e-8)
    np.testing.assert_allclose(
        masked_logit(np.exp(CONSTANTS), np.zeros(5)), np.exp(CONSTANTS) / np.exp(CONSTANTS).sum(), atol=1e-9
    )


def test_expected_choices_under_masks_meet_the_integral() -> None:
    # Refusals of .5 and .8 by the two favourites among five regions, all of which are open or closed in turn: no error is left.
    chosen, wanted = choose(refusing_world(100.0), patterns=16)
    shares = chosen[0].sum(axis=(0, 1)) / 100.0
    assert shares.sum() == pytest.approx(1.0)
    assert not wanted.any()
    np.testing.assert_allclose(shares, masked_logit(np.exp(CONSTANTS), REFUSALS), atol=1e-8)
    assert np.abs(shares - np.exp(CONSTANTS) / np.exp(CONSTANTS).sum()).max() > 0.05  # masks matter here


def test_256_patterns_are_enough_for_twenty_regions() -> None:
    draw = np.random.default_rng(1)
    gaps = []
    for _ in range(8):
        constants, refusals = draw.normal(0.0, 1.0, 20), draw.uniform(0.0, 0.4, 20)
        refusals[0] = 0.0
        world = plain_world(
            20,
            1,
            study_constant=constants,
            student_visa_refusal=refusals * (1.0 - np.eye(20)),
            cohort=100.0,
            **dict.fromkeys(("refusal_deterrence", "option_value_weight", "talent_ecosystem_pull"), 0.0),
            nest_dissimilarity=1.0,
        )
        shares = choose(world)[0][0].sum(axis=(0, 1)) / 100.0
        gaps.append(np.abs(shares - masked_logit(np.exp(constants), refusals)).max())
    assert max(gaps) < 0.004
    assert np.mean(gaps) < 0.002


def test_choices_of_the_engine_under_masks_meet_the_integral() -> None:
    entry = run(refusing_world(60_000.0)).counts[0].flows[0]
    expected = masked_logit(np.exp(CONSTANTS), REFUSALS)
    gap = np.abs(entry[0, 0] / 60_000.0 - expected)
    assert (gap < four_sigma(expected, 60_000.0)).all()


@pytest.mark.parametrize("width", [0.2, 0.75])
def test_the_bar_has_one_rank_for_all_destinations(width: float) -> None:
    # Barred from 1 and 3 at once with probability `width`, so two nested logits, averaged.
    bar = np.zeros((5, 5))
    bar[0, [1, 3]] = width
    lam = 0.5
    world = with_levers(
        refusing_world(60_000.0, lam)._replace(study_drift=np.zeros((1, 5))),
        student_visa_refusal=np.zeros((1, 5, 5)),
        entry_bar=np.ascontiguousarray(np.broadcast_to(bar[None, :, :, None, None], (1, 5, 5, 5, 2))) * np.array([1.0, 0.0]),
    )
    weights = np.exp(CONSTANTS / lam)
    free, barred = np.empty(5), np.empty(5)
    nested_shares(weights, 0, world.anglophone, lam, free)
    nested_shares(weights * (bar[0] == 0.0), 0, world.anglophone, lam, barred)
    expected = width * barred + (1.0 - width) * free
    chosen, _ = choose(world)
    assert np.abs(chosen[0].sum(axis=(0, 1)) / 60_000.0 - expected).max() < 0.003
    entry = run(world).counts[0].flows[0]
    assert (np.abs(entry[0, 0] / 60_000.0 - expected) < four_sigma(expected, 60_000.0)).all()


def test_nested_choices_under_refusals_agree_with_the_engine() -> None:
    world = refusing_world(60_000.0, 0.5)
    expected = choose(world, patterns=4096)[0].sum(axis=(1, 2)) / 60_000.0
    entry = np.array([run(world).counts[0].flows[0, o, o] for o in range(5)]) / 60_000.0
    assert (np.abs(entry - expected) < 0.002 + four_sigma(expected, 60_000.0)).all()


def test_masks_are_stratified() -> None:
    masks = mask_patterns(64, 6)
    assert masks.shape == (64, 7)
    for column in masks.T:
        np.testing.assert_allclose(np.sort(column), (np.arange(64) + 0.5) / 64)
    np.testing.assert_array_equal(masks, mask_patterns(64, 6))


def test_whoever_is_shut_out_waits_or_chooses_among_the_rest() -> None:
    world = refusing_world(100.0, border_closure=abroad(0.4, 5), postponement=0.5)
    chosen, wanted = choose(world)
    total = chosen[0] + wanted[0]
    assert total.sum() == pytest.approx(100.0)
    assert wanted[0, ..., 0].sum() == 0.0  # nobody waits for home
    open_world = refusing_world(100.0)
    shut = 0.4 * choose(open_world)[0][0].sum(axis=(0, 1))
    np.testing.assert_allclose(wanted[0].sum(axis=(0, 1))[1:], 0.5 * shut[1:], rtol=1e-12)
    nobody = np.zeros_like(world.cohort)
    again, _ = choose(world._replace(cohort=nobody), wanted)
    assert again.sum() == pytest.approx(wanted.sum())  # nobody waits twice


# --- people are conserved -------------------------------------------------------------------------------------


def test_students_graduate_leave_or_study_on() -> None:
    students = np.random.default_rng(1).uniform(0.0, 5.0, (2, 2, 5, 2, 7))
    world = plain_world(2, 1, attrition_rate=0.1)
    graduation = world.graduation
    before = students.copy()
    chosen = np.full((2, 2, 5, 2), 3.0)
    degrees = study_on(year_of(world), students, chosen, 0.5 * chosen, np.zeros((2, 2, 5, 2, 2)))
    np.testing.assert_array_equal(students[..., 0], chosen)
    students[..., YEARS_BEFORE] -= 0.5 * chosen
    np.testing.assert_allclose(degrees, (before[..., :-1] * graduation[0, 1:]).sum(axis=-1))
    stayed = before[..., :-1] * (1.0 - graduation[0, 1:])
    np.testing.assert_allclose(students[..., 1:], 0.9 * stayed)


def test_students_who_lose_their_status_study_on_elsewhere() -> None:
    forced = np.zeros((3, 3, 2))
    forced[0, 1, 0] = 0.25
    closed = np.zeros((3, 3))
    closed[0, 2] = 1.0
    for refusal, to in ((0.0, 2), (closed, 0)):
        settings = {"study_constant": [-30.0, 0.0, 0.0], "mobility_area": np.eye(3), "attrition_rate": 0.0, **FROZEN}
        tables = year_of(plain_world(3, 1, forced_exit=forced, student_visa_refusal=refusal, refusal_deterrence=0.0, **settings))
        students = np.zeros((3, 2, 5, 3, 7))
        students[0, 0, 2, 1, 2] = 80.0
        students[2, 0, 2, 1, 2] = 80.0
        degrees = study_on(tables, students, NOBODY, NOBODY, transfer_shares(tables, mask_patterns(16, 3)))
        assert degrees.sum() == 0.0
        assert students[0, 0, 2, 1, 3] == pytest.approx(60.0)
        assert students[0, 0, 2, to, 3] == pytest.approx(20.0)
        assert students[2, 0, 2, 1, 3] == pytest.approx(80.0)


def test_who_loses_a_status_goes_where_the_others_are_chosen_among_themselves() -> None:
    forced = np.zeros((4, 4, 2))
    forced[0, 1:, 0] = 0.25
    settings = {
        "study_constant": [0.3, 1.1, -0.4, 0.7],
        "mobility_area": np.eye(4),
        "nest_dissimilarity": 1.0,
        "refusal_deterrence": 0.0,
        **FROZEN,
    }
    tables = year_of(plain_world(4, 1, forced_exit=forced, student_visa_refusal=0.0, **settings))
    table = transfer_shares(tables, mask_patterns(16, 4))
    for q in range(TALENT_CLASSES):
        weights = tables.study_weight[0, 0, q]
        for g in (1, 2, 3):
            others = np.where(np.arange(4) == g, 0.0, weights)
            np.testing.assert_allclose(table[0, 0, q, g], others / others.sum(), rtol=1e-12)
    assert not table[0, :, :, 0].any()  # nobody is forced from home
    assert not table[1:].any()


def test_every_doctor_finds_one_job() -> None:
    world = random_world(3, 4, years=2)
    tables = year_of(world)
    degrees = np.random.default_rng(2).uniform(0.0, 9.0, (4, 2, 5, 4))
    jobs = new_jobs(4)
    take_first_jobs(tables, degrees, jobs)
    np.testing.assert_allclose(jobs.started.sum(axis=(3, 4)), degrees.sum(axis=3))
    np.testing.assert_allclose(jobs.first.sum(axis=3), degrees.sum(axis=1))
    np.testing.assert_allclose(jobs.employers.sum(axis=3), jobs.first.sum(axis=2))
    np.testing.assert_allclose(jobs.industry_entry[:, 0], degrees.sum(axis=(0, 1, 2)))
    assert (jobs.started >= -1e-12).all()
    assert (jobs.employers >= -1e-12).all()


def test_first_jobs_without_visas_are_a_nested_logit() -> None:
    world = random_world(3, 4, years=2, mobility_area=1)
    tables, lam = year_of(world), world.coefficients.nest_dissimilarity
    degrees = np.zeros((4, 2, 5, 4))
    degrees[2, 1, 3, 1] = 60.0  # origin 2, sensitive, second-best talent class, studied in 1
    jobs = new_jobs(4)
    take_first_jobs(tables, degrees, jobs)
    expected = np.zeros((3, 4))
    for h in range(3):
        for s in range(2):
            weights = tables.job_weight[2, 1, 3, s].copy()
            weights[2] *= tables.home_factor[2, 3, h, 0]
            weights[1] *= tables.study_pull
            shares = np.empty(4)
            nested_shares(weights, 2, world.anglophone, lam, shares)
            expected[h] += 10.0 * shares
    np.testing.assert_allclose(jobs.started[2, 1, 3], expected, rtol=1e-10)


def choices(weights: np.ndarray, origin: int, tables: Year) -> np.ndarray:
    """Nested-logit shares of (R,) weights."""
    shares = np.empty(weights.size)
    nested_shares(weights, origin, tables.anglophone, tables.dissimilarity, shares)
    return shares


def naive_first_jobs(tables: Year, o: int, v: int, q: int, g: int, people: float) -> np.ndarray:
    """First jobs of one group of new doctors, (H, R), pair by pair of first and second choice."""
    placed = np.zeros((TIE_CLASSES, tables.anglophone.size))
    gated = people * tables.exit_gate[o, o - 1, 1] if g == o else 0.0
    placed[:, o] = gated / TIE_CLASSES
    for h, s in np.ndindex(TIE_CLASSES, 2):
        weights = tables.job_weight[o, v, q, s].copy()
        weights[o] *= tables.home_factor[o, q, h, 0]
        weights[g] *= tables.study_pull * tables.own.arrived[o, v, g] * tables.own.degree_pull[o, v, g]
        industry = tables.industry_share[o, v, s]
        by_industry = tables.authorised[o, q, :, 1].copy()
        by_industry[g] = 1.0 if tables.post_study_attempts[g] >= 1 else by_industry[g]
        accepted = (1.0 - industry) * tables.authorised[o, q, :, 0] + industry * by_industry
        first = (people - gated) / 6.0 * choices(weights, o, tables)
        placed[h] += first * accepted
        for j, refused in enumerate(first * (1.0 - accepted)):
            rest = np.where(np.arange(weights.size) == j, 0.0, weights)
            without, chances = choices(rest, o, tables), choices(weights, o, tables)
            if refused <= SMALL * people:
                second = refused * np.where(rest > 0.0, chances, 0.0) / (1.0 - chances[j])
            else:
                second = refused * np.where(rest > 0.0, without - chances, 0.0) / chances[j]
            placed[h] += second * accepted
            placed[h, o] += second @ (1.0 - accepted)
    return placed


@pytest.mark.parametrize("group", [(2, 1, 3, 1), (0, 0, 4, 3), (4, 1, 0, 2), (1, 0, 2, 1)])
def test_second_choices_summed_by_nest_are_those_pair_by_pair(group: tuple[int, int, int, int]) -> None:
    tables = year_of(random_world(8, 5, years=2))
    degrees = np.zeros((5, 2, 5, 5))
    degrees[group] = 60.0
    jobs = new_jobs(5)
    take_first_jobs(tables, degrees, jobs)
    expected = naive_first_jobs(tables, *group, 60.0)
    np.testing.assert_allclose(jobs.started[group[:3]], expected, rtol=1e-12)
    assert expected.sum() == pytest.approx(60.0)


def naive_moves(tables: Year, o: int, v: int, q: int, h: int, x: int, d: int, place: int) -> np.ndarray:
    """Part of one group that moves to each region, (R,)."""
    level = int(np.searchsorted(AGE_FROM, x, side="right")) - 1
    duration = int(np.searchsorted(DURATION_FROM, x, side="right")) - 1 if d == 0 else d - 1
    by_taste = tables.job_weight[o, v, q] / 2.0
    weights = by_taste.sum(axis=0)
    industry = (by_taste * tables.industry_share[o, v]).sum(axis=0) / weights
    accepted = industry * tables.authorised[o, q, :, 1] + (1.0 - industry) * tables.authorised[o, q, :, 0]
    accepted[o] = 1.0
    weights[o] *= tables.home_factor[o, q, h, 0 if place == o else 1 + level]
    weights[place] *= tables.stay_pull[duration] * tables.own.arrived[o, v, place]
    hazard = tables.relocation[o, place, 1, level, duration] * (1.0 - tables.exit_gate[o, o - 1, 1] if place == o else 1.0)
    moves = hazard * choices(weights, o, tables) * accepted
    moves[place] = 0.0
    return moves


def test_moves_summed_by_nest_are_those_pair_by_pair() -> None:
    tables = year_of(random_world(9, 5, years=2, relocation_hazard=0.4, forced_exit=0.0))
    draw = np.random.default_rng(5)
    for group in draw.integers(0, (5, 2, 5, 3, 16, 5, 5), (60, 7)):
        o, v, q, h, x, d, place = (int(part) for part in group)
        pool = new_pool(5)
        pool.workers[o, v, q, h, x, d, place] = 3.0
        jobs = new_jobs(5)
        move_incumbents(tables, pool.workers, pool.waiting, pool.left, pool.studied, jobs)
        expected = 3.0 * naive_moves(tables, o, v, q, h, x, d, place)
        np.testing.assert_allclose(jobs.moved[o, v, q, h, x], expected, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(jobs.moves[o, q, place], expected, rtol=1e-12, atol=1e-15)
        assert pool.workers[o, v, q, h, x, d, place] == pytest.approx(3.0 - expected.sum(), rel=1e-12)


@pytest.mark.parametrize("forced", [0.0, 0.3])
def test_incumbents_who_do_not_leave_only_change_places(forced: float) -> None:
    world = random_world(3, 4, years=2, relocation_hazard=0.5, exit_rate=0.1, forced_exit=forced)
    tables = year_of(world)
    pool = new_pool(4, 3)
    pool.workers[:] = np.random.default_rng(3).uniform(0.0, 2.0, pool.workers.shape)
    pool.waiting[:] = 0.3 * forced * pool.workers[..., :3, 0, :]
    pool.left[:] = np.arange(3)[:, None]
    by_place = pool.workers.sum(axis=(1, 3, 4, 5))  # (R, Q, R)
    draw = np.random.default_rng(4).dirichlet(np.ones(4), by_place.shape)
    pool.studied[:] = by_place[..., None] * draw
    pool.employers[:] = by_place[..., None] * draw[..., ::-1]
    before = pool.workers.sum(axis=(4, 5, 6))
    jobs = new_jobs(4)
    move_incumbents(tables, pool.workers, pool.waiting, pool.left, pool.studied, jobs)
    moved = jobs.moved.sum(axis=(4, 5))
    np.testing.assert_allclose(pool.workers.sum(axis=(4, 5, 6)) + moved, before)
    np.testing.assert_allclose((jobs.moves + jobs.expelled).sum(axis=2), jobs.moved.sum(axis=(1, 3, 4)))
    np.testing.assert_allclose(jobs.moved_employers.sum(axis=3), jobs.moved.sum(axis=(1, 3, 4)))
    assert (jobs.expelled.sum() > 0.0) == (forced > 0.0)
    assert moved.sum() > 0.02 * before.sum()
    age_workers(tables, pool, jobs)
    np.testing.assert_allclose(pool.workers.sum(axis=(4, 5, 6)), 0.9 * before)
    by_place = pool.workers.sum(axis=(1, 3, 4, 5))
    np.testing.assert_allclose(pool.studied.sum(axis=3), by_place)
    np.testing.assert_allclose(pool.employers.sum(axis=3), by_place)


def test_axes_of_a_tier_hold_the_same_people() -> None:
    world = random_world(6, 4, years=10)
    for year in expected_years(world):
        visible = year.shares[:2, :4].sum(axis=2)
        np.testing.assert_allclose(visible, visible[:, :1] * np.ones(4), rtol=1e-9)
        assert (year.shares[1] <= year.shares[0] + 1e-12).all()
        graduates = year.shares[0, 4]
        np.testing.assert_allclose(year.careers.sum(axis=(0, 1)), graduates, atol=1e-9)
        assert year.entry.sum() == pytest.approx(year.demand.sum())
    assert year.shares[0].sum() > 0.0


def test_expected_people_are_those_who_entered_and_did_not_leave() -> None:
    world = random_world(6, 4, years=10, attrition_rate=0.0, exit_rate=0.0)
    entered = 0.0
    for year in expected_years(world):
        entered += year.entry.sum()
        np.testing.assert_allclose(year.shares[2, 0].sum(), entered)
        np.testing.assert_allclose(year.shares[2, 3].sum(), entered)


def test_students_of_the_first_year_cannot_be_visible() -> None:
    pool = new_pool(2)
    pool.students[0, 0, 0, 1, :] = [5.0, 4.0, 3.0, 0.0, 0.0, 0.0, 0.0]
    pool.workers[1, 1, 4, 2, 3, 0, 0] = 2.0
    eligible, active = eligible_people(pool)
    assert eligible[0, 0, 0, 1] == 7.0
    assert eligible[1, 4, 2, 0] == 2.0  # three years since the degree: second age class
    assert eligible.sum() == 9.0
    np.testing.assert_array_equal(active, [[0.0, 12.0], [2.0, 0.0]])
    axes, _, studying, _ = tier_shares(pool, eligible, np.full((2, 5, 5), 0.5))
    assert axes[0, 0] == axes[1, 1] == axes[2, 1] == studying[0, 1] == 3.5


# --- bars -----------------------------------------------------------------------------------------------------


def test_bars_are_solved_on_the_number_of_visible() -> None:
    world = random_world(6, 4, years=26)
    counted, nan = Visibility(40.0, math.nan, 0.0), math.nan
    path = [counted] * 10 + [Visibility(nan, 0.3, 0.0)] * 13 + [Visibility(nan, nan, 0.4)] * 3
    years = list(expected_years(world, path, patterns=16))
    for year in years[8:10]:
        assert year.shares[0, 0].sum() == pytest.approx(40.0, rel=1e-6)
    for year in years[10:23]:
        assert year.shares[0, 0].sum() == pytest.approx(0.3 * year.eligible, rel=1e-6)
    odds = 0.3 / 0.7 * math.exp(0.4)
    for year in years[23:]:
        assert year.shares[0, 0].sum() == pytest.approx(odds / (1.0 + odds) * year.eligible, rel=1e-6)
    for year in years[8:]:
        assert year.shares[1, 0].sum() == pytest.approx(ELITE_SHARE * year.shares[0, 0].sum(), rel=1e-6)
        assert year.bar_elite > year.bar_top20


def test_shares_of_years_that_nobody_reads_are_not_counted_and_the_others_stay() -> None:
    world, path = random_world(6, 4, years=26), [Visibility(math.nan, 0.3, 0.0)] * 26
    whole, some = (list(expected_years(world, path, 16, counted=each)) for each in (ALL_YEARS, (2015, 2025)))
    for all_of_it, part in zip(whole, some, strict=True):
        assert part.visible == all_of_it.visible == pytest.approx(all_of_it.shares[0, 0].sum(), rel=1e-12, abs=1e-12)
        for name in ExpectedYear._fields:
            now, then = getattr(part, name), getattr(all_of_it, name)
            if part.year not in (2015, 2025) and name in ("shares", "careers", "studying", "remote"):
                np.testing.assert_array_equal(now, np.full(then.shape, math.nan))
            else:
                np.testing.assert_array_equal(now, then)


def test_no_more_than_the_limit_are_visible() -> None:
    assert visible_target(Visibility(500.0, math.nan, 0.0), 100.0, 0.2) == pytest.approx(100.0 * MOST_VISIBLE)
    assert visible_target(Visibility(math.nan, 0.99, 0.0), 100.0, 0.2) == pytest.approx(100.0 * MOST_VISIBLE)
    assert visible_target(Visibility(math.nan, math.nan, 0.0), 100.0, 0.2) == pytest.approx(20.0)


# --- the engine's mean ----------------------------------------------------------------------------------------

REPLICATES = 6
SCALE = 16.0  # simulated researchers per person
TOY_YEARS = 24


@cache
def toy_world() -> World:
    return random_world(11, 5, years=TOY_YEARS, people=150.0, study_region_pull=1.0, home_tie_sd=0.5)


@cache
def toy_expected() -> tuple[ExpectedYear, ...]:
    return tuple(expected_years(toy_world(), patterns=4096))


@cache
def toy_shares() -> np.ndarray:
    """Shares of every replicate, year, tier and axis."""
    world = toy_world()._replace(people_per_researcher=1.0 / SCALE)
    counts = np.array([[year.shares for year in run(world, seed=7, replicate=r).counts] for r in range(REPLICATES)], float)
    return counts / np.maximum(counts.sum(axis=-1, keepdims=True), 1.0)


def assert_near(t: int, tier: int, axes: slice | list[int]) -> None:
    """Within 2 standard errors and half a point of the expected share, on every axis and region."""
    expected = toy_expected()[t].shares[tier][axes]
    expected = expected / expected.sum(axis=-1, keepdims=True)
    drawn = toy_shares()[:, t, tier][:, axes]
    error = drawn.std(axis=0, ddof=1) / math.sqrt(REPLICATES)
    gap = np.abs(drawn.mean(axis=0) - expected)
    assert (gap <= 2.0 * error + 0.005).all(), gap


@pytest.mark.parametrize("year", [2012, 2016, 2020, 2023])
@pytest.mark.parametrize("tier", [0, 1])
def test_the_mean_of_the_engine_is_near_the_expected_shares(year: int, tier: int) -> None:
    assert_near(year - 2000, tier, slice(None))


@pytest.mark.parametrize("year", [2003, 2012, 2023])
def test_the_mean_of_the_engine_is_near_the_expected_stocks(year: int) -> None:
    assert_near(year - 2000, 2, [0, 3])


def test_expected_numbers_are_people() -> None:
    for year in (2006, 2023):
        expected = toy_expected()[year - 2000].shares[2, 0].sum()
        counts = run(toy_world(), seed=7).counts[year - 2000].stock.sum()
        assert abs(counts - expected) < 5.0 * math.sqrt(expected)


def test_without_feedback_and_visas_the_mean_is_the_expectation() -> None:
    # No approximation is left but the composition of movers.
    gates = {"student_visa_refusal": 0.0, "entry_bar": 0.0, "border_closure": 0.0, "mobility_area": 1}
    world = random_world(12, 4, years=16, people=400.0, **gates, **FROZEN)
    expected = list(expected_years(world, patterns=2))[-1].shares[2, 3]
    drawn = np.array([run(world, replicate=r).counts[-1].shares[2, 3] for r in range(8)], float)
    error = 4.0 * np.sqrt(expected / 8.0)
    assert (np.abs(drawn.mean(axis=0) - expected) < error + 0.0025 * expected.sum()).all()


def test_a_place_that_outweighs_all_others_gets_everyone() -> None:
    world = plain_world(2, 3, graduation=[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0], study_region_pull=40.0)
    years = list(expected_years(world, patterns=2))
    assert years[-1].shares[2, 3].sum() > 0.0
