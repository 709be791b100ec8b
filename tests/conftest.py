"""What several tests share: a small plan and outcomes made by hand, without any engine."""

import importlib.util
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from sim.cli import main
from sim.runs.execute import Runner
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan, Task
from sim.scenarios.load import load_scenario
from sim.sweeps.results import Sweep
from tests.support.made_up import made_up, made_up_sweep
from tests.support.packaged import plan_of


@pytest.fixture(scope="session")
def plan() -> RunPlan:
    """A plan small enough for outcomes made by hand."""
    return plan_of(load_scenario("baseline"), draws=3, replicates=2, researchers=500, until=2024)


@pytest.fixture(scope="session")
def outcomes_of() -> Callable[[RunPlan], Iterator[Outcomes]]:
    """Return a function that makes all outcomes of a plan, in order."""

    def make(plan: RunPlan) -> Iterator[Outcomes]:
        return (made_up(plan, draw, rep) for draw in range(plan.draws) for rep in range(plan.replicates))

    return make


class Seat:
    """Where the runner sits that makes the outcomes of the command line; nobody: the engines make them."""

    runner: Runner | None = None


class ByHand(Runner):
    """Outcomes made by hand in the engines' place, and the plans that were executed."""

    def __init__(self) -> None:
        self.executed: list[RunPlan] = []

    def tasks(self, plan: RunPlan) -> list[Task]:
        return [Task(plan, draw, {}) for draw in range(plan.draws)]

    def outcomes(self, tasks: list[Task], workers: int, progress: object) -> Iterator[Outcomes]:
        plan = tasks[0].plan
        self.executed.append(plan)
        return (made_up(plan, task.number, replicate) for task in tasks for replicate in range(plan.replicates))

    def variants(self, plan: RunPlan) -> dict[float, list[Outcomes]]:
        return {}


@pytest.fixture
def seat() -> Seat:
    """The seat of the runner."""
    return Seat()


@pytest.fixture
def talentsim(
    capsys: pytest.CaptureFixture[str], seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs the command line and gives exit code, stdout, stderr; as wide as into a file."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def start(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main(words, seat.runner)
        output = capsys.readouterr()
        assert isinstance(stopped.value.code, int)
        return stopped.value.code, output.out, output.err

    return start


@pytest.fixture
def by_hand() -> ByHand:
    """A runner that makes outcomes by hand."""
    return ByHand()


@pytest.fixture
def quick_engine(seat: Seat, by_hand: ByHand) -> list[RunPlan]:
    """Give the command line outcomes made by hand; the list holds the plans that were executed."""
    seat.runner = by_hand
    return by_hand.executed


@pytest.fixture(scope="session")
def script() -> Callable[[str], ModuleType]:
    """Return a function that loads a module of the folder scripts by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "scripts" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture
def sweep_of(tmp_path: Path) -> Callable[..., Sweep]:
    """Return a function that makes a sweep in a new folder (see `made_up_sweep`)."""
    numbers = itertools.count()

    def make(values: Callable[..., list[float]], **options: Any) -> Sweep:
        return made_up_sweep(tmp_path / f"sweep-{next(numbers)}", values, **options)

    return make


SLOW = tuple(Path(__file__).parent / name for name in ("statistics", "worlds", "browser"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what lies in a folder of long tests; a long test that lies beside fast ones is marked where it stands."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in SLOW):
            item.add_marker(pytest.mark.slow)
