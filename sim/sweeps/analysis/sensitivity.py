"""Which inputs matter: Sobol indices, Morris screening, PAWN, rank correlations and conditional means, with their intervals.

Inputs are the factors of a sweep, or what differs between its draws. The output is a mean over draws and replicates for each
point (or over points and replicates for each draw); what the replicates leave of chance in it is given beside the indices.

Notation: N rows (points or draws), K inputs, R replicates. Intervals are 95 %, from a bootstrap of what is independent in the
design: base points of saltelli, trajectories of morris, rows of the others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.model.world import Floats, Integers
from sim.runs.outcomes.statistics import variance_parts
from sim.sweeps.analysis.responses import AnalysisError, DrawInputs, Response
from sim.sweeps.design.points import MORRIS_LEVELS, salib_problem

RESAMPLES, FEWER_RESAMPLES, SEED, NORMAL_95 = 1_000, 200, 2035, 1.959963984540054


FEWEST_INPUT_ROWS = 20


FEWEST_BLOCKS: Mapping[str, int] = {"saltelli": 8, "morris": 4}


MOST_SLICES, ROWS_PER_SLICE = 10, 16


FIFTHS = 5
"""Fifths of an input's range, of which the lowest and the highest make the tornado."""


INDEX_STATISTICS: Mapping[str, str] = {
    "first_order": "share of the variance that goes when this input alone is fixed (Sobol)",
    "total_order": "share of the variance that stays when only this input is left free (Sobol)",
    "second_order": "share of the variance from two inputs together beyond each alone (Sobol)",
    "first_order_sum": "sum of the first-order shares; 1 without interactions",
    "mu": "mean change of the output, scaled to a move through the input's whole range (Morris)",
    "mu_star": "mean size of that change (Morris)",
    "sigma": "how much that change differs from place to place: interactions and bends (Morris)",
    "pawn": "median distance between the output's distribution with the input in one slice and at large, 0..1 (PAWN)",
    "pawn_chance": "what none of the inputs would exceed in 95 of 100 cases if no input mattered (PAWN)",
    "rank_correlation": "Spearman's rank correlation of input and output",
    "mean_low": "mean output with the input in its lowest part (a fifth, or its lowest value)",
    "mean_high": "mean output with the input in its highest part",
}


@dataclass(frozen=True)
class Index:
    """One statistic of one input.

    Parameters
    ----------
    statistic
        One of `INDEX_STATISTICS`.
    input, second
        Names; second of a pair, else "".
    value, low, high
        The estimate and its 95 % interval; NaN where there is none.
    """

    statistic: str
    input: str
    second: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Noise:
    """How much of the output is chance.

    Parameters
    ----------
    of_a_run
        Share of the variance of single runs that lies between the replicates of one point and draw; NaN with one replicate.
    common
        Share of this that is the same in all rows, because they share random numbers: it moves no index.
    of_the_means
        Share of the variance of the means that the indices rest on; NaN with one replicate.
    between_others
        Share of the variance of single runs that lies between draws (or points, where the rows are draws); NaN with one.
    """

    of_a_run: float
    common: float
    of_the_means: float
    between_others: float


@dataclass(frozen=True)
class Sensitivity:
    """What the inputs of a sweep do to a number.

    Parameters
    ----------
    expression, scenario, against, method
        As in `sim.sweeps.analysis.responses.Response`.
    rows_are
        ``points`` or ``draws``.
    rows
        Number of rows used.
    left_out
        Number of rows left out because a run of theirs (or of their base point or trajectory) is missing or failed.
    inputs
        Names, in the order of the design.
    mean, sd
        Of the output over rows.
    indices
        All statistics.
    noise
        Chance in the output.
    """

    expression: str
    scenario: str
    against: str
    method: str
    rows_are: str
    rows: int
    left_out: int
    inputs: tuple[str, ...]
    mean: float
    sd: float
    indices: tuple[Index, ...]
    noise: Noise

    @property
    def independent_rows(self) -> int:
        """Number of rows that are independent of one another: of saltelli's, two of each base point."""
        return self.rows // (len(self.inputs) + 1) if self.method == "saltelli" else self.rows

    def values(self, statistic: str) -> dict[str, Index]:
        """Return a statistic by input; empty if the design does not give it."""
        return {each.input: each for each in self.indices if each.statistic == statistic}

    @property
    def ranking(self) -> tuple[str, ...]:
        """Inputs, the most important first: by total order, mean size of change, or PAWN."""
        for statistic in ("total_order", "mu_star", "pawn"):
            found = self.values(statistic)
            if found:
                return tuple(sorted(self.inputs, key=lambda name: -found[name].value))
        return self.inputs


def sensitivity_to_factors(response: Response) -> Sensitivity:
    """Find out which factors of a sweep matter.

    Parameters
    ----------
    response
        Of a sweep whose points differ.

    Raises
    ------
    AnalysisError
        If there are no factors, too few rows, or the output never differs.
    """
    names = tuple(factor.name for factor in response.factors)
    if not names:
        raise AnalysisError("the sweep has no factors; what its draws differ in is analysed instead if there are 20 of them")
    blocks = blocks_of(response.method, len(names), len(response.points))
    whole = response.complete[blocks].all(axis=1)
    kept = blocks[whole]
    rows = kept.ravel()
    fewest = FEWEST_BLOCKS.get(response.method, FEWEST_INPUT_ROWS)
    if len(kept) < fewest:
        kind = {"saltelli": "base points", "morris": "trajectories"}.get(response.method, "points")
        raise AnalysisError(f"{len(kept)} {kind} of {len(blocks)} have all their runs; sensitivity needs at least {fewest}")
    x, values = response.points[rows], response.values[rows]
    y = means_of(values, response)
    local = np.arange(len(rows)).reshape(kept.shape)
    indices: list[Index] = []
    if response.method == "saltelli":
        indices += sobol_indices(names, y)
        independent = local[:, [0, -1]].ravel()
    else:
        independent = local.ravel()
    if response.method == "morris":
        indices += morris_indices(names, x, y, local)
        indices += (replace(each, low=math.nan, high=math.nan) for each in tornado(names, x, y))
    else:
        indices += given_data(names, x[independent], y[independent])
        indices += tornado(names, x[independent], y[independent])
    return Sensitivity(
        response.expression, response.scenario, response.against, response.method, "points", len(rows),
        len(response.points) - len(rows), names, float(y.mean()), float(y.std()), tuple(indices), noise_of(values),
    )  # fmt: skip


def sensitivity_to_draws(response: Response, inputs: DrawInputs) -> Sensitivity:
    """Find out which uncertain inputs matter, from the draws that there are.

    Parameters
    ----------
    response
        Of a sweep with draws.
    inputs
        What differs between them.

    Raises
    ------
    AnalysisError
        If there are too few draws, nobody knows what they differ in, or the output never differs.
    """
    if inputs.reason:
        raise AnalysisError(inputs.reason)
    by_draw = response.values.transpose(1, 0, 2)
    whole = np.isfinite(by_draw).all(axis=(1, 2))
    if whole.sum() < FEWEST_INPUT_ROWS:
        raise AnalysisError(
            f"{whole.sum()} draws have all their runs; sensitivity to what draws differ in needs {FEWEST_INPUT_ROWS}"
        )
    values, x = by_draw[whole], inputs.values[whole]
    y = means_of(values, response)
    indices = [*given_data(inputs.names, x, y), *tornado(inputs.names, x, y)]
    return Sensitivity(
        response.expression, response.scenario, response.against, "draws", "draws", len(y), int((~whole).sum()),
        inputs.names, float(y.mean()), float(y.std()), tuple(indices), noise_of(values),
    )  # fmt: skip


def means_of(values: Floats, response: Response) -> Floats:
    """Average (N, D, R) over draws and replicates.

    Raises
    ------
    AnalysisError
        If all rows are equal.
    """
    y: Floats = values.mean(axis=(1, 2))
    if np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())):
        raise AnalysisError(f"{response.expression} is {y[0]:g} everywhere under {response.scenario}: nothing moves it")
    return y


def blocks_of(method: str, factors: int, points: int) -> Integers:
    """Cut the points of a design into what is drawn together, (blocks, points of one)."""
    size = {"saltelli": 2 * factors + 2, "morris": factors + 1}.get(method, 1)
    return np.arange(points // size * size).reshape(-1, size)


def noise_of(values: Floats) -> Noise:
    """Measure the chance in an output, (N, D, R), by analysis of variance.

    Replicate r stands for the same random numbers in every row, so that its mean over rows is common to all and moves no
    index; what is left of a replicate in a row after that, over R, is in the means.
    """
    _, others, replicates = values.shape
    total = float(values.var())
    of_others = math.nan
    if total <= 0.0:
        return Noise(math.nan, math.nan, math.nan, math.nan)
    within = float(values.var(axis=2, ddof=1).mean()) if replicates > 1 else 0.0
    if others > 1:
        between = float(values.mean(axis=2).var(axis=1, ddof=1).mean()) - within / replicates
        of_others = min(1.0, max(0.0, between / total))
    if replicates < 2:
        return Noise(math.nan, math.nan, math.nan, of_others)
    table = values.mean(axis=1)
    _, shared, left = map(float, variance_parts(table))
    means = float(table.mean(axis=1).var(ddof=1))
    common = shared / (shared + left) if shared + left > 0.0 else 0.0
    return Noise(min(1.0, within / total), common, min(1.0, left / replicates / means), of_others)


def sobol_indices(names: Sequence[str], y: Floats) -> Iterator[Index]:
    """Estimate Sobol indices from outputs in the order of Saltelli's design, (base points x (2 K + 2),)."""
    from SALib.analyze import sobol

    problem = salib_problem(names, [(0.0, 1.0)] * len(names))
    found = sobol.analyze(problem, y.copy(), num_resamples=RESAMPLES, seed=SEED, keep_resamples=True)
    for k, name in enumerate(names):
        yield around("first_order", name, found["S1"][k], found["S1_conf"][k])
    for k, name in enumerate(names):
        yield around("total_order", name, found["ST"][k], found["ST_conf"][k])
    for j, name in enumerate(names):
        for k in range(j + 1, len(names)):
            yield around("second_order", name, found["S2"][j, k], found["S2_conf"][j, k], names[k])
    sums = found["S1_conf_all"].sum(axis=1)
    yield around("first_order_sum", "", found["S1"].sum(), NORMAL_95 * float(sums.std(ddof=1)))


def morris_indices(names: Sequence[str], x: Floats, y: Floats, blocks: Integers) -> Iterator[Index]:
    """Estimate Morris's measures from trajectories, with a bootstrap over them.

    Parameters
    ----------
    names
        Of the K inputs.
    x, y
        (N, K) in the factors' units, (N,).
    blocks
        Rows of each trajectory, in order, (trajectories, K + 1).
    """
    generator = np.random.default_rng(SEED)
    whole = elementary_effects(names, x, y, blocks)
    picks = generator.integers(len(blocks), size=(FEWER_RESAMPLES, len(blocks)))
    again = {key: np.empty((FEWER_RESAMPLES, len(names))) for key in whole}
    for number, pick in enumerate(picks):
        for key, values in elementary_effects(names, x, y, blocks[pick]).items():
            again[key][number] = values
    for key, values in whole.items():
        for k, name in enumerate(names):
            yield around(key, name, values[k], NORMAL_95 * float(again[key][:, k].std(ddof=1)))


def elementary_effects(names: Sequence[str], x: Floats, y: Floats, blocks: Integers) -> dict[str, Floats]:
    """Ask SALib for mu, mu* and sigma of some trajectories, (K,) each."""
    from SALib.analyze import morris

    problem = salib_problem(names, [(0.0, 1.0)] * len(names))
    rows = blocks.ravel()
    found = morris.analyze(problem, x[rows], y[rows], num_resamples=2, num_levels=MORRIS_LEVELS, seed=SEED)
    return {key: np.asarray(found[key], dtype=np.float64) for key in ("mu", "mu_star", "sigma")}


def given_data(names: Sequence[str], x: Floats, y: Floats) -> Iterator[Index]:
    """Estimate PAWN and rank correlations from rows that are independent of one another, (N, K) and (N,)."""
    if len(y) < FEWEST_INPUT_ROWS:
        return
    generator = np.random.default_rng(SEED)
    slices = np.stack([slices_of(column) for column in x.T], axis=1)
    picks = generator.integers(len(y), size=(FEWER_RESAMPLES, len(y)))
    pawns = np.array([pawn(slices[pick], y[pick]) for pick in picks])
    for k, (name, value) in enumerate(zip(names, pawn(slices, y), strict=True)):
        yield around("pawn", name, value, NORMAL_95 * float(pawns[:, k].std(ddof=1)))
    chance = [float(pawn(slices, generator.permutation(y)).max()) for _ in range(FEWER_RESAMPLES)]
    yield Index("pawn_chance", "", "", float(np.quantile(chance, 0.95)), math.nan, math.nan)
    correlations = np.array([rank_correlations(x[pick], y[pick]) for pick in picks])
    for k, (name, value) in enumerate(zip(names, rank_correlations(x, y), strict=True)):
        yield around("rank_correlation", name, value, NORMAL_95 * float(correlations[:, k].std(ddof=1)))


def slices_of(column: Floats, count: int = 0) -> Integers:
    """Cut an input into slices of equal numbers of rows, or by its values where it has few; numbers from 0, (N,)."""
    count = count or max(2, min(MOST_SLICES, len(column) // ROWS_PER_SLICE))
    levels = np.unique(column)
    if len(levels) <= count:
        return np.searchsorted(levels, column).astype(np.int64)
    edges = np.quantile(column, np.arange(1, count) / count)
    return np.searchsorted(edges, column, side="right").astype(np.int64)


def pawn(slices: Integers, y: Floats) -> Floats:
    """Measure how far the distribution of an output in the slices of each input lies from the whole one.

    The median over slices of the Kolmogorov-Smirnov distance (Pianosi and Wagener 2018), as `SALib.analyze.pawn`, which loses
    the highest value of every input and so a whole level of a grid.

    Parameters
    ----------
    slices
        Of `slices_of`, (N, K).
    y
        (N,).

    Returns
    -------
    (K,), 0..1.
    """
    order = np.argsort(y, kind="stable")
    ordered = y[order]
    is_last = np.append(ordered[1:] != ordered[:-1], True)
    whole = (np.arange(len(y)) + 1.0)[is_last] / len(y)
    found = np.empty(slices.shape[1])
    for k, column in enumerate(slices[order].T):
        inside = column[:, None] == np.unique(column)
        distribution = np.cumsum(inside, axis=0)[is_last] / inside.sum(axis=0)
        found[k] = np.median(np.abs(distribution - whole[:, None]).max(axis=0))
    return found


def rank_correlations(x: Floats, y: Floats) -> Floats:
    """Return Spearman's rank correlation of each input with the output, (K,); 0 where one of them never differs."""
    from scipy.stats import rankdata

    ranks = rankdata(np.column_stack([x, y]), axis=0)
    ranks -= ranks.mean(axis=0)
    sizes = np.sqrt((ranks**2).sum(axis=0))
    products = (ranks[:, :-1] * ranks[:, -1:]).sum(axis=0)
    scale = sizes[:-1] * sizes[-1]
    found: Floats = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0.0)
    return found


def tornado(names: Sequence[str], x: Floats, y: Floats) -> Iterator[Index]:
    """Average the output where an input is in its lowest and in its highest part, whatever the others are."""
    for name, column in zip(names, x.T, strict=True):
        parts = slices_of(column, FIFTHS)
        for statistic, part in (("mean_low", parts.min()), ("mean_high", parts.max())):
            held = y[parts == part]
            half = NORMAL_95 * float(held.std(ddof=1)) / math.sqrt(len(held)) if len(held) > 1 else math.nan
            yield around(statistic, name, float(held.mean()), half)


def around(statistic: str, name: str, value: float, half: float, second: str = "") -> Index:
    """Make an index with an interval of equal halves."""
    return Index(statistic, name, second, float(value), float(value - half), float(value + half))
