"""`talentsim new`: a file for every lever that passes `check`, from options and from answers at a terminal."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import sim.cli.questions.new as module
from sim.cli import cli
from sim.guide.draft import Draft, country_axis, draft_text, levers_for
from sim.guide.rank import levers_by_stage
from sim.scenarios.examples import example_size
from sim.scenarios.levers.declared import LEVERS, Lever
from sim.scenarios.load import load_scenario

Call = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize("lever", LEVERS.values(), ids=list(LEVERS))
def test_a_draft_of_every_lever_is_a_scenario_as_it_stands_and_with_its_comments(lever: Lever, tmp_path: Path) -> None:
    countries = ("DEU",) if country_axis(lever) else ()
    origins = ("IND",) if country_axis(lever) == "destination" and "origin" in lever.filters else ()
    draft = Draft(lever, countries, origins, *example_size(lever), 2027, 'What if "so"?', "Assumption: an example.")
    path = tmp_path / "draft.toml"
    path.write_text(draft_text(draft, path.name), encoding="utf-8")
    scenario = load_scenario(str(path))
    (change,) = (each for each in scenario.levers if each.id in scenario.own_ids)
    assert (change.name, change.from_year, change.until_year) == (lever.name, 2027, 2050)
    assert scenario.question == 'What if "so"?'
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line.removeprefix("# ") if " = " in line else line for line in lines), encoding="utf-8")
    (opened,) = (each for each in load_scenario(str(path)).levers if each.id in load_scenario(str(path)).own_ids)
    assert opened.until_year == 2032
    assert opened.source == "ASSUMPTION"


def test_every_lever_acts_on_a_step() -> None:
    assert {name for names in levers_by_stage().values() for name in names} == set(LEVERS)


def test_words_mean_levers_of_their_step() -> None:
    assert levers_for("green card", "", 1) == ["residence_wait"]
    assert levers_for("visa", "study", 1)[0] in ("student_visa_refusal", "visa_delay")
    assert levers_for("visa", "work", 1) == ["work_visa_odds"]
    assert levers_for("", "stay") == list(levers_by_stage()["stay"])
    assert levers_for("xylophone") == []


def test_options_write_a_file(talentsim: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("new", "mine", "--country", "EUROPE", "--what", "more PhD positions", "--change", "multiply", "--value", "1.5")
    code, out, err = talentsim(*words, "--from", "2028", "--question", "Who comes?")
    assert (code, err) == (0, "")
    assert "talentsim check mine.toml" in out
    written = tomllib.loads(Path("mine.toml").read_text(encoding="utf-8"))
    (lever,) = written["lever"]
    assert (lever["name"], lever["destination"], lever["value"], lever["from"]) == ("phd_places", ["EUROPE"], 1.5, 2028)
    assert talentsim("check", "mine.toml")[0] == 0
    code, _, err = talentsim(*words)
    assert code == 2
    assert "mine.toml is there already" in err


def test_what_is_wrong_is_said_together_and_leaves_no_file(
    talentsim: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = talentsim("new", "mine", "--country", "DEX", "--what", "xylophone")
    assert code == 2
    assert "--country" in err
    assert "means no lever; name a lever or what it does" in err
    code, _, err = talentsim("new", "mine")
    assert code == 2
    assert "--what is missing" in err
    code, _, err = talentsim("new", "mine", "--what", "phd_places", "--value", "1000")
    assert code == 2
    assert "mine.toml" in err
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "is_terminal", lambda: True)
    answers = "IND\nstudy\nquality of graduate schools\n1\nWho stays in India?\n"
    done = CliRunner().invoke(cli, ["new", "india"], input=answers, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    written = tomllib.loads(Path("india.toml").read_text(encoding="utf-8"))
    assert written["question"] == "Who stays in India?"
    assert written["lever"][0]["name"] == "doctoral_quality"
    assert written["lever"][0]["destination"] == ["IND"]
