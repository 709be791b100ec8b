"""Which runs may be compared, and which of their draws and replicates belong together.

Notation: D draws, P replicates, Y reporting years, K tiers, X axes, R regions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.data.schema import Data
from sim.draws.ensemble import EnsembleError, vectors_of_draws
from sim.model.world import Integers
from sim.runs.folder import Run, ensemble_of
from sim.runs.provenance import model_id
from sim.scenarios.load import load_basis, load_scenario

RESOLVED = "scenario.toml"


class NotComparableError(ValueError):
    """Runs that cannot be compared.

    Parameters
    ----------
    reasons
        One sentence per difference, each with its remedy.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)


@dataclass(frozen=True)
class Pair:
    """Two runs cut to the draws and replicates that they share.

    Parameters
    ----------
    base, variant
        Simulated researchers, (D, P, Y, K, X, R).
    draws
        Numbers of the shared draws, (D,).
    weight
        People per simulated researcher.
    notes
        What a reader should know about the pairing.
    worth
        Of a draw, in draws that repeat no other, (0, 1].
    """

    base: Integers
    variant: Integers
    draws: tuple[int, ...]
    weight: float
    notes: tuple[str, ...]
    worth: float = 1.0

    @property
    def effective_draws(self) -> float:
        """Number of draws, those that repeat one another counted for less."""
        return self.worth * len(self.draws)

    @property
    def runs(self) -> int:
        """Number of paired runs, D x P."""
        return len(self.draws) * int(self.base.shape[1])


def labels(base: Run, variants: Sequence[Run]) -> tuple[str, ...]:
    """Name the base and the variants so that every name is used once: that of the scenario, with more where it is needed."""
    runs = (base, *variants)
    names = [run.name for run in runs]
    given: list[str] = []
    for number, run in enumerate(runs):
        label = run.name
        if label in names[:number]:
            label = f"{run.name} ({run.run_id[:8]})"
        if label in given:
            label = f"{label} ({number + 1})"
        given.append(label)
    return tuple(given)


def check_comparable(base: Run, variants: Sequence[Run]) -> None:
    """Check that variants differ from the base in nothing that would make a difference of another cause.

    Raises
    ------
    NotComparableError
        With everything that differs, for every variant.
    """
    reasons = [reason for variant in variants for reason in what_differs(base, variant)]
    if reasons:
        raise NotComparableError(reasons)


def what_differs(base: Run, variant: Run) -> list[str]:
    """Say what makes two runs incomparable, one sentence each with its remedy."""
    ours, theirs = base.provenance, variant.provenance
    who = f"{variant.name} ({variant.run_id[:8]}) and {base.name} ({base.run_id[:8]})"
    reasons = []
    data = ours["data"]["version"], theirs["data"]["version"]
    if data[0] != data[1]:
        reasons.append(f"{who} were made with data versions {data[1]} and {data[0]}; run the older one again with this version")
    elif ours["data"]["checksums"] != theirs["data"]["checksums"]:
        tables = ", ".join(changed(ours["data"]["checksums"], theirs["data"]["checksums"]))
        reasons.append(f"{who} were made with other contents of {tables}; run the older one again with this version")
    if ours["model_id"] != theirs["model_id"] and data[0] == data[1]:
        models = f"{theirs['model_id'][:8]} and {ours['model_id'][:8]}"
        reasons.append(f"{who} were made by two versions of the model, {models}; run the older one again with this version")
    for key, option in (("seed", "--seed"), ("until", "--until"), ("researchers", "--researchers")):
        if ours[key] != theirs[key]:
            reasons.append(f"{who} have {key} {theirs[key]} and {ours[key]}; run {variant.name} again with {option} {ours[key]}")
    if base.ensemble["digest"] != variant.ensemble["digest"]:
        mine, yours = base.ensemble["name"], variant.ensemble["name"]
        reasons.append(f"{who} have draws of ensembles {yours} and {mine}; run {variant.name} again with --ensemble {mine}")
    if base.codes != variant.codes:
        reasons.append(f"{who} have other regions: {regions_of(variant)} and {regions_of(base)}; run the older one again")
    return reasons


def changed(ours: Mapping[str, str], theirs: Mapping[str, str]) -> list[str]:
    """List the tables whose checksums differ."""
    return sorted(name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name))


def regions_of(run: Run) -> str:
    """Write the regions of a run."""
    return f"{len(run.codes)} ({' '.join(run.codes)})"


def fixed_parameters(run: Run) -> dict[str, Any]:
    """Read the parameters that a run's scenario fixes or re-distributes."""
    resolved = tomllib.loads((run.folder / RESOLVED).read_text(encoding="utf-8"))
    return dict(resolved.get("parameters", {}))


def is_current(run: Run) -> bool:
    """Tell whether the run was made by the model and the data that are installed, so that it can be made again."""
    return bool(run.provenance["model_id"] == model_id(load_basis().data)) and has_ensemble(run)


def has_ensemble(run: Run) -> bool:
    """Tell whether the ensemble of a run is there and still the same."""
    try:
        ensemble_of(run)
    except EnsembleError:
        return False
    return True


def run_vectors(run: Run, data: Data) -> list[dict[str, float]]:
    """List the parameters of a run's draws; the run must be current and its ensemble where its name says."""
    scenario = load_scenario(str(run.folder / RESOLVED))
    return vectors_of_draws(ensemble_of(run), data, run.draws, scenario.parameters)


def pair(base: Run, variant: Run, data: Data) -> Pair:
    """Cut two runs to the draws and replicates that they share.

    Raises
    ------
    NotComparableError
        If they may not be compared, or share none.
    """
    check_comparable(base, [variant])
    draws, notes = shared_draws(base, variant, data)
    replicates = min(base.replicates, variant.replicates)
    if base.draws != variant.draws or base.replicates != variant.replicates:
        notes.append(
            f"{variant.name} has {variant.draws} draws x {variant.replicates} replicates, {base.name} {base.draws} x "
            f"{base.replicates}: compared are the {len(draws)} x {replicates} that both have."
        )

    def cut(run: Run) -> Integers:
        counts = run.counts.reshape(run.draws, run.replicates, *run.counts.shape[1:])
        cut_counts: Integers = counts[list(draws), :replicates]
        return cut_counts

    return Pair(cut(base), cut(variant), draws, base.weight, tuple(notes), base.effective_draws / base.draws)


def shared_draws(base: Run, variant: Run, data: Data) -> tuple[tuple[int, ...], list[str]]:
    """List the numbers of the draws that are the same but for the parameters that a scenario fixes, and say if these differ.

    Raises
    ------
    NotComparableError
        If there is none, or if it cannot be told because the runs are of another version.
    """
    common = tuple(range(min(base.draws, variant.draws)))
    ours, theirs = fixed_parameters(base), fixed_parameters(variant)
    fixed = sorted(name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name))
    if not fixed:
        return common, []
    names = ", ".join(fixed)
    if not is_current(base):
        raise NotComparableError(
            [f"{variant.name} and {base.name} fix other parameters ({names}) and were made by another version of the model, so "
             "that their draws cannot be matched; run both again"]
        )  # fmt: skip
    mine, yours = run_vectors(base, data), run_vectors(variant, data)
    same = tuple(k for k in common if apart_from(mine[k], fixed) == apart_from(yours[k], fixed))
    if not same:
        raise NotComparableError(
            [f"{variant.name} and {base.name} fix other parameters ({names}), and no draw of theirs has the same values of the "
             f"rest; fix the same parameters in both, with [parameters] or --set {fixed[0]}=..."]
        )  # fmt: skip
    notes = [f"A change of assumptions, not of policy: {variant.name} and {base.name} fix other parameters ({names})."]
    if len(same) < len(common):
        notes.append(f"{len(same)} of {len(common)} draws have the same values of all other parameters; only these are compared.")
    return same, notes


def apart_from(vector: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Leave parameters out."""
    return {name: value for name, value in vector.items() if name not in names}
