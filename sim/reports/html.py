"""What a page is made of, as data. How each piece looks in HTML stands in ``assets/blocks.html``; every text is escaped there."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sim.sources import PACKAGE

_LONG = 60  # letters above which a cell is given more width


class TextCell(NamedTuple):
    """A cell with words that may be long."""

    text: str

    @property
    def is_long(self) -> bool:
        """Whether it needs more width than other columns."""
        return len(self.text) > _LONG


class NumberCell(NamedTuple):
    """A cell with a number in words, and small print below it."""

    text: str
    small: str = ""


TableRow = Sequence[TextCell | NumberCell]


class Paragraph(NamedTuple):
    """A paragraph; what stands between backticks is set as code."""

    text: str
    kind: str = ""


class Heading(NamedTuple):
    """A heading inside a section."""

    text: str


class Bullets(NamedTuple):
    """A list of sentences."""

    lines: Sequence[str]


class Definitions(NamedTuple):
    """Terms with what they mean; of the kind "stacked", a term stands above its meaning."""

    pairs: Sequence[tuple[str, str]]
    kind: str = ""


class Answer(NamedTuple):
    """What the page says of one scenario."""

    who: str
    text: str


class DataTable(NamedTuple):
    """A table whose first column names the rows; it scrolls by itself where the screen is narrow.

    Parameters
    ----------
    caption
        What the table holds.
    columns
        Their heads.
    rows
        Cells, as many as there are columns; the first is the head of its row.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[TableRow]

    @property
    def heads(self) -> list[tuple[str, bool]]:
        """Each column's head, and whether the column holds numbers."""
        first = self.rows[0] if self.rows else ()
        return [(name, any(isinstance(cell, NumberCell) for cell in first[k : k + 1])) for k, name in enumerate(self.columns)]


class FigureBlock(NamedTuple):
    """A figure: the place where it is drawn, and its picture for print.

    Parameters
    ----------
    name
        Of the figure.
    title, caption
        What it shows and how to read it.
    description
        What it says, for those who do not see it.
    picture
        A PNG in base64.
    """

    name: str
    title: str
    caption: str
    description: str
    picture: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture in pixels, from the head of the PNG."""
        head = base64.b64decode(self.picture[:32])
        return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")


class Folded(NamedTuple):
    """Something that opens when it is asked for; in print only if it is open."""

    summary: str
    blocks: Blocks


Block = Paragraph | Heading | Bullets | Definitions | Answer | DataTable | FigureBlock | Folded
Blocks = Sequence[Block]


class Section(NamedTuple):
    """A part of the page with its heading; blocks at some places stand on the screen only."""

    anchor: str
    title: str
    blocks: Blocks
    unprinted: frozenset[int] = frozenset()

    @property
    def is_printed(self) -> bool:
        """Whether anything of it is printed."""
        return len(self.unprinted) < len(self.blocks)


@cache
def templates() -> Environment:
    """Return the templates of the page; what a template asks for and is not given is an error."""
    environment = Environment(
        loader=FileSystemLoader(PACKAGE / "reports" / "assets"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["kind"] = lambda each: type(each).__name__
    environment.filters["pieces"] = lambda text: re.split("`([^`]+)`", text)
    return environment
