"""A run as an RO-Crate: every file described, one action, and what the real validator says in an environment of its own."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sim
from sim.bridges.crate import METADATA, write_crate
from sim.runs.atomic import FolderError
from sim.runs.folder import read_run

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("TALENTSIM_ROCRATE", ROOT / ".venv-rocrate" / "bin" / "python"))
CONTEXT = Path(__file__).parent / "contexts" / "ro-crate-1.1.jsonld"
PROGRAM = """
import io, subprocess, sys
from pathlib import Path
from requests.adapters import BaseAdapter, HTTPAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse

class Stored(BaseAdapter):  # answers with the context that lies beside the test
    def send(self, request, **_):
        body = io.BytesIO(Path(context).read_bytes())
        found = HTTPResponse(body=body, status=200, headers={"Content-Type": "application/ld+json"}, preload_content=False)
        return HTTPAdapter().build_response(request, found)
    def close(self):
        pass

context, cache, crate = sys.argv[1:]
session = CachedSession(cache_name=cache, backend="sqlite", expire_after=-1)
session.mount("https://w3id.org", Stored())
session.get("https://w3id.org/ro/crate/1.1/context")
words = ["--offline", "--cache-path", cache, "-p", "process-run-crate", "--no-paging", "-f", "json", "-l", "recommended"]
program = str(Path(sys.executable).with_name("rocrate-validator"))
done = subprocess.run([program, "-y", "validate", *words, crate], capture_output=True, text=True)
sys.stdout.write(done.stdout)
sys.stderr.write(done.stderr)
"""
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = sim.run("baseline", out=str(tmp_path_factory.mktemp("results")), draws=1, replicates=2, researchers=500, until=2024)
    return read_run(made.folder)


def validated(crate: Path, place: Path) -> list[dict[str, Any]]:
    """What the validator finds: issues, each with its severity."""
    words = [PYTHON, "-c", PROGRAM, CONTEXT, place / "cache", crate]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    except ValueError as error:
        raise AssertionError(f"{done.stdout}\n{done.stderr}") from error
    assert "passed" in found, found
    issues: list[dict[str, Any]] = found["issues"]
    return issues


def test_every_file_of_the_run_is_described_and_copied_once(run: Any, tmp_path: Path) -> None:
    crate = write_crate(run, tmp_path / "crate", author="A Reader")
    graph = {each["@id"]: each for each in json.loads((crate / METADATA).read_text(encoding="utf-8"))["@graph"]}
    files = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()} - {METADATA}
    assert files == {name for name, each in graph.items() if each["@type"] == "File"}
    assert {each["@id"] for each in graph["./"]["hasPart"]} == files
    assert all((crate / name).read_bytes() == (run.folder / name).read_bytes() for name in files)
    action = graph[f"#run-{run.run_id}"]
    assert {each["@id"] for each in action["result"]} == files - {"scenario.toml"}
    assert {"scenario.toml", "#draws", "#seed"} <= {each["@id"] for each in action["object"]}
    assert graph["#author"]["name"] == "A Reader"
    pointed = [
        each["@id"] for entity in graph.values() for key in ("object", "result", "mentions") for each in listed(entity, key)
    ]
    assert set(pointed) <= set(graph)


def listed(entity: dict[str, Any], key: str) -> list[dict[str, str]]:
    value = entity.get(key, [])
    return value if isinstance(value, list) else [value]


def test_nothing_is_overwritten(run: Any, tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there already"):
        write_crate(run, tmp_path)


def test_the_command_refuses_what_is_there_before_it_writes(run: Any, tmp_path: Path, talentsim: Command) -> None:
    code, _, error = talentsim("report", str(run.folder), "--to", str(tmp_path / "page.html"), "--crate", str(tmp_path))
    assert (code, (tmp_path / "page.html").exists()) == (2, False)
    assert "is there already" in error


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.is_file(), reason="roc-validator has no environment here: `make .venv-rocrate/.libraries`")
def test_the_validator_of_process_run_crates_finds_nothing_that_must_be_otherwise(run: Any, tmp_path: Path) -> None:
    crate = write_crate(run, tmp_path / "crate", "https://spdx.org/licenses/CC-BY-4.0", "A Reader")
    found = validated(crate, tmp_path)
    assert [each for each in found if each["severity"] == "REQUIRED"] == []
    record = json.loads((crate / METADATA).read_text(encoding="utf-8"))
    for each in record["@graph"]:
        each.pop("instrument", None)
    (crate / METADATA).write_text(json.dumps(record), encoding="utf-8")
    assert any("instrument" in each["message"] for each in validated(crate, tmp_path) if each["severity"] == "REQUIRED")
