"""Groups of regions: for everybody and a user's own, in levers, measures, sweeps and comparisons; they decide no number."""

from pathlib import Path

import numpy as np
import pytest

from sim.comparisons.effects import compare_runs
from sim.comparisons.exports import iamc_rows
from sim.data.load import load_data
from sim.engines.axes import AXES, TIERS
from sim.runs.folder import run_id
from sim.runs.formulas.measures import MeasureError, parse_measure, values_of
from sim.runs.outcomes.statistics import shares_of
from sim.runs.plan import RunPlan
from sim.scenarios.groups import GROUPS, REFUSED
from sim.scenarios.load import load_basis, load_scenario, resolved_toml
from sim.scenarios.scenario import scenario_effect
from sim.sweeps.design.file import read_design
from sim.sweeps.keys import scenario_keys
from tests.support.comparisons import DATA, run_of
from tests.support.made_up import made_up
from tests.support.packaged import plan_of

CODES = load_data().codes
MEMBERS_OF_THE_EU = frozenset(
    [
        "AUT",
        "BEL",
        "BGR",
        "HRV",
        "CYP",
        "CZE",
        "DNK",
        "EST",
        "FIN",
        "FRA",
        "DEU",
        "GRC",
        "HUN",
        "IRL",
        "ITA",
        "LVA",
        "LTU",
        "LUX",
        "MLT",
        "NLD",
        "POL",
        "PRT",
        "ROU",
        "SVK",
        "SVN",
        "ESP",
        "SWE",
    ]
)
OWN = """
title = "Own groups"
extends = "baseline"

[[lever]]
name = "entry_bar"
origin = ["CHN"]
destination = ["BIG"]
from = 2027
change = "add"
value = 0.1
evidence = "assumption"

[groups]
BIG = ["DEU", "FRA", "GBR"]
REST = ["EU", "-DEU"]
"""


def scenario_of(tmp_path: Path, text: str = OWN, name: str = "own") -> Path:
    path = tmp_path / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_group_of_ones_own_stands_where_a_region_does(tmp_path: Path) -> None:
    scenario = load_scenario(str(scenario_of(tmp_path)))
    assert scenario.groups == {"BIG": ("GBR", "DEU", "FRA"), "REST": ("FRA", "CHE", "NLD", "REU")}
    (lever,) = (change for change in scenario.levers if change.id in scenario.own_ids)
    assert [CODES[region] for region in lever.destinations] == ["GBR", "DEU", "FRA"]


def test_groups_are_observation_and_stay_out_of_run_ids(tmp_path: Path) -> None:
    one, other = (load_scenario(str(scenario_of(tmp_path, text))) for text in (OWN, OWN.replace('REST = ["EU", "-DEU"]', "")))
    assert one.groups != other.groups
    assert scenario_effect(one) == scenario_effect(other)
    assert resolved_toml(one, CODES) == resolved_toml(other, CODES)
    assert run_id(RunPlan(one, load_basis())) == run_id(RunPlan(other, load_basis()))


def test_the_27_are_refused_with_the_regions_that_hold_others() -> None:
    countries = load_data().countries
    inside = {region for country, region in countries.items() if country in MEMBERS_OF_THE_EU}
    mixed = {region for country, region in countries.items() if region in inside and country not in MEMBERS_OF_THE_EU}
    assert {"REU"} <= mixed
    assert all(code in REFUSED["EU27"] for code in mixed & set(GROUPS["EUROPE"]) - {"FRA", "NLD"})
    with pytest.raises(MeasureError, match=r"REU .* holds countries that are no members"):
        parse_measure("share(work, EU27, top20, 2035)", CODES, 2035)
    with pytest.raises(MeasureError, match="is no sum of its regions"):
        parse_measure("indicator(stay_rate, EUROPE, 2030)", CODES, 2035)


def test_the_share_of_a_group_is_the_sum_of_its_members_in_each_run() -> None:
    plan = plan_of(load_scenario("baseline"), draws=1, replicates=1, researchers=500, until=2024)
    outcomes = made_up(plan, 0, 0)
    texts = ["share(work, EUROPE, top20, 2024)", *(f"share(work, {code}, top20, 2024)" for code in GROUPS["EUROPE"])]
    whole, *parts = values_of([parse_measure(text, CODES, 2024) for text in texts], outcomes, CODES)
    assert whole == pytest.approx(sum(parts))
    assert str(parse_measure("share(work, EU, top20, 2024)", CODES, 2024)) == texts[0]


def test_a_sweep_keeps_groups_and_knows_them_by_their_members(tmp_path: Path) -> None:
    scenario_of(tmp_path)
    text = 'scenarios = ["own"]\ndraws = 1\nreplicates = 1\nkeep = ["share(work, BIG, top20, 2035)"]\n'
    one = read_design(str(scenario_of(tmp_path, text, "design")))
    assert one.keep[0].members == ("GBR", "DEU", "FRA")
    scenario_of(
        tmp_path, OWN.replace('BIG = ["DEU", "FRA", "GBR"]', 'BIG = ["DEU", "FRA"]').replace('["BIG"]', '["DEU", "FRA", "GBR"]')
    )
    other = read_design(str(scenario_of(tmp_path, text, "design")))
    assert scenario_effect(one.scenarios[0]) == scenario_effect(other.scenarios[0])
    assert scenario_keys(one) != scenario_keys(other)
    with_own = text + '\n[groups]\nASIA = ["JPN", "KOR"]\n'
    design = read_design(str(scenario_of(tmp_path, with_own.replace("BIG", "ASIA"), "design")))
    assert design.keep[0].members == ("KOR", "JPN")


def test_a_comparison_tells_groups_beside_regions(tmp_path: Path) -> None:
    base, variant = run_of("baseline", tmp_path), run_of("us-opening", tmp_path, seed=2)
    groups = {**GROUPS, "PAIR": ("DEU", "FRA")}
    found = compare_runs(base, [variant], DATA, groups)
    assert found.places == (*CODES, *groups)
    shares = [shares_of(run.counts[:, -1, TIERS.index("top20"), AXES.index("work")]) for run in (base, variant)]
    members = [CODES.index("DEU"), CODES.index("FRA")]
    by_run = 100.0 * (shares[1] - shares[0])[:, members].sum(axis=1)
    cell = -1, TIERS.index("top20"), AXES.index("work"), found.places.index("PAIR")
    assert found.effects[0].difference_points[cell] == pytest.approx(by_run.mean())
    assert found.effects[0].p05_points[cell] == pytest.approx(np.quantile(by_run, 0.05))
    told = {row.region for row in found.headlines}
    assert {"EUROPE", "PAIR"} <= told
    assert not {"ANGLOPHONE", "ASIA_PACIFIC"} & told
    assert {row[2] for row in iamc_rows(found)[1]} == set(found.places)
