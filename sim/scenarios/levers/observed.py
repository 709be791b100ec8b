"""What every lever is without any policy: the observed paths, and the two that a draw's parameters decide."""

from collections.abc import Mapping

import numpy as np

from sim.data.schema import Data
from sim.scenarios.levers.changes import Policies, default_policies


def observed_policies(data: Data, parameters: Mapping[str, float]) -> Policies:
    """Return the value of every lever without any policy under one draw.

    Parameters
    ----------
    data
        The packaged tables.
    parameters
        At least ``doctoral_refusal_factor`` (share of the refusals at all levels that doctoral applicants meet) and
        ``offshoring``.

    Returns
    -------
    Arrays by year, (51, ...).
    """
    return default_policies(
        {
            "student_visa_refusal": data.student_visa_refusal * parameters["doctoral_refusal_factor"],
            "phd_stipend": data.phd_pay[:, np.newaxis, :],
            "work_visa_odds": data.work_visa_odds,
            "post_study_attempts": data.post_study_attempts.astype(np.float64),
            "residence_wait": data.residence_wait[..., np.newaxis],
            "research_pay": data.research_pay[:, np.newaxis, :, :],
            "research_capital": data.capital,
            "mobility_area": data.free_movement.astype(np.float64),
            "offshoring": np.array(parameters["offshoring"]),
        }
    )
