"""Compare two engines researcher by researcher; `python -m tests.engines.same` does it for every shipped scenario."""

import hashlib
import sys
from collections.abc import Iterator

import numpy as np

from sim.data.load import load_data
from sim.draws.worlds import world_of
from sim.engines.arrays import run_counts
from sim.engines.counts import Counts, YearEnd, counts_of
from sim.engines.walk import years_of
from sim.model.choice.randomness import Key, make_key
from sim.model.world import World
from sim.scenarios.load import load_shipped
from sim.scenarios.reading.chain import shipped_names
from tests.support.packaged import reference_draw

RESEARCHERS = 2_000
UNTIL = 2035


def first_difference(first: YearEnd, second: YearEnd) -> str:
    """Name the first researcher and column, or the count, in which two years differ; nothing if they are equal."""
    if first.entered != second.entered:
        return f"{first.year}: {first.entered} have entered, or {second.entered}"
    one, other = first.researchers, second.researchers
    rows = {
        name: np.flatnonzero(column[: first.entered] != getattr(other, name)[: first.entered])
        for name, column in one._asdict().items()
    }
    differing = {name: int(found[0]) for name, found in rows.items() if len(found)}
    if differing:
        name = min(differing, key=lambda each: differing[each])
        row = differing[name]
        who = f"origin {one.origin[row]}, cohort {one.cohort[row]}, index {one.index[row]}"
        return f"{first.year}, researcher of {who}: {name} is {getattr(one, name)[row]} or {getattr(other, name)[row]}"
    return count_difference(first, second.counts)


def count_difference(first: YearEnd, counts: Counts) -> str:
    """Name the count in which a year differs from other counts of it; nothing if they are equal."""
    for name, counted in first.counts._asdict().items():
        if not np.array_equal(counted, getattr(counts, name)):
            return f"{first.year}: counts of {name} differ"
    return ""


def differences(world: World, key: Key) -> Iterator[str]:
    """Walk both engines side by side, and the array engine's years in one call, and name the first difference of every year."""
    years = 0
    at_once = run_counts(world, key)
    for first, second in zip(years_of("arrays", world, key), years_of("agents", world, key), strict=True):
        found = first_difference(first, second) or count_difference(first, counts_of(at_once, years))
        if found:
            yield found
        years += 1
    assert years == world.cohort.shape[0]


def shipped_world(name: str, researchers: int = RESEARCHERS) -> World:
    """Make the world of a shipped scenario at the reference point."""
    data = load_data()
    draw = reference_draw()
    return world_of(data, load_shipped(name), draw, researchers, UNTIL)


def digest(engine: str, world: World, key: Key) -> str:
    """Hash every column and count of every year."""
    summary = hashlib.sha256()
    for end in years_of(engine, world, key):
        for column in end.researchers:
            summary.update(np.ascontiguousarray(column[: end.entered]).tobytes())
        for counted in end.counts:
            summary.update(counted.tobytes())
    return summary.hexdigest()


def main() -> int:
    """Compare the engines on every shipped scenario (or those named); print the first difference of each, or its size."""
    failed = 0
    for name in sys.argv[1:] or shipped_names():
        world = shipped_world(name)
        found = next(differences(world, make_key(1, 0)), "")
        failed += bool(found)
        sys.stdout.write(f"{name}: {found or 'the same history'}\n")
    return failed


if __name__ == "__main__":
    sys.exit(main())
