"""Fit of made-up draws to made-up rows: misses, places, chi-square and weights with known answers; the command's output."""

import json
import math
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from sim.calibration.charts import chart_misfit, with_rest
from sim.calibration.evidence import Chart, Evidence, Family, Record, load_evidence
from sim.calibration.fit import FamilyFit, Fit, RowFit, fit, weighted_quantile
from sim.calibration.modelled import SHIPPED_VALUES, first_draws, questions_key, read_values, save_values, solution_key
from sim.cli import main
from sim.cli.record.fit import FIT_LINES, full_report, row_line, short_report
from sim.data.load import load_data
from sim.files.private import CacheWarning
from tests.support.packaged import BASIS


def row(name: str, value: float, **changes: Any) -> Evidence:
    fields: dict[str, Any] = {
        "id": name, "label": "works in the US", "operator": "abroad", "arguments": {}, "value": value, "sd": 0.03,
        "discrepancy": 0.04, "reason": "made up", "family": "one", "chart": None, "use": "fit", "bound": None, "year": 2022,
        "published": 2024, "source": ("CEN22",),
    }  # fmt: skip
    return Evidence(**(fields | changes))


def record(*rows: Evidence) -> Record:
    families = {name: Family(name, name, "none") for name in ("one", "two", "idle")}
    chart = Chart("work", "Work", 100.0, 1.0, 0.0, 0.05, "made up")
    charts = {"work": chart} if any(each.chart for each in rows) else {}
    return Record(rows, MappingProxyType(families), MappingProxyType(charts))


def by_name(found: Fit) -> dict[str, RowFit]:
    return {each.row.id: each for each in found.rows}


def test_a_row_is_missed_by_its_distance_over_its_error() -> None:
    found = fit(record(row("a", 0.5), row("b", 0.5)), np.array([[0.4, 0.5], [0.4, 0.5]]))
    misses = by_name(found)
    assert misses["a"].miss == pytest.approx(-2.0)  # the error is sqrt(.03^2 + .04^2) = .05
    assert misses["a"].place == pytest.approx(norm.cdf(2.0))
    assert misses["b"].miss == 0.0
    assert [each.row.id for each in found.rows] == ["a", "b"]
    assert (misses["a"].inside, misses["b"].inside) == (False, True)
    assert found.total == FamilyFit("all", 2, 1, pytest.approx(4.0), 2)  # type: ignore[arg-type]


def test_the_interval_holds_the_spread_of_the_draws_and_the_error_of_the_row() -> None:
    draws = np.random.default_rng(1).normal(0.4, 0.12, (20_000, 1))
    place = by_name(fit(record(row("a", 0.5)), draws))["a"].place
    assert place == pytest.approx(norm.cdf(0.1 / math.hypot(0.12, 0.05)), abs=0.005)


@pytest.mark.parametrize(("bound", "value", "miss", "inside"), [
    ("at_most", 0.3, 0.0, True), ("at_most", 0.7, 4.0, False), ("at_least", 0.7, 0.0, True), ("at_least", 0.3, -4.0, False),
])  # fmt: skip
def test_a_bound_is_missed_on_one_side_only(bound: str, value: float, miss: float, inside: bool) -> None:
    found = fit(record(row("a", 0.5, use="one-sided", bound=bound)), np.array([[value]]))
    assert found.rows[0].miss == pytest.approx(miss)
    assert found.rows[0].inside is inside
    assert found.total.misfit == pytest.approx(miss**2)


def test_solved_and_checked_rows_weigh_nothing() -> None:
    found = fit(record(row("a", 0.5, use="solved"), row("b", 0.5, use="check"), row("c", 0.5)), np.array([[0.1, 0.1, 0.45]]))
    assert found.total == FamilyFit("all", 1, 1, pytest.approx(1.0), 1)  # type: ignore[arg-type]
    assert [each.row.id for each in found.rows] == ["a", "b", "c"]


def test_a_chart_enters_whole_and_on_log_ratios() -> None:
    rows = (
        row("a", 0.5, chart="work", discrepancy=0.0),
        row("b", 0.2, chart="work", discrepancy=0.0),
        row("c", 0.5, family="two"),
    )
    values = np.array([[0.4, 0.3, 0.5], [0.45, 0.2, 0.5]])
    evidence = record(*rows)
    found = fit(evidence, values)
    parts, variances = evidence.variances("work")
    np.testing.assert_allclose(parts, [0.5, 0.2, 0.3])
    expected = chart_misfit(with_rest(values[:, :2]), parts, variances)
    families = {family.name: family for family in found.families}
    assert families["one"].degrees == 2
    assert families["one"].misfit == pytest.approx(np.median(expected))
    assert found.best == pytest.approx(expected.min())
    assert set(families) == {"one", "two"}  # a family without weighed rows is not listed


def test_weights_move_every_number_and_are_checked() -> None:
    evidence, values = record(row("a", 0.5)), np.array([[0.4], [0.5]])
    found = fit(evidence, values, np.array([0.0, 3.0]))
    assert found.rows[0].median == pytest.approx(0.5)
    assert found.total.misfit == pytest.approx(0.0)
    assert found.effective == pytest.approx(1.0)
    assert fit(evidence, values).effective == pytest.approx(2.0)
    for wrong in (np.array([1.0]), np.array([-1.0, 2.0]), np.zeros(2)):
        with pytest.raises(ValueError, match="weights"):
            fit(evidence, values, wrong)


def test_what_a_walk_does_not_know_is_not_scored() -> None:
    found = fit(record(row("a", 0.5), row("b", 0.5)), np.array([[np.nan, 0.5]]))
    assert math.isnan(by_name(found)["a"].miss)
    assert found.total.rows == 1
    assert found.rows[-1].row.id == "a"


def test_quantiles_of_equal_weights_are_those_of_the_values() -> None:
    values = np.arange(1001.0)
    assert weighted_quantile(values, np.full(1001, 1 / 1001), 0.05) == pytest.approx(np.quantile(values, 0.05), abs=0.6)


def test_values_are_kept_for_the_questions_they_answer(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "values.npz"
    save_values(path, "these", {"one": np.array([0.25, np.nan])})
    np.testing.assert_array_equal(read_values(path, "these")["one"], [0.25, np.nan])
    assert read_values(path, "others") == {}
    path.write_bytes(b"no file of numbers")
    with pytest.warns(CacheWarning, match="was damaged"):
        assert read_values(path, "these") == {}
    assert read_values(tmp_path / "missing.npz", "these") == {}


def test_the_shipped_values_are_those_of_the_shipped_draws() -> None:
    # `make evidence` computes them anew (some five minutes).
    data = load_data()
    name = questions_key([each.question for each in load_evidence(data).rows])
    kept = read_values(SHIPPED_VALUES, name)
    assert {solution_key(draw) for draw in first_draws(BASIS, 100)} == set(kept)


def run_command(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(["fit", "--draws", "5", *words])
    assert stopped.value.code == 0
    return capsys.readouterr().out


def test_the_report_fits_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run_command(capsys).splitlines()
    assert len(lines) <= FIT_LINES
    assert max(map(len, lines)) <= 80
    full = run_command(capsys, "--full").splitlines()
    assert max(map(len, full)) <= 80
    assert len(full) > len(load_evidence(load_data()).rows)


def test_every_label_is_printed_whole() -> None:
    for each in load_evidence(load_data()).rows:
        line = row_line(fit(record(replace(each, family="one", chart=None)), np.array([[each.value]])).rows[0])
        assert each.label in line, each.id
        assert len(line) <= 80, each.id


def test_the_report_names_misses_first_and_every_row_when_asked() -> None:
    rows = [row(f"r{k}", 0.5, label=f"label {k}", family="one" if k % 2 else "two") for k in range(40)]
    evidence = record(*rows)
    found = fit(evidence, np.linspace(0.3, 0.5, 40)[np.newaxis])
    short, full = short_report(found), full_report(found, evidence)
    assert len(short) == FIT_LINES
    assert next(line for line in short if "label" in line).split(" 2022")[0].strip() == "label 0"
    assert sum("label" in line for line in full) == 40


def test_the_json_has_every_row_with_source_and_errors(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(run_command(capsys, "--json"))
    assert found["draws"] == 5
    assert {each["id"] for each in found["rows"]} == {each.id for each in load_evidence(load_data()).rows}
    assert all(each["source"] and each["sd"] > 0 for each in found["rows"])
    assert found["all"]["rows"] == sum(family["rows"] for family in found["families"])
