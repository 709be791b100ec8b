"""Run every shipped scenario small at the reference point and write its counts to results/reference.

python scripts/write_reference.py
"""

import sys
from pathlib import Path

from sim.comparisons.shipped.counts import count_table, write_count_table
from sim.comparisons.shipped.reference import CHECKSUM, SENSITIVITY, checksum_text, results_name
from sim.data.load import load_data
from sim.draws.draw import REFERENCE, make_draw, reference_vector
from sim.draws.worlds import world_of
from sim.runs.simulate import simulate
from sim.scenarios.load import load_basis, load_shipped
from sim.scenarios.reading.chain import shipped_names

FOLDER = Path(__file__).resolve().parents[1] / "results" / "reference"
RESEARCHERS = 2_000
REPLICATES = 2
SEED = 1
UNTIL = 2035


def counts_of(name: str) -> list[list[str]]:
    """Run a shipped scenario at the reference point and add up the counts of its replicates."""
    basis = load_basis()
    data = basis.data
    draw = make_draw(basis, reference_vector(data), REFERENCE)
    scenario = load_shipped(name)
    world = world_of(data, scenario, draw, RESEARCHERS, UNTIL)
    runs = [simulate(world, draw, replicate, SEED) for replicate in range(REPLICATES)]
    return count_table(runs, data.codes)


def main() -> None:
    """Write a table for each scenario and the checksum of all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.csv"):
        if path.name != SENSITIVITY and path.stem not in shipped_names():
            path.unlink()
    for name in shipped_names():
        write_count_table(FOLDER / f"{name}.csv", counts_of(name))
        print(name, file=sys.stderr, flush=True)
    version = load_data().version
    (FOLDER / CHECKSUM).write_text(checksum_text(FOLDER, version), encoding="utf-8")
    print(f'If numbers moved, CHANGELOG.md needs a line "- Results change: <why>; {results_name(FOLDER, version)}."')


if __name__ == "__main__":
    main()
