"""Numbers in words, for answers, pages and printed tables alike."""

from __future__ import annotations

import math
from typing import Final

MINUS: Final = "\N{MINUS SIGN}"
MISSING: Final = "\N{EN DASH}"


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign; what rounds to zero has none, what is missing is a dash."""
    text = f"{abs(value):.{digits}f}"
    if math.isnan(value):
        return MISSING
    if float(text) == 0.0:
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def percent(share: float, digits: int = 1) -> str:
    """Write a share, 0..1, in per cent; what is missing is a dash."""
    return MISSING if math.isnan(share) else f"{100.0 * share:.{digits}f} %"
