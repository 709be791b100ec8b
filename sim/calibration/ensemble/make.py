"""Makes the ensemble of a calibrated sample, and its record as an ArviZ tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from sim.calibration.bank.points import drawn_parameters, uncertain_levers
from sim.calibration.bank.solving import SERIES_TIERS, SERIES_YEARS, TRAINED, Solved
from sim.calibration.ensemble.model import headline_names
from sim.calibration.ensemble.waves import Posterior, record_digest
from sim.calibration.ensemble.weights import equally_weighted
from sim.calibration.evidence import Record
from sim.draws.ensemble import CALIBRATED, Ensemble, solution_digest
from sim.model.world import Floats
from sim.scenarios.scenario import Basis
from sim.sources import whole_file

EXACT, EMULATED = "exact", "emulated"
RECORD_FILE = "record.nc"


class Resampling(NamedTuple):
    """How points are resampled to equal weight."""

    seed: int
    name: str = CALIBRATED  # of the file without its ending
    draws: int | None = None  # None: as many as points


def resampled_ensemble(
    basis: Basis,
    record: Record,
    solved: Sequence[Solved],
    weights: Floats,
    columns: Mapping[str, Floats],
    about: Mapping[str, Any],
    draw: Resampling,
) -> Ensemble:
    """Resample solved points to equal weight and shuffle them.

    Parameters
    ----------
    basis, record : the tables; the evidence that weighed.
    solved : n points.
    weights : (n,), 0 for those that could not be solved.
    columns : further columns by name, (n,) each, that are resampled along.
    about : how they were made, for the record.
    draw : how they are resampled.

    Returns
    -------
    Draws of equal weight; the record says how many distinct ones.
    """
    places = equally_weighted(weights, draw.draws or len(solved), draw.seed)
    first = next(each for each in solved if each.constants is not None)
    names = tuple(first.parameters)
    chosen = [solved[place] for place in places]
    levers = len(uncertain_levers(basis))
    return Ensemble(
        draw.name,
        names=names,
        parameters=np.array([[each.parameters[parameter] for parameter in names] for each in chosen]),
        scores=np.stack([each.point.scores for each in chosen]),
        numbers=tuple(each.point.number for each in chosen),
        constants=tuple(each.constants for each in chosen if each.constants is not None),
        columns={
            "weight": weights[places],
            "error": np.array([each.constants.error for each in chosen if each.constants is not None]),
            "target_errors": np.stack([each.keyed[levers:] for each in chosen]),
            "rows": np.stack([each.rows for each in chosen]),
            **{key: column[places] for key, column in columns.items()},
        },
        record={
            **about,
            "solution": solution_digest(basis),
            "rows": [row.id for row in record.rows],
            "evidence": record_digest(record),
            "seed": draw.seed,
            "points": len(solved),
            "distinct": len(set(places.tolist())),
            "scored": list(drawn_parameters(basis.data)),
        },
    )


def about_posterior(posterior: Posterior) -> dict[str, Any]:
    """Say how a sample was made: waves, agreement, weights."""
    return {
        "kind": EXACT if posterior.weights.usable else EMULATED,
        "agreed": posterior.agreed,
        "pareto_k": finite(posterior.weights.tail),
        "effective": posterior.weights.effective,
        "waves": [
            {
                "points": wave.points,
                "solved": wave.solved,
                "coverage": wave.agreement.coverage,
                "error_median": float(np.median(wave.agreement.errors)),
                "error_90": float(np.quantile(wave.agreement.errors, 0.9)),
                "rhat": finite(wave.mixing.rhat),
                "effective_chains": finite(wave.mixing.effective),
            }
            for wave in posterior.waves
        ],
    }


def finite(value: float) -> float | None:
    """Return a number as JSON has it: None where it is not finite."""
    return float(value) if np.isfinite(value) else None


def tree_of(record: Record, basis: Basis, posterior: Posterior, solved: Sequence[Solved]) -> Any:
    """Make the whole record of a calibration as an ArviZ tree (extra `calibrate`).

    Groups: posterior (scores, number), sample_stats (log-likelihoods, weight), posterior_predictive (rows, shares, stays),
    emulated (rows, headlines, their variances), prior, prior_predictive, observed_data.
    """
    import xarray as xr

    names = list(drawn_parameters(basis.data))
    rows = [row.id for row in record.rows]
    axis = {"chain": [0], "draw": np.arange(len(solved))}
    proposal, final, count = posterior.proposal, posterior.final, len(rows)

    def group(coords: Mapping[str, Any], **variables: tuple[tuple[str, ...], Floats]) -> Any:
        grown = {name: (("chain", "draw", *dims), np.asarray(values)[np.newaxis]) for name, (dims, values) in variables.items()}
        return xr.Dataset(grown, coords=dict(coords))

    prior_axis = {"chain": [0], "draw": np.arange(len(posterior.prior.rows))}
    series = {"tier": list(SERIES_TIERS), "year": list(SERIES_YEARS), "region": list(basis.data.codes)}
    groups = {
        "posterior": group(axis | {"parameter": names}, scores=(("parameter",), proposal.scores), number=((), proposal.numbers)),
        "sample_stats": group(
            axis, lp=((), posterior.log_likelihood), emulated=((), proposal.log_likelihood), weight=((), posterior.draw_weights)
        ),
        "posterior_predictive": group(
            axis | {"row": rows, "trained": list(TRAINED)} | series,
            rows=(("row",), final.rows),
            shares=(("tier", "year", "region"), np.stack([each.shares for each in solved])),
            stays=(("trained", "year"), np.stack([each.stays for each in solved])),
        ),
        "emulated": group(
            axis | {"row": rows, "headline": list(headline_names())},
            rows=(("row",), proposal.values[:, :count]),
            row_variances=(("row",), proposal.variances[:, :count]),
            headlines=(("headline",), proposal.values[:, count:]),
            headline_variances=(("headline",), proposal.variances[:, count:]),
        ),
        "prior": group(prior_axis | {"parameter": names}, scores=(("parameter",), posterior.prior.inputs[:, : len(names)])),
        "prior_predictive": group(prior_axis | {"row": rows}, rows=(("row",), posterior.prior.rows)),
        "observed_data": xr.Dataset(
            {
                "value": ("row", [row.value for row in record.rows]),
                "error": ("row", [row.error for row in record.rows]),
                "emulator_r2": ("row", proposal.r2[:count]),
            },
            coords={"row": rows},
        ),
    }
    return xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})


def write_tree(tree: Any, path: Path) -> None:
    """Write a tree as netCDF, whole."""
    with whole_file(path) as place:
        tree.to_netcdf(place, engine="h5netcdf")
