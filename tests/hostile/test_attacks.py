"""What somebody who hands over a folder, or shares the machine, could try: each failed to be refused once."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.bridges.crate import write_crate
from sim.files.manifest import sum_of
from sim.files.private import CacheWarning, private_root
from sim.runs.atomic import FolderError, check_writable
from sim.runs.folder import read_run
from sim.sources import PACKAGE, whole_file
from sim.sweeps.parts import PARTS, REPLACES, clean, part_paths
from sim.sweeps.store import LOCK, LOG, merge, opened
from tests.support.comparisons import run_of
from tests.support.damage import as_of_before, edit_record
from tests.support.hostile import assert_refused, attempt, attempt_apart, state_of, within_bounds
from tests.support.kinds import Sample, copy_of, make_sample

UNTIL = 2013
OUTSIDE = [
    "../../victim.txt",
    "/{victim}",
    "../design.json",
    "..",
    "a/../../../victim.txt",
    ".tmp-x.parquet",
    "../victim.parquet",
]
PLAIN_COMPARE = ("--no-assumptions", "--no-anatomy", "--no-report")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """A small sweep."""
    return make_sample("sweep", tmp_path_factory.mktemp("sweep"))


def replacing(path: Path, names: list[str], is_new: bool) -> Path:
    """Make a part that says which parts it replaces, sealed by its name as a new one or named as an older version did."""
    table = pq.read_table(path).replace_schema_metadata({REPLACES: json.dumps(names).encode()})
    made = path.with_name("made.parquet")
    pq.write_table(table, made)
    path.unlink()
    return made.rename(made.with_name(f"0123456789ab-{sum_of(made)[:32] if is_new else '89abcdef'}.parquet"))


@pytest.mark.filterwarnings("ignore:.*was made before")
@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("is_new", [True, False])
def test_a_part_of_a_sweep_deletes_nothing_outside_its_folder(swept: Sample, tmp_path: Path, name: str, is_new: bool) -> None:
    place = tmp_path / "deep"
    folder = copy_of(swept, place / "results")
    victims = [folder.parent / "victim.txt", folder / "victim.parquet", place / "victim.txt"]
    for victim in victims:
        victim.write_text("mine", encoding="utf-8")
    replacing(part_paths(folder)[0], [name.format(victim=victims[0])], is_new)
    shutil.copytree(folder, tmp_path / "shard")
    for start in (lambda: merge([tmp_path / "shard"], folder), lambda: merge([folder], tmp_path / "merged")):
        try:
            start()
        except FolderError as error:
            assert "damaged" in str(error)  # noqa: PT017 (either is right: refused, or set aside)
    assert [victim.read_text(encoding="utf-8") for victim in victims] == ["mine"] * 3
    assert (folder / "design.json").is_file()


@pytest.mark.parametrize("name", ["../evil", "../../evil", "/tmp/evil", "a/b", "..", ".hidden", "a\nb", "a\u001b[2Jb"])
def test_compare_writes_where_no_name_in_a_record_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    base, variant = run_of("baseline", tmp_path / "a", UNTIL), run_of("us-opening", tmp_path / "b", UNTIL, 2)
    edit_record(variant.folder / "provenance.json", lambda record: record["scenario"].update(name=name), is_forged=True)
    before = state_of(tmp_path)
    made = attempt("compare", base.folder, variant.folder, "--out", "out/results", *PLAIN_COMPARE)
    assert_refused(made)
    assert {path: each for path, each in state_of(tmp_path).items() if not path.startswith("out")} == before
    assert not Path("/tmp/evil").exists()


def test_reproduce_writes_no_scenario_where_its_name_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = run_of("baseline", tmp_path / "a", UNTIL)
    evil = tmp_path / "evil"
    edit_record(run.folder / "provenance.json", lambda record: record["scenario"].update(name=str(evil)), is_forged=True)
    assert_refused(attempt("reproduce", run.folder, "--out", tmp_path / "again"))
    assert not list(tmp_path.glob("evil*"))


def test_a_link_that_lies_where_a_page_is_written_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    folder = tmp_path / "results"
    folder.mkdir()
    monkeypatch.setattr(os, "urandom", lambda length: bytes(length))
    for length in (4, 8):  # of the names that a partial file had and has, if they could be foreseen
        (folder / f".partial-{bytes(length).hex()}-report.html").symlink_to(victim)
    (folder / ".report.html.partial").symlink_to(victim)

    def write() -> None:
        with whole_file(folder / "report.html") as place:
            place.write_text("page", encoding="utf-8")

    with pytest.raises(FileExistsError):
        write()
    monkeypatch.undo()
    (folder / "report.html").symlink_to(victim)
    write()
    assert (folder / "report.html").read_text(encoding="utf-8") == "page"
    assert victim.read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", [PARTS, LOG, LOCK])
def test_a_link_in_the_folder_of_a_sweep_leads_nowhere(swept: Sample, tmp_path: Path, name: str) -> None:
    folder, victim = copy_of(swept, tmp_path / "copy"), tmp_path / "victim"
    if name == PARTS:
        (folder / name).rename(victim)
    else:
        victim.write_text("mine", encoding="utf-8")
        (folder / name).unlink()
    (folder / name).symlink_to(victim)
    before = state_of(tmp_path)
    with pytest.raises(FolderError, match="is a link"):
        opened(folder)
    assert state_of(tmp_path) == before


@pytest.mark.parametrize("name", [PARTS, LOG, LOCK])
def test_a_pipe_in_the_folder_of_a_sweep_stops_nobody(swept: Sample, tmp_path: Path, name: str) -> None:
    folder = copy_of(swept, tmp_path / "copy")
    if name == PARTS:
        os.mkfifo(folder / name / "0-89abcdef.parquet")
        with within_bounds():
            opened(folder).close()
            assert clean(folder) == ["0-89abcdef.parquet"]
        return
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with within_bounds(), pytest.raises(FolderError, match="is no ordinary file"):
        opened(folder)


def test_an_analysis_follows_no_link_and_no_path(swept: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder, victim = copy_of(swept, tmp_path / "copy"), tmp_path / "victim"
    victim.mkdir()
    (folder / "analysis").symlink_to(victim)
    assert_refused(attempt("robustness", folder), "is a link")
    (folder / "analysis").unlink()
    edit_record(folder / "design.json", lambda record: record.update(scenarios=["../../evil"]), is_forged=True)
    made = attempt("sensitivity", folder)
    assert made.code in (1, 2)
    assert not list(victim.iterdir())
    assert not list(tmp_path.rglob("*evil*"))


@pytest.mark.parametrize("what", ["a link to a file", "a link to a folder", "a pipe"])
def test_a_crate_takes_nothing_that_only_lies_elsewhere(tmp_path: Path, what: str) -> None:
    run = run_of("baseline", tmp_path / "a", UNTIL)
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret", encoding="utf-8")
    extra = run.folder / "extra"
    if what == "a pipe":
        os.mkfifo(extra)
    else:
        extra.symlink_to(secret / "key" if what == "a link to a file" else secret)
    with pytest.raises(FolderError, match="is a link or no ordinary file"):
        write_crate(run, tmp_path / "crate")
    assert not (tmp_path / "crate").exists()


def test_what_another_process_left_is_removed_only_if_it_is_ours(tmp_path: Path) -> None:
    results, victim = tmp_path / "results", tmp_path / "victim"
    victim.mkdir()
    dead = {"host": os.uname().nodename, "pid": 2**22 + 1}
    (victim / ".owner.json").write_text(json.dumps(dead), encoding="utf-8")
    results.mkdir()
    (results / ".partial-link").symlink_to(victim)
    for number, owner in enumerate(('{"host": 1', "[]", json.dumps(dead | {"pid": 10**30}), json.dumps(dead | {"pid": "x"}))):
        (results / f".partial-{number}").mkdir()
        (results / f".partial-{number}" / ".owner.json").write_text(owner, encoding="utf-8")
    (results / ".partial-pipe").mkdir()
    os.mkfifo(results / ".partial-pipe" / ".owner.json")
    before = state_of(tmp_path)
    check_writable(results, 0)
    assert state_of(tmp_path) == before


CACHE_OF = "import sim.sources; print(sim.sources.cache_root())"
COMPILED_IN = "from sim.model.choice import compiled; import numba; print(numba.config.CACHE_DIR)"


def started(place: Path, script: str, **environment: str) -> tuple[str, str]:
    """Start Python without a home and with the system's temporary folder in a place; its output and errors."""
    import subprocess

    known = {"PYTHONPATH": str(PACKAGE.parent), "PATH": os.environ["PATH"], "TMPDIR": str(place), "HOME": "/proc/none"}
    done = subprocess.run(
        [sys.executable, "-c", script], env={**known, **environment}, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip(), done.stderr


def test_code_is_loaded_from_no_folder_whose_name_others_know(tmp_path: Path) -> None:
    from sim.model.choice.compiled import cache_folder

    shared = tmp_path / "tmp"
    planted = shared / "talentsim" / cache_folder().name
    planted.mkdir(parents=True)
    for folder in (shared, planted.parent, planted):
        folder.chmod(0o777)
    shared.chmod(0o1777)
    environment = {"XDG_CACHE_HOME": "/proc/none", "TALENTSIM_CACHE": ""}
    used, said = started(shared, COMPILED_IN, **environment)
    assert not Path(used).is_relative_to(planted.parent)
    assert "nothing is cached from one command to the next" in said
    assert not list(planted.iterdir())
    assert [path.name for path in shared.iterdir()] == ["talentsim"]  # the fresh folder is gone with its process


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702, 0o1777])
def test_a_cache_that_others_could_write_is_set_aside(tmp_path: Path, mode: int) -> None:
    root = tmp_path / "talentsim"
    root.mkdir()
    (root / "planted").write_text("evil", encoding="utf-8")
    root.chmod(mode)
    with pytest.warns(CacheWarning, match="others could write the cache"):
        assert private_root([str(tmp_path)], "talentsim") == root
    assert root.stat().st_mode & 0o777 == 0o700
    assert not list(root.iterdir())
    assert len(list(tmp_path.glob("talentsim.open-to-others-*"))) == 1


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o711])
def test_a_cache_that_others_could_only_read_is_kept_and_closed(tmp_path: Path, mode: int) -> None:
    root = tmp_path / "talentsim"
    root.mkdir(mode)
    root.chmod(mode)
    (root / "ours").write_text("kept", encoding="utf-8")
    assert private_root([str(tmp_path)], "talentsim") == root
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "ours").is_file()


@pytest.mark.parametrize("fault", ["open above", "a file", "a file above", "a link to an open folder", "no home", "a null byte"])
def test_a_cache_that_cannot_be_private_gives_way_to_a_fresh_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setenv("TALENTSIM_CACHE", "x")
    base = tmp_path / "base"
    base.mkdir()
    asked = {"no home": "~nobody-of-this-name/x", "a null byte": "a\0b"}.get(fault, str(base))
    if fault == "open above":
        base.chmod(0o777)
    elif fault == "a file":
        (base / "talentsim").write_text("", encoding="utf-8")
    elif fault == "a file above":
        base.rmdir()
        base.write_text("", encoding="utf-8")
    elif fault == "a link to an open folder":
        (tmp_path / "open").mkdir()
        (tmp_path / "open" / "talentsim").mkdir()
        (tmp_path / "open").chmod(0o777)
        (base / "talentsim").symlink_to(tmp_path / "open" / "talentsim")
    with pytest.warns(CacheWarning, match="nothing is cached from one command to the next"):
        root = private_root([asked], "talentsim")
    assert root.is_relative_to(tmp_path / "tmp")
    assert root.stat().st_mode & 0o777 == 0o700
    assert os.environ["TALENTSIM_CACHE"] == str(root.parent)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="takes another user's folder")
def test_a_cache_of_another_user_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TALENTSIM_CACHE", "x")
    for owned in ("talentsim", "."):
        base = tmp_path / owned.replace(".", "above") / "base"
        (base / "talentsim").mkdir(parents=True)
        os.chown(base / owned, 65_431, 65_431)
        with pytest.warns(CacheWarning, match="belongs to somebody else"):
            assert not private_root([str(base)], "talentsim").is_relative_to(base)


BOMBS = {
    "a device": lambda file: file.symlink_to("/dev/zero"),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "many rows": lambda file: file.write_bytes(b"refusal\n" + b"1\n" * 30_000_000),
    "a large file": lambda file: file.write_bytes(b"refusal\n" + b"0" * 150_000_000),
}
DESIGN = """
scenarios = ["us-entry-restrictions"]
keep = ["share(work, USA, top20, 2035)"]
[sample]
method = "csv"
file = "points.csv"
[[factor]]
name = "refusal"
parameter = "exit_rate"
low = 0.05
high = 0.2
"""


@pytest.mark.slow
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_file_that_a_design_names_takes_neither_time_nor_memory(tmp_path: Path, bomb: str) -> None:
    (tmp_path / "design.toml").write_text(DESIGN, encoding="utf-8")
    BOMBS[bomb](tmp_path / "points.csv")
    made = attempt_apart(["sweep", "design.toml", "--dry-run"], tmp_path)
    assert_refused(made, "points.csv")
    assert made.memory < 500_000_000


LARGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "many lists": ("provenance.json", lambda record: b'{"a": [' + b"[]," * 6_000_000 + b"[]]}"),
    "many texts": ("provenance.json", lambda record: b'{"a": [' + b'"a",' * 4_900_000 + b'"a"]}'),
    "many keys": ("provenance.json", lambda record: b"{" + b",".join(b'"%d":1' % k for k in range(1_500_000)) + b"}"),
    "deep": ("provenance.json", lambda record: b'{"a":' * 90_000 + b"1" + b"}" * 90_000),
    "a long title": ("provenance.json", lambda record: record.replace(b'"title": "', b'"title": "' + b"x" * 19_000_000, 1)),
    "many rows": ("shares.csv", lambda table: table + b"2010,top20,work,USA\n" * 2_400_000),
    "many cells": ("shares.csv", lambda table: table + b"," * 49_000_000),
    "many lines": ("indicators.csv", lambda table: table + b"\n" * 49_000_000),
    "a large scenario": ("scenario.toml", lambda text: text + b"[a]\n" + b"".join(b"k%d=1\n" % k for k in range(1_000_000))),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE)
def test_a_run_that_is_larger_than_any_takes_neither_time_nor_memory(tmp_path: Path, name: str) -> None:
    run = run_of("baseline", tmp_path, UNTIL)
    as_of_before(run.folder)
    file, enlarge = LARGE[name]
    (run.folder / file).write_bytes(enlarge((run.folder / file).read_bytes()))
    made = attempt_apart(["report", run.folder], tmp_path)
    assert "Traceback" not in made.err
    assert made.code == 2
    assert made.memory < 500_000_000
    assert len(made.out + made.err) < 20_000


def test_a_table_of_more_rows_than_the_run_has_is_refused_unread(tmp_path: Path) -> None:
    run = run_of("baseline", tmp_path, UNTIL)
    table = pq.read_table(run.folder / "outcomes.parquet")
    many = pa.concat_tables([table.slice(0, 1)] * 1_000)
    with pq.ParquetWriter(run.folder / "outcomes.parquet", many.schema) as writer:
        for _ in range(20):
            writer.write_table(many)
    edit_record(
        run.folder / "provenance.json",
        lambda record: record["files"].update({"outcomes.parquet": sum_of(run.folder / "outcomes.parquet")}),
        is_forged=True,
    )
    with pytest.raises(FolderError, match=r"outcomes\.parquet has 20,000 rows, which are not those of 6 runs"):
        read_run(run.folder)
