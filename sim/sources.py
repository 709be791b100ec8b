"""The map of the package: which module stands at which rank, and a hash of the sources up to a rank."""

import hashlib
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent

RANKS: dict[str, float] = {
    "__init__": -2,
    "sources": -2,
    "remember": -2,
    "compiled": -1,
    "distributions": -1,
    "levers": -1,
    "parameters": 0,
    "randomness": 0,
    "choice": 0,
    "world": 0,
    "race": 1,
    "population": 1,
    "policy": 1,
    "logarithms": 0.9,
    "utilities": 1,
    "indices": 2,
    "dynamics": 2,
    "counting": 2.1,
    "visa": 2.2,
    "outcomes": 2,
    "scratch": 2.8,
    "strips": 2.9,
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
    "scenario_tables": 3.61,
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
    "stability": 4.2,
    "solver": 4.2,
    "constants": 4.3,
    "draws": 4.6,
    "preparation": 4.7,
    "lives": 4.75,
    "history": 4.8,
    "collecting": 4.8,
    "agents": 4.9,
    "engine": 5,
    "plan": 5.1,
    "folders": 5.2,
    "provenance": 5.2,
    "summary": 5.4,
    "tables": 5.6,
    "measures": 5.5,
    "variants": 5.8,
    "results": 6,
    "trace": 6.5,
    "dispatch": 6.05,
    "sampling": 6.05,
    "design": 6.1,
    "design_text": 6.15,
    "design_factors": 6.2,
    "design_sample": 6.2,
    "design_file": 6.25,
    "sweep_runs": 6.3,
    "sweep_parts": 6.4,
    "sweep_store": 6.6,
    "experiment": 7,
    "calibrate": 7,
    "sweep_results": 7,
    "sweeps": 7.2,
    "sweep_estimate": 7.3,
    "expressions": 7.1,
    "responses": 7.4,
    "comparison": 7.5,
    "pairing": 7.5,
    "paired_statistics": 7.5,
    "prior_part": 7.6,
    "crossings": 7.6,
    "compare_runs": 8,
    "assumptions": 8.1,
    "answer": 8.1,
    "comparison_files": 8.3,
    "exports": 8.2,
    "futures": 7.3,
    "switch_reasons": 7.4,
    "attribution": 7.4,
    "coalitions": 7.4,
    "switches": 7.6,
    "channels": 7.6,
    "anatomy": 8,
    "anatomy_files": 8.1,
    "reference_results": 8,
    "scenario_effects": 8.5,
    "sensitivity": 8,
    "discovery": 8,
    "robustness": 8,
    "validate": 8,
    "display": 9,
    "display_anatomy": 9.2,
    "display_inputs": 9.1,
    "display_policies": 9.2,
    "display_scenarios": 9.2,
    "display_shipped": 9.3,
    "display_analysis": 9.1,
    "figures": 9,
    "figures_analysis": 9.1,
    "migration": 7.6,
    "figure_tables": 9.02,
    "effect_tables": 9.04,
    "alluvial": 9.02,
    "file_figures": 9.06,
    "page_panels": 9.08,
    "page_figures": 9.1,
    "comparison_figures": 9.12,
    "report_tables": 9.13,
    "page_library": 9.13,
    "report_sources": 9.35,
    "report_parts": 9.14,
    "report": 9.36,
    "making": 9.1,
    "comparing": 9.2,
    "display_comparison": 9.3,
    "compared": 9.4,
    "api": 9.5,
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
