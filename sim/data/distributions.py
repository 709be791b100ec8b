"""Probability distributions of one number: their table form, what is wrong with one, and their quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Final

from sim.sources import Remembered

TRIED_AT: Final = (1e-10, 0.01, 0.05, 0.5, 0.95, 0.99, 1 - 1e-10)
"""Probabilities at which every file is looked at."""
ELEMENTARY: Final = ("fixed", "uniform", "triangular")
"""Kinds whose quantiles need no special function."""

DISTRIBUTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "fixed": ("value",),
    "normal": ("mean", "sd"),
    "lognormal": ("median", "sigma"),
    "uniform": ("low", "high"),
    "beta": ("mean", "sd"),
    "triangular": ("low", "mode", "high"),
}
"""The numbers each kind of distribution needs, in order. A beta lies on 0..1; ``sigma`` is on the log."""


@dataclass(frozen=True)
class DistributionFault:
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


def distribution_faults(table: Mapping[str, object]) -> tuple[DistributionFault, ...]:
    """List everything that is wrong with a distribution table; empty if nothing is."""
    kinds = tuple(DISTRIBUTIONS)
    if "distribution" not in table:
        return (DistributionFault("distribution", "the kind of distribution is missing", kinds),)
    kind = table["distribution"]
    if not isinstance(kind, str) or kind not in DISTRIBUTIONS:
        return (DistributionFault("distribution", "is not a kind of distribution", kinds),)
    needed = DISTRIBUTIONS[kind]
    faults = [
        DistributionFault(str(key), f"a {kind} distribution has no such number", needed)
        for key in table
        if key != "distribution" and key not in needed
    ]
    numbers: dict[str, float] = {}
    for name in needed:
        if name not in table:
            faults.append(DistributionFault(name, f"a {kind} distribution needs this number", needed))
        elif not _is_number(table[name]):
            faults.append(DistributionFault(name, "is not a finite number"))
        else:
            numbers[name] = _number(table[name])
    if len(numbers) == len(needed):
        faults.extend(_impossible(kind, numbers))
    return tuple(faults)


def _impossible(kind: str, n: Mapping[str, float]) -> list[DistributionFault]:
    """List the combinations of numbers for which no distribution of this kind exists."""
    faults: list[DistributionFault] = []
    if kind in ("normal", "beta") and not n["sd"] > 0:
        faults.append(DistributionFault("sd", f"{n['sd']:g} is not above 0"))
    if kind == "lognormal":
        faults.extend(DistributionFault(key, f"{n[key]:g} is not above 0") for key in ("median", "sigma") if not n[key] > 0)
    if kind == "uniform" and not n["low"] < n["high"]:
        faults.append(DistributionFault("high", f"{n['high']:g} is not above low ({n['low']:g})"))
    if kind == "triangular" and not (n["low"] <= n["mode"] <= n["high"] and n["low"] < n["high"]):
        faults.append(DistributionFault("mode", "needs low <= mode <= high and low < high"))
    if kind == "beta" and not 0 < n["mean"] < 1:
        faults.append(DistributionFault("mean", f"{n['mean']:g} is not between 0 and 1"))
    elif kind == "beta" and n["sd"] > 0:
        most = math.sqrt(n["mean"] * (1 - n["mean"]))
        if not n["sd"] < most:
            faults.append(DistributionFault("sd", f"{n['sd']:g} is not below {most:.4g}, the limit for a beta of this mean"))
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
            return float(special().ndtr((x - n["mean"]) / n["sd"]))
        case "lognormal":
            return float(special().ndtr(math.log(x / n["median"]) / n["sigma"])) if x > 0 else 0.0
        case "uniform":
            return min(1.0, max(0.0, (x - n["low"]) / (n["high"] - n["low"])))
        case "beta":
            a, b = _beta_shape(n["mean"], n["sd"])
            return float(special().betainc(a, b, min(1.0, max(0.0, x))))
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
        Range in the distribution's unit. The probability range is cut, Q(F(low) + u (F(high) - F(low))), so
        the result is the distribution conditional on lying in the range, without mass piled up at its ends.

    Raises
    ------
    ValueError
        If u is outside (0, 1) or the range holds no probability.
    """
    if not 0.0 < u < 1.0:
        raise ValueError(f"u must lie strictly between 0 and 1, not {u!r}")
    if distribution.kind in ELEMENTARY:
        return _quantile(distribution, u, low, high)
    key: tuple[str | float, ...] = (distribution.kind, *(value for _, value in distribution.numbers), u, low, high)
    return remembered_quantiles("quantiles" if u in TRIED_AT else "drawn").get(key, lambda: _quantile(distribution, u, low, high))


@cache
def remembered_quantiles(name: str) -> Remembered:
    """Open the quantiles that are known from before, for the scipy and the formulas that are installed."""
    scipy = find_spec("scipy")
    version = Path(scipy.origin).with_name("version.py") if scipy and scipy.origin else Path(__file__)
    return Remembered(name, (version, Path(__file__)))


def _quantile(distribution: Distribution, u: float, low: float, high: float) -> float:
    n = dict(distribution.numbers)
    if distribution.kind == "fixed":
        return min(high, max(low, n["value"]))
    below_low = probability_below(distribution, low) if low > -math.inf else 0.0
    below_high = probability_below(distribution, high) if high < math.inf else 1.0
    if not below_high > below_low:
        raise ValueError(f"a {distribution.kind} distribution with {n} has nothing in {low:g}..{high:g}")
    p = below_low + u * (below_high - below_low)
    return min(high, max(low, _untruncated_quantile(distribution.kind, n, p)))


@cache
def special() -> ModuleType:
    """Import the special functions when the first is needed: scipy takes longer to import than a scenario file to check."""
    import scipy.special

    return scipy.special  # type: ignore[no-any-return]


def is_usable(distribution: Distribution, low: float, high: float) -> bool:
    """Say whether a distribution can be drawn from within a range.

    Parameters
    ----------
    distribution
        Any distribution.
    low, high
        Range in its unit; infinite for no range.

    Returns
    -------
    True if the median lies in the range and quantiles far out in both tails are finite and in order.
    """
    try:
        median = quantile(distribution, 0.5)
        points = [quantile(distribution, u, low, high) for u in TRIED_AT]
    except (ArithmeticError, ValueError):
        return False
    return low <= median <= high and all(map(math.isfinite, points)) and points == sorted(points)


def _untruncated_quantile(kind: str, n: Mapping[str, float], p: float) -> float:
    match kind:
        case "normal":
            return n["mean"] + n["sd"] * float(special().ndtri(p))
        case "lognormal":
            return n["median"] * math.exp(n["sigma"] * float(special().ndtri(p)))
        case "uniform":
            return n["low"] + p * (n["high"] - n["low"])
        case "beta":
            a, b = _beta_shape(n["mean"], n["sd"])
            return float(special().betaincinv(a, b, p))
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
