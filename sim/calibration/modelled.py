"""What the draws say about the evidence: one walk a draw to the last year of evidence, kept by what was solved for the draw.

A draw's values depend on its parameters, its constants and the operators. They are named by these, not by the text of the
formulas: constants are solved on the expected flows of 2000 to 2050, so that a formula that says something else gives others.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from sim.calibration.evidence import Record
from sim.calibration.graduates import Graduates
from sim.calibration.observe import FOLLOWED, Observed, Question, observe, seen_in_walk
from sim.data.declared import LAST_OUTCOME
from sim.data.load import DATA_FOLDER
from sim.data.schema import Data
from sim.draws.assembly import make_world
from sim.draws.draw import Draw, policies_in_force, save_arrays
from sim.draws.ensemble import Ensemble, draw_of, find_ensemble, known_draw_of, vectors_of_draws
from sim.draws.reference import TENSE, TENSIONS, without
from sim.engines.expected.years import ExpectedYear, expected_years
from sim.files.arrays import read_arrays
from sim.model.world import FIRST_YEAR, Floats
from sim.runs.executors import Progress
from sim.scenarios.scenario import Basis, Scenario
from sim.sources import cache_root, source_hash

SHIPPED_VALUES = DATA_FOLDER / "modelled.npz"
FIT_PATTERNS = 64
FIT_TIES = 3
READING = ("calibration/observe.py", "calibration/graduates.py")
"""Modules that read values off a walk."""
KEEP_EVERY = 10
"""Draws after which what was computed is kept."""


def walk_draw(data: Data, draw: Draw, scenario: Scenario, until: int) -> tuple[list[ExpectedYear], Graduates]:
    """Walk one draw through expected years, the doctors of FOLLOWED being followed; arguments as of `walking`."""
    years, graduates = walking(data, draw, scenario, until)
    return list(years), graduates


def walking(data: Data, draw: Draw, scenario: Scenario, until: int) -> tuple[Iterator[ExpectedYear], Graduates]:
    """Begin to walk one draw through expected years; the doctors of FOLLOWED are followed as the years are asked for.

    Parameters
    ----------
    data : the packaged tables.
    draw : with its constants; its bars stand.
    scenario : whose levers are in force.
    until : last year, 2000..2050.
    """
    policies = policies_in_force(data, scenario, draw.parameters, draw.keyed_by)
    world = make_world(data, draw.parameters, draw.constants, policies, until, 1.0)
    span = until - FIRST_YEAR + 1
    graduates = Graduates(
        span, len(data.codes), int(world.levers.post_study_attempts.max()), data.codes.index(FOLLOWED), FIT_TIES
    )
    return expected_years(world, None, FIT_PATTERNS, FIT_TIES, graduates.watch), graduates


def seen_in_draw(basis: Basis, draw: Draw) -> Observed:
    """Walk a draw to the last year of evidence, with the tensions and without them."""
    data, baseline = basis.data, basis.baseline
    years, graduates = walk_draw(data, draw, baseline, LAST_OUTCOME)
    calm_years, calm_graduates = walk_draw(data, draw, *without_tensions(baseline))
    return seen_in_walk(data.codes, years, graduates, calm_years, calm_graduates)


def without_tensions(baseline: Scenario) -> tuple[Scenario, int]:
    """Make the baseline without the tensions, and the year to which it is walked."""
    return without(baseline, TENSIONS), TENSE[1]


def questions_key(questions: Sequence[Question]) -> str:
    """Name questions by operator, arguments and year, and by the code that answers them."""
    asked = [[question.operator, sorted(question.arguments.items()), question.year] for question in questions]
    return hashlib.sha256(json.dumps([source_hash(READING), asked], sort_keys=True).encode()).hexdigest()[:32]


def solution_key(draw: Draw) -> str:
    """Name a draw by its number, its parameters and what was solved for it."""
    digest = hashlib.sha256(json.dumps([draw.keyed_by, sorted(draw.parameters.items())]).encode())
    for name, values in sorted(draw.constants.arrays().items()):
        digest.update(name.encode())
        digest.update(values.tobytes())
    return digest.hexdigest()[:32]


def kept_values(record: Record, basis: Basis, ensemble: Ensemble, count: int) -> Floats:
    """Read what the first draws of an ensemble say about every row, of those that are solved and have been walked already.

    Parameters
    ----------
    record : the evidence, K rows.
    basis : the tables and the baseline.
    ensemble : of the draws.
    count : how many draws.

    Returns
    -------
    (D, K) with D at most `count`; nothing is solved or walked for it.
    """
    name = questions_key([row.question for row in record.rows])
    kept = read_values(SHIPPED_VALUES, name) | read_values(cache_root() / "fit" / f"{name}.npz", name)
    vectors = vectors_of_draws(ensemble, basis.data, count, {})
    draws = (known_draw_of(ensemble, basis, vector, number) for number, vector in enumerate(vectors))
    found = [kept[key] for key in (solution_key(draw) for draw in draws if draw is not None) if key in kept]
    return np.stack(found) if found else np.empty((0, len(record.rows)))


def modelled_values(record: Record, basis: Basis, draws: Sequence[Draw], progress: Progress | None = None) -> Floats:
    """Compute what draws say about every row, or read it where it is kept.

    Parameters
    ----------
    record : the evidence, K rows.
    basis : the tables and the baseline.
    draws : D solved draws.
    progress : called with (what is done, how many are done, how many there are).

    Returns
    -------
    (D, K).
    """
    questions = [row.question for row in record.rows]
    name = questions_key(questions)
    cache = cache_root() / "fit" / f"{name}.npz"
    kept = read_values(SHIPPED_VALUES, name) | read_values(cache, name)
    new = 0
    keys = [solution_key(draw) for draw in draws]
    for done, (key, draw) in enumerate(zip(keys, draws, strict=True)):
        if key in kept:
            continue
        if progress is not None:
            progress("walking the draws", done, len(draws))
        kept[key] = observe(seen_in_draw(basis, draw), questions)
        new += 1
        if new % KEEP_EVERY == 0:
            save_values(cache, name, kept)
    if new % KEEP_EVERY:
        save_values(cache, name, kept)
    return np.stack([kept[key] for key in keys])


def first_draws(
    basis: Basis, count: int, progress: Progress | None = None, ensemble: Ensemble | None = None
) -> list[Draw]:  # fmt: skip
    """Make the first draws of an ensemble (None: the shipped one), solving those that are neither shipped nor cached."""
    ensemble = find_ensemble() if ensemble is None else ensemble
    vectors = vectors_of_draws(ensemble, basis.data, count, {})
    draws = []
    for number, vector in enumerate(vectors):
        if progress is not None:
            progress("solving draws", number, count)
        draws.append(draw_of(ensemble, basis, vector, number))
    return draws


def read_values(path: Path, name: str) -> dict[str, Floats]:
    """Read kept values by draw; a file that is missing, unreadable or answers other questions counts as empty."""
    stored = read_arrays(path, is_ours=path != SHIPPED_VALUES)
    if stored is None or str(stored.get("questions")) != name:
        return {}
    return dict(zip([str(key) for key in stored["keys"]], stored["values"], strict=True))


def save_values(path: Path, name: str, values: Mapping[str, Floats]) -> None:
    """Keep values by draw."""
    save_arrays(path, questions=np.array(name), keys=np.array(list(values)), values=np.stack(list(values.values())))
