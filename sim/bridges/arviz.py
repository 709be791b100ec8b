"""ArviZ: the draws with what they say about the record, as a tree that its functions take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sim.api.keywords import check_sizes
from sim.calibration.evidence import Record, load_evidence
from sim.calibration.likelihood import misfits
from sim.calibration.modelled import first_draws, modelled_values
from sim.draws.draw import Draw
from sim.draws.ensemble import Ensemble, find_ensemble
from sim.model.world import Floats
from sim.runs.executors import Progress
from sim.scenarios.load import load_basis

if TYPE_CHECKING:
    import xarray as xr

ONE_CHAIN = ("chain", "draw")


def tree(draws: int = 100, progress: Progress | None = None) -> xr.DataTree:
    """Make the tree of the first draws of the prior and what they say about the record.

    Parameters
    ----------
    draws
        At least 1.
    progress
        Called with (what is done, how much, of how much).

    Returns
    -------
    Groups ``prior`` (a parameter a variable, over chain and draw), ``log_likelihood`` (a family of evidence a variable, up to a
    constant, over chain, draw and chart), ``prior_predictive`` and ``observed_data`` (over the rows of the record).
    """
    import xarray as xr

    check_sizes({"draws": draws})
    basis = load_basis()
    record = load_evidence(basis.data)
    made = first_draws(basis, draws, progress)
    values = modelled_values(record, basis, made, progress)
    rows = [row.id for row in record.rows]
    observed = np.array([row.value for row in record.rows])
    errors = np.array([row.error for row in record.rows])
    return xr.DataTree.from_dict(
        {
            "prior": xr.Dataset(parameter_columns(made)),
            "log_likelihood": xr.Dataset(likelihoods(record, values)),
            "prior_predictive": xr.Dataset({"value": ((*ONE_CHAIN, "row"), values[np.newaxis])}, coords={"row": rows}),
            "observed_data": xr.Dataset({"value": ("row", observed), "error": ("row", errors)}, coords={"row": rows}),
        }
    )


def ensemble_tree(ensemble: Ensemble | str | None = None) -> xr.DataTree:
    """Make the tree of a calibrated ensemble: ``posterior`` and its further columns (weights, log-likelihood).

    Raises
    ------
    ValueError
        For the prior, which has no weights; `tree` takes it.
    """
    import xarray as xr

    known = ensemble if isinstance(ensemble, Ensemble) else find_ensemble(ensemble)
    if known.is_prior:
        raise ValueError(
            "the prior has no weights; sim.bridges.arviz.tree(draws) makes its tree, `talentsim calibrate` an ensemble"
        )
    columns = {name: (ONE_CHAIN, known.parameters[np.newaxis, :, k]) for k, name in enumerate(known.names)}
    further = {name: ((*ONE_CHAIN, *own_axes(name, column)), column[np.newaxis]) for name, column in known.columns.items()}
    return xr.DataTree.from_dict({"posterior": xr.Dataset(columns), "sample_stats": xr.Dataset(further)})


def own_axes(name: str, column: Floats) -> list[str]:
    """Name the axes of a column of an ensemble behind that of the draws: as of nothing else, so that lengths may differ."""
    return [f"{name}_{k}" for k in range(1, column.ndim)]


def parameter_columns(draws: list[Draw]) -> dict[str, Any]:
    """Lay the parameters of draws out as variables over one chain."""
    return {name: (ONE_CHAIN, np.array([[draw.parameters[name] for draw in draws]])) for name in draws[0].parameters}


def likelihoods(record: Record, values: Floats) -> dict[str, Any]:
    """Lay the log-likelihood of each family out over one chain, the draws and the charts of the family."""
    return {
        family: ((*ONE_CHAIN, f"{family}_chart"), np.stack([-0.5 * part.misfit for part in parts], axis=-1)[np.newaxis])
        for family, parts in misfits(record, values).items()
        if parts
    }
