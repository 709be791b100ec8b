"""A draw: one vector of uncertain parameters with everything that is solved for it, solved once and kept.

Draw k is the k-th point of one fixed scrambled Sobol sequence through the priors, whatever the seed. Solved draws
are shipped with the package or cached by their vector; a change of the formulas, of the data or of the baseline makes another
key, so that no old solution is ever used.
"""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.data.distributions import Distribution, quantile
from sim.data.schema import Data
from sim.draws.assembly import Constants
from sim.draws.constants import Equations, solve_constants
from sim.draws.solver import START_FILE
from sim.draws.stability import CONDITIONAL, fault_of, range_left
from sim.draws.targets import solved_targets
from sim.files.arrays import read_arrays
from sim.files.private import sparing
from sim.model.choice.randomness import philox, uniform
from sim.model.world import Floats
from sim.scenarios.levers.changes import Policies, resolve_policies
from sim.scenarios.levers.observed import observed_policies
from sim.scenarios.scenario import Basis, Scenario, lever_values, scenario_effect
from sim.sources import SOLUTION, cache_root, source_hash, whole_file

SOBOL_SEED = 2010
SOBOL_DIMENSIONS = 96
MOST_POINTS = 1 << 14
BITS = 30
"""Binary digits of a coordinate of a point."""
FIRST_POINTS = Path(__file__).with_name("points.npy")
"""The first of `sobol_points` as whole numbers: making them anew imports what takes longer than a small run."""
SHIPPED = "draws.npz"
"""File of the solved draws that come with tables."""
DRAWS = "draws"
"""Folder of the cache."""
REFERENCE = -1
"""Number of the reference point among draws."""
MEDIAN = 0.5
"""Where the levers with a distribution stand at a point that is no draw."""


@dataclass(frozen=True)
class Draw:
    """One draw: its number, its parameters, the constants solved for them, and what keys its lever values if not its number."""

    number: int
    parameters: Mapping[str, float]
    constants: Constants
    key: int | None = None

    @property
    def keyed_by(self) -> int:
        """The number by which lever values are drawn: that of the point that was solved."""
        return self.number if self.key is None else self.key


@cache
def sobol_points() -> Floats:
    """Make the fixed scrambled Sobol points, (MOST_POINTS, SOBOL_DIMENSIONS) in (0, 1)."""
    from scipy.stats import qmc

    sampler = qmc.Sobol(d=SOBOL_DIMENSIONS, scramble=True, rng=np.random.default_rng(SOBOL_SEED))
    return inside(sampler.random(MOST_POINTS))


@cache
def first_points() -> Floats:
    """Read the first points from the package, (N, SOBOL_DIMENSIONS): those of `sobol_points` to the bit."""
    return inside(np.load(FIRST_POINTS) * 2.0**-BITS)


def inside(points: Floats) -> Floats:
    """Keep points off 0 and 1, where quantiles are infinite."""
    clipped: Floats = np.clip(points, 1e-9, 1.0 - 1e-9)
    return clipped


def points_in_order() -> Iterator[Floats]:
    """Yield the points of the sequence, the first from the package and the others when they are asked for."""
    first = first_points()
    yield from first
    yield from sobol_points()[len(first) :]


def parameter_vector(data: Data, point: Floats, overrides: Mapping[str, float | Distribution]) -> dict[str, float]:
    """Turn a Sobol point into parameters: the quantile of each prior; overrides win.

    Parameters
    ----------
    data : the packaged tables.
    point : (SOBOL_DIMENSIONS,) in (0, 1), a column for every parameter: those with a prior in the order of the table, then the
        others.
    overrides : parameters fixed or re-distributed by a scenario or the command line.

    Raises
    ------
    ValueError : what is fixed leaves nothing that is admissible; the message says what to change.
    """
    columns = sorted(data.parameters, key=lambda p: p.prior is None)
    numbers = {p.name: float(u) for p, u in zip(columns, point, strict=False)}
    stated = {p.name: overrides.get(p.name, p.default if p.prior is None else p.prior) for p in data.parameters}
    priors = {name: value for name, value in stated.items() if isinstance(value, Distribution) and value.kind != "fixed"}
    vector = {name: value_of(value) for name, value in stated.items() if name not in priors}
    ranges = {p.name: (p.low, p.high) for p in data.parameters}
    lowest = {name: max(ranges[name][0], dict(prior.numbers).get("low", -math.inf)) for name, prior in priors.items()}
    for name in (*(name for name in priors if name not in CONDITIONAL), *(name for name in CONDITIONAL if name in priors)):
        low, high = ranges[name]
        if name in CONDITIONAL:
            least, most = range_left(name, lowest | vector)
            low, high = max(low, least), min(high, most)
        vector[name] = drawn_between(name, priors[name], numbers[name], low, high)
    fault = fault_of(vector)
    if fault:
        raise ValueError(fault)
    return {p.name: vector[p.name] for p in data.parameters}


def value_of(value: float | Distribution) -> float:
    """Read a number, or the value of a `fixed` distribution."""
    return float(dict(value.numbers)["value"] if isinstance(value, Distribution) else value)


def drawn_between(name: str, prior: Distribution, u: float, low: float, high: float) -> float:
    """Draw a parameter from what its range and the other parameters leave of its prior; ValueError if that is nothing."""
    try:
        return quantile(prior, u, low, high)
    except ValueError:
        raise ValueError(
            f"{name}: the fixed parameters leave {low:.3g} to {high:.3g}, where its distribution {prior.table()} has nothing; "
            "weights must sum to at most 1 and Gamma stay below .9: lower ecosystem_pull, diaspora_pull or a weight, "
            "or raise nest_dissimilarity"
        ) from None


def draw_vectors(data: Data, count: int, overrides: Mapping[str, float | Distribution]) -> list[dict[str, float]]:
    """List the parameters of the first draws, one dictionary each.

    Parameters
    ----------
    data : the packaged tables.
    count : number of draws, at least 1.
    overrides : parameters fixed or re-distributed by a scenario or the command line.

    Raises
    ------
    ValueError : as `parameter_vector`; or more draws than there are points.
    """
    if count > MOST_POINTS:
        raise ValueError(f"{count} draws: there are at most {MOST_POINTS}")
    return [parameter_vector(data, point, overrides) for point in islice(points_in_order(), count)]


def reference_vector(data: Data) -> dict[str, float]:
    """List the parameters of the reference point: the fitted values of reference.toml, else the table's defaults."""
    return {p.name: float(data.reference.get(p.name, p.default)) for p in data.parameters}


def lever_uniform(draw: int, lever_id: str) -> float:
    """Draw the uniform number of a lever whose value is a distribution, keyed by draw and lever id alone."""
    words = lever_words(lever_id)
    return uniform(philox(words[0], words[1], words[2], words[3], np.uint64(draw % 2**32), np.uint64(1))[0])


def lever_words(lever_id: str) -> NDArray[np.uint64]:
    """Hash a lever id into the (4,) counter words of its draws."""
    return np.frombuffer(hashlib.sha256(lever_id.encode()).digest(), dtype="<u4", count=4).astype(np.uint64)


def policies_in_force(data: Data, scenario: Scenario, parameters: Mapping[str, float], draw: int) -> Policies:
    """Resolve the levers of a scenario under one draw into arrays by year, (51, ...)."""
    defaults = observed_policies(data, parameters)
    values = lever_values(scenario, lambda lever_id: MEDIAN if draw < 0 else lever_uniform(draw, lever_id))
    return resolve_policies(defaults, scenario.layers, values, 2000)


@cache
def start_digest() -> str:
    """Hash the file with the start of all solutions."""
    return hashlib.sha256(START_FILE.read_bytes()).hexdigest()


def draw_key(basis: Basis, parameters: Mapping[str, float], number: int) -> str:
    """Name a solved draw by everything its solution depends on."""
    text = f"[{_basis_text(basis)}, {json.dumps(sorted(parameters.items()))}, {json.dumps(number)}]"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _basis_text(basis: Basis) -> str:
    """Write what all draws of a basis depend on."""
    parts = (source_hash(SOLUTION), basis.data.numbers, start_digest(), scenario_effect(basis.baseline))
    return ", ".join(json.dumps(part, sort_keys=True) for part in parts)


def make_draw(basis: Basis, parameters: Mapping[str, float], number: int) -> Draw:
    """Find the solved draw among those shipped and those cached, or solve it and cache it.

    Parameters
    ----------
    basis : the tables, and the baseline on which the constants are solved.
    parameters : every parameter by name.
    number : of the draw; REFERENCE for the reference point. Lever distributions are keyed by it.

    Raises
    ------
    sim.draws.constants.NotSolvedError : the constants of this vector cannot be solved.
    """
    known = known_draw(basis, parameters, number)
    if known is not None:
        return known
    key, stored = draw_key(basis, parameters, number), solve_anew(basis, parameters, number)
    save_draws(draw_file(key), {key: stored})
    return Draw(number, dict(parameters), stored)


def known_draw(basis: Basis, parameters: Mapping[str, float], number: int) -> Draw | None:
    """Find the solved draw among those shipped and those cached; arguments as for `make_draw`."""
    key = draw_key(basis, parameters, number)
    stored = shipped_draws(basis.data.folder).get(key) or cached_draw(key)
    return None if stored is None else Draw(number, dict(parameters), stored)


def solve_anew(basis: Basis, parameters: Mapping[str, float], number: int) -> Constants:
    """Solve a draw, whether or not its solution is known; arguments and errors as for `make_draw`."""
    return solve_constants(equations_of(basis, parameters, number))


def equations_of(basis: Basis, parameters: Mapping[str, float], number: int) -> Equations:
    """Set up the equations of a draw; arguments as for `make_draw`."""
    policies = policies_in_force(basis.data, basis.baseline, parameters, number)
    return Equations(basis.data, parameters, policies, solved_targets(basis.data, number))


@cache
def shipped_draws(folder: Path) -> dict[str, Constants]:
    """Read the draws that come with the tables of a folder, by key."""
    return read_draws(folder / SHIPPED)


def cached_draw(key: str) -> Constants | None:
    """Read one solved draw from the cache; None if it is not there or not readable."""
    return read_draws(draw_file(key)).get(key)


def draw_file(key: str) -> Path:
    """Name the cache file of a draw, in the folder beside the compiled code."""
    return cache_root() / DRAWS / f"{key}.npz"


def read_draws(path: Path) -> dict[str, Constants]:
    """Read solved draws by key; an unreadable or foreign file counts as empty, a damaged one of the cache is dropped."""
    columns = read_arrays(path, is_ours=path.parent.name == DRAWS)
    names = {field.name for field in fields(Constants)}
    if columns is None or set(columns) != {"names", "keys", *names}:
        return {}
    keys = [str(key) for key in columns["keys"]]
    draws = {}
    for row, key in enumerate(keys):
        values = {name: columns[name][row] for name in names}
        arrays: dict[str, Any] = {name: float(value) if value.ndim == 0 else value for name, value in values.items()}
        draws[key] = Constants(**arrays)
    return draws


def save_draws(path: Path, draws: Mapping[str, Constants]) -> None:
    """Write solved draws by key."""
    names = list(next(iter(draws.values())).arrays())
    columns: dict[str, Any] = {name: np.stack([constants.arrays()[name] for constants in draws.values()]) for name in names}
    save_arrays(path, names=np.array(names), keys=np.array(list(draws)), **columns)


def save_arrays(path: Path, **arrays: Any) -> None:
    """Write arrays by name, whole; a cache that cannot be written is no error, and is said once."""
    with sparing(path.parent), whole_file(path) as place, place.open("wb") as file:
        np.savez_compressed(file, **arrays)
