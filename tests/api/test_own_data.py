"""A run of data of one's own: named by them, labelled uncalibrated, held with a copy of them, made again from that copy."""

import csv
import shutil
from pathlib import Path

import pytest

import sim
from sim.api.reproducing import reproduce
from sim.data.load import is_packaged
from sim.data.package import kept_copy, write_package
from sim.draws.ensemble import EnsembleError
from sim.runs.execute import PlanError
from sim.sources import PACKAGE
from sim.sweeps.store import merge

CHIPS = PACKAGE.parent / "examples" / "chips"
SIZES = {"draws": 2, "replicates": 1, "researchers": 400, "until": 2028}
DESIGN = """
scenarios = ["taiwan-retention"]
draws = 2
replicates = 1
researchers = 400
until = 2028
keep = ["share(work, TWN, top20, 2028)", "researchers(work, EAST_ASIA, all, 2028)"]
"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("results")


@pytest.fixture(scope="module")
def made(out: Path) -> sim.Run:
    return sim.run("taiwan-retention", data=CHIPS, out=str(out), workers=1, **SIZES)


def test_a_run_names_and_keeps_its_data(made: sim.Run) -> None:
    data = sim.load_data(CHIPS)
    assert made.regions == data.codes
    assert made.provenance["data"] == {
        "name": "chips", "version": "1", "digest": data.numbers, "checksums": dict(data.checksums),
    }  # fmt: skip
    assert made.provenance["ensemble"]["name"] == "prior"
    assert "uncalibrated" in made.provenance["record"]
    assert made.provenance["command"].endswith("--until 2028 --data chips")
    kept = kept_copy(made.folder)
    assert kept is not None
    assert sim.load_data(kept).numbers == data.numbers
    assert is_packaged()


def test_its_tables_and_figures_need_no_other_data(made: sim.Run) -> None:
    read = sim.read_run(made.folder)
    assert len(read.indicators("stay_rate_chn_origin_usa", by_run=True)) == 2 * 19
    assert set(read.indicators("crossing_never_top20").region) == {"TWN"}
    assert {text.get_text() for text in read.plot().axes[0].texts} | {"Taiwan"}
    assert set(read.shares().region) == set(made.regions)


def test_the_id_follows_from_the_numbers_and_not_from_the_place(made: sim.Run, out: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(CHIPS, tmp_path / "elsewhere"))
    assert sim.run("taiwan-retention", data=copy, out=str(out), workers=1, **SIZES).run_id == made.run_id
    path = copy / "covariates.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    rows[1][3] = str(1.1 * float(rows[1][3]))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    write_package(copy)
    other = sim.run("taiwan-retention", data=sim.load_data(copy), out=str(out), workers=1, **SIZES)
    assert other.run_id != made.run_id


def test_the_other_engine_and_its_copy_make_the_same_bytes(made: sim.Run, out: Path, tmp_path: Path) -> None:
    again = sim.run("taiwan-retention", data=CHIPS, out=str(out), workers=1, engine="agents", **SIZES)
    assert again.run_id == made.run_id
    found = reproduce(made.folder, tmp_path / "again", 1)
    assert dict(found.differing) == {}
    assert {"shares.csv", "outcomes.parquet", "careers.parquet"} <= set(found.same)


def test_what_belongs_to_other_data_is_refused(out: Path) -> None:
    packaged = sim.load_scenario("baseline")
    with pytest.raises(PlanError, match="was loaded with other data"):
        sim.run(packaged, data=CHIPS, out=str(out), workers=1, **SIZES)
    own = sim.load_scenario("baseline", data=CHIPS)
    with pytest.raises(PlanError, match="was loaded with other data"):
        sim.run(own, out=str(out), workers=1, **SIZES)
    with pytest.raises(ValueError, match="was loaded with other data"):
        sim.simulate(own, researchers=400, until=2024)
    with pytest.raises(EnsembleError, match="ensembles are of the packaged data"):
        sim.run("baseline", data=CHIPS, ensemble="ensemble", out=str(out), workers=1, **SIZES)


def test_a_comparison_and_a_sweep_follow(made: sim.Run, out: Path, tmp_path: Path) -> None:
    compared = sim.compare("baseline", made, out=out, assumptions=False, anatomy=False)
    assert kept_copy(compared.folder) is not None
    assert "TWN has more of them at work than USA" in str(compared)
    assert set(compared.table("crossings").challenger) >= {"TWN"}
    file = tmp_path / "small.toml"
    file.write_text(DESIGN, encoding="utf-8")
    swept = sim.sweep(file, out=tmp_path / "swept", workers=2, data=CHIPS)
    assert (swept.failed, swept.missing, len(swept.frame())) == (0, 0, 2)
    assert kept_copy(swept.folder) is not None
    one = swept.frame().query("scenario == 'taiwan-retention' and draw == 0")["share(work, TWN, top20, 2028)"].item()
    shares = made.shares(by_run=True)
    same = shares.query("draw == 0 and year == 2028 and tier == 'top20' and axis == 'work' and region == 'TWN'").share.item()
    assert one == same


def test_merged_shards_keep_the_data_and_are_made_again_with_it(tmp_path: Path) -> None:
    file = tmp_path / "small.toml"
    file.write_text(DESIGN, encoding="utf-8")
    shards = [tmp_path / f"shard-{i}" for i in (1, 2)]
    for i, shard in enumerate(shards, start=1):
        sim.sweep(file, out=shard, workers=1, shard=(i, 2), data=CHIPS)
    merged = tmp_path / "merged"
    assert merge(shards, merged) == 2
    kept = kept_copy(merged)
    assert kept is not None
    assert sim.load_data(kept).numbers == sim.load_data(CHIPS).numbers
    assert (merge(shards, merged), kept_copy(merged)) == (0, kept)
    assert reproduce(merged, tmp_path / "again", 1).same == ("runs",)
