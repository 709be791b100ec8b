"""The map of the package: which module stands at which rank, and a hash of the sources up to a rank."""

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

RANKS: dict[str, float] = {
    "__init__": -2,
    "sources": -2,
    "compiled": -1,
    "distributions": -1,
    "levers": -1,
    "parameters": 0,
    "randomness": 0,
    "choice": 0,
    "world": 0,
    "population": 1,
    "policy": 1,
    "utilities": 1,
    "indices": 2,
    "dynamics": 2,
    "visa": 2.2,
    "outcomes": 2,
    "arrays": 3,
    "expected_study": 2.5,
    "expected_jobs": 2.5,
    "expected_moves": 2.7,
    "expected": 3,
    "data": 3,
    "observed": 3.3,
    "scenario_text": 3.5,
    "named_policies": 3.5,
    "scenario_values": 3.6,
    "differences": 3.6,
    "expansions": 3.61,
    "scenario_errors": 3.62,
    "scenario_lever": 3.64,
    "policy_library": 3.66,
    "scenario_policy": 3.66,
    "scenario_schema": 3.7,
    "scenario_files": 3.8,
    "scenario_layers": 3.9,
    "scenario": 4,
    "examples": 4,
    "assembly": 4,
    "constants": 4.3,
    "draws": 4.6,
    "preparation": 4.7,
    "lives": 4.75,
    "history": 4.8,
    "agents": 4.9,
    "engine": 5,
    "plan": 5.1,
    "folders": 5.2,
    "provenance": 5.2,
    "summary": 5.4,
    "tables": 5.6,
    "variants": 5.8,
    "results": 6,
    "trace": 6.5,
    "experiment": 7,
    "calibrate": 7,
    "compare": 8,
    "reference_results": 8,
    "scenario_effects": 8.5,
    "sensitivity": 8,
    "validate": 8,
    "display": 9,
    "display_inputs": 9.1,
    "display_policies": 9.2,
    "display_scenarios": 9.2,
    "display_shipped": 9.3,
    "figures": 9,
    "report": 9,
    "cli": 10,
    "__main__": 11,
}
"""Rank of every module (a module imports only from lower ranks; a package counts as its folder's name)."""


def module_files(top_rank: float) -> tuple[Path, ...]:
    """List the source files of all modules at or below a rank.

    Parameters
    ----------
    top_rank : highest rank included, -2..11.

    Returns
    -------
    Paths in a fixed order (by path relative to the package).
    """
    files = [path for path in PACKAGE.rglob("*.py") if RANKS.get(module_name(path), 10) <= top_rank]
    return tuple(sorted(files, key=lambda path: path.relative_to(PACKAGE).as_posix()))


def module_name(path: Path) -> str:
    """Name the module (or package folder) that a source file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


@cache
def source_hash(top_rank: float) -> str:
    """Hash the text of every module at or below a rank.

    Parameters
    ----------
    top_rank : highest rank included, -2..11.

    Returns
    -------
    64 hexadecimal digits; equal for equal sources wherever the package is installed.
    """
    digest = hashlib.sha256()
    for path in module_files(top_rank):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def module_hash(names: tuple[str, ...]) -> str:
    """Hash the text of the named modules (paths in the package without .py), in the order given."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((PACKAGE / f"{name}.py").read_bytes())
    return digest.hexdigest()
