"""Functions that compiled code calls: how little is compiled of them; a tuple handed over by its place is still a value."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.model.choice.bodies import Door
from sim.model.choice.compiled import compiled, inlined
from sim.model.world import Floats


class Pair(NamedTuple):
    """A tuple that is handed over by its place."""

    values: Floats
    factor: float


@inlined
def first(pair: Pair, step: int) -> float:
    return pair.values[0] * pair.factor + step


@compiled
def following(pair: Pair) -> Pair:
    return Pair(pair.values + 1.0, pair.factor * 2.0)


@compiled
def halves(pair: Pair) -> float:
    """Write into an array of a tuple that was handed over, and read the tuple's own number after it."""
    for k in range(len(pair.values)):
        pair.values[k] = pair.factor / 2.0
    return pair.factor


@compiled
def walk(pair: Pair, steps: int) -> Floats:
    seen = np.empty(2 * steps + 2)
    before = pair
    for k in range(steps):
        after = following(before)
        seen[2 * k] = first(before, 0)
        seen[2 * k + 1] = first(after, k)
        before = after
    seen[2 * steps] = halves(before)
    seen[2 * steps + 1] = before.values[0]
    return seen


def expected(pair: Pair, steps: int) -> list[float]:
    """Do what `walk` says in plain Python."""
    seen = []
    for k in range(steps):
        after = Pair(pair.values + 1.0, pair.factor * 2.0)
        seen += [pair.values[0] * pair.factor, after.values[0] * after.factor + k]
        pair = after
    return [*seen, pair.factor, pair.factor / 2.0]


def test_a_tuple_handed_over_by_its_place_is_a_value() -> None:
    assert walk(Pair(np.array([3.0, 4.0]), 0.5), 4).tolist() == expected(Pair(np.array([3.0, 4.0]), 0.5), 4)


def test_what_compiled_code_calls_gets_one_variant_and_no_machine_code() -> None:
    walk(Pair(np.array([3.0, 4.0]), 0.5), 1)
    for function in (first, following, halves):
        assert isinstance(function, Door)
        assert not function.overloads
        assert len(function.inner.overloads) == 1


def test_a_function_called_from_python_and_from_compiled_code_says_the_same() -> None:
    pair = Pair(np.array([3.0, 4.0]), 0.5)
    assert first(pair, 1) == 2.5
    assert first(following(pair), 1) == 5.0


COMPILING = """
import json, numpy as np
from sim.model.choice.logit import logarithms
logarithms(np.ones((3, 3)))
print(json.dumps(sum(logarithms.stats.cache_misses.values())))
"""


def test_two_processes_compile_once(tmp_path: Path) -> None:
    environment = {**os.environ, "TALENTSIM_CACHE": str(tmp_path)}
    pair = [subprocess.Popen([sys.executable, "-c", COMPILING], env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    assert sorted(json.loads(each.communicate()[0]) for each in pair) == [0, 1]
