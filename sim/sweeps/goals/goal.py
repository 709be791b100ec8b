"""Goals as conditions on measures, and by how much a run meets one.

A goal is a condition as `sim.runs.formulas.expressions` reads it, and one thing more: ``passes(CHN, USA, work, top20, 2030)``,
that in some year from 2010 to 2030 the first region has more people than the second. Its margin in a run is

    a >= b, a > b: a - b;   a <= b, a < b: b - a;   x and y: min(x, y);   x or y: max(x, y);   not x: -x

so that a run meets the goal where the margin is at least 0, and a search can follow a curve.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.engines.axes import AXES, TIERS
from sim.model.world import REPORT_FROM, Floats
from sim.runs.formulas.expressions import Expression, ExpressionError, evaluate, parse_expression
from sim.runs.formulas.measures import Measure, MeasureError, known, parse_measure, reported_year

PASSES_FORMULA: Final = re.compile(r"\bpasses\s*\(([^()]*)\)")
ATLEAST, ATMOST = (">=", ">"), ("<=", "<")


@dataclass(frozen=True)
class Goal:
    """A goal.

    Parameters
    ----------
    text
        As it was written.
    condition
        As it was read.
    measures
        What has to be known of each run, each once.
    """

    text: str
    condition: Expression
    measures: tuple[Measure, ...]

    @property
    def last_year(self) -> int:
        """The last year that it speaks of: a run need not be longer."""
        return max(measure.year for measure in self.measures)

    @property
    def line(self) -> tuple[float, float] | None:
        """Sign and level of a goal that sets a formula against a number: the formula is level + sign * margin. Else None."""
        kind, parts = self.condition.kind, self.condition.parts
        if kind in (*ATLEAST, *ATMOST) and parts[1].kind == "number":
            return (1.0 if kind in ATLEAST else -1.0), parts[1].value
        return None


def parse_goal(text: str, codes: Sequence[str], until: int) -> Goal:
    """Read a goal.

    Parameters
    ----------
    text
        As in the head of this module.
    codes
        Region codes in id order.
    until
        Last year that may be named.

    Raises
    ------
    ExpressionError
        Naming the place and what is allowed there.
    """
    try:
        written = PASSES_FORMULA.sub(lambda found: passing_condition(found[1], codes, until), text)
    except MeasureError as error:
        raise ExpressionError(text, 0, str(error)) from None
    condition = parse_expression(written, None, codes, until, truth=True)
    check_margins(text, condition)
    return Goal(text, condition, tuple(parse_measure(name, codes, until) for name in condition.measures))


def passing_condition(inside: str, codes: Sequence[str], until: int) -> str:
    """Write ``passes`` with comparisons: in one of the years the first region has the larger share.

    Raises
    ------
    MeasureError
        Naming the part that is wrong and what is allowed.
    """
    parts = [part.strip() for part in inside.split(",")]
    if len(parts) != 5:
        raise MeasureError(f"passes({inside}): takes 5 parts, passes(REGION, REGION, AXIS, TIER, YEAR)")
    first, second = (known(part, codes, "region") for part in parts[:2])
    axis, tier, last = known(parts[2], AXES, "axis"), known(parts[3], TIERS, "tier"), reported_year(parts[4], until)
    years = range(REPORT_FROM, last + 1)
    each = (f"share({axis}, {first}, {tier}, {year}) > share({axis}, {second}, {tier}, {year})" for year in years)
    return f"({' or '.join(each)})"


def check_margins(text: str, condition: Expression) -> None:
    """Refuse conditions that have no margin: equalities are met nowhere or by chance.

    Raises
    ------
    ExpressionError
        If there is one.
    """
    if condition.kind in ("==", "!="):
        raise ExpressionError(text, max(text.find(condition.kind), 0), f"{condition.kind} is no goal; write >= or <=")
    if condition.kind in ("and", "or", "not"):
        for part in condition.parts:
            check_margins(text, part)


def margin(condition: Expression, columns: Mapping[str, Floats]) -> Floats:
    """Measure by how much a condition holds.

    Parameters
    ----------
    condition
        Of a goal.
    columns
        Values by measure, of one shape.

    Returns
    -------
    Of that shape, in the units of the measures; at least 0 where the condition holds, NaN where a measure is missing.
    """
    if condition.kind in ("and", "or", "not"):
        parts = [margin(part, columns) for part in condition.parts]
        if condition.kind == "not":
            return -parts[0]
        join = np.minimum if condition.kind == "and" else np.maximum
        joined: Floats = join.reduce(parts)
        return joined
    left, right = (evaluate(part, columns) for part in condition.parts)
    return left - right if condition.kind in ATLEAST else right - left
