"""The lettered equations of docs/model.md: the code cites each, and eleven are computed again as they stand on the page.

They are written with plain numbers, one researcher's case at a time, from the page alone; the code fills tables of all cases.
In a world, waits and delays are what mobility leaves of them, so that (1 - m) is not written again.
"""

import ast
import math
import re
from statistics import NormalDist, fmean

import numpy as np
import pytest

from sim.model.choice.logit import nested_shares
from sim.model.indices import first_indices, next_indices, option_values
from sim.model.world import Indices, World, Year
from sim.model.year import make_lone_year
from sim.sources import PACKAGE
from tests.support.toy import finer_levers, random_world

PAGE = (PACKAGE.parent / "docs" / "model.md").read_text(encoding="utf-8")
LETTER = re.compile(r"^\(([A-Z])\) ", flags=re.MULTILINE)
CITED = re.compile(r"[Ee]quations? ((?:[A-Z])(?:(?:, | and )[A-Z]\b)*)\b")
REGIONS, YEARS, T = 5, 26, 23
HERE, ELSEWHERE = 0, 1
THETA = (-1.400, -0.532, 0.0, 0.532, 1.400)
TIE = (-1.091, 0.0, 1.091)
V = (0.46, 2.0)
TASTE = (-0.5, 0.5)
AGE = (1.0, 5.0, 11.0, 18.0)
DURATION, DURATION_FROM = (0.0, 1.5, 4.0, 8.0), (0, 1, 3, 6)
RETURN = (1 / 3, 1.0, 1 / 7, 0.0)
ROUNDED = 4e-4
"""The page rounds the class means to three digits; weights differ by as much."""


def lettered() -> list[str]:
    """The letters of the page's equations."""
    blocks = re.findall(r"^```\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
    return [letter for block in blocks for letter in LETTER.findall(block)]


def cited() -> dict[str, set[str]]:
    """Functions by the letter that their docstrings cite."""
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for letters in CITED.findall(ast.get_docstring(node) or ""):
                    for letter in re.findall(r"\b[A-Z]\b", letters):
                        found.setdefault(letter, set()).add(node.name)
    return found


def test_the_code_cites_each_equation_of_the_page_and_no_other() -> None:
    assert len(set(lettered())) == len(lettered()) >= 18
    assert set(cited()) == set(lettered())


@pytest.fixture(scope="module")
def case() -> tuple[World, Indices, Indices, Year]:
    """A world in which everything differs, the indices of two years, and the tables of the second."""
    world = random_world(11, REGIONS, YEARS, **finer_levers(4, REGIONS))
    draw = np.random.default_rng(5)
    before = first_indices(world)._replace(demand=draw.uniform(20, 90, REGIONS))
    sectors = make_lone_year(world, before, T - 1).sector_weight
    counts = [draw.uniform(1, high, shape) for high, shape in ((300, 5), (30, 5), (90, (5, 5)), (90, 5))]
    after = next_indices(world, before, T - 1, sectors, *counts)
    return world, before, after, make_lone_year(world, after, T)


def left(pay: float, cost: float) -> float:
    return max(pay - cost, pay / 10)


def study_utility(w: World, last: Indices, o: int, j: int, v: int, q: int) -> float:  # (S), (C)
    k, lever = w.coefficients, w.levers
    seats = lever.phd_places[T, j] * w.demand_2019[j] * (last.demand[j] / w.demand_2019[j]) ** k.seat_elasticity
    crowding = max(0.0, math.log(last.demand[j] / seats))
    value = w.study_constant[j] + w.study_drift[T, j]  # drift, quality and shock are one array of a world
    value += k.stipend_elasticity * math.log(left(lever.phd_stipend[T, o, j], lever.housing_cost[T, j]))
    value += (k.ecosystem_pull + k.talent_ecosystem_pull * THETA[q]) * last.pull[j]
    value += k.option_value_weight * last.option_value[o, j, v] + w.gravity[o, j] - k.congestion * crowding
    if j == o:
        return value + w.home_study[o]
    cost = -k.refusal_deterrence * math.log(last.expected_success[o, j])
    cost += k.delay_cost * lever.visa_delay[T, o, j] / 6 + k.hostility_study * lever.hostility[T, o, j]
    return value + k.diaspora_pull * math.log(1 + last.diaspora[o, j] / 25) - V[v] * cost


def authorised(w: World, o: int, j: int, s: int) -> float:  # (A)
    odds, m = w.levers.work_visa_odds[T, j, s], w.levers.mobility_area[T, o, j]
    chance = odds if s == 0 else 1 - (1 - odds) ** max(w.levers.post_study_attempts[T, j], 1)
    return 1.0 if j == o else chance + (1 - chance) * m


def job_utility(w: World, last: Indices, o: int, j: int, s: int, v: int) -> float:  # (W), mean talent, no taste
    k, lever = w.coefficients, w.levers
    value = w.work_constant[j] + w.work_drift[T, j] + k.ecosystem_pull * last.pull[j]
    value += k.pay_elasticity * math.log(left(lever.research_pay[T, o, j, s], lever.housing_cost[T, j]))
    value += w.industry_constant[T] if s == 1 else 0.0
    if j == o:
        return value
    cost = k.hostility_work * lever.hostility[T, o, j] - k.refusal_deterrence * math.log(max(authorised(w, o, j, s), 0.01))
    cost += k.residence_wait_cost * min(lever.residence_wait[T, o, j, ELSEWHERE], 5)
    cost += k.delay_cost * lever.work_visa_delay[T, o, j] / 6
    return value + k.diaspora_pull * math.log(1 + last.diaspora[o, j] / 25) - V[v] * cost


def home_premium(w: World, o: int, q: int, h: int, x: int | None) -> float:  # (H)
    k = w.coefficients
    first = w.home_work[o] + k.home_tie_sd * TIE[h]
    if x is None:
        return first
    return first * math.exp(-AGE[x] / k.return_decay_years) + w.levers.return_bonus[T, o, q] * RETURN[x]


def nests(w: World, o: int) -> list[list[int]]:
    abroad = [j for j in range(REGIONS) if j != o]
    return [[o], *([j for j in abroad if w.anglophone[j] == flag] for flag in (1, 0))]


def test_study_s(case: tuple[World, Indices, Indices, Year]) -> None:
    w, _, last, tables = case
    for o, v, q, j in np.ndindex(tables.study_weight.shape):
        expected = study_utility(w, last, o, j, v, q) / w.coefficients.nest_dissimilarity
        assert math.log(tables.study_weight[o, v, q, j]) == pytest.approx(expected, abs=ROUNDED)
        if q == 2:
            assert math.log(tables.study_weight[o, v, q, j]) == pytest.approx(expected, rel=1e-12)


def test_work_w(case: tuple[World, Indices, Indices, Year]) -> None:
    w, _, last, tables = case
    for o, v, j, s in np.ndindex(tables.sector_weight.shape):
        expected = job_utility(w, last, o, j, s, v) / w.coefficients.nest_dissimilarity
        assert math.log(tables.sector_weight[o, v, j, s]) == pytest.approx(expected, rel=1e-12)
    for o, v, q, i, j in np.ndindex(tables.job_weight.shape):
        pull = w.coefficients.talent_ecosystem_pull * THETA[q] * last.pull[j]
        lam = w.coefficients.nest_dissimilarity
        both = sum(math.exp((job_utility(w, last, o, j, s, v) + pull + s * TASTE[i]) / lam) for s in (0, 1))
        assert tables.job_weight[o, v, q, i, j] == pytest.approx(both, rel=ROUNDED)


def test_home_h(case: tuple[World, Indices, Indices, Year]) -> None:
    w, _, _, tables = case
    for o, q, h, a in np.ndindex(tables.home_factor.shape):
        expected = math.exp(home_premium(w, o, q, h, a - 1 if a else None) / w.coefficients.nest_dissimilarity)
        assert tables.home_factor[o, q, h, a] == pytest.approx(expected, rel=1e-14 if h == 1 else ROUNDED)


def test_relocation_r(case: tuple[World, Indices, Indices, Year]) -> None:
    w, _, _, tables = case
    k, lever = w.coefficients, w.levers
    for o, place, degree, x, d in np.ndindex(tables.relocation.shape):
        free = o == place or lever.mobility_area[T, o, place] >= 1
        settled = free or DURATION_FROM[d] >= lever.residence_wait[T, o, place, degree]
        push = -k.relocation_age_decline * AGE[x] - k.relocation_duration_decline * DURATION[d]
        hazard = k.relocation_hazard * math.exp(push + k.hostility_exit * lever.hostility[T, o, place])
        assert tables.relocation[o, place, degree, x, d] == pytest.approx(min(1, hazard * (0.5 if settled else 1)), rel=1e-14)


def test_ecosystem_e_and_pull(case: tuple[World, Indices, Indices, Year]) -> None:
    w, before, after, _ = case
    k, draw = w.coefficients, np.random.default_rng(8)
    top, elite = draw.uniform(0, 200, REGIONS), draw.uniform(0, 20, REGIONS)
    sectors = make_lone_year(w, before, T - 1).sector_weight
    made = next_indices(w, before, T - 1, sectors, top, elite, np.zeros((REGIONS, REGIONS)), np.zeros(REGIONS))
    rest = 1 - k.ecosystem_weight_top - k.ecosystem_weight_elite - k.ecosystem_weight_capital
    for j in range(REGIONS):
        people = [count * w.people_per_researcher for count in (top[j], elite[j])]
        log = k.ecosystem_weight_top * math.log(people[0] + 10) + k.ecosystem_weight_elite * math.log(people[1] + 5)
        log += k.ecosystem_weight_capital * math.log(w.levers.research_capital[T - 1, j]) + rest * math.log(w.funding[T - 1, j])
        level = (1 - k.ecosystem_memory) * before.ecosystem[j] + k.ecosystem_memory * math.exp(log)
        assert made.ecosystem[j] == pytest.approx(level, rel=1e-14)
    for indices in (made, after):
        logs = [math.log(each) for each in indices.ecosystem]
        assert list(indices.pull) == pytest.approx([each - fmean(logs) for each in logs], abs=1e-14)


def test_demand_d_and_expectation_p(case: tuple[World, Indices, Indices, Year]) -> None:
    w, before, _, _ = case
    sectors, nobody = make_lone_year(w, before, T - 1).sector_weight, np.zeros(REGIONS)
    entrants = np.arange(1.0, REGIONS + 1)
    made = next_indices(w, before, T - 1, sectors, nobody, nobody, np.ones((REGIONS, REGIONS)), entrants)
    for j in range(REGIONS):
        expected = 2 / 3 * before.demand[j] + 1 / 3 * entrants[j] * w.people_per_researcher
        assert made.demand[j] == pytest.approx(expected, rel=1e-14)
        for o in range(REGIONS):
            hoped = 0.7 * before.expected_success[o, j] + 0.3 * (1 - w.levers.student_visa_refusal[T, o, j])
            assert made.expected_success[o, j] == pytest.approx(max(0.01, hoped), rel=1e-14)
            assert made.diaspora[o, j] == (0 if o == j else w.people_per_researcher)


def test_option_value_o_and_nested_logit_n(case: tuple[World, Indices, Indices, Year]) -> None:
    w, _, last, tables = case
    k, lam = w.coefficients, w.coefficients.nest_dissimilarity
    values = option_values(w, tables.sector_weight, T)
    for o, g, v in np.ndindex(values.shape):
        weights = [sum(math.exp(job_utility(w, last, o, j, s, v) / lam) for s in (0, 1)) for j in range(REGIONS)]
        weights[o] *= math.exp(w.home_work[o] / lam)
        relief = 0.0
        if g != o:
            waits = [min(w.levers.residence_wait[T, o, g, degree], 5) for degree in (ELSEWHERE, HERE)]
            relief = k.residence_wait_cost * (waits[0] - waits[1]) + k.delay_cost * w.levers.work_visa_delay[T, o, g] / 6
        weights[g] *= math.exp((k.study_region_pull + V[v] * relief) / lam)
        sums = {j: sum(weights[i] for i in nest) for nest in nests(w, o) for j in nest}
        total = sum(sums[nest[0]] ** lam for nest in nests(w, o) if nest)
        assert values[o, g, v] == pytest.approx(math.log(total), rel=1e-12)
        shares = np.empty(REGIONS)
        nested_shares(np.array(weights), o, w.anglophone, lam, shares)
        expected = [weights[j] * sums[j] ** (lam - 1) / total for j in range(REGIONS)]
        assert list(shares) == pytest.approx(expected, rel=1e-12)


def test_output_y(case: tuple[World, Indices, Indices, Year]) -> None:
    w, _, last, tables = case
    k = w.coefficients
    for j, q, profile in np.ndindex(tables.visible.shape):
        x = AGE[profile - 1] if profile else 0.0
        mean = THETA[q] + w.place_effect[j] + k.place_productivity * last.pull[j]
        mean += k.age_profile_linear * x + k.age_profile_quadratic * x**2
        for table, bar in ((tables.visible, w.bar_top20[T]), (tables.elite, w.bar_elite[T])):
            chance = NormalDist().cdf((mean - bar) / k.visibility_noise)
            assert table[j, q, profile] == pytest.approx(chance, rel=1e-9 if q == 2 else 3 * ROUNDED)


def test_stay_pull_i(case: tuple[World, Indices, Indices, Year]) -> None:
    w, _, _, tables = case
    k = w.coefficients
    pulls = [k.incumbency * (1 - math.exp(-d / k.incumbency_years)) + k.moving_cost for d in DURATION]
    assert list(tables.stay_pull) == pytest.approx([math.exp(pull / k.nest_dissimilarity) for pull in pulls], rel=1e-14)
