"""What the page asks of a question beside its stream: each view by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sim.explorer.live import Bench
from sim.explorer.numbers import refused
from sim.explorer.state import State
from sim.explorer.stream import bands_record


class ViewError(ValueError):
    """A view that cannot be shown; says why."""


def bands_view(bench: Bench, state: State, look: Mapping[str, Any]) -> dict[str, Any]:
    """Show another tier or axis of what was run."""
    finished = bench.finish(state)
    why = refused(finished.question, look["tier"])
    if why:
        raise ViewError(why)
    return bands_record(finished.question, finished.pair, look)


View = Callable[[Bench, State, Mapping[str, Any]], dict[str, Any]]
VIEWS: Final[Mapping[str, View]] = {"bands": bands_view}
