"""The pieces of a page: tables, lists and figures in HTML. Every text is escaped here."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sim.comparisons.answer import signed as with_sign

LONG = 60
"""Letters above which a cell is given more width."""


class Words(NamedTuple):
    """A cell with words that may be long."""

    text: str


class Number(NamedTuple):
    """A cell with a number in words, and small print below it."""

    text: str
    small: str = ""


Cell = Words | Number


def escaped(text: object) -> str:
    """Escape a text for a page."""
    return html.escape(str(text), quote=True)


def spoken(text: str) -> str:
    """Escape a text; what stands between backticks is set as code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", escaped(text))


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; its direction is that of its letters."""
    return f'<p dir="auto"{_class(kind)}>{spoken(text)}</p>'


def bullets(lines: Iterable[str]) -> str:
    """Return a list."""
    return f"<ul>{''.join(f'<li dir=auto>{spoken(line)}</li>' for line in lines)}</ul>"


def definitions(pairs: Iterable[tuple[str, str]], kind: str = "") -> str:
    """Return terms with what they mean; of the kind "stacked", a term stands above its meaning."""
    return (
        f"<dl{_class(kind)}>{''.join(f'<dt>{escaped(term)}</dt><dd dir=auto>{spoken(text)}</dd>' for term, text in pairs)}</dl>"
    )


def folded(summary: str, body: str) -> str:
    """Return something that opens when it is asked for, and in print."""
    return f"<details><summary>{escaped(summary)}</summary>{body}</details>"


def section(anchor: str, title: str, body: str) -> str:
    """Return a section with its heading."""
    return (
        f'<section id="{anchor}" aria-labelledby="{anchor}-title"><h2 id="{anchor}-title">{escaped(title)}</h2>{body}</section>'
    )


def data_table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Return a table whose first column names the rows; it scrolls by itself where the screen is narrow.

    Parameters
    ----------
    caption
        What the table holds.
    columns
        Their heads.
    rows
        Cells, as many as there are columns; the first is the head of its row.
    """
    lines = [list(row) for row in rows]
    kinds = [bool(lines) and isinstance(lines[0][place], Number) for place in range(len(columns))]
    heads = "".join(
        f'<th scope="col"{_class("number" if number else "")}>{escaped(name)}</th>'
        for name, number in zip(columns, kinds, strict=True)
    )
    body = "".join(f"<tr>{''.join(_cell(cell, place == 0) for place, cell in enumerate(row))}</tr>" for row in lines)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="Table: {escaped(caption)}"><table><caption dir="auto"><span>'
        f"{escaped(caption)}</span></caption><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def figure_block(name: str, title: str, caption: str, description: str, picture: str) -> str:
    """Return a figure: its heading, how to read it, the place where it is drawn, and its picture for print.

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
    return (
        f'<figure id="figure-{name}"><h3>{escaped(title)}</h3><figcaption>{escaped(caption)}</figcaption>'
        f'<div class="plot" id="plot-{name}" role="img" aria-label="{escaped(description)}"></div>'
        f'<img class="picture" alt="{escaped(description)}" src="data:image/png;base64,{picture}"></figure>'
    )


def signed(value: float, digits: int = 2) -> str:
    """Write a number with its sign; what rounds to zero has none, what is missing is a dash."""
    return "–" if math.isnan(value) else with_sign(value, digits)


def span(low: float, high: float, digits: int = 2) -> str:
    """Write an interval."""
    return f"{signed(low, digits)} to {signed(high, digits)}"


def percent(share: float, digits: int = 1) -> str:
    """Write a share, 0..1, in per cent; what is missing is a dash."""
    return "–" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def people(number: float) -> str:
    """Write a number of people."""
    return "–" if math.isnan(number) else f"{number:,.0f}"


def shortened(text: str, most: int) -> str:
    """Cut a text, with an ellipsis, to at most so many letters."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _cell(cell: Cell, is_head: bool) -> str:
    if is_head:
        return f'<th scope="row" dir="auto"{_class("text" if isinstance(cell, Words) else "number")}>{escaped(cell.text)}</th>'
    if isinstance(cell, Words):
        return f'<td class="text{" long" if len(cell.text) > LONG else ""}" dir="auto">{spoken(cell.text)}</td>'
    small = f"<small>{escaped(cell.small)}</small>" if cell.small else ""
    return f'<td class="number">{escaped(cell.text)}{small}</td>'
