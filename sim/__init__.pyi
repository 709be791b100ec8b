"""What type checkers see of `sim`: the names that `__init__.py` imports when they are first asked for."""

from sim.api.comparing import Compared as Compared
from sim.api.comparing import compare as compare
from sim.api.fitting import fit as fit
from sim.api.indicators import indicator as indicator
from sim.api.levers import lever as lever
from sim.api.running import Run as Run
from sim.api.running import read_run as read_run
from sim.api.running import run as run
from sim.api.simulating import Simulated as Simulated
from sim.api.simulating import simulate as simulate
from sim.api.solving import Solved as Solved
from sim.api.solving import solve as solve
from sim.api.sweeping import read_sweep as read_sweep
from sim.api.sweeping import sweep as sweep
from sim.calibration.fit import Fit as Fit
from sim.data.load import load_data as load_data
from sim.runs.outcomes.indicators import Counted as Counted
from sim.runs.talent_model import TalentModel as TalentModel
from sim.scenarios.load import load_scenario as load_scenario
from sim.scenarios.reading.text import ScenarioError as ScenarioError
from sim.scenarios.scenario import Scenario as Scenario
from sim.sweeps.results import Sweep as Sweep

__version__: str
NAMES: dict[str, tuple[str, str]]
__all__: list[str]
