"""The schemas in editors: Tombi, and the linter of Even Better TOML, find nothing wrong in shipped files; Tombi completes."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from sim.scenarios.levers.declared import LEVERS
from sim.sources import PACKAGE

ROOT = PACKAGE.parent
PROGRAMS = Path(os.environ.get("TALENTSIM_EDITORS", ROOT / ".venv-editors")) / "bin"
LINT = {"tombi": ("lint", "--offline"), "taplo": ("lint",)}
PATIENCE = 20.0  # s
HEAD = "#:schema ../schemas/scenario.schema.json\n"
WRONG = HEAD + 'title = "A bar"\n[[lever]]\nname = "entry_ban"\nfrom = "2026"\nchange = "add"\nvalue = 0.1\nevidence = "x"\n'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAMS.is_dir(), reason="Tombi and Taplo have no environment here: `make .venv-editors/.libraries`"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of scenarios beside that of the schemas, as in the project."""
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    (tmp_path / "scenarios").mkdir()
    return tmp_path


def lint(program: str, files: list[Path], place: Path) -> tuple[int, str]:
    words = [str(PROGRAMS / program), *LINT[program], *map(str, files)]
    done = subprocess.run(words, cwd=place, env=os.environ | {"NO_COLOR": "1"}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("program", LINT)
def test_every_shipped_file_is_right_in_an_editor(program: str) -> None:
    files = sorted((ROOT / "scenarios").rglob("*.toml"))
    code, said = lint(program, files, ROOT)
    assert code == 0, said
    assert f"{len(files)} files linted successfully" in said or f"total={len(files)}" in said, said


@pytest.mark.parametrize("program", LINT)
def test_what_is_wrong_is_marked_at_its_line(program: str, folder: Path) -> None:
    wrong = folder / "scenarios" / "wrong.toml"
    wrong.write_text(WRONG, encoding="utf-8")
    code, said = lint(program, [wrong], folder)
    assert code != 0
    for line, word in ((4, "entry_ban"), (5, "nteger")):
        assert f"wrong.toml:{line}:" in said, said
        assert word in said


class Editor:
    """What an editor says to a language server, and what it hears."""

    def __init__(self, there: IO[bytes], here: IO[bytes]) -> None:
        self.there, self.here = there, here
        self.number = 0

    def send(self, **message: Any) -> None:
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.there.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self.there.flush()

    def hear(self) -> dict[str, Any]:
        length = 0
        while line := self.here.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        heard: dict[str, Any] = json.loads(self.here.read(length))
        return heard

    def ask(self, method: str, **parameters: Any) -> Any:
        self.number += 1
        self.send(id=self.number, method=method, params=parameters)
        while True:
            heard = self.hear()
            if "method" in heard and "id" in heard:
                self.send(id=heard["id"], result=None)  # the server asks what this editor can do: nothing
            elif heard.get("id") == self.number:
                return heard["result"]


@contextmanager
def edited(path: Path) -> Iterator[Editor]:
    """Open a file as an editor does."""
    command = [str(PROGRAMS / "tombi"), "lsp", "--offline"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=path.parent, **pipes) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        editor = Editor(server.stdin, server.stdout)
        try:
            root = path.parents[1].as_uri()
            editor.ask("initialize", processId=None, rootUri=root, capabilities={"textDocument": {"completion": {}}})
            editor.send(method="initialized", params={})
            document = {"uri": path.as_uri(), "languageId": "toml", "version": 1, "text": path.read_text(encoding="utf-8")}
            editor.send(method="textDocument/didOpen", params={"textDocument": document})
            yield editor
        finally:
            server.kill()


def completions(path: Path, text: str) -> dict[str, str]:
    """What an editor offers at the end of a text, and what it says of it."""
    path.write_text(text, encoding="utf-8")
    position = {"line": text.count("\n"), "character": len(text) - text.rfind("\n") - 1}
    with edited(path) as editor:
        found, until = None, time.monotonic() + PATIENCE
        while not found and time.monotonic() < until:  # Tombi may hear the question before it has read the file
            found = editor.ask("textDocument/completion", textDocument={"uri": path.as_uri()}, position=position)
    assert found, f"nothing is offered after {text!r}"
    items = found["items"] if isinstance(found, dict) else found
    return {each["label"].strip('"'): str(each.get("documentation", "")) for each in items}


def test_an_editor_completes_keys_and_every_lever(folder: Path) -> None:
    new = folder / "scenarios" / "new.toml"
    keys = completions(new, HEAD + 'title = "New"\n\n[[lever]]\n')
    assert {"name", "origin", "destination", "from", "change", "value", "evidence"} <= keys.keys()
    levers = completions(new, HEAD + 'title = "New"\n\n[[lever]]\nname = ')
    for name, lever in LEVERS.items():
        assert lever.unit in levers[name], name
