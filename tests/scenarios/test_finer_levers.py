"""Scenario files of news that name a destination, a talent class, a stage or a degree; and files that name none of these."""

from pathlib import Path

import numpy as np
import pytest

from sim.draws.draw import REFERENCE, policies_in_force, reference_vector
from sim.scenarios.levers.changes import Policies
from sim.scenarios.load import load_basis, load_scenario
from sim.scenarios.reading.text import ScenarioError
from sim.scenarios.scenario import Scenario

NEWS = """
title    = "News of 2027"
question = "What if all of it came at once?"
extends  = "baseline"

[[lever]]                        # "Work visas now take nine months, consulates say"
name        = "work_visa_delay"
origin      = ["IND"]
destination = ["USA"]
from        = 2027
change      = "set"
value       = 9
evidence    = "Assumption: an example."

[[lever]]                        # "China forbids a fifth of its AI staff to go to the United States"
name        = "exit_gate"
origin      = ["CHN"]
destination = ["USA"]
stage       = ["work"]
from        = 2027
change      = "set"
value       = 0.2
evidence    = "Assumption: an example."

[[lever]]                        # "Only the best fifth of foreign engineers still get in"
name         = "entry_bar"
origin       = ["IRN"]
destination  = ["GBR"]
talent_class = [0, 1, 2, 3]
stage        = ["work"]
from         = 2027
change       = "set"
value        = 0.9
evidence     = "Assumption: an example."

[[lever]]                        # "A green card stapled to the diploma"
name        = "residence_wait"
destination = ["USA"]
degree      = ["here"]
from        = 2027
change      = "set"
value       = 0
evidence    = "Assumption: an example."
"""
ROW, BEFORE = 2027 - 2000, 2026 - 2000
BASIS = load_basis()
CODES = BASIS.data.codes
USA, CHN, GBR, IND, IRN = (CODES.index(code) for code in ("USA", "CHN", "GBR", "IND", "IRN"))


def loaded(folder: Path, text: str) -> Scenario:
    path = folder / "news.toml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(str(path))


def in_force(scenario: Scenario) -> Policies:
    return policies_in_force(BASIS.data, scenario, reference_vector(BASIS.data), REFERENCE)


def own_ids(scenario: Scenario) -> list[str]:
    return [change.id for change in scenario.levers if change.id in scenario.own_ids]


def test_the_news_reaches_whom_it_names_and_nobody_else(tmp_path: Path) -> None:
    base, news = in_force(load_scenario("baseline")), in_force(loaded(tmp_path, NEWS))
    assert news.work_visa_delay[ROW, IND, USA] == 9.0
    assert news.exit_gate[ROW, CHN, USA].tolist() == [0.0, 0.2]
    assert news.entry_bar[ROW, IRN, GBR, :, 1].tolist() == [0.9, 0.9, 0.9, 0.9, 0.0]
    assert (news.residence_wait[ROW, :, USA, 0] == 0.0).all()
    moved = {name for name in base._fields if not np.array_equal(getattr(base, name), getattr(news, name))}
    assert moved == {"work_visa_delay", "exit_gate", "entry_bar", "residence_wait"}
    for name in moved:
        before, after = getattr(base, name), getattr(news, name)
        np.testing.assert_array_equal(before[: BEFORE + 1], after[: BEFORE + 1])
    np.testing.assert_array_equal(base.residence_wait[..., 1], news.residence_wait[..., 1])
    np.testing.assert_array_equal(base.entry_bar[..., 0], news.entry_bar[..., 0])


def test_made_up_ids_tell_a_later_filter_where_it_is_used_alone(tmp_path: Path) -> None:
    assert own_ids(loaded(tmp_path, NEWS)) == [
        "work_visa_delay:IND>USA:2027-2050:ramp1:set",
        "exit_gate:CHN>USA>work:2027-2050:ramp1:set",
        "entry_bar:IRN>GBR>*-4>work:2027-2050:ramp1:set",
        "residence_wait:*>USA>here:2027-2050:ramp1:set",
    ]


@pytest.mark.parametrize(
    ("named", "without", "made_up"),
    [
        ('name = "entry_bar"\norigin = ["CHN"]\ndestination = ["USA"]\nstage = ["study"]\ntalent_class = "*"\n',
         'name = "entry_bar"\norigin = ["CHN"]\ndestination = ["USA"]\n', "entry_bar:CHN>USA:2027-2050:ramp1:set"),
        ('name = "exit_gate"\norigin = ["CHN"]\ndestination = "*"\nstage = ["work"]\n',
         'name = "exit_gate"\norigin = ["CHN"]\nstage = ["work"]\n', "exit_gate:CHN>work:2027-2050:ramp1:set"),
        ('name = "residence_wait"\ndestination = ["USA"]\ndegree = ["here", "elsewhere"]\n',
         'name = "residence_wait"\ndestination = ["USA"]\n', "residence_wait:*>USA:2027-2050:ramp1:set"),
    ],
)  # fmt: skip
def test_a_file_without_the_later_filters_means_what_it_meant(tmp_path: Path, named: str, without: str, made_up: str) -> None:
    head = 'title = "T"\nquestion = "Q?"\nextends = "baseline"\n[[lever]]\n'
    last = 'from = 2027\nchange = "set"\nvalue = 0.5\nevidence = "Assumption: an example."\n'
    one, other = (loaded(tmp_path, head + text + last) for text in (named, without))
    assert own_ids(one) == own_ids(other) == [made_up]
    for mine, theirs in zip(in_force(one), in_force(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    if "entry_bar" in named:
        assert (in_force(other).entry_bar[..., 1] == 0.0).all()


def test_a_degree_from_a_country_is_refused_with_what_is_allowed(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="is not a degree; allowed: here, elsewhere"):
        loaded(tmp_path, NEWS.replace('["here"]', '["USA"]'))
