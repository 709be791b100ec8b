"""The object engine by name: a Mesa model of a scenario, for scripts and notebooks, and the lives of its researchers."""

from __future__ import annotations

from sim.draws.draw import REFERENCE, Draw
from sim.draws.worlds import named_draw, world_of
from sim.engines.agents import Researcher, WorldModel
from sim.model.world import FIRST_YEAR, LAST_YEAR
from sim.runs.lives.history import history
from sim.runs.lives.life import Life
from sim.scenarios.load import load_basis, load_scenario
from sim.scenarios.scenario import Scenario


class TalentModel(WorldModel):
    """All researchers of one run of a scenario, one step a year from 2000 on.

    Parameters
    ----------
    scenario : name or path of a scenario file, or a loaded scenario.
    draw : number of a draw, -1 for the reference point, or a solved draw.
    replicate, seed : key of the random numbers, each 0..2**32-1; `mesa.batch_run` gives a seed of None, which is 1.
    researchers : active researchers in 2022 on the baseline, at least 1.
    until : last year, 2000..2050; the model stops running after it.
    collect : fill the DataCollector after every step: one row a year.
    collect_researchers : also collect a row of every active researcher each year.

    Raises
    ------
    sim.scenarios.reading.text.ScenarioError : the scenario file has errors.
    ValueError : a key, a year or a scale out of range.
    """

    def __init__(
        self,
        scenario: str | Scenario = "baseline",
        draw: int | Draw = REFERENCE,
        replicate: int = 0,
        researchers: int = 2_000,
        seed: int | None = 1,
        until: int = 2035,
        collect: bool = True,
        collect_researchers: bool = False,
    ) -> None:
        if not FIRST_YEAR <= until <= LAST_YEAR or researchers < 1:
            raise ValueError(f"until {until} and researchers {researchers}: from {FIRST_YEAR} to {LAST_YEAR}, and at least 1")
        basis = load_basis()
        known = load_scenario(scenario) if isinstance(scenario, str) else scenario
        solved = named_draw(basis, known, draw) if isinstance(draw, int) else draw
        world = world_of(basis.data, known, solved, researchers, until)
        super().__init__(world, 1 if seed is None else seed, replicate, basis.data.codes, collect, collect_researchers)

    def life(self, origin: str, cohort: int, index: int) -> Life:
        """Tell the life of a researcher, year by year (see `life_of`).

        Raises
        ------
        KeyError : nobody of that identity has entered.
        """
        return life_of(self.researcher(origin, cohort, index))


def life_of(researcher: Researcher) -> Life:
    """Tell a life year by year: options, utilities, probabilities, shocks, gates, and what was chosen."""
    model, who = researcher.model, researcher.who
    return history(who.key, who.index, who.origin, who.cohort, model.past, model.codes)
