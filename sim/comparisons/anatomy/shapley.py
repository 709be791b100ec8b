"""Shapley values of a game: how much of a total each player brings, on average over the orders in which they may join.

A coalition is a whole number whose bit k says whether player k has joined. Notation: K players. The value of a coalition is an
array of any shape; all have the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.model.world import Floats

MOST_EXACT: Final = 6
"""Players up to which every coalition is valued; beyond, those of sampled orders."""
ORDERS: Final = 12
"""Orders sampled, half of them the other half reversed."""
INTERVAL: Final = 0.9
Order = tuple[int, ...]


class PlayerParts(NamedTuple):
    """What each player brings; the parts of all sum to the total."""

    part: Floats  # (K, ...)
    low: Floats  # (K, ...) ends of the 90 % interval of the sampling of orders; the part itself where all were taken
    high: Floats


def sample_orders(count: int, orders: int, seed: int) -> tuple[Order, ...]:
    """Draw orders of players in pairs, each with its reverse, so that who comes early in one comes late in the other.

    Parameters
    ----------
    count : number of players, at least 1.
    orders : how many, even and at least 4.
    seed : of the sampling.

    Raises
    ------
    ValueError : too few orders, or an odd number.
    """
    if orders < 4 or orders % 2:
        raise ValueError(f"{orders} orders: an even number, at least 4, so that pairs can be compared")
    generator = np.random.default_rng(seed)
    drawn = [tuple(generator.permutation(count).tolist()) for _ in range(orders // 2)]
    return tuple(order for one in drawn for order in (one, one[::-1]))


def coalitions_of(count: int, orders: Sequence[Order] | None) -> tuple[int, ...]:
    """List the coalitions whose value is needed: all, or those that form on the way through some orders."""
    if orders is None:
        return tuple(range(1 << count))
    return tuple(sorted({coalition for order in orders for coalition in on_the_way(order)}))


def on_the_way(order: Order) -> list[int]:
    """List the coalitions that form when players join in an order, from nobody to everybody."""
    formed = [0]
    for player in order:
        formed.append(formed[-1] | 1 << player)
    return formed


def exact_parts(count: int, value: Mapping[int, Floats]) -> PlayerParts:
    """Compute Shapley values from all coalitions: the mean over orders of what a player adds to those before.

    Parameters
    ----------
    count : K, at least 1.
    value : of all 2**K coalitions.
    """
    part = np.zeros((count, *value[0].shape))
    for player in range(count):
        for coalition in range(1 << count):
            if not coalition >> player & 1:
                before = coalition.bit_count()
                weight = math.factorial(before) * math.factorial(count - before - 1) / math.factorial(count)
                part[player] += weight * (value[coalition | 1 << player] - value[coalition])
    return PlayerParts(part, part, part)


def sampled_parts(count: int, value: Mapping[int, Floats], orders: Sequence[Order]) -> PlayerParts:
    """Estimate Shapley values from orders in pairs, with a 90 % interval of the mean over pairs.

    Parameters
    ----------
    count : K, at least 1.
    value : of the coalitions that form in the orders.
    orders : of `sample_orders`.
    """
    from scipy.stats import t as student

    gains = np.zeros((len(orders), count, *value[0].shape))
    for row, order in enumerate(orders):
        formed = on_the_way(order)
        for player, before, after in zip(order, formed[:-1], formed[1:], strict=True):
            gains[row, player] = value[after] - value[before]
    pairs = 0.5 * (gains[::2] + gains[1::2])
    part: Floats = pairs.mean(axis=0)
    error = pairs.std(axis=0, ddof=1) / math.sqrt(len(pairs))
    half = float(student.ppf(0.5 + 0.5 * INTERVAL, len(pairs) - 1)) * error
    return PlayerParts(part, part - half, part + half)
