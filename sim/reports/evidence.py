"""The sections of a report on where it comes from: what a scenario changes, the evidence for that, and provenance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sim.calibration.validation.record import first_hindcast, record_line
from sim.comparisons.comparison import Comparison
from sim.data.load import is_packaged, load_data
from sim.data.schema import PACKAGED
from sim.reports.figures.tables import shown_runs
from sim.reports.html import Block, Blocks, DataTable, Definitions, Folded, Heading, Paragraph, TextCell
from sim.reports.words import assumption_line
from sim.runs.folder import Run
from sim.scenarios.expansions import change_row
from sim.scenarios.levers.changes import LeverChange
from sim.scenarios.load import difference, load_scenario
from sim.scenarios.reading.text import ScenarioError
from sim.scenarios.scenario import Scenario

NOT_STRICT = {"prior": "prior (solved on rows of both years: it knows part of the answer)"}
"""Forecasters that know more than 2019."""


def change_part(comparison: Comparison) -> Blocks:
    """Return what each scenario changes, cell by cell."""
    return [_changes(label, before, after, against) for label, before, after, against in _pairs(comparison)]


def evidence_part(comparison: Comparison) -> Blocks:
    """Return the evidence of every lever that a scenario has and its base has not."""
    blocks: list[Block] = []
    for label, before, after, against in _pairs(comparison):
        if isinstance(after, str):
            continue
        old = () if before is None or isinstance(before, str) else before.levers
        new = [change for change in after.levers if change not in old]
        gone = [change for change in old if change not in after.levers]
        blocks += _evidence(f"Levers of {label}", new)
        blocks += _evidence(f"Levers of {against} that {label} leaves out", gone)
    return blocks


class EvidenceRow(NamedTuple):
    """One lever of a scenario with what it rests on."""

    scenario: str
    lever: str
    whom: str
    when: str
    size: str
    unit: str
    evidence: str
    source: str


def evidence_rows(comparison: Comparison) -> list[EvidenceRow]:
    """List the levers that each scenario has and its base has not, with their evidence; an unreadable scenario has none."""
    data, rows = load_data(), []
    for label, before, after, _ in _pairs(comparison):
        if isinstance(after, str):
            continue
        old = before.levers if isinstance(before, Scenario) else ()
        new = [change_row(change, data.codes) for change in after.levers if change not in old]
        rows += [EvidenceRow(label, r.lever, r.whom, r.when, r.size, r.unit, r.evidence, r.source) for r in new]
    return rows


def origin_part(comparison: Comparison) -> Blocks:
    """Return where the numbers come from: runs, versions, commands, data, licence and how to cite."""
    blocks: list[Block] = []
    for series, run in shown_runs(comparison):
        record = run.provenance
        source = record["source"]
        commit = f"{source['commit']}{' with changes' if source['dirty'] else ''}" if source["commit"] else "not from a checkout"
        blocks += [
            Heading(series.label),
            Definitions(
                [
                    ("run id", run.run_id),
                    ("title", run.title),
                    ("made by", record["command"] or "not recorded"),
                    (
                        "size",
                        f"{run.draws} draws x {run.replicates} replicates, {record['researchers']:,} researchers in 2022, seed "
                        f"{record['seed']}, until {record['until']}, engine {record['engine']}",
                    ),
                    ("versions", ", ".join(f"{name} {version}" for name, version in record["versions"].items())),
                    ("model", record["model_id"]),
                    ("source", commit),
                    ("data", data_words(record["data"])),
                    ("made", record["ended"]),
                ]
            ),
        ]
    licence = (
        "Apache License 2.0. The data are compiled from published sources; `talentsim sources` names each number's."
        if is_packaged()
        else "Of the program: Apache License 2.0. Of the data: as its descriptor says; sources.csv has a licence for each source."
    )
    return [*blocks, Definitions([("cite as", citation(comparison)), ("licence", licence)])]


def data_words(record: Mapping[str, Any]) -> str:
    """Name the data of a run by name, version and digest."""
    name, digest = record.get("name", PACKAGED), record.get("digest", "")
    return f"{name}, version {record['version']}{f', digest {digest[:16]}' if digest else ''}"


def citation(comparison: Comparison) -> str:
    """Say how to cite a comparison or a run."""
    version = comparison.base.provenance["versions"]["talentsim"]
    ids = ", ".join(run.run_id for _, run in shown_runs(comparison))
    return (
        f"The talentsim maintainers: talentsim: agent-based simulation of where AI researchers come from, study and work, "
        f"version {version}; runs {ids}."
    )


def record_part(kept: Mapping[str, Any]) -> Blocks:
    """Return how the model did on the registered hindcast beside the baselines; nothing where it was not scored yet.

    Parameters
    ----------
    kept
        The record of validation, as `sim.calibration.validation.record.read_kept` gives it.
    """
    line = record_line(kept)
    if not line:
        return []
    scored = first_hindcast(kept)["forecasters"]
    rows = [
        [
            TextCell(NOT_STRICT.get(each["name"], each["name"])),
            TextCell(f"{each['energy']['work']:.2f}"),
            TextCell(f"{100.0 * each['crps']:.2f}"),
            *(TextCell(f"{each['coverage'][level]:.0%}") for level in ("0.5", "0.9")),
        ]
        for each in sorted(scored, key=lambda each: each["energy"]["work"])
    ]
    columns = ("forecaster", "energy score, work", "mean CRPS, points", "inside 50 %", "inside 90 %")
    return [Paragraph(line), DataTable("What was known of 2019 alone, scored on published values of 2022", columns, rows)]


def _pairs(comparison: Comparison) -> list[tuple[str, Scenario | str | None, Scenario | str, str]]:
    """Pair each scenario with what it is told against: label, base, scenario, name of the base; a text for what is missing."""
    runs = shown_runs(comparison)
    read = [(series.label, _scenario_of(run)) for series, run in runs]
    if len(read) == 1:
        return [(read[0][0], None, read[0][1], "the observed defaults")]
    base_label, base = read[0]
    return [(label, base, scenario, base_label) for label, scenario in read[1:]]


def _scenario_of(run: Run) -> Scenario | str:
    try:
        return load_scenario(str(run.folder / "scenario.toml"))
    except (ScenarioError, OSError) as error:
        return f"The scenario file of run {run.run_id} cannot be read by this version: {error}"


def _changes(label: str, before: Scenario | str | None, after: Scenario | str, against: str) -> Block:
    for each in (before, after):
        if isinstance(each, str):
            return Paragraph(each)
    assert isinstance(after, Scenario)
    laid = after
    if isinstance(before, Scenario):
        laid = replace(after, inherited_layers=before.layers, inherited_parameters=before.parameters)
    rows = difference(laid, load_data())
    if not rows:
        return Paragraph(f"{label} changes nothing in {against}.")
    table = DataTable(
        f"What {label} changes in {against}",
        ("what", "for whom", "when", "from", "to", "unit"),
        [[TextCell(each) for each in (row.lever, row.whom, row.when, row.before, row.after, row.unit)] for row in rows],
    )
    return table if before is not None else Folded(f"{len(rows)} differences from {against}", [table])


def _evidence(title: str, changes: Sequence[LeverChange]) -> Blocks:
    data = load_data()

    def source(name: str) -> str:
        found = data.sources.get(name)
        return f" Source: {name if found is None else f'{found.title} ({found.publisher}, {found.year})'}." if name else ""

    rows = [change_row(change, data.codes) for change in changes]
    if not rows:
        return []
    pairs = [
        (f"{row.lever}, {row.whom}, {row.when}: {row.size} ({row.unit})", f"{row.evidence}{source(row.source)}") for row in rows
    ]
    return [Heading(title), Paragraph(assumption_line(rows)), Definitions(pairs, "stacked")]
