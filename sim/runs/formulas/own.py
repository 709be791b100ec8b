"""Indicators of one's own: functions of the counts, told beside the packaged ones and never written into a run's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Final

import numpy as np

from sim.model.world import REPORT_FROM, Floats
from sim.runs.outcomes.indicators import INDICATORS, Counted, Indicator
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.statistics import four

OWN_INDICATORS: Final[dict[str, Indicator]] = {}
"""Indicators of this process by name, in the order in which they were registered."""
EVERY_REGION: Final = "regions"
"""Instead of places: each region is one."""


class IndicatorError(ValueError):
    """A function cannot be an indicator; says why."""


def register(function: Callable[[Counted], Floats], unit: str, definition: str, places: str | Sequence[str]) -> None:
    """Register a function as an indicator of its name.

    Parameters
    ----------
    function
        Of the counts of a run: (Y,) values, or (Y, G) by place; NaN where nobody is counted.
    unit, definition
        What it is measured in, and what it says.
    places
        What it is told for: one name, G names, or `EVERY_REGION`.

    Raises
    ------
    IndicatorError
        If the name belongs to a packaged indicator, or is no name.
    """
    name = function.__name__
    if name in INDICATORS:
        raise IndicatorError(f"indicator {name!r} is packaged already; call the function something else")
    if not name.isidentifier():
        raise IndicatorError(f"indicator {name!r}: a function without a name; define it with def")

    def places_of(codes: Sequence[str]) -> tuple[str, ...]:
        if places == EVERY_REGION:
            return tuple(codes)
        return (places,) if isinstance(places, str) else tuple(places)

    OWN_INDICATORS[name] = Indicator(name, unit, definition, function, places_of, True, four, False)


def known_indicator(name: str) -> Indicator:
    """Return an indicator, packaged or one's own.

    Raises
    ------
    KeyError
        If there is none of that name.
    """
    return INDICATORS[name] if name in INDICATORS else OWN_INDICATORS[name]


def yearly_names() -> tuple[str, ...]:
    """List the indicators that have a value in every year, one's own last."""
    return (*(name for name, each in INDICATORS.items() if each.is_yearly), *OWN_INDICATORS)


def counted_of(outcomes: Outcomes, codes: Sequence[str]) -> Counted:
    """Take the counts of one run as indicators read them."""
    seen = outcomes.years >= REPORT_FROM
    kinds = (each[seen].astype(np.int64) for each in (outcomes.careers, outcomes.counts, outcomes.flows))
    return Counted(tuple(codes), outcomes.years[seen], *kinds)


def own_values(names: Iterable[str], outcomes: Outcomes, codes: Sequence[str]) -> dict[str, Floats]:
    """Measure some of one's own indicators in one run, by name."""
    wanted = sorted(names)
    if not wanted:
        return {}
    counted = counted_of(outcomes, codes)
    return {name: measure_own(name, counted) for name in wanted}


def measure_own(name: str, counted: Counted) -> Floats:
    """Measure one's own indicator in one run: (Y, G).

    Raises
    ------
    IndicatorError
        If it gives another shape than it has places.
    """
    told = OWN_INDICATORS[name]
    values = np.asarray(told.measure(counted), dtype=np.float64)
    table = values[:, np.newaxis] if values.ndim == 1 else values
    wanted = (len(counted.years), len(told.places(counted.codes)))
    if table.shape != wanted:
        raise IndicatorError(
            f"indicator {name!r} gives an array of shape {values.shape}; {wanted[0]} years and {wanted[1]} places "
            f"({', '.join(told.places(counted.codes))}) need {wanted}"
        )
    return table


def code_digest(name: str) -> str:
    """Hash what one's own indicator does, so that numbers of another function of its name are not taken for its own."""
    digest = hashlib.sha256()
    waiting = [OWN_INDICATORS[name].measure.__code__]
    while waiting:
        code = waiting.pop()
        digest.update(code.co_code)
        digest.update(repr(code.co_names).encode())
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                waiting.append(constant)
            else:
                digest.update(repr(constant).encode())
    return digest.hexdigest()[:16]
