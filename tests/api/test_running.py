"""Runs as tables: what they say is what the folder's files say, whoever made the run."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sim
from sim.api.running import OnExecutor
from sim.engines.axes import AXES, TIERS
from sim.runs.execute import Runner
from sim.runs.folder import differing_files, write_run
from sim.runs.formulas.own import OWN_INDICATORS, IndicatorError
from sim.runs.outcomes.indicators import four
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan, tasks_of
from tests.support.packaged import plan_of

Make = Callable[[RunPlan], Iterator[Outcomes]]


@pytest.fixture
def run(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> sim.Run:
    return sim.read_run(write_run(plan, outcomes_of(plan), tmp_path).folder)


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    """Forget the indicators that a test registers."""
    before = dict(OWN_INDICATORS)
    yield
    OWN_INDICATORS.clear()
    OWN_INDICATORS.update(before)


def test_shares_by_run_are_those_of_the_outcomes(run: sim.Run, plan: RunPlan, outcomes_of: Make) -> None:
    frame = run.shares(by_run=True).set_index(["draw", "replicate", "year", "tier", "axis", "region"])
    for made in outcomes_of(plan):
        counts = made.counts[-1, TIERS.index("elite"), AXES.index("work")]
        row = frame.loc[(made.draw, made.replicate, plan.until, "elite", "work", "CHN")]
        place = run.regions.index("CHN")
        assert row.researchers == counts[place]
        assert row.share == counts[place] / counts.sum()
        assert row.people == pytest.approx(counts[place] * 22_500 / plan.researchers)
    summary = run.shares().set_index(["year", "tier", "axis", "region"]).loc[(plan.until, "elite", "work", "CHN")]
    assert summary["mean"] == pytest.approx(frame.loc[:, :, plan.until, "elite", "work", "CHN"].share.mean(), abs=1e-6)


def test_flows_and_careers_are_those_of_the_outcomes(run: sim.Run, plan: RunPlan, outcomes_of: Make) -> None:
    flows, careers = run.flows(by_run=True), run.careers(by_run=True)
    made = list(outcomes_of(plan))[-1]
    mine = (careers.draw == made.draw) & (careers.replicate == made.replicate)
    there = careers[mine].set_index(["year", "origin", "study", "work"]).researchers
    ind, usa = run.regions.index("IND"), run.regions.index("USA")
    for place, code in enumerate(run.regions):
        assert there.get((plan.until, "IND", "USA", code), 0) == made.careers[-1, ind, usa, place]
    chosen = flows.query(f"draw == {made.draw} and replicate == {made.replicate} and year == {plan.until} and stage == 'entry'")
    assert chosen.researchers.sum() == made.flows[-1, 0].sum()
    assert run.careers().researchers.sum() == pytest.approx(careers.researchers.sum() / (plan.draws * plan.replicates))
    assert run.flows().people.sum() == pytest.approx(flows.people.sum() / (plan.draws * plan.replicates))


def test_every_indicator_can_be_had_by_run_from_the_folder(run: sim.Run) -> None:
    by_run = run.indicators(by_run=True)
    keys = ["indicator", "region", "year"]
    finite = by_run[np.isfinite(by_run.value)]
    mean = finite.groupby(keys, dropna=False).value.mean()
    told = run.indicators().set_index(keys)["mean"]
    told = told[np.isfinite(told)]
    assert len(told) > 1000
    both = pd.DataFrame({"told": told, "mean": mean}).dropna(subset="told")
    decimals = np.where(both.index.get_level_values("indicator").str.startswith("crossing_year"), 0.5, 5e-7)
    assert (abs(both["told"] - both["mean"]) <= decimals + 1e-9).all()


def test_an_indicator_of_ones_own_is_told_like_the_others(run: sim.Run) -> None:
    @sim.indicator("share", "of Indian origin with a US degree, at work in India", "IND")
    def returned(counted: sim.Counted) -> np.ndarray:
        ind, usa = counted.codes.index("IND"), counted.codes.index("USA")
        return counted.careers[:, ind, usa, ind] / counted.careers[:, ind, usa].sum(axis=1)

    careers = run.careers(by_run=True).query("origin == 'IND' and study == 'USA' and year == 2024")
    total = careers.groupby(["draw", "replicate"]).researchers.sum()
    by_hand = (
        careers[careers.work == "IND"].groupby(["draw", "replicate"]).researchers.sum().reindex(total.index, fill_value=0) / total
    )
    values = run.indicators("returned", by_run=True).query("year == 2024").set_index(["draw", "replicate"]).value
    pd.testing.assert_series_equal(values, by_hand, check_names=False)
    row = run.indicators("returned").query("year == 2024").iloc[0]
    assert tuple(row[["mean", "p05", "p50", "p95"]]) == pytest.approx(four(by_hand.to_numpy()))
    assert (row.unit, row.region) == ("share", "IND")


def test_indicators_that_cannot_be_are_refused(run: sim.Run) -> None:
    def stay_rate(counted: sim.Counted) -> np.ndarray:
        return counted.years.astype(float)

    with pytest.raises(IndicatorError, match="packaged already"):
        sim.indicator("share", "again")(stay_rate)

    @sim.indicator("share", "wrong shape", ["USA", "CHN"])
    def short(counted: sim.Counted) -> np.ndarray:
        return counted.years[:3].astype(float)

    with pytest.raises(IndicatorError, match=r"shape \(3,\).*USA, CHN"):
        run.indicators("short")
    with pytest.raises(ValueError, match="did you mean stay_rate"):
        run.indicators("stay_rates")


def test_arrays_have_names(run: sim.Run, plan: RunPlan) -> None:
    data = run.to_xarray()
    assert dict(data.sizes)["draw"] == plan.draws
    one = data.researchers.sel(draw=1, replicate=0, year=plan.until, tier="top20", axis="work", region="USA")
    frame = run.shares(by_run=True).query(f"draw == 1 and replicate == 0 and year == {plan.until} and tier == 'top20'")
    assert int(one) == frame[(frame["axis"] == "work") & (frame.region == "USA")].researchers.item()


def test_a_run_shows_itself(run: sim.Run) -> None:
    assert repr(run).startswith("<Run baseline: 3 draws x 2 replicates of 500 researchers until 2024; work of the top 20 %")
    assert "<table" in run._repr_html_()
    assert "<script" not in run._repr_html_()
    assert run.plot().axes


def test_what_differs_between_runs_is_paired(by_hand: Runner, tmp_path: Path) -> None:
    sizes = {"draws": 3, "replicates": 2, "researchers": 500, "until": 2028}
    found = sim.compare("baseline", "us-opening", out=tmp_path, assumptions=False, anatomy=False, runner=by_hand, **sizes)
    paired = found.indicators("stay_rate")
    assert set(paired.variant) == {"us-opening"}
    base, variant = (each.indicators("stay_rate", by_run=True) for each in found.runs().values())
    assert len(paired) == len(base)
    assert paired.difference.sum() == pytest.approx((variant.value - base.value).sum())
    assert "us-opening with baseline" in repr(found)


@pytest.mark.slow
def test_any_executor_gives_the_same_run(tmp_path: Path) -> None:
    sizes = {"draws": 3, "replicates": 2, "researchers": 500, "until": 2024}
    mine = sim.run("baseline", out=str(tmp_path / "mine"), **sizes)
    with ThreadPoolExecutor(2) as pool:
        other = sim.run("baseline", executor=pool, out=str(tmp_path / "other"), **sizes)
    assert differing_files(mine.folder, other.folder) == []


def test_an_executor_keeps_the_order_of_draws() -> None:
    plan = plan_of(sim.load_scenario("baseline"), draws=3, replicates=2, researchers=200, until=2012)
    with ThreadPoolExecutor(2) as pool:
        made = list(OnExecutor(pool).outcomes(tasks_of(plan), 2, None))
    assert [(each.draw, each.replicate) for each in made] == [(d, r) for d in range(3) for r in range(2)]
