"""Where a panel of a page stands and how its axes look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

Domain = Mapping[str, list[float]]


def page_axes(figure: go.Figure, number: int, domain: Domain, x: Mapping[str, Any], y: Mapping[str, Any]) -> dict[str, str]:
    """Lay out the axes of a panel of a page; return what its traces refer to them by.

    Parameters
    ----------
    figure
        That is drawn.
    number
        Of the panel, from 0.
    domain
        Where it stands, as shares of the drawing.
    x, y
        What is special about its axes.
    """
    tail = "" if number == 0 else str(number + 1)
    common = {
        "fixedrange": True,
        "automargin": False,
        "zeroline": False,
        "linecolor": "#888888",
        "ticks": "outside",
        "ticklen": 3,
    }
    figure.update_layout(
        {
            f"xaxis{tail}": {**common, "domain": domain["x"], "anchor": f"y{tail}", **x},
            f"yaxis{tail}": {**common, "domain": domain["y"], "anchor": f"x{tail}", **y},
        }
    )
    return {"xaxis": f"x{tail}", "yaxis": f"y{tail}"}
