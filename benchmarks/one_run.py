"""Time of one compiled run of 20,000 researchers over 36 years, beside a fixed amount of arithmetic on the same core.

Prints one JSON object: seconds (median and range over repetitions) and the ratio to 10 million square roots in pure Python, so
that machines can be compared.
"""

import json
import statistics
import time

from sim.arrays import run_years
from sim.data import load_data
from sim.draws import REFERENCE, make_draw, reference_vector
from sim.preparation import world_of
from sim.randomness import make_key
from sim.scenario import load_shipped

RESEARCHERS = 20_000
UNTIL = 2035
REPETITIONS = 15


def arithmetic() -> float:
    """Do the work that the run is compared with."""
    total = 0.0
    for k in range(2_000_000):
        total += k**0.5
    return total


def main() -> None:
    """Measure interleaved, then print."""
    data = load_data()
    world = world_of(load_shipped("baseline"), make_draw(data, reference_vector(data), REFERENCE), RESEARCHERS, UNTIL, data)
    years = researcher_years = 0
    for end in run_years(world, make_key(1, 0)):
        years += 1
        researcher_years += int(end.counts.stock.sum())
    runs, others = [], []
    for k in range(REPETITIONS):
        start = time.perf_counter()
        for _ in run_years(world, make_key(1, k)):
            pass
        runs.append(time.perf_counter() - start)
        start = time.perf_counter()
        arithmetic()
        others.append(time.perf_counter() - start)
    median = statistics.median(runs)
    result = {
        "researchers": RESEARCHERS,
        "years": years,
        "researcher_years": researcher_years,
        "seconds_median": round(median, 4),
        "seconds_range": [round(min(runs), 4), round(max(runs), 4)],
        "nanoseconds_per_researcher_year": round(median / researcher_years * 1e9, 1),
        "ratio_to_two_million_square_roots_in_python": round(median / statistics.median(others), 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
