"""Bridges, each with the real package: what goes over is what the simulation says."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import sim
from sim.bridges import arviz, ema, salib
from sim.bridges.points import PointModel, PointsError, response
from sim.calibration.likelihood import log_likelihood
from sim.engines.axes import AXES, TIERS
from sim.runs.outcomes.statistics import shares_of

SIZES = {"draws": 1, "replicates": 1, "researchers": 500, "until": 2030}
KEEP = ("share(study, USA, all, 2030)", "share(study, CHN, all, 2030)")
RANGES = {"us-refusal": (0.0, 0.6), "us-wider-bar": (0.0, 0.5)}


@pytest.fixture(scope="module")
def asked() -> PointModel:
    return response("us-entry-restrictions", RANGES, KEEP, **SIZES)


def test_a_point_is_the_run_of_the_scenario_with_its_values(asked: PointModel) -> None:
    point = dict(zip(RANGES, (0.3, 0.1), strict=True))
    layers = tuple(
        tuple(replace(change, value=point.get(change.id, change.value)) for change in layer)
        for layer in asked.plan.scenario.layers
    )
    made = sim.simulate(replace(asked.plan.scenario, layers=layers), draw=0, researchers=500, until=2030)
    shares = shares_of(made.outcomes.counts[-1, TIERS.index("all"), AXES.index("study")])
    assert asked.at((0.3, 0.1)).tolist() == [shares[made.codes.index("USA")], shares[made.codes.index("CHN")]]


def test_what_cannot_be_varied_is_named() -> None:
    with pytest.raises(PointsError, match=r"did you mean us-refusal\?"):
        response("us-entry-restrictions", {"us-refusals": (0, 1)}, KEEP, **SIZES)
    with pytest.raises(PointsError, match="no range"):
        response("us-entry-restrictions", {"us-refusal": (0.5, 0.1)}, KEEP, **SIZES)


def test_salib_samples_and_analyses(asked: PointModel) -> None:
    pytest.importorskip("SALib")
    from SALib.analyze import morris as analysis
    from SALib.sample import morris as sampler

    problem_of_model = salib.problem_of_model(asked)
    points = sampler.sample(problem_of_model, 2, seed=1)
    values = salib.evaluate_points(points, asked)
    assert values.shape == (len(points), 2)
    found = analysis.analyze(problem_of_model, points, values[:, 0], seed=1)
    assert list(found["names"]) == list(RANGES)
    assert max(found["mu_star"]) > 0.0  # refusing students moves where people study


def test_the_workbench_runs_its_experiments() -> None:
    workbench = pytest.importorskip("ema_workbench")
    sample = getattr(workbench, "Sample", None)  # of 3.0 on, for both
    policy = (sample or workbench.Policy)("p", us_refusal=0.3)
    future = (sample or workbench.Scenario)("s", us_wider_bar=0.1)
    outcomes = {"usa": KEEP[0], "chn": KEEP[1]}
    levers, uncertain = {"us-refusal": RANGES["us-refusal"]}, {"us-wider-bar": RANGES["us-wider-bar"]}
    made = ema.model("us-entry-restrictions", levers, uncertain, outcomes, **SIZES)
    assert [each.name for each in made.levers] == ["us_refusal"]
    experiments, found = workbench.perform_experiments(made, scenarios=[future], policies=[policy])
    again = response("us-entry-restrictions", RANGES, KEEP, **SIZES).at((0.3, 0.1))
    assert len(experiments) == 1
    assert [found["usa"][0], found["chn"][0]] == again.tolist()
    assert pickle.loads(pickle.dumps(made.function)).names == ("us_refusal", "us_wider_bar")


def test_arviz_reads_the_tree() -> None:
    stats = pytest.importorskip("arviz_stats")
    made = arviz.tree(draws=4)
    assert set(made.children) == {"prior", "log_likelihood", "prior_predictive", "observed_data"}
    table = stats.summary(made, group="prior", kind="stats")
    draws = [each.parameters for each in arviz.first_draws(arviz.load_basis(), 4)]
    assert set(table.index) == set(draws[0])
    name = next(iter(draws[0]))
    assert float(made["prior"][name].mean()) == pytest.approx(np.mean([each[name] for each in draws]))
    record = arviz.load_evidence(arviz.load_basis().data)
    total = sum(family.sum(family.dims[-1]) for family in made["log_likelihood"].data_vars.values())
    values = made["prior_predictive"]["value"].to_numpy()[0]
    np.testing.assert_allclose(total.to_numpy()[0], log_likelihood(record, values))


def test_the_prior_has_no_weights() -> None:
    pytest.importorskip("xarray")
    with pytest.raises(ValueError, match=r"arviz.tree\(draws\)"):
        arviz.ensemble_tree("prior")


def test_arviz_reads_the_ensemble_that_runs_use() -> None:
    stats = pytest.importorskip("arviz_stats")
    made, known = arviz.ensemble_tree(), arviz.find_ensemble(None)
    assert set(made.children) == {"posterior", "sample_stats"}
    table = stats.summary(made, group="posterior", kind="stats")
    assert set(table.index) == set(known.names)
    assert set(made["sample_stats"].data_vars) == set(known.columns)
    for name, column in known.columns.items():
        assert made["sample_stats"][name].to_numpy()[0].tolist() == column.tolist(), name
    for k, name in enumerate(known.names):
        assert made["posterior"][name].to_numpy()[0].tolist() == known.parameters[:, k].tolist()
