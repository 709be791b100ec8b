"""The state: researchers as columns, who is who, trait classes, classes of age and duration, and who leaves."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.model.choice.compiled import compiled, inlined
from sim.model.choice.randomness import COHORT, TRAITS, YEAR, Key, Words, draw_alternative, draw_block, uniform
from sim.model.world import (
    AGE_CLASSES,
    AGE_FROM,
    DURATION_CLASSES,
    DURATION_FROM,
    FROM_ELSEWHERE,
    FROM_HERE,
    TALENT_CLASSES,
    TASTE_CLASSES,
    TIE_CLASSES,
    VISA_CLASSES,
    Bytes,
    Floats,
    Integers,
    Year,
)

# Stages of a researcher
APPLY = 0


STUDY = 1


WORK = 2


OUT = 3


# Statuses under which a researcher is in a place
NO_STATUS = 0  # none needed: at home, or full mobility


STUDENT = 1


POST_STUDY = 2  # works in industry where the degree is from, with attempts at a work visa left


TEMPORARY = 3  # authorised; can still be lost


PERMANENT = 4


NOWHERE = 255
"""Code of a region that does not apply: no graduate region while applying, no place after leaving."""


class Researchers(NamedTuple):
    """One row per researcher, every column (N,). Identity is (origin, cohort, index), never the position of a row."""

    origin: Bytes
    cohort: NDArray[np.int16]
    index: NDArray[np.int32]  # type: ignore[assignment]  # hides tuple.index, which nobody calls
    traits: Bytes  # packed trait classes 0..59
    stage: Bytes
    study: Bytes  # graduate region
    place: Bytes  # physical location
    employer: Bytes  # headquarters region of the employer; students: their university's region
    sector: Bytes
    years: Bytes  # completed years of study
    age: Bytes  # completed years since the degree
    duration: Bytes  # completed years in the present place
    postponed: Bytes  # 1 after a postponed entry
    tier: Bytes  # as observed in the last year: 0 not visible, 1 top20, 2 elite
    status: Bytes  # 0 none needed, 1 student, 2 post-study, 3 temporary, 4 permanent
    attempts: Bytes  # attempts at a work visa that are left, post-study


@compiled
def cohort_researchers(key: Key, people: Floats, weight: float, first_year: int) -> Integers:
    """Turn cohort sizes in people into whole numbers of simulated researchers.

    The fraction is rounded by one draw keyed by origin and cohort, so that cohorts are nested between scenarios and scales.

    Parameters
    ----------
    key : (seed, replicate).
    people : (T, R) people who enter.
    weight : people per simulated researcher, above 0.
    first_year : calendar year of row 0.

    Returns
    -------
    (T, R) whole numbers.
    """
    sizes = np.zeros(people.shape, dtype=np.int64)
    for t in range(people.shape[0]):
        for o in range(people.shape[1]):
            exact = people[t, o] / weight
            whole = int(exact)
            words = draw_block(key, 0, o, first_year + t, first_year + t, COHORT, 0)
            sizes[t, o] = whole + (1 if uniform(words[0]) < exact - whole else 0)
    return sizes


def new_researchers(sizes: Integers, first_year: int) -> Researchers:
    """Lay out the rows of all cohorts, in order of entry, none of them entered yet.

    Parameters
    ----------
    sizes : (T, R) researchers by cohort and origin.
    first_year : calendar year of row 0.

    Returns
    -------
    Rows with identity set; traits are drawn when a cohort enters.
    """
    total = int(sizes.sum())
    origin = np.empty(total, dtype=np.uint8)
    cohort = np.empty(total, dtype=np.int16)
    index = np.empty(total, dtype=np.int32)
    write_identities(sizes, first_year, origin, cohort, index)

    def column(value: int) -> Bytes:
        return np.full(total, value, dtype=np.uint8) if value else np.zeros(total, dtype=np.uint8)

    return Researchers(
        origin, cohort, index, column(0), column(APPLY), column(NOWHERE), column(NOWHERE), column(NOWHERE), column(0),
        column(0), column(0), column(0), column(0), column(0), column(NO_STATUS), column(0),
    )  # fmt: skip


@compiled
def write_identities(
    sizes: Integers, first_year: int, origin: Bytes, cohort: NDArray[np.int16], index: NDArray[np.int32]
) -> None:
    """Write who is who: cohort by cohort, origin by origin, counted from 0."""
    row = 0
    for t in range(sizes.shape[0]):
        for o in range(sizes.shape[1]):
            for k in range(sizes[t, o]):
                origin[row] = o
                cohort[row] = first_year + t
                index[row] = k
                row += 1


def as_columns(researchers: Iterable[Any]) -> Researchers:
    """Copy objects with one attribute per column into columns, in their order."""
    rows = list(researchers)
    kinds = {"cohort": np.int16, "index": np.int32}
    return Researchers(
        *(np.array([getattr(row, name) for row in rows], dtype=kinds.get(name, np.uint8)) for name in Researchers._fields)
    )


class Who(NamedTuple):
    """One researcher as the formulas know it: what every draw is keyed by, and the trait classes."""

    key: Key  # (seed, replicate)
    index: int  # type: ignore[assignment]  # in the cohort; hides tuple.index, which nobody calls
    origin: int
    cohort: int
    traits: int  # packed trait classes 0..59


@inlined
def own_block(who: Who, year: int, decision: int, block: int) -> Words:
    """Draw a block of a researcher's random words (see `draw_block`)."""
    return draw_block(who.key, who.index, who.origin, who.cohort, year, decision, block)


@inlined
def own_draw(who: Who, year: int, decision: int, alternative: int) -> float:
    """Draw a researcher's uniform number of an alternative (see `draw_alternative`)."""
    return draw_alternative(who.key, who.index, who.origin, who.cohort, year, decision, alternative)


@inlined
def trait_classes(key: Key, index: int, origin: int, cohort: int, tables: Year) -> tuple[int, int, int, int]:
    """Draw the trait classes of a researcher, once and for life.

    Parameters
    ----------
    key, index, origin, cohort : see `draw_block`.
    tables : of the year of entry.

    Returns
    -------
    Talent 0..4, home tie 0..2, visa sensitivity 0..1, sector taste 0..1.
    """
    return classes_of(draw_block(key, index, origin, cohort, cohort, TRAITS, 0), origin, tables)


@inlined
def classes_of(words: Words, origin: int, tables: Year) -> tuple[int, int, int, int]:
    """Turn the words of the traits into trait classes, as `trait_classes` says."""
    talent = 0
    for q in range(TALENT_CLASSES - 1):
        talent += int(uniform(words[0]) >= tables.talent_up_to[origin, q])
    tie = min(int(uniform(words[1]) * TIE_CLASSES), TIE_CLASSES - 1)
    visa = 1 if uniform(words[2]) < tables.visa_sensitive_share else 0
    taste = 1 if uniform(words[3]) < 0.5 else 0
    return talent, tie, visa, taste


@inlined
def trait_code(talent: int, tie: int, visa: int, taste: int) -> int:
    """Pack trait classes into one number 0..59 (see `unpack_traits`)."""
    return ((talent * TIE_CLASSES + tie) * VISA_CLASSES + visa) * TASTE_CLASSES + taste


@inlined
def unpack_traits(code: int) -> tuple[int, int, int, int]:
    """Unpack trait classes: talent, home tie, visa sensitivity, sector taste."""
    taste = code % TASTE_CLASSES
    code //= TASTE_CLASSES
    visa = code % VISA_CLASSES
    code //= VISA_CLASSES
    return code // TIE_CLASSES, code % TIE_CLASSES, visa, taste


@inlined
def year_words(who: Who, year: int) -> Words:
    """Draw a researcher's block of a year: opportunity (graduation, move, postponement), leaving, output, loss of status."""
    return own_block(who, year, YEAR, 0)


@inlined
def age_class(age: int) -> int:
    """Name the class 0..3 of an academic age in completed years."""
    reached = 0
    for x in range(1, AGE_CLASSES):
        reached += int(age >= AGE_FROM[x])
    return reached


@inlined
def duration_class(duration: int) -> int:
    """Name the class 0..3 of the completed years in the present place."""
    reached = 0
    for d in range(1, DURATION_CLASSES):
        reached += int(duration >= DURATION_FROM[d])
    return reached


@inlined
def degree_from(study: int, place: int) -> int:
    """Tell where a degree is from, as levers of a place name it: FROM_HERE or FROM_ELSEWHERE."""
    return FROM_HERE if study == place else FROM_ELSEWHERE


@inlined
def leaves(is_student: bool, words: Words, tables: Year) -> bool:
    """Tell whether a student drops out or a worker leaves research this year."""
    return uniform(words[1]) < (tables.attrition_rate if is_student else tables.exit_rate)
