"""Both engines are equal to the last bit on data of one's own: five regions, and twenty-one."""

from pathlib import Path

import pytest

from sim.data.load import data_in_force
from sim.draws.constants import first_guess
from sim.draws.draw import REFERENCE, Draw, make_draw, reference_vector
from sim.draws.worlds import world_of
from sim.model.choice.randomness import make_key
from sim.scenarios.load import load_basis, load_scenario
from sim.sources import PACKAGE
from tests.engines.same import differences
from tests.support.own_data import package_of

EXAMPLES = PACKAGE.parent / "examples"
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("folder", "scenario"), [("chips", "taiwan-retention"), ("hong-kong", "hong-kong-pull")])
def test_engines_are_equal_on_the_examples(folder: str, scenario: str) -> None:
    place: Path = EXAMPLES / folder
    with data_in_force(place) as data:
        basis = load_basis()
        draw = make_draw(basis, reference_vector(data), REFERENCE)
        world = world_of(data, load_scenario(scenario), draw, 800, 2032)
        assert draw.constants.error < 0.005
        assert world.cohort.shape == (33, len(data.codes))
        assert list(differences(world, make_key(1, 0))) == []


@pytest.mark.parametrize("count", [2, 3, 64])
def test_engines_are_equal_for_any_number_of_regions(count: int, tmp_path: Path) -> None:
    with data_in_force(package_of(tmp_path / "regions", count)) as data:
        assert len(data.codes) == count
        parameters = reference_vector(data)
        draw = Draw(REFERENCE, parameters, first_guess(data))
        world = world_of(data, load_scenario("baseline"), draw, 400, 2024)
        assert list(differences(world, make_key(1, 0))) == []
