"""Run the commands of docs/scenario-files.md on the files that the page shows and write their output into it.

python scripts/write_guide.py
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GUIDE = ROOT / "docs" / "scenario-files.md"
FILE = re.compile(r"<!-- file: (\S+) -->\n```toml\n(.*?)```", re.DOTALL)
OUTPUT = re.compile(r"(<!-- output: talentsim (.*?) -->\n```text\n)(.*?)(```)", re.DOTALL)


def with_outputs(text: str, folder: Path) -> str:
    """Return the page with the output of every command, run in a folder that holds the page's files."""
    for name, content in FILE.findall(text):
        (folder / name).write_text(content, encoding="utf-8")

    def run(found: re.Match[str]) -> str:
        command = [sys.executable, "-c", "from sim.cli import main; main()", *shlex.split(found[2])]
        inherited = {name: value for name, value in os.environ.items() if name != "COLUMNS"}  # as wide as into a file
        environment = inherited | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=False)
        if done.returncode:
            raise SystemExit(f"talentsim {found[2]}: {done.stderr}")
        lines = [line.rstrip() for line in done.stdout.strip().splitlines()]
        return found[1] + "\n".join(lines) + "\n" + found[4]

    return OUTPUT.sub(run, text)


def main() -> None:
    """Rewrite the page."""
    with tempfile.TemporaryDirectory() as folder:
        GUIDE.write_text(with_outputs(GUIDE.read_text(encoding="utf-8"), Path(folder)), encoding="utf-8")


if __name__ == "__main__":
    main()
