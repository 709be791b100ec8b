"""The levers a policy can move, declared once each: unit, range, who it can be aimed at and where it enters.

To add a lever, declare it here and read it in a formula of ``sim.model`` under its name (CONTRIBUTING.md); a default that is
observed goes into ``sim.scenarios.levers.observed``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sim.model.world import AT_STUDY

CHANGES: Final = ("set", "multiply", "add")
"""Kinds of change, in the order in which they apply within one file."""


@dataclass(frozen=True)
class Lever:
    """One thing a policy can move.

    Parameters
    ----------
    name
        The name used in scenario files; also the field of ``sim.scenarios.levers.changes.Policies``.
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
    touches_own_pair
        Of a lever by origin and destination: whether it reaches a region's own people at home. Pay does (natives
        are paid too), friction never does.
    usual
        Ids by filter that a change means if it does not name the filter; all ids where nothing stands here.
    later
        Filters that the lever got when files without them were in use: an id made up for a change says nothing of them unless
        it names them, so that those files keep their draws.
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
    touches_own_pair: bool = False
    usual: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    later: tuple[str, ...] = ()

    @property
    def by(self) -> tuple[str, ...]:
        """Axes of its array: ``year``, then the filters."""
        return ("year", *self.filters)

    @property
    def is_pair(self) -> bool:
        """Whether it is by origin and destination."""
        return {"origin", "destination"} <= set(self.filters)

    @property
    def spares_own_pair(self) -> bool:
        """Whether a region's own pair is never touched."""
        return self.is_pair and not self.touches_own_pair


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
        enters="study choice, and job choice where stage names work: whose fixed rank lies below this share cannot enter the "
        "destination to study, or for a job from elsewhere; who is there already is not asked. A wider bar contains the narrower "
        "one, and one rank serves all bars",
        unit="share of the origin's applicants",
        low=0.0,
        high=1.0,
        filters=("origin", "destination", "talent_class", "stage"),
        restrictive=True,
        meaning="Share of an origin's applicants barred by category (institution or field lists); of students unless a stage is "
        "named.",
        default="0",
        neutral=0.0,
        usual={"stage": (AT_STUDY,)},
        later=("talent_class", "stage"),
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
        name="work_visa_delay",
        enters="first and next job: utility - kappa_2 * v * months / 6 in every place abroad but the one where one studies or "
        "works already; through the value of work after study the study choice too. The coefficient is that of study visas: an "
        "assumption, as nobody has measured it for work",
        unit="months",
        low=0.0,
        high=36.0,
        filters=_PAIR,
        restrictive=True,
        meaning="Extra waiting time for a work visa, for who is hired from elsewhere.",
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
        touches_own_pair=True,
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
        "+ kappa_1 * v * ln of it. A graduate of the region makes one attempt a year with these odds (visa path), "
        "everyone else all attempts at the hire",
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
    Lever(
        name="post_study_attempts",
        enters="visa path: a graduate of the region who is hired there in industry works without authorisation and "
        "makes one attempt a year, that many times; after the last failure the place is lost. Job choice: the chance "
        "of authorisation in industry is 1 - (1 - odds)^attempts. Without any attempt a hire needs one, at once",
        unit="attempts, one a year (rounded to whole ones)",
        low=0.0,
        high=10.0,
        filters=("destination",),
        restrictive=False,
        meaning="Attempts at a work visa that the stay after a degree leaves room for.",
        default="observed: years of post-study stay, at least 1",
        neutral=None,
    ),
    Lever(
        name="residence_wait",
        enters="job choice: utility - kappa_q * v * min(wait, 5); permanent status, which no forced exit can end, after "
        "that many years in the place. The wait of graduates of the destination (degree here) may differ from everyone else's "
        "(degree elsewhere), and then counts at the study choice too, through the value of work after study",
        unit="years",
        low=0.0,
        high=150.0,
        filters=(*_PAIR, "degree"),
        restrictive=True,
        meaning="Years until permanent residence; by whether the degree is from the destination.",
        default="observed by destination, by pair where queues differ; 0 inside Europe's free-movement bloc",
        neutral=None,
        later=("degree",),
    ),
    Lever(
        name="forced_exit",
        enters="each year people on a student status (study) or on a post-study or temporary status (work) lose it with "
        "this probability and must choose again at once, with the present place unavailable",
        unit="probability a year",
        low=0.0,
        high=1.0,
        filters=("origin", "destination", "stage"),
        restrictive=True,
        meaning="Share of an origin's people on revocable statuses in a destination who lose them in a year.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="exit_gate",
        enters="study choice, first job after a degree at home, moves of people who work at home: whoever's fixed rank of "
        "the stage lies below this share finds the destination unavailable, every place abroad if none is named; a wider gate "
        "contains the narrower one, and one rank serves all destinations",
        unit="share of the origin's people at home",
        low=0.0,
        high=1.0,
        filters=("origin", "destination", "stage"),
        restrictive=True,
        meaning="Share of the people at home who may not leave, to study or to work, for a destination or for any.",
        default="0",
        neutral=0.0,
        later=("destination",),
    ),
    Lever(
        name="research_pay",
        enters="job choice: utility + beta_W * ln(pay)",
        unit="dollars a year at purchasing power parity",
        low=1e3,
        high=1e7,
        filters=("origin", "destination", "sector"),
        restrictive=False,
        meaning="Pay of a researcher by sector, after what a policy takes or adds; by origin where it is for foreigners.",
        default="observed pay in the destination and sector, the same for all origins",
        neutral=None,
        touches_own_pair=True,
    ),
    Lever(
        name="housing_cost",
        enters="study and job choice: ln(max(pay - cost, .1 pay)) in the place of ln(pay), for stipends and for research pay",
        unit="dollars a year at purchasing power parity",
        low=0.0,
        high=1e6,
        filters=("destination",),
        restrictive=True,
        meaning="Yearly cost of living in a destination beyond what pay at purchasing power accounts for, to everyone there.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="research_capital",
        enters="ecosystem of the next years: + a_C * ln(capital)",
        unit="billion dollars a year",
        low=0.001,
        high=1e5,
        filters=("destination",),
        restrictive=False,
        meaning="Private investment in AI.",
        default="observed private AI investment + .01; first and last value held",
        neutral=None,
    ),
    Lever(
        name="doctoral_quality",
        enters="study choice: utility + quality, for all origins",
        unit="logits",
        low=-3.0,
        high=3.0,
        filters=("destination",),
        restrictive=False,
        meaning="Attraction of a destination's graduate schools beyond what pay and ecosystem explain.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="place_shock",
        enters="study and job choice: utility + shock, for all origins, the place's own people included",
        unit="logits",
        low=-5.0,
        high=5.0,
        filters=("destination",),
        restrictive=False,
        meaning="What an event adds to life in a place; a war or a loss of safety is negative.",
        default="0",
        neutral=0.0,
    ),
    Lever(
        name="mobility_area",
        enters="student-visa refusal, delays of visas and residence wait * (1 - m); work authorisation with chance "
        "c + (1 - c) * m; at 1 no status is needed",
        unit="share of the friction lifted",
        low=0.0,
        high=1.0,
        filters=_PAIR,
        restrictive=False,
        meaning="How freely an origin's people may move to a destination.",
        default="1 inside Europe's free-movement bloc (with GBR to 2020), else 0",
        neutral=None,
    ),
    Lever(
        name="offshoring",
        enters="whoever is refused an industry job of the destination, or loses the status there, works elsewhere for the "
        "same headquarters with this probability",
        unit="probability",
        low=0.0,
        high=1.0,
        filters=("destination",),
        restrictive=False,
        meaning="Chance that an employer keeps a researcher whom the destination does not let in or stay.",
        default="the parameter offshoring of the draw, everywhere",
        neutral=None,
    ),
    Lever(
        name="participation",
        enters="observation only: the visible of a place are counted with this probability; ecosystems are made by everyone",
        unit="share",
        low=0.0,
        high=1.0,
        filters=("destination",),
        restrictive=False,
        meaning="Share of a place's visible researchers who take part in the conference.",
        default="1",
        neutral=1.0,
    ),
)


LEVERS: Final[Mapping[str, Lever]] = {lever.name: lever for lever in _DECLARED}
"""Every lever by name, in the order in which they are listed to users."""


MOST_FACTOR: Final = 100.0
"""Largest factor a ``multiply`` may name."""
