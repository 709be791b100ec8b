"""The reference point against data: bands of the first milestone, and the engine against expected flows, feedback on.

Twenty replicates at 20,000 researchers. Headquarters attribution, tier top20 unless the name says elite.
"""

import numpy as np
import pytest

from sim.data.load import load_data
from sim.draws.worlds import world_of
from sim.engines.axes import AXES, TIERS
from sim.engines.counts import shares
from sim.engines.expected.years import expected_years
from sim.runs.simulate import Walk
from sim.scenarios.load import load_shipped
from tests.support.packaged import reference_draw, simulated

REPLICATES = 20
MANY_REPLICATES = 200
RESEARCHERS = 20_000
UNTIL = 2035


@pytest.fixture(scope="module")
def data():
    return load_data()


@pytest.fixture(scope="module")
def draw(data):
    return reference_draw()


@pytest.fixture(scope="module")
def runs(draw):
    baseline = load_shipped("baseline")
    return [simulated(baseline, draw, k, RESEARCHERS, 1, UNTIL, Walk(check_invariants=True)) for k in range(REPLICATES)]


@pytest.fixture(scope="module")
def mean_shares(runs):
    return np.mean([shares(run.counts) for run in runs], axis=0)


@pytest.mark.parametrize(
    ("tier", "axis", "year", "region", "low", "high"),
    [
        ("top20", "work", 2019, "USA", 0.54, 0.60),
        ("top20", "work", 2019, "CHN", 0.09, 0.14),
        ("top20", "work", 2022, "USA", 0.40, 0.48),
        ("top20", "work", 2022, "CHN", 0.19, 0.30),
        ("top20", "origin", 2019, "CHN", 0.25, 0.33),
        ("top20", "origin", 2019, "USA", 0.17, 0.23),
        ("top20", "origin", 2022, "CHN", 0.40, 0.50),
        ("top20", "origin", 2022, "USA", 0.15, 0.21),
        ("elite", "work", 2022, "USA", 0.50, 0.64),
        ("elite", "work", 2022, "CHN", 0.07, 0.18),
    ],
)
def test_shares_lie_in_the_published_bands(mean_shares, data, tier, axis, year, region, low, high):
    share = mean_shares[year - 2000, TIERS.index(tier), AXES.index(axis), data.codes.index(region)]
    assert low <= share <= high


def careers(runs, year):
    return np.sum([run.careers[year - 2000] for run in runs], axis=0, dtype=np.float64)


@pytest.mark.parametrize(("region", "low", "high"), [("USA", 0.72, 0.88), ("CHN", 0.82, 0.96)])
def test_those_trained_in_a_region_stay(runs, data, region, low, high):
    table = careers(runs, 2022)
    at = data.codes.index(region)
    assert low <= table[:, at, at].sum() / table[:, at].sum() <= high


def test_chinese_origins_stay_more_than_other_foreigners_after_a_us_degree(runs, data):
    table = careers(runs, 2022)
    usa, chn = data.codes.index("USA"), data.codes.index("CHN")
    others = [j for j in range(len(data.codes)) if j not in (usa, chn)]
    chinese = table[chn, usa, usa] / table[chn, usa].sum()
    foreign = table[others, usa, usa].sum() / table[others, usa].sum()
    assert chinese > foreign


@pytest.fixture(scope="module")
def many_runs(draw, runs):
    baseline = load_shipped("baseline")
    more = range(REPLICATES, MANY_REPLICATES)
    return [*runs, *(simulated(baseline, draw, k, RESEARCHERS, 1, UNTIL) for k in more)]


@pytest.mark.parametrize("tier", TIERS)
def test_expected_flows_agree_with_the_engine_on_every_share(many_runs, draw, data, tier):
    """Two standard errors and half a point, every region and year from 2010 (tier all: origin and location)."""
    world = world_of(data, load_shipped("baseline"), draw, 22_500, UNTIL)
    expected = np.stack([shares(year.shares) for year in expected_years(world)])
    counts = np.stack([run.counts for run in many_runs])
    error = shares(counts).std(axis=0, ddof=1) / np.sqrt(MANY_REPLICATES)
    gap = np.abs(shares(counts.mean(axis=0)) - expected) - 2.0 * error - 0.005
    for axis in ("origin", "location") if tier == "all" else AXES:
        excess = gap[10:, TIERS.index(tier), AXES.index(axis)]
        year, region = np.unravel_index(np.argmax(excess), excess.shape)
        assert excess[year, region] <= 0.0, f"{axis} {data.codes[region]} {2010 + year}: {excess.max():.4f} too far"
