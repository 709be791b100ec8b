"""`talentsim find`: sixty queries written down before there was a ranking, and what is shown of a hit."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.cli import cli
from sim.cli.questions.find import command_entries
from sim.guide.entries import all_entries, glossary
from sim.guide.rank import Entry, find, holds, plain, said_of, stem
from sim.runs.outcomes.indicators import INDICATORS
from sim.scenarios.levers.declared import LEVERS

QUERIES = list(csv.DictReader(Path(__file__).with_name("queries.csv").read_text(encoding="utf-8").splitlines()))
RIGHT_AT_LEAST = 54
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return [*command_entries(cli), *all_entries()]


def test_the_right_hit_is_among_the_first_three(entries: list[Entry]) -> None:
    wrong = {}
    for row in QUERIES:
        first = [(hit.entry.kind, hit.entry.name) for hit in find(row["query"], entries, 3)]
        if (row["kind"], row["name"]) not in first:
            wrong[row["query"]] = first
    assert len(QUERIES) == 60
    assert len(QUERIES) - len(wrong) >= RIGHT_AT_LEAST, wrong


@pytest.mark.parametrize(
    ("query", "kind", "name"),
    [
        ("months for a work visa", "lever", "work_visa_delay"),
        ("consular backlog for H-1B workers", "lever", "work_visa_delay"),
        ("staff may not leave for the United States", "lever", "exit_gate"),
        ("ban on leaving for one country", "lever", "exit_gate"),
        ("entry ban for the less talented", "lever", "entry_bar"),
        ("security screening of foreign hires", "lever", "entry_bar"),
        ("green card stapled to the diploma", "lever", "residence_wait"),
        ("permanent residence sooner for graduates of domestic universities", "lever", "residence_wait"),
        ("share of Indian students who stay at home for graduate school", "indicator", "entrants_home"),
        ("turn a budget into dollars per student", "command", "new"),
    ],
)
def test_the_news_finds_the_finer_levers(entries: list[Entry], query: str, kind: str, name: str) -> None:
    assert (kind, name) in [(hit.entry.kind, hit.entry.name) for hit in find(query, entries, 3)]


def test_every_right_hit_exists_and_no_name_of_a_kind_stands_twice(entries: list[Entry]) -> None:
    names = [(entry.kind, entry.name) for entry in entries]
    assert len(set(names)) == len(names)
    assert {(row["kind"], row["name"]) for row in QUERIES} <= set(names)


@pytest.mark.parametrize(("kind", "known"), [("commands", cli.commands), ("levers", LEVERS), ("indicators", INDICATORS)])
def test_what_is_said_elsewhere_is_said_of_something_that_exists(kind: str, known: dict[str, object]) -> None:
    assert set(said_of(kind)) <= set(known)


def test_words_meet_in_their_stems() -> None:
    assert {stem(word) for word in ("refusal", "refusals", "refused")} == {"refus"}
    assert stem("universities") == stem("university")
    assert plain("The 100,000-dollar H-1B fee of the U.S.") == "the 100000 dollar h1b fee of the usa"
    assert holds("all green cards here", "green card")
    assert not holds("a card in green", "green card")


def test_a_rare_word_in_a_name_wins_and_an_unknown_one_finds_nothing() -> None:
    known = [Entry("lever", "red_tape", "Forms.", "", ""), Entry("lever", "blue", "Red and red and red.", "", "")]
    assert [hit.entry.name for hit in find("tape red", known)] == ["red_tape", "blue"]
    assert find("xylophone", known) == []
    assert find("the of", known) == []


def test_the_glossary_is_read_whole() -> None:
    words = glossary()
    assert len(words) > 50
    assert "word" not in words
    assert not any("`" in meaning for meaning in words.values())


def test_find_prints_what_it_is_and_what_to_type_next(talentsim: Call) -> None:
    code, out, err = talentsim("find", "green", "card", "--most", "2")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == ["lever", "residence_wait"]
    assert "> talentsim levers residence_wait" in out
    code, out, _ = talentsim("find", "green card", "--json", "--kind", "policy")
    assert code == 0
    assert {hit["kind"] for hit in json.loads(out)["hits"]} == {"policy"}


def test_find_of_nothing_says_so(talentsim: Call) -> None:
    code, out, err = talentsim("find", "xylophone")
    assert (code, out) == (2, "")
    assert "nothing holds 'xylophone'" in err
