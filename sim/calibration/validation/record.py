"""The record that is kept: the last validation, and every score of a strict ensemble, the first one marked registered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sim.data.load import is_packaged

KEPT_RECORD = Path(__file__).with_name("record.json")
REGISTERED = "c7ce054c7fdae5b1"
"""Hash of registration.toml as it was registered; whatever is scored under another one is marked as seen."""
FIRST_MARK, LATER_MARK = "registered", "after seeing"


def read_kept(path: Path = KEPT_RECORD) -> dict[str, Any]:
    """Read the record; an empty one where none was written yet, and for data of one's own, which it does not speak of."""
    if not path.is_file() or not is_packaged():
        return {"validation": None, "scores": [], "recovery": None}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def with_validation(kept: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """Put a validation (`report.as_record`) in the place of the last, and add scores of strict ensembles that have none yet.

    The first score of a direction is marked registered if the registration is the committed one; it stays whatever comes later.
    What was made with the bank of a calibration, recovery and medians without families, stays as it is.
    """
    scores = list(kept["scores"])
    for direction, test in found["tests"].items():
        digest = test["strict_ensemble"]
        known = [each for each in scores if each["direction"] == direction]
        same = [each for each in known if (each["strict_ensemble"], each["registration"]) == (digest, test["registration"])]
        if digest is None or same:
            continue
        is_first = not known and test["registration"] == REGISTERED
        names = ("strict_ensemble", "strict_kind", "registration", "forecasters")
        entry = {"direction": direction, "mark": FIRST_MARK if is_first else LATER_MARK, **{name: test[name] for name in names}}
        scores.append(entry)
    return {**kept, "validation": dict(found), "scores": scores}


def write_kept(kept: Mapping[str, Any], path: Path = KEPT_RECORD) -> None:
    """Write the record, numbers with six digits."""
    text = json.dumps(in_six_digits(kept), ensure_ascii=False, allow_nan=False, indent=1)
    path.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def in_six_digits(value: Any) -> Any:
    """Round all numbers in lists and objects to six significant digits."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, Mapping):
        return {key: in_six_digits(each) for key, each in value.items()}
    return [in_six_digits(each) for each in value] if isinstance(value, list | tuple) else value


def first_hindcast(kept: Mapping[str, Any]) -> Mapping[str, Any]:
    """Find the scores of the registered hindcast; empty where it was not scored yet."""
    found = (each for each in kept["scores"] if each["direction"] == "hindcast" and each["mark"] == FIRST_MARK)
    return next(found, {})


def record_line(kept: Mapping[str, Any]) -> str:
    """Say on one line how the model did on the registered hindcast; "" where it was not scored yet."""
    entry = first_hindcast(kept)
    if not entry:
        return ""
    by_name = {each["name"]: each for each in entry["forecasters"]}
    model, inside = by_name["strict ensemble"], by_name["strict ensemble"]["coverage"]["0.9"]
    others = ", ".join(f"{name} {by_name[name]['energy']['work']:.2f}" for name in ("persistence", "damped"))
    return (
        f"Record: knowing 2019 alone, work in 2022 was met with an energy score of {model['energy']['work']:.2f} "
        f"({others}; lower is better), {inside:.0%} of the rows inside 90 %."
    )
