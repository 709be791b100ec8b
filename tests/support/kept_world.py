"""The numbers of a small world in which everything differs, kept to be compared with.

A change of any formula shows here first, and within seconds. What should be is told by closed forms and toy worlds; this says
only that nothing moved that was not meant to. `python -m tests.support.kept_world` keeps the numbers anew.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from sim.engines.expected.years import ExpectedYear, Visibility, expected_years
from sim.model.world import World
from tests.support.toy import finer_levers, random_world, run

FILE = Path(__file__).parents[1] / "engines" / "kept_world.npz"
REGIONS, YEARS, PATTERNS = 3, 24, 4
SOLVED = (*[Visibility(math.nan, 0.3, 0.0)] * 5, *[Visibility(60.0, math.nan, 0.0)] * 5)
"""How many are visible where bars are solved."""
NUMBERS = Mapping[str, np.ndarray]


def small_world(years: int = YEARS, is_fine: bool = True) -> World:
    """Make the world, its levers differing on every axis or on few."""
    changes: dict[str, Any] = {"study_region_pull": 1.0, "home_tie_sd": 0.5, **(finer_levers(3, REGIONS) if is_fine else {})}
    return random_world(3, REGIONS, years=years, people=60.0, **changes)


def expected_numbers() -> NUMBERS:
    """Compute expected years with the world's own bars, with solved ones, with other levers, with everyone of mean home tie."""
    walks = {
        "own": expected_years(small_world(), patterns=PATTERNS),
        "solved": expected_years(small_world(len(SOLVED)), list(SOLVED), patterns=PATTERNS),
        "few_axes": expected_years(small_world(8, is_fine=False), patterns=PATTERNS),
        "one_tie": expected_years(small_world(12), patterns=PATTERNS, ties=1),
    }
    return {f"{name}_{field}": each for name, walk in walks.items() for field, each in columns(walk).items()}


def columns(walk: Any) -> NUMBERS:
    """Stack the years of a walk, field by field."""
    years = list(walk)
    return {field: np.array([getattr(year, field) for year in years]) for field in ExpectedYear._fields}


def counted_numbers() -> NUMBERS:
    """Count the years of the engine."""
    counts = run(small_world()).counts
    return {f"counted_{field}": np.array([getattr(each, field) for each in counts]) for field in counts[0]._fields}


if __name__ == "__main__":
    np.savez_compressed(FILE, **expected_numbers(), **counted_numbers())
