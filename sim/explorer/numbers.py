"""The numbers of the page, made by what makes those of `talentsim compare`: levels, paired differences, headlines, crossings.

Notation: D draws, P replicates, Y reporting years, K tiers, X axes, R regions, G groups.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.comparisons.comparison import Effects, Headline
from sim.comparisons.crossings import crossing_rows
from sim.comparisons.effects import Judged, effects_of, headline_rows, in_one_row, leading, with_sums
from sim.comparisons.pairing import Pair
from sim.engines.axes import AXES, TIERS
from sim.explorer.live import Finished, PageQuestion
from sim.model.world import Floats, Integers
from sim.runs.folder import Run, run_id
from sim.runs.outcomes.outcomes import STATISTICS, ShareSummary, reporting_years
from sim.runs.outcomes.statistics import ELITE_REPLICATES, ELITE_RESEARCHERS, mean_of, quantiles_of, shares_of
from sim.runs.plan import RunPlan
from sim.scenarios.groups import GROUPS, Groups, known_places, member_ids

KEY_NUMBERS: Final = 4
NO_SUMMARY: Final = ShareSummary(**dict.fromkeys(STATISTICS, np.zeros((0, 0, 0, 0))))
EFFECTS: Final = tuple(each.name for each in fields(Effects))


def run_in_memory(plan: RunPlan, counts: Integers, weight: float) -> Run:
    """Make a run of counts that lie in no folder: what the numbers of a comparison are made of.

    Parameters
    ----------
    plan
        Of the run.
    counts
        Simulated researchers, (D, P, Y, K, X, R).
    weight
        People per simulated researcher.
    """
    scenario = plan.scenario
    record = {
        "run_id": run_id(plan),
        "scenario": {"name": scenario.name, "title": scenario.title, "groups": scenario.groups},
        **{key: getattr(plan, key) for key in ("draws", "effective_draws", "replicates", "seed", "researchers", "until")},
        "people_per_researcher": weight,
        "ensemble": {"name": plan.ensemble.name, "digest": plan.ensemble.digest},
    }
    run = Run(Path(), record, reporting_years(plan.until), plan.basis.data.codes, NO_SUMMARY, (), ())
    vars(run)["counts"] = in_one_row(counts)  # where `Run.counts` keeps what it has read
    return run


def page_groups(question: PageQuestion) -> Groups:
    """Collect the groups of regions that are told beside the regions: those for everybody, and those of the base."""
    return {**GROUPS, **question.variant.scenario.groups}


def places_of(question: PageQuestion) -> tuple[str, ...]:
    """List the regions, then the groups: the order of the last axis of every number."""
    return known_places(question.base.basis.data.codes, page_groups(question))


def refused(question: PageQuestion, tier: str) -> str:
    """Say why a tier cannot be shown at the size of the runs, as a verdict would; "" if it can."""
    size = question.state
    if tier == "elite" and (size.researchers < ELITE_RESEARCHERS or size.replicates < ELITE_REPLICATES):
        return (
            f"The elite needs {ELITE_RESEARCHERS:,} researchers x {ELITE_REPLICATES} replicates; these are "
            f"{size.researchers:,} x {size.replicates}."
        )
    return ""


def cell_of(pair: Pair, tier: str, axis: str) -> Pair:
    """Cut a pair to one tier and axis."""
    at = (..., slice(TIERS.index(tier), TIERS.index(tier) + 1), slice(AXES.index(axis), AXES.index(axis) + 1), slice(None))
    return replace(pair, base=pair.base[at], variant=pair.variant[at])


def line_record(pair: Pair, question: PageQuestion) -> dict[str, Any]:
    """Write the shares of one draw, the mean over its replicates: a first line, no result."""
    members = member_lists(question)
    return {
        side: as_lists(mean_of(in_one_row(with_sums(shares_of(counts), members)))[:, 0, 0])
        for side, counts in (("base", pair.base), ("variant", pair.variant))
    }


def member_lists(question: PageQuestion) -> list[list[int]]:
    """List the region ids of each group."""
    groups = page_groups(question)
    return [member_ids(name, question.base.basis.data.codes, groups) for name in groups]


def series_record(pair: Pair, question: PageQuestion, tier: str, axis: str) -> dict[str, Any]:
    """Write what a chart of one tier and axis shows: levels of both scenarios and their paired difference, each (Y, R + G).

    Shares are 0..1, differences in percentage points.
    """
    cut, members = cell_of(pair, tier, axis), member_lists(question)
    effects = effects_of(cut, members)
    record: dict[str, Any] = {"tier": tier, "axis": axis, "draws": len(pair.draws), "runs": pair.runs}
    record |= {name: as_lists(getattr(effects, name)[:, 0, 0]) for name in EFFECTS}
    for side, counts in (("base", cut.base), ("variant", cut.variant)):
        people = pair.weight * in_one_row(with_sums(counts, members)).astype(np.float64)
        for what, values in (("", in_one_row(with_sums(shares_of(counts), members))), ("_people", people)):
            low, _, middle, _, high = quantiles_of(values)[..., 0, 0, :]
            record |= {f"{side}{what}_{name}": as_lists(each) for name, each in (("p05", low), ("p50", middle), ("p95", high))}
    return record


def bands_record(question: PageQuestion, pair: Pair, look: Mapping[str, Any]) -> dict[str, Any]:
    """Write the bands over the draws that are there, and whether these are all."""
    record = series_record(pair, question, look["tier"], look["axis"])
    return record | {"complete": len(pair.draws) == question.state.draws, "total": question.state.draws}


def headlines_of(finished: Finished) -> list[Headline]:
    """List the headlines of a comparison of the two scenarios, with their verdicts."""
    question, pair = finished.question, finished.pair
    groups = page_groups(question)
    base = run_in_memory(question.base, pair.base, pair.weight)
    effects = effects_of(pair, member_lists(question))
    return headline_rows(Judged(question.variant.scenario.name, base, pair, effects, groups, None))


def key_numbers(headlines: Sequence[Headline]) -> list[dict[str, Any]]:
    """Choose the headlines that stand first: work of the top 20 % in the last year, the region that moves most first."""
    rows = leading(headlines, headlines[0].variant)
    last = rows[-1].year
    return [plain_row(row._asdict()) for row in rows if row.year == last][:KEY_NUMBERS]


def crossings_of_pair(finished: Finished) -> list[dict[str, Any]]:
    """List in which share of the runs one region has passed another, by year, for both scenarios."""
    question, pair = finished.question, finished.pair
    base = run_in_memory(question.base, pair.base, pair.weight)
    names = (question.base.scenario.name, question.variant.scenario.name)
    return [plain_row(row._asdict()) for row in crossing_rows(base, names, [pair])]


def result_record(finished: Finished) -> dict[str, Any]:
    """Write what waits for all draws: key numbers, headlines and crossings."""
    rows = headlines_of(finished)
    return {
        "key": key_numbers(rows),
        "headlines": [plain_row(row._asdict()) for row in rows],
        "crossings": crossings_of_pair(finished),
        "runs": finished.pair.runs,
    }


def as_lists(values: Floats) -> Any:
    """Write an array as lists; what is no number is None."""
    written = values.astype(object)
    written[~np.isfinite(values)] = None
    return written.tolist()


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Write a row; what is no number is None."""
    return {key: None if isinstance(each, float) and not math.isfinite(each) else each for key, each in row.items()}
