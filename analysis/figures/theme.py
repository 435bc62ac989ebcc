"""The look that all figures share: one time axis, aligned margins, the colours of Okabe and Ito, absence drawn."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.series import GAP_STEPS, median_step_seconds

__all__ = [
    "COLOUR",
    "Chart",
    "epoch_ms",
    "mark_windows",
    "panels",
    "plain",
    "reduce_points",
    "shown_window",
    "step_line",
    "undefined_bar",
]

# Okabe and Ito; vermillion is kept for the symptom, one hue for one thing everywhere
COLOUR = {
    "symptom": "#D55E00",
    "throttled": "#0072B2",
    "usage": "#56B4E9",
    "limit": "#767676",
    "deployment": "#009E73",
    "push": "#CC79A7",
    "limit_removed": "#767676",
    "warning": "#E69F00",
    "other": "#767676",
    "baseline": "#767676",
}
PLOTLY_MIME = "application/vnd.plotly.v1+json"
MARGIN = {"l": 92, "r": 16, "t": 24, "b": 34}
PANEL_HEIGHT = 74
PANEL_GAP = 26
MOST_POINTS = 2400
TICKS = [{"dtickrange": [None, 59_999], "value": "%H:%M:%S"}, {"dtickrange": [60_000, None], "value": "%H:%M"}]


class Chart(go.Figure):  # type: ignore[misc]
    """A go.Figure that hands its data to the notebook by itself.

    Plotly's own display imports nbformat, and with it a grammar compiler: 2.4 CPU seconds (measured) in every kernel.
    """

    def _ipython_display_(self) -> None:
        from IPython.display import display

        data = json.loads(self.to_json())
        bundle = {PLOTLY_MIME: {**data, "config": {"displaylogo": False}}, "text/plain": "Plotly figure"}
        display(bundle, raw=True)  # type: ignore[no-untyped-call]


def epoch_ms(times: pd.DatetimeIndex | pd.Series) -> np.ndarray:
    """Return times as float ms since epoch, which a date axis shows in UTC.

    Examples
    --------
    >>> epoch_ms(pd.DatetimeIndex(["1970-01-01T00:00:01Z"])).tolist()
    [1000.0]
    """
    return np.asarray(pd.DatetimeIndex(times).as_unit("us").asi8 / 1e3)


def plain(text: str, most: int = 90) -> str:
    """Return text that Plotly shows as it is: it knows some HTML and LaTeX, and names of the evidence must use neither.

    Examples
    --------
    >>> plain("a <b> $x$")
    'a &lt;b&gt; $\u200bx$\u200b'
    """
    shown = "".join(c if c.isprintable() else " " for c in text)
    shown = shown if len(shown) <= most else f"{shown[: most - 1]}…"
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("$", "$\u200b")


def shown_window(result: Investigation) -> Window:
    """Return the time range that every figure of a report shows: baseline to window, and half as much around."""
    incident = result.incident
    start = min(incident.baseline.start, incident.window.start)
    end = max(incident.baseline.end, incident.window.end)
    margin = (end - start) / 2
    spans = [s for s in (result.evidence.samples.span,) if s]
    requests = result.case.symptom.requests.index
    if len(requests):
        spans.append((requests[0], requests[-1]))
    first, last = min((s[0] for s in spans), default=start), max((s[1] for s in spans), default=end)
    return Window(max(start - margin, min(first, start)), min(end + margin, max(last, end)))


def panels(
    result: Investigation, titles: list[str], *, heights: list[float] | None = None, panel_pixels: int = PANEL_HEIGHT
) -> go.Figure:  # fmt: skip
    """Return stacked panels on one time axis, each titled at its left edge.

    Parameters
    ----------
    result : Investigation
        For the range and the windows to shade.
    titles : list of str
        One a panel, with the unit.
    heights : list of float, optional
        Relative heights.
    panel_pixels : int
        Height of a panel on average [px].
    """
    rows = len(titles)
    gap = PANEL_GAP / (panel_pixels * rows + PANEL_GAP * (rows - 1)) if rows > 1 else 0
    figure = make_subplots(
        rows=rows, cols=1, shared_xaxes=True, vertical_spacing=gap, row_heights=heights, subplot_titles=titles,
        figure=Chart(),
    )  # fmt: skip
    window = shown_window(result)
    figure.update_annotations(x=0, xanchor="left", font={"size": 13}, yshift=1)
    figure.update_layout(
        template="none",
        height=panel_pixels * rows + PANEL_GAP * (rows - 1) + MARGIN["t"] + MARGIN["b"],
        margin=MARGIN,
        showlegend=False,
        hovermode="x unified",
        hoverlabel={"align": "left"},
        font={"family": "system-ui, sans-serif", "size": 12},
        paper_bgcolor="#ffffff",
        plot_bgcolor="rgba(0,0,0,0)",
        bargap=0,
    )
    figure.update_xaxes(
        type="date",
        range=list(epoch_ms(pd.DatetimeIndex([window.start, window.end]))),
        showgrid=False,
        ticks="outside",
        hoverformat="%H:%M:%S",
        tickformatstops=TICKS if window.duration_seconds <= 86_400 else None,
        nticks=12,
        showspikes=True,
        spikemode="across",
        spikethickness=1,
        spikedash="dot",
        spikecolor="#767676",
    )
    figure.update_xaxes(title={"text": "UTC", "standoff": 2, "font": {"size": 11}}, row=rows, col=1)
    figure.update_yaxes(
        rangemode="tozero", gridcolor="rgba(128,128,128,0.2)", zeroline=False, nticks=4, fixedrange=True
    )
    mark_windows(figure, result)
    return figure


def mark_windows(figure: go.Figure, result: Investigation) -> None:
    """Shade the incident window and mark the baseline, in every panel."""
    for window, colour, opacity, name in (
        (result.incident.baseline, COLOUR["baseline"], 0.12, "baseline"),
        (result.incident.window, COLOUR["symptom"], 0.10, "incident"),
    ):
        x0, x1 = epoch_ms(pd.DatetimeIndex([window.start, window.end]))
        figure.add_vrect(
            x0=x0, x1=x1, fillcolor=colour, opacity=opacity, line_width=0, layer="below", exclude_empty_subplots=False
        )
        figure.add_annotation(
            x=x1, xref="x", xanchor="right", y=1, yref="paper", yanchor="bottom", yshift=1, text=name, showarrow=False,
            font={"size": 11, "color": "#767676"},
        )  # fmt: skip


def reduce_points(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Keep the lowest and the highest value of each stretch, so that no spike is lost; short series stay whole.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        In order of x; every gap (NaN) is kept, as one point.
    most : int
        Points to keep, about.

    Examples
    --------
    >>> x = np.arange(10_000.0); y = np.zeros(10_000); y[5_000] = 9.0
    >>> xs, ys = reduce_points(x, y, 100)
    >>> len(xs) <= 104, float(ys.max())
    (True, 9.0)
    """
    n = len(x)
    if n <= most:
        return x, y
    unknown = np.isnan(y)
    keep = {0, n - 1, *np.flatnonzero(unknown & ~np.r_[False, unknown[:-1]]).tolist()}  # a gap must stay a gap
    for a, b in pairwise(np.linspace(0, n, most // 2 + 1).astype(int).tolist()):
        part = y[a:b]
        if b > a and not np.isnan(part).all():
            keep |= {a + int(np.nanargmin(part)), a + int(np.nanargmax(part))}
    places = np.array(sorted(keep))
    return x[places], y[places]


def step_line(series: pd.Series, *, name: str, colour: str, fill: bool = False, dash: str | None = None) -> go.Scatter:
    """Return a stepped line; the value at t holds over (t - step, t], and nothing is drawn across a gap.

    Parameters
    ----------
    series : Series, shape (n,)
        Index UTC; NaN is not drawn.
    name : str
        As read in the hover.
    colour : str
        Of line and fill.
    fill : bool
        Whether to fill down to zero.
    dash : str, optional
        Plotly's dash style.
    """
    index = pd.DatetimeIndex(series.index)
    x, y = epoch_ms(index), series.to_numpy(dtype=float)
    step = median_step_seconds(index) * 1e3
    wide = np.flatnonzero(np.diff(x) > GAP_STEPS * step) + 1 if len(x) > 1 else np.zeros(0, int)
    x, y = np.insert(x, wide, x[wide] - step if len(wide) else []), np.insert(y, wide, np.nan)
    x, y = reduce_points(x, y)
    line = {"color": colour, "width": 1.6, "shape": "vh"}
    if dash:
        line["dash"] = dash
    return go.Scatter(
        x=x, y=y, name=name, mode="lines", line=line, connectgaps=False, fill="tozeroy" if fill else None,
        fillcolor=_faint(colour) if fill else None, hovertemplate="%{y:.3~g}",
    )  # fmt: skip


def undefined_bar(start: pd.Timestamp, end: pd.Timestamp, *, text: str, top: float = 1.0) -> go.Scatter:
    """Return a hatched area where a quantity is undefined or unknown: neither zero nor a line."""
    x0, x1 = epoch_ms(pd.DatetimeIndex([start, end]))
    return go.Scatter(
        x=[x0, x1, x1, x0, x0], y=[0, 0, top, top, 0], mode="lines", fill="toself", name=text,
        line={"width": 0, "color": "#767676"}, hoverinfo="name",
        fillpattern={"shape": "/", "fgcolor": "#767676", "bgcolor": "rgba(0,0,0,0)", "size": 7, "solidity": 0.12},
    )  # fmt: skip


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.25)"
