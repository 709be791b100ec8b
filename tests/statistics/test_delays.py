"""Studies take years at the reference point too: what bars applicants in 2020 alone reaches first jobs from 2024 on.

Late entrants, who graduate the year after, are left out (docs/decisions/0020-mends.md).
"""

import numpy as np
import pytest

from sim.data.load import load_data
from sim.draws.assembly import make_world
from sim.draws.draw import Draw, policies_in_force
from sim.engines.arrays import run_years
from sim.engines.expected.years import expected_years
from sim.model.choice.randomness import make_key
from sim.model.world import AT_STUDY, FIRST_YEAR, World
from sim.scenarios.levers.changes import LeverChange, resolve_policies
from sim.scenarios.load import load_shipped
from tests.support.packaged import reference_draw
from tests.support.toy import FROZEN

DATA = load_data()
USA, CHN = DATA.codes.index("USA"), DATA.codes.index("CHN")
UNTIL = 2032
FIRST_JOB = 1
BARRED = LeverChange("barred", "entry_bar", (CHN,), (USA,), (), (0, 1, 2, 3, 4), 2020, 2020, 1, "set", 0.8, stages=(AT_STUDY,))


@pytest.fixture(scope="module")
def draw() -> Draw:
    return reference_draw()


def worlds(draw: Draw, **changed: float) -> tuple[World, World]:
    """The baseline, and with most Chinese applicants barred from the USA in 2020 alone."""
    base = policies_in_force(DATA, load_shipped("baseline"), draw.parameters, draw.number)
    both = (base, resolve_policies(base, [[BARRED]], {}, FIRST_YEAR))
    parameters = {**draw.parameters, **changed}
    return tuple(make_world(DATA, parameters, draw.constants, policies, UNTIL, 1.0) for policies in both)


def first_jobs_that_differ(draw: Draw, **changed: float) -> dict[int, int]:
    """By year, in how many first jobs of any origin two paired runs differ."""
    runs = [[end.counts.flows[FIRST_JOB] for end in run_years(world, make_key(1, 0))] for world in worlds(draw, **changed)]
    moved = {FIRST_YEAR + t: int(np.abs(b - a).sum()) for t, (a, b) in enumerate(zip(*runs, strict=True))}
    return {year: people for year, people in moved.items() if people}


def test_without_feedback_first_jobs_move_from_2024_to_2026(draw: Draw) -> None:
    moved = first_jobs_that_differ(draw, **FROZEN, postponement=0.0)
    assert set(moved) == {2024, 2025, 2026}
    sooner = first_jobs_that_differ(draw, **FROZEN, postponement=0.0, late_entry=0.0)
    assert set(sooner) == set(moved)
    assert sooner[2025] == max(sooner.values())
    assert moved[2026] > sooner[2026]  # late entrants of 2025, who began in 2020


def test_those_whom_closed_borders_made_wait_come_a_year_later(draw: Draw) -> None:
    # Borders were closed in 2020: who would have waited for the USA until 2021 and is barred enters elsewhere at once.
    moved = first_jobs_that_differ(draw, **FROZEN)
    assert set(moved) == {2024, 2025, 2026, 2027}
    assert moved[2027] < 0.2 * sum(moved.values())


def test_with_feedback_degrees_change_from_2024_on_and_most_by_2026(draw: Draw) -> None:
    before, after = (np.stack([year.industry_entry[:, 0] for year in expected_years(world)]) for world in worlds(draw))
    missing = (before - after)[:, USA]
    assert not missing[: 2024 - FIRST_YEAR].any()
    assert np.array_equal(before[: 2024 - FIRST_YEAR], after[: 2024 - FIRST_YEAR])
    assert missing[2024 - FIRST_YEAR : 2027 - FIRST_YEAR].min() > 0.0
    assert missing[2024 - FIRST_YEAR : 2027 - FIRST_YEAR].sum() > 0.5 * missing.sum()
    first = first_jobs_that_differ(draw)
    assert sum(people for year, people in first.items() if year < 2024) < 0.05 * sum(first[year] for year in (2024, 2025, 2026))
