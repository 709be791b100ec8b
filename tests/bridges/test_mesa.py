"""The model as Mesa wants it: `batch_run` over scenarios and replicates, columns of one's own; `tests/browser` has the page."""

from typing import Any

import pandas as pd
import pytest

import sim
from sim.data.load import is_packaged
from sim.model.population import STUDY
from sim.sources import PACKAGE

mesa = pytest.importorskip("mesa")
CHIPS = PACKAGE.parent / "examples" / "chips"
SIZES = {"researchers": 200, "until": 2003}


class Counting(sim.TalentModel):
    """A model with columns of its own, made of public names alone."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.collect_also(
            {"students": lambda model: sum(each.stage == STUDY for each in model.agents), "study_usa": study_usa},
            {"entered": "cohort", "moved": lambda each: each.study != each.origin}
            if settings.get("collect_researchers")
            else None,
        )


def study_usa(model: sim.TalentModel) -> float:
    return model.share("USA", axis="study", tier="all")


def test_a_batch_over_scenarios_and_replicates_has_own_columns() -> None:
    design = {
        "scenario": ["baseline", "us-entry-restrictions"],
        "replicate": [0, 1],
        **{key: [each] for key, each in SIZES.items()},
    }
    rows = pd.DataFrame(mesa.batch_run(Counting, design, data_collection_period=1, display_progress=False))
    assert len(rows) == 2 * 2 * 4
    one = Counting(replicate=1, **SIZES)
    one.run_model()
    frame = one.datacollector.get_model_vars_dataframe()
    mine = rows[(rows.scenario == "baseline") & (rows.replicate == 1)]
    for name in ("students", "study_usa", "USA", "active"):
        assert mine[name].tolist() == frame[name].tolist(), name
    assert frame.students.gt(0).all()
    assert frame.study_usa.iloc[-1] == study_usa(one)
    other = rows[(rows.scenario == "baseline") & (rows.replicate == 0)]
    assert other.students.tolist() != mine.students.tolist()


def test_rows_of_researchers_have_own_columns() -> None:
    model = Counting(collect_researchers=True, **SIZES)
    model.run_model()
    people = model.datacollector.get_agent_vars_dataframe().loc[model.steps]
    assert {"name", "stage", "entered", "moved"} <= set(people.columns)
    assert people.entered.tolist() == [int(name.split("-")[1]) for name in people.name]
    assert people.moved.nunique() == 2


def test_columns_are_added_before_the_first_step_under_free_names() -> None:
    with pytest.raises(ValueError, match="collect=True"):
        sim.TalentModel(collect=False, **SIZES).collect_also({"mine": study_usa})
    model = sim.TalentModel(**SIZES)
    with pytest.raises(ValueError, match="USA: a column of that name"):
        model.collect_also({"USA": study_usa})
    model.step()
    with pytest.raises(ValueError, match="before the first step"):
        model.collect_also({"mine": study_usa})


def test_a_folder_of_own_data_gives_the_same_people_as_the_arrays() -> None:
    sizes = {"researchers": 200, "until": 2028}
    model = sim.TalentModel("taiwan-retention", data=CHIPS, **sizes)
    assert (model.codes, is_packaged()) == (sim.load_data(CHIPS).codes, True)
    model.run_model()
    frame = model.datacollector.get_model_vars_dataframe().set_index("year")
    assert set(model.codes) <= set(frame.columns)
    assert "GBR" not in frame.columns
    arrays = sim.simulate("taiwan-retention", data=CHIPS, **sizes).shares()
    wanted = arrays.query("tier == 'top20' and axis == 'work'").pivot_table(index="year", columns="region", values="share")
    pd.testing.assert_frame_equal(frame.loc[2010:, sorted(model.codes)], wanted.loc[2010:], check_names=False)
    assert "TWN" in str(model.life("TWN", 2012, 0))


def test_a_batch_takes_the_folder_as_any_other_setting() -> None:
    design = {"scenario": ["baseline", "taiwan-retention"], "data": [str(CHIPS)], **{key: [each] for key, each in SIZES.items()}}
    rows = pd.DataFrame(mesa.batch_run(Counting, design, data_collection_period=1, display_progress=False))
    assert len(rows) == 2 * 4
    assert rows.TWN.gt(0).any()


def test_own_data_and_scenarios_of_other_data_do_not_mix() -> None:
    own = sim.load_scenario("taiwan-retention", data=CHIPS)
    with pytest.raises(ValueError, match="was loaded with other data"):
        sim.TalentModel(own, **SIZES)
    with pytest.raises(sim.ScenarioError, match="taiwan-retention"):
        sim.TalentModel("taiwan-retention", **SIZES)


def test_a_seed_has_two_names() -> None:
    models = [Counting(**{name: 7}, **SIZES) for name in ("seed", "rng")]
    assert models[0].key == models[1].key != Counting(**SIZES).key
    assert Counting(**SIZES).key == Counting(seed=1, **SIZES).key
    with pytest.raises(ValueError, match="seed 7 and rng 8: two names of one number; give one"):
        Counting(seed=7, rng=8, **SIZES)
