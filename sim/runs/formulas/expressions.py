"""Expressions on what is known of runs, as in ``share(work, CHN, top20, 2035) > share(work, USA, top20, 2035)``.

Measures, numbers, ``+ - * /``, comparisons, ``and or not`` and parentheses, as Python reads them: read by its parser and never
evaluated as code. Two things are narrower: comparisons do not chain, and conditions and numbers are not mixed.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.model.world import Floats
from sim.runs.formulas.measures import MeasureError, parse_measure
from sim.scenarios.groups import GROUPS, Groups
from sim.scenarios.reading.text import nearest_name

Operation = Callable[[Floats, Floats], Floats]


MOST_PIECES, MOST_NESTED = 200, 20


COMPARATORS = ("<", "<=", ">", ">=", "==", "!=")


MEASURE = re.compile(r"\b(?!(?:and|or|not)\b)[A-Za-z_]\w*\s*\([^()]*\)")


NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


FORBIDDEN = re.compile(r"[^\w\s.+\-*/<>=!()]|(?<![<>=!])=(?!=)|!(?!=)", re.ASCII)


PIECE = re.compile(r"[\w.]+|[<>=!]+|\S")


ALLOWED = "allowed are measures, numbers, + - * /, < <= > >= == !=, and, or, not, and parentheses"


SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
}  # fmt: skip


NUMERIC: Mapping[str, Operation] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


class ExpressionError(ValueError):
    """A text that is no expression.

    Parameters
    ----------
    text
        The whole text.
    position
        Where it is wrong, from 0.
    message
        What is wrong and what is allowed.
    """

    def __init__(self, text: str, position: int, message: str) -> None:
        shown = text if len(text) <= 300 else ""  # a mark below a longer line helps nobody
        mark = f"\n  {shown}\n  {' ' * position}^" if shown.isprintable() and shown else ""
        super().__init__(f"at character {position + 1}: {message}{mark}")
        self.position = position


@dataclass(frozen=True)
class Expression:
    """A part of an expression.

    Parameters
    ----------
    kind
        ``number``, ``measure``, or an operation: a sign, ``minus``, ``and``, ``or``, ``not``.
    parts
        Of an operation.
    value
        Of a number.
    name
        Formula of a measure.
    """

    kind: str
    parts: tuple[Expression, ...] = ()
    value: float = 0.0
    name: str = ""

    @property
    def is_truth(self) -> bool:
        """Whether it is true or false, not a number."""
        return self.kind in (*COMPARATORS, "and", "or", "not")

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures it reads, each once."""
        if self.kind == "measure":
            return (self.name,)
        return tuple(dict.fromkeys(name for part in self.parts for name in part.measures))


def parse_expression(
    text: str, kept: Sequence[str] | None, codes: Sequence[str], until: int, truth: bool, groups: Groups = GROUPS
) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text
        As in the head of this module.
    kept
        Formulas of the measures that a sweep kept; None where every measure is known.
    codes
        Region codes in id order.
    until
        Last year of the runs.
    truth
        Whether it must be true or false; else it must be a number.
    groups
        Groups of regions that measures may name.

    Raises
    ------
    ExpressionError
        Naming the place and what is allowed there.
    """
    found = _Reader(text, kept, codes, until, groups).expression()
    if truth and not found.is_truth:
        raise ExpressionError(text, 0, "this is a number; write a condition, as in MEASURE > 0.4")
    if not truth and found.is_truth:
        raise ExpressionError(text, 0, "this is a condition; write a number: a measure, or a formula of measures with + - * /")
    if not found.measures:
        raise ExpressionError(text, 0, f"names no measure; {told(kept, until)}")
    return found


def evaluate(expression: Expression, columns: Mapping[str, Floats]) -> Floats:
    """Evaluate an expression on columns.

    Parameters
    ----------
    expression
        Of `parse_expression`.
    columns
        Values by measure, of one shape.

    Returns
    -------
    Numbers, or 1 and 0 for true and false; NaN where a measure is, or a division by zero leaves nothing.
    """
    if expression.kind == "number":
        return np.full(next(iter(columns.values())).shape, expression.value)
    if expression.kind == "measure":
        return np.asarray(columns[expression.name], dtype=np.float64)
    parts = [evaluate(part, columns) for part in expression.parts]
    with np.errstate(all="ignore"):
        if expression.kind == "minus":
            found = -parts[0]
        elif expression.kind == "not":
            found = 1.0 - parts[0]
        elif expression.kind == "and":
            found = np.minimum.reduce(parts)
        elif expression.kind == "or":
            found = np.maximum.reduce(parts)
        else:
            found = NUMERIC[expression.kind](*parts).astype(np.float64)
    known = np.logical_and.reduce([np.isfinite(part) for part in parts])
    return np.where(known & np.isfinite(found), found, np.nan)


def told(kept: Sequence[str] | None, until: int) -> str:
    """Say which measures may be named."""
    return f"write one such as share(work, USA, top20, {until})" if kept is None else f"This sweep kept {', '.join(kept)}"


class _Reader:
    """Reads one text: what is written as a measure becomes a name of the same length, Python's parser does the rest."""

    def __init__(self, text: str, kept: Sequence[str] | None, codes: Sequence[str], until: int, groups: Groups) -> None:
        self.text, self.kept, self.codes, self.until, self.groups = text, kept, codes, until, groups
        self.measures = {found.start(): found[0] for found in MEASURE.finditer(text)}
        self.plain = re.sub(r"\s", " ", MEASURE.sub(lambda found: "_" * len(found[0]), text))
        self.start = len(self.plain) - len(self.plain.lstrip())

    def expression(self) -> Expression:
        """Read the whole text."""
        wrong = FORBIDDEN.search(self.plain)
        if wrong is not None:
            raise self.fail(f"{wrong[0]!r} is not allowed; {ALLOWED}", wrong.start())
        pieces = list(PIECE.finditer(self.plain))
        if len(pieces) > MOST_PIECES:
            raise self.fail(f"is too long; at most {MOST_PIECES} numbers, measures and signs", pieces[MOST_PIECES].start())
        self.check_parentheses()
        try:
            with warnings.catch_warnings(action="ignore"):  # as of a number that touches a word
                tree = ast.parse(self.plain.strip(), mode="eval")
        except SyntaxError as error:
            position = self.start + error.offset - 1 if error.offset else len(self.text)
            raise self.unexpected(position) from None
        return self.read(tree.body, 0)

    def check_parentheses(self) -> None:
        """Refuse parentheses that do not match or are too many in one another, which the tree does not show."""
        opened: list[int] = []
        for position, sign in enumerate(self.plain):
            if sign == "(":
                opened.append(position)
                self.check_depth(len(opened), position + 1)
            elif sign == ")" and not opened:
                raise self.unexpected(position)
            elif sign == ")":
                opened.pop()
        if opened:
            message = f"the parenthesis opened at character {opened[-1] + 1} is not closed here"
            raise self.fail(message, len(self.text.rstrip()))

    def check_depth(self, depth: int, position: int) -> None:
        """Refuse what stands too deep."""
        if depth > MOST_NESTED:
            raise self.fail(f"is nested too deeply; at most {MOST_NESTED} parentheses or signs in one another", position)

    def read(self, node: ast.expr, depth: int) -> Expression:
        """Read one node of the tree; whatever is not named here is refused."""
        match node:
            case ast.Constant() if NUMBER.fullmatch(self.segment(node)):
                return Expression("number", value=float(self.segment(node)))
            case ast.Name() if self.place(node) in self.measures:
                return Expression("measure", name=self.measure(node))
            case ast.Name(id=name):
                raise self.fail(f"{name!r} is no measure; {self.hint(name)}{told(self.kept, self.until)}", self.place(node))
            case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
                return self.signed(node, operand, depth + 1)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in SIGNS:
                return self.joined(SIGNS[type(op)], left, right, "joins", depth)
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in SIGNS:
                return self.joined(SIGNS[type(op)], left, right, "compares", depth)
            case ast.Compare(ops=[_, op, *_], comparators=[left, right, *_]) if type(op) in SIGNS:
                message = f"{SIGNS[type(op)]!r} is not expected here; join two comparisons with and; {ALLOWED}"
                raise self.fail(message, self.between(left, right))
            case ast.BoolOp(op=op, values=values):
                return self.conditions("and" if isinstance(op, ast.And) else "or", values, depth)
        raise self.fail(f"{self.segment(node)!r} is not allowed; {ALLOWED}", self.place(node))

    def signed(self, node: ast.UnaryOp, operand: ast.expr, depth: int) -> Expression:
        """Read what ``-`` or ``not`` stands before."""
        self.check_depth(depth, self.place(operand))
        part = self.read(operand, depth)
        if isinstance(node.op, ast.Not):
            if not part.is_truth:
                raise self.fail("not negates a condition; this is a number", self.place(operand))
            return Expression("not", (part,))
        if part.is_truth:
            raise self.fail("- stands before a condition; write not", self.place(node))
        return Expression("minus", (part,))

    def joined(self, sign: str, left: ast.expr, right: ast.expr, does: str, depth: int) -> Expression:
        """Read two numbers with a sign between them."""
        parts = self.read(left, depth), self.read(right, depth)
        if any(part.is_truth for part in parts):
            raise self.fail(f"{sign} {does} numbers; a condition stands beside it", self.between(left, right))
        return Expression(sign, parts)

    def conditions(self, word: str, values: Sequence[ast.expr], depth: int) -> Expression:
        """Read conditions joined by a word."""
        parts = tuple(self.read(value, depth) for value in values)
        for part, value in zip(parts, values, strict=True):
            if not part.is_truth:
                raise self.fail(f"{word} joins conditions; this is a number", self.place(value))
        return Expression(word, parts)

    def measure(self, node: ast.Name) -> str:
        """Check that a measure was kept."""
        place = self.place(node)
        try:
            name = str(parse_measure(self.measures[place], self.codes, self.until, self.groups))
        except MeasureError as error:
            raise self.fail(str(error), place) from None
        if self.kept is not None and name not in self.kept:
            raise self.fail(f"{name} was not kept by this sweep; {self.hint(name)}Kept: {', '.join(self.kept)}", place)
        return name

    def hint(self, name: str) -> str:
        """Name the measure that may be meant."""
        near = nearest_name(name, self.kept or ())
        return f"did you mean {near}? " if near else ""

    def place(self, node: ast.expr) -> int:
        """Return where a node begins in the text, from 0."""
        return self.start + node.col_offset

    def segment(self, node: ast.expr) -> str:
        """Return the text of a node."""
        return self.text[self.place(node) : self.start + (node.end_col_offset or 0)]

    def between(self, left: ast.expr, right: ast.expr) -> int:
        """Return where the sign between two nodes stands."""
        end = self.start + (left.end_col_offset or 0)
        return end + len(re.match(r"[\s)]*", self.plain[end : self.place(right)])[0])  # type: ignore[index]  # matches always

    def unexpected(self, position: int) -> ExpressionError:
        """Make the error for something that may not stand in its place."""
        found = PIECE.search(self.plain, position)
        what = "the end" if found is None else repr(self.measures.get(found.start(), found[0]))
        place = len(self.text.rstrip()) if found is None else found.start()
        return self.fail(f"a number, a measure or a sign is expected here, not {what}; {ALLOWED}", place)

    def fail(self, message: str, position: int) -> ExpressionError:
        """Make an error."""
        return ExpressionError(self.text, position, message)
