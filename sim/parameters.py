"""The schema of parameters and levers: what each one is, its unit, its range and where it enters.

The parameter table itself is data (``sim/data/tables/parameters.toml``); the levers are declared in ``sim.levers``.

Notation: T years of a run, R regions. Region ids are positions in the region table and are never reordered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "EUROPE": ("DEU", "FRA", "CHE", "NLD", "REU"),
    "ANGLOPHONE": ("USA", "GBR", "CAN", "AUS"),
}
"""Names for several regions at once; Europe is without the United Kingdom and Russia, as in the sources."""


MOST_FACTOR: Final = 100.0
"""Largest factor a ``multiply`` may name."""
