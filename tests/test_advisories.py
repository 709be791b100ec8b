"""Published advisories beside the lock files: which versions they speak of, and that none of ours is among them unargued."""

import json
from typing import Any

import pytest

from scripts.advisories import ARGUED, KEPT, findings, is_affected, locked

KNOWN = json.loads(KEPT.read_text(encoding="utf-8"))["advisories"]


def advisory(*ranges: list[tuple[str, str]], versions: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"id": "PYSEC-0", "ranges": ranges, "versions": versions}


TWICE = advisory([("introduced", "0"), ("fixed", "2.3.2"), ("introduced", "2.5"), ("fixed", "2.5.2")])


@pytest.mark.parametrize(
    ("version", "told", "expected"),
    [
        ("2.3.1", TWICE, True),
        ("2.3.2", TWICE, False),
        ("2.4", TWICE, False),
        ("2.5.1", TWICE, True),
        ("2.10", TWICE, False),
        ("7", advisory([("introduced", "3"), ("last_affected", "7")]), True),
        ("7.1", advisory([("introduced", "3"), ("last_affected", "7")]), False),
        ("9", advisory([("introduced", "3")]), True),
        ("2", advisory([("introduced", "3")]), False),
        ("1.0", advisory(versions=("1.0",)), True),
        ("1.1", advisory(versions=("1.0",)), False),
    ],
)
def test_a_range_holds_from_where_it_begins_to_where_it_is_fixed(version: str, told: dict[str, Any], expected: bool) -> None:
    assert is_affected(version, told) is expected


def test_no_locked_version_has_an_advisory_and_one_that_had_would_be_found() -> None:
    locks = locked()
    assert "numpy" in locks
    assert not list(findings(locks, KNOWN))
    before = findings({"pillow": {("2.3.1", "some.lock")}}, KNOWN)
    assert any(line.startswith("some.lock: pillow 2.3.1 has PYSEC-2014-10; fixed in 2.3.2") for line in before)


def test_what_is_argued_is_still_locked() -> None:
    told = {each["id"]: name for name, advisories in KNOWN.items() for each in advisories}
    locks = locked()
    for name in ARGUED:
        of = [each for each in KNOWN[told[name]] if each["id"] == name]
        assert any(is_affected(version, of[0]) for version, _ in locks[told[name]]), f"{name} needs no argument any more"
