"""How the draws fit the record, asked from a program: `sim.fit`."""

from __future__ import annotations

from sim.api.keywords import check_sizes, hinted
from sim.calibration.evidence import load_evidence
from sim.calibration.fit import Fit
from sim.calibration.fit import fit as fit_record
from sim.calibration.modelled import first_draws, modelled_values
from sim.runs.executors import Progress
from sim.scenarios.load import load_basis


@hinted()
def fit(draws: int = 100, progress: Progress | None = None) -> Fit:
    """Set published beside modelled for every target.

    Parameters
    ----------
    draws
        Draws of the uncertain parameters, at least 1.
    progress
        Called with (what is done, how much, of how much).

    Returns
    -------
    Rows, the largest miss first, and families; `frame()` makes a table of the rows.

    Raises
    ------
    sim.api.keywords.SizeError
        If the number of draws is out of range.

    Examples
    --------
    >>> import sim
    >>> sim.fit(draws=2).frame().columns.tolist()[:4]
    ['id', 'label', 'family', 'year']
    """
    check_sizes({"draws": draws})
    basis = load_basis()
    record = load_evidence(basis.data)
    return fit_record(record, modelled_values(record, basis, first_draws(basis, draws, progress), progress))
