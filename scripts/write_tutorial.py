"""Execute docs/tutorial.ipynb and keep what it shows: the site is built from what is stored there."""

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
FILE = ROOT / "docs" / "tutorial.ipynb"


def executed(notebook: Any) -> Any:
    """Execute a notebook in an empty folder, as a reader does; return it with its outputs and without times."""
    os.environ["PYTHONPATH"] = str(ROOT)
    made = notebook.copy()
    with tempfile.TemporaryDirectory() as folder:
        options = {"kernel_name": "python3", "record_timing": False, "resources": {"metadata": {"path": folder}}}
        NotebookClient(made, timeout=900, **options).execute()
    made.metadata = notebook.metadata  # the version of Python is of no interest
    return made


if __name__ == "__main__":
    nbformat.write(executed(nbformat.read(FILE, as_version=4)), FILE)
