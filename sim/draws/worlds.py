"""The world of a run: a scenario under a draw at a scale, ready for either engine."""

import numpy as np

from sim.data.schema import Data
from sim.draws.assembly import make_world
from sim.draws.draw import (
    MEDIAN,
    REFERENCE,
    SOBOL_DIMENSIONS,
    Draw,
    parameter_vector,
    policies_in_force,
    reference_vector,
)
from sim.draws.ensemble import Ensemble, draw_of, find_ensemble, vectors_of_draws
from sim.draws.stability import fault_of
from sim.model.world import World
from sim.scenarios.scenario import Basis, Scenario, check_regions


def world_of(data: Data, scenario: Scenario, draw: Draw, researchers: int, until: int) -> World:
    """Put together the world of a run at a scale.

    Parameters
    ----------
    data : the tables.
    scenario, draw : what differs between runs.
    researchers : active researchers in 2022 on the baseline, at least 1.
    until : last year, 2000..2050.

    Raises
    ------
    ValueError : the scenario was loaded with other tables.
    """
    check_regions(scenario, data)
    policies = policies_in_force(data, scenario, draw.parameters, draw.keyed_by)
    weight = data.researchers / researchers
    return make_world(data, draw.parameters, draw.constants, policies, until, weight)


def named_draw(basis: Basis, scenario: Scenario, number: int, ensemble: Ensemble | None = None) -> Draw:
    """Find or solve a draw of a scenario by its number in an ensemble (None: that of runs), -1 for the reference point.

    Raises
    ------
    ValueError : there is no draw of that number, or the reference point is not stable with the scenario's parameters.
    """
    of = find_ensemble() if ensemble is None else ensemble
    return draw_of(of, basis, parameters_of(scenario, number, basis.data, of), number)


def parameters_of(scenario: Scenario, draw: int, data: Data, ensemble: Ensemble) -> dict[str, float]:
    """List the parameters of a draw or the reference point; what the scenario states wins, a distribution by its median."""
    if draw != REFERENCE:
        if draw < 0:
            raise ValueError(f"draw {draw}: 0 and above, or {REFERENCE} for the reference point")
        return vectors_of_draws(ensemble, data, draw + 1, scenario.parameters)[draw]
    vector = reference_vector(data)
    if scenario.parameters:
        medians = parameter_vector(data, np.full(SOBOL_DIMENSIONS, MEDIAN), scenario.parameters)
        vector |= {name: medians[name] for name in scenario.parameters}
    fault = fault_of(vector)
    if fault:
        raise ValueError(f"{scenario.name}, reference point: {fault}")
    return vector
