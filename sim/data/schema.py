"""The nouns of the packaged data: regions, published targets, sources, gaps, and the arrays the model reads.

Notation: R regions in id order (20 in the packaged data, 2 to 64 in any), Y = 51 years 2000..2050.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.data.declared import UNKNOWNS
from sim.data.distributions import Distribution
from sim.model.world import FIRST_YEAR, LAST_YEAR, Floats

DATA_YEARS: Final = tuple(range(FIRST_YEAR, LAST_YEAR + 1))
"""The years of every array by year."""


PACKAGED: Final = "packaged"
"""Name of the packaged data."""


JUDGEMENT: Final = "M"
"""Tag of a parameter whose prior is judgement; R: read in a published source, C: computed from published data."""


class Row(NamedTuple):
    """One row of a table: its position (first data row is 1) and its cells by column."""

    number: int
    cells: dict[str, str]


TARGET_TIERS: Final = ("top20", "elite")


TARGET_AXES: Final = (
    "origin",
    "work",
    "location",
    "study_by_origin",
    "stay",
    "workforce",
    "abroad",
    "work_by_origin",
    "origin_mix",
    "institutions",
    "sample",
)


ATTRIBUTIONS: Final = ("headquarters", "location", "n/a")


TARGET_KINDS: Final = ("point", "at_most", "at_least", "derived", "context")


SOURCE_KINDS: Final = ("data", "literature", "own")


CONFIDENCE: Final = ("high", "medium", "low", "derived", "assumption")


@dataclass(frozen=True)
class Region:
    """A region of the model.

    Parameters
    ----------
    id
        Permanent id, 0..R-1; keys of random numbers use it.
    code, name
        Three-letter code and English name.
    anglophone
        True if it is in the anglophone nest of destinations.
    holds
        The countries it consists of, in words.
    """

    id: int
    code: str
    name: str
    anglophone: bool
    holds: str


@dataclass(frozen=True)
class Role:
    """A part that a region plays (one of ROLES), from the first to the last year."""

    name: str
    region: str
    first: int
    last: int


@dataclass(frozen=True)
class SolvedShare:
    """A share that the constants of every draw are solved on, beside the work and origin shares of 2019.

    Parameters
    ----------
    id
        Of the row; where targets.csv has it too, both state one value.
    unknown
        One of UNKNOWNS. study_constant: of the destination, on the share of the origin's students there; place_effect: of the
        destination, on its share of the elite at work; remote_share: of those located in the origin, the share whose headquarters
        are in the destination; corridor: what draws the origin to study in the destination; tilt: what draws the origin to the
        destinations and away from all regions but those whose study constant is solved on this origin.
    origin
        Region code, "" for any.
    destination
        Region codes; several for a tilt alone.
    year
        2019 or 2022.
    value, sd
        0..1, and the error by which draws move it, on the logit scale over the share's own slope.
    """

    id: str
    unknown: str
    origin: str
    destination: tuple[str, ...]
    year: int
    value: float
    sd: float


@dataclass(frozen=True)
class Tile:
    """Where a region stands on a map of tiles: rows from north to south, columns from west to east, from 0."""

    region: str
    row: int
    column: int


@dataclass(frozen=True)
class Source:
    """Where numbers come from; `kind` is data, literature or own (a judgement or count); `licence` says if none is stated."""

    id: str
    title: str
    publisher: str
    year: str
    url: str
    kind: str
    licence: str


@dataclass(frozen=True)
class Gap:
    """Something that no source states and a rule filled: in which table, for whom, when, by which rule."""

    table: str
    region: str
    years: str
    rule: str


@dataclass(frozen=True)
class Category:
    """A category of a published table (system tracker1, tracker2 or census; axis origin or work).

    Parameters
    ----------
    regions
        Codes of the regions it is made of.
    part
        Part of each region that belongs to it, 0..1 (below 1 only where Hong Kong is apart from China).
    share
        How its people split over the regions, summing to 1.
    holds
        What it holds, in words.
    """

    system: str
    axis: str
    name: str
    regions: tuple[str, ...]
    part: tuple[float, ...]
    share: tuple[float, ...]
    holds: str


@dataclass(frozen=True)
class Target:
    """A published number with its whole key; different tiers, axes or attributions are never mixed.

    Parameters
    ----------
    id, tier, year
        Row id; tier of ``TIERS``; conference year.
    axis
        origin: share by place of first degree. work: share by headquarters of the employer. location: share
        by place of work. study_by_origin: P(graduate school in `study` | `origin`). stay: P(work in
        `destination` | graduate school in `study`, and from `origin` if given). workforce: P(from `origin`
        | work in `destination`). abroad: P(work outside the origin). work_by_origin: P(work in
        `destination` | `origin`). origin_mix, institutions, sample: context.
    attribution
        headquarters, location or n/a.
    origin, study, destination
        Region codes, or None for any.
    part
        Part of the regions that the row counts (below 1 only for China without Hong Kong and for Hong Kong).
    value, sd, unit
        Value and standard error (sampling and rounding), both in `unit`: share or rate 0..1, or count.
    kind
        point; at_most or at_least for a bound; derived for a sum or Bayes inversion of other rows (a check);
        context for what is not fitted.
    holds
        What the row counts: definition, and what its category holds.
    """

    id: str
    tier: str
    axis: str
    attribution: str
    year: int
    origin: tuple[str, ...] | None
    study: tuple[str, ...] | None
    destination: tuple[str, ...] | None
    part: float
    value: float
    sd: float
    kind: str
    unit: str
    source: str
    confidence: str
    holds: str


@dataclass(frozen=True, eq=False)
class Data:
    """Everything the packaged tables say, as read-only arrays. Shapes: R regions, Y years 2000..2050.

    Parameters
    ----------
    regions, codes
        The R regions and their codes in id order.
    phd_pay
        (Y, R) pay of doctoral students, PPP $ a year; flat over years.
    research_pay
        (Y, R, 2) pay in academia and industry, PPP $ a year; flat over years.
    research_funding
        (Y, R) R&D expenditure, bn constant PPP $.
    capital
        (Y, R) private AI investment of one vintage, bn US$, + .01.
    origin_weight
        (R,) first degrees in computer science a year: splits a published origin category over its regions.
    distance_km, common_language
        (R, R) km (diagonal 0); chance 0..1 that two people share an official language (diagonal 1).
    student_visa_refusal
        (Y, R, R) [origin, destination] share of student visas refused at all levels; 0 under free movement.
    work_visa_odds
        (Y, R, 2) [destination, sector] success per attempt.
    post_study_attempts
        (Y, R) whole attempts at a work visa that the post-study stay allows, >= 1.
    free_movement
        (Y, R, R) True where no visa is needed.
    residence_wait
        (Y, R, R) [origin, destination] years to permanent residence; 0 under free movement.
    pool_size
        (Y,) distinct authors of accepted papers, NaN where not counted.
    industry_entry
        (Y,) share of new doctors who enter industry.
    researchers
        Active researchers of 2022 on the baseline, the scale of the model.
    work_sample, origin_sample
        Persons behind the work and the origin shares of 2019, before the design effect.
    work_target_2019, origin_target_2019
        (R,) headquarters work shares and origin shares of 2019 over all regions, each summing to 1.
    roles, solved
        Which region plays which part; what draws are solved on beside the shares of 2019, in the order of their errors.
    groups, labels, told, tiles
        Groups of regions, codes by name, and what figures call them; those that tables tell unasked; the place of every region on
        a map of tiles.
    targets, categories, countries
        Published targets; published categories; region code of every country code.
    parameters, reference
        The parameter table; the reference point by name (both empty until their files exist).
    sources, gaps, version, name, checksums
        Sources by id; what was filled; version and name of the data, "packaged" or that of the package; sha256 by table.
    tables
        The raw rows by table, for the verb ``sources``.
    folder
        Where the tables lie.
    numbers
        Hash of all that can decide a number: no prose, no sources, nothing that is solved from the tables. 64 hex digits.
    """

    regions: tuple[Region, ...]
    codes: tuple[str, ...]
    phd_pay: Floats
    research_pay: Floats
    research_funding: Floats
    capital: Floats
    origin_weight: Floats
    distance_km: Floats
    common_language: Floats
    student_visa_refusal: Floats
    work_visa_odds: Floats
    post_study_attempts: NDArray[np.int64]
    free_movement: NDArray[np.bool_]
    residence_wait: Floats
    pool_size: Floats
    industry_entry: Floats
    researchers: float
    work_sample: float
    origin_sample: float
    work_target_2019: Floats
    origin_target_2019: Floats
    roles: tuple[Role, ...]
    solved: tuple[SolvedShare, ...]
    groups: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    told: tuple[str, ...]
    tiles: Mapping[str, Tile]
    targets: tuple[Target, ...]
    categories: tuple[Category, ...]
    countries: Mapping[str, str]
    parameters: tuple[Parameter, ...]
    reference: Mapping[str, float]
    sources: Mapping[str, Source]
    gaps: tuple[Gap, ...]
    version: str
    name: str
    checksums: Mapping[str, str]
    tables: Mapping[str, tuple[Row, ...]]
    folder: Path
    numbers: str

    def __post_init__(self) -> None:
        """Make every array read-only."""
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def region_id(self, code: str) -> int:
        """Return the id of a region code; ValueError if there is no such region."""
        return self.codes.index(code)

    def having(self, role: str) -> tuple[str, ...]:
        """Return the codes of the regions with a role of ROLES, in the order of the table."""
        return tuple(each.region for each in self.roles if each.name == role)

    @property
    def passing(self) -> tuple[str, str]:
        """Challenger and leader, whose shares and crossing are always told."""
        return self.having("challenger")[0], self.having("leader")[0]

    def solved_on(self, *unknowns: str) -> tuple[SolvedShare, ...]:
        """Return what some of UNKNOWNS are solved on: by unknown, then by region, the order of the unknowns of a solution."""
        rows = [row for row in self.solved if row.unknown in unknowns]
        return tuple(sorted(rows, key=lambda row: (UNKNOWNS.index(row.unknown), self.codes.index(row.destination[0]))))


@dataclass(frozen=True)
class SourceAnswer:
    """What is known about a name: kind of thing found (None if unknown), lines to print, nearest names."""

    name: str
    kind: str | None
    lines: tuple[str, ...]
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parameter:
    """One uncertain or assumed number of the model.

    Parameters
    ----------
    name
        The name used in ``[parameters]`` of a scenario file and by ``--set``.
    unit
        What one means, e.g. ``logit`` or ``years``.
    default
        The value of the reference point, in the unit.
    low, high
        Range outside which a value is refused.
    prior
        Distribution the draws come from, truncated to the range; None for a number that is never drawn.
    role
        What kind of number it is, e.g. ``prior``, ``assumption`` or ``constant``.
    meaning
        One sentence.
    source
        Id of a source, or ``assumption``.
    tag
        How the value is known: R read, C computed, M judgement.
    """

    name: str
    unit: str
    default: float
    low: float
    high: float
    prior: Distribution | None
    role: str
    meaning: str
    source: str
    tag: str
