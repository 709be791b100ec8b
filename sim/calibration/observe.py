"""Operators: what the model says where a source says something, read off expected years or an engine's counts.

Every operator is a pure function from `Seen` (one walk through the years, or one engine run) and K questions to K numbers. The
questions of one operator are answered together: each is a row of masks over years and regions. NaN where nobody is counted, or
where the kind of walk does not know the quantity.

Visible: authors at the conference (tier top20). Students count at their university; by headquarters unless it says location.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.calibration.graduates import Graduates
from sim.data.declared import CHN, OTHER_ANGLOPHONE, USA
from sim.draws.reference import TENSE
from sim.engines.axes import AXES, STAGES, TIERS
from sim.engines.expected.years import ExpectedYear
from sim.model.world import FIRST_YEAR, Floats
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.statistics import ratio

FOLLOWED = USA
"""Region whose doctors are followed after the degree."""


class Observed(NamedTuple):
    """One walk through T years from 2000 on, in people, summed over all classes; NaN: unknown to this kind of walk."""

    codes: tuple[str, ...]
    shares: Floats  # (T, 3 tiers, 5 axes, R)
    careers: Floats  # (T, R, R, R) visible workers by origin, study region, headquarters
    studying: Floats  # (T, R, R) visible by origin and study region, students included
    remote: Floats  # (T, R) visible workers by place whose employer has its headquarters elsewhere
    industry: Floats  # (T, R, 2) new doctors by study region: all, into industry
    entry: Floats  # (T, R, R) entrants by origin and study region
    students: Floats  # (T, R, R) students by origin and study region
    degrees: Floats  # (T, R, R) new doctors by origin and study region
    first: Floats  # (T, R, R) first jobs of the new doctors of FOLLOWED by origin and place
    staying: Floats  # (T, T, R) researchers in FOLLOWED with a degree from there, by year, year of the degree, origin
    active: Floats  # (T, T, R) the same anywhere
    calm_entry: Floats  # (T, R, R) entrants without the tensions of TENSE
    calm_degrees: Floats  # (T, R, R) new doctors without them
    calm_first: Floats  # (T, R, R) first jobs without them


class Asked(NamedTuple):
    """K questions of one operator, as masks."""

    tier: NDArray[np.int64]  # (K,)
    axis: NDArray[np.int64]  # (K,)
    years: Floats  # (K, T) 1 in the years of the outcome
    degrees: Floats  # (K, T) 1 in the years of the degrees
    regions: Floats  # (K, R) parts of the regions that are counted
    origin: Floats  # (K, R)
    study: Floats  # (K, R)
    work: Floats  # (K, R)
    among: Floats  # (K, R)


def share(seen: Observed, asked: Asked) -> Floats:
    """Share of regions on an axis of a tier."""
    people = np.einsum("kt,tkr->kr", asked.years, seen.shares[:, asked.tier, asked.axis])
    return ratio((people * asked.regions).sum(axis=1), people.sum(axis=1))


def study_of_origin(seen: Observed, asked: Asked) -> Floats:
    """Share of the visible of an origin whose graduate school is in a region."""
    people = np.einsum("kt,ko,tog->kg", asked.years, asked.origin, seen.studying)
    return ratio((people * asked.study).sum(axis=1), people.sum(axis=1))


def stay(seen: Observed, asked: Asked) -> Floats:
    """Share of the visible with a degree from a region (and of an origin) who work in a region."""
    people = np.einsum("kt,ko,kg,togw->kw", asked.years, asked.origin, asked.study, seen.careers)
    return ratio((people * asked.work).sum(axis=1), people.sum(axis=1))


def workplaces(seen: Observed) -> Floats:
    """Count (T, R, R) visible people by origin and work region, students at their university."""
    students = seen.studying - seen.careers.sum(axis=3)
    people: Floats = seen.careers.sum(axis=2) + students
    return people


def work_of_origin(seen: Observed, asked: Asked) -> Floats:
    """Share of the visible of an origin who work in a region."""
    people = np.einsum("kt,ko,tow->kw", asked.years, asked.origin, workplaces(seen))
    return ratio((people * asked.work).sum(axis=1), people.sum(axis=1))


def workforce(seen: Observed, asked: Asked) -> Floats:
    """Share of the visible who work in a region that come from an origin."""
    people = np.einsum("kt,kw,tow->ko", asked.years, asked.work, workplaces(seen))
    return ratio((people * asked.origin).sum(axis=1), people.sum(axis=1))


def works_abroad(seen: Observed, asked: Asked) -> Floats:
    """Share of the visible who work outside their origin."""
    people = np.einsum("kt,tow->kow", asked.years, workplaces(seen))
    return 1.0 - ratio(np.einsum("koo->k", people), people.sum(axis=(1, 2)))


def students(seen: Observed, asked: Asked) -> Floats:
    """Share of the visible who are students."""
    everyone = asked.years @ seen.shares[:, 0, 0].sum(axis=1)
    return 1.0 - ratio(asked.years @ seen.careers.sum(axis=(1, 2, 3)), everyone)


def hq_elsewhere(seen: Observed, asked: Asked) -> Floats:
    """Mean over years of the share located in a region whose employer has its headquarters elsewhere."""
    located = seen.shares[:, 0, AXES.index("location")]
    yearly = ratio(asked.regions @ seen.remote.T, asked.regions @ located.T)
    mean: Floats = np.where(asked.years > 0.0, yearly, 0.0).sum(axis=1) / asked.years.sum(axis=1)
    return mean


def visible(seen: Observed, asked: Asked) -> Floats:
    """Visible people."""
    people: Floats = asked.years @ seen.shares[:, 0, 0].sum(axis=1)
    return people


def industry(seen: Observed, asked: Asked) -> Floats:
    """Share of the new doctors of regions who enter industry."""
    doctors = np.einsum("kt,kg,tgi->ki", asked.years, asked.study, seen.industry)
    return ratio(doctors[:, 1], doctors[:, 0])


def foreign_doctors(seen: Observed, asked: Asked) -> Floats:
    """Share of the new doctors of one region who are of another origin."""
    doctors = np.einsum("kt,kg,tog->ko", asked.degrees, asked.study, seen.degrees)
    return 1.0 - ratio((doctors * asked.study).sum(axis=1), doctors.sum(axis=1))


def students_from(seen: Observed, asked: Asked) -> Floats:
    """Share of an origin in the students of a region that come from some origins."""
    people = np.einsum("kt,kg,tog->ko", asked.years, asked.study, seen.students) * asked.among
    return ratio((people * asked.origin).sum(axis=1), people.sum(axis=1))


def foreign(seen: Observed, asked: Asked) -> Floats:
    """Take the region of the degree out of the (K, R) origins asked for."""
    others: Floats = asked.origin * (np.array(seen.codes) != FOLLOWED)
    return others


def first_stay(seen: Observed, asked: Asked) -> Floats:
    """Share of the foreign doctors of the USA, with degrees of some years, whose first job is there."""
    origin = foreign(seen, asked)
    home = seen.codes.index(FOLLOWED)
    stayed = np.einsum("kt,ko,to->k", asked.degrees, origin, seen.first[:, :, home])
    return ratio(stayed, np.einsum("kt,ko,to->k", asked.degrees, origin, seen.degrees[:, :, home]))


def later_stay(seen: Observed, asked: Asked) -> Floats:
    """Share of the foreign doctors of the USA who still are researchers that are there in the year of the outcome."""
    origin = foreign(seen, asked)
    stayed = np.einsum("ks,kt,ko,sto->k", asked.years, asked.degrees, origin, seen.staying)
    return ratio(stayed, np.einsum("ks,kt,ko,sto->k", asked.years, asked.degrees, origin, seen.active))


def tense_rows(array: Floats, codes: Sequence[str]) -> Floats:
    """Sum (T, R, R) over the years of TENSE for Chinese origins: (R,)."""
    first, last = (year - FIRST_YEAR for year in TENSE)
    people: Floats = array[first : last + 1, codes.index(CHN)].sum(axis=0)
    return people


def tension_entry(seen: Observed, asked: Asked) -> Floats:
    """Part of the Chinese entry to graduate school in the USA that the tensions cost."""
    usa = seen.codes.index(USA)
    tense, calm = (tense_rows(array, seen.codes)[usa] for array in (seen.entry, seen.calm_entry))
    return np.full(len(asked.tier), 1.0 - tense / calm)


def tension_deflected(seen: Observed, asked: Asked) -> Floats:
    """Part of the lost entry that is found in GBR, CAN and AUS."""
    tense, calm = (tense_rows(array, seen.codes) for array in (seen.entry, seen.calm_entry))
    others = [seen.codes.index(code) for code in OTHER_ANGLOPHONE]
    usa = seen.codes.index(USA)
    return np.full(len(asked.tier), (tense - calm)[others].sum() / (calm - tense)[usa])


def tension_stay(seen: Observed, asked: Asked) -> Floats:
    """Points by which the tensions lower the share of Chinese doctors of the USA whose first job is there."""
    usa = seen.codes.index(USA)
    tense, calm = (
        tense_rows(first, seen.codes)[usa] / tense_rows(degrees, seen.codes)[usa]
        for first, degrees in ((seen.first, seen.degrees), (seen.calm_first, seen.calm_degrees))
    )
    return np.full(len(asked.tier), calm - tense)


@dataclass(frozen=True)
class Operator:
    """An operator and its arguments.

    Parameters
    ----------
    answer
        The function; its docstring says what is measured.
    needs
        Arguments that a row must give.
    may
        Arguments that a row may give.
    """

    answer: Callable[[Observed, Asked], Floats]
    needs: tuple[str, ...] = ()
    may: tuple[str, ...] = ()


OPERATORS: Mapping[str, Operator] = {
    "share": Operator(share, ("axis", "regions"), ("tier", "part")),
    "study_of_origin": Operator(study_of_origin, ("origin", "study")),
    "stay": Operator(stay, ("study", "work"), ("origin",)),
    "work_of_origin": Operator(work_of_origin, ("origin", "work")),
    "workforce": Operator(workforce, ("origin", "work")),
    "abroad": Operator(works_abroad),
    "students": Operator(students),
    "hq_elsewhere": Operator(hq_elsewhere, ("regions", "years")),
    "visible": Operator(visible),
    "industry": Operator(industry, ("study",)),
    "foreign_doctors": Operator(foreign_doctors, ("study", "degrees")),
    "students_from": Operator(students_from, ("study", "origin"), ("among",)),
    "first_stay": Operator(first_stay, ("degrees",), ("origin",)),
    "later_stay": Operator(later_stay, ("degrees",), ("origin",)),
    "tension_entry": Operator(tension_entry),
    "tension_deflected": Operator(tension_deflected),
    "tension_stay": Operator(tension_stay),
}
"""Every operator by the name that evidence.toml uses."""
COUNTS = ("visible",)
"""Operators that count people; all others give a share."""


class Question(NamedTuple):
    """An operator by name, its arguments as evidence.toml gives them, and the year of the outcome."""

    operator: str
    arguments: Mapping[str, object]
    year: int


def masks(questions: Sequence[Question], codes: Sequence[str], years: int) -> Asked:
    """Turn K questions of one operator into masks over `years` years from 2000 on and over regions."""

    def regions(name: str) -> Floats:
        table = np.ones((len(questions), len(codes)))
        for row, question in zip(table, questions, strict=True):
            if name in question.arguments:
                row[:] = np.isin(codes, question.arguments[name])  # type: ignore[arg-type]
        return table

    def span(first: int, last: int) -> Floats:
        calendar = FIRST_YEAR + np.arange(years)
        return ((calendar >= first) & (calendar <= last)).astype(np.float64)

    def at(name: str, names: Sequence[str]) -> NDArray[np.int64]:
        return np.array([names.index(str(question.arguments.get(name, names[0]))) for question in questions])

    def listed(question: Question, name: str) -> list[int]:
        return list(question.arguments.get(name, [question.year]))  # type: ignore[call-overload, no-any-return]

    part = np.array([[float(str(question.arguments.get("part", 1.0)))] for question in questions])
    return Asked(
        tier=at("tier", TIERS),
        axis=at("axis", AXES),
        years=np.stack([sum(span(year, year) for year in listed(question, "years")) for question in questions]),
        degrees=np.stack([span(min(listed(question, "degrees")), max(listed(question, "degrees"))) for question in questions]),
        regions=regions("regions") * part,
        origin=regions("origin"),
        study=regions("study"),
        work=regions("work"),
        among=regions("among"),
    )


def observe(seen: Observed, questions: Sequence[Question]) -> Floats:
    """Answer questions.

    Parameters
    ----------
    seen : one walk through the years.
    questions : K questions, of operators of OPERATORS.

    Returns
    -------
    (K,) modelled values; NaN where the walk does not know.
    """
    values = np.full(len(questions), np.nan)
    for name, operator in OPERATORS.items():
        places = [k for k, question in enumerate(questions) if question.operator == name]
        if places:
            asked = masks([questions[k] for k in places], seen.codes, seen.shares.shape[0])
            values[places] = operator.answer(seen, asked)
    return values


def seen_in_walk(
    codes: tuple[str, ...],
    years: Sequence[ExpectedYear],
    graduates: Graduates,
    calm_years: Sequence[ExpectedYear],
    calm_graduates: Graduates,
) -> Observed:
    """Collect what operators read from expected years and the graduates who were followed.

    Parameters
    ----------
    codes : (R,) region codes in id order.
    years, graduates : T years from 2000 on.
    calm_years, calm_graduates : the same without the tensions; at least to the last year of TENSE.
    """
    missing = len(years) - len(calm_years)
    calm_entry = np.stack([year.entry for year in calm_years])
    padding = ((0, missing), (0, 0), (0, 0))
    return Observed(
        codes=codes,
        shares=np.stack([year.shares for year in years]),
        careers=np.stack([year.careers for year in years]),
        studying=np.stack([year.studying for year in years]),
        remote=np.stack([year.remote for year in years]),
        industry=np.stack([year.industry_entry for year in years]),
        entry=np.stack([year.entry for year in years]),
        students=graduates.students,
        degrees=graduates.degrees,
        first=graduates.first,
        staying=graduates.staying,
        active=graduates.active,
        calm_entry=np.pad(calm_entry, padding),
        calm_degrees=np.pad(calm_graduates.degrees, padding),
        calm_first=np.pad(calm_graduates.first, padding),
    )


def seen_in_run(codes: tuple[str, ...], outcomes: Outcomes, calm: Outcomes | None = None) -> Observed:
    """Collect what operators read from an engine run; it does not know who of the visible students is of which origin.

    Parameters
    ----------
    codes : (R,) region codes in id order.
    outcomes : a run from 2000 on.
    calm : the same draw and replicate without the tensions, if it was run.
    """
    regions, years = len(codes), len(outcomes.years)
    unknown = np.full((years, regions, regions), np.nan)
    followed = codes.index(FOLLOWED)

    def flows(run: Outcomes | None) -> tuple[Floats, Floats, Floats]:
        if run is None:
            return unknown, unknown, unknown
        entry: Floats = run.flows[:, STAGES.index("entry")].sum(axis=2).astype(np.float64) * run.weight
        jobs: Floats = run.flows[:, STAGES.index("first_job")].astype(np.float64) * run.weight
        return entry, jobs.sum(axis=3), jobs[:, :, followed]

    entry, degrees, first = flows(outcomes)
    calm_entry, calm_degrees, calm_first = flows(calm)
    by_cohort = np.full((years, years, regions), np.nan)
    return Observed(
        codes=codes,
        shares=outcomes.counts.astype(np.float64) * outcomes.weight,
        careers=outcomes.careers.astype(np.float64) * outcomes.weight,
        studying=unknown,
        remote=np.full((years, regions), np.nan),
        industry=np.full((years, regions, 2), np.nan),
        entry=entry,
        students=unknown,
        degrees=degrees,
        first=first,
        staying=by_cohort,
        active=by_cohort,
        calm_entry=calm_entry,
        calm_degrees=calm_degrees,
        calm_first=calm_first,
    )
