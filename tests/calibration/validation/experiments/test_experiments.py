"""Declared experiments: each has a source and two sides; no year after 2022; the page and the prompt name the misses."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from sim.calibration.evidence import load_evidence
from sim.calibration.validation.experiments.declared import EXPERIMENTS, Altered, Figure, load_experiments
from sim.calibration.validation.experiments.fits import Experimented, FigureFit, experiments_record, fit_figure
from sim.calibration.validation.experiments.simulate import experiments_key, scenarios_of, values_of_draw
from sim.calibration.validation.experiments.walks import walk_side
from sim.cli.record.validate import experiment_lines
from sim.data.declared import LAST_OUTCOME
from sim.scenarios.scenario import scenario_effect
from tests.support.packaged import BASIS, DATA, reference_draw

RECORD = load_evidence(DATA)
DECLARED = load_experiments(RECORD)
BY_ID = {figure.id: figure for figure in DECLARED.figures}


def test_every_figure_and_every_refusal_has_a_source_and_says_why() -> None:
    for each in (*DECLARED.figures, *DECLARED.unsaid):
        assert each.source, each.label
        assert set(each.source) <= set(DATA.sources), each.label
    assert all(figure.interval for figure in DECLARED.figures)
    assert all(each.reason for each in DECLARED.unsaid)


def test_every_experiment_has_figures_and_two_different_sides() -> None:
    assert {figure.experiment for figure in DECLARED.figures} == {each.id for each in DECLARED.experiments}
    for name, (treated, control) in scenarios_of(DECLARED, BASIS.baseline).items():
        assert scenario_effect(treated) != scenario_effect(control), name


def test_no_outcome_is_later_than_the_last_that_may_be_used() -> None:
    assert max(each.until for each in DECLARED.experiments) <= LAST_OUTCOME


def test_a_figure_that_weighs_is_a_row_of_the_evidence() -> None:
    assert {figure.id for figure in DECLARED.figures if figure.use == "fit"} == {"tension-entry", "tension-deflected"}
    row = next(row for row in RECORD.rows if row.id == "FLYNN-ENTRY")
    assert BY_ID["tension-entry"].published == row.value
    assert BY_ID["tension-entry"].high == pytest.approx(row.value + 1.645 * row.error)


def test_an_untouched_side_is_the_baseline_and_a_switch_lies_over_it() -> None:
    assert Altered().scenario(BASIS.baseline) == BASIS.baseline
    dropped = Altered(drop=("pp10043",)).scenario(BASIS.baseline)
    assert len(dropped.levers) == len(BASIS.baseline.levers) - 1
    with pytest.raises(ValueError, match="no-such-lever"):
        Altered(drop=("no-such-lever",)).scenario(BASIS.baseline)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('reading = "hires_abroad"', 'reading = "hired"', "refusal-abroad: reading 'hired'; allowed: entry_lost"),
        ('experiment = "pp10043"', 'experiment = "pp"', "pp10043-entry: experiment 'pp'; allowed: tensions"),
        ("years = [2021, 2022]", "years = [2021, 2023]", "pp10043-entry: a year lies after 2022"),
        ('row = "FLYNN-STAY"', 'row = "FLYNN"', "tension-stay: row 'FLYNN' is not in the evidence"),
    ],
)
def test_a_wrong_declaration_is_named(tmp_path: Path, before: str, after: str, said: str) -> None:
    text = EXPERIMENTS.read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "experiments.toml").write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ValueError, match=said):
        load_experiments(RECORD, tmp_path / "experiments.toml")


def test_words_of_the_file_do_not_name_kept_values_and_years_do() -> None:
    sides = scenarios_of(DECLARED, BASIS.baseline)
    name = experiments_key(DECLARED, sides)
    reworded = replace(DECLARED, figures=tuple(replace(each, note="other words") for each in DECLARED.figures))
    assert experiments_key(reworded, sides) == name
    longer = replace(DECLARED, experiments=tuple(replace(each, until=each.until - 1) for each in DECLARED.experiments))
    assert experiments_key(longer, sides) != name


def fit_of(name: str, low: float, median: float, high: float) -> FigureFit:
    return FigureFit(BY_ID[name], low, median, high)


def test_inside_is_the_published_figure_in_the_band_of_the_draws() -> None:
    figure: Figure = BY_ID["lottery-enrolment"]
    assert fit_figure(figure, np.linspace(0.0, 0.2, 21)).inside
    assert fit_figure(figure, np.linspace(0.0, 0.2, 21)).median == pytest.approx(0.1)
    missed = fit_of("lottery-enrolment", 0.01, 0.02, 0.06)
    assert (missed.inside, missed.meets) == (False, True)
    assert not fit_of("lottery-enrolment", 0.01, 0.02, 0.04).meets
    assert fit_of("pp10043-entry", 0.0, 0.19, 0.4).inside, "at most: the median keeps the bound"
    assert not fit_of("pp10043-entry", 0.0, 0.21, 0.4).inside
    assert not fit_of("thousand-talents-rank", -0.1, 0.01, 0.2).inside


def test_page_and_prompt_name_the_misses_and_what_cannot_be_said(script: Callable[[str], ModuleType]) -> None:
    fits = tuple(FigureFit(each, each.published - 0.1, each.published, each.published + 0.1) for each in DECLARED.figures)
    fits = (*fits[:-1], fit_of("thousand-talents-rank", -0.2, -0.1, 0.0))
    found = Experimented("toy", 25, fits, DECLARED)
    page = "\n".join(script("write_validation").experiments_part(experiments_record(found)))
    assert f"Missed, 1 of {len(fits)}: China's return programmes, from 2011: returnees below" in page
    assert all(each.reason in page for each in DECLARED.unsaid)
    lines = experiment_lines(found)
    assert any(line.startswith("Missed: thousand-talents-rank.") for line in lines)
    assert max(len(line) for line in lines if not line.startswith("Missed")) <= 100


@pytest.mark.slow
def test_a_draw_has_effects_of_the_published_signs_and_the_same_side_twice_has_none() -> None:
    draw = reference_draw()
    same = [walk_side(DATA, draw, BASIS.baseline, 2003) for _ in range(2)]
    assert all(np.array_equal(one, other) for one, other in zip(same[0][1:], same[1][1:], strict=True))
    values = dict(zip(BY_ID, values_of_draw(BASIS, DECLARED, scenarios_of(DECLARED, BASIS.baseline), draw), strict=True))
    assert all(np.isfinite(list(values.values())))
    signed = [name for name, figure in BY_ID.items() if figure.published > 0.0]
    assert {name: values[name] for name in signed if not values[name] > 0.0} == {}
