"""What in a right scenario file is probably not meant: no effect, clipped, too large, a window nobody sees, no baseline below it.

Every value is looked at in the middle of its distribution, and parameters that decide observed values at their defaults.
Notation: T years from FIRST_YEAR on.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.data.distributions import Distribution
from sim.data.schema import Data
from sim.files.words import Notice
from sim.model.world import FIRST_YEAR, REPORT_FROM, Floats
from sim.scenarios.differences import number_text, usual_policies, window_text
from sim.scenarios.levers.changes import LeverChange, Mask, Policies, cells, drawn_value, in_order, resolve_policies, strength
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.reading.chain import is_dropped
from sim.scenarios.scenario import Basis, Scenario

USUAL_HORIZON: Final = 2035
"""Last year of runs, unless they are told otherwise."""
LARGEST_FACTOR: Final = 3.0
"""A lever on a scale of ratios that more than trebles is asked about."""
SMALLEST_FACTOR: Final = 0.1
"""A factor of a tenth or less is asked about: many write .1 for 10 % more."""
LEAST_PERCENT: Final = 5.0
"""A factor from which on it may be one of per cent."""
LEAST_MONEY: Final = 100.0
"""Dollars a year; a smaller sum is asked about: many write 5 for 5 %."""
LEAST_CAPITAL: Final = 0.1
"""Billion dollars a year below which a factor of investment says nothing."""
OF_RATIOS: Final = ("phd_stipend", "phd_places", "cohort_size", "research_pay", "research_capital")
"""Levers whose value only a factor makes large or small."""
OF_MONEY: Final = ("phd_stipend", "research_pay", "housing_cost")
IN_FORCE: Final[Mapping[str, tuple[str, ...]]] = {
    "visa_delay": ("delay_cost",),
    "work_visa_delay": ("delay_cost",),
    "hostility": ("hostility_study", "hostility_work", "hostility_exit"),
    "phd_stipend": ("stipend_elasticity",),
    "research_pay": ("pay_elasticity",),
    "phd_places": ("congestion",),
    "research_capital": ("ecosystem_weight_capital",),
}
"""Parameters by lever, one of which must not be zero for the lever to do anything."""
IN_WHOLE_NUMBERS: Final = ("post_study_attempts",)
LIFTED: Final = ("student_visa_refusal", "visa_delay", "work_visa_delay", "residence_wait")
"""Frictions that free movement lifts."""
PLACES_COUNT_FROM: Final = 2020
"""First year in which doctoral places bind."""


class BaselineWarning(Notice):
    """A scenario that is run lacks the levers of the baseline."""


@dataclass(frozen=True)
class Doubt:
    """One thing in a file that is right and probably not meant.

    Parameters
    ----------
    lever
        Id of the lever; ``extends``, the key, where it is the whole file.
    kind
        ``no effect``, ``clipped``, ``large``, ``percent``, ``window`` or ``no baseline``.
    message
        What happens, and what to write instead.
    """

    lever: str
    kind: str
    message: str

    def __str__(self) -> str:
        """Say it in one sentence."""
        return f"{self.lever}: {self.message}"


def doubts(scenario: Scenario, data: Data, baseline: Scenario | None) -> tuple[Doubt, ...]:
    """List what in a file itself is probably not meant: of the whole first, then in the order in which its levers apply.

    Parameters
    ----------
    scenario
        Loaded, hence without errors.
    data
        The tables.
    baseline
        That draws are solved on; None if the scenario leads to it, see `sim.scenarios.load.leads_to_baseline`.
    """
    defaults = usual_policies(data)
    named = {change.id for use in scenario.policies for change in use.changes}
    found = [] if baseline is None else [*baseline_doubts(scenario, baseline)]
    for change in scenario.levers:
        if change.id in scenario.own_ids:
            look = Look.at(scenario, change, defaults)
            sizes = () if change.id in named else look.size_doubts()  # the library gives the reasons of its sizes
            found += [*window_doubts(change), *look.effect_doubts(scenario), *look.clip_doubts(), *sizes]
    return tuple(found)


def baseline_doubts(scenario: Scenario, baseline: Scenario) -> Iterator[Doubt]:
    """Doubt a scenario without most levers of the baseline: what it lacks would be told as its effect.

    Levers that it drops are meant to be away, and a resolved file that extends nothing has the others.
    """
    known = {change.id for change in scenario.levers}
    wanted = baseline.levers
    missing = [each for each in wanted if each.id not in known and not is_dropped(each, scenario.dropped)]
    if 2 * len(missing) > len(wanted):
        name, root = baseline.name, scenario.files[0]
        message = (
            f"does not lead to {name}: {len(missing)} of its {len(wanted)} levers, what happened and the rules in force, "
            f'are missing, and compared with {name} that counts as an effect; write extends = "{name}" in {root}'
        )
        yield Doubt("extends", "no baseline", message)


def warn_without_baseline(scenario: Scenario, basis: Basis) -> None:
    """Say with a `BaselineWarning` that a scenario that is about to be run lacks the levers of the baseline."""
    for doubt in baseline_doubts(scenario, basis.baseline):
        warnings.warn(f"{scenario.name}: {doubt}", BaselineWarning, stacklevel=3)


def middle(change: LeverChange) -> float:
    """Return the value of a change in the middle of its distribution."""
    return drawn_value(change, 0.5)


def resolved(defaults: Policies, layers: Sequence[Sequence[LeverChange]], name: str, at: float = 0.5) -> Floats:
    """Lay the changes of one lever over its defaults, with every distribution at a quantile, (T, ...)."""
    own = [[change for change in layer if change.name == name] for layer in layers]
    values = {change.id: drawn_value(change, at) for layer in own for change in layer if isinstance(change.value, Distribution)}
    nothing = np.empty(0)  # in the place of the other levers, which need not be copied
    alone = Policies(**{each: getattr(defaults, each) if each == name else nothing for each in LEVERS})
    found: Floats = getattr(resolve_policies(alone, own, values, FIRST_YEAR), name)
    return found


@dataclass(frozen=True)
class Look:
    """One change with the values around it.

    Parameters
    ----------
    change
        The change.
    before
        Values of its lever when it applies, at its cells, (years in force, cells).
    after
        The same after it, before anything is clipped.
    is_idle
        Whether the whole scenario has the same values without it.
    is_lifted
        Whether free movement lifts the friction in all its cells and years.
    """

    change: LeverChange
    before: Floats
    after: Floats
    is_idle: bool
    is_lifted: bool

    @classmethod
    def at(cls, scenario: Scenario, change: LeverChange, defaults: Policies) -> Look:
        """Look at a change of a scenario."""
        touched: Mask = cells(change, defaults.student_visa_refusal.shape[1])
        rows = np.arange(change.from_year - FIRST_YEAR, min(change.until_year - FIRST_YEAR + 1, len(defaults.phd_places)))
        before = resolved(defaults, list(earlier(scenario, change)), change.name)[rows][:, touched]
        force = strength(change, FIRST_YEAR + rows)[:, np.newaxis]
        value = middle(change)
        after = {
            "set": before + force * (value - before),
            "multiply": before * (1.0 + force * (value - 1.0)),
            "add": before + force * value,
        }[change.change]
        without = [[each for each in layer if each is not change] for layer in scenario.layers]
        is_idle = all(
            np.array_equal(
                counted_as(change.name, resolved(defaults, scenario.layers, change.name, at)),
                counted_as(change.name, resolved(defaults, without, change.name, at)),
            )
            for at in (0.05, 0.5, 0.95)
        )
        pairs = touched.any(axis=tuple(range(2, touched.ndim)))
        lifted = resolved(defaults, scenario.layers, "mobility_area")[rows] if change.name in LIFTED else np.zeros(0)
        is_lifted = change.name in LIFTED and bool((lifted[:, pairs] == 1).all())
        return cls(change, before, after, is_idle, is_lifted)

    def effect_doubts(self, scenario: Scenario) -> Iterator[Doubt]:
        """Doubt a change that changes nothing."""
        change = self.change
        off = [name for name in IN_FORCE.get(change.name, ()) if scenario.parameters.get(name) == 0.0]
        lever = LEVERS[change.name]
        kept = np.clip(counted_as(change.name, self.after), lever.low, lever.high)
        if self.is_idle and np.array_equal(kept, counted_as(change.name, self.before)):
            levels = np.unique(self.before)
            told = f"is {number_text(float(levels[0]))} there already" if len(levels) == 1 else "has these values there already"
            yield Doubt(change.id, "no effect", f"has no effect: {change.name} {told}{self.remedy()}")
        elif self.is_idle:
            yield Doubt(change.id, "no effect", "has no effect: another lever of the scenario decides all its cells and years")
        elif off and len(off) == len(IN_FORCE[change.name]):
            yield Doubt(
                change.id, "no effect", f"has no effect: the scenario fixes {', '.join(off)} at 0, so that nobody minds it"
            )
        elif self.is_lifted:
            yield Doubt(change.id, "no effect", "has no effect: free movement (mobility_area 1) lifts it between these regions")
        elif change.name == "phd_places" and change.until_year < PLACES_COUNT_FROM:
            yield Doubt(change.id, "no effect", f"has no effect: places bind from {PLACES_COUNT_FROM} on")

    def remedy(self) -> str:
        """Say what to write instead of a factor of nothing."""
        if self.change.name in IN_WHOLE_NUMBERS and not np.array_equal(self.after, self.before):
            return ", and it counts in whole numbers"
        is_factor = self.change.change == "multiply" and not self.before.any()
        return ', and a multiple of 0 is 0; write change = "set" or "add"' if is_factor else ""

    def clip_doubts(self) -> Iterator[Doubt]:
        """Doubt a change whose result lies outside the range of its lever."""
        change, lever = self.change, LEVERS[self.change.name]
        unit = "" if lever.unit == "multiplier" else f" {lever.unit}"
        over, under = float(self.after.max()), float(self.after.min())
        slack = 1e-9 * (lever.high - lever.low)
        if over > lever.high + slack or under < lever.low - slack:
            wanted, end = (over, lever.high) if over > lever.high + slack else (under, lever.low)
            message = f"is clipped: it would be {number_text(wanted)}, and {change.name} ends at {number_text(end)}{unit}"
            yield Doubt(change.id, "clipped", message)

    def size_doubts(self) -> Iterator[Doubt]:
        """Doubt a change whose size looks like a slip; one that does nothing has no size."""
        if self.is_idle:
            return
        change, value = self.change, middle(self.change)
        if change.change == "multiply" and 0.0 < value <= SMALLEST_FACTOR:
            percent = f"for {100.0 * value:.3g} % more write {1.0 + value:.4g}"
            yield Doubt(
                change.id, "percent", f"multiplies by {number_text(value)}, which leaves {100.0 * value:.3g} %; {percent}"
            )
        if change.name in OF_MONEY and change.change != "multiply" and 0.0 < abs(value) < LEAST_MONEY:
            percent = f'for {value:.3g} % write change = "multiply", value = {1.0 + value / 100.0:.4g}'
            yield Doubt(change.id, "percent", f"is {number_text(value)} dollars a year; {percent}")
        yield from self.large_doubts(value)

    def large_doubts(self, value: float) -> Iterator[Doubt]:
        """Doubt what becomes more than three times what it was."""
        change = self.change
        if change.change == "multiply":
            factor = value
        elif change.name in OF_RATIOS:
            least = LEAST_CAPITAL if change.name == "research_capital" else 0.0
            held = self.before > least
            factor = float((self.after[held] / self.before[held]).max()) if held.any() else 1.0
        else:
            return
        if factor > LARGEST_FACTOR:
            is_percent = change.change == "multiply" and value >= LEAST_PERCENT
            percent = f"; for {value:.3g} % more write {1.0 + value / 100.0:.4g}" if is_percent else ""
            yield Doubt(change.id, "large", f"makes {change.name} {number_text(factor)} times what it was{percent}")


def counted_as(name: str, values: Floats) -> Floats:
    """Round a lever that only counts in whole numbers."""
    return np.rint(values) if name in IN_WHOLE_NUMBERS else values


def earlier(scenario: Scenario, change: LeverChange) -> Iterator[list[LeverChange]]:
    """Yield the changes that apply before one, layer by layer."""
    for layer in scenario.layers:
        ordered = in_order(layer)
        if change in ordered:
            yield ordered[: ordered.index(change)]
            return
        yield ordered


def window_doubts(change: LeverChange) -> Iterator[Doubt]:
    """Doubt a window of which no result shows anything."""
    window = window_text(change.from_year, change.until_year)
    if change.until_year < REPORT_FROM:
        yield Doubt(change.id, "window", f"ends before results begin: {window}; they are told from {REPORT_FROM} on")
    elif change.from_year > USUAL_HORIZON:
        advice = f"run it with --until {min(change.from_year + 5, 2050)}"
        yield Doubt(change.id, "window", f"begins after the usual last year, {USUAL_HORIZON}: {window}; {advice}")
    elif change.ramp_years > 1 and change.until_year - change.from_year + 1 < change.ramp_years:
        reached = 100.0 * (change.until_year - change.from_year + 1) / change.ramp_years
        yield Doubt(
            change.id, "window", f"ends in {change.until_year} before its ramp of {change.ramp_years} years: {reached:.0f} %"
        )
