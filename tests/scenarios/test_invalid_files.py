"""Every file in ``invalid/`` is refused with the very problems its first lines name, without a traceback."""

import errno
import os
import pickle
import re
from pathlib import Path

import pytest

from sim.scenarios.reading.text import MOST_BYTES, Problem, ScenarioError, read_text
from tests.support.hostile import within_bounds
from tests.support.packaged import load_scenario
from tests.support.refusals import assert_named

FOLDER = Path(__file__).parent / "invalid"
FILES = sorted(FOLDER.glob("*.toml"))
GOOD = 'title = "Good"\n'


def problems_of(path: Path | str, **options: object) -> tuple[Problem, ...]:
    with within_bounds(), pytest.raises(ScenarioError) as caught:
        load_scenario(str(path), **options)  # type: ignore[arg-type]
    return caught.value.problems


def place(problem: Problem, path: Path) -> str:
    """A problem as the files name it: without the folder, and without the file's own name."""
    text = str(problem)
    own = f"{path}:"
    return text.removeprefix(own) if text.startswith(own) else text.replace(f"{path.parent}{os.sep}", "", 1)


def test_there_are_many_invalid_files() -> None:
    assert len(FILES) >= 120
    assert sum(path.stem.startswith(("policy", "stage")) for path in FILES) >= 35


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_invalid_file_is_refused_as_its_first_lines_say(path: Path) -> None:
    assert_named([place(problem, path) for problem in problems_of(path)], path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_problem_stands_on_its_line(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    for problem in problems_of(path):
        last_key = re.sub(r"\[\d+\]$", "", problem.key).rpartition(".")[2]
        if problem.file == str(path) and problem.value and last_key.isidentifier():
            assert last_key in lines[problem.line - 1] or lines[problem.line - 1].startswith("[[")


def test_a_misspelt_name_comes_with_the_allowed_ones_and_the_nearest() -> None:
    (problem,) = problems_of(FOLDER / "lever-unknown.toml")
    assert problem.nearest == "student_visa_refusal"
    assert "cohort_size" in problem.allowed
    (problem,) = problems_of(FOLDER / "region-name.toml")
    assert problem.nearest == "CHN"
    assert {"USA", "ROW", "EUROPE", "*"} <= set(problem.allowed)
    (problem,) = problems_of(FOLDER / "policy-unknown.toml")
    assert problem.nearest == "toy_fee"
    assert {"toy_return", "h1b_fee_2025"} <= set(problem.allowed)
    (problem,) = problems_of(FOLDER / "policy-values-unknown.toml")
    assert problem.allowed == ("pay", "odds")
    (problem,) = problems_of(FOLDER / "stage-unknown.toml")
    assert problem.allowed == ("study", "work")
    (problem,) = problems_of(FOLDER / "source-unknown.toml")
    assert problem.nearest == "FLYNN"
    assert len(problem.allowed) > 200
    assert re.search(r"allowed: \d+ names$", str(problem))


def test_an_error_survives_a_move_between_processes() -> None:
    error = ScenarioError(problems_of(FOLDER / "many.toml"))
    assert pickle.loads(pickle.dumps(error)).problems == error.problems
    assert str(error).count("\n") == len(error.problems) - 1


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"", 0, "is empty"),
        (b" \n\t\n", 0, "is empty"),
        (b"\xef\xbb\xbf", 0, "is empty"),
        (bytes(range(256)), 2, "is not UTF-8 text"),
        (GOOD.encode() + b'note = "\xff"', 2, "is not UTF-8 text"),
        (GOOD.encode("utf-16"), 1, "is not UTF-8 text"),
        (GOOD.encode() + b"\x00", 2, "is not valid TOML"),
        (GOOD.encode() + b"x = " + b"[\n" * 5000, 0, "nested too deeply"),
        (GOOD.encode() + b"x = " + b"9" * 5000, 0, "too many digits"),
        (GOOD.encode() + b"a." * 20_000 + b"a = 1", 2, "has a line of more than 20,000 characters"),
        (GOOD.encode() + b"x = 2026-13-45", 2, "is not valid TOML"),
        (GOOD.encode() + b".".join([b"a"] * 900) + b" = 1", 2, "has no such key"),
        (GOOD.encode() + b"x = " + b"{a = " * 200 + b"1" + b"}" * 200, 2, "has no such key"),
    ],
    ids=lambda value: None if isinstance(value, int) else repr(value[:30]),
)
def test_broken_content_is_refused(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(content)
    (problem,) = problems_of(path)
    assert (problem.file, problem.line) == (str(path), line)
    assert message in str(problem)
    assert len(str(problem)) < 2000


def test_a_large_file_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.toml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)

    def never(*arguments: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(Path, "open", never)
    (problem,) = problems_of(path)
    assert "is 50.0 MB large" in problem.message


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "grows.toml"
    path.write_bytes(b"#" * (MOST_BYTES + 1))
    small = tmp_path / "small"
    small.touch()
    status = small.stat()
    monkeypatch.setattr(Path, "stat", lambda self: status)
    with pytest.raises(ScenarioError, match="is larger than 1 MB"):
        read_text(path, "grows")


def test_the_largest_file_allowed_is_read(tmp_path: Path) -> None:
    path = tmp_path / "full.toml"
    rows = (MOST_BYTES - len(GOOD)) // 100
    path.write_text(GOOD + ("#" * 99 + "\n") * rows, encoding="utf-8")
    assert load_scenario(str(path)).title == "Good"


def test_places_that_are_no_file_are_refused(tmp_path: Path) -> None:
    assert "is a folder" in problems_of(tmp_path)[0].message
    assert "there is no such file" in problems_of(tmp_path / "missing.toml")[0].message
    assert "is not an ordinary file" in problems_of(os.devnull)[0].message
    for name in ("", "a\0b", "x" * 5000, "~nobody/x", "\n", "../../nowhere"):
        assert "there is no such file" in problems_of(name)[0].message


def test_a_file_without_permission_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.toml"
    path.write_text(GOOD, encoding="utf-8")

    def locked(*arguments: object) -> None:
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(Path, "open", locked)
    assert problems_of(path)[0].message == f"cannot be read: {os.strerror(errno.EACCES)}"


def test_a_misspelt_shipped_name_gets_the_nearest() -> None:
    (problem,) = problems_of("us-entry-restriction")
    assert problem.nearest == "us-entry-restrictions"
    assert "baseline" in problem.allowed


def test_problems_of_a_file_and_of_what_it_extends_come_together(tmp_path: Path) -> None:
    (tmp_path / "lower.toml").write_text("titel = 1\n", encoding="utf-8")
    upper = tmp_path / "upper.toml"
    upper.write_text('extends = "lower"\ncolour = "red"\n', encoding="utf-8")
    files = [Path(problem.file).name for problem in problems_of(upper)]
    assert files == ["upper.toml", "upper.toml", "lower.toml", "lower.toml"]


def test_wrong_overrides_come_with_the_problems_of_the_file() -> None:
    found = problems_of(FOLDER / "value-true.toml", overrides={"seat_elasticty": 1.0, "congestion": float("nan")})
    assert [problem.file for problem in found[1:]] == ["--set", "--set"]
    assert found[1].nearest == "seat_elasticity"
    assert "finite" in found[2].message


def test_a_scenario_that_starts_after_the_run_is_refused() -> None:
    (problem,) = problems_of("us-entry-restrictions", horizon=2025)
    assert "starts after the run's last year, 2025" in problem.message
    assert load_scenario("us-entry-restrictions", horizon=2026).layers
    assert load_scenario("no-restrictions-2018-22", horizon=2015).dropped
