"""Agent-based simulation of where AI researchers come from, study and work."""

import importlib

__version__ = "0.1.0"

NAMES = {"compare": ("sim.api", "compare"), "sweep": ("sim.api", "sweep")}
"""What `sim.NAME` is: module and attribute, imported when it is first asked for, so that `import sim` stays fast."""


def __getattr__(name: str) -> object:
    """Import one of `NAMES`."""
    if name not in NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it offers {', '.join(NAMES)}")
    module, attribute = NAMES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    """List the names of the package, those not imported yet among them."""
    return sorted({*globals(), *NAMES})
