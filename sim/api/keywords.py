"""Wrong keywords are told with the right one, and the sizes that the verbs share."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, ParamSpec, TypedDict, TypeVar, cast

from sim.data.load import data_in_force
from sim.data.schema import Data
from sim.model.world import LAST_YEAR
from sim.runs.executors import Progress
from sim.scenarios.reading.text import nearest_name

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


class Sizing(TypedDict, total=False):
    """How large runs are: draws, replicates, researchers, seed, until; workers that make them; own data."""

    draws: int
    replicates: int
    researchers: int
    seed: int
    until: int
    workers: int
    data: Data | str | Path | None


class Place(TypedDict, total=False):
    """Where a run goes and who makes it: results folder, ensemble of draws, workers, who is told how far it is; own data."""

    out: str
    ensemble: str
    workers: int
    progress: Progress | None
    data: Data | str | Path | None


LIMITS: Final = {
    "draws": (1, 10_000),
    "replicates": (1, 10_000),
    "researchers": (100, 10_000_000),
    "seed": (0, 2**32 - 1),
    "until": (2010, LAST_YEAR),
    "workers": (1, 1024),
}
"""Least and greatest size."""


class SizeError(ValueError):
    """A size that no run can have; says which are allowed."""


def check_sizes(sizes: Mapping[str, object]) -> None:
    """Check the sizes of a run.

    Raises
    ------
    SizeError
        Naming each that is no whole number, or out of range.
    """
    problems = [
        f"{name}={value!r}: allowed are whole numbers from {LIMITS[name][0]} to {LIMITS[name][1]}"
        for name, value in sizes.items()
        if name in LIMITS
        and (isinstance(value, bool) or not isinstance(value, int) or not LIMITS[name][0] <= value <= LIMITS[name][1])
    ]
    if problems:
        raise SizeError("; ".join(problems))


MEANT: Final = {
    "n_draws": "draws", "num_draws": "draws", "samples": "draws", "iterations": "replicates", "repeats": "replicates",
    "n_replicates": "replicates", "repetitions": "replicates", "runs": "replicates", "n": "researchers", "agents": "researchers",
    "n_agents": "researchers", "people": "researchers", "population": "researchers", "size": "researchers", "end": "until",
    "end_year": "until", "last_year": "until", "horizon": "until", "to_year": "until", "stop": "until", "random_state": "seed",
    "rng": "seed", "rng_seed": "seed", "backend": "engine", "solver": "engine", "pool": "executor", "client": "executor",
    "n_jobs": "workers", "jobs": "workers", "cores": "workers", "processes": "workers", "threads": "workers", "output": "out",
    "folder": "out", "out_dir": "out", "path": "out", "country": "destination", "region": "destination", "to": "destination",
    "nationality": "origin", "citizenship": "origin", "begin": "start", "from_year": "start", "start_year": "start",
    "year": "start", "amount": "value", "by": "value", "kind": "change", "operation": "change", "why": "evidence",
    "reason": "evidence", "parameters": "overrides", "params": "overrides", "fixed": "overrides",
}  # fmt: skip
"""Keywords of other tools, with what they are called here."""


def hinted(shared: type[Any] | None = None) -> Callable[[Callable[Arguments, Returned]], Callable[Arguments, Returned]]:
    """Make a function answer a wrong keyword with the right one, and work with the data of the shared keyword ``data``.

    Parameters
    ----------
    shared
        The typed dictionary of its further keywords, where it takes some.
    """

    def decorate(function: Callable[Arguments, Returned]) -> Callable[Arguments, Returned]:
        given = inspect.signature(function).parameters.values()
        named = [each.name for each in given if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)]
        allowed = (*named, *(() if shared is None else shared.__annotations__))

        @functools.wraps(function)
        def call(*values: Any, **keywords: Any) -> Returned:
            for word in keywords:
                if word not in allowed:
                    raise TypeError(wrong_keyword(function.__name__, word, allowed))
            if "data" in named or "data" not in keywords:
                return function(*values, **keywords)
            with data_in_force(keywords.pop("data")):
                return function(*values, **keywords)

        return cast(Callable[Arguments, Returned], call)

    return decorate


def wrong_keyword(function: str, word: str, allowed: tuple[str, ...]) -> str:
    """Say that a function has no such keyword, which one is probably meant, and all that there are."""
    meant = MEANT.get(word.lower(), "")
    near = meant if meant in allowed else nearest_name(word, allowed)
    hint = f"did you mean {near}? " if near else ""
    return f"{function}() has no keyword {word!r}; {hint}allowed: {', '.join(allowed)}"
