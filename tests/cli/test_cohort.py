"""`talentsim cohort`: what is wrong in its options is said at once, and a run of another model is refused."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.runs.plan import RunPlan
from tests.support.damage import edit_record

Call = Callable[..., tuple[int, str, str]]
SMALL = ("--draws", "3", "--replicates", "2", "--researchers", "500", "--until", "2024")


@pytest.fixture
def folder(talentsim: Call, quick_engine: list[RunPlan], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert talentsim("run", "baseline", *SMALL)[0] == 0
    (found,) = Path("results/baseline").iterdir()
    return found


def test_wrong_options_are_reported_together(talentsim: Call, folder: Path) -> None:
    code, out, err = talentsim("cohort", str(folder), "--origin", "Chna", "--at", "Germany", "--year", "2024")
    assert (code, out) == (2, "")
    assert "--origin" in err
    assert "did you mean CHN" in err
    assert "DEU" in err
    assert "--year 2024: the run goes from 2000 to 2024; allowed: 2000 to 2023" in err


def test_a_run_of_another_model_is_refused(talentsim: Call, folder: Path) -> None:
    edit_record(folder / "provenance.json", lambda record: record.update(model_id="0" * 16), is_forged=True)
    code, _, err = talentsim("cohort", str(folder), "--year", "2019")
    assert code == 2
    assert "made by another version of the model" in err


@pytest.mark.slow
def test_the_table_the_csv_and_the_json_say_the_same(talentsim: Call, folder: Path) -> None:
    code, out, err = talentsim("cohort", str(folder), "--at", "EUROPE", "--year", "2021", "--to", "cohort.csv", "--workers", "1")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    code, text, _ = talentsim("cohort", str(folder), "--at", "EUROPE", "--year", "2021", "--json", "--workers", "1")
    rows = json.loads(text)["rows"]
    lines = Path("cohort.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0].split(",") == list(rows[0])
    assert len(lines) == 1 + len(rows)
    assert {row["year"] for row in rows} == {2021, 2022, 2023, 2024}
