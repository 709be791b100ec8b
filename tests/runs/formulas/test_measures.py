"""What a sweep keeps: the formulas, and their values on outcomes made by hand."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sim.data.load import load_data
from sim.engines.axes import AXES, TIERS
from sim.model.world import REPORT_FROM
from sim.runs.formulas.measures import MeasureError, parse_measure, values_of
from sim.runs.formulas.own import yearly_names
from sim.runs.outcomes.indicators import INDICATORS, measure
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan

CODES = load_data().codes


@pytest.mark.parametrize(
    "text", ["share(work, USA, top20, 2024)", "researchers(study, CHN, elite, 2010)", "indicator(stay_rate, USA, 2020)",
             "indicator(abroad, WORLD, 2020)", "indicator(entrants_home, IND, 2020)"],
)  # fmt: skip
def test_a_formula_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_measure(text, CODES, 2024)) == text
    assert parse_measure(text.replace(" ", ""), CODES, 2024) == parse_measure(f"  {text} ", CODES, 2024)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("__import__('os')", "'__import__' is not known"),
        ("share(work, USA, top20, 2024) + 1", "is no measure"),
        ("share(work, USA, top20, 2025)", "allowed: 2010 to 2024"),
        ("share(work, USA, top20, 24)", "is not reported"),
        ("indicator(crossing_year_top20, CHN, 2024)", "is not known"),
    ],
)
def test_what_is_no_measure_is_refused(text: str, message: str) -> None:
    with pytest.raises(MeasureError, match=message):
        parse_measure(text, CODES, 2024)


def test_values_are_those_of_the_outcomes(plan: RunPlan, outcomes_of: Callable[[RunPlan], Iterator[Outcomes]]) -> None:
    outcomes = next(outcomes_of(plan))
    texts = ("share(work, CHN, top20, 2022)", "researchers(study, USA, all, 2012)", "indicator(stay_rate, USA, 2020)")
    share, number, stay = values_of([parse_measure(text, CODES, 2024) for text in texts], outcomes, CODES)
    counted = outcomes.counts[2022 - 2000, TIERS.index("top20"), AXES.index("work")]
    assert share == counted[1] / counted.sum()
    assert number == outcomes.counts[2012 - 2000, TIERS.index("all"), AXES.index("study"), 0] * outcomes.weight
    assert stay == measure(outcomes, CODES)["stay_rate"][2020 - REPORT_FROM, CODES.index("USA")]


def test_every_yearly_indicator_can_be_kept(plan: RunPlan, outcomes_of: Callable[[RunPlan], Iterator[Outcomes]]) -> None:
    outcomes = next(outcomes_of(plan))
    for name in yearly_names():
        regions = INDICATORS[name].places(CODES)
        parsed = [parse_measure(f"indicator({name}, {region}, 2020)", CODES, 2024) for region in regions]
        assert len(values_of(parsed, outcomes, CODES)) == len(regions)


def test_a_share_of_nobody_is_no_number(plan: RunPlan, outcomes_of: Callable[[RunPlan], Iterator[Outcomes]]) -> None:
    outcomes = next(outcomes_of(plan))
    np.asarray(outcomes.counts)[20] = 0
    (value,) = values_of([parse_measure("share(work, USA, elite, 2020)", CODES, 2024)], outcomes, CODES)
    assert math.isnan(value)
