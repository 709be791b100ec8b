"""`--data`: where it makes sense it is obeyed, elsewhere refused with the reason; `pack` writes and checks a package."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.data.load import is_packaged
from sim.sources import PACKAGE

Call = Callable[..., tuple[int, str, str]]
CHIPS = PACKAGE.parent / "examples" / "chips"
SMALL = ("--draws", "2", "--replicates", "1", "--researchers", "400", "--until", "2028", "--workers", "1")


@pytest.mark.parametrize(
    "words",
    [
        ("calibrate",),
        ("fit",),
        ("validate",),
        ("find", "visa"),
        ("new", "mine.toml"),
    ],
)
def test_what_needs_the_packaged_data_refuses(talentsim: Call, words: tuple[str, ...]) -> None:
    code, out, err = talentsim(*words, "--data", str(CHIPS))
    assert (code, out) == (2, "")
    assert f"{words[0]} works with the packaged data alone" in err


def test_the_explorer_exports_no_page_of_it(talentsim: Call, tmp_path: Path) -> None:
    code, out, err = talentsim("explore", "--data", str(CHIPS), "--export", str(tmp_path / "page"))
    assert (code, out) == (2, "")
    assert "--export works with the packaged data alone" in err
    assert not list(tmp_path.iterdir())


def test_the_tracker_says_what_it_cannot_match(talentsim: Call) -> None:
    code, out, err = talentsim("tracker", "--data", str(CHIPS))
    assert (code, out) == (2, "")
    assert "the tracker cannot be matched by chips, chart work: it lacks M19-W-US" in err


def test_a_folder_that_is_no_package_is_wrong_input(talentsim: Call, tmp_path: Path) -> None:
    code, out, err = talentsim("run", "baseline", "--data", str(tmp_path))
    assert (code, out) == (2, "")
    assert "datapackage.json is missing" in err
    assert "talentsim pack" in err


def test_check_and_sources_read_the_folder(talentsim: Call) -> None:
    code, out, _ = talentsim("check", "taiwan-retention", "--data", str(CHIPS))
    assert code == 0
    assert "TWN" in out
    code, _, err = talentsim("check", "us-opening", "--data", str(CHIPS))
    assert code == 2
    assert "taiwan-retention" in err
    code, out, _ = talentsim("sources", "TOY", "--data", str(CHIPS))
    assert code == 0
    assert "Assumption of this toy" in out
    assert is_packaged()


def test_pack_writes_the_descriptor_and_keeps_its_title(talentsim: Call, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(CHIPS, tmp_path / "mine"))
    text = (folder / "world.csv").read_text(encoding="utf-8")
    (folder / "world.csv").write_text(text.replace("pool_size,2010,2400", "pool_size,2010,2500"), encoding="utf-8")
    assert talentsim("check", "baseline", "--data", str(folder))[0] == 2
    code, out, _ = talentsim("pack", str(folder), "--json")
    assert code == 0
    assert json.loads(out)["regions"] == 5
    assert (
        json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))["title"] == "Researchers in semiconductors: a toy"
    )
    assert talentsim("check", "baseline", "--data", str(folder))[0] == 0
    (folder / "scenarios" / "baseline.toml").write_text("title = 3\n", encoding="utf-8")
    code, _, err = talentsim("pack", str(folder))
    assert code == 2
    assert "baseline.toml" in err


@pytest.mark.slow
def test_one_command_goes_from_the_folder_to_a_report(talentsim: Call, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path))
    code, said, err = talentsim("compare", "baseline", "taiwan-retention", "--data", str(CHIPS), *SMALL, *out)
    assert code == 0
    assert "draws of it are to be solved" in err or "running" in err
    assert "Levels are uncalibrated" in said
    (page,) = tmp_path.glob("comparisons/*/*/report.html")
    text = page.read_text(encoding="utf-8")
    assert "chips, version 1, digest" in text
    assert "China" not in text.partition("<script")[0]
    (run,) = (tmp_path / "baseline").iterdir()
    code, said, _ = talentsim("report", str(run))
    assert code == 0
    assert "Taiwan has passed United States" in said
    assert talentsim("trace", str(run), "--researcher", "TWN-2012-1")[0] == 0
