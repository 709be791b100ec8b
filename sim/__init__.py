"""Agent-based simulation of where AI researchers come from, study and work."""

import importlib

__version__ = "0.1.0"

NAMES = {
    "Compared": ("sim.api.comparing", "Compared"),
    "Counted": ("sim.runs.outcomes.indicators", "Counted"),
    "Fit": ("sim.calibration.fit", "Fit"),
    "Run": ("sim.api.running", "Run"),
    "Scenario": ("sim.scenarios.scenario", "Scenario"),
    "ScenarioError": ("sim.scenarios.reading.text", "ScenarioError"),
    "Simulated": ("sim.api.simulating", "Simulated"),
    "Solved": ("sim.api.solving", "Solved"),
    "Sweep": ("sim.sweeps.results", "Sweep"),
    "TalentModel": ("sim.runs.talent_model", "TalentModel"),
    "compare": ("sim.api.comparing", "compare"),
    "fit": ("sim.api.fitting", "fit"),
    "indicator": ("sim.api.indicators", "indicator"),
    "lever": ("sim.api.levers", "lever"),
    "load_data": ("sim.data.load", "load_data"),
    "load_scenario": ("sim.scenarios.load", "load_scenario"),
    "read_run": ("sim.api.running", "read_run"),
    "read_sweep": ("sim.api.sweeping", "read_sweep"),
    "run": ("sim.api.running", "run"),
    "simulate": ("sim.api.simulating", "simulate"),
    "solve": ("sim.api.solving", "solve"),
    "sweep": ("sim.api.sweeping", "sweep"),
}
"""What `sim.NAME` is: module and attribute, imported when it is first asked for, so that `import sim` stays fast. Type checkers
read `__init__.pyi`."""

__all__ = ["__version__", *NAMES]


def __getattr__(name: str) -> object:
    """Import one of `NAMES`."""
    if name not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(NAMES)}")
    module, attribute = NAMES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    """List the names of the package, those not imported yet among them."""
    return sorted({*globals(), *NAMES})
