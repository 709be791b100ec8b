"""Finds where the step of many unknowns vanishes: where to start from, and Anderson mixing of preconditioned steps.

Start and preconditioner are data (`sim/data/tables/start.npz`, made by scripts/fit_start.py) and the same for every vector, so
that a solution depends on its vector alone.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from sim.data.load import DATA_FOLDER
from sim.model.world import Floats

START_FILE = DATA_FOLDER / "start.npz"
STEP_LIMIT = 0.7  # of any unknown, in one pass
REMEMBERED = 10  # changes
RIDGE = 1e-8  # of the least squares over remembered changes, each scaled to length 1


class Start(NamedTuple):
    """Where solutions start: a regression of P parameters on solved points, and one preconditioner of U unknowns."""

    parameters: tuple[str, ...]  # (P,)
    mean: Floats  # (P,) of the solved points
    spread: Floats  # (P,)
    middle: Floats  # (U,) unknowns at the mean
    slopes: Floats  # (P, U) for standardised parameters
    error_slopes: Floats  # (E, U) for the errors of the targets
    preconditioner: Floats  # (U, U) minus the regularised inverse of the steps' Jacobian at the point of all defaults


@cache
def shipped_start() -> Start:
    """Read the start that ships with the package."""
    with np.load(START_FILE, allow_pickle=False) as stored:
        numbers = {name: np.asarray(stored[name], dtype=np.float64) for name in Start._fields if name != "parameters"}
        return Start(parameters=tuple(str(name) for name in stored["parameters"]), **numbers)


def plain_start(unknowns: Floats) -> Start:
    """Start from given (U,) unknowns whatever the parameters, every step taken as it is: for tables that nothing ships for."""
    none = np.zeros(0)
    return Start((), none, none, unknowns, np.zeros((0, unknowns.size)), np.zeros((0, unknowns.size)), np.eye(unknowns.size))


def first_unknowns(start: Start, parameters: Mapping[str, float], errors: Floats) -> Floats:
    """Guess the (U,) unknowns of a vector by the regression; a parameter that is not in the vector counts as its mean.

    Parameters
    ----------
    start : of all solutions.
    parameters : by name.
    errors : (E,) normal scores of the targets' errors.
    """
    known = np.array([parameters.get(name, mean) for name, mean in zip(start.parameters, start.mean, strict=True)])
    guess: Floats = start.middle + (known - start.mean) / start.spread @ start.slopes
    return guess + errors @ start.error_slopes if start.error_slopes.size else guess


class Mixer:
    """Anderson mixing (Walker and Ni 2011): predicts from remembered changes where the preconditioned step vanishes."""

    def __init__(self, preconditioner: Floats) -> None:
        self.preconditioner = preconditioner
        self.damping = 1.0
        self.moved: list[Floats] = []
        self.changed: list[Floats] = []
        self.last: tuple[Floats, Floats] | None = None

    def forget_point(self) -> None:
        """Keep the changes but not the last point: what is computed changes a little from here on."""
        self.last = None

    def begin_anew(self) -> None:
        """Forget everything and halve the steps: what was remembered stems from beyond a kink."""
        self.moved, self.changed, self.last = [], [], None
        self.damping *= 0.5

    def mixed(self, x: Floats, step: Floats) -> Floats:
        """Propose the next unknowns.

        Parameters
        ----------
        x : (U,) unknowns.
        step : (U,) the step that each of them asks for there.

        Returns
        -------
        (U,) unknowns, none farther away than STEP_LIMIT.
        """
        here = np.clip(self.damping * (self.preconditioner @ step), -STEP_LIMIT, STEP_LIMIT)
        if self.last is not None:
            moved, changed = x - self.last[0], here - self.last[1]
            length = float(np.linalg.norm(changed)) + 1e-12
            self.moved = [*self.moved[1 - REMEMBERED :], moved / length]
            self.changed = [*self.changed[1 - REMEMBERED :], changed / length]
        self.last = (x, here)
        change = here
        if self.moved:
            moves, changes = np.stack(self.moved, axis=1), np.stack(self.changed, axis=1)
            normal = changes.T @ changes + RIDGE * np.eye(changes.shape[1])
            change = here - (moves + changes) @ np.linalg.solve(normal, changes.T @ here)
        following: Floats = x + np.clip(change, -STEP_LIMIT, STEP_LIMIT)
        return following
