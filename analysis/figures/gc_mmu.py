"""Minimum mutator utilisation: how little the threads of a JVM could run in the worst stretch of each length."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from analysis.figures.gc import longest_paused
from analysis.figures.theme import COLOUR, Chart, plain
from analysis.figures.timeline_rows import PAUSED_COLOUR
from analysis.findings import value
from analysis.hypotheses.gc.logs import NamedLog
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.signals.gc import without
from analysis.signals.gc_mmu import mmu_curve
from analysis.signals.gc_stalls import stall_intervals
from analysis.signals.stretches import union

__all__ = ["mmu_chart"]

SECONDS = tuple(float(x) for x in np.unique(np.round(np.geomspace(0.02, 120, 40), 3)))
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0)
STALLED_COLOUR = "#E69F00"


def mmu_chart(result: Investigation) -> go.Figure | None:
    """Return the minimum mutator utilisation of the incident window beside that of the baseline.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        Length of a stretch (logarithmic) against the least share of it in which threads could run; where threads waited
        for memory also the least share in which none did. None without a GC log.
    """
    found = longest_paused(result)
    if found is None:
        return None
    figure = Chart()
    stops = [
        ("incident", result.incident.window, False, PAUSED_COLOUR, "solid"),
        ("baseline", result.incident.baseline, False, COLOUR["baseline"], "dash"),
    ]
    lines = [] if found.jvm.silent else stops
    if len(found.log.stalls):
        lines += [("incident, no thread waiting", result.incident.window, True, STALLED_COLOUR, "dot")]
    for name, window, stalled, colour, dash in lines:
        x, y = _curve(found, window, stalled=stalled)
        trace = go.Scatter(
            x=x, y=y, mode="lines+markers", name=name, line={"color": colour, "width": 2, "dash": dash},
            marker={"color": colour, "size": 4}, text=[value(s, "seconds").text for s in x],
            hovertemplate="%{y:.1%} of the worst %{text}",
        )  # fmt: skip
        figure.add_trace(trace)
    unknown = "; pauses are not logged: what they left is unknown" if found.jvm.silent else ""
    figure.update_layout(
        template="none", height=300, showlegend=True, margin={"l": 92, "r": 16, "t": 36, "b": 48}, hovermode="closest",
        font={"family": "system-ui, sans-serif", "size": 12}, paper_bgcolor="#ffffff", plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
    )  # fmt: skip
    figure.update_xaxes(
        type="log", title=f"length of the stretch; {plain(found.name)}{unknown}", tickvals=TICKS, showgrid=False,
        ticktext=[value(s, "seconds").text for s in TICKS], ticks="outside",
    )  # fmt: skip
    figure.update_yaxes(
        title="least share to run", tickformat=".0%", range=[-0.02, 1.05], gridcolor="rgba(128,128,128,0.2)",
        zeroline=False,
    )  # fmt: skip
    return figure


def _curve(found: NamedLog, window: Window, *, stalled: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return lengths [s] and utilisation of a window; nothing where no known stretch of it is as long."""
    held = found.jvm.stops
    if stalled:
        held = union(np.concatenate([held, stall_intervals(found.log.stalls)]))
    span = np.array([[window.start_us, window.end_us]])
    known = without(span, without(span, found.jvm.known))
    curve = mmu_curve(held, known, SECONDS)
    told = np.isfinite(curve["utilisation_ratio"].to_numpy())
    return curve["window_seconds"].to_numpy()[told], curve["utilisation_ratio"].to_numpy()[told]
