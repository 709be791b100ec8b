"""The design that the benchmarks of sweeps run: the size of one lever of the shipped restriction, ten replicates a point."""

from pathlib import Path

REPLICATES = 10


def write_design(folder: Path, runs: int, researchers: int, until: int) -> None:
    """Write `design.toml` of about so many runs: Halton points of one lever at the reference point, ten replicates each."""
    text = f"""title = "A sweep to measure"
scenarios = ["us-entry-restrictions"]
until = {until}
researchers = {researchers}
draws = "reference"
replicates = {REPLICATES}
keep = ["share(work, USA, top20, {until})", "share(work, CHN, top20, {until})", "researchers(work, USA, elite, {until})"]
[sample]
method = "halton"
points = {max(1, runs // REPLICATES)}
[[factor]]
lever = "us-refusal"
low = 0.2
high = 0.6
"""
    (folder / "design.toml").write_text(text, encoding="utf-8")
