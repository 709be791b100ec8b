"""What an analysis asks of a sweep: numbers by point, draw and replicate, and what the points and the draws differ in.

Notation: N points, K factors, D draws, R replicates.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.data.load import load_data
from sim.data.schema import Data
from sim.draws.draw import lever_uniform
from sim.draws.ensemble import key_of
from sim.files.reading import MOST_TOML_BYTES, read_bounded
from sim.model.world import Floats
from sim.runs.formulas.expressions import Expression, evaluate, parse_expression
from sim.runs.formulas.measures import parse_measure
from sim.runs.outcomes.statistics import ELITE_REPLICATES, ELITE_RESEARCHERS
from sim.runs.reading.tables import DAMAGE
from sim.scenarios.expansions import change_whom
from sim.scenarios.load import load_scenario
from sim.scenarios.reading.text import ScenarioError, nearest_name
from sim.scenarios.scenario import Scenario, lever_values
from sim.sweeps.design.design import Design
from sim.sweeps.design.points import Factor
from sim.sweeps.execute import vectors_of
from sim.sweeps.results import Sweep
from sim.sweeps.store import DESIGN, design_group


class AnalysisError(ValueError):
    """A sweep cannot answer a question; says why and what to do."""


@dataclass(frozen=True)
class Response:
    """One number of every run of a scenario.

    Parameters
    ----------
    expression
        What it is, as it was asked for.
    scenario
        Name.
    against
        Name of the scenario that is subtracted run by run; "" for none.
    method
        How the points were made.
    factors
        K factors.
    points
        (N, K), in the order of the design.
    values
        (N, D, R); NaN where a run is missing, failed or counts nobody.
    """

    expression: str
    scenario: str
    against: str
    method: str
    factors: tuple[Factor, ...]
    points: Floats
    values: Floats

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Which points have all their runs, (N,)."""
        return np.asarray(np.isfinite(self.values).all(axis=(1, 2)), dtype=np.bool_)

    @property
    def missing(self) -> int:
        """Number of runs without a value."""
        return int((~np.isfinite(self.values)).sum())


@dataclass(frozen=True)
class DrawInputs:
    """What differs between draws.

    Parameters
    ----------
    names
        Parameters by name; ``lever ID`` for the size of a lever with a distribution.
    values
        (D, inputs).
    reason
        Why there are none; "" if there are some.
    """

    names: tuple[str, ...]
    values: Floats
    reason: str = ""


def read_expression(sweep: Sweep, text: str, truth: bool, codes: Sequence[str]) -> Expression:
    """Read an expression on what a sweep kept, and refuse the elite where it is too small.

    Raises
    ------
    ExpressionError
        If the text is wrong.
    AnalysisError
        If it asks for the elite and the runs are too few or too small.
    """
    until = int(sweep.record["until"])
    found = parse_expression(text, sweep.measures, codes, until, truth, sweep.groups)
    researchers, replicates = int(sweep.record["researchers"]), int(sweep.record["replicates"])
    is_small = researchers < ELITE_RESEARCHERS or replicates < ELITE_REPLICATES
    for name in found.measures:
        if parse_measure(name, codes, until, sweep.groups).tier == "elite" and is_small:
            raise AnalysisError(
                f"{name}: no sensitivity, discovery or robustness is given for the elite below {ELITE_RESEARCHERS:,} researchers "
                f"x {ELITE_REPLICATES} replicates, and this sweep has {researchers:,} x {replicates}: the elite is a tenth "
                "of the top 20 %, and chance would be read as an effect. Ask for top20, or run a larger sweep"
            )
    return found


def default_measure(sweep: Sweep) -> str:
    """Choose what is analysed if nobody says: the first measure that was kept and is not the elite's."""
    codes, until = load_data().codes, int(sweep.record["until"])
    return next(
        (name for name in sweep.measures if parse_measure(name, codes, until, sweep.groups).tier != "elite"), sweep.measures[0]
    )


def chosen_scenarios(sweep: Sweep, name: str | None) -> tuple[str, ...]:
    """Return one scenario of a sweep, or all.

    Raises
    ------
    AnalysisError
        If it has none of this name.
    """
    if name is None:
        return sweep.scenarios
    if name not in sweep.scenarios:
        near = nearest_name(name, sweep.scenarios)
        hint = f"did you mean {near}? " if near else ""
        raise AnalysisError(f"this sweep has no scenario {name!r}; {hint}It has {', '.join(sweep.scenarios)}")
    return (name,)


def values_by_run(sweep: Sweep, scenario: str, columns: Sequence[str]) -> dict[str, Floats]:
    """Arrange measures by point, draw and replicate.

    Parameters
    ----------
    sweep
        Read.
    scenario
        Name.
    columns
        Formulas of measures.

    Returns
    -------
    (N, D, R) each; points of equal values share their runs.
    """
    frame = sweep.frame()
    frame = frame[frame["scenario"] == scenario]
    unique, back = np.unique(sweep.points, axis=0, return_inverse=True)
    numbers = {tuple(point): number for number, point in enumerate(unique.tolist())}
    names = [factor.name for factor in sweep.factors]
    keys = list(zip(*(frame[name].tolist() for name in names), strict=True)) if names else [()] * len(frame)
    rows = np.array([numbers[key] for key in keys], dtype=np.int64)
    draws = np.maximum(frame["draw"].to_numpy(), 0)
    replicates = frame["replicate"].to_numpy()
    shape = (len(unique), max(1, int(sweep.record["draws"])), int(sweep.record["replicates"]))
    found = {}
    for name in columns:
        values = np.full(shape, np.nan)
        values[rows, draws, replicates] = frame[name].to_numpy(dtype=np.float64)
        found[name] = values[np.ravel(back)]
    return found


def respond(sweep: Sweep, text: str, scenario: str, against: str = "") -> Response:
    """Read one number of every run.

    Parameters
    ----------
    sweep
        Read.
    text
        A measure, or a formula of measures.
    scenario, against
        Names; with ``against`` the number is the difference from that scenario on the same point, draw and random numbers.

    Raises
    ------
    ExpressionError, AnalysisError
        If the text is wrong or the elite too small.
    """
    expression = read_expression(sweep, text, truth=False, codes=load_data().codes)
    values = evaluate(expression, values_by_run(sweep, scenario, expression.measures))
    if against:
        values = values - evaluate(expression, values_by_run(sweep, against, expression.measures))
    return Response(text, scenario, against, str(sweep.record["method"]), sweep.factors, sweep.points, values)


def design_of(sweep: Sweep, codes: Sequence[str]) -> Design:
    """Make the design of a sweep anew from its folder, if its scenarios and the model are still what they were.

    Raises
    ------
    AnalysisError
        If a scenario cannot be read any more or anything that decides the numbers has changed.
    """
    record = sweep.record
    try:
        names = tomllib.loads(read_bounded(sweep.folder / DESIGN, MOST_TOML_BYTES).decode("utf-8"))["scenarios"]
        scenarios = tuple(load_scenario(str(name), horizon=record["until"]) for name in names)
    except (*DAMAGE, ScenarioError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise AnalysisError(f"the sweep's scenarios cannot be read from here ({first})") from error
    rows = tuple(tuple(row) for row in record["rows"])
    kept = tuple(parse_measure(name, codes, record["until"], sweep.groups) for name in sweep.measures)
    design = Design(
        record["title"], scenarios, sweep.factors, record["method"], record["points"], record["sample_seed"], kept,
        record["draws"], record["replicates"], record["researchers"], record["seed"], record["until"], rows=rows,
    )  # fmt: skip
    if design_group(design) != record["group"]:
        raise AnalysisError("the model or a scenario has changed since the sweep was run")
    return design


def draw_inputs(sweep: Sweep, scenario: str) -> DrawInputs:
    """List what differs between the draws of a scenario: uncertain parameters, and sizes of levers with a distribution.

    What is a factor of the sweep is none of a draw's. With a parameter among the factors the draws of two points may differ in
    more than this parameter, because the ranges of some depend on others; then nothing is given.
    """
    data, count = load_data(), int(sweep.record["draws"])
    if not count:
        return _none("the sweep is at the reference point: it has no draws")
    if any(factor.kind == "parameter" for factor in sweep.factors):
        return _none("a factor is a parameter, so that a draw is not the same at every point")
    try:
        design = design_of(sweep, data.codes)
        at_point = design.scenario_at(sweep.scenarios.index(scenario), sweep.points[0].tolist())
        vectors = list(vectors_of(design, at_point, data).values())
    except AnalysisError as error:
        return _none(str(error))
    return inputs_of(data, at_point, vectors, [key_of(design.ensemble, number) for number in range(len(vectors))])


def inputs_of(
    data: Data, scenario: Scenario, vectors: Sequence[Mapping[str, float]], keys: Sequence[int] | None = None
) -> DrawInputs:
    """List what differs between draws.

    Parameters
    ----------
    data
        The packaged tables.
    scenario
        With its levers.
    vectors
        Parameters of the draws, in order.
    keys
        By which the lever values of each are drawn; None: their places.
    """
    found = {p.name: np.array([vector[p.name] for vector in vectors]) for p in data.parameters}
    drawn = [lever_values(scenario, partial(lever_uniform, key)) for key in keys or range(len(vectors))]
    found |= {f"lever {name}": np.array([values[name] for values in drawn]) for name in drawn[0]}
    moved = {name: values for name, values in found.items() if np.ptp(values) > 0.0}
    if not moved:
        return _none("nothing differs between the draws")
    return DrawInputs(tuple(moved), np.stack(list(moved.values()), axis=1))


def meanings(sweep: Sweep, scenario: str, names: Sequence[str]) -> dict[str, str]:
    """Say in words what factors and inputs of draws are, by name; what cannot be found out is left out."""
    data = load_data()
    parameters = {p.name: f"{p.meaning} ({p.unit})" for p in data.parameters}
    try:
        levers = {change.id: change for change in design_of(sweep, data.codes).scenarios[sweep.scenarios.index(scenario)].levers}
    except AnalysisError:
        levers = {}
    factors = {factor.name: factor for factor in sweep.factors}
    found = {}
    for name in names:
        factor = factors.get(name)
        if factor is not None and factor.kind == "parameter":
            found[name] = parameters.get(factor.target, factor.target)
            continue
        target = factor.target if factor is not None else name.removeprefix("lever ")
        change = levers.get(target)
        if change is not None:
            window = {"from": "first year of", "until": "last year of"}.get(factor.kind if factor is not None else "", "")
            what = window or {"set": "value of", "multiply": "factor on", "add": "addition to"}[change.change]
            found[name] = f"{what} {change.name}, {change_whom(change, data.codes)} (lever {target})"
        elif name in parameters:
            found[name] = parameters[name]
    return found


def _none(reason: str) -> DrawInputs:
    return DrawInputs((), np.empty((0, 0)), reason)
