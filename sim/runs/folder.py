"""A run's folder: complete or absent, named by what decides its numbers, never overwritten.

``results/<scenario>/<run id>/`` is written beside its place and renamed into it, so that a reader finds the
whole run or nothing. Everything but ``provenance.json`` has the same bytes whenever the same run is made.
"""

from __future__ import annotations

import contextlib
import datetime
import filecmp
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from sim.data.package import keep_copy
from sim.data.schema import PACKAGED, Data
from sim.draws.ensemble import PRIOR, Ensemble, EnsembleError, find_ensemble
from sim.engines.axes import AXES, TIERS
from sim.files.manifest import FILES
from sim.files.paths import inside_folder
from sim.files.reading import check_toml
from sim.model.world import Floats, Integers
from sim.runs.atomic import FolderError, building, check_writable, explained, set_aside
from sim.runs.careers import CAREERS_FILE, CareerTable, has_careers
from sim.runs.outcomes.indicators import IndicatorRow, indicator_rows, measure
from sim.runs.outcomes.outcomes import Outcomes, Remark, ShareSummary, reporting_years, summarise_shares
from sim.runs.outcomes.statistics import shares_of
from sim.runs.outcomes.variants import VariantRow, variant_rows
from sim.runs.plan import RunPlan
from sim.runs.provenance import digest, model_id, source_state, system, versions
from sim.runs.reading.record import PROVENANCE, RUN_SHAPE, check_held, read_origin, write_record
from sim.runs.reading.tables import DAMAGE, check_row_count, read_counts, read_indicators, read_shares, read_variants
from sim.runs.tables import (
    LongTables,
    write_indicators,
    write_shares,
    write_variants,
)
from sim.scenarios.groups import GROUPS, Groups
from sim.scenarios.load import resolved_toml, whole_toml
from sim.scenarios.scenario import scenario_effect

NUMBER_FILES = ("shares.csv", "outcomes.parquet", "flows.parquet", "indicators.csv", "variants.csv")
RUN_FILES = ("scenario.toml", PROVENANCE, *NUMBER_FILES)
BAND_CONTENTS = "draws from the priors (not calibrated) and replicate noise"
UNCALIBRATED = (
    "Levels are uncalibrated: these draws come from priors that no data have weighed, and medians move with their number."
)

_BYTES_PER_RUN = 250_000  # measured at 20,000 researchers; only for the early warning about a full disk


@dataclass(frozen=True)
class Run:
    """One scenario run over draws and replicates, as its folder holds it.

    Parameters
    ----------
    folder
        Where it lies.
    provenance
        The content of ``provenance.json``.
    years
        Reporting years, (Y,).
    codes
        Region codes in id order, (R,).
    shares
        Statistics of shares, arrays of shape (Y, tier, axis, R).
    indicators
        The rows of ``indicators.csv``.
    variants
        The rows of ``variants.csv``.
    """

    folder: Path
    provenance: Mapping[str, Any]
    years: Integers
    codes: tuple[str, ...]
    shares: ShareSummary
    indicators: tuple[IndicatorRow, ...]
    variants: tuple[VariantRow, ...]

    @property
    def run_id(self) -> str:
        """Hash of everything that decides the numbers."""
        return str(self.provenance["run_id"])

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.provenance["scenario"]["name"])

    @property
    def title(self) -> str:
        """Title of the scenario."""
        return str(self.provenance["scenario"]["title"])

    @property
    def draws(self) -> int:
        """Number of draws D."""
        return int(self.provenance["draws"])

    @property
    def effective_draws(self) -> float:
        """Number of draws, those that repeat one another counted for less."""
        return float(self.provenance.get("effective_draws", self.draws))

    @property
    def replicates(self) -> int:
        """Number of replicates P."""
        return int(self.provenance["replicates"])

    @property
    def ensemble(self) -> Mapping[str, str]:
        """Name and digest of the ensemble; a run of before there were any is of the prior."""
        known: Mapping[str, str] = self.provenance.get("ensemble", {"name": PRIOR, "digest": ""})
        return known

    @property
    def record(self) -> str:
        """How the draws fit the published record, in one sentence."""
        return str(self.provenance.get("record", UNCALIBRATED))

    @property
    def weight(self) -> float:
        """People per simulated researcher."""
        return float(self.provenance["people_per_researcher"])

    @property
    def groups(self) -> Groups:
        """Groups of regions that everybody may use, and those that its scenario named when it was made."""
        own = self.provenance["scenario"].get("groups", {})
        return {**GROUPS, **{name: tuple(members) for name, members in own.items()}}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the numbers should know besides the remarks."""
        return tuple(self.provenance["notes"])

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """Where assumptions were cut off or targets missed, by run; the runs of a draw have the same remarks."""
        stored = [each | {"years": each["years"] and tuple(each["years"])} for each in self.provenance["remarks"]]
        return tuple(Remark(**each) for each in stored for _ in range(self.replicates))

    @cached_property
    def counts(self) -> Integers:
        """Simulated researchers of every run, (D * P, Y, tier, axis, R), read when first needed."""
        return read_counts(self.folder, (self.draws, self.replicates), self.years, self.codes)

    def shares_by_run(self, tier: str, axis: str, groups: Sequence[Sequence[int]]) -> Floats:
        """Return the shares of groups of regions in every run, (N, Y, G); NaN where the tier is empty."""
        counts = self.counts[:, :, TIERS.index(tier), AXES.index(axis)]
        shares = shares_of(counts)
        return np.stack([shares[:, :, list(group)].sum(axis=2) for group in groups], axis=2)


def run_id(plan: RunPlan) -> str:
    """Return the identity of a run: equal ids, equal numbers. 16 hex digits.

    The draws enter by their numbers, the scenario's parameters and the content of the ensemble: draw k of the prior is point k
    of a fixed sequence through the priors, which are part of the model's own hash. The baseline enters because the constants of
    a draw are solved on it.
    """
    identity = {
        "scenario": scenario_effect(plan.scenario),
        "baseline": scenario_effect(plan.basis.baseline),
        "draws": plan.draws,
        "replicates": plan.replicates,
        "seed": plan.seed,
        "researchers": plan.researchers,
        "until": plan.until,
        "model": model_id(plan.basis.data),
    }
    if not plan.ensemble.is_prior:
        identity["ensemble"] = plan.ensemble.digest
    return digest(identity)[:16]


def run_folder(plan: RunPlan, root: Path) -> Path:
    """Return where the run lies or would lie below the results folder `root`."""
    return inside_folder(root, plan.scenario.name) / run_id(plan)


def find_run(plan: RunPlan, root: Path) -> Run | None:
    """Read a run that has been made already; None if there is none. A damaged one is set aside, so that it is made again."""
    folder = run_folder(plan, root)
    if not folder.exists():
        return None
    try:
        return read_run(folder)
    except FolderError as error:
        set_aside(folder, str(error))
        return None


def check_place(plan: RunPlan, root: Path) -> None:
    """Check, before any work, that the run's folder can be written: permission, kind of file, free space.

    Raises
    ------
    FolderError
        If it cannot.
    """
    runs = plan.draws * plan.replicates
    check_writable(run_folder(plan, root).parent, 5_000_000 + _BYTES_PER_RUN * runs)


def write_run(
    plan: RunPlan,
    outcomes: Iterable[Outcomes],
    root: Path,
    *,
    command: str = "",
    notes: Sequence[str] = (),
    variants: Mapping[float, Iterable[Outcomes]] | None = None,
    finish: Callable[[Run], object] | None = None,
) -> Run:
    """Write the folder of a run in one atomic move and read it back.

    Outcomes are taken one by one; memory holds the counts by region and year of each run, not its flows.

    Parameters
    ----------
    plan
        What was asked for.
    outcomes
        Every (draw, replicate) of the plan, in that order.
    root
        The results folder; created if absent.
    command
        The command that makes the run again, without anything of this machine.
    notes
        Sentences for the reader, besides the remarks of the outcomes.
    variants
        Replicates at the reference point by the value of `sim.runs.outcomes.variants.VARIED`.
    finish
        Adds files, such as figures, to the folder before it is moved into place.

    Raises
    ------
    FolderError
        If the folder cannot be written, or is there already and holds other numbers. Nothing is left
        behind then.
    ValueError
        If the outcomes are not those of the plan.
    """
    folder = run_folder(plan, root)
    started = _now()
    with building(folder) as partial:
        seen = _write_numbers(plan, outcomes, partial)
        rows = list(variant_rows(variants or {}, plan.basis.data.codes))
        with explained(folder.parent):
            write_variants(partial / "variants.csv", rows)
        record = _provenance(plan, command, notes, seen, started)
        with explained(folder.parent):
            if plan.basis.data.name != PACKAGED:
                keep_copy(plan.basis.data.folder, partial)
            resolved = resolved_toml(plan.scenario, plan.basis.data.codes)
            (partial / "scenario.toml").write_text(resolved, encoding="utf-8", newline="\n")
            run = _run_of(partial, record)
            if finish is not None:
                finish(run)
            whole = write_record(partial, record)
        other = differing_files(partial, folder) if find_run(plan, root) else []
        if other:
            raise FolderError(folder, f"made again by the {plan.engine} engine, the run gave other numbers: {', '.join(other)}")
    return replace(run, folder=folder, provenance=whole)


def differing_files(first: Path, second: Path) -> list[str]:
    """Return the names of the number files that differ, byte by byte, between two folders of one run."""
    names = [*NUMBER_FILES, *([CAREERS_FILE] if has_careers(first) and has_careers(second) else [])]
    return [name for name in names if not filecmp.cmp(first / name, second / name, shallow=False)]


def read_run(folder: Path) -> Run:
    """Read a run's folder back, and check that it is what was written.

    Raises
    ------
    FolderError
        If a file is missing, damaged or changed; says which.
    """
    missing = [name for name in RUN_FILES if not (folder / name).is_file()]
    if missing:
        raise FolderError(folder, f"not a complete run, {', '.join(missing)} missing")
    try:
        record = read_origin(folder, RUN_SHAPE)
        careers = [CAREERS_FILE] if CAREERS_FILE in record.get(FILES, {}) else []
        check_held(folder, record, [*(name for name in RUN_FILES if name != PROVENANCE), *careers])
        return _run_of(folder, record)
    except DAMAGE as error:
        raise FolderError(folder, f"damaged: {error or type(error).__name__}") from error


def _run_of(folder: Path, record: Mapping[str, Any]) -> Run:
    """Read the tables of a run whose record is known."""
    check_toml(folder / "scenario.toml")
    check_row_count(folder / "outcomes.parquet", record["draws"] * record["replicates"], record["until"])
    years, codes, shares = read_shares(folder / "shares.csv", record.get("regions", ()))
    if int(years[-1]) != record["until"]:
        raise ValueError(f"shares.csv ends in {years[-1]}, the run in {record['until']}")
    indicators = tuple(read_indicators(folder / "indicators.csv"))
    return Run(folder, record, years, codes, shares, indicators, read_variants(folder / "variants.csv"))


class _Collected:
    """What the summary of a scenario needs from the runs seen so far."""

    def __init__(self, codes: Sequence[str]) -> None:
        self.codes = codes
        self.counts: list[Integers] = []
        self.measured: list[dict[str, Floats]] = []
        self.remarks: dict[Remark, None] = {}
        self.weight = 0.0

    def add(self, outcomes: Outcomes, reported: slice) -> None:
        self.weight = float(outcomes.weight)
        self.counts.append(outcomes.counts[reported].astype(np.int64))
        self.measured.append(measure(outcomes, self.codes))
        self.remarks |= dict.fromkeys(outcomes.remarks)


def _write_numbers(plan: RunPlan, outcomes: Iterable[Outcomes], folder: Path) -> _Collected:
    codes = plan.basis.data.codes
    years = reporting_years(plan.until)
    seen = _Collected(codes)
    place = folder.parent
    with contextlib.ExitStack() as stack:
        tables: tuple[LongTables, CareerTable] | None = None
        for each in _in_order(outcomes, plan):
            with explained(place):
                if tables is None:
                    long = stack.enter_context(LongTables(folder, codes, each.weight, plan.replicates))
                    tables = long, stack.enter_context(CareerTable(folder, codes, each.weight))
                for table in tables:
                    table.append(each)
            seen.add(each, slice(len(each.years) - len(years), None))
        with explained(place):
            stack.close()
    counts = np.stack(seen.counts)
    shares = summarise_shares(counts, seen.weight, plan.draws)
    indicators = indicator_rows(seen.measured, plan.until, codes)
    with explained(place):
        write_shares(folder / "shares.csv", shares, years, codes)
        write_indicators(folder / "indicators.csv", indicators)
    return seen


def _in_order(outcomes: Iterable[Outcomes], plan: RunPlan) -> Iterator[Outcomes]:
    """Pass the outcomes on, refusing any that is missing, doubled, out of order or of other years."""
    runs = 0
    last = (-1, -1)
    for each in outcomes:
        key = (each.draw, each.replicate)
        if key <= last or int(each.years[-1]) != plan.until:
            raise ValueError(f"outcomes of draw and replicate {key} until {each.years[-1]} after {last}")
        last, runs = key, runs + 1
        yield each
    if runs != plan.draws * plan.replicates:
        raise ValueError(f"{runs} outcomes, expected {plan.draws} draws x {plan.replicates} replicates")


def _provenance(plan: RunPlan, command: str, notes: Sequence[str], seen: _Collected, started: str) -> dict[str, Any]:
    scenario = plan.scenario
    return {
        "status": "complete",
        "run_id": run_id(plan),
        "scenario": {
            "name": scenario.name,
            "title": scenario.title,
            "question": scenario.question,
            "files": [Path(each).name for each in scenario.files],
            "groups": {name: list(members) for name, members in scenario.groups.items()},
            "text": whole_toml(scenario, plan.basis.data.codes),
        },
        "command": command,
        "draws": plan.draws,
        "effective_draws": plan.effective_draws,
        "replicates": plan.replicates,
        "seed": plan.seed,
        "researchers": plan.researchers,
        "until": plan.until,
        "engine": plan.engine,
        "people_per_researcher": seen.weight,
        "regions": list(plan.basis.data.codes),
        "ensemble": {"name": plan.ensemble.name, "digest": plan.ensemble.digest, "file": plan.ensemble.file},
        "bands": band_contents(plan.ensemble),
        "record": fit_line(plan.ensemble.record),
        "notes": list(dict.fromkeys(notes)),
        "remarks": [each._asdict() for each in seen.remarks],
        "model_id": model_id(plan.basis.data),
        "versions": versions(),
        "platform": system(),
        "source": source_state(),
        "data": named_data(plan.basis.data),
        "started": started,
        "ended": _now(),
    }


def named_data(data: Data) -> dict[str, Any]:
    """Name the data of a run: name, version, digest of all that decides a number, sha256 by table."""
    return {"name": data.name, "version": data.version, "digest": data.numbers, "checksums": dict(data.checksums)}


def ensemble_of(run: Run) -> Ensemble:
    """Find the ensemble that a run's draws are of.

    Raises
    ------
    EnsembleError
        If it is not where its name says, or has another content.
    """
    name, digest = run.ensemble["name"], run.ensemble["digest"]
    found = find_ensemble(run.ensemble.get("file", name))
    if found.digest != digest:
        raise EnsembleError(f"{run.folder}: its ensemble {name} ({digest}) is another now ({found.digest}); run it again")
    return found


def band_contents(ensemble: Ensemble) -> str:
    """Say what the bands of a run hold."""
    if ensemble.is_prior:
        return BAND_CONTENTS
    weighed = "exact weights" if ensemble.record.get("kind") == "exact" else "emulated likelihood"
    return f"draws fitted to the published record ({weighed}) and replicate noise"


def fit_line(record: Mapping[str, Any]) -> str:
    """Say in one sentence how draws fit the published record, from the record of their ensemble."""
    if "fit" not in record:
        return UNCALIBRATED
    found = record["fit"]
    weighed = "weighed exactly" if record.get("kind") == "exact" else "by an emulated likelihood"
    return (
        f"Draws are fitted to the published record up to 2022 ({weighed}): {found['inside']} of {found['rows']} rows lie inside "
        f"their 90 % interval, {len(found['beyond'])} are missed by more than 3 sd (`talentsim fit`)."
    )


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
