"""A comparison as a modelling hub: right by the published schemas, and what `hubdata` reads is what the runs say."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow.compute as pc
import pytest
import yaml

import sim
from sim.bridges.hubverse import Hub, HubError, write_hub
from sim.comparisons.effects import compare_runs
from sim.comparisons.pairing import labels
from sim.engines.axes import AXES, TIERS
from sim.runs.atomic import FolderError
from sim.runs.folder import write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan
from sim.scenarios.load import load_scenario

PUBLISHED = Path(__file__).parent / "hubverse"
HUB = Hub(team="readers", owner="a-reader", repository="a-hub", licence="CC-BY-4.0", contributors=("A Reader",))
Make = Callable[[RunPlan], Iterator[Outcomes]]


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory, plan: RunPlan, outcomes_of: Make) -> sim.Compared:
    place = tmp_path_factory.mktemp("runs")
    plans = plan, replace(plan, scenario=load_scenario("us-opening"))
    base, variant = (write_run(each, outcomes_of(each), place) for each in plans)
    return sim.Compared(compare_runs(base, [variant], plan.basis.data), place)


def problems(schema: Path, document: Any) -> list[str]:
    """What a schema finds wrong, formats of dates and addresses too."""
    known = json.loads(schema.read_text(encoding="utf-8"))
    kind = jsonschema.Draft202012Validator
    return [error.message for error in kind(known, format_checker=kind.FORMAT_CHECKER).iter_errors(document)]


def test_the_hub_is_right_by_the_published_schemas(compared: sim.Compared, tmp_path: Path) -> None:
    made = write_hub(compared, tmp_path / "hub", HUB)
    for name in ("admin", "tasks"):
        document = json.loads((made / "hub-config" / f"{name}.json").read_text(encoding="utf-8"))
        assert problems(PUBLISHED / f"{name}-schema.json", document) == []
        document.pop("schema_version")
        assert problems(PUBLISHED / f"{name}-schema.json", document) != []
    (described,) = (made / "model-metadata").iterdir()
    assert described.name == "readers-talentsim.yml"
    document = yaml.safe_load(described.read_text(encoding="utf-8"))
    own = made / "hub-config" / "model-metadata-schema.json"
    for schema in (PUBLISHED / "model-metadata-schema.json", own):
        assert problems(schema, document) == []
        assert problems(schema, document | {"license": "mine"}) != []
    assert document["model_contributors"] == [{"name": "A Reader"}]
    (output,) = (path for path in (made / "model-output").rglob("*") if path.is_file())
    assert output.relative_to(made / "model-output").as_posix() == "readers-talentsim/2022-12-31-readers-talentsim.parquet"


def test_hubdata_reads_what_the_runs_say(compared: sim.Compared, tmp_path: Path) -> None:
    hubdata = pytest.importorskip("hubdata", reason="hubdata is not installed: the group `test` has it")
    hub = hubdata.connect_hub(write_hub(compared, tmp_path / "hub", HUB))
    assert hub.model_metadata_schema["required"]
    table = hub.to_table()
    assert table.schema.names == hub.schema.names
    assert table["model_id"].unique().to_pylist() == ["readers-talentsim"]
    asked = (pc.field("target") == "top20 work share") & (pc.field("location") == "USA") & (pc.field("horizon") == 2)
    told = hub.to_table(filter=asked).to_pandas().pivot_table(index="output_type_id", columns="scenario_id", values="value")
    base, variant = labels(compared.comparison.base, compared.comparison.variants)
    assert len(told) == compared.comparison.base.draws * compared.comparison.base.replicates
    for name, run in zip((base, variant), (compared.comparison.base, *compared.comparison.variants), strict=True):
        counts = run.counts[:, -1, TIERS.index("top20"), AXES.index("work")]
        assert told[name].to_numpy() == pytest.approx(counts[:, run.codes.index("USA")] / counts.sum(axis=1))


def test_the_tasks_ask_for_what_the_output_has(compared: sim.Compared, tmp_path: Path) -> None:
    made = write_hub(compared, tmp_path / "hub", HUB)
    tasks = json.loads((made / "hub-config" / "tasks.json").read_text(encoding="utf-8"))["rounds"][0]["model_tasks"]
    table = compared.to_hubverse()
    for name in ("scenario_id", "location", "target", "horizon"):
        asked = {value for each in tasks for value in each["task_ids"][name]["optional"]}
        assert asked == set(table[name])
    for each in tasks:
        rows = table[table.target.isin(each["task_ids"]["target"]["optional"])]
        sample = each["output_type"]["sample"]
        assert rows.value.between(sample["value"]["minimum"], sample["value"].get("maximum", float("inf"))).all()
        assert set(rows.output_type_id) == set(range(1, sample["output_type_id_params"]["max_samples_per_task"] + 1))


def test_what_cannot_be_is_refused(compared: sim.Compared, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there already"):
        write_hub(compared, tmp_path, HUB)
    with pytest.raises(HubError, match=r"(?s)team 'a-b'.*owner is empty.*licence 'mine': hubs know CC0-1\.0"):
        Hub(team="a-b", owner="", repository="hub", licence="mine")
