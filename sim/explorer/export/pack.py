"""What an exported page holds beside its script: the surfaces in whole numbers, the base, how far both are from the model.

Notation as of `sim.explorer.export.surface`; N runs in one row, D P of them.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sim.comparisons.errors import clear_distance
from sim.comparisons.regions import passing_pair
from sim.engines.axes import AXES, TIERS
from sim.explorer.desk import desk_record
from sim.explorer.export.grid import GRID_AXES, GRID_TIERS, Grid, factors_of, neutral_of
from sim.explorer.export.surface import MOST_ERROR, NEAREST_POINTS, Surfaces, ViewErrors, largest_error, lever_units
from sim.explorer.live import Bench, Finished
from sim.explorer.numbers import member_lists, page_groups, places_of
from sim.explorer.state import PageState, StateError, state_record
from sim.explorer.stream import said_record
from sim.explorer.texts import scenario_text
from sim.explorer.views import VIEWS
from sim.model.world import Floats, Integers

WHOLE_NUMBERS: Final = 32_767
"""Largest of 16 bits: a weight is a whole number times the scale of its surface."""
FREEDOMS: Final = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60, 120)
"""Degrees of freedom whose t quantile the page has; between them it takes 1 / df."""
MARK: Final = 900_000_001.5
"""Value that stands in the scenario file where the page puts its own; the k-th lever's is k more."""


def grid_record(bench: Bench, grid: Grid, surfaces: Surfaces, errors: Sequence[ViewErrors]) -> dict[str, Any]:
    """Write what an exported page reads.

    Parameters
    ----------
    bench
        That made the runs.
    grid
        With its state and points.
    surfaces
        Fitted to it.
    errors
        Of `errors_of`.

    Raises
    ------
    StateError
        If the point where nothing is moved is not the base.
    """
    base = bench.finish(replace(grid.state, items=()))
    check_base(grid, base)
    question, units = bench.question(grid.state), lever_units(grid.points, grid.state)
    fitted, (weights, scales) = slice(1, len(grid.points) - grid.tests), whole_weights(surfaces)
    return {
        "desk": exported_desk(bench, grid.state),
        "state": state_record(middle_state(grid)),
        "said": exported_said(bench, grid.state),
        "fit": VIEWS["fit"](bench, grid.state, {}),
        "places": list(places_of(question)),
        "members": member_lists(question),
        "groups": list(page_groups(question)),
        "passing": list(passing_pair()),
        "tiers": list(GRID_TIERS),
        "axes": list(GRID_AXES),
        "draws": grid.state.draws,
        "replicates": grid.state.replicates,
        "weight": base.pair.weight,
        "first": grid.years[0],
        "years": list(range(2010, grid.years[1] + 1)),
        "neutral": neutral_of(grid.state).tolist(),
        "ends": [item.value for item in grid.state.items],
        "base": as_text(base_counts(base).astype("<i4")),
        "terms": surfaces.terms.tolist(),
        "weights": as_text(weights),
        "scales": as_text(scales),
        "units": as_text(units[fitted].astype("<f4")),
        "leftOut": as_text(largest_error(surfaces.left_out, member_lists(question)).astype("<f4")),
        "nearest": NEAREST_POINTS,
        "mostError": MOST_ERROR,
        "errors": [row._asdict() for row in errors],
        "points": [len(grid.points) - grid.tests - 1, grid.tests],
        "freedoms": [[each, clear_distance(each)] for each in FREEDOMS] + [[1e9, clear_distance(1e9)]],
    }


def base_counts(base: Finished) -> Integers:
    """Cut the base to the tiers and axes of a grid: simulated researchers, (N, Y, K, X, R)."""
    counts = base.pair.base[:, :, :, [TIERS.index(tier) for tier in GRID_TIERS]]
    counts = counts[..., [AXES.index(axis) for axis in GRID_AXES], :]
    return counts.reshape(-1, *counts.shape[2:])


def check_base(grid: Grid, base: Finished) -> None:
    """Refuse a grid whose first point, where nothing is moved, differs from the base; errors as of `grid_record`."""
    counts = base_counts(base)[:, -(grid.years[1] - grid.years[0] + 1) :]
    ours = np.moveaxis(grid.people[0].reshape(-1, *grid.people.shape[3:]), 3, 1)
    if not np.allclose(ours, base.pair.weight * counts, rtol=1e-5, atol=0.01):
        raise StateError("--export: where nothing is moved the grid is not the base; remove its runs and export again")


def whole_weights(surfaces: Surfaces) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Write the weights as whole numbers and their scales: (K, X, N, Y, C, T) and (K, X, N, Y, C)."""
    terms, draws, replicates, *cells = surfaces.weights.shape
    runs = surfaces.weights.reshape(terms, draws * replicates, *cells)  # (T, N, K, X, Y, C)
    ordered = np.transpose(runs, (2, 3, 1, 4, 5, 0))
    scales = np.maximum(np.abs(ordered).max(axis=-1), 1e-12) / WHOLE_NUMBERS
    return np.round(ordered / scales[..., None]).astype("<i2"), scales.astype("<f4")


def as_text(values: NDArray[Any]) -> str:
    """Write the bytes of an array, little-endian, in base64."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()


def middle_state(grid: Grid) -> PageState:
    """Return the state that the page opens with: the first lever half way, nothing else moved."""
    values = neutral_of(grid.state)
    values[0] = 0.5 * (values[0] + grid.state.items[0].value)
    return with_values(grid.state, values)


def with_values(state: PageState, values: Floats) -> PageState:
    """Give the levers of a state other values, (L,)."""
    items = tuple(replace(item, value=float(value)) for item, value in zip(state.items, values, strict=True))
    return replace(state, items=items)


def exported_desk(bench: Bench, state: PageState) -> dict[str, Any]:
    """Write the desk of an exported page: one base, the levers of the grid with their ranges, nothing to be found."""
    desk, names = desk_record(bench), {item.name for item in state.items}
    return desk | {
        "bases": [base for base in desk["bases"] if base["name"] == state.base] or [{"name": state.base, "title": "your file"}],
        "own": {},
        "levers": [card for card in desk["levers"] if card["name"] in names],
        "policies": [],
        "examples": [],
        "assumptions": [],
        "parameters": [],
        "fixed": {factor.target: [factor.low, factor.high] for factor in factors_of(state)},
    }


def exported_said(bench: Bench, state: PageState) -> dict[str, Any]:
    """Write what the page says of every state; the places of the values in the scenario file stand under "marks"."""
    marked = with_values(state, MARK + np.arange(len(state.items), dtype=np.float64))
    record = said_record(bench, bench.question(state))
    lines = scenario_text(marked).splitlines()
    lines[0] = 'title    = "Explored: a point of an exported page"'
    return record | {
        "file": "\n".join(lines) + "\n",
        "marks": [repr(item.value) for item in marked.items],
        "doubts": [],
    }
