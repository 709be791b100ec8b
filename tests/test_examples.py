"""What lies in examples/ runs: the script as a stranger starts it, the notebook cell by cell."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
NOTEBOOK = nbformat.read(EXAMPLES / "mesa_notebook.ipynb", as_version=4)


def test_the_script_is_short_and_runs_without_a_warning(tmp_path: Path) -> None:
    script = EXAMPLES / "mesa_script.py"
    assert len(script.read_text(encoding="utf-8").splitlines()) <= 40
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "CHN-2012-3: talent class" in done.stdout
    assert "graduate region:" in done.stdout
    effect = dict(line.split() for line in done.stdout.splitlines() if line.startswith(("count", "max")))
    assert float(effect["count"]) == 3
    assert float(effect["max"]) < 0  # refusals lower the US share in every replicate
    assert (tmp_path / "mesa-shares.png").stat().st_size > 10_000


def test_the_notebook_is_stored_without_outputs() -> None:
    code = [cell for cell in NOTEBOOK.cells if cell.cell_type == "code"]
    assert len(code) > 5
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq.*", "ignore::DeprecationWarning:jupyter_client.*")
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    notebook = NOTEBOOK.copy()
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 2
    told = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert "2035 " in told
    assert "CHN-2012-3: talent class" in told
