"""The verbs sensitivity, discover and robustness: what they print and write, and what they refuse."""

import csv
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.sweeps.design.points import Factor
from sim.sweeps.results import Sweep

Make = Callable[..., Sweep]
Talentsim = Callable[..., tuple[int, str, str]]
USA, CHN = "share(work, USA, top20, 2035)", "share(work, CHN, top20, 2035)"
LEVERS = (Factor("refusal", "lever", "us-refusal", 0.1, 0.6), Factor("bar", "lever", "us-wider-bar", 0.0, 0.3))


def linear(_: str, x: tuple[float, ...], draw: int, replicate: int) -> list[float]:
    return [0.5 - 0.4 * x[0] - 0.1 * x[1] + 0.001 * replicate, 0.3 + 0.2 * x[0]]


def test_sensitivity_prints_ranks_and_writes_figures(sweep_of: Make, talentsim: Talentsim) -> None:
    sweep = sweep_of(linear, factors=LEVERS, method="saltelli", points=32)
    code, out, err = talentsim("sensitivity", str(sweep.folder))
    assert (code, err) == (0, "")
    assert out.index("\nrefusal ") < out.index("\nbar ")
    assert "value of student_visa_refusal, CHN -> USA (lever us-refusal)" in " ".join(out.split())
    assert "is common to all rows and moves no index" in " ".join(out.split())
    folder = sweep.folder / "analysis"
    stem = "sensitivity-us-entry-restrictions-points-share-work-USA-top20-2035"
    for name in (f"{stem}-tornado", f"{stem}-sobol", f"{stem}-pawn"):
        assert {path.suffix for path in folder.glob(f"{name}.*")} == {".png", ".svg", ".csv", ".json"}, name
        assert json.loads((folder / f"{name}.json").read_text())["sweep"]["method"] == "saltelli"
    with (folder / f"{stem}.csv").open(encoding="utf-8") as file:
        rows = {(row["statistic"], row["input"], row["second"]): row for row in csv.DictReader(file)}
    assert float(rows["total_order", "refusal", ""]["value"]) > 0.9
    assert ("second_order", "refusal", "bar") in rows


def test_the_same_sweep_gives_the_same_bytes(sweep_of: Make, talentsim: Talentsim) -> None:
    sweep = sweep_of(linear, factors=LEVERS, method="morris", points=6)
    assert talentsim("sensitivity", str(sweep.folder))[0] == 0
    before = {path.name: path.read_bytes() for path in (sweep.folder / "analysis").iterdir()}
    assert any("-morris.png" in name for name in before)
    assert talentsim("sensitivity", str(sweep.folder))[0] == 0
    assert before == {path.name: path.read_bytes() for path in (sweep.folder / "analysis").iterdir()}


def test_json_holds_the_same_and_nothing_else(sweep_of: Make, talentsim: Talentsim) -> None:
    sweep = sweep_of(linear, factors=LEVERS, method="halton", points=40, draws=25)
    code, out, _ = talentsim("sensitivity", str(sweep.folder), "--measure", f"{CHN} - {USA}", "--json")
    found = json.loads(out)["sensitivity"]
    assert code == 0
    assert found[0]["rows_are"] == "points"
    assert found[0]["ranking"][0] == "refusal"
    assert all(Path(path).is_file() for path in found[0]["files"])


def test_draws_are_ranked_where_there_are_no_factors(sweep_of: Make, talentsim: Talentsim) -> None:
    sweep = sweep_of(lambda _, x, draw, replicate: [0.01 * (draw % 7), 0.0], draws=25)
    code, out, _ = talentsim("sensitivity", str(sweep.folder))
    assert code == 0
    assert "over 25 draws" in out
    assert "more in the table" in out


def test_discover_says_the_box_in_words(sweep_of: Make, talentsim: Talentsim) -> None:
    sweep = sweep_of(
        lambda _, x, d, r: [0.4, 0.5 if x[0] > 0.35 else 0.3], factors=LEVERS, method="sobol", points=128
    )  # fmt: skip
    code, out, err = talentsim("discover", str(sweep.folder), "--where", f"{CHN} > {USA}")
    assert (code, err) == (0, "")
    assert "\n  refusal at least .3" in out
    assert "coverage 100 %" in out
    assert list((sweep.folder / "analysis").glob("discover-*-peeling.png"))
    code, out, _ = talentsim("discover", str(sweep.folder), "--where", f"{CHN} > {USA}", "--json")
    (found,) = json.loads(out)["discovery"]
    assert found["cases"] == 64
    (limit,) = found["boxes"][0]["limits"]
    assert limit["low"] == pytest.approx(0.35, abs=0.04)
    assert limit["high"] is None


def test_robustness_names_the_least_regretted(sweep_of: Make, talentsim: Talentsim) -> None:
    sweep = sweep_of(
        lambda name, x, draw, replicate: [0.3 + 0.1 * (name == "us-opening"), 0.0], scenarios=("baseline", "us-opening"), draws=4
    )
    code, out, _ = talentsim("robustness", str(sweep.folder), "--measure", USA, "--direction", "lower")
    assert code == 0
    assert "Least greatest regret: baseline." in out
    folder = sweep.folder / "analysis"
    stem = "robustness-lower-share-work-USA-top20-2035"
    assert (folder / f"{stem}.csv").read_text(encoding="utf-8").splitlines()[0].startswith("policy,max_regret,mean_regret")
    assert len((folder / f"{stem}-regret.csv").read_text(encoding="utf-8").splitlines()) == 1 + 2 * 4


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sensitivity", "SWEEP", "--measure", "share(work, USA, top20, 2034)"), "was not kept by this sweep"),
        (("sensitivity", "SWEEP", "--scenario", "us-opning"), "this sweep has no scenario 'us-opning'"),
        (("sensitivity", "SWEEP", "--against", "nobody"), "this sweep has no scenario 'nobody'"),
        (("sensitivity", "SWEEP", "--measure", "share(work, USA, elite, 2035)"), "a tenth of the top 20 %"),
        (("discover", "SWEEP", "--where", f"{USA} + 1"), "write a condition"),
        (("discover", "SWEEP", "--where", "share(work, USA, elite, 2035) > 0.5"), "20,000 researchers x 10 replicates"),
        (("robustness", "SWEEP", "--measure", "share(work, USA, elite, 2035)"), "chance would be read as an effect"),
        (("robustness", "SWEEP"), "has one policy"),
        (("robustness", "nowhere"), "there is no sweep 'nowhere'"),
        (("sensitivity", "."), "holds no sweep"),
    ],
)
def test_a_wrong_question_is_exit_2_with_one_sentence(
    sweep_of: Make, talentsim: Talentsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = sweep_of(linear_at_none, keep=(USA, "share(work, USA, elite, 2035)"), draws=2)
    code, out, err = talentsim(*(str(sweep.folder) if word == "SWEEP" else word for word in words))
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def linear_at_none(_: str, x: tuple[float, ...], draw: int, replicate: int) -> list[float]:
    return [0.1 * draw, 0.2]


def test_a_sweep_is_found_by_its_name(
    sweep_of: Make, talentsim: Talentsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = sweep_of(linear, factors=LEVERS, method="sobol", points=32)
    (tmp_path / "results" / "sweeps").mkdir(parents=True)
    sweep.folder.rename(tmp_path / "results" / "sweeps" / "mine")
    assert talentsim("sensitivity", "mine")[0] == 0
    code, _, err = talentsim("sensitivity", "mein")
    assert code == 2
    assert "Did you mean mine?" in err


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("SALib.sample", ("sensitivity", "SWEEP")),
        ("ema_workbench.analysis.prim", ("discover", "SWEEP", "--where", f"{CHN} > {USA}")),
    ],
)
def test_without_the_extra_its_name_is_told(
    sweep_of: Make, talentsim: Talentsim, monkeypatch: pytest.MonkeyPatch, module: str, words: tuple[str, ...]
) -> None:
    sweep = sweep_of(lambda _, x, d, r: [0.4, x[0]], factors=LEVERS, method="saltelli", points=32)
    monkeypatch.setitem(sys.modules, module, None)
    code, out, err = talentsim(*(str(sweep.folder) if word == "SWEEP" else word for word in words))
    assert (code, out) == (2, "")
    assert f"needs the package {module.split('.')[0]}: pip install 'talentsim[analysis]'" in err
