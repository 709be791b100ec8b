"""Names in files never become paths outside, and texts in files never move a terminal."""

import json
import tomllib
from pathlib import Path

import pytest

from sim.cli.terminal import MOST_PROBLEMS, stop
from sim.files.paths import OutsideError, inside_folder, unlinked
from sim.files.words import MOST_MESSAGE, UNPRINTED, briefly, printable
from tests.support.hostile import attempt

CORPUS = tomllib.loads((Path(__file__).parent / "names.toml").read_text(encoding="utf-8"))
TITLED = """title = {title}
[[lever]]
name = "entry_bar"
origin = ["CHN"]
destination = ["USA"]
from = 2026
change = "add"
value = 0.1
evidence = "assumption"
"""


@pytest.mark.parametrize("name", CORPUS["refused"], ids=ascii)
def test_a_name_that_would_leave_its_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as refused:
        inside_folder(tmp_path, name)
    assert not UNPRINTED.search(str(refused.value).replace(str(tmp_path), ""))


@pytest.mark.parametrize("name", CORPUS["kept"])
def test_a_plain_name_stays_right_inside(name: str, tmp_path: Path) -> None:
    place = inside_folder(tmp_path, name)
    assert place.parent == tmp_path
    place.write_text("", encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", [None, 7, ["a"], {"a": 1}, b"a", "a" * 300, "é" * 130])
def test_what_is_no_name_is_refused(name: object, tmp_path: Path) -> None:
    with pytest.raises(OutsideError):
        inside_folder(tmp_path, name)


@pytest.mark.parametrize("text", CORPUS["controls"], ids=ascii)
def test_control_characters_of_a_title_and_of_a_name_reach_no_terminal(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.toml"
    escaped = "".join(letter if letter.isprintable() else f"\\U{ord(letter):08X}" for letter in text)
    file.write_text(TITLED.format(title=f'"before {escaped} after"'), encoding="utf-8")
    told = [attempt("check", file), attempt("check", file, "--json"), attempt("check", f"no{text}name".replace("\0", ""))]
    for made in told:
        assert not UNPRINTED.search(made.out), made.out
        assert not UNPRINTED.search(made.err), made.err
    assert [made.code for made in told] in ([0, 0, 2], [2, 2, 2])
    json.loads(told[1].out)


def test_a_message_is_cut_and_so_is_their_number(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        stop(2, "input", ["x" * 67_000_000, *("another",) * 1_000_000], False)
    err = capsys.readouterr().err
    assert len(err) < MOST_MESSAGE + 20 * MOST_PROBLEMS + 1_000
    assert "(67,000,000 letters)" in err
    assert "and 999,901 more" in err


def test_words_that_are_plain_stay() -> None:
    assert printable("Zürich, 北京\n\ttab") == "Zürich, 北京\n\ttab"
    assert briefly("short") == "short"


def test_a_link_where_a_file_goes_is_removed_itself_alone(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    (tmp_path / "link").symlink_to(victim)
    unlinked(tmp_path / "link").write_text("ours", encoding="utf-8")
    unlinked(victim)
    assert victim.read_text(encoding="utf-8") == "mine"
