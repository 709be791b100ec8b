"""The packaged evidence is legal, and what is wrong in a file is said with place, value and what is allowed."""

import pickle
from collections import Counter
from pathlib import Path

import pytest

from sim.calibration.evidence import USES, EvidenceError, Record, load_evidence
from sim.calibration.observe import OPERATORS
from sim.data.load import load_data

FAMILY = '[[family]]\nname = "own"\ntitle = "Own"\nbias = "none"\n'
CHART = (
    '[[chart]]\nid = "work"\ntitle = "Work"\nsample = 100\ndesign_effect = 1.0\nrounding = 0.0\nrest_discrepancy = 0.0\n'
    'reason = "made up"\n'
)


def row_text(**changes: object) -> str:
    """One row that is right, but for the changes; None leaves a key out."""
    row: dict[str, object] = {
        "id": "own-1", "label": "works in the US", "operator": "share", "axis": "work", "regions": ["USA"], "value": 0.5,
        "sd": 0.05, "discrepancy": 0.01, "reason": "made up", "family": "own", "use": "fit", "year": 2022, "published": 2024,
        "source": "CEN22",
    }  # fmt: skip
    row |= changes
    quoted = {
        key: f'"{value}"' if isinstance(value, str) else str(value).lower() for key, value in row.items() if value is not None
    }
    quoted |= {key: str(value).replace("'", '"') for key, value in row.items() if isinstance(value, list)}
    return "[[row]]\n" + "\n".join(f"{key} = {value}" for key, value in quoted.items()) + "\n"


def read(folder: Path, *parts: str) -> Record:
    path = folder / "evidence.toml"
    path.write_text("\n".join((FAMILY, *parts)), encoding="utf-8")
    return load_evidence(load_data(), path)


def test_the_packaged_evidence_is_read() -> None:
    record = load_evidence(load_data())
    assert {row.use for row in record.rows} == set(USES)
    assert {row.family for row in record.rows} == set(record.families)
    assert {row.chart for row in record.rows if row.chart} == set(record.charts)
    assert all(row.reason and row.label for row in record.rows)


def test_no_packaged_outcome_is_dated_after_2022() -> None:
    for row in load_evidence(load_data()).rows:
        years = (row.year, *row.arguments.get("degrees", ()), *row.arguments.get("years", ()))
        assert max(years) <= 2022, row.id


def test_every_packaged_row_has_a_known_source_a_legal_use_and_a_known_operator() -> None:
    data = load_data()
    record = load_evidence(data)
    for row in record.rows:
        assert row.source, row.id
        assert set(row.source) <= set(data.sources), row.id
        assert row.use in USES, row.id
        assert row.operator in OPERATORS, row.id


def test_every_operator_is_used() -> None:
    assert {row.operator for row in load_evidence(load_data()).rows} == set(OPERATORS)


def test_what_the_solver_meets_is_marked_as_solved() -> None:
    data = load_data()
    solved = {row.id: row.value for row in load_evidence(data).rows if row.use == "solved"}
    assert {"M22-T-CNCNG", "M22-T-CNUSG", "D22-T-CNANG", "M19-T-INUSG", "M22E-W-US", "M22E-W-CN"} <= set(solved)
    assert solved["GBR-HQ"] == pytest.approx(data.solved_on("remote_share")[0].value, abs=5e-4)
    assert solved["C19H-CN+HK"] == pytest.approx(data.work_target_2019[data.codes.index("CHN")])
    assert solved["C19H-REU"] == pytest.approx(sum(data.work_target_2019[data.codes.index(code)] for code in ("REU", "RUS")))
    assert solved["AI21-4"] == pytest.approx(data.industry_entry[19])
    assert solved["POOL-2022"] == pytest.approx(data.pool_size[22])


def test_a_right_file_is_read(tmp_path: Path) -> None:
    record = read(tmp_path, row_text())
    assert [row.id for row in record.rows] == ["own-1"]
    assert record.rows[0].error == pytest.approx((0.05**2 + 0.01**2) ** 0.5)
    assert record.rows[0].arguments == {"axis": "work", "regions": ["USA"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"year": 2023}, ("row own-1", "2023", "2000 to 2022", "remove")),
        (
            {"operator": "first_stay", "axis": None, "regions": None, "degrees": [2020, 2024]},
            ("row own-1", "2024", "2000 to 2022"),
        ),
        ({"published": 2021}, ("row own-1", "published is 2021", "2022")),
        ({"source": "NOWHERE"}, ("row own-1", "source is 'NOWHERE'", "sources.csv")),
        ({"family": "other"}, ("row own-1", "family is 'other'", "own")),
        ({"use": "sometimes"}, ("row own-1", "use is 'sometimes'", "fit, one-sided, solved, check")),
        ({"use": "one-sided"}, ("row own-1", "bound None", "one-sided")),
        ({"bound": "at_most"}, ("row own-1", "bound 'at_most'", "no other")),
        ({"use": "one-sided", "bound": "below"}, ("row own-1", "bound is 'below'", "at_most, at_least")),
        ({"operator": "guess"}, ("row own-1", "operator is 'guess'", "share")),
        ({"regions": ["XXX"]}, ("row own-1", "regions names 'XXX'", "USA")),
        ({"regions": None}, ("row own-1", "regions is missing")),
        ({"study": ["USA"]}, ("row own-1", "share takes no study", "axis, regions")),
        ({"axis": "height"}, ("row own-1", "axis is 'height'", "origin")),
        ({"value": 1.5}, ("row own-1", "value is 1.5", "0 to 1")),
        ({"sd": 0.0}, ("row own-1", "sd is 0.0", "above 0")),
        ({"discrepancy": -0.1}, ("row own-1", "discrepancy is -0.1", "0 to 1")),
        ({"sd": "wide"}, ("row own-1", "sd is 'wide'", "finite number")),
        ({"reason": None}, ("row own-1", "reason is missing", "add it")),
        ({"weight": 2}, ("row own-1", "'weight' is unknown", "remove")),
        ({"chart": "none"}, ("row own-1", "chart is 'none'")),
        ({"id": "M22-W-US", "value": 0.5}, ("row M22-W-US", "value is 0.5", "0.42", "targets.csv")),
        ({"of": ["C22H-CN", "C22H-XX"]}, ("row own-1", "C22H-XX", "targets.csv")),
    ],
)
def test_what_is_wrong_in_a_row_is_said(tmp_path: Path, changes: dict[str, object], words: tuple[str, ...]) -> None:
    with pytest.raises(EvidenceError) as raised:
        read(tmp_path, row_text(**changes))
    assert all(word in str(raised.value) for word in words), str(raised.value)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"use": "check"}, ("chart work", "use check and fit")),
        ({"year": 2021}, ("chart work", "year 2021 and 2022")),
        ({"value": 0.6, "sd": 0.04899}, ("chart work", "add to 1.1000", "at most 1")),
        ({"sd": 0.02}, ("row own-2", "sd is 0.02", "0.04")),
        ({"id": "own-1"}, ("row own-1", "twice")),
        ({"chart": None}, ("chart work", "1 row", "at least two")),
    ],
)
def test_what_is_wrong_in_a_chart_is_said(tmp_path: Path, second: dict[str, object], words: tuple[str, ...]) -> None:
    chart: dict[str, object] = {"chart": "work"}
    other = chart | {"id": "own-2", "regions": ["CHN"], "value": 0.2, "sd": 0.04}
    read(tmp_path, CHART, row_text(**chart), row_text(**other))
    with pytest.raises(EvidenceError) as raised:
        read(tmp_path, CHART, row_text(**chart), row_text(**(other | second)))
    assert all(word in str(raised.value) for word in words), str(raised.value)


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError) as raised:
        read(tmp_path, row_text(use="no"), row_text(id="own-2", year=2030))
    assert Counter(problem.split(":")[0] for problem in raised.value.problems) >= Counter({"row own-1": 1, "row own-2": 1})


@pytest.mark.parametrize("text", ["[[row]", "[[rows]]\nid = 1\n"])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(EvidenceError, match="allowed"):
        read(tmp_path, text)


def test_the_evidence_travels_to_other_processes() -> None:
    record = load_evidence(load_data())
    assert pickle.loads(pickle.dumps(record)) == record
