"""The world of a run: a scenario under a draw at a scale, ready for either engine."""

from sim.assembly import make_world
from sim.data import Data
from sim.draws import Draw, policies_in_force
from sim.scenario import Scenario
from sim.world import REFERENCE_RESEARCHERS, World


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
