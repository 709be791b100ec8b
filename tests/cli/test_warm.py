"""`talentsim warm`: compiles once, and says so."""

import pytest
from click.testing import CliRunner

import sim.engines.arrays
import sim.runs.execute
from sim.cli import cli


@pytest.mark.parametrize("is_compiled", [True, False])
def test_what_is_compiled_is_not_compiled_again(is_compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(sim.engines.arrays, "is_compiled", lambda: is_compiled)
    monkeypatch.setattr(sim.runs.execute, "compile_ahead", lambda tasks: made.append(len(tasks)))
    said = CliRunner().invoke(cli, ["warm"])
    assert said.exit_code == 0
    assert made == ([] if is_compiled else [1])
    assert ("already" in said.output) == is_compiled
