"""Scenario files of the tests may use the policies of ``policies.toml`` beside this file, besides the packaged ones."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from sim.scenarios import load as scenario
from sim.scenarios.levers.named import NamedPolicy
from sim.scenarios.reading.library import load_library

TOYS = Path(__file__).parent / "policies.toml"


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, NamedPolicy]:
    """Put the policies of the tests beside the packaged ones and return them."""
    known = scenario._vocabulary()
    toys = load_library(known, TOYS)
    monkeypatch.setattr(scenario, "_vocabulary", lambda: replace(known, policies={**known.policies, **toys}))
    return toys
