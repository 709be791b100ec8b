"""An ensemble of draws: the one door through which runs, sweeps and comparisons get draws.

The prior ensemble is the fixed Sobol points, draw k being point k. A calibrated one is a Parquet file, a row a draw: parameters,
what was solved for them, and the number that keys lever values and errors of solved targets. Its rows weigh the same and are
shuffled, so that any first n serve. It is named by a hash of its content.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.distributions import Distribution
from sim.data.load import DATA_FOLDER, is_packaged
from sim.data.schema import Data
from sim.draws.assembly import Constants
from sim.draws.draw import (
    REFERENCE,
    SOBOL_DIMENSIONS,
    Draw,
    draw_vectors,
    known_draw,
    make_draw,
    parameter_vector,
    start_digest,
)
from sim.files.manifest import OLD, OldFolderWarning
from sim.files.reading import UnreadableError, check_ordinary
from sim.model.world import Floats
from sim.scenarios.scenario import Basis, scenario_effect
from sim.sources import SOLUTION, source_hash, whole_file

PRIOR = "prior"
"""Name of the ensemble of points of the priors."""
CALIBRATED = "ensemble"
"""Name of the shipped ensemble that every run uses unless another is asked for."""
SUFFIX = ".parquet"
INFORMED = 0.3
"""Shrinkage of a parameter's spread, 1 - sd after / sd before, from which the evidence is said to inform it."""
DIGEST = b"talentsim_digest"
RECORD = b"talentsim_record"
SEALED = b"talentsim_seal"
MOST_ENSEMBLE_ROWS = 1_000_000
EDGE = 1e-9  # that a probability keeps from 0 and 1


class EnsembleError(ValueError):
    """An ensemble cannot be used; says which, why and what to do."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Draws of equal weight.

    Parameters
    ----------
    name
        Of the file, or PRIOR.
    file
        How it is asked for: the name of a shipped one, or the path as it was given.
    digest
        Hash of its content, 16 hex digits; "" for PRIOR.
    names, parameters
        Names of all parameters; (D, names).
    scores
        (D, P) normal scores of the parameters with a prior, in the order of the table.
    numbers
        (D,) keys of lever values and errors.
    constants
        Solved for the rows; empty for PRIOR.
    columns
        Further columns: "weight", "log_likelihood", "emulated_log_likelihood" (D,).
    record
        How it was made; "solution" is the hash of the model it was solved with.
    """

    name: str
    digest: str = ""
    file: str = PRIOR
    names: tuple[str, ...] = ()
    parameters: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    scores: Floats = field(default_factory=lambda: np.zeros((0, 0)))
    numbers: tuple[int, ...] = ()
    constants: tuple[Constants, ...] = ()
    columns: Mapping[str, Floats] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_prior(self) -> bool:
        """Whether draws are the points of the priors."""
        return self.name == PRIOR

    def __len__(self) -> int:
        return len(self.numbers)

    def __hash__(self) -> int:
        return hash((self.name, self.digest))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ensemble) and (self.name, self.digest) == (other.name, other.digest)


PRIOR_ENSEMBLE = Ensemble(PRIOR)


def solution_digest(basis: Basis) -> str:
    """Hash everything that a solution depends on besides its point."""
    text = [source_hash(SOLUTION), basis.data.numbers, start_digest(), scenario_effect(basis.baseline)]
    return hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()


def find_ensemble(name: str | None = None) -> Ensemble:
    """Find an ensemble by name or file: the shipped one if None, the prior where none ships, as for tables of one's own.

    Raises
    ------
    EnsembleError : there is none of that name; the file is no ensemble; its draws are solved on other tables.
    """
    if name == PRIOR or (name is None and not is_packaged()):
        return PRIOR_ENSEMBLE
    if not is_packaged():
        raise EnsembleError(f"--ensemble {name}: ensembles are of the packaged data; draws of your own data are of the {PRIOR}")
    if name is None:
        path = DATA_FOLDER / f"{CALIBRATED}{SUFFIX}"
        return read_ensemble(path) if path.is_file() else PRIOR_ENSEMBLE
    shipped = DATA_FOLDER / f"{name}{SUFFIX}"
    path = shipped if shipped.is_file() else Path(name)
    path = path / f"{CALIBRATED}{SUFFIX}" if path.is_dir() else path
    if not path.is_file():
        names = ", ".join([PRIOR, *sorted(each.stem for each in DATA_FOLDER.glob(f"{CALIBRATED}*{SUFFIX}"))])
        raise EnsembleError(f"--ensemble {name}: there is none; allowed: {names}, or a file that `talentsim calibrate` wrote")
    return read_ensemble(path)


def vectors_of_draws(
    ensemble: Ensemble, data: Data, count: int, overrides: Mapping[str, float | Distribution]
) -> list[dict[str, float]]:
    """List the parameters of the first draws of an ensemble, one dictionary each.

    A row keeps its parameters where what a scenario states is what it has; else its scores are turned into parameters anew, which
    keeps them admissible.

    Parameters
    ----------
    ensemble : that draws are of.
    data : the packaged tables.
    count : number of draws, at least 1.
    overrides : parameters fixed or re-distributed by a scenario or the command line.

    Raises
    ------
    EnsembleError : the ensemble has fewer draws.
    ValueError : as `sim.draws.draw.parameter_vector`.
    """
    if ensemble.is_prior:
        return draw_vectors(data, count, overrides)
    if count > len(ensemble):
        raise EnsembleError(
            f"{count} draws: ensemble {ensemble.name} has {len(ensemble)}; ask for at most that, or use --ensemble {PRIOR}"
        )
    return [vector_of_row(ensemble, data, row, overrides) for row in range(count)]


def vector_of_row(ensemble: Ensemble, data: Data, row: int, overrides: Mapping[str, float | Distribution]) -> dict[str, float]:
    """Read the parameters of a row, or make them anew where overrides say something else."""
    known = dict(zip(ensemble.names, ensemble.parameters[row].tolist(), strict=True))
    stated = {parameter.name for parameter in data.parameters}
    if stated == set(known) and all(known[name] == value for name, value in overrides.items()):
        return {parameter.name: known[parameter.name] for parameter in data.parameters}
    from scipy.special import ndtr  # slow to import, and asked for by few

    uniforms = np.full(SOBOL_DIMENSIONS, 0.5)
    uniforms[: ensemble.scores.shape[1]] = np.clip(ndtr(ensemble.scores[row]), EDGE, 1.0 - EDGE)
    return parameter_vector(data, uniforms, overrides)


def draw_of(ensemble: Ensemble, basis: Basis, parameters: Mapping[str, float], number: int) -> Draw:
    """Find or solve draw `number` of an ensemble with given parameters (see `sim.draws.draw.make_draw`).

    A row's constants stand if they were solved for these parameters with this model; else they are solved anew.
    """
    known = known_draw_of(ensemble, basis, parameters, number)
    if known is not None:
        return known
    if ensemble.is_prior or number == REFERENCE:
        return make_draw(basis, parameters, number)
    key = ensemble.numbers[number]
    solved = make_draw(basis, parameters, key)
    return Draw(number, solved.parameters, solved.constants, key)


def known_draw_of(ensemble: Ensemble, basis: Basis, parameters: Mapping[str, float], number: int) -> Draw | None:
    """Find draw `number` of an ensemble with given parameters where it is solved already; None if it is not."""
    if ensemble.is_prior or number == REFERENCE:
        return known_draw(basis, parameters, number)
    key = ensemble.numbers[number]
    row = dict(zip(ensemble.names, ensemble.parameters[number].tolist(), strict=True))
    if row == dict(parameters) and ensemble.record.get("solution") == solution_digest(basis):
        return Draw(number, dict(parameters), ensemble.constants[number], key)
    found = known_draw(basis, parameters, key)
    return None if found is None else Draw(number, found.parameters, found.constants, key)


def key_of(ensemble: Ensemble, number: int) -> int:
    """Return the number by which the lever values of a draw are keyed."""
    return number if ensemble.is_prior or number == REFERENCE else ensemble.numbers[number]


def content_digest(ensemble: Ensemble) -> str:
    """Hash what decides numbers: parameters, keys and constants of the rows in their order, 16 hex digits."""
    digest = hashlib.sha256(json.dumps([list(ensemble.names), list(ensemble.numbers)]).encode())
    for array in (ensemble.parameters, ensemble.scores):
        digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
    for constants in ensemble.constants:
        for _, values in sorted(constants.arrays().items()):
            digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]


def write_ensemble(path: Path, ensemble: Ensemble) -> Ensemble:
    """Write an ensemble as a Parquet file in one move; returns it with name and digest as it reads back."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {"number": pa.array(ensemble.numbers, pa.int64())}
    columns |= {f"parameter.{name}": ensemble.parameters[:, k] for k, name in enumerate(ensemble.names)}
    columns["scores"] = lists_of(ensemble.scores)
    for solved in fields(Constants):
        values = np.stack([constants.arrays()[solved.name] for constants in ensemble.constants])
        columns[f"constant.{solved.name}"] = values if values.ndim == 1 else lists_of(values)
    for name, column in ensemble.columns.items():
        columns[name] = column if column.ndim == 1 else lists_of(column)
    digest = content_digest(ensemble)
    record = json.dumps(dict(ensemble.record), sort_keys=True)
    seal = seal_of_file(digest, record, {name: np.asarray(each) for name, each in ensemble.columns.items()})
    table = pa.table(columns).replace_schema_metadata({DIGEST: digest.encode(), RECORD: record.encode(), SEALED: seal.encode()})
    with whole_file(path) as place:
        pq.write_table(table, place, compression="zstd")
    return read_ensemble(path)


def seal_of_file(digest: str, record: str, columns: Mapping[str, Floats]) -> str:
    """Hash what a file says besides what decides numbers, which its digest covers: its record and further columns."""
    found = hashlib.sha256(json.dumps([digest, record, sorted(columns)]).encode())
    for _, column in sorted(columns.items()):
        found.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
    return found.hexdigest()


def lists_of(values: Floats) -> Any:
    """Make a column of lists of the rows of a matrix."""
    import pyarrow as pa

    return pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), values.shape[1])


def read_ensemble(path: Path) -> Ensemble:
    """Read an ensemble.

    Raises
    ------
    EnsembleError : the file is damaged, no ensemble, or was changed.
    """
    found = _read(path.resolve(), path.stat().st_mtime_ns)
    shipped = path.resolve().parent == DATA_FOLDER.resolve()
    return replace(found, file=path.stem if shipped else path.as_posix())


@cache
def _read(path: Path, changed: int) -> Ensemble:
    import pyarrow.parquet as pq

    try:
        check_ordinary(path)
        file = pq.ParquetFile(path)  # read_table imports pandas
        if file.metadata.num_rows > MOST_ENSEMBLE_ROWS:
            raise UnreadableError(f"{file.metadata.num_rows} rows")
        table = file.read()
        metadata = table.schema.metadata
        said, record = metadata[DIGEST].decode(), json.loads(metadata[RECORD])
        columns = {name: column_of(table, name) for name in table.column_names}
        names = tuple(name.removeprefix("parameter.") for name in columns if name.startswith("parameter."))
        parameters = np.column_stack([columns[f"parameter.{name}"] for name in names])
        solved = constants_of_rows({each.name: columns[f"constant.{each.name}"] for each in fields(Constants)})
        numbers = tuple(int(number) for number in columns["number"])
        others = {name: each for name, each in columns.items() if "." not in name and name not in ("number", "scores")}
        found = Ensemble(path.stem, said, str(path), names, parameters, columns["scores"], numbers, solved, others, record)
    except Exception as error:
        raise EnsembleError(f"{path}: no ensemble ({type(error).__name__}); make it with `talentsim calibrate`") from error
    sealed = metadata.get(SEALED)
    if sealed is None and path.parent != DATA_FOLDER.resolve():
        warnings.warn(f"{path} {OLD}", OldFolderWarning, stacklevel=2)
    is_sealed = sealed is None or sealed.decode("ascii", "replace") == seal_of_file(said, metadata[RECORD].decode(), others)
    if content_digest(found) != said or not is_sealed:
        raise EnsembleError(f"{path}: its content is not what its name was made of; make it again with `talentsim calibrate`")
    return found


def column_of(table: Any, name: str) -> Floats:
    """Read a column of numbers (D,) or of lists of equal length (D, n)."""
    column = table.column(name).combine_chunks()
    if hasattr(column.type, "list_size"):  # its `flatten` would import pyarrow.compute
        size = column.type.list_size
        return arrow_numbers(column.values.slice(column.offset * size, len(column) * size)).reshape(len(column), -1)
    return arrow_numbers(column)


def arrow_numbers(column: Any) -> Floats:
    """Read an Arrow array of 8-byte numbers, none missing, from its memory; its own conversion imports pandas."""
    kind = "i8" if str(column.type) == "int64" else "f8"
    numbers: Floats = np.frombuffer(column.buffers()[1], dtype=kind, count=len(column), offset=8 * column.offset).copy()
    return numbers


def constants_of_rows(columns: Mapping[str, Floats]) -> tuple[Constants, ...]:
    """Put the constants of every row together."""
    count = len(next(iter(columns.values())))
    rows: Sequence[dict[str, Any]] = [
        {name: float(values[row]) if values.ndim == 1 else values[row].copy() for name, values in columns.items()}
        for row in range(count)
    ]
    return tuple(Constants(**row) for row in rows)
