"""Texts that came from a file or a command, made fit for a terminal and a message."""

from __future__ import annotations

import re
from typing import Final

MOST_MESSAGE: Final = 2_000
"""Letters of a message; what is longer is cut, with its length."""
UNPRINTED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff]"
)
"""What moves a cursor, sets a colour, turns the direction of writing or is no letter; line ends and tabs may stay."""


class Notice(UserWarning):
    """Something that is said once, in one line, while the work goes on; the command line prints it without its place."""


def printable(text: str) -> str:
    """Write control characters as their numbers in hexadecimal, so that no terminal obeys them."""
    return UNPRINTED.sub(lambda found: ascii(found[0])[1:-1], text)


def briefly(text: str, most: int = MOST_MESSAGE) -> str:
    """Write a message on a terminal's terms (see `printable`), at most so many letters of it."""
    said = printable(text[: most + 1])
    return said if len(text) <= most else f"{said[:most]}... ({len(text):,} letters)"
