"""Expressions on what a sweep kept, as in ``share(work, CHN, top20, 2035) > share(work, USA, top20, 2035)``.

Measures, numbers, ``+ - * /``, comparisons, ``and or not`` and parentheses; read by the parser below and never evaluated as code.

    truth      = all ("or" all)*                    sum     = product (("+" | "-") product)*
    all        = negated ("and" negated)*           product = signed (("*" | "/") signed)*
    negated    = "not" negated | comparison         signed  = "-" signed | atom
    comparison = sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
    atom       = number | measure | "(" truth ")"
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from sim.model.world import Floats
from sim.scenarios.reading.text import nearest_name
from sim.sweeps.design.measures import MeasureError, parse_measure

Operation = Callable[[Floats, Floats], Floats]


MOST_TOKENS, MOST_DEPTH = 200, 20


COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign><=|>=|==|!=|[-+*/<>(),]))"
)


CALL = re.compile(r"\w+\s*\([^()]*\)")


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
        return self.kind in (*COMPARISONS, "and", "or", "not")

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures it reads, each once."""
        if self.kind == "measure":
            return (self.name,)
        return tuple(dict.fromkeys(name for part in self.parts for name in part.measures))


@dataclass(frozen=True)
class _Token:
    kind: str  # number, name, sign, measure or end
    text: str
    position: int


def parse_expression(text: str, kept: Sequence[str], codes: Sequence[str], until: int, truth: bool) -> Expression:
    """Read an expression.

    Parameters
    ----------
    text
        As in the head of this module.
    kept
        Formulas of the measures that a sweep kept.
    codes
        Region codes in id order.
    until
        Last year of the runs.
    truth
        Whether it must be true or false; else it must be a number.

    Raises
    ------
    ExpressionError
        Naming the place and what is allowed there.
    """
    parser = _Parser(text, kept, codes, until)
    found = parser.truth(0)
    parser.expect_end()
    if truth and not found.is_truth:
        raise ExpressionError(text, 0, "this is a number; write a condition, as in MEASURE > 0.4")
    if not truth and found.is_truth:
        raise ExpressionError(text, 0, "this is a condition; write a number: a measure, or a formula of measures with + - * /")
    if not found.measures:
        raise ExpressionError(text, 0, f"names no measure; this sweep kept {', '.join(kept)}")
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


class _Parser:
    """Reads one text; each method reads what it is named after and gives it back."""

    def __init__(self, text: str, kept: Sequence[str], codes: Sequence[str], until: int) -> None:
        self.text, self.kept, self.codes, self.until = text, kept, codes, until
        self.tokens = self.tokenize()
        self.at = 0

    def tokenize(self) -> list[_Token]:
        """Cut the text; what is written as a measure is one token."""
        found: list[_Token] = []
        position = 0
        while self.text[position:].strip():
            token = TOKEN.match(self.text, position)
            if token is None:
                wrong = position + len(self.text[position:]) - len(self.text[position:].lstrip())
                raise ExpressionError(self.text, wrong, f"{self.text[wrong]!r} is not allowed; {self.allowed()}")
            kind = str(token.lastgroup)
            start, end = token.span(kind)
            call = CALL.match(self.text, start) if kind == "name" and token[kind] not in ("and", "or", "not") else None
            if call is not None:
                kind, end = "measure", call.end()
            found.append(_Token(kind, self.text[start:end], start))
            position = end
            if len(found) > MOST_TOKENS:
                raise ExpressionError(self.text, start, f"is too long; at most {MOST_TOKENS} numbers, measures and signs")
        return [*found, _Token("end", "", len(self.text.rstrip()))]

    @staticmethod
    def allowed() -> str:
        """Say what an expression is made of."""
        return "allowed are measures, numbers, + - * /, < <= > >= == !=, and, or, not, and parentheses"

    @property
    def now(self) -> _Token:
        """The token to be read."""
        return self.tokens[self.at]

    def takes(self, *texts: str) -> _Token | None:
        """Read one of some signs or words, if it stands here."""
        token = self.now
        if token.kind in ("sign", "name") and token.text in texts:
            self.at += 1
            return token
        return None

    def fail(self, message: str, token: _Token | None = None) -> ExpressionError:
        """Make the error for a token."""
        return ExpressionError(self.text, (token or self.now).position, message)

    def expect_end(self) -> None:
        """Refuse what is left."""
        if self.now.kind != "end":
            hint = "; join two comparisons with and" if self.now.text in COMPARISONS else ""
            raise self.fail(f"{self.now.text!r} is not expected here{hint}; {self.allowed()}")

    def truth(self, depth: int) -> Expression:
        """Read what ``or`` joins."""
        if depth > MOST_DEPTH:
            raise self.fail(f"is nested too deeply; at most {MOST_DEPTH} parentheses or signs in one another")
        return self.joined("or", lambda: self.joined("and", lambda: self.negated(depth)))

    def joined(self, word: str, read: Callable[[], Expression]) -> Expression:
        """Read parts joined by a word."""
        start = self.now
        parts = [read()]
        while self.takes(word):
            if not parts[-1].is_truth:
                raise self.fail(f"{word} joins conditions; this is a number", start)
            start = self.now
            parts.append(read())
        if len(parts) > 1 and not parts[-1].is_truth:
            raise self.fail(f"{word} joins conditions; this is a number", start)
        return Expression(word, tuple(parts)) if len(parts) > 1 else parts[0]

    def negated(self, depth: int) -> Expression:
        """Read a comparison, or its negation."""
        if not self.takes("not"):
            return self.comparison(depth)
        if depth > MOST_DEPTH:
            raise self.fail(f"is nested too deeply; at most {MOST_DEPTH} parentheses or signs in one another")
        start = self.now
        part = self.negated(depth + 1)
        if not part.is_truth:
            raise self.fail("not negates a condition; this is a number", start)
        return Expression("not", (part,))

    def comparison(self, depth: int) -> Expression:
        """Read a sum, or two that are compared."""
        left = self.chain(("+", "-"), lambda: self.chain(("*", "/"), lambda: self.signed(depth)))
        sign = self.takes(*COMPARISONS)
        if sign is None:
            return left
        right = self.chain(("+", "-"), lambda: self.chain(("*", "/"), lambda: self.signed(depth)))
        if left.is_truth or right.is_truth:
            raise self.fail(f"{sign.text} compares numbers; a condition stands beside it", sign)
        return Expression(sign.text, (left, right))

    def chain(self, signs: tuple[str, ...], read: Callable[[], Expression]) -> Expression:
        """Read parts joined by signs of one rank, from the left."""
        found = read()
        while sign := self.takes(*signs):
            right = read()
            if found.is_truth or right.is_truth:
                raise self.fail(f"{sign.text} joins numbers; a condition stands beside it", sign)
            found = Expression(sign.text, (found, right))
        return found

    def signed(self, depth: int) -> Expression:
        """Read an atom with signs before it."""
        sign = self.takes("-")
        if sign is None:
            return self.atom(depth)
        if depth > MOST_DEPTH:
            raise self.fail(f"is nested too deeply; at most {MOST_DEPTH} parentheses or signs in one another")
        part = self.signed(depth + 1)
        if part.is_truth:
            raise self.fail("- stands before a condition; write not", sign)
        return Expression("minus", (part,))

    def atom(self, depth: int) -> Expression:
        """Read a number, a measure, or what stands in parentheses."""
        token = self.now
        if self.takes("("):
            inner = self.truth(depth + 1)
            if not self.takes(")"):
                raise self.fail(f"the parenthesis opened at character {token.position + 1} is not closed here")
            return inner
        if token.kind == "number":
            self.at += 1
            return Expression("number", value=float(token.text))
        if token.kind == "measure":
            self.at += 1
            return Expression("measure", name=self.measure(token))
        if token.kind == "name" and token.text not in ("and", "or", "not"):
            near = nearest_name(token.text, self.kept)
            hint = f"did you mean {near}? " if near else ""
            raise self.fail(f"{token.text!r} is no measure; {hint}This sweep kept {', '.join(self.kept)}")
        what = repr(token.text) if token.text else "the end"
        raise self.fail(f"a number, a measure or a parenthesis is expected here, not {what}")

    def measure(self, token: _Token) -> str:
        """Check that a measure was kept."""
        try:
            name = str(parse_measure(token.text, self.codes, self.until))
        except MeasureError as error:
            raise self.fail(str(error), token) from None
        if name not in self.kept:
            near = nearest_name(name, self.kept)
            hint = f"did you mean {near}? " if near else ""
            raise self.fail(f"{name} was not kept by this sweep; {hint}Kept: {', '.join(self.kept)}", token)
        return name
