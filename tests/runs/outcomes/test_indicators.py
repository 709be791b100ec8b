"""Indicators on counts made by hand."""

from dataclasses import replace

import numpy as np

from sim.engines.axes import AXES, TIERS
from sim.engines.counts import shares
from sim.runs.outcomes.indicators import INDICATORS, Counted
from sim.runs.outcomes.statistics import ratio, shares_of

CODES = ("USA", "CHN", "IND")
USA, CHN, IND = range(3)


def counted(careers: np.ndarray) -> Counted:
    """Make the counts of one year of which careers alone matter."""
    return Counted(
        codes=CODES,
        years=np.array([2022]),
        careers=careers[np.newaxis],
        counts=np.zeros((1, 3, 5, 3), dtype=np.int64),
        flows=np.zeros((1, 4, 3, 3, 3), dtype=np.int64),
    )


def test_who_begins_graduate_study_at_home() -> None:
    flows = np.zeros((1, 4, 3, 3, 3), dtype=np.int64)
    flows[0, 0, IND, IND] = [60, 10, 30]  # of 100 Indian entrants 30 stay
    flows[0, 0, CHN, CHN] = [25, 75, 0]
    flows[0, 1, IND, IND] = [0, 0, 500]  # first jobs are no entries
    told = INDICATORS["entrants_home"]
    values = dict(zip(told.places(CODES), told.measure(replace(counted(np.zeros((3, 3, 3))), flows=flows))[0], strict=True))
    assert (values["IND"], values["CHN"], values["WORLD"]) == (0.3, 0.75, 105 / 200)
    assert np.isnan(values["USA"])


def test_who_of_an_origin_stays_where_the_degree_is_from() -> None:
    careers = np.zeros((3, 3, 3), dtype=np.int64)
    careers[IND, USA] = [30, 4, 6]  # Indian origin, US degree: 30 of 40 work there
    careers[CHN, USA] = [10, 9, 0]  # 19 people: too few to tell
    careers[IND, IND] = [15, 0, 5]
    told = INDICATORS["origin_trained_stay"]
    values = dict(zip(told.places(CODES), told.measure(counted(careers))[0], strict=True))
    assert values["IND->USA"] == 0.75
    assert values["IND->IND"] == 0.25
    assert np.isnan(values["CHN->USA"])
    assert np.isnan(values["USA->USA"])


def test_net_flow_is_arrivals_less_departures_of_all_moves_but_exits() -> None:
    flows = np.zeros((1, 4, 3, 3, 3), dtype=np.int64)
    flows[0, 0, IND, IND, USA] = 30  # to study
    flows[0, 1, IND, USA, CHN] = 5  # a first job
    flows[0, 2, CHN, CHN, USA] = 2  # another job
    flows[0, 3, USA, USA, USA] = 90  # out of research
    counts = np.zeros((1, 3, 5, 3), dtype=np.int64)
    counts[0, TIERS.index("all"), AXES.index("location")] = [1_000, 500, 0]
    told = INDICATORS["net_flow"]
    values = told.measure(replace(counted(np.zeros((3, 3, 3))), flows=flows, counts=counts))[0]
    assert (values[USA], values[CHN]) == (270.0, 60.0)  # 30 - 5 + 2 of 1,000; 5 - 2 of 500
    assert np.isnan(values[IND])


def test_a_share_of_nobody_is_no_share() -> None:
    counts = np.array([[2, 6, 0], [0, 0, 0]])
    np.testing.assert_array_equal(shares_of(counts), [[0.25, 0.75, 0.0], [np.nan] * 3])
    np.testing.assert_array_equal(shares(counts), [[0.25, 0.75, 0.0], [0.0] * 3])
    np.testing.assert_array_equal(ratio(np.array([3.0, 0.0, 0.5]), np.array([4.0, 0.0, 1.0])), [0.75, np.nan, 0.5])
