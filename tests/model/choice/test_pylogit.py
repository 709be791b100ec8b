"""The nested logit (equation N) beside pylogit, in an environment of its own that `make test-slow` makes."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from sim.model.choice.logit import nested_shares

ROOT = Path(__file__).parents[3]
PYTHON = Path(os.environ.get("TALENTSIM_PYLOGIT", ROOT / ".venv-pylogit" / "bin" / "python"))
REGIONS = 6
PROGRAM = """
import collections, collections.abc, json, sys
import numpy as np
from scipy.sparse import csr_matrix
collections.Iterable = collections.abc.Iterable  # pylogit 1.0.1 imports it from where it was before Python 3.10
from pylogit.nested_choice_calcs import calc_nested_probs
asked = json.load(sys.stdin)
shares = []
for utilities, nests, dissimilarity in zip(asked["utilities"], asked["nests"], asked["dissimilarity"]):
    rows = len(utilities)
    used = sorted(set(nests))
    member = np.zeros((rows, len(used)))
    member[np.arange(rows), [used.index(nest) for nest in nests]] = 1
    found = calc_nested_probs(np.full(len(used), dissimilarity), np.ones(1), np.array(utilities)[:, None],
                              csr_matrix(np.ones((rows, 1))), csr_matrix(member))
    shares.append(list(map(float, found)))
print(json.dumps(shares))
"""


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.is_file(), reason="pylogit has no environment here: `make .venv-pylogit/.libraries`")
def test_shares_are_those_of_pylogit() -> None:
    draw = np.random.default_rng(2)
    utilities = draw.normal(0.0, 1.5, (200, REGIONS))
    origins = draw.integers(0, REGIONS, 200)
    anglophone = draw.integers(0, 2, (200, REGIONS)).astype(np.uint8)
    dissimilarity = draw.uniform(0.2, 1.0, 200)
    nests = np.where(np.arange(REGIONS) == origins[:, None], 0, 2 - anglophone.astype(np.int64))
    asked = {"utilities": utilities.tolist(), "nests": nests.tolist(), "dissimilarity": dissimilarity.tolist()}
    done = subprocess.run([PYTHON, "-c", PROGRAM], input=json.dumps(asked), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for n, expected in enumerate(json.loads(done.stdout)):
        shares = np.empty(REGIONS)
        weights = np.exp(utilities[n] / dissimilarity[n])
        nested_shares(weights, int(origins[n]), anglophone[n], float(dissimilarity[n]), shares)
        np.testing.assert_allclose(shares, expected, rtol=1e-12)
