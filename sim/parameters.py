"""The schema of parameters and levers: what each one is, its unit, its range and where it enters.

The parameter table itself is data (``sim/data/parameters.toml``); the levers are declared here, once each. To add a
lever, add one entry to ``LEVERS`` and one field to ``sim.policy.Policies``.

Notation: T years of a run, R regions. Region ids are positions in the region table and are never reordered.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from scipy.special import betainc, betaincinv, ndtr, ndtri

FIRST_YEAR: Final = 2000
"""First year of every run; the run starts empty."""
REPORT_FROM: Final = 2010
"""First reported year; the years before are burn-in."""
DEFAULT_UNTIL: Final = 2035
"""Last year of a run unless asked otherwise."""
LAST_YEAR: Final = 2050
"""Last year any run, table or lever can reach."""
SECTORS: Final = ("academia", "industry")
"""Sector names in id order."""
TALENT_CLASSES: Final = 5
"""Number of talent classes, 0 (lowest fifth) to 4 (highest fifth)."""

DISTRIBUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "fixed": ("value",),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "sigma"),
    "uniform": ("low", "high"),
    "beta": ("mean", "sd"),
    "triangular": ("low", "mode", "high"),
}
"""The numbers each kind of distribution needs, in order. A beta lies on 0..1; ``sigma`` is on the log scale."""

CHANGES: Final = ("set", "multiply", "add")
"""Kinds of change, in the order in which they apply within one file."""
MOST_FACTOR: Final = 100.0
"""Largest factor a ``multiply`` may name."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a distribution table: the key, what is wrong with it and what would be right."""

    key: str
    message: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, init=False)
class Distribution:
    """A probability distribution of one number.

    Parameters
    ----------
    kind
        A key of ``DISTRIBUTIONS``.
    numbers
        The numbers of that kind by name, e.g. ``Distribution("beta", mean=.45, sd=.05)``.

    Raises
    ------
    ValueError
        If the kind is unknown, a number is missing, superfluous, not finite or impossible.
    """

    kind: str
    numbers: tuple[tuple[str, float], ...]

    def __init__(self, kind: str, **numbers: float) -> None:
        faults = distribution_faults({"distribution": kind, **numbers})
        if faults:
            raise ValueError("; ".join(f"{fault.key}: {fault.message}" for fault in faults))
        ordered = tuple((name, float(numbers[name])) for name in DISTRIBUTIONS[kind])
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "numbers", ordered)

    def __reduce__(self) -> tuple[object, ...]:
        """Rebuild from the table form (a frozen class without the generated constructor)."""
        return (parse_distribution, (self.table(),))

    def table(self) -> dict[str, str | float]:
        """Return the table form, as a scenario file writes it: ``{"distribution": kind, **numbers}``."""
        return {"distribution": self.kind, **dict(self.numbers)}


def parse_distribution(table: Mapping[str, object]) -> Distribution:
    """Make a distribution from its table form.

    Parameters
    ----------
    table
        ``{"distribution": kind, ...}`` with exactly the numbers of that kind.

    Raises
    ------
    ValueError
        With every fault of the table, as ``distribution_faults`` lists them.
    """
    faults = distribution_faults(table)
    if faults:
        raise ValueError("; ".join(f"{fault.key}: {fault.message}" for fault in faults))
    kind = str(table["distribution"])
    return Distribution(kind, **{name: _number(table[name]) for name in DISTRIBUTIONS[kind]})


def distribution_faults(table: Mapping[str, object]) -> tuple[Fault, ...]:
    """List everything that is wrong with a distribution table; empty if nothing is."""
    kinds = tuple(DISTRIBUTIONS)
    if "distribution" not in table:
        return (Fault("distribution", "the kind of distribution is missing", kinds),)
    kind = table["distribution"]
    if not isinstance(kind, str) or kind not in DISTRIBUTIONS:
        return (Fault("distribution", f"{kind!r} is not a kind of distribution", kinds),)
    needed = DISTRIBUTIONS[kind]
    faults = [
        Fault(str(key), f"a {kind} distribution has no such number", needed)
        for key in table
        if key != "distribution" and key not in needed
    ]
    numbers: dict[str, float] = {}
    for name in needed:
        if name not in table:
            faults.append(Fault(name, f"a {kind} distribution needs this number", needed))
        elif not _is_number(table[name]):
            faults.append(Fault(name, f"{table[name]!r} is not a finite number"))
        else:
            numbers[name] = _number(table[name])
    if len(numbers) == len(needed):
        faults.extend(_impossible(kind, numbers))
    return tuple(faults)


def _impossible(kind: str, n: Mapping[str, float]) -> list[Fault]:
    """List the combinations of numbers for which no distribution of this kind exists."""
    faults: list[Fault] = []
    if kind in ("normal", "beta") and not n["sd"] > 0:
        faults.append(Fault("sd", f"{n['sd']:g} is not above 0"))
    if kind == "lognormal":
        faults.extend(Fault(key, f"{n[key]:g} is not above 0") for key in ("median", "sigma") if not n[key] > 0)
    if kind == "uniform" and not n["low"] < n["high"]:
        faults.append(Fault("high", f"{n['high']:g} is not above low ({n['low']:g})"))
    if kind == "triangular" and not (n["low"] <= n["mode"] <= n["high"] and n["low"] < n["high"]):
        faults.append(Fault("mode", "needs low <= mode <= high and low < high"))
    if kind == "beta" and not 0 < n["mean"] < 1:
        faults.append(Fault("mean", f"{n['mean']:g} is not between 0 and 1"))
    elif kind == "beta" and n["sd"] > 0:
        most = math.sqrt(n["mean"] * (1 - n["mean"]))
        if not n["sd"] < most:
            faults.append(Fault("sd", f"{n['sd']:g} is not below {most:.4g}, the most a beta of this mean can have"))
    return faults


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def probability_below(distribution: Distribution, x: float) -> float:
    """Return P(X <= x) of the untruncated distribution.

    Parameters
    ----------
    distribution
        Any distribution.
    x
        A number in the distribution's unit; infinities are allowed.
    """
    n = dict(distribution.numbers)
    match distribution.kind:
        case "fixed":
            return 1.0 if x >= n["value"] else 0.0
        case "normal":
            return float(ndtr((x - n["mean"]) / n["sd"]))
        case "lognormal":
            return float(ndtr(math.log(x / n["median"]) / n["sigma"])) if x > 0 else 0.0
        case "uniform":
            return min(1.0, max(0.0, (x - n["low"]) / (n["high"] - n["low"])))
        case "beta":
            a, b = _beta_shape(n["mean"], n["sd"])
            return float(betainc(a, b, min(1.0, max(0.0, x))))
        case _:
            return _triangular_below(n["low"], n["mode"], n["high"], x)


def quantile(distribution: Distribution, u: float, low: float = -math.inf, high: float = math.inf) -> float:
    """Return the quantile of a distribution truncated to ``low``..``high``.

    Parameters
    ----------
    distribution
        Any distribution. A ``fixed`` one returns its value, brought into the range.
    u
        Probability, strictly between 0 and 1.
    low, high
        Range in the distribution's unit. The probability range is cut, Q(F(low) + u (F(high) - F(low))), so the
        result is the distribution conditional on lying in the range, not one with mass piled up at its ends.

    Raises
    ------
    ValueError
        If u is outside (0, 1) or the range holds no probability.
    """
    if not 0.0 < u < 1.0:
        raise ValueError(f"u must lie strictly between 0 and 1, not {u!r}")
    n = dict(distribution.numbers)
    if distribution.kind == "fixed":
        return min(high, max(low, n["value"]))
    below_low = probability_below(distribution, low) if low > -math.inf else 0.0
    below_high = probability_below(distribution, high) if high < math.inf else 1.0
    if not below_high > below_low:
        raise ValueError(f"a {distribution.kind} distribution with {n} holds no probability in {low:g}..{high:g}")
    p = below_low + u * (below_high - below_low)
    return min(high, max(low, _untruncated_quantile(distribution.kind, n, p)))


def _untruncated_quantile(kind: str, n: Mapping[str, float], p: float) -> float:
    match kind:
        case "normal":
            return n["mean"] + n["sd"] * float(ndtri(p))
        case "lognormal":
            return n["median"] * math.exp(n["sigma"] * float(ndtri(p)))
        case "uniform":
            return n["low"] + p * (n["high"] - n["low"])
        case "beta":
            a, b = _beta_shape(n["mean"], n["sd"])
            return float(betaincinv(a, b, p))
        case _:
            low, mode, high = n["low"], n["mode"], n["high"]
            width = high - low
            if p * width < mode - low:
                return low + math.sqrt(p * width * (mode - low))
            return high - math.sqrt((1 - p) * width * (high - mode))


def _beta_shape(mean: float, sd: float) -> tuple[float, float]:
    size = mean * (1 - mean) / (sd * sd) - 1
    return mean * size, (1 - mean) * size


def _triangular_below(low: float, mode: float, high: float, x: float) -> float:
    if x <= low:
        return 0.0
    if x >= high:
        return 1.0
    if x < mode:
        return (x - low) ** 2 / ((high - low) * (mode - low))
    return 1 - (high - x) ** 2 / ((high - low) * (high - mode))


@dataclass(frozen=True)
class Parameter:
    """One uncertain or assumed number of the model.

    Parameters
    ----------
    name
        The name used in ``[parameters]`` of a scenario file and by ``--set``.
    unit
        What one means, e.g. ``logit`` or ``years``.
    default
        The value of the reference point, in the unit.
    low, high
        Range outside which a value is refused.
    prior
        Distribution the draws come from, truncated to the range; None for a number that is never drawn.
    role
        What kind of number it is, e.g. ``prior``, ``assumption`` or ``constant``.
    meaning
        One sentence.
    source
        Id of a source, or ``assumption``.
    tag
        How the value is known: R read, C computed, M judgement.
    """

    name: str
    unit: str
    default: float
    low: float
    high: float
    prior: Distribution | None
    role: str
    meaning: str
    source: str
    tag: str


@dataclass(frozen=True)
class Lever:
    """One thing a policy can move.

    Parameters
    ----------
    name
        The name used in scenario files; also the field of ``sim.policy.Policies``.
    enters
        The equation it enters, in words.
    unit
        What one means.
    low, high
        Range of the value in force; ``set`` outside it is refused, the result of a change is clipped to it.
    filters
        Names of the filters a scenario file may use, in the order of the axes.
    by
        Axes of its array: ``("year", ...)`` followed by the filters' axes.
    restrictive
        True if raising it can only lower entry to, or staying in, the destination.
    meaning
        One sentence.
    default
        The value without any policy, in words.
    changes
        Kinds of change allowed.
    """

    name: str
    enters: str
    unit: str
    low: float
    high: float
    filters: tuple[str, ...]
    by: tuple[str, ...]
    restrictive: bool
    meaning: str
    default: str
    changes: tuple[str, ...] = CHANGES


_PAIR = ("origin", "destination")
_DECLARED = (
    Lever(
        name="student_visa_refusal",
        enters="study choice: the destination is closed to the applicant with this probability (a draw by person, "
        "destination and year), and expected refusals deter: utility + kappa_1 * v * ln(1 - expected refusal)",
        unit="probability", low=0.0, high=1.0, filters=_PAIR, by=("year", *_PAIR), restrictive=True,
        meaning="Share of doctoral student-visa applications that are refused.",
        default="the observed refusal rate of all student visas by pair and year times a doctoral factor drawn from "
        "U(.2, .8); 0 inside Europe's free-movement bloc; a set states the doctoral rate itself",
    ),
    Lever(
        name="entry_bar",
        enters="study choice: applicants whose fixed rank lies below this share cannot enter the destination; a wider "
        "bar contains the narrower one",
        unit="share of the origin's applicants", low=0.0, high=1.0, filters=_PAIR, by=("year", *_PAIR),
        restrictive=True,
        meaning="Share of an origin's applicants barred by category (institution or field lists).",
        default="0",
    ),
    Lever(
        name="border_closure",
        enters="study choice: the pair is closed to the person with this probability in this year; whoever's best "
        "alternative is closed may postpone once, by a year",
        unit="probability", low=0.0, high=1.0, filters=_PAIR, by=("year", *_PAIR), restrictive=True,
        meaning="Share of would-be entrants who find the border closed.",
        default="0",
    ),
    Lever(
        name="visa_delay",
        enters="study choice: utility - kappa_2 * v * months / 6",
        unit="months", low=0.0, high=36.0, filters=_PAIR, by=("year", *_PAIR), restrictive=True,
        meaning="Extra waiting time for a student visa.",
        default="0",
    ),
    Lever(
        name="hostility",
        enters="study utility - kappa_H^S * v * H, job utility - kappa_H^W * v * H, and the moving hazard of people "
        "working there * exp(kappa_p * H); the published effect is split over the three, not tripled",
        unit="index (1 = United States towards China, 2016-19)", low=0.0, high=2.0, filters=_PAIR,
        by=("year", *_PAIR), restrictive=True,
        meaning="Hostile climate, investigations and suspicion felt by an origin in a destination.",
        default="0",
    ),
    Lever(
        name="phd_stipend",
        enters="study choice: utility + beta_F * ln(stipend / world mean stipend)",
        unit="dollars a year at purchasing power parity", low=500.0, high=250_000.0, filters=_PAIR,
        by=("year", *_PAIR), restrictive=False,
        meaning="Pay of a doctoral student; by origin where a policy is for foreigners.",
        default="observed pay of doctoral students in the destination, the same for all origins",
    ),
    Lever(
        name="phd_places",
        enters="study choice, from 2020 on: utility - gamma_c * max(0, ln(last years' demand / places)), places = "
        "lever * demand of 2019 grown by the seat elasticity; places above demand do nothing",
        unit="multiplier", low=0.01, high=10.0, filters=("destination",), by=("year", "destination"),
        restrictive=False,
        meaning="Doctoral places relative to what they would have been.",
        default="1",
    ),
    Lever(
        name="work_visa_odds",
        enters="job choice and authorisation: the chance in A attempts is 1 - (1 - odds)^A; utility + kappa_1 * v * "
        "ln of it, and the realised draw uses it too",
        unit="probability per attempt", low=0.0, high=1.0, filters=("destination", "sector"),
        by=("year", "destination", "sector"), restrictive=False,
        meaning="Chance that one attempt at a work visa succeeds.",
        default=".98 in academia; observed odds in industry by destination and year (the H-1B lottery for the USA)",
    ),
    Lever(
        name="return_bonus",
        enters="job choice of people abroad, 2 to 8 years after the degree: utility of the origin + bonus",
        unit="logits", low=-5.0, high=5.0, filters=("origin", "talent_class"), by=("year", "origin", "talent_class"),
        restrictive=False,
        meaning="What a return programme adds to going home, by talent class.",
        default="0",
    ),
    Lever(
        name="cohort_size",
        enters="entry: the number of new graduates of the origin who enter the field is multiplied by it",
        unit="multiplier", low=0.0, high=10.0, filters=("origin",), by=("year", "origin"), restrictive=False,
        meaning="Size of an origin's cohorts relative to what they would have been.",
        default="1",
    ),
)

LEVERS: Final[Mapping[str, Lever]] = {lever.name: lever for lever in _DECLARED}
"""Every lever by name, in the order in which they are listed to users."""
