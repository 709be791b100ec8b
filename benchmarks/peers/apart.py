"""What the peers share that run in an environment of their own: reading a world, measuring, printing one JSON object."""

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from sim.model.world import World

PEOPLE = 22_500.0
"""Active researchers of 2022 on the baseline."""
WARM_UP = 1_000
"""Researchers of the run that compiles and imports what there is to be."""


def print_measurement(run_once: Callable[[World, int], tuple[float, list]], version: str) -> None:
    """Warm up, measure, print; the command line is WORLD.pickle SEED REPETITIONS.

    Parameters
    ----------
    run_once : runs all years of a world with a seed; returns the seconds of the years and their counts.
    version : of the peer.
    """
    path, seed, repetitions = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    world = World(*pickle.loads(Path(path).read_bytes()))
    run_once(world._replace(people_per_researcher=PEOPLE / WARM_UP), seed)
    seconds, last = [], []
    for k in range(repetitions):
        spent, counts = run_once(world, seed + k)
        seconds.append(spent)
        last.append(counts[-1].shares[0] / counts[-1].shares[0].sum(axis=1, keepdims=True))
    print(json.dumps({"seconds": seconds, "last": np.mean(last, axis=0).tolist(), "version": version}))
