"""Functions that compiled code calls: how little is compiled of them; a tuple handed over by its place is still a value."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba.core.caching import NullCache

from sim.model.choice.bodies import FEW_PARTS, Door, View
from sim.model.choice.compiled import compiled, inlined
from sim.model.world import Floats


class Parts(NamedTuple):
    """A tuple that is handed over by its place."""

    values: Floats
    factor: float
    third: float = 0.0
    fourth: float = 0.0
    fifth: float = 0.0


@inlined
def first(parts: Parts, step: int) -> float:
    return parts.values[0] * parts.factor + step


@compiled
def following(parts: Parts) -> Parts:
    return Parts(parts.values + 1.0, parts.factor * 2.0, parts.third, parts.fourth, parts.fifth)


@compiled
def halves(parts: Parts) -> float:
    """Write into an array of a tuple that was handed over, and read the tuple's own number after it."""
    for k in range(len(parts.values)):
        parts.values[k] = parts.factor / 2.0
    return parts.factor


@compiled
def walk(parts: Parts, steps: int) -> Floats:
    seen = np.empty(2 * steps + 2)
    before = parts
    for k in range(steps):
        after = following(before)
        seen[2 * k] = first(before, 0)
        seen[2 * k + 1] = first(after, k)
        before = after
    seen[2 * steps] = halves(before)
    seen[2 * steps + 1] = before.values[0]
    return seen


def expected(parts: Parts, steps: int) -> list[float]:
    """Do what `walk` says in plain Python."""
    seen = []
    for k in range(steps):
        after = Parts(parts.values + 1.0, parts.factor * 2.0)
        seen += [parts.values[0] * parts.factor, after.values[0] * after.factor + k]
        parts = after
    return [*seen, parts.factor, parts.factor / 2.0]


def test_a_tuple_handed_over_by_its_place_is_a_value() -> None:
    assert walk(Parts(np.array([3.0, 4.0]), 0.5), 4).tolist() == expected(Parts(np.array([3.0, 4.0]), 0.5), 4)


def test_what_compiled_code_calls_gets_one_variant_and_no_machine_code() -> None:
    for function in (first, following, halves, walk):
        assert isinstance(function, Door)
        function.inner._cache = function._cache = NullCache()
    walk.recompile()
    assert len(Parts._fields) > FEW_PARTS
    for function in (first, following, halves):
        assert isinstance(function, Door)
        assert not function.overloads
        assert len(function.inner.overloads) == 1
    assert all(
        isinstance(kind, View) for function in (first, following, halves) for kind in next(iter(function.inner.overloads))[:1]
    )


def test_a_function_called_from_python_and_from_compiled_code_says_the_same() -> None:
    parts = Parts(np.array([3.0, 4.0]), 0.5)
    assert first(parts, 1) == 2.5
    assert first(following(parts), 1) == 5.0


COMPILING = """
import json, numpy as np
from sim.model.choice.logit import logarithms
logarithms(np.ones((3, 3)))
print(json.dumps(sum(logarithms.stats.cache_misses.values())))
"""


def test_two_processes_compile_once(tmp_path: Path) -> None:
    environment = {**os.environ, "TALENTSIM_CACHE": str(tmp_path)}
    both = [subprocess.Popen([sys.executable, "-c", COMPILING], env=environment, stdout=subprocess.PIPE) for _ in range(2)]
    assert sorted(json.loads(each.communicate()[0]) for each in both) == [0, 1]
