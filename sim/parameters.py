"""The schema of parameters and levers: what each one is, its unit, its range and where it enters.

The parameter table itself is data (``sim/data/parameters.toml``); the levers are declared here, once each. To
add a lever, add one entry to ``LEVERS`` and one field to ``sim.policy.Policies``.

Notation: T years of a run, R regions. Region ids are positions in the region table and are never reordered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sim.distributions import Distribution as Distribution
from sim.distributions import parse_distribution as parse_distribution
from sim.distributions import quantile as quantile

FIRST_YEAR: Final = 2000
"""First year of every run; the run starts empty."""
REPORT_FROM: Final = 2010
"""First reported year; the years before are burn-in."""
DEFAULT_UNTIL: Final = 2035
"""Last year of a run unless asked otherwise."""
LAST_YEAR: Final = 2050
"""Last year any run, table or lever can reach."""
SECTORS: Final = ("academia", "industry")
"""Sector names in id order."""
TALENT_CLASSES: Final = 5
"""Number of talent classes, 0 (lowest fifth) to 4 (highest fifth)."""

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "EUROPE": ("DEU", "FRA", "CHE", "NLD", "REU"),
    "ANGLOPHONE": ("USA", "GBR", "CAN", "AUS"),
}
"""Names for several regions at once; Europe is without the United Kingdom and Russia, as in the sources."""

CHANGES: Final = ("set", "multiply", "add")
"""Kinds of change, in the order in which they apply within one file."""
MOST_FACTOR: Final = 100.0
"""Largest factor a ``multiply`` may name."""


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


@dataclass(frozen=True)
class Lever:
    """One thing a policy can move.

    Parameters
    ----------
    name
        The name used in scenario files; also the field of ``sim.policy.Policies``.
    enters
        The equation it enters, in words.
    unit
        What one means.
    low, high
        Range of the value in force; ``set`` outside it is refused, the result of a change is clipped to it.
    filters
        Names of the filters a scenario file may use, in the order of the axes.
    restrictive
        True if raising it can only lower entry to, or staying in, the destination.
    meaning
        One sentence.
    default
        The value without any policy, in words.
    neutral
        The same as a number; None where it is observed and comes from the data.
    changes
        Kinds of change allowed.
    """

    name: str
    enters: str
    unit: str
    low: float
    high: float
    filters: tuple[str, ...]
    restrictive: bool
    meaning: str
    default: str
    neutral: float | None
    changes: tuple[str, ...] = CHANGES

    @property
    def by(self) -> tuple[str, ...]:
        """Axes of its array: ``year``, then the filters."""
        return ("year", *self.filters)

    @property
    def is_pair(self) -> bool:
        """Whether it is by origin and destination; a region's own pair is then never touched."""
        return {"origin", "destination"} <= set(self.filters)


_PAIR = ("origin", "destination")
_DECLARED = (
    Lever(
        name="student_visa_refusal",
        enters="study choice: the destination is closed to the applicant with this probability (a draw by "
        "person, destination and year); expected refusals deter: utility + kappa_1 * v * ln(1 - expected "
        "refusal)",
        unit="probability",
        low=0.0,
        high=1.0,
        filters=_PAIR,
        restrictive=True,
        meaning="Share of doctoral student-visa applications that are refused.",
        default="the observed refusal rate of all student visas by pair and year times a doctoral factor "
        "drawn from U(.2, .8); 0 inside Europe's free-movement bloc; a set states the doctoral rate itself",
        neutral=None,
    ),
    Lever(
        name="entry_bar",
        enters="study choice: applicants whose fixed rank lies below this share cannot enter the "
        "destination; a wider bar contains the narrower one",
        unit="share of the origin's applicants",
        low=0.0,
        high=1.0,
        filters=_PAIR,
        restrictive=True,
        meaning="Share of an origin's applicants barred by category (institution or field lists).",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="border_closure",
        enters="study choice: the pair is closed to the person with this probability in this year; whoever's "
        "best alternative is closed may postpone once, by a year",
        unit="probability",
        low=0.0,
        high=1.0,
        filters=_PAIR,
        restrictive=True,
        meaning="Share of would-be entrants who find the border closed.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="visa_delay",
        enters="study choice: utility - kappa_2 * v * months / 6",
        unit="months",
        low=0.0,
        high=36.0,
        filters=_PAIR,
        restrictive=True,
        meaning="Extra waiting time for a student visa.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="hostility",
        enters="study utility - kappa_H^S * v * H, job utility - kappa_H^W * v * H, and the moving hazard of "
        "people working there * exp(kappa_p * H); each of the three is the published effect on its own outcome",
        unit="index (1 = United States towards China, 2016-19)",
        low=0.0,
        high=2.0,
        filters=_PAIR,
        restrictive=True,
        meaning="Hostile climate, investigations and suspicion felt by an origin in a destination.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="phd_stipend",
        enters="study choice: utility + beta_F * ln(stipend / world mean stipend)",
        unit="dollars a year at purchasing power parity",
        low=500.0,
        high=250_000.0,
        filters=_PAIR,
        restrictive=False,
        meaning="Pay of a doctoral student; by origin where a policy is for foreigners.",
        default="observed pay of doctoral students in the destination, the same for all origins",
        neutral=None,
    ),
    Lever(
        name="phd_places",
        enters="study choice, from 2020 on: utility - gamma_c * max(0, ln(last years' demand / places)), "
        "places = lever * demand of 2019 grown by the seat elasticity; places above demand do nothing",
        unit="multiplier",
        low=0.01,
        high=10.0,
        filters=("destination",),
        restrictive=False,
        meaning="Doctoral places relative to what they would have been.",
        default="1",
        neutral=1.0,
    ),
    Lever(
        name="work_visa_odds",
        enters="job choice and authorisation: the chance in A attempts is 1 - (1 - odds)^A; utility "
        "+ kappa_1 * v * ln of it, and the realised draw uses it too",
        unit="probability per attempt",
        low=0.0,
        high=1.0,
        filters=("destination", "sector"),
        restrictive=False,
        meaning="Chance that one attempt at a work visa succeeds.",
        default=".98 in academia; observed odds in industry by destination and year (USA: the H-1B lottery)",
        neutral=None,
    ),
    Lever(
        name="return_bonus",
        enters="job choice of people abroad, 2 to 8 years after the degree: utility of the origin + bonus",
        unit="logits",
        low=-5.0,
        high=5.0,
        filters=("origin", "talent_class"),
        restrictive=False,
        meaning="What a return programme adds to going home, by talent class.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="cohort_size",
        enters="entry: the number of new graduates of the origin who enter the field is multiplied by it",
        unit="multiplier",
        low=0.0,
        high=10.0,
        filters=("origin",),
        restrictive=False,
        meaning="Size of an origin's cohorts relative to what they would have been.",
        default="1",
        neutral=1.0,
    ),
)

LEVERS: Final[Mapping[str, Lever]] = {lever.name: lever for lever in _DECLARED}
"""Every lever by name, in the order in which they are listed to users."""
