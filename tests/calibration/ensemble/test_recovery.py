"""Recovery on the toy: truths are covered as often as they should be, and an error that is understated is found out."""

from dataclasses import replace

import numpy as np
import pytest

from sim.calibration.emulation.emulator import Emulator, fit_emulator
from sim.calibration.ensemble.recovery import Effort, Recovery, emulated_truths, evidence_of, medians_without, recovery
from sim.calibration.evidence import Record
from tests.calibration.ensemble.toy_model import ToyModel, toy_record

MODEL, RECORD = ToyModel(), toy_record()


def emulator() -> Emulator:
    answers = MODEL.answer([MODEL.prior(number) for number in range(150)], "", None)
    return fit_emulator(answers.inputs, answers.rows, range(3))


@pytest.mark.slow
def test_truths_are_covered_as_they_should_be() -> None:
    stand_in = emulator()
    truths = emulated_truths(stand_in, MODEL.keyed, MODEL.dimensions, 40, seed=1)
    found = recovery(RECORD, stand_in, MODEL.keyed, truths, seed=100, effort=Effort(4, 600))
    assert found.informed[[0, 1]].all()
    assert not found.informed[5:].any()
    assert 0.8 < found.coverage(True) < 0.98
    assert 0.85 < found.coverage(False) < 0.95
    assert found.histogram(False).sum() == 40 * (~found.informed).sum()
    wrong = Record(tuple(replace(row, sd=row.sd / 20) for row in RECORD.rows), RECORD.families, RECORD.charts)
    noisy = [truth._replace(rows=np.array([row.value for row in evidence_of(RECORD, truth, 7 + k).rows]))
             for k, truth in enumerate(truths)]  # fmt: skip
    assert recovery(wrong, stand_in, MODEL.keyed, noisy, 100, found.informed, Effort(4, 600)).coverage(True) < 0.8


def test_a_family_left_out_pulls_no_more() -> None:
    stand_in = emulator()
    families = [row.family for row in RECORD.rows]
    far = [replace(row, value=row.value + 8 * row.error) if k == 0 else row for k, row in enumerate(RECORD.rows)]
    far[0] = replace(far[0], family="alone")
    record = Record(tuple(far), {**RECORD.families, "alone": RECORD.families[families[0]]}, RECORD.charts)
    held, free, other = (
        medians_without(record, stand_in, MODEL.keyed, 4, 400, (1, MODEL.dimensions, family))
        for family in ("", "alone", families[1])
    )
    row = record.rows[0]
    assert abs(held[0] - row.value) < abs(free[0] - row.value)
    assert abs(other[0] - row.value) <= abs(held[0] - row.value) + row.error


def test_coverage_counts_ranks_inside_the_middle_nine_tenths() -> None:
    found = Recovery(np.array([[0.01, 0.5], [0.5, 0.99]]), np.ones((2, 2)), np.array([True, False]))
    assert found.coverage(True) == 0.5
    assert found.histogram(True).sum() == 2
