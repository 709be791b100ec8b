"""Lists every input of a strict ensemble with its source, the year it is of and, for priors, the year it was published."""

from __future__ import annotations

from typing import NamedTuple

from sim.calibration.evidence import WEIGHED, Record
from sim.calibration.validation.strict.inputs import KNOWN_YEARS, LAST_SOURCE, OWN, cut_rows, strict_basis
from sim.calibration.validation.strict.model import SOLVED_CHARTS, strict_record
from sim.calibration.validation.strict.targets import read_targets
from sim.model.world import BASE_YEAR
from sim.scenarios.load import load_basis


class StrictInput(NamedTuple):
    """One input.

    kind : table, policy, target, row or prior.
    name : of the variable, lever, target, row or parameter.
    source : id of a source, OWN where it rests on no measurement.
    year : the last year that it is of; for a prior the year in which its source was published; 0 where it rests on none.
    """

    kind: str
    name: str
    source: str
    year: int


def strict_inputs(record: Record, knows: int) -> list[StrictInput]:
    """List the inputs of the ensemble that knows a year; tables and policies of that of 2022 are those of the package.

    Parameters
    ----------
    record : the packaged evidence.
    knows : 2019 or 2022.
    """
    return [
        *table_inputs(knows),
        *policy_inputs(knows),
        *target_inputs(record, knows),
        *row_inputs(record, knows),
        *prior_inputs(knows),
    ]


def later_inputs(inputs: list[StrictInput], knows: int) -> list[StrictInput]:
    """List the inputs that the ensemble of a year must not have: of a later (2022: of another) year, priors of later sources."""
    outcomes = [each for each in inputs if each.kind in ("target", "row")]
    late = [each for each in inputs if each.kind == "prior" and each.year > LAST_SOURCE]
    if knows == BASE_YEAR:
        return late + [each for each in inputs if each.kind != "prior" and each.year > knows]
    return late + [each for each in outcomes if each.year not in (0, knows)]


def table_inputs(knows: int) -> list[StrictInput]:
    """List the variables of the tables by year, each with the source and year of its latest row."""
    data = load_basis().data
    last = knows if knows == BASE_YEAR else max(KNOWN_YEARS) + 100
    latest: dict[str, StrictInput] = {}
    for rows in cut_rows(data, last).rows.values():
        for row in rows:
            name, year = row.cells["variable"], int(row.cells["year"])
            if name not in latest or year > latest[name].year:
                latest[name] = StrictInput("table", name, row.cells["source"], year)
    return list(latest.values())


def policy_inputs(knows: int) -> list[StrictInput]:
    """List the policies of the baseline with the year in which they began."""
    return [
        StrictInput("policy", change.id, change.source or OWN, change.from_year) for change in strict_basis(knows).baseline.levers
    ]


def target_inputs(record: Record, knows: int) -> list[StrictInput]:
    """List what is solved: charts, single targets, and authors."""
    charts = [row for row in record.rows if row.chart in SOLVED_CHARTS[knows]]
    singles = [
        StrictInput("target", name, str(entry.get("of", OWN)), int(entry["year"]))
        for name, entry in read_targets()[knows].items()
    ]
    return [*(StrictInput("target", row.id, ";".join(row.source), row.year) for row in charts), *singles]


def row_inputs(record: Record, knows: int) -> list[StrictInput]:
    """List the rows that weigh."""
    weighed = [row for row in strict_record(record, knows).rows if row.use in WEIGHED]
    return [StrictInput("row", row.id, ";".join(row.source), row.year) for row in weighed]


def prior_inputs(knows: int) -> list[StrictInput]:
    """List the priors with the year in which their source was published."""
    data = strict_basis(knows).data
    drawn = [each for each in data.parameters if each.prior is not None]
    return [
        StrictInput("prior", each.name, each.source, 0 if each.source == OWN else int(data.sources[each.source].year))
        for each in drawn
    ]
