"""Leading institutions: the law of sizes written a second time, and the dispersion fitted again to what was published."""

import numpy as np
import pytest

from sim.data.load import load_data
from sim.runs.outcomes.institutions import DISPERSION, LEADING, VARIED_DISPERSION, dispersion_misfit, leading_by_region

DATA = load_data()
CENSUS = {"US": "USA", "GB": "GBR", "CA": "CAN", "FR": "FRA", "DE": "DEU", "CH": "CHE", "NL": "NLD", "KR": "KOR", "IL": "ISR",
          "JP": "JPN", "SG": "SGP", "AU": "AUS", "IN": "IND", "AE": "GLF", "CN": "CHN"}  # fmt: skip


def census(year: int) -> dict[str, float]:
    """Published shares of work by headquarters; the rest of Europe is what is left of Europe."""
    known = {target.id: target.value for target in DATA.targets}
    shares = {code: known[f"C{year}H-{name}"] for name, code in CENSUS.items()}
    shares["CHN"] += known[f"C{year}H-HK"]
    shares["REU"] = known[f"C{year}H-EU"] - sum(shares[code] for code in ("FRA", "DEU", "CHE", "NLD"))
    return shares


def published() -> tuple[np.ndarray, np.ndarray]:
    people = np.array([[census(year).get(code, 0.0) for code in DATA.codes] for year in (19, 22)])
    counted = np.zeros(people.shape)
    counted[0] = np.nan
    known = {target.id: target.value for target in DATA.targets}
    counted[0, DATA.codes.index("CHN")] = known["M19-INSTCN"]
    counted[1, DATA.codes.index("CHN")] = known["M22-INSTCN"]
    counted[1, DATA.codes.index("USA")] = known["M22-INSTUS"]
    for code in ("GBR", "CHE", "SGP", "CAN"):  # "remaining four", as the row of China says
        counted[1, DATA.codes.index(code)] = 1.0
    return people, counted


def test_the_dispersion_is_the_best_of_a_grid() -> None:
    people, counted = published()
    assert counted[1].sum() == LEADING
    misfits = {round(a, 1): dispersion_misfit(a, people, counted) for a in np.arange(0.2, 1.6, 0.1)}
    assert min(misfits, key=lambda a: misfits[a]) == DISPERSION
    assert all(misfits[a] <= 3 * misfits[DISPERSION] for a in VARIED_DISPERSION)


def test_the_head_of_the_module_tells_the_numbers() -> None:
    people, _ = published()
    found = leading_by_region(people)
    told = {"USA": 15, "CHN": 7, "GBR": 1, "CHE": 0, "SGP": 0, "CAN": 1}
    assert {code: found[1, DATA.codes.index(code)] for code in told} == told
    assert found[0, DATA.codes.index("CHN")] == 3


def test_the_law_written_a_second_time() -> None:
    shares = np.random.default_rng(3).dirichlet(np.ones(6))
    sizes = []
    for region, share in enumerate(shares):
        number = max(1, round(100 * share**0.5))
        whole = sum(j**-1.1 for j in range(1, number + 1))
        sizes += [(share * k**-1.1 / whole, region) for k in range(1, number + 1)]
    first = [region for _, region in sorted(sizes, reverse=True)[:25]]
    assert leading_by_region(1e4 * shares[np.newaxis], 1.1).tolist() == [[first.count(region) for region in range(6)]]


@pytest.mark.parametrize("dispersion", [0.0, 0.8, 3.0])
def test_all_lead_somewhere_and_nobody_leads_nowhere(dispersion: float) -> None:
    people = np.array([[5.0, 3.0, 0.0], [0.0, 0.0, 0.0]])
    found = leading_by_region(people, dispersion)
    assert found[0].sum() == LEADING
    assert found[0, 2] == 0
    assert found[1].sum() == 0
