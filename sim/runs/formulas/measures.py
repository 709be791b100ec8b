"""What is asked of each run, named as a formula: a share, a number of people, or an indicator of one year.

share(work, USA, top20, 2035)           0..1
researchers(work, EUROPE, top20, 2035)  people
indicator(stay_rate, USA, 2030)         unit and definition in `sim.runs.outcomes.indicators.INDICATORS`

A group of regions stands where a region does in shares and people, which add up; indicators do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.engines.axes import AXES, TIERS
from sim.model.world import REPORT_FROM, Floats, Integers
from sim.runs.formulas.own import OWN_INDICATORS, code_digest, known_indicator, own_values, yearly_names
from sim.runs.outcomes.indicators import measure
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.statistics import ratio
from sim.scenarios.groups import GROUPS, REFUSED, SPELLINGS, Groups, known_places, spelled
from sim.scenarios.reading.text import nearest_name

MEASURE_KINDS = ("share", "researchers", "indicator")
WORLD = "WORLD"
FORMULA = re.compile(r"\s*(\w+)\s*\(([^()]*)\)\s*")


class MeasureError(ValueError):
    """A text that names no measure; says what is wrong and what is allowed."""


@dataclass(frozen=True)
class Measure:
    """One number of one run.

    Parameters
    ----------
    kind
        One of `MEASURE_KINDS`.
    axis, tier
        As in `sim.runs.outcomes.outcomes`; "" for an indicator.
    indicator
        A yearly one, packaged or one's own; "" for the others.
    region
        Region code or name of a group; ``WORLD`` where an indicator has it.
    year
        From 2010 to the horizon.
    members
        Codes of the regions that are added up.
    """

    kind: str
    region: str
    year: int
    axis: str = ""
    tier: str = ""
    indicator: str = ""
    members: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Write the formula."""
        if self.kind == "indicator":
            return f"indicator({self.indicator}, {self.region}, {self.year})"
        return f"{self.kind}({self.axis}, {self.region}, {self.tier}, {self.year})"

    @property
    def identity(self) -> str:
        """What names its numbers: the formula, and of what is one's own the members of the group or what the indicator does."""
        if self.indicator in OWN_INDICATORS:
            return f"{self} {code_digest(self.indicator)}"
        own = self.members if len(self.members) > 1 and GROUPS.get(self.region) != self.members else ()
        return " ".join((str(self), *own))


def parse_measure(text: str, codes: Sequence[str], until: int, groups: Groups = GROUPS) -> Measure:
    """Read a formula.

    Parameters
    ----------
    text
        As in the head of this module.
    codes
        Region codes in id order.
    until
        Last year of the runs.
    groups
        Groups of regions that may be named.

    Raises
    ------
    MeasureError
        Naming the part that is wrong and what is allowed.
    """
    found = FORMULA.fullmatch(text)
    if not found:
        raise MeasureError(f"{text!r} is no measure; write share(work, USA, top20, {until})")
    kind = known(found[1], MEASURE_KINDS, "measure")
    parts = [part.strip() for part in found[2].split(",")]
    wanted = ("NAME", "REGION", "YEAR") if kind == "indicator" else ("AXIS", "REGION", "TIER", "YEAR")
    if len(parts) != len(wanted):
        raise MeasureError(f"{text!r}: {kind} takes {len(wanted)} parts, {kind}({', '.join(wanted)})")
    year = reported_year(parts[-1], until)
    if kind == "indicator":
        name = known(parts[0], yearly_names(), "indicator")
        places = known_indicator(name).places(codes)
        if parts[1] in {*groups, *SPELLINGS} - {*places}:
            raise MeasureError(f"{name} of {parts[1]} is no sum of its regions'; groups stand in share and researchers only")
        return Measure(kind, known(parts[1], places, "region"), year, indicator=name)
    axis, tier = known(parts[0], AXES, "axis"), known(parts[2], TIERS, "tier")
    region = known_place(parts[1], codes, groups)
    return Measure(kind, region, year, axis, tier, members=groups.get(region, (region,)))


def known_place(name: str, codes: Sequence[str], groups: Groups) -> str:
    """Return the usual spelling of a region or group.

    Raises
    ------
    MeasureError
        If it is neither, or a group that cannot be told.
    """
    if name in REFUSED:
        raise MeasureError(f"region {name!r} {REFUSED[name]}")
    return known(spelled(name), known_places(codes, groups), "region")


def known(name: str, allowed: Sequence[str], what: str) -> str:
    """Return a name that is allowed.

    Raises
    ------
    MeasureError
        If it is not.
    """
    if name in allowed:
        return name
    nearest = nearest_name(name, allowed)
    hint = f"; did you mean {nearest}?" if nearest else ";"
    raise MeasureError(f"{what} {name!r} is not known{hint} allowed: {', '.join(allowed)}")


def reported_year(text: str, until: int) -> int:
    """Read a reporting year.

    Raises
    ------
    MeasureError
        If it lies outside 2010..until.
    """
    if not re.fullmatch(r"\d{4}", text) or not REPORT_FROM <= int(text) <= until:
        raise MeasureError(f"year {text!r} is not reported; allowed: {REPORT_FROM} to {until}, the last year of the runs")
    return int(text)


def values_of(measures: Sequence[Measure], outcomes: Outcomes, codes: Sequence[str]) -> list[float]:
    """Evaluate measures on one run; NaN where nobody is counted.

    Parameters
    ----------
    measures
        Of `parse_measure`.
    outcomes
        One run.
    codes
        Region codes in id order.
    """
    named = {each.indicator for each in measures if each.kind == "indicator"}
    indicators = measure(outcomes, codes) if named - {*OWN_INDICATORS} else {}
    indicators |= own_values(named & {*OWN_INDICATORS}, outcomes, codes)
    found = []
    for each in measures:
        row = each.year - int(outcomes.years[0])
        if each.kind == "indicator":
            place = known_indicator(each.indicator).places(codes).index(each.region)
            value = indicators[each.indicator][each.year - REPORT_FROM, place]
        else:
            value = count_value(each, outcomes.counts[row], codes, outcomes.weight)
        found.append(float(value))
    return found


def count_value(each: Measure, counts: Integers, codes: Sequence[str], weight: float, is_people: bool = False) -> Floats:
    """Evaluate a share or a number of people on the counts of its year: the one home of what these formulas mean.

    Parameters
    ----------
    each
        A share or researchers; no indicator.
    counts
        Simulated researchers at the end of its year, (..., K, X, R).
    codes
        Region codes in id order.
    weight
        People per simulated researcher.
    is_people
        Whether a share is taken as the number of people behind it.

    Returns
    -------
    numpy.ndarray
        (...); shares 0..1, NaN where nobody is counted.
    """
    cell = counts[..., TIERS.index(each.tier), AXES.index(each.axis), :]
    number = cell[..., [codes.index(code) for code in each.members]].sum(axis=-1)
    if each.kind == "share" and not is_people:
        return ratio(number, cell.sum(axis=-1))
    people: Floats = weight * np.asarray(number, dtype=np.float64)
    return people
