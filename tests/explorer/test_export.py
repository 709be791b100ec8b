"""A grid is made of what can be one; its surfaces meet runs that they never saw; the page holds all of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.draws.ensemble import find_ensemble
from sim.explorer.export.folder import GRID_TAG, PAGE, check_folder, export_page, page_text, runs_folder
from sim.explorer.export.grid import DEFAULT_LEVERS, GRID_AXES, GRID_TIERS, Grid, factors_of, grid_points, grid_state, neutral_of
from sim.explorer.export.pack import whole_weights
from sim.explorer.export.surface import changes_of, error_near, errors_of, fit_surfaces, lever_units, term_values, terms_of
from sim.explorer.live import Bench
from sim.explorer.state import PageState, StateError
from sim.scenarios.load import load_basis
from sim.sweeps.parts import known_runs

STATE = PageState(items=DEFAULT_LEVERS, draws=2, replicates=2)
BAR, REFUSAL = DEFAULT_LEVERS[:2]


def made_grid(noise: float = 0.0, count: int = 128, tests: int = 20) -> Grid:
    """Make a grid whose shares are a polynomial of the levers, as surfaces are, and noise."""
    points = grid_points(STATE, count, tests)
    unit = lever_units(points, STATE)
    rng = np.random.default_rng(3)
    moved = 0.1 * unit[:, 0] - 0.05 * unit[:, 1] * unit[:, 2] + 0.03 * unit[:, 3] ** 2 * unit[:, 0]
    first = 0.3 + moved[:, None, None] + noise * rng.normal(size=(len(points), 2, 2))
    first[0] = 0.3
    people = np.empty((len(points), 2, 2, len(GRID_TIERS), len(GRID_AXES), 3, 4))
    people[:] = (
        1000.0
        * np.stack([first, 0.6 - first, np.full_like(first, 0.3), np.full_like(first, 0.1)], axis=-1)[:, :, :, None, None, None]
    )
    return Grid(STATE, points, tests, (2027, 2029), people)


def test_a_page_that_moves_nothing_is_exported_with_usual_levers() -> None:
    state = grid_state(PageState())
    assert state.items == DEFAULT_LEVERS
    assert factors_of(state)[0].low == 0.0
    assert factors_of(state)[0].high == 0.3


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (replace(STATE, drop=("x",)), "put back"),
        (replace(STATE, items=(replace(BAR, kind="policy"), *DEFAULT_LEVERS[1:])), "levers alone"),
        (replace(STATE, items=DEFAULT_LEVERS[:4]), "5 to 8"),
        (replace(STATE, items=(replace(BAR, change="set"), *DEFAULT_LEVERS[1:])), "plus or times"),
        (replace(STATE, items=(BAR, replace(REFUSAL, value=0.0), *DEFAULT_LEVERS[2:])), "refusal.*not moved"),
    ],
)
def test_a_state_that_makes_no_grid_says_why(state: PageState, said: str) -> None:
    with pytest.raises(StateError, match=said):
        grid_state(state)


def test_the_first_point_moves_nothing_and_all_lie_in_the_ranges() -> None:
    points = grid_points(STATE, 16, 4)
    assert (points[0] == neutral_of(STATE)).all()
    unit = lever_units(points, STATE)
    assert (unit >= 0.0).all()
    assert (unit <= 1.0).all()
    assert (grid_points(STATE, 32, 4)[1:17] == points[1:17]).all()
    assert (grid_points(STATE, 32, 4)[-4:] == points[-4:]).all()


def test_surfaces_meet_a_polynomial_at_points_that_they_never_saw() -> None:
    grid = made_grid()
    rows = errors_of(grid, fit_surfaces(grid), [[0, 1]])
    assert len(rows) == len(GRID_TIERS) * len(GRID_AXES)
    assert max(row.share_95 for row in rows) < 0.1
    assert max(row.refused for row in rows) == 0.0
    bent = replace(grid, people=grid.people**2)
    assert errors_of(bent, fit_surfaces(bent), [[0, 1]])[0].share_95 > errors_of(grid, fit_surfaces(grid), [[0, 1]])[0].share_95


def test_where_nothing_is_moved_nothing_changes() -> None:
    surfaces = fit_surfaces(made_grid(0.01))
    assert (surfaces.at(np.zeros((1, 6))) == 0.0).all()


def test_what_a_left_out_point_misses_is_what_a_fit_without_it_misses() -> None:
    grid = made_grid(0.01)
    surfaces = fit_surfaces(grid)
    terms, unit = terms_of(6), lever_units(grid.points, STATE)[1:-20]
    values, changes = term_values(unit, terms), changes_of(grid.people[:-20]).mean(axis=(1, 2))[:, 0, 0, 0, 0]
    others = np.arange(len(unit)) != 5
    square = values[others].T @ values[others] + 1e-4 * len(values) * np.eye(len(terms))
    weights = np.linalg.solve(square, values[others].T @ changes[others])
    assert surfaces.left_out[5, 0, 0, 0, 0] == pytest.approx(changes[5] - values[5] @ weights, rel=1e-4)


def test_a_view_is_as_wrong_as_the_worst_of_the_nearest_points() -> None:
    units, errors = np.array([[0.0], [0.1], [0.2], [1.0]]), np.array([0.1, 0.9, 0.2, 5.0]).reshape(4, 1, 1)
    assert error_near(np.array([[0.05], [1.0]]), units, errors).ravel().tolist() == [0.9, 5.0]


def test_weights_in_whole_numbers_are_the_weights() -> None:
    surfaces = fit_surfaces(made_grid(0.01))
    whole, scales = whole_weights(surfaces)
    ours = np.moveaxis(surfaces.weights.reshape(len(surfaces.terms), 4, *surfaces.weights.shape[3:]), 0, -1)
    assert np.allclose(whole * scales[..., None], np.moveaxis(ours, 0, 2), atol=float(scales.max()))


def test_the_page_holds_everything_and_asks_for_nothing() -> None:
    text = page_text({"title": "</script><script>alert(1)</script>"})
    assert GRID_TAG + '{"title": "\\u003c/script>' in text
    assert 'src="assets' not in text
    assert 'href="assets' not in text
    assert '"ask.js": "data:text/javascript' in text
    assert "connect-src" not in text


def test_another_page_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / PAGE).write_text("mine", encoding="utf-8")
    with pytest.raises(StateError, match="another page"):
        check_folder(tmp_path)


@pytest.mark.slow
def test_an_export_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    bench = Bench(load_basis(), find_ensemble(), {}, 1)
    state = replace(STATE, items=(), researchers=500)
    seen: list[tuple[str, int, int]] = []

    def stop(phase: str, done: int, total: int) -> None:
        seen.append((phase, done, total))
        if phase == "running" and done > 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_page(bench, state, tmp_path / "page", stop, (32, 4))
    there = len(known_runs(runs_folder(tmp_path / "page")))
    assert there > 30
    again: list[tuple[str, int, int]] = []
    errors = export_page(bench, state, tmp_path / "page", lambda *step: again.append(step), (32, 4))
    bench.close()
    assert again[0] == ("running", there, 4 * 37)
    assert all(np.isfinite(row.share_95) for row in errors)
    assert (tmp_path / "page" / PAGE).stat().st_size < 25_000_000
