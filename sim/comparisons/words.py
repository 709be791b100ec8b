"""Numbers in words, for answers, pages and printed tables alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from sim.comparisons.errors import decimals

if TYPE_CHECKING:
    from sim.comparisons.comparison import Headline

MINUS: Final = "\N{MINUS SIGN}"
MISSING: Final = "\N{EN DASH}"


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign; what rounds to zero has none, what is missing is a dash."""
    if math.isnan(value):
        return MISSING
    text = rounded_to(abs(value), digits)
    if float(text.replace(",", "")) == 0.0:
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def percent(share: float, digits: int = 1) -> str:
    """Write a share, 0..1, in per cent; what is missing is a dash."""
    return MISSING if math.isnan(share) else f"{rounded_to(100.0 * share, digits)} %"


def rounded_to(value: float, digits: int) -> str:
    """Write a number with so many decimals, or in whole tens, hundreds ... where they are below zero."""
    return f"{round(value, digits):,.{max(digits, 0)}f}"


def interval(row: Headline) -> str:
    """Write the ends of the interval that holds 90 % of the paired differences, with the digits of their mean."""
    digits = decimals(row.error_points)
    return f"{signed(row.p05_points, digits)} to {signed(row.p95_points, digits)}"


def effect(row: Headline) -> str:
    """Write a mean paired difference in percentage points, with the digits that its Monte-Carlo error supports."""
    return signed(row.difference_points, decimals(row.error_points))


def levels(row: Headline, unit: str = " %") -> tuple[str, str]:
    """Write the mean shares of base and variant in per cent; as written they subtract to the effect as written.

    Where all three rounded for themselves do not, the variant's is written a last digit off, which its error covers.
    """
    if math.isnan(row.difference_points):
        return MISSING, MISSING
    digits = decimals(row.error_points)
    before = round(100.0 * row.base_share, digits)
    after = before + round(row.difference_points, digits)
    return f"{rounded_to(before, digits)}{unit}", f"{rounded_to(after, digits)}{unit}"


def numbers(row: Headline) -> tuple[str, str]:
    """Write the mean numbers of people of base and variant, with the digits that the errors of their shares support."""
    found = []
    for people, share, error in (
        (row.base_people, row.base_share, row.base_share_error),
        (row.variant_people, row.variant_share, row.variant_share_error),
    ):
        part = error / share if share > 0.0 else math.nan
        found.append(MISSING if math.isnan(people) else rounded_to(people, decimals(people * part, most=0)))
    return found[0], found[1]


def parts_in_digits(parts: Sequence[float], headline: float, error: float) -> tuple[str, list[str]]:
    """Write an effect and its parts with the digits of the effect, so that what is written adds up.

    Parameters
    ----------
    parts
        Of the effect as some runs of their own show it, percentage points.
    headline
        The effect over all pairs, percentage points; NaN where there is none: then the parts are the whole.
    error
        Monte-Carlo standard error of the headline, percentage points.

    Returns
    -------
    tuple
        The effect; the parts, and a last one for what the runs of their own miss of the effect.
    """
    if math.isnan(headline):
        return signed(math.fsum(parts)), [*(signed(part) for part in parts), MISSING]
    digits = decimals(error)
    shown = [round(part, digits) for part in parts]
    rest = round(headline, digits) - math.fsum(shown)
    return signed(headline, digits), [signed(part, digits) for part in (*shown, rest)]
