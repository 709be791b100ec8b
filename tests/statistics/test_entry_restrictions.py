"""What US entry restrictions on students from China do at the reference point (paired runs, the same researchers)."""

import numpy as np
import pytest

from sim.data.load import load_data
from sim.draws.worlds import world_of
from sim.engines.arrays import run_years
from sim.engines.axes import AXES
from sim.engines.counts import shares
from sim.engines.expected.years import expected_years
from sim.model.choice.randomness import make_key
from sim.scenarios.load import load_shipped
from tests.support.packaged import reference_draw, simulated

REPLICATES = 20
RESEARCHERS = 20_000
START = 2026
WINDOW = slice(2026 - 2000, 2030 - 2000)
NO_FEEDBACK = dict.fromkeys(("diaspora_pull", "ecosystem_pull", "talent_ecosystem_pull", "place_productivity"), 0.0)
SCENARIOS = ("baseline", "us-entry-restrictions")


@pytest.fixture(scope="module")
def data():
    return load_data()


@pytest.fixture(scope="module")
def draw(data):
    return reference_draw()


@pytest.fixture(scope="module")
def pairs(draw):
    base, variant = (load_shipped(name) for name in SCENARIOS)
    return [tuple(simulated(scenario, draw, k, RESEARCHERS, 1, 2035) for scenario in (base, variant)) for k in range(REPLICATES)]


def entry_shares(run, origin):
    flows = run.flows[START - 2000 : 2036 - 2000, 0, origin, origin].sum(axis=0)
    return flows / flows.sum()


def test_fewer_chinese_origins_enter_us_schools_and_more_stay_home_or_go_to_other_anglophone_places(pairs, data):
    chn = data.codes.index("CHN")
    change = np.mean([entry_shares(variant, chn) - entry_shares(base, chn) for base, variant in pairs], axis=0)
    anglophone = [data.codes.index(code) for code in ("GBR", "CAN", "AUS")]
    assert change[data.codes.index("USA")] < -0.01
    assert change[chn] > 0.0
    assert change[anglophone].sum() > 0.0


def both_worlds(draw, data, researchers):
    return [world_of(data, load_shipped(name), draw, researchers, START + 3) for name in SCENARIOS]


def graduates_moved(draw, data):
    """Expected change of work shares of graduates (top 20 %) in the first four years."""
    flows = [np.stack([shares(year.shares) for year in expected_years(world)]) for world in both_worlds(draw, data, 22_500)]
    return (flows[1] - flows[0])[WINDOW, 0, AXES.index("graduates")]


def test_without_feedback_nobody_with_a_degree_moves_for_four_years(draw, data):
    """The restrictions touch entry only, and whoever enters in 2026 has no degree before 2030: equal to the bit.

    Late entrants, who graduate the year after, met the rules of the year in which they began to study.
    """
    counts = []
    for world in both_worlds(draw, data, RESEARCHERS):
        frozen = world._replace(coefficients=world.coefficients._replace(**NO_FEEDBACK))
        counts.append(np.stack([end.counts.shares for end in run_years(frozen, make_key(1, 0))])[WINDOW])
    assert np.array_equal(counts[0][:, :, AXES.index("graduates")], counts[1][:, :, AXES.index("graduates")])
    assert not np.array_equal(counts[0][:, :, AXES.index("study")], counts[1][:, :, AXES.index("study")])


@pytest.mark.xfail(strict=True, reason="a miss: .11 points in 2029 at the reference point, nearly all through smaller diasporas")
def test_work_shares_of_graduates_move_by_less_than_a_tenth_of_a_point_for_four_years(draw, data):
    """With feedback, nearly all of it through smaller diasporas."""
    assert np.abs(graduates_moved(draw, data)).max() < 0.001


def test_work_shares_of_graduates_move_as_in_expected_flows(pairs, draw, data):
    """In expected flows, which hold no noise; the engine's mean lies within two standard errors of them."""
    axis = AXES.index("graduates")
    changes = np.stack([shares(v.counts[WINDOW, 0, axis]) - shares(b.counts[WINDOW, 0, axis]) for b, v in pairs])
    error = changes.std(axis=0, ddof=1) / np.sqrt(REPLICATES)
    assert (np.abs(changes.mean(axis=0) - graduates_moved(draw, data)) <= 2.0 * error + 0.0002).all()


def test_before_the_lever_starts_both_runs_are_equal_to_the_bit(pairs):
    before = slice(0, START - 2000)
    for base, variant in pairs:
        for name in ("counts", "flows", "careers"):
            assert np.array_equal(getattr(base, name)[before], getattr(variant, name)[before])
        assert not np.array_equal(base.counts, variant.counts)
