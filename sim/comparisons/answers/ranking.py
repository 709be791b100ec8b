"""Which of several variants serves a goal best: paired differences of a formula of measures, and in which draws each is the best.

Notation: V variants, D draws, P replicates that all runs share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.comparisons.comparison import NO_CHANGE, Comparison, Judgement, RankRow
from sim.comparisons.effects import POINTS, in_one_row, judge, main_headline
from sim.comparisons.errors import crossed_error, decimals
from sim.comparisons.pairing import NotComparableError, Pair, labels
from sim.comparisons.words import signed
from sim.model.world import Floats, Integers
from sim.runs.folder import Run
from sim.runs.formulas.expressions import Expression, ExpressionError, evaluate, parse_expression
from sim.runs.formulas.measures import Measure, count_value, parse_measure
from sim.runs.outcomes.statistics import mean_of, quantiles_of, runs_needed, variance_parts
from sim.scenarios.groups import Groups

BASE_VERDICT = "base"
"""What stands in the place of a verdict in the row of the base, which is ranked as well."""


class GoalError(ValueError):
    """A text that is no goal; says where it is wrong and what is allowed."""


@dataclass(frozen=True)
class RankGoal:
    """A number of every run that should be high, or low.

    Parameters
    ----------
    text
        As it was asked for.
    expression
        What the text says.
    measures
        What it reads, by formula.
    is_lower_better
        Whether less of it is better.
    """

    text: str
    expression: Expression
    measures: dict[str, Measure]
    is_lower_better: bool

    @property
    def unit(self) -> str:
        """Points for sums and differences of shares, people for those of people, else the formula's own number."""
        kind = unit_of(self.expression, self.measures)
        return {"share": "points", "researchers": "people"}.get(kind, "number")


def read_goal(text: str, codes: Sequence[str], until: int, groups: Groups, is_lower_better: bool = False) -> RankGoal:
    """Read a goal, a formula of measures such as ``share(work, EUROPE, top20, 2035)``.

    Raises
    ------
    GoalError
        Naming the place that is wrong and what is allowed.
    """
    try:
        expression = parse_expression(text, None, codes, until, False, groups)
    except ExpressionError as error:
        raise GoalError(f"--goal: {error}") from error
    measures = {name: parse_measure(name, codes, until, groups) for name in expression.measures}
    for name, each in measures.items():
        if each.kind == "indicator":
            raise GoalError(f"--goal: {name} is not kept run by run; a goal is made of share(...) and researchers(...)")
    return RankGoal(text, expression, measures, is_lower_better)


def usual_goal(comparison: Comparison) -> str:
    """Choose what variants are ranked by if nobody says: work of the top 20 % in the region that any of them moves most."""
    names = labels(comparison.base, comparison.variants)[1:]
    main = max((main_headline(comparison.headlines, name) for name in names), key=lambda row: abs(row.difference_points))
    return f"share(work, {main.region}, top20, {main.year})"


def unit_of(expression: Expression, measures: dict[str, Measure]) -> str:
    """Return the kind of measure that an expression adds up: share, researchers, number for a constant, or "" for none."""
    if expression.kind == "measure":
        return measures[expression.name].kind
    if expression.kind == "number":
        return "number"
    kinds = [unit_of(part, measures) for part in expression.parts]
    if expression.kind in ("+", "-", "minus"):
        return kinds[0] if len(set(kinds)) == 1 else ""
    if expression.kind == "*" and "number" in kinds:
        return next((kind for kind in kinds if kind != "number"), "number")
    return kinds[0] if expression.kind == "/" and kinds[1] == "number" else ""


def goal_values(goal: RankGoal, counts: Integers, run: Run, is_people: bool = False) -> Floats:
    """Evaluate a goal on every run.

    Parameters
    ----------
    goal
        Of `read_goal`.
    counts
        Simulated researchers, (..., Y, K, X, R).
    run
        What the counts are of, for its years, regions and people per researcher.
    is_people
        Whether shares are taken as the numbers of people behind them.

    Returns
    -------
    numpy.ndarray
        (...); shares 0..1, NaN where nobody is counted.
    """
    first = int(run.years[0])
    columns = {
        name: count_value(each, counts[..., each.year - first, :, :, :], run.codes, run.weight, is_people)
        for name, each in goal.measures.items()
    }
    return evaluate(goal.expression, columns)


def rank_variants(comparison: Comparison, goals: Sequence[RankGoal], pairs: Sequence[Pair]) -> tuple[RankRow, ...]:
    """Rank the base and the variants by each goal, best first.

    Parameters
    ----------
    comparison
        Its runs.
    goals
        Of `read_goal`.
    pairs
        The base and each variant on the draws and replicates that they share.

    Raises
    ------
    sim.comparisons.pairing.NotComparableError
        If the variants share no draw with each other.
    """
    common = common_draws(pairs)
    return tuple(row for goal in goals for row in ranked(comparison, goal, pairs, common))


def common_draws(pairs: Sequence[Pair]) -> list[int]:
    """List the numbers of the draws that all pairs have.

    Raises
    ------
    NotComparableError
        If there is none.
    """
    common = sorted(set.intersection(*(set(each.draws) for each in pairs)))
    if not common:
        raise NotComparableError(["the variants share no draw with each other and cannot be ranked; compare them one by one"])
    return common


def ranked(comparison: Comparison, goal: RankGoal, pairs: Sequence[Pair], common: Sequence[int]) -> list[RankRow]:
    """Rank the base and the variants by one goal, best first."""
    names = labels(comparison.base, comparison.variants)
    effects = [paired_goal(goal, each, comparison.base) for each in pairs]  # of each (D, P)
    by_draw = [
        effect[[each.draws.index(draw) for draw in common]].mean(axis=1) for effect, each in zip(effects, pairs, strict=True)
    ]
    best = best_shares(np.stack([np.zeros(len(common)), *by_draw]), goal.is_lower_better)
    rows = [base_row(goal, names[0], float(best[0]), effects[0].size)]
    for name, each, effect, share in zip(names[1:], pairs, effects, best[1:], strict=True):
        rows.append(rank_row(goal, name, each, effect, float(share), comparison.base))
    sign = 1.0 if goal.is_lower_better else -1.0
    rows.sort(key=lambda row: np.nan_to_num(sign * row.difference, nan=np.inf))
    return [row._replace(rank=place) for place, row in enumerate(rows, start=1)]


def paired_goal(goal: RankGoal, each: Pair, run: Run, is_people: bool = False) -> Floats:
    """Return what a variant changes in a goal, (D, P): in points where it is a share."""
    scale = POINTS if goal.unit == "points" and not is_people else 1.0
    return scale * (goal_values(goal, each.variant, run, is_people) - goal_values(goal, each.base, run, is_people))


def best_shares(values: Floats, is_lower_better: bool) -> Floats:
    """Return in which share of the draws each scenario is the best; equal ones share a draw.

    Parameters
    ----------
    values
        (S, D); NaN is never the best.
    is_lower_better
        Whether the least is the best.
    """
    filled = np.where(np.isnan(values), -np.inf, -values if is_lower_better else values)
    is_best: NDArray[np.bool_] = filled == filled.max(axis=0)
    shares: Floats = (is_best / is_best.sum(axis=0)).mean(axis=1)
    return shares


def base_row(goal: RankGoal, name: str, best: float, runs: int) -> RankRow:
    """Make the row of the base: no difference from itself."""
    nothing = Judgement(BASE_VERDICT, "what the others are compared with")
    people = 0.0 if goal.unit != "number" else float("nan")
    return RankRow(goal.text, 0, name, goal.unit, 0.0, 0.0, 0.0, 0.0, people, best, *nothing, runs)


def rank_row(goal: RankGoal, name: str, each: Pair, effect: Floats, best: float, base: Run) -> RankRow:
    """Judge what one variant does to a goal."""
    mean, error = float(mean_of(in_one_row(effect))), float(crossed_error(effect, each.effective_draws))
    low, _, _, _, high = quantiles_of(in_one_row(effect))
    needed = runs_needed(variance_parts(effect), mean, *effect.shape)
    tiers = {measure.tier for measure in goal.measures.values()}
    tier = "elite" if "elite" in tiers else "top20"
    verdict = judge(effect, bool((effect == 0.0).all()), mean, error, needed, tier, base)
    people = float("nan")
    if goal.unit != "number":
        people = float(mean_of(in_one_row(paired_goal(goal, each, base, is_people=True))))
    return RankRow(goal.text, 0, name, goal.unit, mean, float(low), float(high), error, people, best, *verdict, effect.size)


def ranked_texts(row: RankRow) -> tuple[str, str, str]:
    """Write the change, what holds 90 % of it, and the change of people, with the digits that their errors support."""
    if row.verdict == BASE_VERDICT:
        return "0", "", "0" if not np.isnan(row.people) else ""
    digits = decimals(row.error, most=0 if row.unit == "people" else 2)
    relative = abs(row.error / row.difference) if row.difference else 0.0
    number = "" if np.isnan(row.people) else signed(row.people, decimals(abs(row.people) * relative, most=0))
    return signed(row.difference, digits), f"{signed(row.p05, digits)} to {signed(row.p95, digits)}", number


def best_of(rows: Sequence[RankRow]) -> str:
    """Say in a sentence which scenario serves a goal best."""
    first = rows[0]
    if first.verdict in (BASE_VERDICT, NO_CHANGE):
        return f"None of the variants does better than {next(row.variant for row in rows if row.verdict == BASE_VERDICT)}."
    return f"Best by the mean: {first.variant}; it is the best in {100.0 * first.best_share_of_draws:.0f} % of the draws."
