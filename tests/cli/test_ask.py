"""Completion, words that choose levers and policies, lives in a comparison."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from sim.cli import cli
from sim.cli.ask import with_words
from sim.cli.complete import complete_levers, complete_policies, complete_scenarios
from sim.comparisons.compare import Extent, compare_into
from sim.comparisons.folder import runs_of_comparison
from sim.scenarios.levers.declared import LEVERS
from sim.scenarios.load import named_policies
from sim.scenarios.reading.chain import shipped_names
from tests.support.comparisons import run_of


def offered(complete: object, begun: str) -> list[str]:
    assert callable(complete)
    return [item.value for item in complete(None, None, begun) if item.type != "file"]


def test_names_are_completed() -> None:
    assert offered(complete_scenarios, "us-") == [name for name in shipped_names() if name.startswith("us-")] != []
    assert offered(complete_levers, "") == list(LEVERS)
    assert offered(complete_policies, "") == list(named_policies())
    assert offered(complete_levers, "no such") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_given_its_script(shell: str) -> None:
    said = CliRunner().invoke(cli, ["completion", shell])
    assert said.exit_code == 0
    assert "_TALENTSIM_COMPLETE" in said.output


@pytest.mark.slow
def test_the_command_itself_completes() -> None:
    asked = {"_TALENTSIM_COMPLETE": "bash_complete", "COMP_WORDS": "talentsim levers student_", "COMP_CWORD": "2"}
    said = subprocess.run([sys.executable, "-m", "sim"], env={**os.environ, **asked}, capture_output=True, text=True, check=False)
    names = [line.partition(",")[2] for line in said.stdout.splitlines()]
    assert names == [name for name in LEVERS if name.startswith("student_")] != []


def test_words_choose_levers_and_policies() -> None:
    texts = {"work_visa_odds": "odds of the lottery", "stipend": "dollars a year"}
    assert with_words(texts, "visa") == ["work_visa_odds"]
    assert with_words(texts, "Visa LOTTERY") == ["work_visa_odds"]
    assert with_words(texts, "visa dollars") == []
    said = CliRunner().invoke(cli, ["levers", "visa"])
    assert said.exit_code == 0
    assert "work_visa_odds" in said.output
    assert "phd_places" not in said.output


def test_the_runs_of_a_comparison_are_found(tmp_path: Path) -> None:
    base, variant = run_of("baseline", tmp_path, until=2027), run_of("us-entry-restrictions", tmp_path, until=2027, seed=2)
    _, folder, _ = compare_into([base, variant], tmp_path, Extent(False, False, 1))
    assert list(runs_of_comparison(folder).values()) == [base.folder.resolve(), variant.folder.resolve()]
    assert runs_of_comparison(base.folder) == {}
