"""Results made again from their provenance: the same to the byte, elsewhere; what differs is named with its reason."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import sim
from sim.api.reproducing import Reproduced, ReproduceError, differing_cells, reproduce
from sim.runs.provenance import built_from
from sim.runs.rows import read_csv
from tests.support.damage import edit_record

SIZES = {"draws": 2, "replicates": 2, "researchers": 500, "until": 2028}
OWN = """
title = "My bar"
extends = "baseline"
[groups]
NORTH = ["CAN", "USA"]
[[lever]]
name = "entry_bar"
origin = ["CHN"]
destination = ["USA"]
from = 2026
change = "add"
value = { distribution = "uniform", low = 0.1, high = 0.2 }
evidence = "assumption"
"""
DESIGN = """
scenarios = ["mine"]
draws = 2
replicates = 1
researchers = 500
until = 2028
keep = ["share(study, NORTH, all, 2028)"]
"""
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a scenario of one's own, whose file is gone."""
    place = tmp_path_factory.mktemp("own")
    file = place / "mine.toml"
    file.write_text(OWN, encoding="utf-8")
    made = sim.run(file, out=str(place / "results"), **SIZES)
    file.unlink()
    return made.folder


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_is_made_again_to_the_byte_without_its_file_and_the_source_is_not_touched(own: Path, tmp_path: Path) -> None:
    before = bytes_of(own)
    found = reproduce(own, tmp_path / "again", 1)
    assert found.differing == {}
    assert set(found.same) == set(before) - {"provenance.json"}
    assert (found.missing, found.why) == ((), ())
    assert bytes_of(own) == before
    made, recorded = (json.loads((place / "provenance.json").read_text()) for place in (found.folder, own))
    assert made["scenario"]["text"] == recorded["scenario"]["text"]
    assert made["platform"] == recorded["platform"]
    assert "mine.toml" not in made["scenario"]["text"]


def test_what_differs_is_named_with_the_figures_and_the_versions(own: Path, tmp_path: Path) -> None:
    copy = tmp_path / "mine" / own.name
    shutil.copytree(own, copy)
    rows = [*read_csv(copy / "shares.csv", "utf-8")]
    text = (copy / "shares.csv").read_text(encoding="utf-8")
    (copy / "shares.csv").write_text(text.replace(rows[1][4], "0.987654", 1), encoding="utf-8")
    edit_record(copy / "provenance.json", lambda record: record["versions"].update(numpy="1.0"), is_forged=True)
    (copy / "report.html").write_text("later", encoding="utf-8")
    found = reproduce(copy, tmp_path / "again", 1)
    assert list(found.differing) == ["shares.csv"]
    assert "mean in 1 of" in found.differing["shares.csv"]
    assert "0.987654" in found.differing["shares.csv"]
    assert any(each.startswith("numpy 1.0 then") for each in found.why)
    assert found.missing == ("report.html",)


@pytest.mark.slow
def test_a_comparison_is_made_again_without_its_runs(own: Path, tmp_path: Path) -> None:
    compared = sim.compare("baseline", own, out=tmp_path / "there", assumptions=False, anatomy=False)
    shutil.rmtree(tmp_path / "there" / "baseline")
    found = reproduce(compared.folder, tmp_path / "again", 1)
    assert found.differing == {}
    assert {"effects.parquet", "headlines.csv", "answer.txt"} <= set(found.same)


@pytest.mark.slow
def test_a_sweep_is_made_again_without_its_scenario(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN, encoding="utf-8")
    (tmp_path / "design.toml").write_text(DESIGN, encoding="utf-8")
    swept = sim.sweep(tmp_path / "design.toml", out=tmp_path / "swept", workers=1)
    (tmp_path / "mine.toml").unlink()
    found = reproduce(swept.folder, tmp_path / "again", 1)
    assert (found.same, found.differing) == (("runs",), {})


def test_folders_that_cannot_be_made_again_say_why(own: Path, tmp_path: Path) -> None:
    with pytest.raises(ReproduceError, match="no run, comparison or sweep"):
        reproduce(tmp_path, tmp_path / "again")
    with pytest.raises(ReproduceError, match="never touched"):
        reproduce(own, own.parent.parent)


def test_the_command_says_the_same(own: Path, tmp_path: Path, talentsim: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(*_: object) -> Reproduced:
        return Reproduced(
            own, tmp_path, ("shares.csv",), {"flows.parquet": "researchers in 1 of 9 rows"}, (), ("numpy 1 then, 2 now",)
        )

    monkeypatch.setattr("sim.api.reproducing.reproduce", again)
    code, out, error = talentsim("reproduce", str(own))
    assert code == 1
    assert "Differs: flows.parquet: researchers in 1 of 9 rows" in out
    assert "numpy 1 then, 2 now" in out
    assert "1 of 2 tables and figures differ" in error


def test_cells_are_compared_with_their_places() -> None:
    first = pd.DataFrame({"region": ["USA", "CHN"], "year": [2030, 2030], "p50": [0.5, float("nan")]})
    assert differing_cells(first, first.copy()) == ""
    said = differing_cells(first, first.assign(p50=[0.25, float("nan")]))
    assert said == "p50 in 1 of 2 rows (USA 2030: 0.5 and 0.25)"
    assert differing_cells(first, first[:1]) == "2 and 1 rows"


def test_an_installed_package_knows_its_commit(tmp_path: Path) -> None:
    assert built_from(tmp_path) == {"commit": None, "dirty": None}
    (tmp_path / "COMMIT").write_text("abc dirty\n")
    assert built_from(tmp_path) == {"commit": "abc", "dirty": True}
