"""Reading the parameter table and the reference point (``parameters.toml``, ``reference.toml``)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.data.checks import DataError
from sim.data.distributions import Distribution, parse_distribution
from sim.data.schema import Parameter, Source

TEXTS = ("name", "unit", "role", "meaning", "source", "tag")
NUMBERS = ("default", "low", "high")


def read_parameters(folder: Path, sources: Mapping[str, Source]) -> tuple[Parameter, ...]:
    """Read the parameter table; empty if the file does not exist.

    Parameters
    ----------
    folder
        Folder of the tables.
    sources
        Known sources by id; a parameter names one or more of them.

    Raises
    ------
    DataError
        If a key is missing, superfluous or of a wrong type, a name repeats, a default lies outside its
        range, a prior is impossible, or a source is unknown; names the parameter.
    """
    parameters: dict[str, Parameter] = {}
    for number, table in enumerate(_toml(folder / "parameters.toml").get("parameter", []), 1):
        try:
            parameter = _parameter(table)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError("parameters.toml", f"{table.get('name', '?')}: {error}", row=number) from None
        problem = _problem(parameter, parameters, sources)
        if problem:
            raise DataError("parameters.toml", f"{parameter.name}: {problem}", row=number)
        parameters[parameter.name] = parameter
    return tuple(parameters.values())


def read_reference(folder: Path) -> dict[str, float]:
    """Read the reference point by parameter name; empty if the file does not exist."""
    values = _toml(folder / "reference.toml").get("values", {})
    return {name: float(value) for name, value in values.items()}


def _toml(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise DataError(path.name, f"not valid TOML: {error}") from None


def _parameter(table: Mapping[str, Any]) -> Parameter:
    """Make a parameter of its entry; KeyError, TypeError or ValueError if the entry is not one."""
    unknown = sorted(set(table) - {*TEXTS, *NUMBERS, "prior"})
    if unknown:
        raise ValueError(f"no such key: {', '.join(unknown)}")
    missing = [key for key in (*TEXTS, *NUMBERS) if key not in table]
    if missing:
        raise ValueError(f"missing: {', '.join(missing)}")
    texts = {key: table[key] for key in TEXTS}
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise ValueError("name, unit, role, meaning, source and tag are texts that are not empty")
    prior: Distribution | None = None
    if "prior" in table:
        entry = {"distribution" if key == "kind" else key: value for key, value in table["prior"].items()}
        prior = parse_distribution(entry)
    low, default, high = (float(table[key]) for key in ("low", "default", "high"))
    return Parameter(
        name=texts["name"],
        unit=texts["unit"],
        default=default,
        low=low,
        high=high,
        prior=prior,
        role=texts["role"],
        meaning=texts["meaning"],
        source=texts["source"],
        tag=texts["tag"],
    )


def _problem(parameter: Parameter, earlier: Mapping[str, Parameter], sources: Mapping[str, Source]) -> str:
    if parameter.name in earlier:
        return "a parameter of this name stands above"
    if not parameter.low <= parameter.default <= parameter.high:
        return f"default {parameter.default:g} outside {parameter.low:g}..{parameter.high:g}"
    unknown = [part for part in parameter.source.replace(",", " ").replace(";", " ").split() if part not in sources]
    return f"no such source: {', '.join(unknown)}" if unknown else ""


def check_names(
    stated: Sequence[Parameter], packaged: Sequence[Parameter], codes: Sequence[str], packaged_codes: Sequence[str]
) -> None:
    """Check that a parameter table of one's own has every parameter that the formulas read, and none that nothing reads.

    A parameter of one region ends in its code; those of the packaged regions may be left out, and the data's own regions have any
    of them.

    Parameters
    ----------
    stated, packaged
        Of the data, and of the packaged tables.
    codes, packaged_codes
        Region codes of both.

    Raises
    ------
    DataError
        Naming what is missing or superfluous.
    """
    prefixes = {p.name.rpartition("_")[0] for p in packaged if p.name.rpartition("_")[2].upper() in packaged_codes}
    general = {p.name for p in packaged if p.name.rpartition("_")[2].upper() not in packaged_codes}
    regional = {f"{prefix}_{code.lower()}" for prefix in prefixes for code in codes}
    names = [parameter.name for parameter in stated]
    missing = sorted(general - set(names))
    if missing:
        raise DataError(
            "parameters.toml", f"no parameter {', '.join(missing)}", allowed="every parameter that is of no one region"
        )
    for number, name in enumerate(names, 1):
        if name not in general | regional:
            of = ", ".join(f"{prefix}_<region>" for prefix in sorted(prefixes))
            raise DataError("parameters.toml", f"{name}: nothing reads it", row=number, allowed=f"the packaged names, and {of}")
