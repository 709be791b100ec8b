"""What of a page is printed: at most twelve A4 sheets, the first of which stands alone.

How high a block stands on paper is estimated from its letters, rows and pictures, a little too high rather than too low.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from sim.reports.html import (
    Answer,
    Block,
    Bullets,
    DataTable,
    Definitions,
    FigureBlock,
    Folded,
    Heading,
    NumberCell,
    Paragraph,
    Section,
    TextCell,
)

MOST_SHEETS: Final = 12
FIRST_SHEET: Final = "answer"
PRINTED_FIRST: Final = (
    FIRST_SHEET, "scenarios", "bands", "assumptions", "shares", "effects", "fit", "provenance", "who", "moves", "changes",
    "evidence", "tables",
)  # fmt: skip
"""Sections in the order in which they get room on paper."""
_ROOM: Final = 11 * 269.0 * 0.72
"""Millimetres behind the first sheet; the rest pays for figures and tables that begin on a new sheet."""
_WIDTH: Final = 182.0  # mm, of a sheet's text
_LINE: Final = 4.7  # mm
_ROW: Final = 3.5  # mm, a line of a table
_LETTERS: Final = 95  # of a line of text
_TABLE_LETTERS: Final = 120  # of a line of a table, all columns together
HIGHEST_PICTURE: Final = 120.0  # mm; stands in style.css too


def printed(sections: Sequence[Section]) -> list[Section]:
    """Mark what of the sections stands on the screen only, so that the whole prints on at most `MOST_SHEETS`."""
    left = _ROOM
    marked: dict[str, Section] = {}
    order = [*PRINTED_FIRST, *(section.anchor for section in sections if section.anchor not in PRINTED_FIRST)]
    for section in sorted(sections, key=lambda each: order.index(each.anchor)):
        if section.anchor == FIRST_SHEET:
            marked[section.anchor] = section
            continue
        left -= 16.0  # the heading
        unprinted = set()
        for place, block in enumerate(section.blocks):
            high = height(block)
            if high > left:
                unprinted.add(place)
            else:
                left -= high
        marked[section.anchor] = section._replace(unprinted=frozenset(unprinted))
    return [marked[section.anchor] for section in sections]


def height(block: Block) -> float:
    """Estimate how many millimetres a block takes on paper."""
    if isinstance(block, Folded):
        return 0.0
    if isinstance(block, FigureBlock):
        wide, high = block.size
        return min(HIGHEST_PICTURE, _WIDTH * high / wide) + _LINE * _lines(block.caption) + 16.0
    if isinstance(block, DataTable):
        return 8.0 + _LINE * _lines(block.caption) + sum(_row_height(row) for row in (block.columns, *block.rows))
    if isinstance(block, Bullets):
        return 4.0 + sum(_LINE * _lines(line) + 1.0 for line in block.lines)
    if isinstance(block, Definitions):
        return 4.0 + sum(_LINE * (_lines(text, 75) + _lines(term, 75)) + 3.0 for term, text in block.pairs)
    if isinstance(block, Heading):
        return 10.0
    assert isinstance(block, Paragraph | Answer)
    return _LINE * _lines(block.text) + (14.0 if isinstance(block, Answer) else 4.0)


def _lines(text: str, letters: int = _LETTERS) -> int:
    return max(1, math.ceil(len(text) / letters))


def _row_height(row: Sequence[str | TextCell | NumberCell]) -> float:
    """Estimate the height of a row: its columns share the width by their letters, but no word is broken for it."""
    texts = [each if isinstance(each, str) else each.text for each in row]
    whole = max(_TABLE_LETTERS, 1)
    widths = [max(12.0, whole * len(text) / max(sum(map(len, texts)), 1)) for text in texts]
    narrowed = whole / max(sum(widths), whole)
    small = any(isinstance(each, NumberCell) and each.small for each in row)
    return 3.0 + _ROW * (max(_lines(text, max(6, int(w * narrowed))) for text, w in zip(texts, widths, strict=True)) + small)
