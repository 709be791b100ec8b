"""The object engine as Mesa's users know a model: steps, agents, the DataCollector, batch_run."""

import gc
import weakref
from collections import Counter

import mesa
import numpy as np
import pandas as pd
import pytest

from sim.data.load import load_data
from sim.draws.draw import REFERENCE, reference_vector
from sim.draws.ensemble import PRIOR_ENSEMBLE
from sim.draws.worlds import parameters_of
from sim.engines.agents import Researcher
from sim.engines.axes import AXES, TIERS
from sim.model.population import OUT
from sim.runs.talent_model import TalentModel
from sim.scenarios.load import load_scenario
from tests.support.packaged import reference_draw, simulated

PEOPLE = 200
UNTIL = 2024
YEARS = list(range(2000, UNTIL + 1))
REGIONS = list(load_data().codes)


@pytest.fixture(scope="module")
def model() -> TalentModel:
    """A finished run that collected everything."""
    made = TalentModel(researchers=PEOPLE, until=UNTIL, collect_researchers=True)
    made.run_model()
    return made


def test_a_step_is_a_year_and_the_model_stops_after_the_last_one() -> None:
    model = TalentModel(researchers=PEOPLE, until=2002)
    assert isinstance(model, mesa.Model)
    seen = [(model.steps, model.year, model.running)]
    while model.running:
        model.step()
        seen.append((model.steps, model.year, model.running))
    assert seen == [(0, 1999, True), (1, 2000, True), (2, 2001, True), (3, 2002, False)]


def test_a_step_past_the_last_year_says_so_and_changes_nothing() -> None:
    model = TalentModel(researchers=PEOPLE, until=2001)
    model.run_model()
    people, rows = len(model.everyone), len(model.datacollector.get_model_vars_dataframe())
    with pytest.raises(RuntimeError, match=r"the last year of this model, 2001, has passed; `until` may be 2050 at most"):
        model.step()
    assert (model.year, len(model.everyone)) == (2001, people)
    assert len(model.datacollector.get_model_vars_dataframe()) == rows


@pytest.mark.parametrize("wrong", [{"until": 1999}, {"until": 2051}, {"researchers": 0}])
def test_a_year_or_a_number_out_of_range_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="from 2000 to 2050, and at least 1"):
        TalentModel(**wrong)


def test_parameters_that_a_scenario_fixes_hold_at_the_reference_point_too() -> None:
    data, baseline = load_data(), load_scenario("baseline")
    assert parameters_of(baseline, REFERENCE, data, PRIOR_ENSEMBLE) == reference_vector(data)
    fixed = load_scenario("baseline", overrides={"exit_rate": 0.2})
    assert parameters_of(fixed, REFERENCE, data, PRIOR_ENSEMBLE) == reference_vector(data) | {"exit_rate": 0.2}
    assert parameters_of(fixed, 1, data, PRIOR_ENSEMBLE)["exit_rate"] == 0.2


@pytest.mark.parametrize(
    ("scenario", "draw", "said"), [({}, -3, "draw -3: 0 and above"), ({"ecosystem_pull": 0.8}, -1, "not stable")]
)
def test_a_draw_that_there_is_not_is_refused(scenario: dict[str, float], draw: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TalentModel(load_scenario("baseline", overrides=scenario), draw=draw, researchers=PEOPLE)


def test_the_collector_has_a_row_a_year_and_a_column_a_region(model: TalentModel) -> None:
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame.columns) == ["year", "active", "visible", *REGIONS]
    assert frame["year"].tolist() == YEARS
    shares = frame.set_index("year")[REGIONS]
    assert ((shares >= 0) & (shares <= 1)).all(axis=None)
    np.testing.assert_allclose(shares[frame["visible"].to_numpy() > 0].sum(axis=1), 1.0, rtol=1e-12)
    assert frame["active"].iloc[-1] == len(model.agents)


def test_the_collector_agrees_with_the_arrays(model: TalentModel) -> None:
    draw = reference_draw()
    arrays = simulated(load_scenario("baseline"), draw, replicate=0, researchers=PEOPLE, seed=1, until=UNTIL)
    counts = arrays.counts[:, TIERS.index("top20"), AXES.index("work")]
    frame = model.datacollector.get_model_vars_dataframe()
    np.testing.assert_array_equal(frame["visible"], counts.sum(axis=1))
    np.testing.assert_allclose(frame[REGIONS].to_numpy() * frame[["visible"]].to_numpy(), counts, atol=1e-9)


def test_the_rows_of_researchers_agree_with_the_row_of_their_year(model: TalentModel) -> None:
    years = model.datacollector.get_model_vars_dataframe().set_index("year")
    people = model.datacollector.get_agent_vars_dataframe()
    assert list(people.columns) == ["name", "stage", "study", "place", "employer", "tier"]
    for year in (2012, UNTIL):
        rows = people.loc[year - 1999]
        assert set(rows["stage"]) <= {"apply", "study", "work"}
        assert (rows["stage"] != "apply").sum() == years.loc[year, "active"]
        visible = rows[rows["tier"] > 0]
        assert len(visible) == years.loc[year, "visible"]
        assert (visible["employer"] == "USA").mean() == pytest.approx(years.loc[year, "USA"], rel=1e-12)


def test_researchers_are_not_collected_unless_asked_for() -> None:
    model = TalentModel(researchers=PEOPLE, until=2001)
    model.run_model()
    with pytest.raises(UserWarning, match="No agent reporters"):
        model.datacollector.get_agent_vars_dataframe()
    assert TalentModel(researchers=PEOPLE, until=2001, collect=False).datacollector is None


def test_a_batch_has_a_row_for_each_run_and_year_equal_to_single_runs() -> None:
    design = {"scenario": ["baseline", "us-entry-restrictions"], "replicate": range(2), "researchers": PEOPLE, "until": 2030}
    batch = pd.DataFrame(mesa.batch_run(TalentModel, design, data_collection_period=1, display_progress=False))
    assert len(batch) == 2 * 2 * 31
    runs = batch.groupby(["scenario", "replicate"])
    assert len(runs) == 4
    for (scenario, replicate), rows in runs:
        single = TalentModel(scenario, replicate=replicate, researchers=PEOPLE, until=2030)
        single.run_model()
        frame = single.datacollector.get_model_vars_dataframe()
        pd.testing.assert_frame_equal(rows[list(frame.columns)].reset_index(drop=True), frame)
    by_run = batch.pivot_table(index="year", columns=["scenario", "replicate"], values="CHN")
    baseline, restricted = by_run["baseline"], by_run["us-entry-restrictions"]
    pd.testing.assert_frame_equal(baseline.loc[:2025], restricted.loc[:2025])
    assert (baseline.loc[2030] != restricted.loc[2030]).all()
    assert (baseline[0] != baseline[1]).any()


def test_those_who_leave_are_no_agents_any_more_but_are_not_forgotten(model: TalentModel) -> None:
    gone = [each for each in model.everyone if each.stage == OUT]
    assert gone
    assert len(model.agents) + len(gone) == len(model.everyone)
    assert not set(gone) & set(model.agents)
    assert Counter(type(each) for each in model.agents) == {Researcher: len(model.agents)}


def test_a_researcher_is_found_by_identity(model: TalentModel) -> None:
    wanted = model.everyone[-1]
    found = model.researcher(model.code(wanted.origin), wanted.cohort, wanted.index)
    assert found is wanted
    assert repr(found) == f"<Researcher {found.name}>"
    assert found.name == f"{model.code(found.origin)}-{UNTIL}-{found.index}"
    gone = next(each for each in model.everyone if each.stage == OUT)
    assert model.researcher(model.code(gone.origin), gone.cohort, gone.index) is gone


@pytest.mark.parametrize("who", [("CHN", 2012, 9999), ("CHN", UNTIL + 1, 0), ("XXX", 2012, 0), ("", 2012, 0)])
def test_nobody_found_is_a_key_error_that_names_whom(model: TalentModel, who: tuple[str, int, int]) -> None:
    with pytest.raises(KeyError, match=f"nobody called {'-'.join(map(str, who))} has entered by {UNTIL}"):
        model.researcher(*who)


def test_agents_are_numbered_from_one_in_every_model() -> None:
    for _ in range(2):
        model = TalentModel(researchers=PEOPLE, until=2001)
        model.run_model()
        assert [each.unique_id for each in model.everyone] == list(range(1, len(model.everyone) + 1))


def test_a_model_nobody_holds_is_freed() -> None:
    model = TalentModel(researchers=PEOPLE, until=2001)
    model.run_model()
    watched = weakref.ref(model)
    del model
    gc.collect()
    assert watched() is None
