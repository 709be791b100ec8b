"""`careers.parquet`: what is written is read back, other tables agree with it, and a run from before it says what to do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from sim.files.manifest import OldFolderWarning
from sim.model.world import REPORT_FROM
from sim.runs.atomic import FolderError
from sim.runs.careers import CAREERS_FILE, read_careers
from sim.runs.folder import Run, differing_files, read_run, write_run
from sim.runs.outcomes.outcomes import Outcomes
from sim.runs.plan import RunPlan
from sim.runs.rows import RunTableError
from tests.support.damage import as_of_before

Make = Callable[[RunPlan], Iterator[Outcomes]]


@pytest.fixture
def run(plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> Run:
    return write_run(plan, outcomes_of(plan), tmp_path)


def test_what_is_written_is_read_back(run: Run, plan: RunPlan, outcomes_of: Make) -> None:
    wanted = np.stack([each.careers[each.years >= REPORT_FROM] for each in outcomes_of(plan)])
    assert wanted.sum() > 0
    found = read_careers(run.folder, run.years, run.codes, (run.draws, run.replicates))
    assert np.array_equal(np.stack([found.of_run(k) for k in range(len(wanted))]), wanted)


def test_nobody_takes_no_room(run: Run) -> None:
    table = pq.read_table(run.folder / CAREERS_FILE)
    assert table.column_names == ["draw", "replicate", "year", "tier", "origin", "study", "work", "researchers"]
    assert min(table["researchers"].to_pylist()) > 0
    assert set(table["tier"].to_pylist()) == {"top20"}
    assert float(table.schema.metadata[b"people_per_researcher"]) == run.weight


def test_a_run_made_again_has_the_same_bytes(run: Run, plan: RunPlan, outcomes_of: Make, tmp_path: Path) -> None:
    again = write_run(plan, outcomes_of(plan), tmp_path / "again")
    assert differing_files(run.folder, again.folder) == []
    with (again.folder / CAREERS_FILE).open("ab") as file:
        file.write(b"x")
    assert differing_files(run.folder, again.folder) == [CAREERS_FILE]


def test_a_run_of_before_is_a_run_and_says_that_it_holds_none(run: Run) -> None:
    (run.folder / CAREERS_FILE).unlink()
    with pytest.raises(FolderError, match=r"careers\.parquet"):
        read_run(run.folder)
    as_of_before(run.folder)
    with pytest.warns(OldFolderWarning):
        assert read_run(run.folder).run_id == run.run_id
    with pytest.raises(RunTableError, match="make it again in another folder"):
        read_careers(run.folder, run.years, run.codes, (run.draws, run.replicates))
