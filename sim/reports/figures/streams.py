"""Streams between columns of nodes: where each begins and ends, computed once, and drawn with matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

_GAP = 0.025  # space between two nodes, as a share of the height
_WIDTH = 0.035  # of a node, as a share of the distance between two columns
_LEAST_LABEL = 0.022  # nodes lower than this get their label in a smaller print


class Node(NamedTuple):
    """A bar: in which column it stands, its name, and where it begins and ends (1 is the top)."""

    column: int
    label: str
    low: float
    high: float
    people: float


class Ribbon(NamedTuple):
    """A part of a stream between two columns: name of its colour, and where it begins and ends on both sides."""

    column: int
    colour: str
    left: tuple[float, float]
    right: tuple[float, float]


def layout(streams: Mapping[tuple[str, ...], float], order: Sequence[str]) -> tuple[list[Node], list[Ribbon]]:
    """Place nodes and ribbons.

    Parameters
    ----------
    streams
        People by the nodes they pass, from left to right; every key has the same length.
    order
        Nodes from top to bottom.

    Returns
    -------
    tuple
        Nodes and ribbons, heights as shares of the whole drawing. A ribbon has the colour of its stream's first node.
    """
    total = sum(streams.values())
    columns = len(next(iter(streams)))
    rank = {label: place for place, label in enumerate(order)}
    used = [[label for label in order if any(key[c] == label for key in streams)] for c in range(columns)]
    scale = (1.0 - _GAP * (max(map(len, used)) - 1)) / total
    nodes = []
    spans: list[dict[tuple[tuple[str, ...], str], tuple[float, float]]] = []
    for column, labels in enumerate(used):
        height = scale * total + _GAP * (len(labels) - 1)
        top = 0.5 + height / 2
        placed: dict[tuple[tuple[str, ...], str], tuple[float, float]] = {}
        for label in labels:
            inside = {key: people for key, people in streams.items() if key[column] == label}
            nodes.append(Node(column, label, top - scale * sum(inside.values()), top, sum(inside.values())))
            for side, keyed in (("left", _by(inside, column - 1, rank)), ("right", _by(inside, column + 1, rank))):
                edge = top
                for key in keyed:
                    placed[key, side] = (edge - scale * inside[key], edge)
                    edge -= scale * inside[key]
            top = nodes[-1].low - _GAP
        spans.append(placed)
    ribbons = [
        Ribbon(column, key[0], spans[column][key, "right"], spans[column + 1][key, "left"])
        for column in range(columns - 1)
        for key in streams
    ]
    return nodes, ribbons


def draw_streams(panel: Axes, nodes: Sequence[Node], ribbons: Sequence[Ribbon], colours: Mapping[str, str]) -> None:
    """Draw nodes with their labels, and the ribbons between them."""
    last = max(node.column for node in nodes)
    for ribbon in ribbons:
        panel.add_patch(_ribbon_patch(ribbon, colours[ribbon.colour]))
    for node in nodes:
        height = node.high - node.low
        between = "\n" if height > 2.2 * _LEAST_LABEL else " "
        box = (node.column - _WIDTH / 2, node.low)
        panel.add_patch(Rectangle(box, _WIDTH, height, color=colours[node.label], linewidth=0))
        side = -1 if node.column == 0 else 1
        panel.text(
            node.column + side * 0.8 * _WIDTH,
            (node.low + node.high) / 2,
            f"{node.label}{between}{node.people:,.0f}",
            ha="right" if side < 0 else "left",
            va="center",
            fontsize=7.5 if height > _LEAST_LABEL else 6.5,
            linespacing=1.05,
        )
    panel.set_xlim(-0.28 * last - 0.12, last * 1.28 + 0.12)
    panel.set_ylim(-0.01, 1.01)
    panel.axis("off")


def _by(inside: Mapping[tuple[str, ...], float], column: int, rank: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Order the streams of a node by the node on their other side, so that ribbons cross as little as they can."""
    first = next(iter(inside))
    seen = column if 0 <= column < len(first) else 0
    return sorted(inside, key=lambda key: (rank[key[seen]], [rank[label] for label in key]))


def _ribbon_patch(ribbon: Ribbon, colour: str) -> PathPatch:
    x = np.array([0.0, 0.5, 0.5, 1.0]) * (1 - _WIDTH) + ribbon.column + _WIDTH / 2
    (low_left, high_left), (low_right, high_right) = ribbon.left, ribbon.right
    corners = [(x[0], high_left), (x[1], high_left), (x[2], high_right), (x[3], high_right)]
    corners += [(x[3], low_right), (x[2], low_right), (x[1], low_left), (x[0], low_left), (x[0], high_left)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    return PathPatch(Path(corners, codes), facecolor=colour, alpha=0.45, linewidth=0)
