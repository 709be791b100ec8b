"""Comparisons of runs made by hand: pairing, refusals, errors, verdicts, crossings, files and exports."""

import dataclasses
import math
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import sim
from sim.comparisons.answers.answer import answers
from sim.comparisons.compare import Extent, compare_into
from sim.comparisons.comparison import CLEAR, NO_CHANGE, NOT_COMPARABLE, TOO_FEW, WITHIN_NOISE, Comparison
from sim.comparisons.effects import Inputs, compare_runs, headline_years, judge, prior_part, uninformed
from sim.comparisons.exports import ExportError, check_export, hubverse_rows, iamc_rows
from sim.comparisons.folder import PARSED_FILES, comparison_folder, read_comparison, write_comparison
from sim.comparisons.pairing import NotComparableError, apart_from, labels, pair, run_vectors
from sim.data.load import load_data
from sim.engines.axes import AXES, TIERS
from sim.files.reading import check_csv
from sim.runs.atomic import FolderError
from sim.runs.execute import Runner
from sim.runs.folder import Run, read_run, write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.outcomes.statistics import VarianceParts, runs_needed, variance_of_mean, variance_of_one, variance_parts
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_scenario

DATA = load_data()

Make = Callable[[RunPlan], Iterator[Outcomes]]
USA, CHN = 0, 1
WORK, TOP = AXES.index("work"), TIERS.index("top20")
NO_ASSUMPTIONS = Extent(assumptions=False, anatomy=False)


def moved(outcomes: Outcomes, since: int, people: int) -> Outcomes:
    """Let researchers work in CHN instead of the USA, on the work axis of all tiers, from a year on."""
    counts = outcomes.counts.copy()
    late = outcomes.years >= since
    number = np.minimum(counts[late][..., WORK, USA], people)
    counts[late, :, WORK, USA] -= number
    counts[late, :, WORK, CHN] += number
    return dataclasses.replace(outcomes, counts=counts)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def base(plan: RunPlan, outcomes_of: Make, runs: Path) -> Run:
    return write_run(plan, outcomes_of(plan), runs)


@pytest.fixture(scope="module")
def variant(plan: RunPlan, outcomes_of: Make, runs: Path) -> Run:
    """A run of another scenario: five researchers move in 2022 and later."""
    other = dataclasses.replace(plan, scenario=load_scenario("us-opening"))
    return write_run(other, (moved(each, 2022, 5) for each in outcomes_of(other)), runs)


def changed(run: Run, folder: Path, **record: object) -> Run:
    """Copy a run and change its provenance."""
    shutil.copytree(run.folder, folder)
    return dataclasses.replace(read_run(folder), provenance={**run.provenance, **record})


def test_a_run_against_itself_changes_nothing(base: Run) -> None:
    found = compare_runs(base, [base], DATA)
    for statistic in ("difference_points", "p05_points", "p95_points", "people", "people_p05", "people_p95"):
        assert not np.nan_to_num(getattr(found.effects[0], statistic)).any()
    assert {row.verdict for row in found.headlines} == {NO_CHANGE}
    assert {row.change for row in found.crossings} == {0.0}
    assert "changes nothing" in answers(found)[0]


def test_effects_are_paired_by_run_and_zero_before_the_change(base: Run, variant: Run) -> None:
    found = compare_runs(base, [variant], DATA).effects[0]
    since = int(np.searchsorted(base.years, 2022))
    assert not np.nan_to_num(found.difference_points[:since]).any()
    counts = base.counts[:, -1, TOP, WORK]
    by_hand = -100.0 * np.minimum(counts[:, USA], 5) / counts.sum(axis=1)
    assert found.difference_points[-1, TOP, WORK, USA] == pytest.approx(by_hand.mean())
    assert found.p05_points[-1, TOP, WORK, USA] == pytest.approx(np.quantile(by_hand, 0.05))
    assert found.people[-1, TOP, WORK, USA] == pytest.approx(-5 * base.weight)
    assert found.base_people[-1, TOP, WORK, USA] == pytest.approx(base.weight * counts[:, USA].mean())
    for effects in (found.base_share, found.variant_share, found.base_people, found.variant_people):
        assert np.isfinite(effects[-1, TOP, WORK]).all()
    np.testing.assert_allclose(100.0 * (found.variant_share - found.base_share), found.difference_points, atol=1e-12)
    np.testing.assert_allclose(found.variant_people - found.base_people, found.people, atol=1e-9)
    assert found.ratio[-1, TOP, WORK, USA] < 1.0 < found.ratio[-1, TOP, WORK, CHN]
    assert not np.nan_to_num(found.difference_points[:, :, AXES.index("study")]).any()


def test_verdicts_are_clear_where_the_change_is_and_none_elsewhere(base: Run, variant: Run) -> None:
    rows = {(row.tier, row.axis, row.region, row.year): row for row in compare_runs(base, [variant], DATA).headlines}
    last = headline_years(base)[-1]
    assert rows["top20", "work", "USA", last].verdict == TOO_FEW
    assert "a verdict takes at least 10" in rows["top20", "work", "USA", last].reason
    assert rows["top20", "work", "USA", last].runs == 6
    assert rows["top20", "work", "USA", last].runs_unpaired > rows["top20", "work", "USA", last].runs
    assert rows["top20", "study", "USA", last].verdict == NO_CHANGE
    elite = rows["elite", "work", "USA", last]
    assert (elite.verdict, "20,000 researchers x 10 replicates" in elite.reason) == (NOT_COMPARABLE, True)


def test_a_large_enough_run_gets_a_verdict_on_the_elite(base: Run) -> None:
    large = dataclasses.replace(base, provenance={**base.provenance, "researchers": 20_000})
    values = np.random.default_rng(1).normal(1.0, 0.1, (10, 10))
    arguments = (False, 1.0, 0.05, (20.0, 2.0, 10.0), "elite")
    assert judge(values, *arguments, large)[0] == CLEAR
    assert judge(values[:9], *arguments, large)[0] == TOO_FEW
    assert judge(values[:, :9], *arguments, large)[0] == NOT_COMPARABLE
    assert judge(values, *arguments, base)[0] == NOT_COMPARABLE


def test_the_error_respects_that_draws_share_replicates() -> None:
    generator = np.random.default_rng(5)
    draws, replicates, times = 8, 4, 4_000
    shape = (times, draws, replicates)
    values = (
        generator.normal(0, 1.0, (times, draws, 1))
        + generator.normal(0, 0.7, (times, 1, replicates))
        + generator.normal(0, 0.5, shape)
    )
    truth = values.mean(axis=(1, 2)).var()
    estimated = np.mean([variance_of_mean(variance_parts(each), draws, replicates) for each in values])
    assert estimated == pytest.approx(truth, rel=0.06)
    as_if_independent = np.mean([each.var(ddof=1) / each.size for each in values])
    assert as_if_independent < 0.4 * truth  # what the crossed estimator is for
    total = np.mean([variance_of_one(each) for each in values])
    assert total == pytest.approx(1.0 + 0.49 + 0.25, rel=0.05)


def test_one_draw_or_one_replicate_says_what_it_can() -> None:
    values = np.array([[1.0, 2.0, 3.0]])
    assert variance_of_mean(variance_parts(values), 1, 3) == pytest.approx(1.0 / 3)
    assert variance_of_mean(variance_parts(values.T), 3, 1) == pytest.approx(1.0 / 3)
    assert math.isnan(variance_of_mean(variance_parts(np.ones((1, 1))), 1, 1))


def test_no_number_of_runs_is_enough_where_one_part_alone_is_too_large() -> None:
    never = (math.inf,) * 3
    assert runs_needed(VarianceParts(0.0, 4.0, 0.0), 1.0, 10, 1) == never  # one replicate, and its luck is 2 errors of 1
    assert runs_needed(VarianceParts(math.nan, 0.0, 0.0), 1.0, 1, 10) == (1.0, 1.0, 1.0)
    assert runs_needed(VarianceParts(4.0, 0.0, 0.0), 1.0, 1, 10) == never  # one draw
    assert runs_needed(VarianceParts(0.0, 0.25, 0.0), 1.0, 10, 1) == never  # exactly two errors: nothing is left for the draws
    assert runs_needed(VarianceParts(0.0, 1e9, 0.0), 1.0, 10, 10) == never  # more replicates than are ever tried
    assert all(math.isnan(each) for each in runs_needed(VarianceParts(*(math.nan,) * 3), 1.0, 10, 10))
    assert all(math.isnan(each) for each in runs_needed(VarianceParts(1.0, 1.0, 1.0), math.nan, 10, 10))


def test_runs_needed_is_the_cheapest_design_that_reaches_two_errors() -> None:
    assert runs_needed(VarianceParts(4.0, 0.0, 0.0), 1.0, 10, 2) == (16.0, 16.0, 1.0)
    needed, draws, replicates = runs_needed(VarianceParts(1.0, 1.0, 1.0), 0.5, 10, 2)
    assert needed == draws * replicates
    assert variance_of_mean(VarianceParts(1.0, 1.0, 1.0), draws, replicates) <= 0.25**2
    assert variance_of_mean(VarianceParts(1.0, 1.0, 1.0), draws - 1, replicates) > 0.25**2
    assert runs_needed(VarianceParts(1.0, 0.0, 0.0), 0.0, 10, 2)[0] == math.inf
    one_draw = VarianceParts(math.nan, math.nan, 1.0)
    assert runs_needed(one_draw, 0.5, 1, 10) == pytest.approx((16.0, 1.0, 16.0), abs=1.0)


def test_noise_is_called_noise(base: Run) -> None:
    values = np.array([[1.0, -1.0], [-1.1, 0.9], [0.3, -0.2], [0.1, -0.1], [0.4, -0.4]] * 2)
    verdict, reason = judge(values, False, float(values.mean()), 0.5, (800.0, 400.0, 2.0), "top20", base)
    assert verdict == WITHIN_NOISE
    assert "400 draws x 2 replicates" in reason
    verdict, reason = judge(values, False, float(values.mean()), 0.5, (28_762_414.0, 14_381_207.0, 2.0), "top20", base)
    assert "28,762,414" not in reason  # no analyst could make them
    assert "100 times as many runs would not settle it" in reason


def test_two_standard_errors_are_not_enough_where_few_draws_tell_the_error(base: Run) -> None:
    values = np.random.default_rng(3).normal(0.0, 1.0, (10, 1))
    error = float(values.std(ddof=1)) / math.sqrt(10)
    for far, verdict in ((2.1, WITHIN_NOISE), (2.3, CLEAR)):  # t with 9 degrees of freedom: 2.262
        shifted = values - values.mean() + far * error
        assert judge(shifted, False, float(shifted.mean()), error, (20.0, 20.0, 1.0), "top20", base)[0] == verdict


def test_prior_part_is_the_share_that_uninformed_inputs_explain() -> None:
    generator = np.random.default_rng(2)
    draws = 400
    ranks = np.stack([generator.permutation(draws) for _ in range(5)], axis=1).astype(float)
    ranks -= ranks.mean(axis=0)
    other = generator.permutation(draws) - (draws - 1) / 2
    inputs = Inputs(("a", "b", "c", "d", "e"), ranks)
    effect = (math.sqrt(3.0) * ranks[:, 0] + other)[:, None] + generator.normal(0.0, 20.0, (draws, 4))
    assert prior_part(effect, inputs) == pytest.approx(0.75, abs=0.06)
    assert prior_part(other[:, None] + np.zeros((draws, 2)), inputs) < 0.05
    assert math.isnan(prior_part(np.ones((draws, 2)), inputs))
    assert "seat_elasticity" in uninformed(DATA)
    assert "pay_elasticity" not in uninformed(DATA)
    assert "seat_elasticity" not in uninformed(DATA, ("seat_elasticity",))


def test_runs_that_differ_in_more_than_policy_are_refused_with_every_reason(base: Run, tmp_path: Path) -> None:
    other = changed(base, tmp_path / "other", seed=2, until=2030, model_id="f" * 64)
    with pytest.raises(NotComparableError) as refused:
        compare_runs(base, [other], DATA)
    text = "\n".join(refused.value.reasons)
    assert len(refused.value.reasons) == 3
    for part in ("seed 2 and 1", "--seed 1", "until 2030 and 2024", "two versions of the model", "run the older one again"):
        assert part in text
    data = {**base.provenance["data"], "version": "2020.1"}
    with pytest.raises(NotComparableError, match=r"data versions 2020\.1 and"):
        compare_runs(base, [changed(base, tmp_path / "data", data=data)], DATA)
    with pytest.raises(NotComparableError, match="other regions"):
        compare_runs(base, [dataclasses.replace(base, codes=base.codes[:-1])], DATA)
    with pytest.raises(NotComparableError, match="--researchers 500"):
        compare_runs(base, [changed(base, tmp_path / "size", researchers=1000)], DATA)


def test_a_change_of_parameters_is_called_a_change_of_assumptions(
    plan: RunPlan, base: Run, outcomes_of: Make, tmp_path: Path
) -> None:
    fixed = dataclasses.replace(plan, scenario=load_scenario("baseline", overrides={"seat_elasticity": 0.25}))
    other = write_run(fixed, outcomes_of(fixed), tmp_path)
    assert "A change of assumptions, not of policy" in compare_runs(base, [other], DATA).notes[0]
    assert labels(base, [other])[1] == f"baseline ({other.run_id[:8]})"


def test_draws_that_differ_in_other_parameters_are_not_paired(
    plan: RunPlan, base: Run, outcomes_of: Make, tmp_path: Path
) -> None:
    fixed = dataclasses.replace(plan, scenario=load_scenario("baseline", overrides={"nest_dissimilarity": 0.5}))
    other = write_run(fixed, outcomes_of(fixed), tmp_path)
    rest = [[apart_from(vector, ["nest_dissimilarity"]) for vector in run_vectors(run, DATA)] for run in (base, other)]
    assert all(ours != theirs for ours, theirs in zip(*rest, strict=True))  # what is admissible depends on the fixed one
    with pytest.raises(NotComparableError, match="no draw of theirs has the same values"):
        pair(base, other, DATA)


def test_common_draws_and_replicates_are_paired_and_it_is_said(
    plan: RunPlan, base: Run, outcomes_of: Make, tmp_path: Path
) -> None:
    more = dataclasses.replace(plan, draws=4, replicates=3, scenario=load_scenario("us-opening"))
    outcomes = (moved(each, 2024, 5) for each in outcomes_of(more))
    found = pair(base, write_run(more, outcomes, tmp_path), DATA)
    assert found.runs == 6
    assert "compared are the 3 x 2 that both have" in found.notes[0]


def test_crossings_are_shares_of_runs_by_year(base: Run, variant: Run) -> None:
    rows = [
        row
        for row in compare_runs(base, [variant], DATA).crossings
        if (row.tier, row.challenger, row.leader) == ("top20", "CHN", "USA")
    ]
    ahead = (base.counts[:, :, TOP, WORK, CHN] > base.counts[:, :, TOP, WORK, USA]).cumsum(axis=1) > 0
    ours = [row for row in rows if row.scenario == "baseline"]
    assert [row.share_of_runs for row in ours] == pytest.approx(ahead.mean(axis=0))
    theirs = [row for row in rows if row.scenario == "us-opening"]
    assert [row.change for row in theirs] == pytest.approx(
        [b.share_of_runs - a.share_of_runs for a, b in zip(ours, theirs, strict=True)]
    )
    assert all(row.change >= 0.0 for row in theirs)


def test_a_comparison_is_read_back_whole(base: Run, variant: Run, tmp_path: Path) -> None:
    variant = changed(variant, tmp_path / "us-opening" / variant.run_id)
    made = compare_runs(base, [variant], DATA)
    made = dataclasses.replace(made, answers=answers(made))
    folder = comparison_folder([base, variant], tmp_path, ())
    write_comparison(made, folder, "talentsim compare baseline us-opening")
    read = read_comparison(folder)
    assert folder.parent == tmp_path / "comparisons" / "baseline--us-opening"
    assert repr(read.headlines) == repr(made.headlines)
    assert read.crossings == made.crossings
    assert read.answers == made.answers
    for field in dataclasses.fields(made.effects[0]):
        np.testing.assert_array_equal(getattr(read.effects[0], field.name), getattr(made.effects[0], field.name))
    record = (folder / "provenance.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in record
    shutil.rmtree(variant.folder)
    with pytest.raises(FolderError, match=variant.run_id):
        read_comparison(folder)


def test_the_longest_table_of_a_comparison_is_not_read_back(
    base: Run, variant: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = compare_into([base, variant], tmp_path, NO_ASSUMPTIONS)[1]
    parsed = max((folder / name).read_bytes().count(b"\n") for name in PARSED_FILES)
    assert (folder / "iamc.csv").read_bytes().count(b"\n") > 3 * parsed
    monkeypatch.setattr("sim.comparisons.folder.check_csv", partial(check_csv, rows_most=parsed))
    assert read_comparison(folder).variants[0].run_id == variant.run_id


def test_the_same_comparison_is_found_again(base: Run, variant: Run, tmp_path: Path) -> None:
    first = compare_into([base, variant], tmp_path, NO_ASSUMPTIONS)
    again = compare_into([base, variant], tmp_path, NO_ASSUMPTIONS)
    assert (first[1], first[2], again[2]) == (again[1], False, True)


@pytest.fixture(scope="module")
def comparison(base: Run, variant: Run) -> Comparison:
    return compare_runs(base, [variant], DATA)


@pytest.mark.filterwarnings("ignore")  # of pyam and what it imports
def test_pyam_reads_the_iamc_table(comparison: Comparison, tmp_path: Path) -> None:
    import pyam

    folder = comparison_folder([comparison.base, *comparison.variants], tmp_path, ())
    write_comparison(comparison, folder)
    table = pyam.IamDataFrame(folder / "iamc.csv")
    assert set(table.scenario) == {"baseline", "us-opening"}
    assert set(table.region) == set(comparison.places)
    effect = table.filter(variable="Talent|Share Difference|Top 20 Percent|Work|Mean", region="USA", year=2024).data
    assert effect["unit"].tolist() == ["percentage points"]
    assert effect["value"].tolist() == [comparison.effects[0].difference_points[-1, TOP, WORK, USA]]
    shares = table.filter(variable="Talent|Share|Top 20 Percent|Work|Median", scenario="baseline", year=2024).data
    assert len(shares) == len(comparison.places)


def test_hubverse_samples_are_linked_across_scenarios(comparison: Comparison) -> None:
    header, rows = hubverse_rows(comparison, DATA)
    assert header[-3:] == ("output_type", "output_type_id", "value")
    table = [dict(zip(header, row, strict=True)) for row in rows]
    assert {row["output_type"] for row in table} == {"sample"}
    assert {row["output_type_id"] for row in table} == set(range(1, 7))
    assert {row["horizon"] for row in table} == {1, 2}
    last = [row for row in table if (row["target"], row["location"], row["horizon"]) == ("top20 work share", "USA", 2)]
    ours, theirs = ([row["value"] for row in last if row["scenario_id"] == name] for name in ("baseline", "us-opening"))
    effect = 100.0 * (np.array(theirs) - np.array(ours))
    assert effect.mean() == pytest.approx(comparison.effects[0].difference_points[-1, TOP, WORK, USA])
    assert effect.max() == pytest.approx(np.max(effect))
    keys = [(row["scenario_id"], row["location"], row["target"], row["horizon"], row["output_type_id"]) for row in table]
    assert len(set(keys)) == len(keys)


def test_exports_are_refused_before_any_work() -> None:
    with pytest.raises(ExportError, match=r"\.csv or \.parquet"):
        check_export("iamc", Path("table.xlsx"))
    with pytest.raises(ExportError, match="iamc, hubverse"):
        check_export("sdmx", Path("table.csv"))


def test_no_row_of_the_iamc_table_is_empty(comparison: Comparison) -> None:
    header, rows = iamc_rows(comparison)
    assert header == ("model", "scenario", "region", "variable", "unit", "year", "value")
    assert all(math.isfinite(row[-1]) for row in rows)


def test_compare_from_python(tmp_path: Path, by_hand: Runner) -> None:
    sizes = {"draws": 2, "replicates": 2, "researchers": 500, "until": 2024}
    found = sim.compare("baseline", "us-opening", out=tmp_path, assumptions=False, anatomy=False, runner=by_hand, **sizes)
    assert str(found) == found.comparison.answers[0]
    assert found.table().shape[0] == len(found.comparison.headlines)
    effects = found.table("effects")
    assert len(effects) == 15 * len(TIERS) * len(AXES) * len(found.comparison.places)
    assert list(found.to_iamc().columns)[:3] == ["model", "scenario", "region"]
    assert found.to_hubverse()["output_type_id"].max() == 4
    with pytest.raises(ValueError, match="headlines, ranking, crossings, assumptions, effects"):
        found.table("flows")
    with pytest.raises(AttributeError, match="compare"):
        sim.no_such_name  # noqa: B018
