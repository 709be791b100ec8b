"""Solves a point of a strict ensemble: every target at the one year that is known, nothing at the other."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Mapping
from itertools import islice

import numpy as np

from sim.calibration.bank.points import keyed_scores, vector_of
from sim.calibration.bank.solving import PointTask, Solved
from sim.calibration.modelled import walk_draw, without_tensions
from sim.calibration.observe import observe, seen_in_walk
from sim.calibration.one_thread import one_thread
from sim.calibration.validation.strict.inputs import strict_basis
from sim.calibration.validation.strict.targets import VISIBLE_PART, authors, strict_targets
from sim.data.declared import LAST_OUTCOME
from sim.data.schema import Data
from sim.draws.assembly import Constants
from sim.draws.constants import Equations, NotSolvedError, Walked, logit, solve_constants
from sim.draws.draw import Draw, policies_in_force
from sim.draws.targets import SolvedTargets
from sim.engines.expected.years import ALL_YEARS, ExpectedYear, Visibility
from sim.model.world import FIRST_YEAR, REPORT_FROM, Floats
from sim.scenarios.levers.changes import Policies

GROWTH = 0.2
"""Of the number of authors a year where none may be known: registered (registration.toml)."""
NO_SERIES = np.zeros(0)
"""In place of the headline series to 2035, which no strict test asks for."""


class StrictEquations(Equations):
    """The equations of a draw, every target at the one year that is known; the walk ends with the last year of evidence."""

    def __init__(
        self, data: Data, parameters: Mapping[str, float], policies: Policies, targets: SolvedTargets, knows: int
    ) -> None:  # fmt: skip
        super().__init__(data, parameters, policies, targets)
        self.knows = knows
        self.authors = authors(data, knows, GROWTH, parameters["visible_fraction_trend"])

    def walk(
        self, constants: Constants, until: int, patterns: int, ties: int, counted: Container[int] = ALL_YEARS
    ) -> Iterator[ExpectedYear]:  # fmt: skip
        """Compute expected years, not beyond the last year of evidence."""
        return super().walk(constants, min(until, LAST_OUTCOME), patterns, ties, counted)

    def visibility(self, early: float, until: int) -> list[Visibility]:
        """List how many are visible by year: a fixed share before 2010, then authors counted or grown."""
        return [
            Visibility(math.nan, early, 0.0)
            if year < REPORT_FROM
            else Visibility(float(self.authors[year - FIRST_YEAR]), math.nan, 0.0)
            for year in range(FIRST_YEAR, until + 1)
        ]

    def walked_step(self, x: Floats, patterns: int, ties: int) -> Floats:
        """Walk to the year that is known and compute steps, all shares read there."""
        constants = self.unpack(x)
        rest = self.walk(constants, LAST_OUTCOME, patterns, ties, (REPORT_FROM, self.knows))
        walked = list(islice(rest, self.knows - FIRST_YEAR + 1))
        self.walked = Walked((x.tobytes(), patterns, ties), walked, rest)
        years = {year.year: year for year in walked}
        then, early = years[self.knows], years[REPORT_FROM]
        damp = self.parameters["nest_dissimilarity"]
        shares = [then.shares[0, axis] / then.shares[0, axis].sum() for axis in (2, 0)]
        level = math.log(self.authors[self.knows - FIRST_YEAR] / VISIBLE_PART / then.shares[2, 0].sum())
        named, errors = self.named_steps(constants, then, then)
        visible = early.shares[0, 0].sum() / early.eligible
        self.error = max(
            float(np.abs(self.targets.work - shares[0]).max()), float(np.abs(self.targets.origin - shares[1]).max()), *errors,
            0.1 * abs(level),
        )  # fmt: skip
        return np.concatenate(
            [
                damp * np.log(self.targets.work / shares[0]),
                np.log(self.targets.origin / shares[1]) + level,
                named,
                [logit(visible) - logit(constants.early_visible)],
                self.industry_steps(years, damp),
            ]
        )


def solve_strict(knows: int, parameters: Mapping[str, float], number: int) -> Draw:
    """Solve a draw on the measurements of one year.

    Raises
    ------
    NotSolvedError : a target is missed by more than ACCEPTED.
    """
    basis = strict_basis(knows)
    policies = policies_in_force(basis.data, basis.baseline, parameters, number)
    problem = StrictEquations(basis.data, parameters, policies, strict_targets(basis.data, knows, number), knows)
    return Draw(number, dict(parameters), solve_constants(problem))


def strict_point(knows: int, task: PointTask) -> Solved:
    """Solve a point and observe all rows; a point that cannot be solved says so in `failure`."""
    basis = strict_basis(knows)
    with one_thread():
        parameters = vector_of(basis.data, task.point, {})
        keyed = keyed_scores(basis, np.array([task.point.number]))[0]
        try:
            draw = solve_strict(knows, parameters, task.point.number)
        except NotSolvedError as error:
            rows = np.full(len(task.questions), np.nan)
            return Solved(task.point, keyed, parameters, None, rows, NO_SERIES, NO_SERIES, str(error))
        years, graduates = walk_draw(basis.data, draw, basis.baseline, LAST_OUTCOME)
        calm = walk_draw(basis.data, draw, *without_tensions(basis.baseline))
        seen = seen_in_walk(basis.data.codes, years, graduates, *calm)
        return Solved(task.point, keyed, parameters, draw.constants, observe(seen, task.questions), NO_SERIES, NO_SERIES)
