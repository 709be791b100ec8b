"""The words that pages and printed tables share."""

import numpy as np
import pytest

from sim.reports.words import people, remark_notes, remark_text, shortened, span, tier_title
from sim.runs.outcomes.outcomes import Remark

CUT = Remark("visible_share_cut", 3, (2030, 2035), None)
MISS = Remark("target_missed", 4, None, 1.2)


@pytest.mark.parametrize(
    ("remark", "text"),
    [
        (CUT, "draw 3: the visible share is cut at .95 in 2030-2035"),
        (CUT._replace(years=(2030, 2030)), "draw 3: the visible share is cut at .95 in 2030"),
        (MISS, "draw 4: the parameters meet some published target only to within 2 points"),
        (MISS._replace(points=0.4), "draw 4: the parameters meet some published target only to within 1 point"),
        (MISS._replace(points=1.0), "draw 4: the parameters meet some published target only to within 1 point"),
    ],
)
def test_a_remark_is_one_sentence(remark: Remark, text: str) -> None:
    assert remark_text(remark) == text


def test_equal_remarks_are_said_once_with_the_years_they_span() -> None:
    remarks = [MISS, CUT, CUT._replace(draw=5, years=(2028, 2031)), MISS._replace(draw=6, points=1.9)]
    assert remark_notes(remarks, 8) == [
        "In 2 of 8 runs, the parameters meet some published target only to within 2 points",
        "In 2 of 8 runs, the visible share is cut at .95 in years between 2028 and 2035",
    ]
    assert remark_notes([CUT._replace(years=(2030, 2030))], 1) == ["In 1 of 1 runs, the visible share is cut at .95 in 2030"]
    assert remark_notes([], 8) == []


def test_numbers_and_texts_are_short() -> None:
    assert span(-1.0, 0.5) == "\N{MINUS SIGN}1.00 to +0.50"
    assert (people(12345.6), people(np.nan)) == ("12,346", "–")
    assert (shortened("abc def", 7), shortened("abc def", 5)) == ("abc def", "abc…")
    assert (tier_title("top20"), tier_title("elite")) == ("Top 20 %", "Elite")
