"""Groups of regions that have a name: those that everybody may use, their other spellings, and those of a user's own.

A group is a way to look at results: its share in a run is the sum of its members' in that run, and it decides no number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sim.data.schema import Data

Groups = Mapping[str, tuple[str, ...]]
"""Codes of the member regions by name of the group."""


def _tables() -> Data:
    from sim.data.load import load_data  # commands import this module before they know whether they read tables

    return load_data()


class _GroupsInForce(Groups):
    """The groups of the tables in force, read when they are asked for."""

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return _tables().groups[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_tables().groups)

    def __len__(self) -> int:
        return len(_tables().groups)


GROUPS: Final[Groups] = _GroupsInForce()
"""Groups that everybody may use, groups.csv. Of the packaged ones, Europe is without the United Kingdom and Russia, as in the
sources; Asia-Pacific without the Asian countries of the rest of the world, which cannot be told apart there."""

SPELLINGS: Final[Mapping[str, str]] = {"EU": "EUROPE"}
"""Other spellings of groups."""

REFUSED: Final[Mapping[str, str]] = {
    "EU27": "cannot be told: REU (rest of Europe) also holds countries that are no members, such as Norway, Serbia and Ukraine; "
    "write EUROPE (with REU and CHE), or name the members that are regions of their own: DEU, FRA, NLD",
}
"""What looks like a group and is none, and why."""


def told_groups(groups: Groups) -> list[str]:
    """List the groups that tables tell without being asked: those that groups.csv says, and all that a user named."""
    return [name for name in groups if name in _tables().told or name not in GROUPS]


def spelled(name: str) -> str:
    """Return the name of a region or group in its usual spelling."""
    return SPELLINGS.get(name, name)


def member_ids(name: str, codes: Sequence[str], groups: Groups) -> list[int]:
    """Return the ids of the regions that a region or a group stands for.

    Parameters
    ----------
    name
        A code or the name of a group.
    codes
        Region codes in id order.
    groups
        The groups that are known.
    """
    return [codes.index(code) for code in groups.get(name, (name,))]


def known_places(codes: Sequence[str], groups: Groups) -> tuple[str, ...]:
    """List all that may stand where a region does: the regions in id order, then the groups."""
    return (*codes, *groups)
