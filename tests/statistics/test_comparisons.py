"""Comparisons of real runs: nothing changes under another name, nothing before a lever starts, and what it does at the end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sim.comparisons.assumptions import ASSUMPTION_REPLICATES, SETTINGS, assumption_rows
from sim.comparisons.compare import Extent, compare_into
from sim.comparisons.comparison import NO_CHANGE
from sim.comparisons.effects import compare_runs
from sim.data.load import load_data
from sim.draws.draw import REFERENCE, draw_key, reference_vector, shipped_draws
from sim.runs.execute import run_tasks
from sim.runs.folder import Run, write_run
from sim.runs.plan import tasks_of
from sim.scenarios.load import load_scenario
from tests.support.packaged import BASIS, plan_of

DATA = load_data()

SIZE = {"draws": 2, "replicates": 2, "researchers": 600, "until": 2031}
RENAMED = """
title = "The same under another title"
question = "Does a title change anything?"
note = "Other words."
extends = "{extends}"
"""
FROM_2028 = """
title = "Refusals from 2028"
question = "Is everything before 2028 the same?"
extends = "baseline"

[[lever]]
name = "student_visa_refusal"
origin = ["CHN", "IND"]
destination = ["USA"]
from = 2028
change = "set"
value = 0.9
evidence = "{evidence}"
"""

Make = Callable[..., Run]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return a function that writes a scenario file, runs it and reads the run."""
    folder = Path(tmp_path_factory.mktemp("comparisons"))
    made: dict[str, Run] = {}

    def run(name: str, text: str = "") -> Run:
        if name not in made:
            if text:
                (folder / f"{name}.toml").write_text(text, encoding="utf-8")
            scenario = load_scenario(str(folder / f"{name}.toml") if text else name)
            plan = plan_of(scenario, **SIZE)
            made[name] = write_run(plan, run_tasks(tasks_of(plan), 1), folder)
        return made[name]

    return run


def test_another_name_title_and_evidence_change_nothing(make: Make) -> None:
    first = make("first", FROM_2028.format(evidence="One reason."))
    second = make("second", FROM_2028.replace("Refusals", "Other refusals").format(evidence="Another reason."))
    for base, variant in ((make("baseline"), make("renamed", RENAMED.format(extends="baseline"))), (first, second)):
        found = compare_runs(base, [variant], DATA)
        np.testing.assert_array_equal(base.counts, variant.counts)
        assert not np.nan_to_num(found.effects[0].difference_points).any()
        assert not found.effects[0].people.any()
        assert {row.verdict for row in found.headlines} == {NO_CHANGE}


def test_who_changed_is_told_and_read_back_and_nobody_under_another_name(make: Make, tmp_path: Path) -> None:
    base, same = make("baseline"), make("renamed", RENAMED.format(extends="baseline"))
    other = make("first", FROM_2028.format(evidence="One reason."))
    found, folder, _ = compare_into([base, same, other], tmp_path, Extent(assumptions=False))
    assert folder.parent.name == "baseline--renamed--first"
    assert list(found.anatomies) == ["renamed", "first"]
    assert found.anatomies["renamed"].switches == ()
    assert {row.total_points for row in found.anatomies["renamed"].channels} <= {0.0}
    assert sum(row.researchers for row in found.anatomies["first"].switches) > 0
    assert "changes nothing" in found.answers[0]
    again = compare_into([base, same, other], tmp_path, Extent(assumptions=False))
    assert again[2]
    assert again[0].anatomies == found.anatomies


def test_before_a_lever_starts_everything_is_equal_to_the_bit(make: Make) -> None:
    base, variant = make("baseline"), make("first", FROM_2028.format(evidence="One reason."))
    since = int(np.searchsorted(base.years, 2028))
    found = compare_runs(base, [variant], DATA).effects[0]
    for statistic in (
        "difference_points",
        "p05_points",
        "p50_points",
        "p95_points",
        "sd_parameter_points",
        "sd_replicate_points",
        "people",
    ):
        assert not np.nan_to_num(getattr(found, statistic)[:since]).any(), statistic
    np.testing.assert_array_equal(found.base_share[:since], found.variant_share[:since])
    assert found.difference_points[since:].any()


def test_the_assumptions_are_shipped_solved_and_run_paired(make: Make) -> None:
    data = load_data()
    for setting in SETTINGS:
        vector = reference_vector(data) | dict(setting.parameters)
        assert draw_key(BASIS, vector, REFERENCE) in shipped_draws(BASIS.data.folder), setting.setting
    found = compare_runs(make("baseline"), [make("first", FROM_2028.format(evidence="One reason."))], DATA)
    rows = assumption_rows(found, BASIS)
    assert {row.setting for row in rows} == {setting.setting for setting in SETTINGS}
    assert {row.variant for row in rows} == {"first"}
    studied = [row for row in rows if (row.axis, row.region, row.year) == ("study", "USA", 2031)]
    assert len(studied) == len(SETTINGS)
    assert all(row.difference_points < 0.0 < row.error_points for row in studied)
    by_setting = {row.setting: row.difference_points for row in studied}
    assert by_setting["as fitted"] == by_setting["0.5"]  # the reference point has a seat elasticity of one half
    assert SIZE["replicates"] <= ASSUMPTION_REPLICATES
