"""What all printed tables have in common: a table of texts, and records of plain values."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rich import box
from rich.table import Table
from rich.text import Text

MOST_UNFOLDED: Final = 32
"""Letters of a name in the first column that are never folded."""


def plain_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Return a table of texts whose columns fold rather than cut; names in the first are kept whole where they are not long."""
    cells = [tuple(row) for row in rows]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for position, column in enumerate(columns):
        longest = max(len(column), *(len(row[position]) for row in cells), 0)
        is_name = position == 0
        whole, width = is_name and longest <= MOST_UNFOLDED, MOST_UNFOLDED if is_name and longest > MOST_UNFOLDED else None
        table.add_column(column, overflow="fold", no_wrap=whole, width=width)  # a least width would push the last off the line
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    return table


def plain_record(record: Mapping[str, Any]) -> dict[str, Any]:
    """Make of a record what JSON has words for: what is no finite number becomes None, a tuple a list."""
    return {key: _plain(each) for key, each in record.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return plain_record(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value
