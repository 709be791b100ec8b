"""One small folder or file of each kind that we write, how it is read whole, and what of it must not change unnoticed."""

import hashlib
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.comparisons.comparison import Comparison
from sim.comparisons.folder import comparison_folder, read_comparison, write_comparison
from sim.draws.draw import draw_vectors, read_draws, save_draws, shipped_draws, sobol_points
from sim.draws.ensemble import Ensemble, EnsembleError, find_ensemble, write_ensemble
from sim.runs.atomic import FolderError
from sim.runs.careers import read_careers, read_flows
from sim.runs.folder import Run, read_run
from sim.sweeps.design.points import Factor
from sim.sweeps.results import read_sweep
from tests.support.comparisons import compared, run_of
from tests.support.made_up import made_up_sweep
from tests.support.packaged import BASIS

UNTIL = 2013
LOST_PART = "`talentsim sweep` makes its runs again"


class Kind(NamedTuple):
    """A kind of folder: made below a place, which is copied whole; its folder there; and read to everything that counts."""

    make: Callable[[Path, int], Path]
    read: Callable[[Path], Any]


def numbers_of_run(run: Run) -> Any:
    """Collect what a run says."""
    stocks = run.counts  # first: it says at once whether as many runs are there as the record says
    runs = run.draws, run.replicates
    sparse = [read(run.folder, run.years, run.codes, runs) for read in (read_careers, read_flows)]
    counts = [each.of_run(k) for each in sparse for k in range(run.draws * run.replicates)]
    told = [repr(run.indicators), repr(run.variants), run.years, run.codes, repr(run.remarks), run.notes, run.weight, run.title]
    text = (run.folder / "scenario.toml").read_text(encoding="utf-8")
    shares = [getattr(run.shares, name) for name in run.shares.__dataclass_fields__]
    return [*told, text, repr(sorted(run.provenance["data"]["checksums"].items())), stocks, *counts, *shares]


def make_run(place: Path, seed: int) -> Path:
    """Write a run of outcomes made by hand."""
    return run_of("baseline", place, UNTIL, seed).folder


def make_comparison(place: Path, seed: int) -> Path:
    """Write a comparison, with an anatomy, of two runs."""
    base, variant = run_of("baseline", place, UNTIL, seed), run_of("us-opening", place, UNTIL, seed + 1)
    folder = comparison_folder([base, variant], place, [])
    write_comparison(compared(base, [variant]), folder)
    return folder


def numbers_of_comparison(found: Comparison) -> Any:
    """Collect what a comparison says."""
    effects = [getattr(each, name) for each in found.effects for name in each.__dataclass_fields__]
    told = (found.headlines, found.crossings, found.ranking, found.assumptions, found.answers, found.notes, found.groups)
    runs = [numbers_of_run(run) for run in (found.base, *found.variants)]
    return [repr(told), repr(sorted(found.anatomies.items())), *effects, *(part for run in runs for part in run)]


def make_sweep(place: Path, seed: int) -> Path:
    """Write a sweep of one factor in two parts."""
    factor = Factor("refusal", "lever", ((0, "no-such-lever"),), 0.2, 0.6, ())
    values = lambda name, point, draw, replicate: [sum(point) + replicate, seed + 0.5]  # noqa: E731
    made_up_sweep(place / "sweep", values, [factor], "sobol", 4)
    return made_up_sweep(place / "sweep", values, [factor], "sobol", 8).folder


def numbers_of_sweep(folder: Path) -> Any:
    """Collect what a sweep says, without times; FolderError where runs are missing, which its analyses say as left out."""
    sweep = read_sweep(folder)
    if sweep.missing:
        raise FolderError(folder, f"{sweep.missing} runs are missing: a part is gone, {LOST_PART}")
    rows = sweep.table.drop_columns(["seconds"]).to_pylist()
    return [repr(rows), sweep.points, repr(sweep.factors), sweep.measures, sweep.scenarios, repr(sweep.missing)]


def make_ensemble(place: Path, seed: int) -> Path:
    """Write an ensemble of three rows; its constants are those of one draw."""
    vectors = draw_vectors(BASIS.data, 3, {})
    constants = next(iter(shipped_draws(BASIS.data.folder).values()))
    scored = sum(parameter.prior is not None for parameter in BASIS.data.parameters)
    made = Ensemble(
        "made",
        names=tuple(vectors[0]),
        parameters=np.array([list(vector.values()) for vector in vectors]),
        scores=sobol_points()[:3, :scored],
        numbers=(2, 0, seed),
        constants=(constants,) * 3,
        columns={"weight": np.array([0.5, 0.25, 0.25])},
        record={"kind": "exact", "fit": {"inside": 31, "rows": 33, "beyond": []}, "solution": "0" * 64},
    )
    path = place / "ensemble" / "made.parquet"
    digest = write_ensemble(path, made).digest
    (path.parent / "digest").write_text(digest, encoding="ascii")  # as the provenance of a run holds it
    return path.parent


def numbers_of_ensemble(folder: Path) -> Any:
    """Collect what an ensemble says; EnsembleError where it is another than the one that a run was made of."""
    found = find_ensemble(str(folder / "made.parquet"))
    if found.digest != (folder / "digest").read_text(encoding="ascii"):
        raise EnsembleError(f"{folder / 'made.parquet'} is another ensemble now")
    columns = [found.columns[name] for name in sorted(found.columns)]
    solved = [value for each in found.constants for _, value in sorted(each.arrays().items())]
    return [found.names, found.numbers, found.parameters, found.scores, repr(sorted(found.record.items())), *columns, *solved]


def make_draws(place: Path, seed: int) -> Path:
    """Write a file of the cache of solved draws."""
    constants = next(iter(shipped_draws(BASIS.data.folder).values()))
    folder = place / "draws"
    save_draws(folder / "draw.npz", {f"key-{seed}": constants})
    return folder


def numbers_of_draws(folder: Path) -> Any:
    """Collect what a file of solved draws says; nothing at all is right too: it is solved again."""
    found = read_draws(folder / "draw.npz").get("key-1")
    return [None] if found is None else [value for _, value in sorted(found.arrays().items())]


KINDS = {
    "run": Kind(make_run, lambda folder: numbers_of_run(read_run(folder))),
    "comparison": Kind(make_comparison, lambda folder: numbers_of_comparison(read_comparison(folder))),
    "sweep": Kind(make_sweep, numbers_of_sweep),
    "ensemble": Kind(make_ensemble, numbers_of_ensemble),
    "draws": Kind(make_draws, numbers_of_draws),
}


def hash_of(numbers: Any) -> str:
    """Hash what was read, to the bit."""
    digest = hashlib.sha256()
    for each in numbers:
        digest.update(each.tobytes() if isinstance(each, np.ndarray) else repr(each).encode())
    return digest.hexdigest()


class Sample(NamedTuple):
    """A folder of a kind as it was made, and what it says."""

    kind: str
    place: Path
    folder: Path
    hash: str


def make_sample(kind: str, place: Path, seed: int = 1) -> Sample:
    """Make a folder of a kind."""
    folder = KINDS[kind].make(place, seed)
    return Sample(kind, place, folder, hash_of(KINDS[kind].read(folder)))


def copy_of(sample: Sample, place: Path) -> Path:
    """Copy a sample and all that it needs; return its folder there."""
    shutil.copytree(sample.place, place)
    return place / sample.folder.relative_to(sample.place)


def read_quietly(kind: str, folder: Path) -> str:
    """Read a folder and hash what it says; notices are let pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hash_of(KINDS[kind].read(folder))
