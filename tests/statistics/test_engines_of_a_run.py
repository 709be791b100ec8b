"""A run made by one engine and asked of the other; the life of one of its researchers."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cli import main
from sim.files.manifest import FILES
from tests.support.damage import edit_record

Call = Callable[..., tuple[int, str, str]]
RUN = ("run", "baseline", "--draws", "1", "--replicates", "1", "--researchers", "200", "--until", "2016", "--out")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with one small run of the array engine."""
    root = tmp_path_factory.mktemp("results")
    with pytest.raises(SystemExit):
        main([*RUN, str(root)])
    return root


def test_the_other_engine_makes_the_same_folder(talentsim: Call, results: Path, tmp_path: Path) -> None:
    (first,) = (results / "baseline").iterdir()
    assert talentsim(*RUN, str(tmp_path), "--engine", "agents")[0] == 0
    (second,) = (tmp_path / "baseline").iterdir()
    assert first.name == second.name
    files = sorted(path.name for path in first.iterdir())
    assert files == sorted(path.name for path in second.iterdir())
    for name in files:
        if name != "provenance.json":
            assert (first / name).read_bytes() == (second / name).read_bytes(), name
    engines = [json.loads((folder / "provenance.json").read_text(encoding="utf-8"))["engine"] for folder in (first, second)]
    assert engines == ["arrays", "agents"]


def test_asking_the_other_engine_compares(talentsim: Call, results: Path) -> None:
    code, out, _ = talentsim(*RUN, str(results), "--engine", "agents")
    assert code == 0
    assert "made again by the agents engine: the same numbers" in out
    assert "already there, nothing executed" in talentsim(*RUN, str(results))[1]
    record = json.loads(talentsim(*RUN, str(results), "--engine", "agents", "--json")[1])["runs"][0]
    assert record["already_there"] is True
    assert "agents" in record["state"]


def test_a_difference_between_the_engines_exits_with_1(talentsim: Call, results: Path) -> None:
    (folder,) = (results / "baseline").iterdir()
    shares, provenance = folder / "shares.csv", folder / "provenance.json"
    kept, record = shares.read_bytes(), provenance.read_bytes()
    try:
        shares.write_bytes(kept.replace(b"2016,top20,work,USA,0.", b"2016,top20,work,USA,0.0", 1))
        digest = hashlib.sha256(shares.read_bytes()).hexdigest()
        edit_record(provenance, lambda record: record[FILES].update({shares.name: digest}), is_forged=True)
        code, _, err = talentsim(*RUN, str(results), "--engine", "agents")
        assert code == 1
        assert "made again by the agents engine, the run gave other numbers: shares.csv" in err
    finally:
        shares.write_bytes(kept)
        provenance.write_bytes(record)


def test_a_life_is_traced_in_a_run(talentsim: Call, results: Path) -> None:
    (folder,) = (results / "baseline").iterdir()
    code, out, _ = talentsim("trace", str(folder), "--researcher", "CHN-2012-0")
    assert code == 0
    assert out.startswith("CHN-2012-0: talent class")
    assert "graduate region: " in out
    record = json.loads(talentsim("trace", str(folder), "--researcher", "CHN-2012-0", "--json")[1])
    assert record["researcher"] == "CHN-2012-0"
    assert record["years"][0]["year"] == 2012
    assert len(record["years"][0]["decision"]["options"]) == 20


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--researcher", "CHN-2010"), "expected ORIGIN-COHORT-INDEX as in CHN-2012-17"),
        (("--researcher", "XXX-2010-1"), "with an origin of USA, CHN"),
        (("--researcher", "CHN-2030-1"), "cohorts enter from 2000 to 2016"),
        (("--researcher", "CHN-2010-999999"), "the cohort has the indices 0 to"),
        (("--researcher", "CHN-2012-0", "--draw", "5"), "the run has the numbers 0 to 0"),
        (("--researcher", "CHN-2012-0", "--replicate", "-1"), "the run has the numbers 0 to 0"),
    ],
)
def test_who_is_not_in_the_run_is_said(talentsim: Call, results: Path, words: tuple[str, ...], message: str) -> None:
    (folder,) = (results / "baseline").iterdir()
    code, _, err = talentsim("trace", str(folder), *words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_what_is_no_run_cannot_be_traced(talentsim: Call, results: Path) -> None:
    code, _, err = talentsim("trace", str(results), "--researcher", "CHN-2012-0")
    assert code == 2
    assert "not a complete run" in err
    (folder,) = (results / "baseline").iterdir()
    provenance = folder / "provenance.json"
    kept = provenance.read_text(encoding="utf-8")
    try:
        edit_record(provenance, lambda record: record.update(model_id="other"), is_forged=True)
        code, _, err = talentsim("trace", str(folder), "--researcher", "CHN-2012-0")
        assert code == 2
        assert "another version of the model" in err
    finally:
        provenance.write_text(kept, encoding="utf-8")
