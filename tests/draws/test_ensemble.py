"""An ensemble file: written, read, named by its content; its draws keep what was solved, overrides are solved anew."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.special import ndtri

from sim.draws.draw import REFERENCE, draw_vectors, make_draw, sobol_points
from sim.draws.ensemble import (
    PRIOR,
    Ensemble,
    EnsembleError,
    draw_of,
    find_ensemble,
    read_ensemble,
    solution_digest,
    vectors_of_draws,
    write_ensemble,
)
from sim.draws.worlds import world_of
from tests.support.packaged import BASIS

DATA = BASIS.data
SCORED = sum(parameter.prior is not None for parameter in DATA.parameters)


def made(numbers: tuple[int, ...] = (2, 0, 2)) -> Ensemble:
    vectors = draw_vectors(DATA, 3, {})
    return Ensemble(
        "made",
        names=tuple(vectors[0]),
        parameters=np.array([list(vectors[number].values()) for number in numbers]),
        scores=ndtri(sobol_points()[list(numbers), :SCORED]),
        numbers=numbers,
        constants=tuple(make_draw(BASIS, vectors[number], number).constants for number in numbers),
        columns={"weight": np.full(len(numbers), 0.5)},
        record={"kind": "exact", "solution": solution_digest(BASIS)},
    )


def test_a_file_reads_back_whole_and_is_named_by_its_content(tmp_path: Path) -> None:
    written = write_ensemble(tmp_path / "mine.parquet", made())
    again = read_ensemble(tmp_path / "mine.parquet")
    assert again == written
    assert again.digest
    assert again.name == "mine"
    assert np.array_equal(again.parameters, made().parameters)
    assert again.numbers == (2, 0, 2)
    assert all(np.array_equal(a, b) for a, b in zip(
        again.constants[1].arrays().values(), made().constants[1].arrays().values(), strict=True))  # fmt: skip
    assert again.columns["weight"].tolist() == [0.5] * 3
    assert again.record["kind"] == "exact"
    assert write_ensemble(tmp_path / "copy.parquet", made()).digest == again.digest
    assert write_ensemble(tmp_path / "other.parquet", made((0, 2, 2))).digest != again.digest
    assert (tmp_path / "mine.parquet").read_bytes() == (tmp_path / "copy.parquet").read_bytes()


def test_a_row_is_a_draw_by_its_place_with_levers_by_its_key() -> None:
    ensemble = made()
    vectors = vectors_of_draws(ensemble, DATA, 3, {})
    assert vectors[1] == draw_vectors(DATA, 1, {})[0]
    draw = draw_of(ensemble, BASIS, vectors[2], 2)
    assert (draw.number, draw.keyed_by) == (2, 2)
    moved = draw_of(ensemble, BASIS, vectors[0], 0)
    assert (moved.number, moved.keyed_by) == (0, 2)
    of_prior = make_draw(BASIS, vectors[0], 2)
    one, other = (world_of(DATA, BASIS.baseline, each, 1000, 2022) for each in (moved, of_prior))
    assert all(np.array_equal(a, b) for a, b in zip(one.levers, other.levers, strict=True))


def test_what_is_fixed_is_solved_anew_and_what_was_fixed_already_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = made()
    fixed = {"moving_cost": 0.5}
    vector = vectors_of_draws(ensemble, DATA, 1, fixed)[0]
    assert vector["moving_cost"] == 0.5
    known = draw_vectors(DATA, 3, {})[2]
    assert {name: value for name, value in vector.items() if name != "moving_cost"} == pytest.approx(
        {name: value for name, value in known.items() if name != "moving_cost"})  # fmt: skip
    assert vectors_of_draws(ensemble, DATA, 1, {"moving_cost": known["moving_cost"]})[0] == known
    asked: list[int] = []
    monkeypatch.setattr("sim.draws.ensemble.make_draw", lambda basis, parameters, number: asked.append(number) or made_draw)
    monkeypatch.setattr("sim.draws.ensemble.known_draw", lambda basis, parameters, number: None)
    made_draw = make_draw(BASIS, known, 2)
    draw_of(ensemble, BASIS, known, 0)
    assert asked == []
    draw_of(ensemble, BASIS, vector, 0)
    draw_of(replace(ensemble, record={"solution": "of another model"}), BASIS, known, 0)
    draw_of(ensemble, BASIS, known, REFERENCE)
    assert asked == [2, 2, REFERENCE]


def test_the_prior_is_as_before() -> None:
    prior = find_ensemble(PRIOR)
    assert prior.is_prior
    assert vectors_of_draws(prior, DATA, 3, {}) == draw_vectors(DATA, 3, {})
    found, known = draw_of(prior, BASIS, draw_vectors(DATA, 1, {})[0], 0), make_draw(BASIS, draw_vectors(DATA, 1, {})[0], 0)
    assert (found.number, found.parameters, found.keyed_by) == (known.number, known.parameters, 0)
    assert np.array_equal(found.constants.study_constant, known.constants.study_constant)


def test_mistakes_name_the_ensemble_and_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(EnsembleError, match=r"nowhere.*prior"):
        find_ensemble("nowhere")
    with pytest.raises(EnsembleError, match=r"4 draws: .*has 3.*--ensemble prior"):
        vectors_of_draws(made(), DATA, 4, {})
    path = tmp_path / "mine.parquet"
    path.write_bytes(b"nothing")
    with pytest.raises(EnsembleError, match="no ensemble"):
        read_ensemble(path)
    write_ensemble(path, made())
    table = pq.read_table(path)
    changed = table.set_column(0, "number", pa.array([1, 0, 2]))
    pq.write_table(changed, path)
    with pytest.raises(EnsembleError, match="not what its name"):
        read_ensemble(path)
