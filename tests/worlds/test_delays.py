"""Studies take 4 to 6 years, so that what reaches applicants of 2020 reaches first jobs around 2025, and not before 2024."""

import numpy as np
import pytest

from sim.engines.expected.years import expected_years
from sim.model.world import FIRST_YEAR
from sim.scenarios.levers.changes import LeverChange
from tests.support.toy import CODES, FROZEN, History, lever_change, policy_world, run, same_counts

USA, CHN = CODES.index("USA"), CODES.index("CHN")
YEAR = 2020
FIRST_JOB = 1
CHANGES = {
    "student_visa_refusal": ("set", 0.9),
    "entry_bar": ("set", 0.8),
    "border_closure": ("set", 0.9),
    "visa_delay": ("set", 36.0),
    "phd_stipend": ("multiply", 0.2),
    "doctoral_quality": ("set", -2.0),
    "exit_gate": ("set", 0.8),
}
"""Levers of the study choice."""
CALM = {**FROZEN, "refusal_deterrence": 0.0, "postponement": 0.0}
"""Nobody's choice depends on what others did, on rates of the past, or on a year of waiting."""


def of_one_year(lever: str) -> LeverChange:
    kind, value = CHANGES[lever]
    where = {
        "doctoral_quality": {"destination": (USA,)},
        "exit_gate": {"origin": (CHN,), "stage": (0,)},
    }.get(lever, {"origin": (CHN,), "destination": (USA,)})
    return lever_change(lever, value, kind, (YEAR, YEAR), **where)


def years_with_other_first_jobs(before: History, after: History) -> set[int]:
    pairs = enumerate(zip(before.counts, after.counts, strict=True))
    return {FIRST_YEAR + t for t, (a, b) in pairs if not np.array_equal(a.flows[FIRST_JOB], b.flows[FIRST_JOB])}


@pytest.mark.parametrize("lever", CHANGES)
def test_a_policy_of_2020_reaches_first_jobs_in_2024_to_2026_only(lever: str) -> None:
    before, after = (run(policy_world(each, 500.0, **CALM)) for each in ((), (of_one_year(lever),)))
    assert not same_counts(before.counts[YEAR - FIRST_YEAR], after.counts[YEAR - FIRST_YEAR])
    assert years_with_other_first_jobs(before, after) == {2024, 2025, 2026}


@pytest.mark.parametrize("lever", CHANGES)
def test_memory_and_feedback_bring_it_later_but_never_before(lever: str) -> None:
    # Degrees cannot come earlier; the jobs of those who already study may, by ecosystems and diasporas.
    before, after = (degrees(each) for each in ((), (of_one_year(lever),)))
    assert np.array_equal(before[: 2024 - FIRST_YEAR], after[: 2024 - FIRST_YEAR])
    assert (before[2024 - FIRST_YEAR : 2027 - FIRST_YEAR] != after[2024 - FIRST_YEAR : 2027 - FIRST_YEAR]).any(axis=1).all()


def degrees(changes: tuple[LeverChange, ...], **settings: float) -> np.ndarray:
    """New doctors by year and study region, expected."""
    return np.stack([year.industry_entry[:, 0] for year in expected_years(policy_world(changes, **settings))])


def test_half_of_the_doctors_who_are_missing_are_missing_in_2025() -> None:
    before, after = (degrees(each, attrition_rate=0.0, **CALM) for each in ((), (of_one_year("entry_bar"),)))
    missing = (before - after)[:, USA]
    shares = missing / missing.sum()
    np.testing.assert_allclose(shares[2024 - FIRST_YEAR : 2027 - FIRST_YEAR], [0.25, 0.5, 0.25], rtol=1e-9)
    assert np.average(FIRST_YEAR + np.arange(len(shares)), weights=shares) == pytest.approx(2025.0)
