"""RO-Crate: the folder of a run with a description that archives and workflow tools read, as a Process Run Crate."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sim.data.package import KEPT_FOLDER
from sim.runs.atomic import FolderError, building
from sim.runs.folder import Run

METADATA: Final = "ro-crate-metadata.json"
CRATE: Final = "https://w3id.org/ro/crate/1.1"
PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"
INPUTS: Final = ("scenario.toml",)
CRATE_SETTINGS: Final = ("draws", "replicates", "researchers", "seed", "until", "engine", "people_per_researcher")
MEDIA: Final = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
}
"""Media types by the end of a file's name."""

CONTENTS: Final = {
    "scenario.toml": "The scenario with every lever in force",
    "provenance.json": "Where the numbers come from: command, versions, data, draws",
    "shares.csv": "Shares of regions by year, tier and axis, with their bands",
    "outcomes.parquet": "Simulated researchers by region, year, tier and axis of every draw and replicate",
    "flows.parquet": "Moves between regions in a year, of every draw and replicate",
    "careers.parquet": "Origin by place of study and of work, of every draw and replicate",
    "indicators.csv": "Indicators with their units and definitions",
    "variants.csv": "Shares at the reference point under the scenario's variants",
}

Entity = dict[str, Any]


def write_crate(run: Run, to: Path, licence: str = "", author: str = "") -> Path:
    """Copy a run's folder to a new place and describe it there as a Process Run Crate (RO-Crate 1.1).

    Parameters
    ----------
    run
        The run.
    to
        Folder to make; it must not be there.
    licence
        Address of the licence of the results; the crate says that none was stated if "".
    author
        Who made the run, a person's name; nobody is named if "".

    Returns
    -------
    The folder, with ``ro-crate-metadata.json`` and every file of the run.

    Raises
    ------
    sim.runs.atomic.FolderError
        If the folder is there already or cannot be written.
    """
    if to.exists():
        raise FolderError(to, "is there already; name a folder that is not, as nothing is overwritten")
    check_ordinary_folder(run.folder)
    with building(to) as partial:
        shutil.copytree(run.folder, partial, dirs_exist_ok=True)
        text = json.dumps(crate_of(run, licence, author), indent=2, ensure_ascii=False) + "\n"
        (partial / METADATA).write_text(text, encoding="utf-8", newline="\n")
    return to


def check_ordinary_folder(folder: Path) -> None:
    """Check that a folder holds files and folders alone: what a link leads to is not for an archive; FolderError if not."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise FolderError(folder, f"{path.relative_to(folder)} is a link or no ordinary file; a crate takes none: remove it")


def crate_of(run: Run, licence: str, author: str) -> Entity:
    """Describe a run: the folder, its files, the software, and the one action that made the results of the scenario."""
    files = [file_entity(run.folder, path) for path in sorted(run.folder.rglob("*")) if path.is_file()]
    programs = software(run.provenance["versions"])
    settings = [setting(name, run.provenance[name]) for name in CRATE_SETTINGS] + [setting("ensemble", run.ensemble["name"])]
    terms: Entity = {"@id": licence or "#licence", "@type": "CreativeWork", "name": licence or "No licence was stated"}
    people: list[Entity] = [{"@id": "#author", "@type": "Person", "name": author}] if author else []
    action = {
        "@id": f"#run-{run.run_id}",
        "@type": "CreateAction",
        "name": f"Run {run.run_id} of the scenario {run.name}",
        "description": run.provenance["command"] or f"talentsim run {run.name}",
        "startTime": run.provenance["started"],
        "endTime": run.provenance["ended"],
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "instrument": reference_to(programs[0]),
        "object": [reference_to(each) for each in files if is_input(each["@id"])] + [reference_to(each) for each in settings],
        "result": [reference_to(each) for each in files if not is_input(each["@id"])],
    }
    profile = {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": PROFILE.rpartition("/")[2]}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": run.title,
        "description": run.provenance["scenario"]["question"] or run.title,
        "identifier": run.run_id,
        "datePublished": run.provenance["ended"],
        "license": reference_to(terms),
        "conformsTo": reference_to(profile),
        "hasPart": [reference_to(each) for each in files],
        "mentions": reference_to(action),
    }
    if people:
        action["agent"] = reference_to(people[0])
        root["author"] = reference_to(people[0])
    descriptor = {"@id": METADATA, "@type": "CreativeWork", "conformsTo": {"@id": CRATE}, "about": reference_to(root)}
    graph = [descriptor, root, profile, terms, *people, action, *programs, *settings, *files]
    return {"@context": f"{CRATE}/context", "@graph": graph}


def is_input(name: str) -> bool:
    """Tell whether a file was there before the run: its scenario, and tables of one's own."""
    return name in INPUTS or name.startswith(f"{KEPT_FOLDER}/")


def reference_to(entity: Entity) -> Entity:
    """Point to an entity."""
    return {"@id": entity["@id"]}


def file_entity(folder: Path, path: Path) -> Entity:
    """Describe a file: its place in the folder, what it holds, its kind and its size in bytes."""
    name = path.relative_to(folder).as_posix()
    kind = MEDIA.get(path.suffix, "application/octet-stream")
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "description": described_as(name),
        "encodingFormat": kind,
        "contentSize": str(path.stat().st_size),
    }


def described_as(name: str) -> str:
    """Say what a file of a run's folder holds."""
    other = "A file of the data that the run was made with" if is_input(name) else "A figure or a page, or the table of one"
    return CONTENTS.get(name, other)


def setting(name: str, value: object) -> Entity:
    """Describe a number or a word that a run was asked for."""
    return {"@id": f"#{name}", "@type": "PropertyValue", "name": name, "value": value}


def software(versions: Mapping[str, str]) -> list[Entity]:
    """Describe the project and, as what it needs, Python and the libraries that compute."""
    needed = [program(name, version) | published(name, version) for name, version in versions.items() if name != "talentsim"]
    ours = program("talentsim", versions["talentsim"]) | {"softwareRequirements": [reference_to(each) for each in needed]}
    return [ours, *needed]


def program(name: str, version: str) -> Entity:
    """Describe a piece of software by name and version."""
    return {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}


def published(name: str, version: str) -> Entity:
    """Give the address of a version of Python or of one of its libraries; the project has none that could be named."""
    place = f"https://www.python.org/downloads/release/python-{version.replace('.', '')}/"
    address = place if name == "python" else f"https://pypi.org/project/{name}/{version}/"
    return {"@id": address, "url": address}
