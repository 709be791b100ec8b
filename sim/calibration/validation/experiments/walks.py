"""One side of an experiment: expected years of a draw under levers of its own, with what readings ask for, as arrays."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.calibration.modelled import walking
from sim.data.schema import Data
from sim.draws.draw import Draw
from sim.model.world import Floats
from sim.scenarios.scenario import Scenario

RETURNING = (2, 8)
"""Years after the degree, first and last, in which return programmes reach people."""


class SideWalk(NamedTuple):
    """One walk through T years from 2000 on, in people."""

    codes: tuple[str, ...]
    entry: Floats  # (T, R, R) entrants by origin and study region
    students: Floats  # (T, R, R) students by origin and study region
    degrees: Floats  # (T, R, R) new doctors by origin and study region
    first: Floats  # (T, R, R) first jobs of the new doctors of the USA by origin and place
    remote: Floats  # (T, R) visible workers by place whose employer has its headquarters elsewhere
    workers: Floats  # (T, R, R) visible workers by origin and region of the headquarters
    staying: Floats  # (T, T, R) researchers in the USA with a degree from there, by year, year of the degree, origin
    active: Floats  # (T, T, R) the same anywhere
    classes: Floats  # (T, R, Q, R) doctors of the USA of the ages RETURNING by origin, talent class and place


def walk_side(data: Data, draw: Draw, scenario: Scenario, until: int) -> SideWalk:
    """Walk one draw under the levers of a scenario to a year, 2000..2022."""
    going, graduates = walking(data, draw, scenario, until)
    years, classes = [], []
    first, last = RETURNING
    for year in going:
        years.append(year)
        by_age = graduates.pool.workers.sum(axis=(1, 3, 5))  # origin, talent class, age, place
        classes.append(by_age[:, :, first : last + 1].sum(axis=2))
    return SideWalk(
        codes=data.codes,
        entry=np.stack([year.entry for year in years]),
        students=graduates.students,
        degrees=graduates.degrees,
        first=graduates.first,
        remote=np.stack([year.remote for year in years]),
        workers=np.stack([year.careers.sum(axis=1) for year in years]),
        staying=graduates.staying,
        active=graduates.active,
        classes=np.stack(classes),
    )
