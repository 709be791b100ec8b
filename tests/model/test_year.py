"""Tables of a year against the equations of the model written down a second time, with numpy and by hand."""

import math

import numpy as np
import pytest
from scipy import stats

from sim.model.indices import first_indices, next_indices
from sim.model.world import (
    AGE_FROM,
    AGE_MIDDLE,
    DURATION_FROM,
    DURATION_MIDDLE,
    RETURN_WINDOW,
    TALENT,
    TASTE,
    TIE,
    VISA,
    Indices,
    Year,
)
from sim.model.year import make_lone_year
from tests.support.toy import abroad, finer_levers, plain_world, random_world

REGIONS, YEARS, ROW = 5, 26, 23  # 2023: congestion is in force


def made(**changes) -> tuple:
    """A random world, its indices after a made-up year, and the tables of ROW."""
    world = random_world(7, REGIONS, YEARS, **changes)
    draw = np.random.default_rng(3)
    start = first_indices(world)
    counts = (
        draw.uniform(20, 300, REGIONS),
        draw.uniform(1, 30, REGIONS),
        draw.uniform(0, 90, (REGIONS, REGIONS)),
        draw.uniform(10, 90, REGIONS),
    )
    tables = make_lone_year(world, start, ROW - 1)
    indices = next_indices(world, start, ROW - 1, tables.sector_weight, *counts)
    return world, indices, make_lone_year(world, indices, ROW)


def study_utilities(world, indices: Indices, t: int) -> np.ndarray:
    """V^S by origin, visa class, talent class and destination (model.md 3.3, version 1 section 5)."""
    c = world.coefficients
    growth = np.log(indices.demand / world.demand_2019)
    places = world.levers.phd_places[t] * world.demand_2019 * np.exp(c.seat_elasticity * growth)
    crowding = np.maximum(0.0, np.log(indices.demand / places))
    common = world.study_constant + world.study_drift[t] - c.congestion * crowding
    pair = common + c.stipend_elasticity * np.log(world.levers.phd_stipend[t]) + world.gravity
    pair = pair + c.diaspora_pull * np.log1p(indices.diaspora / 25.0) + np.diag(world.home_study)
    friction = -c.refusal_deterrence * np.log(indices.expected_success)
    friction = friction + c.delay_cost * world.levers.visa_delay[t] / 6.0 + c.hostility_study * world.levers.hostility[t]
    np.fill_diagonal(friction, 0.0)
    value = pair[:, None, None, :] - VISA[None, :, None, None] * friction[:, None, None, :]
    value = value + c.option_value_weight * indices.option_value.transpose(0, 2, 1)[:, :, None, :]
    talent = c.ecosystem_pull + c.talent_ecosystem_pull * TALENT
    return value + talent[None, None, :, None] * indices.pull


def authorisation(world, t: int) -> np.ndarray:
    """Probability that work is authorised, by origin, place and sector."""
    odds = world.levers.work_visa_odds[t]
    by_place = np.stack([odds[:, 0], 1.0 - (1.0 - odds[:, 1]) ** world.levers.post_study_attempts[t]], axis=1)
    table = np.broadcast_to(np.maximum(by_place, 0.01), (REGIONS, REGIONS, 2)).copy()
    table += (1.0 - table) * world.levers.mobility_area[t][:, :, None]
    table[np.eye(REGIONS, dtype=bool)] = 1.0
    return table


def job_utilities(world, indices: Indices, t: int) -> np.ndarray:
    """V^W by origin, visa class, place and sector, without taste, premium and inertia."""
    c = world.coefficients
    value = world.work_constant + world.work_drift[t] + c.ecosystem_pull * indices.pull
    by_sector = value[:, None] + c.pay_elasticity * np.log(world.levers.research_pay[t])  # by origin, place, sector
    by_sector = by_sector + np.array([0.0, world.industry_constant[t]])
    friction = c.refusal_deterrence * -np.log(authorisation(world, t))
    friction += c.residence_wait_cost * np.minimum(world.levers.residence_wait[t, ..., 1], 5.0)[:, :, None]
    friction += c.delay_cost * world.levers.work_visa_delay[t][:, :, None] / 6.0
    friction[np.eye(REGIONS, dtype=bool)] = 0.0
    friction += c.hostility_work * world.levers.hostility[t][:, :, None]
    ties = c.diaspora_pull * np.log1p(indices.diaspora / 25.0)
    return (by_sector + ties[:, :, None])[:, None] - VISA[None, :, None, None] * friction[:, None]


def test_study_weights_follow_the_equation() -> None:
    world, indices, tables = made()
    expected = np.exp(study_utilities(world, indices, ROW) / world.coefficients.nest_dissimilarity)
    np.testing.assert_allclose(tables.study_weight, expected, rtol=1e-10)
    assert tables.year == 2000 + ROW


def test_job_weights_follow_the_equation() -> None:
    world, indices, tables = made(**finer_levers(3, REGIONS))
    lam, c = world.coefficients.nest_dissimilarity, world.coefficients
    sectors = np.exp(job_utilities(world, indices, ROW) / lam)
    np.testing.assert_allclose(tables.sector_weight, sectors, rtol=1e-10)
    talent = np.exp(c.talent_ecosystem_pull * TALENT[:, None] * indices.pull / lam)
    industry = sectors[..., 1][:, :, None, :] * np.exp(TASTE / lam)[:, None]
    both = sectors[..., 0][:, :, None, :] + industry
    np.testing.assert_allclose(tables.industry_share, industry / both, rtol=1e-10)
    expected = both[:, :, None] * talent[None, None, :, None, :]
    np.testing.assert_allclose(tables.job_weight, expected, rtol=1e-10)


def test_home_factors_follow_the_equation() -> None:
    world, _, tables = made()
    c = world.coefficients
    premium = (world.home_work[:, None] + c.home_tie_sd * TIE)[:, None, :, None]
    decay = np.concatenate([[1.0], np.exp(-AGE_MIDDLE / c.return_decay_years)])
    window = np.concatenate([[0.0], RETURN_WINDOW])
    bonus = world.levers.return_bonus[ROW][:, :, None, None] * window
    expected = np.exp((premium * decay + bonus) / c.nest_dissimilarity)
    np.testing.assert_allclose(tables.home_factor, expected, rtol=1e-10)


def test_chances_of_authorisation_follow_the_equation() -> None:
    world, _, tables = made()
    chance = authorisation(world, ROW)
    expected = np.broadcast_to(chance[:, None], (REGIONS, 5, REGIONS, 2)).copy()
    bypass = 0.5 * world.coefficients.elite_bypass  # the top tenth is half of the top class
    expected[:, 4, :, 1] += (1.0 - expected[:, 4, :, 1]) * bypass
    np.testing.assert_allclose(tables.authorised, expected, rtol=1e-12)


def test_hazards_follow_the_equation() -> None:
    world, _, tables = made(relocation_hazard=0.6, **finer_levers(2, REGIONS))
    c = world.coefficients
    classes = c.relocation_age_decline * AGE_MIDDLE[:, None] + c.relocation_duration_decline * DURATION_MIDDLE
    push = c.hostility_exit * world.levers.hostility[ROW]
    hazard = c.relocation_hazard * np.exp(push[:, :, None, None] - classes)
    settled = world.levers.residence_wait[ROW][..., None] <= DURATION_FROM  # (R, R, 2, D)
    settled |= ((world.levers.mobility_area[ROW] == 1) | np.eye(REGIONS, dtype=bool))[:, :, None, None]
    expected = np.minimum(hazard[:, :, None] * np.where(settled, 0.5, 1.0)[:, :, :, None, :], 1.0)
    np.testing.assert_allclose(tables.relocation, expected, rtol=1e-12)
    assert tables.relocation.max() <= 1.0


def test_multipliers_of_who_is_there_and_of_graduates_follow_the_equation() -> None:
    world, _, tables = made(**finer_levers(1, REGIONS))
    c, levers = world.coefficients, world.levers
    friction = {"arrived": c.delay_cost * levers.work_visa_delay[ROW] / 6.0}
    here, elsewhere = np.moveaxis(np.minimum(levers.residence_wait[ROW], 5.0), -1, 0)
    friction["degree_pull"] = c.residence_wait_cost * (elsewhere - here)
    for name, relief in friction.items():
        relief[np.eye(REGIONS, dtype=bool)] = 0.0
        assert (relief != 0.0).any()
        expected = np.exp(VISA[None, :, None] * relief[:, None] / c.nest_dissimilarity)
        np.testing.assert_allclose(getattr(tables.own, name), expected, rtol=1e-12)
    assert tables.own.by_degree.all()


def test_multipliers_of_the_present_place_follow_the_equation() -> None:
    world, _, tables = made()
    c = world.coefficients
    built = c.incumbency * (1.0 - np.exp(-DURATION_MIDDLE / c.incumbency_years))
    np.testing.assert_allclose(tables.stay_pull, np.exp((built + c.moving_cost) / c.nest_dissimilarity), rtol=1e-12)
    assert tables.study_pull == pytest.approx(math.exp(c.study_region_pull / c.nest_dissimilarity))


def test_chances_to_be_visible_follow_the_equation() -> None:
    world, indices, tables = made()
    c = world.coefficients
    age = np.concatenate([[0.0], AGE_MIDDLE])
    profile = c.age_profile_linear * age + c.age_profile_quadratic * age**2
    place = world.place_effect + c.place_productivity * indices.pull
    mean = place[:, None, None] + TALENT[:, None] + profile
    for table, bar in ((tables.visible, world.bar_top20[ROW]), (tables.elite, world.bar_elite[ROW])):
        np.testing.assert_allclose(table, stats.norm.sf(bar, mean, c.visibility_noise), rtol=1e-10)


def test_policies_of_the_year_are_passed_on() -> None:
    world, _, tables = made()
    for name in ("student_visa_refusal", "entry_bar", "border_closure"):
        np.testing.assert_array_equal(getattr(tables, name), getattr(world.levers, name)[ROW])
    np.testing.assert_array_equal(tables.graduation, world.graduation)


def quantile_means(parts: int) -> np.ndarray:
    edges = stats.norm.pdf(stats.norm.ppf(np.linspace(0.0, 1.0, parts + 1)))
    return parts * (edges[:-1] - edges[1:])


def test_classes_have_the_means_of_their_quantiles() -> None:
    np.testing.assert_allclose(TALENT, quantile_means(5), atol=1e-5)
    np.testing.assert_allclose(TIE, quantile_means(3), atol=1e-5)
    assert list(VISA) == [0.46, 2.0]
    assert list(AGE_FROM) == [0, 3, 8, 15]
    assert list(DURATION_FROM) == [0, 1, 3, 6]


# --- numbers by hand ----------------------------------------------------------------------------------------


def tables_of(t: int = 0, indices: Indices | None = None, **changes) -> Year:
    world = plain_world(2, max(t + 1, 2), nest_dissimilarity=1.0, option_value_weight=0.0, **changes)
    return make_lone_year(world, indices if indices is not None else first_indices(world), t)


def odds_abroad(tables: Year, visa: int = 0) -> float:
    """Weight of studying abroad relative to home, origin 0, middle talent."""
    weights = tables.study_weight[0, visa, 2]
    return weights[1] / weights[0]


def test_like_regions_have_like_weights() -> None:
    assert odds_abroad(tables_of()) == pytest.approx(1.0)


def test_twice_the_stipend_abroad() -> None:
    stipend = np.where(np.eye(2, dtype=bool), 20_000.0, 40_000.0)
    assert odds_abroad(tables_of(phd_stipend=stipend)) == pytest.approx(2.0**0.6)


@pytest.mark.parametrize(("visa", "weight"), [(0, 0.46), (1, 2.0)])
def test_frictions_weigh_by_visa_sensitivity(visa: int, weight: float) -> None:
    refused = tables_of(student_visa_refusal=abroad(0.5, 2))
    assert odds_abroad(refused, visa) == pytest.approx(0.5 ** (0.4 * weight))
    assert odds_abroad(tables_of(visa_delay=abroad(12.0, 2)), visa) == pytest.approx(math.exp(-0.15 * 2 * weight))
    assert odds_abroad(tables_of(hostility=abroad(1.0, 2)), visa) == pytest.approx(math.exp(-0.22 * weight))


def test_a_diaspora_of_25_doubles_the_logarithm() -> None:
    world = plain_world(2, 2)
    indices = first_indices(world)._replace(diaspora=np.array([[0.0, 25.0], [0.0, 0.0]]))
    assert odds_abroad(tables_of(indices=indices)) == pytest.approx(2.0**0.25)


def test_congestion_counts_from_2020_and_only_above_the_places() -> None:
    start = first_indices(plain_world(2, 2))
    crowded = start._replace(demand=np.array([100.0, 400.0]))
    assert odds_abroad(tables_of(19, crowded)) == pytest.approx(1.0)
    # Demand 4 times that of 2019, places grown with elasticity 1/2 to twice: excess ln 2.
    assert odds_abroad(tables_of(20, crowded)) == pytest.approx(math.exp(-0.5 * math.log(2.0)))
    assert odds_abroad(tables_of(20, crowded, seat_elasticity=1.0)) == pytest.approx(1.0)
    assert odds_abroad(tables_of(20, crowded, seat_elasticity=0.0)) == pytest.approx(0.5)
    assert odds_abroad(tables_of(20, crowded, phd_places=[1.0, 2.0])) == pytest.approx(1.0)
    assert odds_abroad(tables_of(20, crowded, phd_places=[1.0, 3.0])) == pytest.approx(1.0)  # above demand: nothing
    assert odds_abroad(tables_of(20, start._replace(demand=np.array([100.0, 50.0])))) == pytest.approx(1.0)


def test_attempts_add_up_in_industry_only() -> None:
    tables = tables_of(work_visa_odds=0.3, post_study_attempts=2.0, mobility_area=np.eye(2), elite_bypass=0.0)
    np.testing.assert_allclose(tables.authorised[0, :, 1, 0], 0.3)
    np.testing.assert_allclose(tables.authorised[0, :, 1, 1], 1.0 - 0.7**2)
    np.testing.assert_allclose(tables.authorised[0, :, 0], 1.0)


def test_a_wait_of_more_than_five_years_deters_no_further() -> None:
    def weight(wait: float) -> float:
        tables = tables_of(residence_wait=abroad(wait, 2), mobility_area=np.eye(2))
        return tables.sector_weight[0, 0, 1, 0] / tables.sector_weight[0, 0, 0, 0]

    assert weight(5.0) == weight(9.0) == pytest.approx(math.exp(-0.46 * 0.2 * 5.0))
    assert weight(2.0) == pytest.approx(math.exp(-0.46 * 0.2 * 2.0))
