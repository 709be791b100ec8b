"""Scenario discovery: a planted box is found, said in words, and what cannot be answered is refused."""

from collections.abc import Callable

import numpy as np
import pytest

from sim.sweeps.analysis.discovery import Box, Discovery, Limit, cart_boxes, chosen_step, discover
from sim.sweeps.analysis.responses import AnalysisError, draw_inputs
from sim.sweeps.design.points import Factor
from sim.sweeps.results import Sweep
from tests.support.made_up import made_up_sweep

Make = Callable[..., Sweep]
CHN, USA = "share(work, CHN, top20, 2035)", "share(work, USA, top20, 2035)"
SCENARIO = "us-entry-restrictions"
FACTORS = tuple(Factor(name, "parameter", "made_up", 0.0, 1.0) for name in "abc")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """A sweep in which CHN passes USA where a is above .6 and b below .5, and nowhere else; c does nothing."""

    def values(_: str, x: tuple[float, ...], draw: int, replicate: int) -> list[float]:
        return [0.4, 0.5 if x[0] > 0.6 and x[1] < 0.5 else 0.3 + 0.15 * replicate]

    return made_up_sweep(tmp_path_factory.mktemp("planted") / "sweep", values, FACTORS, "sobol", 256)


@pytest.fixture(scope="module")
def found(planted: Sweep) -> Discovery:
    return discover(planted, f"{CHN} > {USA}", SCENARIO)


@pytest.mark.parametrize("method", ["PRIM", "CART"])
def test_the_planted_box_is_found(found: Discovery, method: str) -> None:
    box = next(box for box in found.boxes if box.method == method)
    limits = {limit.input: limit for limit in box.limits}
    assert set(limits) == {"a", "b"}
    assert limits["a"].low == pytest.approx(0.6, abs=0.04)
    assert limits["b"].high == pytest.approx(0.5, abs=0.04)
    assert np.isnan([limits["a"].high, limits["b"].low]).all()
    assert box.density > 0.9
    assert box.coverage > 0.9
    assert str(box).startswith("a at least .")
    assert " and b at most ." in str(box)


def test_coverage_and_density_are_those_of_the_box_that_is_told(found: Discovery) -> None:
    for box in found.boxes:
        inside = np.ones(len(found.y), dtype=bool)
        for limit in box.limits:
            column = found.x[:, found.inputs.index(limit.input)]
            inside &= (column >= np.nan_to_num(limit.low, nan=-np.inf)) & (column <= np.nan_to_num(limit.high, nan=np.inf))
        assert (box.rows, box.cases) == (inside.sum(), found.y[inside].sum())
        assert box.density == pytest.approx(found.y[inside].mean())
        assert box.coverage == pytest.approx(found.y[inside].sum() / found.y.sum())


def test_the_second_answer_is_the_first(planted: Sweep, found: Discovery) -> None:
    again = discover(planted, f"{CHN} > {USA}", SCENARIO)
    assert repr(again.boxes) == repr(found.boxes)  # a limit that is open is NaN, which equals nothing


@pytest.mark.parametrize("seed", range(8))
def test_no_leaf_is_told_twice(seed: int) -> None:
    generator = np.random.default_rng(seed)
    x = generator.random((120, 3))
    boxes = cart_boxes("abc", x, (x[:, 0] > 0.6) & (generator.random(120) < 0.85), 0.6)
    told = [str(box) for box in boxes]
    assert len(set(told)) == len(told) > 0


def test_the_rows_and_where_replicates_disagree_are_counted(found: Discovery) -> None:
    assert len(found.y) == 256
    assert found.base_rate == pytest.approx(0.2, abs=0.01)
    assert found.disagreement == pytest.approx(0.8, abs=0.01)  # outside the box one replicate of two says so
    assert found.left_out == 0


def test_chance_restricts_no_box(sweep_of: Make) -> None:
    generator = np.random.default_rng(4)
    sweep = sweep_of(
        lambda *_: [0.4, 0.4 + generator.choice([-0.1, 0.1])], factors=FACTORS, method="sobol", points=256, replicates=1
    )
    found = discover(sweep, f"{CHN} > {USA}", SCENARIO)
    assert all(box.coverage < 0.5 for box in found.boxes)


def test_what_draws_differ_in_restricts_boxes_too(sweep_of: Make) -> None:
    probe = draw_inputs(sweep_of(lambda *_: [0.0, 0.0], draws=60), SCENARIO)
    size = probe.values[:, probe.names.index("lever us-refusal")]
    sweep = sweep_of(lambda _, x, draw, replicate: [0.4, 0.5 if size[draw] > np.median(size) else 0.3], draws=60)
    found = discover(sweep, f"{CHN} > {USA}", SCENARIO)
    assert found.x.shape == (60, 6)
    assert found.set_aside == len(probe.names) - 6
    for box in (found.boxes[0], found.boxes[-1]):
        assert {limit.input for limit in box.limits} == {"lever us-refusal"}
        assert box.density > 0.9


def test_a_step_is_chosen_by_coverage_among_the_dense() -> None:
    boxes = [Box("PRIM", (), 10, 1, coverage, density) for coverage, density in ((1.0, 0.3), (0.8, 0.85), (0.5, 0.9))]
    assert chosen_step(boxes, 0.8) == 1
    assert chosen_step(boxes, 0.95) == 2


def test_limits_in_words() -> None:
    assert str(Limit("refusal", 0.41, np.nan)) == "refusal at least .41"
    assert str(Limit("refusal", np.nan, 1.5)) == "refusal at most 1.5"
    assert str(Limit("refusal", -0.25, 0.5)) == "refusal from -.25 to .5"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (f"{CHN} > 0.9", "never so in the 256 rows"),
        (f"{CHN} < 0.9", "always so in the 256 rows"),
    ],
)
def test_what_has_no_box_is_refused(planted: Sweep, where: str, message: str) -> None:
    with pytest.raises(AnalysisError, match=message):
        discover(planted, where, SCENARIO)


def test_too_few_rows_or_cases_are_refused(sweep_of: Make) -> None:
    few = sweep_of(lambda _, x, d, r: [0.4, x[0]], factors=FACTORS, method="sobol", points=32)
    with pytest.raises(AnalysisError, match=r"at least 40 points x draws .* there are 32"):
        discover(few, f"{CHN} > {USA}", SCENARIO)
    rare = sweep_of(lambda _, x, d, r: [0.4, x[0]], factors=FACTORS, method="sobol", points=64)
    with pytest.raises(AnalysisError, match="at least 8 on either side"):
        discover(rare, f"{CHN} > 0.95", SCENARIO)


def test_points_of_few_draws_are_no_independent_rows(sweep_of: Make) -> None:
    few = sweep_of(
        lambda _, x, draw, r: [0.4, 0.3 + 0.02 * draw], factors=FACTORS, method="sobol", points=16, draws=19, replicates=1
    )
    with pytest.raises(AnalysisError, match=r"19 draws have all their runs; discovery needs 20"):
        discover(few, f"{CHN} > {USA}", SCENARIO)
