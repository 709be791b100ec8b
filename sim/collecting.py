"""What Mesa collects of a model: a row a year and, if wanted, a row of every active researcher."""

from collections.abc import Sequence
from typing import Any

import mesa

from sim.model.population import APPLY, OUT, STUDY, WORK

STAGE_NAMES = {APPLY: "apply", STUDY: "study", WORK: "work", OUT: "out"}


def collector(codes: Sequence[str], with_researchers: bool) -> mesa.DataCollector:
    """Make Mesa's collector: the year, numbers and work shares of the top 20 %; if wanted, stage and places of the active.

    Once rows of agents are collected, `mesa.batch_run` returns a row for every agent and sets those of a year beside the model's
    row of the year after; therefore they are not collected unless asked for.
    """
    of_model: dict[str, Any] = {
        "year": "year",
        "active": lambda model: int(model.counts.stock.sum()),
        "visible": lambda model: int(model.counts.shares[0, 0].sum()),
    }
    of_model |= {code: (lambda model, code=code: model.share(code)) for code in codes}
    of_agent = {
        "name": "name",
        "stage": lambda each: STAGE_NAMES[each.stage],
        **{place: (lambda each, place=place: each.model.code(getattr(each, place))) for place in ("study", "place", "employer")},
        "tier": "tier",
    }
    return mesa.DataCollector(model_reporters=of_model, agent_reporters=of_agent if with_researchers else None)
