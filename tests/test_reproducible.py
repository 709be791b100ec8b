"""Wheel and sdist are the same bytes wherever and whenever they are built, and the wheel of the sdist is that of the checkout."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from sim.sources import PACKAGE

KINDS = ("*.whl", "*.tar.gz")


def built(source: Path, to: Path, umask: str) -> dict[str, bytes]:
    """Build both under a mask of rights; their bytes by name."""
    words = f'umask {umask} && exec "$0" -m hatchling build -t sdist -t wheel -d "$1"'
    done = subprocess.run(["sh", "-c", words, sys.executable, str(to)], cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.name: path.read_bytes() for kind in KINDS for path in to.glob(kind)}


def unpacked(sdist: Path, to: Path, age: float, umask: int) -> Path:
    """Unpack a source distribution under another mask, and make its files older."""
    before = os.umask(umask)
    try:
        with tarfile.open(sdist) as archive:
            archive.extractall(to, filter="data")
    finally:
        os.umask(before)
    (folder,) = to.iterdir()
    for path in folder.rglob("*"):
        os.utime(path, (age, age))
    return folder


def held(wheel: bytes) -> dict[str, int]:
    """The sums of what a wheel holds by its place, without the list of them, which has their order too."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        return {each.filename: each.CRC for each in archive.infolist() if not each.filename.endswith("/RECORD")}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="masks of rights are of POSIX")
def test_wheel_and_sdist_are_built_reproducibly(tmp_path: Path) -> None:
    here = built(PACKAGE.parent, tmp_path / "here", "022")
    assert here == built(PACKAGE.parent, tmp_path / "again", "077")
    (sdist,) = (tmp_path / "here").glob("*.tar.gz")
    others = []
    for name, age, mask in (("one", 1.0e9, 0o077), ("another place", 1.5e9, 0o002)):
        source = unpacked(sdist, tmp_path / name, age, mask)
        others.append(built(source, tmp_path / f"{name} built", f"{mask:03o}"))
    assert others[0] == others[1]
    assert len(here) == len(KINDS)
    (wheel,) = (name for name in here if name.endswith(".whl"))
    assert held(here[wheel]) == held(others[0][wheel])
