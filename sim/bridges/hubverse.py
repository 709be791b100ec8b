"""Hubverse: a comparison as a modelling hub, with its tasks, the model's metadata and its output in their places."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

import sim
from sim.api.comparing import Compared
from sim.bridges.schema import DIALECT
from sim.comparisons.exports import HUB_ORIGIN, hubverse_rows
from sim.runs.atomic import FolderError, building
from sim.scenarios.load import load_basis

HUB_SCHEMAS: Final = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v6.0.0"
ABBREVIATION: Final = r"^[a-zA-Z0-9_+]{1,16}$"
HUB_LICENCES: Final = ("CC0-1.0", "CC-BY-4.0", "CC-BY_SA-4.0", "PPDL", "ODC-by", "ODbL", "OGL-3.0")
"""Licences of model output, as hubs spell them."""
HUB_ROUND: Final = f"{HUB_ORIGIN}-12-31"
HUB_OUTPUT: Final = pa.schema(
    [
        ("origin_date", pa.date32()),
        ("scenario_id", pa.string()),
        ("location", pa.string()),
        ("target", pa.string()),
        ("horizon", pa.int32()),
        ("output_type", pa.string()),
        ("output_type_id", pa.int32()),
        ("value", pa.float64()),
    ]
)
HUB_TASK_IDS: Final = ("scenario_id", "location", "target", "horizon")
HUB_UNITS: Final = {"share": "share of the tier, 0 to 1", "people": "people"}
HUB_RANGES: Final[Mapping[str, Mapping[str, float]]] = {"share": {"minimum": 0, "maximum": 1}, "people": {"minimum": 0}}
HUB_METHODS: Final = (
    "Agent-based simulation of where AI researchers come from, study and work; a sample is one draw and replicate."
)
HUB_REQUIRED: Final = (
    "team_name", "team_abbr", "model_name", "model_abbr", "model_version", "model_contributors", "license", "model_details",
)  # fmt: skip

HubDocument = dict[str, Any]


class HubError(ValueError):
    """What is said of a hub cannot be; says what can."""


@dataclass(frozen=True)
class Hub:
    """What a hub says of itself and of who submits; the simulation knows none of it.

    Parameters
    ----------
    team
        Abbreviation of the team: up to 16 letters, digits, ``_`` and ``+``.
    owner, repository
        Where the hub is or will be kept on GitHub.
    licence
        Of the output, one of `HUB_LICENCES`.
    model
        Abbreviation of the model, as that of the team.
    contributors
        Names of people; nobody is named if there are none.

    Raises
    ------
    HubError
        With everything that is not so.
    """

    team: str
    owner: str
    repository: str
    licence: str
    model: str = "talentsim"
    contributors: Sequence[str] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        """Check the abbreviations, the place and the licence."""
        short = {"team": self.team, "model": self.model}
        problems = [
            f"{name} {value!r}: allowed are up to 16 letters, digits, _ and +"
            for name, value in short.items()
            if not re.match(ABBREVIATION, value)
        ]
        problems += [f"{name} is empty" for name in ("owner", "repository") if not getattr(self, name)]
        if self.licence not in HUB_LICENCES:
            problems.append(f"licence {self.licence!r}: hubs know {', '.join(HUB_LICENCES)}")
        if problems:
            raise HubError("\n".join(problems))

    @property
    def model_id(self) -> str:
        """Team and model, as files and folders are named."""
        return f"{self.team}-{self.model}"


def write_hub(compared: Compared, to: str | Path, hub: Hub) -> Path:
    """Write a comparison as a hub of its own: the configuration, the model's metadata and its output as linked samples.

    Parameters
    ----------
    compared
        Of `sim.compare`.
    to
        Folder to make; it must not be there.
    hub
        Who submits, where and under which licence.

    Returns
    -------
    The folder: ``hub-config/`` (schemas of version 6.0.0), ``model-metadata/TEAM-MODEL.yml`` and
    ``model-output/TEAM-MODEL/2022-12-31-TEAM-MODEL.parquet``.

    Raises
    ------
    sim.runs.atomic.FolderError
        If the folder is there already or cannot be written.
    sim.comparisons.exports.ExportError
        If no sample has one number in all scenarios, or the runs end before there is a horizon.
    """
    place = Path(to)
    if place.exists():
        raise FolderError(place, "is there already; name a folder that is not, as nothing is overwritten")
    table = output_table(compared)
    with building(place) as partial:
        for folder in ("hub-config", "model-metadata", f"model-output/{hub.model_id}"):
            (partial / folder).mkdir(parents=True)
        for name, document in (
            ("admin", hub_admin(hub)),
            ("tasks", hub_tasks(table)),
            ("model-metadata-schema", metadata_schema()),
        ):
            text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
            (partial / "hub-config" / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")
        yaml = as_yaml(hub_metadata(hub))
        (partial / "model-metadata" / f"{hub.model_id}.yml").write_text(yaml, encoding="utf-8", newline="\n")
        pq.write_table(table, partial / "model-output" / hub.model_id / f"{HUB_ROUND}-{hub.model_id}.parquet", compression="zstd")
    return place


def output_table(compared: Compared) -> pa.Table:
    """Lay the paired runs out as model output, each column in the type that the tasks give it."""
    header, rows = hubverse_rows(compared.comparison, load_basis().data)
    columns = dict(zip(header, map(pa.array, zip(*rows, strict=True)), strict=True))
    columns["origin_date"] = columns["origin_date"].cast(pa.date32())
    return pa.table({name: columns[name] for name in HUB_OUTPUT.names}).cast(HUB_OUTPUT)


def hub_admin(hub: Hub) -> HubDocument:
    """Make ``admin.json``: whose hub it is and which files it takes; nobody to write to is made up."""
    return {
        "schema_version": f"{HUB_SCHEMAS}/admin-schema.json",
        "name": hub.repository,
        "maintainer": hub.team,
        "contact": {},
        "repository": {"host": "github", "owner": hub.owner, "name": hub.repository},
        "file_format": ["parquet", "csv"],
        "timezone": "Atlantic/Reykjavik",  # universal time; hubs do not know it by that name
    }


def hub_tasks(table: pa.Table) -> HubDocument:
    """Make ``tasks.json`` of the output that there is: one round, a task for shares and one for people.

    Parameters
    ----------
    table : as `output_table` makes it.
    """
    round_of_origin = {
        "round_id_from_variable": True,
        "round_id": "origin_date",
        "model_tasks": [hub_task(table, quantity) for quantity in HUB_UNITS],
        "submissions_due": {"start": HUB_ROUND, "end": f"{HUB_ORIGIN + 1}-12-31"},
    }
    return {
        "schema_version": f"{HUB_SCHEMAS}/tasks-schema.json",
        "rounds": [round_of_origin],
        "output_type_id_datatype": "integer",
    }


def hub_task(table: pa.Table, quantity: str) -> HubDocument:
    """Describe what is asked for of shares or of people: every scenario, place, target and horizon that the output has."""
    asked = {
        name: [value for value in table[name].unique().to_pylist() if is_of_task(name, value, quantity)] for name in HUB_TASK_IDS
    }
    samples = len(table["output_type_id"].unique())
    numbering = {"type": "integer", "min_samples_per_task": samples, "max_samples_per_task": samples}
    return {
        "task_ids": {
            "origin_date": {"required": [HUB_ROUND], "optional": None},
            **{name: {"required": None, "optional": values} for name, values in asked.items()},
        },
        "output_type": {
            "sample": {
                "output_type_id_params": numbering | {"compound_taskid_set": ["origin_date"]},
                "value": {"type": "double", **HUB_RANGES[quantity]},
                "is_required": True,
            }
        },
        "target_metadata": [hub_target(name) for name in asked["target"]],
    }


def is_of_task(column: str, value: object, quantity: str) -> bool:
    """Tell whether a value of a column belongs to the task of shares or of people; targets alone are of one of them."""
    return column != "target" or str(value).endswith(quantity)


def hub_target(name: str) -> HubDocument:
    """Describe a target, as ``top20 work share``; hubs count steps in days, weeks or months, so that years are none."""
    tier, axis, quantity = name.split()
    return {
        "target_id": name,
        "target_name": name,
        "target_units": HUB_UNITS[quantity],
        "target_keys": {"target": name},
        "description": f"Researchers of the tier {tier} by region of {axis}; a horizon is a year after {HUB_ROUND}.",
        "target_type": "continuous",
        "is_step_ahead": False,
    }


def hub_metadata(hub: Hub) -> HubDocument:
    """Describe the model as hubs do."""
    return {
        "team_name": hub.team,
        "team_abbr": hub.team,
        "model_name": "talentsim",
        "model_abbr": hub.model,
        "model_version": sim.__version__,
        "model_contributors": [{"name": name} for name in hub.contributors],
        "license": hub.licence,
        "model_details": {
            "data_inputs": f"The packaged data of talentsim, version {load_basis().data.version}",
            "methods": HUB_METHODS,
        },
    }


def metadata_schema() -> HubDocument:
    """Make the schema that a hub keeps of its models' metadata."""
    text: HubDocument = {"type": "string"}
    person = {"type": "object", "properties": {"name": text}, "required": ["name"]}
    own: HubDocument = {
        "team_abbr": text | {"pattern": ABBREVIATION},
        "model_abbr": text | {"pattern": ABBREVIATION},
        "model_contributors": {"type": "array", "items": person},
        "license": text | {"enum": list(HUB_LICENCES)},
        "model_details": {"type": "object", "properties": {"data_inputs": text, "methods": text | {"maxLength": 200}}},
    }
    return {
        "$schema": DIALECT,
        "title": "Metadata of a model",
        "type": "object",
        "properties": {name: own.get(name, text) for name in HUB_REQUIRED},
        "required": list(HUB_REQUIRED),
    }


def as_yaml(document: HubDocument) -> str:
    """Write a document as YAML, a key a line; JSON is YAML, so that every value is written as JSON."""
    return "".join(f"{name}: {json.dumps(value, ensure_ascii=False)}\n" for name, value in document.items())
