"""Readings against counts made by hand; two equal sides give 0; the tensions are read as the evidence reads them."""

import math
from typing import Any

import numpy as np
import pytest

from sim.calibration.observe import Observed, Question, observe
from sim.calibration.validation.experiments.readings import READINGS, Where
from sim.calibration.validation.experiments.walks import SideWalk

CODES = ("USA", "CHN", "GBR", "CAN", "AUS")
USA, CHN, GBR, CAN, AUS = range(5)
T, R, Q = 23, 5, 5


def side(**changes: np.ndarray) -> SideWalk:
    """A walk in which nobody lives, but for what is given."""
    pair, cohort = (T, R, R), (T, T, R)
    shapes = {
        "entry": pair, "students": pair, "degrees": pair, "first": pair, "staying": cohort, "active": cohort, "workers": pair,
        "remote": (T, R), "classes": (T, R, Q, R),
    }  # fmt: skip
    return SideWalk(CODES, **{name: changes.get(name, np.zeros(shape)) for name, shape in shapes.items()})


def table(places: dict[tuple[Any, ...], float], *shape: int) -> np.ndarray:
    """Zeros but for some places (year, ...)."""
    array = np.zeros(shape)
    for (year, *place), value in places.items():
        array[(year - 2000, *place)] = value
    return array


def read(name: str, treated: SideWalk, control: SideWalk, **where: Any) -> float:
    return READINGS[name](treated, control, Where(**where))


def entries(usa: float, gbr: float) -> np.ndarray:
    return table({(2018, CHN, USA): usa, (2018, CHN, GBR): gbr, (2018, GBR, USA): 50, (2016, CHN, USA): 999}, T, R, R)


def test_entry_lost_counts_the_origin_the_place_and_the_years() -> None:
    treated, control = side(entry=entries(80, 14)), side(entry=entries(100, 4))
    where = {"place": "USA", "origin": ("CHN",), "years": (2017, 2019)}
    assert read("entry_lost", treated, control, **where) == pytest.approx(0.2)
    assert read("found_elsewhere", treated, control, **where, elsewhere=("GBR", "CAN", "AUS")) == pytest.approx(0.5)
    everyone = {"place": "USA", "years": (2017, 2019)}
    assert read("entry_lost", treated, control, **everyone) == pytest.approx(20 / 150), "foreigners, when no origin is named"


def test_enrolment_lost_counts_foreign_students() -> None:
    students = {(2008, CHN, USA): 90.0, (2008, USA, USA): 500.0}
    before = {(2008, CHN, USA): 100.0, (2008, USA, USA): 100.0}
    treated, control = (side(students=table(each, T, R, R)) for each in (students, before))
    assert read("enrolment_lost", treated, control, place="USA", years=(2008, 2008)) == pytest.approx(0.1)


def doctors(first: float) -> SideWalk:
    return side(
        first=table({(2018, CHN, USA): first, (2018, CHN, CHN): 9.0}, T, R, R), degrees=table({(2018, CHN, USA): 100.0}, T, R, R)
    )


def test_first_stay_lost_is_in_points_of_the_new_doctors() -> None:
    where = {"place": "USA", "origin": ("CHN",), "degrees": (2017, 2019)}
    assert read("first_stay_lost", doctors(84.0), doctors(88.0), **where) == pytest.approx(0.04)


def cohort(staying: dict[int, float]) -> SideWalk:
    """Chinese doctors of 2010: 100 in research in every year, some of them in the USA."""
    years = {(year, 10, CHN): there for year, there in staying.items()}
    return side(staying=table(years, T, T, R), active=table(dict.fromkeys(years, 100.0), T, T, R))


def test_later_stay_lost_is_in_points_of_those_in_research() -> None:
    where = {"place": "USA", "origin": ("CHN",), "years": (2013, 2015), "degrees": (2009, 2011)}
    assert read("later_stay_lost", cohort({2014: 70.0}), cohort({2014: 72.1}), **where) == pytest.approx(0.021)


def test_exit_rise_compares_yearly_losses() -> None:
    where = {"place": "USA", "origin": ("CHN",), "years": (2017, 2018), "degrees": (2009, 2011)}
    control = cohort({2016: 100.0, 2017: 90.0, 2018: 81.0})
    treated = cohort({2016: 100.0, 2017: 89.0, 2018: 79.21})
    assert read("exit_rise", treated, control, **where) == pytest.approx(0.1)


def test_pay_elasticity_is_of_logarithms_and_knows_foreign_from_own() -> None:
    before = {(2010, CHN, GBR): 100.0, (2010, GBR, GBR): 100.0}
    now = {(2010, CHN, GBR): 100.0 * 1.1**0.9, (2010, GBR, GBR): 100.0 * 1.1**0.03}
    treated, control = (side(workers=table(each, T, R, R)) for each in (now, before))
    where = {"place": "GBR", "years": (2010, 2010), "factor": 1.1}
    assert read("pay_elasticity", treated, control, **where) == pytest.approx(0.9)
    assert read("pay_elasticity", treated, control, **where, origin=("GBR",)) == pytest.approx(0.03)


def test_hires_abroad_are_counted_for_each_worker_lost_in_the_place() -> None:
    def hires(owned: float, abroad: float) -> SideWalk:
        return side(
            workers=table({(2006, CHN, USA): owned}, T, R, R), remote=table({(2006, CAN): abroad, (2006, USA): 77.0}, T, R)
        )

    # ten are refused: four of them keep their employer and work in Canada, six are gone
    assert read("hires_abroad", hires(94.0, 14.0), hires(100.0, 10.0), place="USA", years=(2006, 2006)) == pytest.approx(0.4)


def test_returnees_rank_below_by_the_middles_of_their_classes() -> None:
    def classes(home: tuple[int, ...], away: tuple[int, ...]) -> np.ndarray:
        array = np.zeros((T, R, Q, R))
        array[17, CHN, :, CHN], array[17, CHN, :, USA] = home, away
        return array

    control = side(classes=classes((5, 5, 5, 5, 5), (9, 9, 9, 9, 9)))
    treated = side(classes=classes((5, 5, 5, 9, 5), (9, 9, 9, 5, 5)))
    # brought: all of the second fifth from the top (.3); away: 9 at .5, 5 at .3 and 5 at .1
    expected = 0.3 - (9 * 0.5 + 5 * 0.3 + 5 * 0.1) / 19
    found = read("returnees_below", treated, control, place="CHN", origin=("CHN",), years=(2017, 2017))
    assert found == pytest.approx(expected)


def everybody() -> SideWalk:
    shapes = [array.shape for array in side()[1:]]
    arrays = [np.random.default_rng(k).uniform(1.0, 2.0, shape) for k, shape in enumerate(shapes)]
    return SideWalk(CODES, *arrays)


@pytest.mark.parametrize("name", READINGS)
def test_a_switch_that_does_nothing_gives_0(name: str) -> None:
    where = Where("USA", ("CHN",), (2014, 2016), (2008, 2010), ("GBR",), 1.1)
    same = everybody()
    assert READINGS[name](same, same, where) == 0.0


@pytest.mark.parametrize("name", READINGS)
def test_every_reading_says_something_of_two_different_sides(name: str) -> None:
    where = Where("USA", ("CHN",), (2013, 2015), (2008, 2010), ("GBR",), 1.1)
    control = everybody()
    treated = SideWalk(CODES, *(array[::-1] for array in control[1:]))
    found = READINGS[name](treated, control, where)
    assert math.isfinite(found)
    assert found != 0.0


@pytest.mark.parametrize(
    ("operator", "name"),
    [("tension_entry", "entry_lost"), ("tension_deflected", "found_elsewhere"), ("tension_stay", "first_stay_lost")],
)
def test_tensions_are_read_as_the_evidence_reads_them(operator: str, name: str) -> None:
    treated, control = everybody(), SideWalk(CODES, *(array[::-1] for array in everybody()[1:]))
    nothing = np.zeros((T, 3, 5, R))
    seen = Observed(
        CODES, nothing, np.zeros((T, R, R, R)), treated.entry, treated.remote, np.zeros((T, R, 2)), treated.entry,
        treated.students, treated.degrees, treated.first, treated.staying, treated.active, control.entry, control.degrees,
        control.first,
    )  # fmt: skip
    where = Where("USA", ("CHN",), (2017, 2019), (2017, 2019), ("GBR", "CAN", "AUS"))
    assert READINGS[name](treated, control, where) == pytest.approx(float(observe(seen, [Question(operator, {}, 2019)])[0]))
