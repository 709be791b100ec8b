"""Effects of scenarios: pairing, what decides them, the elite's error, and what is said of them."""

from types import SimpleNamespace

import numpy as np
import pytest

from sim.cli.tables.scenarios import effect_points, elite_line, inputs_line, is_above_error, noise_level, own_levers, parts_of
from sim.comparisons.regions import MAIN_AXES
from sim.comparisons.shipped.counts import count_table
from sim.comparisons.shipped.effects import (
    paired_effects,
    scenario_rows,
    standard_error,
    strongest,
    uncertain_inputs,
)
from sim.comparisons.shipped.reference import EffectRow
from sim.data.load import load_data
from sim.draws.draw import draw_vectors
from sim.draws.ensemble import PRIOR_ENSEMBLE
from sim.engines.axes import AXES, TIERS
from sim.model.world import Floats
from sim.reports.words import assumption_line
from sim.scenarios.load import load_shipped
from sim.scenarios.scenario import Scenario
from tests.support.reference import first_difference

CODES = load_data().codes
ROW = EffectRow("s", "work", "USA", True, 26, -1.0, -2.0, -1.0, 0.0, 80, "first_input", 0.9, "lever b", -0.1, 0.5, 0.2)


def test_effects_are_paired_by_replicate() -> None:
    base, variant = load_shipped("baseline"), load_shipped("us-opening")

    def shares(scenario: Scenario, replicate: int) -> Floats:
        usa = 0.5 + 0.037 * replicate - (0.02 if scenario is variant else 0.0)  # noise that both runs share
        found = np.zeros((len(MAIN_AXES), len(CODES)))
        found[:, 0], found[:, 1] = usa, 1.0 - usa
        return found

    effects = paired_effects(base, [base, variant], shares, 4)
    assert effects.shape == (4, 2, len(MAIN_AXES), len(CODES))
    assert not effects[:, 0].any()
    assert np.allclose(effects[:, 1, :, 0], -2.0)
    assert np.allclose(effects[:, 1, :, 1], 2.0)


def test_the_input_that_decides_is_found_with_its_sign() -> None:
    generator = np.random.default_rng(7)
    inputs = {f"idle{k}": generator.normal(size=40) for k in range(30)}
    inputs |= {"strong": generator.normal(size=40), "weaker": generator.normal(size=40)}
    effect = -np.exp(2.0 * inputs["strong"] - inputs["weaker"])  # ranks, not sizes
    (first, first_rho), (second, second_rho) = strongest(effect, inputs)
    assert (first, second) == ("strong", "weaker")
    assert first_rho < -0.6
    assert second_rho > 0.2
    assert strongest(np.zeros(40), inputs) == (("", 0.0), ("", 0.0))


def test_inputs_are_the_parameters_and_the_levers_that_differ_from_the_baseline() -> None:
    data = load_data()
    vectors = draw_vectors(data, 4, {})
    found = uncertain_inputs(data, load_shipped("baseline"), load_shipped("us-h1b-fee"), vectors, PRIOR_ENSEMBLE)
    levers = {name for name in found if name.startswith("lever ")}
    assert levers == {
        "lever h1b_fee_all_hires.industry", "lever h1b_fee_all_hires.academia", "lever sites-abroad",
        "lever h1b-fee-after.industry", "lever h1b-fee-after.academia",
    }  # fmt: skip
    assert set(found) - levers <= {parameter.name for parameter in data.parameters if parameter.prior is not None}
    assert "ecosystem_pull" in found
    assert all(values.shape == (4,) for values in found.values())


def test_the_main_row_is_the_region_with_the_largest_effect_on_work() -> None:
    effects = np.zeros((6, 2, len(CODES)))
    effects[:, 0, CODES.index("CAN")] = np.linspace(1.0, 3.0, 6)
    effects[:, 1, CODES.index("GBR")] = -9.0
    elite = np.zeros((10, 2, len(CODES)))
    elite[:, 0, CODES.index("CAN")] = np.tile([0.0, 2.0], 5)
    rows = list(scenario_rows("s", effects, {"x": np.arange(6.0), "y": np.array([0, 2, 1, 3, 4, 5.0])}, elite, CODES))
    (main,) = [row for row in rows if row.main]
    assert (main.axis, main.region, main.mean, main.p50, main.first, main.first_rho) == ("work", "CAN", 2.0, 2.0, "x", 1.0)
    assert main.elite == 1.0
    assert main.elite_error == pytest.approx(np.sqrt(10 / 9) / np.sqrt(10))
    assert {row.region for row in rows if row.axis == "study"} > {"USA", "CHN", "GBR"}


def test_noise_levels() -> None:
    assert noise_level(26) == pytest.approx(1.96 / 5.0, abs=1e-3)
    generator = np.random.default_rng(3)
    passed = 0
    for _ in range(400):
        inputs = {str(k): generator.normal(size=60) for k in range(20)}
        passed += abs(strongest(generator.normal(size=60), inputs)[0][1]) > noise_level(60, 20)
    assert 4 < passed < 36  # one in twenty of 400 is 20
    assert noise_level(3, 80) == 1.0


def test_what_is_said_of_correlations_depends_on_draws_and_inputs_tried() -> None:
    assert (
        "first_input (rank correlation +0.90, more than chance) and lever b (rank correlation -0.10, within noise)"
        in inputs_line(ROW)
    )
    assert "may be chance" in inputs_line(ROW._replace(first_rho=0.5))
    assert "Nothing decides" in inputs_line(ROW._replace(first="", second=""))


def test_the_elite_is_read_against_two_errors() -> None:
    assert is_above_error(ROW)
    assert "0.20, above two errors" in elite_line(ROW)
    assert "not above two errors" in elite_line(ROW._replace(elite=-0.4))
    assert not is_above_error(ROW._replace(elite=0.0, elite_error=0.0))
    assert standard_error(np.array([1.0, 3.0])) == pytest.approx(1.0)


def test_points_have_a_sign_but_for_nothing() -> None:
    assert [effect_points(value) for value in (1.25, -0.31, 0.04, -0.04)] == ["+1.2", "-0.3", "0.0", "0.0"]


def test_assumptions_are_counted_without_what_is_taken_away() -> None:
    line = assumption_line(own_levers(parts_of(load_shipped("taiwan-strait-crisis"), CODES)))
    assert line.startswith("Of its 4 levers, 4 are assumed outright and 0 have")
    assert assumption_line(own_levers(parts_of(load_shipped("no-restrictions-2018-22"), CODES))) == "It has no lever of its own."


def test_the_first_difference_names_row_and_column() -> None:
    shape = (36, len(TIERS), len(AXES), len(CODES))
    run = SimpleNamespace(years=np.arange(2000, 2036), counts=np.ones(shape, dtype=np.int64))
    stored = count_table([run, run], CODES)  # type: ignore[list-item]
    assert stored[1][:5] == ["2019", "top20", "origin", str(2 * len(CODES)), "2"]
    assert first_difference(stored, count_table([run, run], CODES)) == ""  # type: ignore[list-item]
    run.counts[25, TIERS.index("elite"), AXES.index("work"), 1] = 4
    assert first_difference(stored, count_table([run, run], CODES)) == "2025 elite work, all: stored 40, now 46"  # type: ignore[list-item]
    assert first_difference(stored, stored[:-1]) == "stored 76 rows, now 75"
    assert first_difference([], stored) == "stored 0 rows, now 76"
