"""What must change nothing: chunks, the order of rows, of tables and of names; and cohorts that are nested."""

import csv
import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.data.load import DATA_FOLDER, load_data
from sim.draws.constants import first_guess
from sim.draws.draw import REFERENCE, Draw, reference_vector
from sim.engines.arrays import run_counts
from sim.engines.counts import counts_of
from sim.engines.expected.years import expected_years
from sim.model.choice.randomness import make_key
from sim.model.population import cohort_researchers
from sim.model.world import World
from sim.runs.simulate import Walk
from sim.scenarios.load import load_scenario
from tests.support.packaged import simulated
from tests.support.toy import (
    FROZEN,
    identity,
    random_world,
    rows_of,
    run,
    run_shuffled,
    same_counts,
    same_people,
    shapes,
    with_change,
    with_levers,
)

SOME = settings(deadline=None, max_examples=40)
SEEDS = st.integers(0, 10_000)


def assert_same(one, other) -> None:
    for t in range(len(one.counts)):
        assert same_counts(one.counts[t], other.counts[t]), t
        assert same_people(one.people[t], other.people[t]), t


@SOME
@given(SEEDS, st.integers(5, 4000))
def test_the_size_of_chunks_changes_nothing(seed: int, chunk: int) -> None:
    world = random_world(seed, 4, years=10)
    assert_same(run(world), run(world, chunk=chunk))


@SOME
@given(SEEDS, st.integers(5, 400), st.integers(2, 5))
def test_the_number_of_threads_changes_nothing(seed: int, chunk: int, threads: int) -> None:
    world = random_world(seed, 4, years=10)
    assert_same(run(world), run(world, chunk=chunk, threads=threads))


@SOME
@given(SEEDS, st.integers(2, 6), st.integers(5, 4000))
def test_years_in_one_call_are_the_years_one_by_one(seed: int, regions: int, chunk: int) -> None:
    world = random_world(seed, regions, years=10, relocation_hazard=0.5)
    counts = run_counts(world, make_key(1, 0), chunk)
    years = run(world).counts
    assert len(counts.shares) == len(years)
    for t, year in enumerate(years):
        assert same_counts(counts_of(counts, t), year), t


def test_rows_one_by_one_change_nothing() -> None:
    world = random_world(5, 3, years=8, people=10.0)
    assert_same(run(world), run(world, chunk=1))


@SOME
@given(SEEDS, st.integers(0, 100), st.integers(5, 4000))
def test_the_order_of_rows_changes_nothing(seed: int, order: int, chunk: int) -> None:
    world = random_world(seed, 4, years=10)
    assert_same(run(world), run_shuffled(world, order, chunk=chunk))


def test_chunks_change_nothing_in_the_real_world() -> None:
    data = load_data()
    draw = Draw(REFERENCE, reference_vector(data), first_guess(data))
    scenario = load_scenario("us-entry-restrictions")
    runs = [simulated(scenario, draw, 0, 300, 1, 2030, Walk(chunk=chunk)) for chunk in (97, 100_000)]
    for name in ("counts", "flows", "careers"):
        np.testing.assert_array_equal(getattr(runs[0], name), getattr(runs[1], name))


# --- nested cohorts -------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(
    people=st.lists(st.floats(0, 400), min_size=4, max_size=4),
    weight=st.floats(0.3, 30),
    factor=st.floats(1, 4),
    seed=SEEDS,
)
def test_a_larger_scale_has_at_least_as_many_of_every_cohort(people, weight, factor, seed: int) -> None:
    sizes = np.array(people).reshape(2, 2)
    key = make_key(seed, 0)
    few, many = (cohort_researchers(key, sizes, w, 2010) for w in (weight, weight / factor))
    assert (few <= many).all()
    larger = cohort_researchers(key, sizes * factor, weight, 2010)
    assert (few <= larger).all()


@SOME
@given(SEEDS)
def test_researchers_are_nested_between_scales(seed: int) -> None:
    world = random_world(seed, 4, years=10, people=30.0, **FROZEN)
    few = run(world._replace(people_per_researcher=2.0)).people
    many = run(world._replace(people_per_researcher=1.0)).people
    for small, large in zip(few, many, strict=True):
        assert len(small.origin) < len(large.origin)
        assert set(identity(small)) <= set(identity(large))
        assert same_people(small, rows_of(large, identity(small)))


@SOME
@given(SEEDS, st.floats(1.05, 2.0))
def test_researchers_are_nested_between_scenarios(seed: int, factor: float) -> None:
    world = random_world(seed, 4, years=10, people=60.0, **FROZEN)
    base = run(world).people
    variant = run(with_change(world, "cohort", lambda x: x * factor, 2, (1,))).people
    for small, large in zip(base, variant, strict=True):
        assert same_people(small, rows_of(large, identity(small)))
    assert len(base[-1].origin) < len(variant[-1].origin)


def test_identities_are_unique() -> None:
    names = identity(run(random_world(3, 5, years=12)).people[-1])
    assert len(set(names)) == len(names)


# --- the region table -----------------------------------------------------------------------------------------


def relabelled(world: World, order: np.ndarray) -> World:
    """Give region order[k] the id k."""
    regions, years = len(order), world.cohort.shape[0]

    def taken(array: np.ndarray) -> np.ndarray:
        for axis, size in enumerate(array.shape):
            if size == regions and not (axis == 0 and array.ndim > 1 and array.shape[0] == years):
                array = np.take(array, order, axis=axis)
        return np.ascontiguousarray(array)

    changed = {name: taken(getattr(world, name)) for name in shapes(regions, years)}
    changed["abroad_region"] = np.argsort(order)[changed["abroad_region"]].astype(np.int64)
    changed["funding"].setflags(write=False)
    levers = {name: taken(array) for name, array in world.levers._asdict().items()}
    return with_levers(world._replace(**changed), **levers)


@settings(deadline=None, max_examples=12)
@given(seed=SEEDS, order=st.permutations(range(4)))
def test_no_formula_knows_a_region_by_its_place(seed: int, order: list[int]) -> None:
    # Expected flows have no draws but the masks, which belong to ids; without masks another labelling is another
    # order of the same numbers.
    order_ = np.array(order)
    world = random_world(seed, 4, years=26, student_visa_refusal=0.0, entry_bar=0.0, border_closure=0.0)
    base, other = (list(expected_years(each, patterns=2)) for each in (world, relabelled(world, order_)))
    for one, two in zip(base, other, strict=True):
        np.testing.assert_allclose(two.shares, one.shares[:, :, order_], rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(two.entry, one.entry[np.ix_(order_, order_)], rtol=1e-8, atol=1e-8)


OTHER_TABLES = ("covariates", "ties", "visas", "targets", "mapping", "shares_2019", "world", "sources")


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param(("regions",), id="regions"),
        pytest.param(OTHER_TABLES, id="others"),
    ],
)
def test_reordering_tables_with_ids_kept_changes_nothing(tables: tuple[str, ...], tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    for path in DATA_FOLDER.iterdir():
        if path.is_file() and path.suffix != ".py":
            shutil.copy(path, folder / path.name)
    sums = []
    for line in (folder / "CHECKSUMS").read_text(encoding="utf-8").splitlines():
        digest, name = line.split()
        path = folder / name
        if name.removesuffix(".csv") in tables:
            with path.open(encoding="utf-8", newline="") as file:
                header, *rows = list(csv.reader(file))
            rows = [rows[k] for k in np.random.default_rng(4).permutation(len(rows))]
            with path.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([header, *rows])
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        sums.append(f"{digest}  {name}")
    (folder / "CHECKSUMS").write_text("\n".join(sums) + "\n", encoding="utf-8")
    usual, shuffled = load_data(), load_data(folder)
    assert shuffled.codes == usual.codes
    assert [region.id for region in shuffled.regions] == list(range(len(usual.codes)))
    assert {target.id: target for target in shuffled.targets} == {target.id: target for target in usual.targets}
    for name in usual.__dataclass_fields__:
        value = getattr(usual, name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(shuffled, name), value, err_msg=name)


def test_the_order_of_names_in_a_scenario_changes_nothing(tmp_path: Path) -> None:
    text = (
        'title = "T"\nquestion = "Q?"\nextends = "baseline"\n[[lever]]\nname = "entry_bar"\norigin = {}\n'
        'destination = {}\nfrom = 2012\nchange = "set"\nvalue = 0.5\nevidence = "a control"\n'
    )
    layers = []
    for origins, destinations in ((["CHN", "IND"], ["USA", "GBR"]), (["IND", "CHN"], ["GBR", "USA"])):
        path = tmp_path / "names.toml"
        path.write_text(text.format(origins, destinations).replace("'", '"'), encoding="utf-8")
        layers.append(load_scenario(str(path)).layers)
    assert layers[0] == layers[1]
