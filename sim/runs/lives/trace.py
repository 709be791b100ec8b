"""Find one researcher of a run that was made, and tell that life by a deterministic re-run."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.draws.worlds import named_draw, world_of
from sim.engines.arrays import run_years
from sim.model.choice.randomness import make_key
from sim.model.population import cohort_researchers
from sim.model.world import FIRST_YEAR, World
from sim.runs.lives.history import history
from sim.runs.lives.life import Chance, Decision, Life
from sim.runs.lives.replay import TraceError, plan_of_run

RESEARCHER_NAME = re.compile(r"([A-Z]{3})-(\d{4})-(\d+)")


def trace(folder: Path, researcher: str, draw: int = 0, replicate: int = 0) -> Life:
    """Tell the life of one researcher of a run.

    Parameters
    ----------
    folder : of a run.
    researcher : origin, cohort and index, as in CHN-2012-17.
    draw, replicate : which of the run's histories.

    Returns
    -------
    The life; `str()` of it is a text.

    Raises
    ------
    TraceError : the name, the draw or the replicate is not in the run, or the run was made by another version of the model.
    sim.runs.atomic.FolderError : the folder is no complete run.
    """
    plan = plan_of_run(folder)
    data = plan.basis.data
    check_number("--draw", draw, plan.draws)
    check_number("--replicate", replicate, plan.replicates)
    origin, cohort, index = identity(researcher, data.codes)
    world = world_of(
        data, plan.scenario, named_draw(plan.basis, plan.scenario, draw, plan.ensemble), plan.researchers, plan.until
    )
    key = make_key(plan.seed, replicate)
    check_cohort(
        researcher, world, cohort_researchers(key, world.cohort, world.people_per_researcher, FIRST_YEAR), origin, cohort, index
    )
    years = [end.tables for end in run_years(world, key)]
    return history(key, index, origin, cohort, years, data.codes)


def identity(researcher: str, codes: Sequence[str]) -> tuple[int, int, int]:
    """Read a researcher's name: origin id, cohort, index.

    Raises
    ------
    TraceError : it is no such name, or the region is not known.
    """
    found = RESEARCHER_NAME.fullmatch(researcher)
    if found is None or found[1] not in codes:
        raise TraceError(
            f"--researcher {researcher}: expected ORIGIN-COHORT-INDEX as in CHN-2012-17, with an origin of {', '.join(codes)}"
        )
    return codes.index(found[1]), int(found[2]), int(found[3])


def check_number(name: str, value: int, count: int) -> None:
    """Check that a draw or replicate is one of the run's.

    Raises
    ------
    TraceError : it is not.
    """
    if not 0 <= value < count:
        raise TraceError(f"{name} {value}: the run has the numbers 0 to {count - 1}")


def check_cohort(researcher: str, world: World, sizes: Any, origin: int, cohort: int, index: int) -> None:
    """Check that a researcher exists in a run.

    Raises
    ------
    TraceError : the cohort or the index does not.
    """
    last = FIRST_YEAR + world.cohort.shape[0] - 1
    if not FIRST_YEAR <= cohort <= last:
        raise TraceError(f"--researcher {researcher}: cohorts enter from {FIRST_YEAR} to {last}")
    size = int(sizes[cohort - FIRST_YEAR, origin])
    if index >= size:
        there = f"has the indices 0 to {size - 1}" if size else "is empty"
        raise TraceError(f"--researcher {researcher}: at this run's scale the cohort {there}")


def life_record(life: Life) -> dict[str, Any]:
    """Return a life as plain lists, texts and numbers."""
    return {
        "researcher": life.name,
        "traits": life.traits,
        "years": [
            {
                "year": year.year,
                "before": dict(year.before),
                "after": dict(year.after),
                "chances": [chance_record(chance) for chance in year.chances],
                "decision": None if year.decision is None else decision_record(year.decision),
            }
            for year in life.years
        ],
    }


def chance_record(chance: Chance) -> dict[str, Any]:
    """Return an event with its draw."""
    return {"event": chance.event, "draw": chance.draw, "probability": chance.probability, "happened": chance.happened}


def decision_record(decision: Decision) -> dict[str, Any]:
    """Return a choice with its options, best first."""
    return {
        "kind": decision.kind,
        "chosen": decision.chosen or None,
        "reason": decision.reason,
        "options": [
            {
                "region": option.region,
                "utility": option.utility,
                "probability": option.probability,
                "shock": option.shock,
                "total": option.total,
                "open": option.is_open,
                "gates": [chance_record(gate) for gate in option.gates],
            }
            for option in decision.options
        ],
    }
