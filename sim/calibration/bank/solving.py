"""Solves one point and reads off what is kept of it: rows of evidence, and the headline series to 2035."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from sim.calibration.bank.points import BankPoint, keyed_scores, vector_of
from sim.calibration.modelled import walk_draw, without_tensions
from sim.calibration.observe import Observed, Question, observe, seen_in_walk
from sim.calibration.one_thread import one_thread
from sim.data.declared import CHN, USA
from sim.draws.assembly import Constants
from sim.draws.constants import NotSolvedError
from sim.draws.draw import Draw, make_draw
from sim.engines.axes import AXES
from sim.model.world import FIRST_YEAR, Floats
from sim.runs.outcomes.statistics import ratio
from sim.scenarios.load import load_basis
from sim.scenarios.scenario import Basis

SERIES_YEARS = tuple(range(2019, 2036))
SERIES_TIERS = ("top20", "elite")
TRAINED = (USA, CHN)


class PointTask(NamedTuple):
    """What a worker does: a point, the questions to answer, parameters that are fixed."""

    point: BankPoint
    questions: tuple[Question, ...]
    fixed: tuple[tuple[str, float], ...] = ()


class Solved(NamedTuple):
    """A solved point.

    Parameters
    ----------
    point
        Number and scores.
    keyed
        (U,) normal scores that follow from the number.
    parameters
        All, by name, in the order of the table.
    constants
        Solved for them.
    rows
        (K,) answers to the questions asked.
    shares
        (tiers, years, R) work shares of SERIES_TIERS in SERIES_YEARS.
    stays
        (regions, years) of the visible trained in TRAINED, who work there.
    failure
        "" or why the point could not be solved; all numbers are NaN then.
    """

    point: BankPoint
    keyed: Floats
    parameters: Mapping[str, float]
    constants: Constants | None
    rows: Floats
    shares: Floats
    stays: Floats
    failure: str = ""


def solve_point(task: PointTask) -> Solved:
    """Solve a point and observe it, on the packaged tables; a point that cannot be solved says so in `failure`."""
    basis = load_basis()
    regions = len(basis.data.codes)
    with one_thread():
        parameters = vector_of(basis.data, task.point, dict(task.fixed))
        keyed = keyed_scores(basis, np.array([task.point.number]))[0]
        try:
            draw = make_draw(basis, parameters, task.point.number)
        except NotSolvedError as error:
            nothing = np.full((len(SERIES_TIERS), len(SERIES_YEARS), regions), np.nan)
            rows = np.full(len(task.questions), np.nan)
            return Solved(task.point, keyed, parameters, None, rows, nothing, nothing[:, :, 0], str(error))
        seen = seen_to_horizon(basis, draw)
        shares, stays = headlines(seen)
        return Solved(task.point, keyed, parameters, draw.constants, observe(seen, task.questions), shares, stays)


def seen_to_horizon(basis: Basis, draw: Draw) -> Observed:
    """Walk a draw to the last headline year, and without the tensions as far as evidence asks."""
    years, graduates = walk_draw(basis.data, draw, basis.baseline, SERIES_YEARS[-1])
    calm = without_tensions(basis.baseline)
    return seen_in_walk(basis.data.codes, years, graduates, *walk_draw(basis.data, draw, *calm))


def headlines(seen: Observed) -> tuple[Floats, Floats]:
    """Read the headline series: shares (tiers, years, R) and stays (regions, years)."""
    span = slice(SERIES_YEARS[0] - FIRST_YEAR, SERIES_YEARS[-1] - FIRST_YEAR + 1)
    people = seen.shares[span, : len(SERIES_TIERS), AXES.index("work")]
    shares = ratio(people, people.sum(axis=-1, keepdims=True))
    asked = [Question("stay", {"study": [code], "work": [code]}, year) for code in TRAINED for year in SERIES_YEARS]
    return shares.transpose(1, 0, 2), observe(seen, asked).reshape(len(TRAINED), len(SERIES_YEARS))
