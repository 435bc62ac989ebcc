"""What the threads of a JVM stood still for: the way to a safepoint, collections, other work of the JVM."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from analysis.figures.gc import grid_edges, hatch_unknown, longest_paused
from analysis.figures.theme import COLOUR, panels, plain, shown_window
from analysis.figures.timeline_rows import PAUSED_COLOUR
from analysis.investigation import Investigation
from analysis.signals.gc import paused_ratio
from analysis.signals.gc_safepoints import stop_parts

__all__ = ["safepoint_panels"]

MOST_STEPS = 600
LOOK = {
    "to stop the threads": COLOUR["warning"],
    "collections": PAUSED_COLOUR,
    "other operations": COLOUR["other"],
}


def safepoint_panels(result: Investigation) -> go.Figure | None:
    """Return the share of time stopped, by what for, of the JVM whose threads were held longest.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None without a GC log, or where it has no safepoints.
    """
    found = longest_paused(result)
    if found is None or not len(found.log.safepoints):
        return None
    edges = grid_edges(shown_window(result), MOST_STEPS)
    shown = "  ".join(f'<span style="color:{colour}">■</span> {name}' for name, colour in LOOK.items())
    figure = panels(result, [f"{plain(found.name)}: time stopped [share]   {shown}"], panel_pixels=170)
    figure.layout.annotations = figure.layout.annotations[:1]  # the windows' names stand above, here a key
    parts = stop_parts(found.log.pauses, found.log.safepoints)
    paused = paused_ratio(found.jvm.stops, edges, found.jvm.known)
    highest = float(np.nanmax(paused)) if np.isfinite(paused).any() else 0.0
    hatch_unknown(figure, edges, paused, row=1, top=highest or 1.0)
    middle = (edges[:-1] + edges[1:]) / 2e3
    for (name, colour), spans in zip(LOOK.items(), parts, strict=True):
        share = paused_ratio(spans, edges, found.jvm.known)
        bars = go.Bar(
            x=middle, y=share, width=float(np.diff(edges[:2])[0]) / 1e3, name=name, hovertemplate="%{y:.1%}",
            marker={"color": colour, "line": {"width": 0}},
        )  # fmt: skip
        figure.add_trace(bars, row=1, col=1)
    figure.update_layout(barmode="stack")
    figure.update_yaxes(tickformat=".2~%", row=1, col=1)
    return figure
