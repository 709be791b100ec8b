"""Third-country deflection: what one anglophone place loses goes to the others more than in proportion, by the nest alone."""

import numpy as np
import pytest

from sim.engines.expected.years import expected_years
from sim.model.world import FIRST_YEAR, LAST_YEAR
from sim.scenarios.levers.changes import LeverChange
from tests.support.toy import CODES, FROZEN, History, four_sigma, lever_change, policy_world, run

USA, CHN, GBR, CAN, IND, DEU = range(len(CODES))
START, LOOKED_AT = 2021, 2023
TIGHTER = {"student_visa_refusal": 0.8, "entry_bar": 0.6, "border_closure": 0.7, "visa_delay": 24.0, "hostility": 2.0}
ALIKE = {
    **FROZEN,
    "option_value_weight": 0.0,
    "visa_sensitive_share": 0.0,  # one class: shares of a mixture of classes are in no proportion
    "hostility_work": 0.0,
    "hostility_exit": 0.0,
}
OPEN = {"student_visa_refusal": 0.0}


def tightened(lever: str, value: float) -> LeverChange:
    return lever_change(lever, value, "set", (START, LAST_YEAR), origin=(CHN,), destination=(USA,))


def expected_entrants(nest: float, *changes: LeverChange) -> np.ndarray:
    """Chinese entrants by study region."""
    world = policy_world(changes, observed=OPEN, nest_dissimilarity=nest, **ALIKE)
    return next(year.entry[CHN] for year in expected_years(world) if year.year == LOOKED_AT)


def growth(nest: float, lever: str) -> np.ndarray:
    return expected_entrants(nest, tightened(lever, TIGHTER[lever])) / expected_entrants(nest)


@pytest.mark.parametrize("lever", TIGHTER)
@pytest.mark.parametrize("nest", [0.3, 0.6, 0.9])
def test_other_anglophone_places_gain_more_than_in_proportion(lever: str, nest: float) -> None:
    grown = growth(nest, lever)
    assert grown[USA] < 1.0
    assert grown[GBR] == pytest.approx(grown[CAN], rel=1e-9)
    assert grown[DEU] == pytest.approx(grown[IND], rel=1e-9)
    assert grown[CHN] == pytest.approx(grown[IND], rel=1e-9)
    assert grown[GBR] > grown[DEU] > 1.0


@pytest.mark.parametrize("lever", TIGHTER)
def test_with_a_plain_logit_everyone_gains_in_proportion(lever: str) -> None:
    grown = growth(1.0, lever)
    assert grown[USA] < 1.0 < grown[GBR]
    np.testing.assert_allclose(grown[[CHN, GBR, CAN, IND, DEU]], grown[DEU], rtol=1e-9)


@pytest.mark.parametrize("nest", [0.3, 0.6, 1.0])
def test_the_gain_is_that_of_the_nested_logit(nest: float) -> None:
    # What is left of the nest is A' / A; odds against places of other nests change by (A' / A)**(lambda - 1).
    before = expected_entrants(nest)
    grown = growth(nest, "hostility")
    nested = [USA, GBR, CAN]
    left = before[nested].sum() / before[GBR] / ((before * grown)[nested].sum() / (before * grown)[GBR])
    assert grown[GBR] / grown[DEU] == pytest.approx((1.0 / left) ** (nest - 1.0), rel=1e-9)


def entrants(history: History) -> np.ndarray:
    return sum(counts.flows[0, CHN, CHN] for counts in history.counts[START - FIRST_YEAR :]).astype(float)


@pytest.mark.parametrize("nest", [0.5, 1.0])
def test_the_engine_deflects_as_much(nest: float) -> None:
    settings = {**ALIKE, "nest_dissimilarity": nest}
    shut = tightened("entry_bar", 1.0)
    before, after = (entrants(run(policy_world(each, 1500.0, observed=OPEN, **settings))) for each in ((), (shut,)))
    assert after[USA] == 0.0
    lost = before[USA]
    to_anglophone = (after - before)[[GBR, CAN]].sum() / lost
    in_proportion = before[[GBR, CAN]].sum() / (before.sum() - lost)
    if nest == 1.0:
        assert abs(to_anglophone - in_proportion) < four_sigma(in_proportion, lost)
    else:
        assert to_anglophone > in_proportion + four_sigma(in_proportion, lost)
        expected = [expected_entrants(nest, *each) for each in ((), (shut,))]
        share = (expected[1] - expected[0])[[GBR, CAN]].sum() / expected[0][USA]
        assert abs(to_anglophone - share) < four_sigma(share, lost)
