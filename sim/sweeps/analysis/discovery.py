"""Under which conditions an outcome happens: boxes of input ranges by PRIM and CART, with coverage and density, and in words.

A row is a point and a draw; measures are averaged over replicates before the condition is asked. Coverage is the share of all
cases of interest that lie in a box, density the share of the rows in the box that are cases of interest.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.data.load import load_data
from sim.model.world import Floats
from sim.runs.formulas.expressions import evaluate
from sim.sweeps.analysis.responses import AnalysisError, DrawInputs, draw_inputs, read_expression, values_by_run
from sim.sweeps.results import Sweep

if TYPE_CHECKING:
    import pandas as pd


FEWEST_BOX_ROWS, FEWEST_CASES = 40, 8
FEWEST_INDEPENDENT = 20


LEAST_MASS, LEAST_ROWS = 0.05, 10
"""Share and number of the rows that a box holds at least."""


FEWEST_INPUTS, ROWS_PER_INPUT = 5, 10


MOST_BOXES = 3


MOST_LEAVES = 8


SIGNIFICANT = 0.05
"""A restriction stays if chance alone would do as well in fewer cases than this (quasi-p value)."""


PRIM, CART = "PRIM", "CART"


@dataclass(frozen=True)
class Limit:
    """The range of one input in a box.

    Parameters
    ----------
    input
        Name.
    low, high
        NaN where the box ends where the rows do.
    chance
        Quasi-p value: how often chance would do as well as this restriction.
    """

    input: str
    low: float
    high: float
    chance: float = math.nan

    def __str__(self) -> str:
        """Say it in words."""
        if math.isnan(self.high):
            return f"{self.input} at least {short_number(self.low)}"
        if math.isnan(self.low):
            return f"{self.input} at most {short_number(self.high)}"
        return f"{self.input} from {short_number(self.low)} to {short_number(self.high)}"


@dataclass(frozen=True)
class Box:
    """A box of input ranges.

    Parameters
    ----------
    method
        ``PRIM`` or ``CART``.
    limits
        Of the inputs it restricts.
    rows, cases
        In the box.
    coverage, density
        0..1.
    """

    method: str
    limits: tuple[Limit, ...]
    rows: int
    cases: int
    coverage: float
    density: float

    def __str__(self) -> str:
        """Say it in words."""
        return " and ".join(map(str, self.limits)) or "everywhere"


@dataclass(frozen=True)
class Step:
    """One step of PRIM's first peeling: what is left after it."""

    coverage: float
    density: float
    mass: float
    restricted: int


@dataclass(frozen=True)
class Discovery:
    """Where an outcome happens.

    Parameters
    ----------
    where
        The condition.
    scenario
        Name.
    inputs
        Names of what may restrict a box.
    x, y
        (N, inputs), and whether the outcome happens, (N,).
    left_out
        Rows left out because a run is missing or failed, or the condition is undefined.
    disagreement
        Share of the rows in which the replicates do not all agree.
    boxes
        Of PRIM, the first found first, then of CART, the densest first.
    steps
        Of the first peeling of PRIM.
    note
        Why the draws' inputs are not among the inputs; "" if they are or there are none.
    set_aside
        Number of inputs that were not tried because there are too few rows for so many.
    """

    where: str
    scenario: str
    inputs: tuple[str, ...]
    x: Floats
    y: NDArray[np.bool_]
    left_out: int
    disagreement: float
    boxes: tuple[Box, ...]
    steps: tuple[Step, ...]
    note: str
    set_aside: int

    @property
    def base_rate(self) -> float:
        """Share of all rows in which the outcome happens."""
        return float(self.y.mean())


def discover(sweep: Sweep, where: str, scenario: str, density: float = 0.8) -> Discovery:
    """Find boxes of inputs in which an outcome happens.

    Parameters
    ----------
    sweep
        Read.
    where
        A condition on the measures that it kept; see `sim.runs.formulas.expressions`.
    scenario
        Name.
    density
        Of PRIM the box with the highest coverage among those of at least this density is told, 0..1.

    Raises
    ------
    ExpressionError
        If the condition is wrong.
    AnalysisError
        If the elite is too small, or too few rows decide.
    ModuleNotFoundError
        If ema_workbench is not installed (the extra `analysis`).
    """
    expression = read_expression(sweep, where, truth=True, codes=load_data().codes)
    columns = values_by_run(sweep, scenario, expression.measures)
    with np.errstate(invalid="ignore"):
        averaged = {name: values.mean(axis=2) for name, values in columns.items()}
    happens = evaluate(expression, averaged)
    known = np.isfinite(happens)
    by_replicate = evaluate(expression, columns)[known]
    names, x, note = inputs_by_row(sweep, draw_inputs(sweep, scenario))
    x, y = x[known.ravel()], happens[known] > 0.5
    check_independent(known, sweep)
    check_rows(where, scenario, names, y)
    tried = worth_trying(x, y)
    set_aside, names, x = len(names) - len(tried), tuple(names[k] for k in tried), x[:, tried]
    boxes, steps = prim_boxes(names, x, y, density)
    return Discovery(
        where, scenario, names, x, y, int((~known).sum()), float(np.mean(np.ptp(by_replicate, axis=1) > 0.0)),
        (*boxes, *cart_boxes(names, x, y, density)), steps, note, set_aside,
    )  # fmt: skip


def inputs_by_row(sweep: Sweep, inputs: DrawInputs) -> tuple[tuple[str, ...], Floats, str]:
    """Put factors and what draws differ in side by side, a row for each point and draw.

    Returns
    -------
    Names; (N x D, inputs) with draws within points; why the draws' inputs are left out, or "".
    """
    points, draws = sweep.points, max(1, int(sweep.record["draws"]))
    rows = np.repeat(points, draws, axis=0)
    names = tuple(factor.name for factor in sweep.factors)
    if inputs.reason:
        return names, rows, inputs.reason if draws > 1 else ""
    return (*names, *inputs.names), np.hstack([rows, np.tile(inputs.values, (len(points), 1))]), ""


def check_independent(known: NDArray[np.bool_], sweep: Sweep) -> None:
    """Refuse a sweep in which too little was drawn anew: rows that share a draw, or a point, are not independent.

    Parameters
    ----------
    known
        Which points and draws have all their runs, (N, D).
    sweep
        It is of.

    Raises
    ------
    AnalysisError
        With the number of draws, or of points where there is one draw, and how many are needed.
    """
    draws, points = int(known.any(axis=0).sum()), int(known.any(axis=1).sum())
    if known.shape[1] > 1 and draws < FEWEST_INDEPENDENT:
        raise AnalysisError(
            f"{draws} draws have all their runs; discovery needs {FEWEST_INDEPENDENT}: the {points} points of a draw share its "
            f"parameters and count once. Set draws = {FEWEST_INDEPENDENT} in the design, or 0 for the reference point"
        )
    if known.shape[1] == 1 and points < FEWEST_INDEPENDENT:
        raise AnalysisError(f"{points} points have all their runs; discovery needs {FEWEST_INDEPENDENT}")


def check_rows(where: str, scenario: str, names: Sequence[str], y: NDArray[np.bool_]) -> None:
    """Refuse what no box can be found in.

    Raises
    ------
    AnalysisError
        Saying what is too few.
    """
    cases = int(y.sum())
    if not names:
        raise AnalysisError("nothing differs between the runs of this sweep but chance; it needs factors or draws")
    if len(y) < FEWEST_BOX_ROWS:
        raise AnalysisError(f"discovery needs at least {FEWEST_BOX_ROWS} points x draws with all their runs; there are {len(y)}")
    if cases in (0, len(y)):
        raise AnalysisError(f"{where}: {'always' if cases else 'never'} so in the {len(y)} rows of {scenario}; there is no box")
    if min(cases, len(y) - cases) < FEWEST_CASES:
        raise AnalysisError(
            f"{where}: so in {cases} of {len(y)} rows of {scenario}; a box needs at least {FEWEST_CASES} on either side"
        )


def worth_trying(x: Floats, y: NDArray[np.bool_]) -> list[int]:
    """Choose the inputs that may restrict a box: with more than one for ten rows those that go most with the outcome, by rank.

    Peeling along very many inputs follows chance: some restriction always looks good, and what matters is lost among them.
    """
    from scipy.stats import rankdata

    most = max(FEWEST_INPUTS, len(y) // ROWS_PER_INPUT)
    if x.shape[1] <= most:
        return list(range(x.shape[1]))
    ranks = rankdata(x, axis=0)
    apart = np.abs(ranks[y].mean(axis=0) - ranks[~y].mean(axis=0)) / np.maximum(ranks.std(axis=0), 1e-12)
    return sorted(int(k) for k in np.argsort(-apart, kind="stable")[:most])


def prim_boxes(names: Sequence[str], x: Floats, y: NDArray[np.bool_], density: float) -> tuple[tuple[Box, ...], tuple[Step, ...]]:
    """Find boxes by PRIM, one after another, each on the rows that the earlier ones left.

    Parameters
    ----------
    names, x, y
        As in `Discovery`.
    density
        Least density of a box.

    Returns
    -------
    At most `MOST_BOXES` boxes; the steps of the first peeling.
    """
    found: list[Box] = []
    steps: tuple[Step, ...] = ()
    with quiet():
        from ema_workbench.analysis.prim import Prim

        algorithm = Prim(frame_of(names, x), y.astype(np.int64), threshold=0.5, mass_min=least_mass(len(y)))
        while len(found) < MOST_BOXES:
            box = algorithm.find_box()
            if box is None or len(box.box_lims) < 2:
                break
            way = box.peeling_trajectory
            if not steps:
                columns = (way[name].tolist() for name in ("coverage", "density", "mass", "res_dim"))
                steps = tuple(Step(float(c), float(d), float(m), int(r)) for c, d, m, r in zip(*columns, strict=True))
            boxes = [restricted(PRIM, names, x, y, lims) for lims in box.box_lims]
            step = chosen_step(boxes, density)
            told = boxes[step]
            box.select(step)
            if not told.limits or told.density <= float(y.mean()) or (found and told.density < density):
                break
            found.append(told)
    return tuple(found), steps


def least_mass(rows: int) -> float:
    """Return the share of the rows that a box holds at least."""
    return max(LEAST_MASS, LEAST_ROWS / rows)


def chosen_step(boxes: Sequence[Box], least: float) -> int:
    """Choose a step of a peeling: the highest coverage among the boxes dense enough, else the densest."""
    dense = [step for step, box in enumerate(boxes) if box.density >= least]
    if dense:
        return max(dense, key=lambda step: (boxes[step].coverage, boxes[step].density))
    return max(range(len(boxes)), key=lambda step: (boxes[step].density, boxes[step].coverage))


def restricted(method: str, names: Sequence[str], x: Floats, y: NDArray[np.bool_], lims: pd.DataFrame) -> Box:
    """Make a box from the limits of ema_workbench, without the restrictions that chance would do as well, counted anew.

    They are dropped one at a time, the least significant first. The chance of one is that of at least as many cases among as many
    rows as the box holds, if cases were as frequent as they are without it (quasi-p of Bryant and Lempert 2010).
    """
    inside: dict[str, NDArray[np.bool_]] = {}
    limits: dict[str, Limit] = {}
    for k, name in enumerate(names):
        low, high = (float(each) for each in lims[name])
        column = x[:, k]
        is_low, is_high = low > column.min(), high < column.max()
        if is_low or is_high:
            limits[name] = Limit(name, low if is_low else math.nan, high if is_high else math.nan)
            inside[name] = (column >= low) & (column <= high)
    chances: dict[str, float] = {}
    while inside:
        chances = {name: chance_of(name, inside, y) for name in inside}
        worst = max(chances, key=lambda name: chances[name])
        if chances[worst] <= SIGNIFICANT:
            break
        del inside[worst], chances[worst]
    rows = np.logical_and.reduce([np.ones(len(y), dtype=bool), *inside.values()])
    cases, count = int(y[rows].sum()), int(rows.sum())
    told = tuple(replace(limits[name], chance=chances[name]) for name in inside)
    return Box(method, told, count, cases, cases / int(y.sum()), cases / max(1, count))


def chance_of(name: str, inside: Mapping[str, NDArray[np.bool_]], y: NDArray[np.bool_]) -> float:
    """Return how often chance would do as well as one restriction of a box, given the rows inside each restriction."""
    from scipy.stats import binom

    others = np.logical_and.reduce([np.ones(len(y), dtype=bool), *(held for key, held in inside.items() if key != name)])
    rows = others & inside[name]
    return float(binom.sf(y[rows].sum() - 1, rows.sum(), y[others].mean()))


def cart_boxes(names: Sequence[str], x: Floats, y: NDArray[np.bool_], density: float) -> tuple[Box, ...]:
    """Find boxes by CART: the leaves of a small tree that are dense enough, the densest first; else the densest leaf."""
    with quiet():
        from ema_workbench.analysis import cart
        from sklearn.tree import DecisionTreeClassifier

        found = cart.CART(frame_of(names, x), y.astype(np.int64), mass_min=least_mass(len(y)))
        # The workbench's own tree breaks ties by the global generator; the same tree with a seed is given to it instead.
        least = max(1, int(least_mass(len(y)) * len(y)))
        tree = DecisionTreeClassifier(min_samples_leaf=least, max_leaf_nodes=MOST_LEAVES, random_state=1)
        found.clf = tree.fit(x, y.astype(np.int64))
        boxes = found.boxes if tree.tree_.node_count > 1 else []
    # Leaves that differ by nothing but restrictions that chance would do as well are one.
    leaves = {str(leaf): leaf for leaf in (restricted(CART, names, x, y, lims) for lims in boxes)}
    told = sorted(leaves.values(), key=lambda box: (-box.density, -box.coverage))
    dense = tuple(box for box in told if box.density >= density)
    return dense[:MOST_BOXES] or tuple(told[:1])


def frame_of(names: Sequence[str], x: Floats) -> pd.DataFrame:
    """Give inputs to ema_workbench, which would drop a column called scenario."""
    import pandas as pd

    return pd.DataFrame(x, columns=list(names))


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the notices of ema_workbench to itself; they tell the user nothing about the sweep."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        logging.disable(level)


def short_number(value: float) -> str:
    """Write a number with three digits, without a leading zero."""
    text = f"{value:.3g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
