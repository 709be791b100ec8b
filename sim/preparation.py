"""The world of a run: a scenario under a draw at a scale, ready for either engine."""

import numpy as np

from sim.assembly import make_world
from sim.data import Data, load_data
from sim.draws import (
    MEDIAN,
    REFERENCE,
    SOBOL_DIMENSIONS,
    Draw,
    draw_vectors,
    make_draw,
    parameter_vector,
    policies_in_force,
    reference_vector,
)
from sim.scenario import Scenario, load_scenario
from sim.stability import fault_of
from sim.world import FIRST_YEAR, LAST_YEAR, REFERENCE_RESEARCHERS, World


def world_of(scenario: Scenario, draw: Draw, researchers: int, until: int, data: Data) -> World:
    """Put together the world of a run at a scale.

    Parameters
    ----------
    scenario, draw : what differs between runs.
    researchers : active researchers in 2022 on the baseline, at least 1.
    until : last year, 2000..2050.
    data : the packaged tables.
    """
    policies = policies_in_force(data, scenario, draw.parameters, draw.number)
    weight = REFERENCE_RESEARCHERS / researchers
    return make_world(data, draw.parameters, draw.constants, policies, until, weight)


def world_named(scenario: str | Scenario, draw: int | Draw, researchers: int, until: int) -> World:
    """Make the world of a scenario, loading and solving what is given by name or number.

    Parameters
    ----------
    scenario : name or path of a file, or a loaded scenario.
    draw : number of a draw, -1 for the reference point, or a solved draw.
    researchers : active researchers in 2022 on the baseline, at least 1.
    until : last year, 2000..2050.

    Raises
    ------
    sim.scenario.ScenarioError : the scenario file has errors.
    ValueError : a number out of range.
    """
    if not FIRST_YEAR <= until <= LAST_YEAR or researchers < 1:
        raise ValueError(f"until {until} and researchers {researchers}: from {FIRST_YEAR} to {LAST_YEAR}, and at least 1")
    data = load_data()
    if isinstance(scenario, str):
        scenario = load_scenario(scenario)
    if isinstance(draw, int):
        draw = make_draw(data, parameters_of(scenario, draw, data), draw)
    return world_of(scenario, draw, researchers, until, data)


def parameters_of(scenario: Scenario, draw: int, data: Data) -> dict[str, float]:
    """List the parameters of a draw or the reference point; what the scenario states wins, a distribution by its median."""
    if draw != REFERENCE:
        if draw < 0:
            raise ValueError(f"draw {draw}: 0 and above, or {REFERENCE} for the reference point")
        return draw_vectors(data, draw + 1, scenario.parameters)[draw]
    vector = reference_vector(data)
    if scenario.parameters:
        medians = parameter_vector(data, np.full(SOBOL_DIMENSIONS, MEDIAN), scenario.parameters)
        vector |= {name: medians[name] for name in scenario.parameters}
    fault = fault_of(vector)
    if fault:
        raise ValueError(f"{scenario.name}, reference point: {fault}")
    return vector
