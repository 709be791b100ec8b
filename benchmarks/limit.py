"""The limit: draws, columns in and out, and nothing else.

One Philox block for every active researcher-year, ceil(R / 4) blocks for every choice among R regions and two for its visa
stage, every column read once and those that change in a year written once. No utilities, no comparison, no counting.
"""

import numpy as np

from sim.model.choice.compiled import compiled
from sim.model.choice.randomness import MASK, Key, draw_block
from sim.model.population import Researchers, new_researchers

VISA_BLOCKS = 2


@compiled
def live_year(people: Researchers, active: int, choices: float, blocks: int, key: Key, year: int) -> np.uint64:
    """Draw and copy for `active` rows, of which the share `choices` chooses; returns a sum that nobody can optimise away."""
    bar = np.uint64(choices * 4294967295.0)
    total = np.uint64(0)
    for i in range(active):
        origin, cohort, index = people.origin[i], people.cohort[i], people.index[i]
        words = draw_block(key, index, origin, cohort, year, 3, 0)
        state = people.traits[i] ^ people.stage[i] ^ people.study[i] ^ people.place[i] ^ people.employer[i] ^ people.sector[i]
        state ^= (
            people.years[i] ^ people.age[i] ^ people.duration[i] ^ people.postponed[i] ^ people.status[i] ^ people.attempts[i]
        )
        if words[0] <= bar:
            for block in range(blocks):
                more = draw_block(key, index, origin, cohort, year, 4, block)
                state ^= np.uint8(more[0] ^ more[1] ^ more[2] ^ more[3])
            people.place[i] = state
            people.employer[i] = state
            people.status[i] = state
            people.stage[i] = state
        people.age[i] = state
        people.duration[i] = state
        people.tier[i] = np.uint8((words[1] ^ words[2] ^ words[3]) & MASK)
        total += np.uint64(state)
    return total


def run_limit(active: np.ndarray, choices: np.ndarray, regions: int, key: Key) -> int:
    """Do the least work of a run: rows by year, and the share of them that choose."""
    blocks = -(-regions // 4) + VISA_BLOCKS
    people = new_researchers(np.array([[int(active.max())]], dtype=np.int64), 2000)
    total = 0
    for t in range(len(active)):
        total += int(live_year(people, int(active[t]), float(choices[t]), blocks, key, 2000 + t))
    return total
