"""The bank: shipped draws as prior points, resumed at any point, the same bytes for any number of workers."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from sim.calibration.bank import store
from sim.calibration.bank.points import BankPoint, drawn_parameters, keyed_scores, prior_point, uncertain_levers, vector_of
from sim.calibration.bank.store import Bank, fill
from sim.calibration.evidence import load_evidence
from sim.calibration.modelled import modelled_values
from sim.data.load import load_data
from sim.draws.draw import draw_vectors, lever_uniform, make_draw
from sim.files.private import CacheWarning
from sim.runs.atomic import FolderError
from sim.runs.executors import ExecutorError
from tests.support.packaged import BASIS

RECORD = load_evidence(load_data())
QUESTIONS = [row.question for row in RECORD.rows]
POINTS = [prior_point(BASIS.data, number) for number in range(3)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_prior_points_are_the_draws_and_any_scores_give_an_admissible_vector() -> None:
    data = BASIS.data
    for number, vector in enumerate(draw_vectors(data, 5, {})):
        assert vector_of(data, prior_point(data, number), {}) == vector
    moved = BankPoint(1 << 20, prior_point(data, 3).scores)
    names = drawn_parameters(data)
    close = vector_of(data, moved, {})
    assert [close[name] for name in names] == pytest.approx([draw_vectors(data, 4, {})[3][name] for name in names])
    for seed in range(200):
        vector_of(data, BankPoint(1 << 20, 2.0 * np.random.default_rng(seed).normal(size=len(names))), {})


def test_keyed_scores_are_those_of_the_levers_and_tell_numbers_apart() -> None:
    found = keyed_scores(BASIS, np.array([0, 1, 1 << 20]))
    levers = uncertain_levers(BASIS)
    assert found.shape[0] == 3
    assert found.shape[1] >= len(levers) > 5
    assert len(np.unique(found[:, 0])) == 3
    from scipy.special import ndtri

    assert found[1, 2] == ndtri(lever_uniform(1, levers[2]))


@pytest.mark.slow
def test_rows_are_those_of_the_fit_and_a_killed_bank_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = Bank(tmp_path / "bank", BASIS)
    said: list[tuple[str, int, int]] = []
    real = store.solve_point
    calls = 0

    def dies_at_the_third(task: store.PointTask) -> store.Solved:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return real(task)

    monkeypatch.setattr(store, "solve_point", dies_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        fill(bank, POINTS, QUESTIONS, progress=lambda *each: said.append(each))
    assert said == [("solving points", done, 3) for done in range(3)]
    assert len(contents(bank.folder)) == 2
    before = contents(bank.folder)
    found = fill(bank, POINTS, QUESTIONS)
    assert calls == 4
    assert before.items() <= contents(bank.folder).items()
    draws = [make_draw(BASIS, vector, number) for number, vector in enumerate(draw_vectors(BASIS.data, 3, {}))]
    np.testing.assert_allclose([each.rows for each in found], modelled_values(RECORD, BASIS, draws), rtol=1e-9)
    for each in found:
        assert each.shares.sum(axis=2) == pytest.approx(1.0)
        at = {row.id: k for k, row in enumerate(RECORD.rows)}
        assert each.stays[0, 3] == pytest.approx(each.rows[at["M22-T-USGUS"]])
    for place, others in (("two", {"workers": 2}), ("any", {"workers": 2, "executor": ThreadPoolExecutor(1)})):
        fill(Bank(tmp_path / place, BASIS), POINTS, QUESTIONS, **others)  # type: ignore[arg-type]
        assert contents(tmp_path / place) == contents(bank.folder)


@pytest.mark.slow
def test_new_questions_are_asked_again_and_a_damaged_point_is_solved_again(tmp_path: Path) -> None:
    bank = Bank(tmp_path, BASIS)
    first = fill(bank, POINTS[:1], QUESTIONS[:3])[0]
    again = fill(bank, POINTS[:1], QUESTIONS)[0]
    assert np.array_equal(first.rows, again.rows[:3])
    (path,) = bank.folder.iterdir()
    good = path.read_bytes()
    path.write_bytes(good[:1000])
    with pytest.warns(CacheWarning, match="was damaged: it was dropped and is made again"):
        fill(bank, POINTS[:1], QUESTIONS)
    assert path.read_bytes() == good


def test_another_model_in_a_worker_is_refused_and_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExecutorError, match="another version"):
        store.Solver("of another model")([store.PointTask(POINTS[0], ())])
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="file"):
        Bank(tmp_path / "file", BASIS)
