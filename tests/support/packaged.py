"""The packaged tables and the baseline, loaded once for all tests, and what most tests ask of them."""

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from sim.draws.draw import REFERENCE, Draw, make_draw, reference_vector
from sim.draws.worlds import named_draw, world_of
from sim.model.world import World
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan
from sim.runs.simulate import Walk, simulate
from sim.scenarios import load as packaged
from sim.scenarios.expansions import expansion_rows
from sim.scenarios.reading.library import load_library
from sim.scenarios.scenario import Scenario

BASIS = packaged.load_basis()
DATA = BASIS.data
TOYS = load_library(packaged.packaged_vocabulary(), Path(__file__).parents[1] / "scenarios" / "policies.toml")
VOCABULARY = replace(packaged.packaged_vocabulary(), policies={**packaged.named_policies(), **TOYS})
"""The packaged names, and the named policies that belong to tests alone."""

load_scenario = partial(packaged.load_scenario, vocabulary=VOCABULARY)
difference = partial(packaged.difference, data=DATA)
replacements = partial(packaged.replacements, codes=DATA.codes)
resolved_toml = partial(packaged.resolved_toml, codes=DATA.codes)
expansion = partial(expansion_rows, regions=DATA.codes)
plan_of = partial(RunPlan, basis=BASIS)


@cache
def reference_draw() -> Draw:
    """Find the solved reference point."""
    return make_draw(BASIS, reference_vector(DATA), REFERENCE)


def world_named(scenario: Scenario, draw: int, researchers: int, until: int) -> World:
    """Make the world of a scenario under a draw given by its number."""
    return world_of(DATA, scenario, named_draw(BASIS, scenario, draw), researchers, until)


def simulated(
    scenario: Scenario, draw: Draw, replicate: int, researchers: int, seed: int, until: int, walk: Walk | None = None
) -> Outcomes:
    """Simulate a scenario on the packaged tables."""
    return simulate(world_of(DATA, scenario, draw, researchers, until), draw, replicate, seed, walk or Walk())
