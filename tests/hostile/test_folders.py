"""Every file of every kind of folder in another one's place: one message that names it, and nothing else happens."""

import json
import os
import tomllib
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sim.cli.report import read_folder
from sim.cli.terminal import InputError
from sim.draws.ensemble import EnsembleError
from sim.files.manifest import OldFolderWarning
from sim.runs.atomic import FolderError, SetAsideWarning
from sim.runs.execute import found_or_made
from sim.runs.folder import read_run, run_folder
from sim.runs.plan import RunPlan
from sim.runs.rows import RunTableError
from tests.conftest import ByHand
from tests.support.damage import as_of_before, edit_record
from tests.support.hostile import assert_refused, attempt, state_of, within_bounds
from tests.support.kinds import KINDS, Sample, copy_of, hash_of, make_sample, numbers_of_run, read_quietly

EDITS = tomllib.loads((Path(__file__).parent / "records.toml").read_text(encoding="utf-8"))["edit"]
RUN_FILES = (
    "scenario.toml", "provenance.json", "shares.csv", "outcomes.parquet", "flows.parquet", "careers.parquet", "indicators.csv",
    "variants.csv",
)  # fmt: skip
COMPARISON_FILES = (
    "effects.parquet", "headlines.csv", "crossings.csv", "ranking.csv", "assumptions.csv", "answer.txt", "provenance.json",
    "anatomy-1/anatomy.json", "anatomy-1/switches.csv", "anatomy-1/channels.csv", "anatomy-1/levers.csv",
)  # fmt: skip
FILES = [*(("run", name) for name in RUN_FILES), *(("comparison", name) for name in COMPARISON_FILES), ("sweep", "design.json")]


def gone(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def halved(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2].rstrip(b"\n"))  # within a row: see docs/robustness.md, folders without sums


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def a_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "nowhere")


def a_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def nonsense(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00PAR1{[" * 50)


def a_terabyte(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(1_000_000_000_000)


def many_brackets(path: Path) -> None:
    path.write_text("[" * 200_000, encoding="ascii")


REPLACEMENTS = (
    gone,
    emptied,
    halved,
    a_folder,
    a_pipe,
    a_device,
    a_broken_link,
    a_link_to_itself,
    nonsense,
    a_terabyte,
    many_brackets,
)
REFUSALS = (FolderError, RunTableError, EnsembleError, InputError)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """One folder of each kind that is a folder of several files."""
    return {kind: make_sample(kind, tmp_path_factory.mktemp(kind)) for kind in ("run", "comparison", "sweep")}


@pytest.mark.parametrize(("kind", "name"), FILES)
@pytest.mark.parametrize("replace", REPLACEMENTS)
def test_a_file_that_is_not_what_was_written_is_refused_by_name(
    samples: dict[str, Sample], tmp_path: Path, kind: str, name: str, replace: Callable[[Path], None]
) -> None:
    folder = copy_of(samples[kind], tmp_path / "copy")
    replace(folder / name)
    with within_bounds(), pytest.raises(REFUSALS) as refused:
        read_quietly(kind, folder)
    assert Path(name).name in str(refused.value) or "anatomy" in str(refused.value)


@pytest.mark.parametrize("name", RUN_FILES)
@pytest.mark.parametrize("replace", [each for each in REPLACEMENTS if each not in (gone, a_terabyte)])
def test_a_run_of_before_there_were_sums_is_refused_too(
    samples: dict[str, Sample], tmp_path: Path, name: str, replace: Callable[[Path], None]
) -> None:
    folder = copy_of(samples["run"], tmp_path / "copy")
    as_of_before(folder)
    replace(folder / name)
    with within_bounds(), pytest.raises(REFUSALS) as refused:
        read_quietly("run", folder)
    assert name in str(refused.value)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: f"{edit['entry']}={edit['value']}"[:60])
@pytest.mark.parametrize("is_forged", [False, True], ids=["edited", "sealed anew"])
def test_an_entry_of_a_record_that_was_changed_is_refused(
    samples: dict[str, Sample], tmp_path: Path, edit: dict[str, Any], is_forged: bool
) -> None:
    folder = copy_of(samples["run"], tmp_path / "copy")
    *parents, last = edit["entry"].split(".")

    def change(record: dict[str, Any]) -> None:
        for part in parents:
            record = record[part]
        record[last] = edit["value"]

    edit_record(folder / "provenance.json", change, is_forged)
    with within_bounds(), pytest.raises(REFUSALS) as refused:
        read_quietly("run", folder)
    said = edit["says"] if is_forged or edit["entry"] == "status" else "provenance.json"
    assert said in str(refused.value)


def shuffled_csv(path: Path) -> None:
    first, *rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([first, *reversed(rows)]), encoding="utf-8")


def shuffled_parquet(path: Path) -> None:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    pq.write_table(table.take(list(reversed(range(table.num_rows)))), path)


@pytest.mark.parametrize(
    ("name", "shuffle"),
    [("shares.csv", shuffled_csv), *((f"{name}.parquet", shuffled_parquet) for name in ("outcomes", "flows", "careers"))],
)
def test_shuffled_rows_are_refused_and_without_sums_sorted_by_their_keys(
    samples: dict[str, Sample], tmp_path: Path, name: str, shuffle: Callable[[Path], None]
) -> None:
    folder = copy_of(samples["run"], tmp_path / "copy")
    shuffle(folder / name)
    with pytest.raises(FolderError, match=name):
        read_run(folder)
    as_of_before(folder)
    regions = json.loads((samples["run"].folder / "provenance.json").read_text(encoding="utf-8"))["regions"]
    edit_record(folder / "provenance.json", lambda record: record.update(regions=regions))
    with pytest.warns(OldFolderWarning, match="was made before folders carried checksums"):
        read = read_run(folder)
    assert hash_of(numbers_of_run(read)) == samples["run"].hash


@pytest.mark.parametrize(
    "change", ["half", "a row twice", "another region", "no tier", "negative year", "a column less", "a null"]
)
@pytest.mark.parametrize("name", ["outcomes.parquet", "flows.parquet"])
def test_half_a_table_or_a_wrong_row_is_refused_without_sums_too(
    samples: dict[str, Sample], tmp_path: Path, name: str, change: str
) -> None:
    import pandas as pd

    folder = copy_of(samples["run"], tmp_path / "copy")
    as_of_before(folder)
    frame = pd.read_parquet(folder / name)
    word = "region" if name == "outcomes.parquet" else "origin"
    for column in frame.select_dtypes("category").columns:
        frame[column] = frame[column].astype(str)
    changes: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
        "half": lambda table: table.iloc[: len(table) // 2],
        "a row twice": lambda table: pd.concat([table.iloc[:-1], table.iloc[:1]]),
        "another region": lambda table: table.assign(**{word: ["XXX", *table[word][1:]]}),
        "no tier": lambda table: table.drop(columns=word),
        "negative year": lambda table: table.assign(year=[-5, *table["year"][1:]]),
        "a column less": lambda table: table.drop(columns="researchers"),
        "a null": lambda table: table.assign(researchers=[None, *table["researchers"][1:]]),
    }
    changes[change](frame).to_parquet(folder / name)
    if name == "flows.parquet" and change in ("half", "a row twice"):
        return  # which moves there were nobody can tell without sums; the folder says that it has none
    with within_bounds(), pytest.raises(REFUSALS, match=name):
        read_quietly("run", folder)


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("report", "{run}"), ("report", "{run}", "--json"), ("compare", "{run}", "{run}"), ("compare", "{run}", "{run}", "--json"),
    ("cohort", "{run}", "--year", "2010"), ("trace", "{run}", "--researcher", "CHN-2010-1"),
    ("reproduce", "{run}", "--out", "again"), ("report", "{run}", "--crate", "crate"),
    ("report", "{run}", "--figures", "figures"),
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("replace", [emptied, a_pipe, a_device, nonsense, many_brackets])
def test_every_command_that_takes_a_run_says_what_is_wrong_and_exits_with_2(
    samples: dict[str, Sample],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    replace: Callable[[Path], None],
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = copy_of(samples["run"], tmp_path / "copy")
    replace(folder / "provenance.json")
    before = state_of(tmp_path)
    made = attempt(*(word.format(run=folder) for word in words))
    assert_refused(made)
    assert state_of(tmp_path) == before


def test_a_damaged_run_is_set_aside_and_made_again_once(plan: RunPlan, tmp_path: Path) -> None:
    hand = ByHand()

    def make() -> tuple[Any, str]:
        ((run, state),) = found_or_made([plan], tmp_path, lambda run: None, runner=hand)
        return run, state

    first, state = make()
    kept = {name: (first.folder / name).read_bytes() for name in RUN_FILES if name != "provenance.json"}
    assert (state, len(hand.executed)) == ("made", 1)
    for damaged in ("shares.csv", "provenance.json", "outcomes.parquet"):
        (first.folder / damaged).unlink()
        with pytest.warns(SetAsideWarning, match="set aside as") as said:
            again, state = make()
        assert len(said) == 1
        assert state == "made"
        assert {name: (again.folder / name).read_bytes() for name in kept} == kept
        assert make()[1] == "found"
    assert len(hand.executed) == 4
    aside = [path.name for path in run_folder(plan, tmp_path).parent.iterdir() if path.name.startswith(".damaged-")]
    assert len(aside) == 3


def test_a_folder_of_before_is_read_with_one_line(samples: dict[str, Sample], tmp_path: Path) -> None:
    folder = copy_of(samples["run"], tmp_path / "copy")
    as_of_before(folder)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        read = read_folder(folder)
    assert len(said) == 1
    assert "\n" not in str(said[0].message)
    assert hash_of(numbers_of_run(read)) == samples["run"].hash


def test_a_seal_that_was_taken_away_alone_makes_no_folder_of_before(samples: dict[str, Sample], tmp_path: Path) -> None:
    for number, entry in enumerate(("seal", "files")):
        folder = copy_of(samples["run"], tmp_path / str(number))
        edit_record(folder / "provenance.json", lambda record, entry=entry: record.pop(entry))
        with pytest.raises(FolderError, match=r"provenance\.json"):
            read_run(folder)


def test_the_corpus_is_large_enough() -> None:
    cases = len(FILES) * len(REPLACEMENTS) + len(RUN_FILES) * (len(REPLACEMENTS) - 2) + 2 * len(EDITS) + 5 * len(COMMANDS) + 18
    assert cases >= 250
    assert set(KINDS) >= {kind for kind, _ in FILES}
