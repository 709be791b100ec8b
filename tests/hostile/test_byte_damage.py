"""Random damage to every kind of folder that we write: refused by name, or the numbers are the same to the bit."""

from pathlib import Path

import numpy as np
import pytest

from sim.draws.ensemble import EnsembleError
from sim.runs.atomic import FolderError
from sim.runs.rows import RunTableError
from tests.support.damage import DAMAGES, damage
from tests.support.hostile import within_bounds
from tests.support.kinds import KINDS, Sample, copy_of, hash_of, make_sample, read_quietly

FEW, MANY = 60, 1_000
REFUSALS = (FolderError, RunTableError, EnsembleError)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Sample, Sample]]:
    """Two folders of each kind, of other numbers."""
    return {
        kind: (make_sample(kind, tmp_path_factory.mktemp(kind)), make_sample(kind, tmp_path_factory.mktemp(f"other-{kind}"), 7))
        for kind in KINDS
    }


def outcome(samples: dict[str, tuple[Sample, Sample]], number: int, place: Path) -> tuple[str, str]:
    """Damage a copy by the number of the trial; say what was done and what became of it."""
    generator = np.random.default_rng([2026, number])
    kind = list(KINDS)[number % len(KINDS)]
    sample, other = samples[kind]
    folder = copy_of(sample, place)
    files = sorted(path for path in place.rglob("*") if path.is_file() and path.name not in ("lock", "digest"))
    path = files[int(generator.integers(len(files)))]
    how = DAMAGES[int(generator.integers(len(DAMAGES)))]
    others = sorted(each for each in other.place.rglob("*") if each.is_file())
    same_name = [each for each in others if each.name == path.name] or others
    before = path.read_bytes()
    damage(generator, how, path, same_name[int(generator.integers(len(same_name)))])
    done = f"{number}: {kind}, {path.relative_to(place)} {how}"
    if path.is_file() and path.read_bytes() == before:
        return done, "harmless"
    try:
        with within_bounds():
            read = read_quietly(kind, folder)
    except REFUSALS as error:
        is_named = any(name in str(error) for name in (path.name, path.parent.name)) or "runs are missing" in str(error)
        return done, "refused" if is_named else f"refused without its name: {error}"
    except Exception as error:
        return done, f"{type(error).__name__}: {error}"
    if read in (sample.hash, hash_of([None])):  # a cache that says nothing is made again
        return done, "harmless"
    return done, "accepted with other numbers"


def tally(samples: dict[str, tuple[Sample, Sample]], trials: range, place: Path) -> dict[str, list[str]]:
    """Collect the trials by what became of them."""
    found: dict[str, list[str]] = {}
    for number in trials:
        done, became = outcome(samples, number, place / str(number))
        found.setdefault(became, []).append(done)
    return found


def test_the_samples_differ_and_read_alike_twice(samples: dict[str, tuple[Sample, Sample]], tmp_path: Path) -> None:
    for kind, (one, other) in samples.items():
        assert one.hash != other.hash
        assert read_quietly(kind, copy_of(one, tmp_path / kind)) == one.hash


def test_damage_is_refused_by_name_or_harmless(samples: dict[str, tuple[Sample, Sample]], tmp_path: Path) -> None:
    found = tally(samples, range(FEW), tmp_path)
    assert set(found) <= {"refused", "harmless"}, {became: done for became, done in found.items() if len(done) < FEW / 2}
    assert len(found["refused"]) > FEW / 3


@pytest.mark.slow
def test_a_thousand_damages(samples: dict[str, tuple[Sample, Sample]], tmp_path: Path) -> None:
    found = tally(samples, range(MANY), tmp_path)
    assert set(found) <= {"refused", "harmless"}, {became: done for became, done in found.items() if len(done) < MANY / 4}
