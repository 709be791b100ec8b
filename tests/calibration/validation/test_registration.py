"""What was registered: pairs of rows of the right years, each asked once; the page says the same."""

from pathlib import Path

from sim.calibration.evidence import load_evidence
from sim.calibration.validation.registration import load_registration
from sim.calibration.validation.strict.solving import GROWTH
from tests.support.packaged import DATA

RECORD = load_evidence(DATA)
PAGE = (Path(__file__).parents[3] / "docs" / "preregistration.md").read_text(encoding="utf-8")


def test_pairs_are_of_the_two_years_and_of_one_question() -> None:
    for direction, knows, asks in (("hindcast", 2019, 2022), ("backcast", 2022, 2019)):
        test = load_registration(RECORD, direction)  # type: ignore[arg-type]
        assert (test.knows, test.asks, test.years) == (knows, asks, asks - knows)
        ids = [row.id for row in test.rows]
        assert len(ids) == len(set(ids)) >= 29
        for group in test.groups:
            assert {row.year for row in group.known} == {knows}
            assert {row.year for row in group.asked} == {asks}
            for known, asked in zip(group.known, group.asked, strict=True):
                assert (known.operator, known.arguments) == (asked.operator, asked.arguments)


def test_a_bound_is_never_asked_for() -> None:
    assert all(row.bound is None for row in load_registration(RECORD, "backcast").rows)
    assert "M22-T-INSTAY" in [row.id for row in load_registration(RECORD, "hindcast").rows]


def test_the_page_names_every_baseline_and_the_strict_part_uses_the_same_growth() -> None:
    test = load_registration(RECORD, "hindcast")
    for name in ("persistence", "linear", "logit", "damped", "entrant-mix Markov", "cohort component", "prior"):
        assert name in test.rules["baselines"]
        assert name.split()[0] in PAGE
    assert test.rules["growth"] == GROWTH
