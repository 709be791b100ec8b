"""What a strict ensemble may know: every input with its year, nothing later; cells that are taken out change nothing."""

from dataclasses import replace

import numpy as np
import pytest

from sim.calibration.evidence import load_evidence
from sim.calibration.validation.strict import listed
from sim.calibration.validation.strict.inputs import KNOWN_YEARS, LAST_SOURCE, OWN, cut_data, read_priors, strict_basis
from sim.calibration.validation.strict.listed import StrictInput, later_inputs, strict_inputs
from sim.calibration.validation.strict.model import strict_record
from sim.calibration.validation.strict.targets import authors, read_targets, strict_targets, year_targets
from sim.data.schema import Row
from tests.support.packaged import BASIS, DATA

RECORD = load_evidence(DATA)


@pytest.mark.parametrize("knows", KNOWN_YEARS)
def test_no_input_is_later_than_allowed(knows: int) -> None:
    inputs = strict_inputs(RECORD, knows)
    assert {each.kind for each in inputs} == {"table", "policy", "target", "row", "prior"}
    assert all(each.source for each in inputs)
    late = later_inputs(inputs, knows)
    assert not late, "\n".join(map(str, late))


def test_a_later_input_is_found() -> None:
    wrong = [
        StrictInput("table", "capital", "AIINDEX22", 2020), StrictInput("row", "M22-MOB", "MITTR", 2022),
        StrictInput("prior", "pay_elasticity", "LATE", 2020), StrictInput("policy", "covid", OWN, 2020),
    ]  # fmt: skip
    assert later_inputs(wrong, 2019) == [wrong[2], wrong[0], wrong[1], wrong[3]]
    assert later_inputs([StrictInput("row", "ABROAD-2019", "MITTR", 2019)], 2022) != []


def test_the_priors_of_the_model_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listed, "strict_basis", lambda knows: BASIS)
    late = {each.name for each in later_inputs(listed.prior_inputs(2019), 2019)}
    assert {"hostility_study", "stipend_elasticity"} <= late
    assert late <= set(read_priors())


def test_every_strict_prior_is_of_a_parameter_and_gives_its_reason() -> None:
    parameters = {each.name: each for each in DATA.parameters}
    for name, entry in read_priors().items():
        assert parameters[name].prior is not None
        assert entry["reason"]
        assert entry["source"] == OWN or int(DATA.sources[entry["source"]].year) <= LAST_SOURCE


def test_later_cells_decide_nothing() -> None:
    def spoiled(row: Row) -> Row:
        later = int(row.cells["year"]) > 2019
        return Row(row.number, {**row.cells, "value": str(1.07 * float(row.cells["value"]))}) if later else row

    tables = {
        name: tuple(map(spoiled, rows)) if name in ("covariates", "world", "visas") else rows
        for name, rows in DATA.tables.items()
    }
    one, two = cut_data(DATA, 2019), cut_data(replace(DATA, tables=tables), 2019)
    for name, value in vars(one).items():
        if isinstance(value, np.ndarray):
            assert np.array_equal(value, getattr(two, name), equal_nan=True), name
    assert not np.array_equal(one.research_funding, DATA.research_funding)


def test_policies_after_the_year_are_gone_and_those_before_hold() -> None:
    changes = {each.id: each for each in strict_basis(2019).baseline.levers}
    assert "pp10043" not in changes
    assert not any("covid" in name for name in changes)
    assert changes["china-initiative"].until_year == 2050
    assert changes["us-china-tensions-2016-17"].until_year == 2017
    assert strict_basis(2022).baseline is BASIS.baseline


@pytest.mark.parametrize("knows", KNOWN_YEARS)
def test_rows_of_the_other_year_do_not_weigh(knows: int) -> None:
    weighed = [row for row in strict_record(RECORD, knows).rows if row.use in ("fit", "one-sided")]
    assert len(weighed) >= 10
    assert all(row.year <= 2019 if knows == 2019 else row.year == 2022 for row in weighed)
    assert not any(row.chart in ("census-work-2019", "census-work-2022") for row in weighed)


def test_targets_are_of_one_year_and_move_with_the_number() -> None:
    for knows in KNOWN_YEARS:
        assert set(read_targets()[knows]) == {row.id for row in DATA.solved if row.id != "GBR-HQ"} | {"british"}
        assert {entry["year"] for entry in read_targets()[knows].values()} == {knows}
        published = year_targets(strict_basis(knows).data, knows)
        still, moved = (strict_targets(strict_basis(knows).data, knows, number) for number in (-1, 7))
        assert still.single["M22E-W-US"] == pytest.approx(published.single["M22E-W-US"][0])
        assert not np.allclose(still.work, moved.work)
    china = DATA.codes.index("CHN")
    assert year_targets(strict_basis(2022).data, 2022).work[china] == pytest.approx(0.2309, abs=1e-3)
    assert year_targets(strict_basis(2022).data, 2022).origin[china] == pytest.approx(0.47, abs=1e-3)
    assert year_targets(strict_basis(2019).data, 2019).work[china] == pytest.approx(0.1181, abs=1e-3)


def test_measured_single_targets_are_those_published() -> None:
    values = {each.id: each.value for each in DATA.targets}
    for entries in read_targets().values():
        for name, entry in entries.items():
            if "of" in entry and name != "british":
                assert entry["value"] == pytest.approx(values[entry["of"]], abs=1e-6), name


def test_authors_grow_where_none_may_be_known() -> None:
    data = strict_basis(2019).data
    counts = authors(data, 2019, 0.2, 0.0)
    assert counts[19] == pytest.approx(4413)
    assert counts[22] == pytest.approx(4413 * np.exp(0.6))
    assert counts[10] == pytest.approx(733)
    later = authors(strict_basis(2022).data, 2022, 0.2, 0.5)
    assert later[22] == pytest.approx(9943)
    assert later[19] == pytest.approx(9943 * np.exp(-0.9))
