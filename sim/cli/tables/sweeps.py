"""Analyses of sweeps as tables for the screen and as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from sim.cli.tables.plain import plain_record
from sim.sweeps.analysis.discovery import Box, Discovery
from sim.sweeps.analysis.robustness import Robustness
from sim.sweeps.analysis.sensitivity import INDEX_STATISTICS, Index, Noise, Sensitivity

_FEWEST_ROWS, _MOST_ROWS = 6, 15
_WIDE = 0.1
_SHOWN = {
    "first_order": "alone", "total_order": "with others", "mu_star": "mu*", "sigma": "sigma", "mu": "mu", "pawn": "PAWN",
    "rank_correlation": "rank corr.",
}  # fmt: skip
"""Headings of the columns on the screen, for the statistics that a design gives."""


def sensitivity_report(found: Sensitivity, meanings: Mapping[str, str]) -> Group:
    """Write the inputs, the most important first, with what chance there is and what the columns mean."""
    less = f" less that under {found.against}" if found.against else ""
    parts: list[Any] = [
        Text(f"\n{found.expression}, {found.scenario}{less}", style="bold"),
        Text(
            f"over {found.rows} {found.rows_are}{_left_out(found.left_out, found.rows_are)}: mean {_number(found.mean)}, "
            f"standard deviation {_number(found.sd)}"
        ),
    ]
    held = [name for name in _SHOWN if found.values(name)]
    table = _table("input", [*(_SHOWN[name] for name in held), "lowest", "highest"])
    low, high = found.values("mean_low"), found.values("mean_high")
    shown = shown_inputs(found)
    for name in shown:
        cells = [_interval(found.values(statistic)[name]) for statistic in held]
        table.add_row(name, *cells, _number(low[name].value), _number(high[name].value))
    parts.append(table)
    if len(found.inputs) > len(shown):
        parts.append(Text(f"{len(found.inputs) - len(shown)} more in the table; none of them ranks higher."))
    parts += [Text(line) for line in sensitivity_lines(found, held)]
    told = [f"{name}: {meanings[name]}" for name in shown if name in meanings]
    return Group(*parts, *(Text(line, style="dim") for line in told))


def shown_inputs(found: Sensitivity) -> tuple[str, ...]:
    """Choose the inputs that are told: the first ones; of many that are ranked by PAWN those above chance, and a few below."""
    chance = found.values("pawn_chance")
    if not chance or found.values("total_order"):
        return found.ranking[:_MOST_ROWS]
    above = sum(each.value > chance[""].value for each in found.values("pawn").values())
    return found.ranking[: min(_MOST_ROWS, max(_FEWEST_ROWS, above))]


def sensitivity_lines(found: Sensitivity, held: Sequence[str]) -> list[str]:
    """Say what stands beside the table: the sum, pairs, chance, and what the columns mean."""
    lines = []
    total = found.values("first_order_sum")
    if total:
        lines.append(f"First-order shares add up to {_interval(total[''])}; what is missing to 1 are interactions and chance.")
        pairs = [each for each in found.indices if each.statistic == "second_order" and each.low > 0.0]
        pairs.sort(key=lambda each: -each.value)
        told = "; ".join(f"{each.input} with {each.second} {_interval(each)}" for each in pairs[:5])
        lines.append(f"Pairs that act together: {told or 'none is told from chance'}.")
        if any(each.high - each.value > _WIDE for each in found.values("first_order").values()):
            lines.append("The intervals are wide: double `points` in the design and run it again; only the new runs execute.")
    chance = found.values("pawn_chance")
    if chance:
        limit = chance[""].value
        above = [name for name, each in found.values("pawn").items() if each.value > limit]
        lines.append(
            f"PAWN: if no input mattered, none would pass {_number(limit)} in 95 of 100 cases; "
            f"{len(above)} of {len(found.inputs)} do."
        )
    lines.append(noise_text(found.noise, found.rows_are))
    lines += [f"{_SHOWN[name]}: {INDEX_STATISTICS[name]}" for name in held]
    lines.append("lowest, highest: mean output with the input in the lowest and in the highest fifth of its rows")
    lines.append("±: half of a 95 % interval, from a bootstrap over what is independent in the design")
    return lines


def noise_text(noise: Noise, rows_are: str) -> str:
    """Say how much is chance."""
    others = "draws" if rows_are == "points" else "points"
    between = "" if math.isnan(noise.between_others) else f" {_percent(noise.between_others)} lies between {others} of one row."
    if math.isnan(noise.of_a_run):
        return f"Replicate noise: unknown, the sweep has one replicate; it is in the numbers above.{between}"
    return (
        f"Replicate noise: {_percent(noise.of_a_run)} of the variance of single runs lies between replicates, of which "
        f"{_percent(noise.common)} is common to all rows and moves no index; of the variance of the means above, "
        f"{_percent(noise.of_the_means)} is replicate noise.{between}"
    )


def sensitivity_record(found: Sensitivity, meanings: Mapping[str, str]) -> dict[str, Any]:
    """Return the same as plain values; what is unknown is null."""
    record = {
        "expression": found.expression, "scenario": found.scenario, "against": found.against, "method": found.method,
        "rows_are": found.rows_are, "rows": found.rows, "left_out": found.left_out, "ranking": list(found.ranking),
        "mean": found.mean, "sd": found.sd, "noise": asdict(found.noise),
        "indices": [asdict(each) for each in found.indices],
        "meanings": {name: meanings[name] for name in found.inputs if name in meanings},
    }  # fmt: skip
    return plain_record(record)


def discovery_report(found: Discovery, meanings: Mapping[str, str]) -> Group:
    """Write the boxes in words, with coverage and density."""
    lines = [
        Text(f"\n{found.where}, {found.scenario}", style="bold"),
        Text(
            f"so in {int(found.y.sum())} of {len(found.y)} rows (a point and a draw; measures averaged over replicates), "
            f"{_percent(found.base_rate)}{_left_out(found.left_out, 'rows')}. "
            f"Single replicates disagree in {_percent(found.disagreement)} of the rows."
        ),
    ]
    if found.note:
        lines.append(Text(f"Only factors restrict a box: {found.note}."))
    if found.set_aside:
        lines.append(
            Text(
                f"Tried are the {len(found.inputs)} inputs that go most with the outcome; {found.set_aside} are set aside, "
                f"as {len(found.y)} rows are too few for so many."
            )
        )
    for method, title in (("PRIM", "Boxes by PRIM, one after another"), ("CART", "Leaves of a classification tree (CART)")):
        lines.append(Text(f"\n{title}:"))
        boxes = [box for box in found.boxes if box.method == method]
        lines += [Text("  " + box_text(box)) for box in boxes] or [Text("  none that is told from chance")]
    used = dict.fromkeys(limit.input for box in found.boxes for limit in box.limits)
    lines.append(Text("\ncoverage: share of all cases that lie in the box; density: share of the box's rows that are cases"))
    return Group(*lines, *(Text(f"{name}: {meanings[name]}", style="dim") for name in used if name in meanings))


def box_text(box: Box) -> str:
    """Say one box in a line."""
    return f"{box}: density {_percent(box.density)} ({box.cases} of {box.rows} rows), coverage {_percent(box.coverage)}"


def discovery_record(found: Discovery, meanings: Mapping[str, str]) -> dict[str, Any]:
    """Return the same as plain values."""
    return plain_record(
        {
            "where": found.where,
            "scenario": found.scenario,
            "rows": len(found.y),
            "cases": int(found.y.sum()),
            "left_out": found.left_out,
            "disagreement": found.disagreement,
            "set_aside": found.set_aside,
            "note": found.note,
            "boxes": [{"words": str(box), **asdict(box)} for box in found.boxes],
            "meanings": {name: meanings[name] for name in found.inputs if name in meanings},
        }
    )


def robustness_report(found: Robustness) -> Group:
    """Write the policies, the least worst first."""
    regret, quantiles, best = found.regret, found.quantiles, found.best_share
    table = _table("policy", ["greatest regret", "mean regret", "best in", "5 %", "median", "95 %"])
    order = sorted(range(len(found.policies)), key=lambda p: float(regret[p].max()))
    for p in order:
        cells = [_number(float(regret[p].max())), _number(float(regret[p].mean())), _percent(float(best[p]))]
        table.add_row(found.policies[p], *cells, *(_number(float(q)) for q in quantiles[p]))
    noise = (
        "The sweep has one replicate: how much of a regret is chance is unknown."
        if math.isnan(found.noise)
        else f"A difference of two policies in one future has a standard error of {_number(found.noise)} from replicates; "
        "greatest regrets are too large by about as much."
    )
    return Group(
        Text(f"\n{found.expression}, {found.direction} is better", style="bold"),
        Text(f"{len(found.policies)} policies in {len(found.futures)} futures{_left_out(found.left_out, 'futures')}"),
        table,
        Text(f"Least greatest regret: {found.least_worst}. Least mean regret: {found.least_mean}."),
        Text(noise),
        Text("Regret: what a policy falls short of the best one in the same future (same draw, same random numbers)."),
    )


def robustness_record(found: Robustness) -> dict[str, Any]:
    """Return the same as plain values."""
    return plain_record(
        {
            "expression": found.expression,
            "direction": found.direction,
            "futures": len(found.futures),
            "left_out": found.left_out,
            "noise": found.noise,
            "least_worst": found.least_worst,
            "least_mean": found.least_mean,
            "policies": [dict(zip(ROBUSTNESS_COLUMNS, row, strict=True)) for row in robustness_rows(found)],
        }
    )


ROBUSTNESS_COLUMNS = ("policy", "max_regret", "mean_regret", "best_share", "p05", "p50", "p95")


def robustness_rows(found: Robustness) -> list[tuple[str | float, ...]]:
    """Return a row for each policy in the order of the sweep, as `ROBUSTNESS_COLUMNS`."""
    regret, quantiles, best = found.regret, found.quantiles, found.best_share
    return [
        (policy, float(regret[p].max()), float(regret[p].mean()), float(best[p]), *map(float, quantiles[p]))
        for p, policy in enumerate(found.policies)
    ]


def _number(value: float) -> str:
    """Write a number with three digits; large ones whole."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) >= 0.0005 or value == 0.0 else "0"


def _percent(share: float) -> str:
    """Write a share in per cent."""
    return f"{100.0 * share:.1f} %" if 0.0 < abs(share) < 0.1 else f"{100.0 * share:.0f} %"


def _interval(index: Index) -> str:
    """Write an estimate with its interval."""
    if not math.isfinite(index.low):
        return _number(index.value)
    return f"{_number(index.value)} ± {index.high - index.value:.2g}"


def _left_out(count: int, what: str) -> str:
    return f" ({count} {what} left out: runs are missing or failed)" if count else ""


def _table(first: str, others: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table
