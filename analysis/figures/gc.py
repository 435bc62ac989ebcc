"""Garbage collection beside the symptom: stops behind the requests, and the share of time that threads were held."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import (
    COLOUR,
    epoch_ms,
    panels,
    plain,
    reduce_points,
    shown_window,
    step_line,
    undefined_bar,
)  # fmt: skip
from analysis.figures.timeline import add_symptom, symptom_title
from analysis.figures.timeline_rows import PAUSED_COLOUR
from analysis.findings import number
from analysis.glossary import label
from analysis.hypotheses.gc.logs import NamedLog, named_logs
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.signals.gc import paused_ratio, stopped_seconds
from analysis.signals.gc_stalls import stall_intervals, stalled_ratio

__all__ = ["add_steps", "collection_panels", "grid_edges", "hatch_unknown", "longest_paused", "share_top"]

VISIBLE = 2400  # a shorter part of the range than one of so many cannot be seen behind the requests
STEP_SECONDS = 1.0
MOST_STEPS = 1200
PAUSED_ROW = 3  # below the requests and the share of bad ones
SHARE_TOPS = (0.05, 0.25, 1.0)
STALLED_COLOUR = "#E69F00"


def longest_paused(result: Investigation) -> NamedLog | None:
    """Return the JVM whose threads were held longest in the range that figures show, by stops or waits for memory.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    NamedLog or None
        None without a GC log of which anything is known.
    """
    window = shown_window(result)
    edges = np.array([window.start_us, window.end_us])
    found = [n for n in named_logs(result.case) if len(n.jvm.known)]
    held = [
        float(sum(np.diff(stopped_seconds(spans, edges))[0] for spans in (n.jvm.stops, stall_intervals(n.log.stalls))))
        for n in found
    ]
    return found[int(np.argmax(held))] if found else None


def grid_edges(window: Window, most: int = MOST_STEPS) -> np.ndarray:
    """Return the edges of steps of whole seconds that cover a window, at most as many as asked for.

    Parameters
    ----------
    window : Window
        To cover.
    most : int
        Steps.

    Examples
    --------
    >>> edges = grid_edges(Window("2026-11-22T18:00:00Z", "2026-11-22T19:00:00Z"))
    >>> int(edges[1] - edges[0]), len(edges)
    (3000000, 1201)
    """
    step = round(max(STEP_SECONDS, np.ceil(window.duration_seconds / most)) * 1e6)
    return np.arange(window.start_us, window.end_us + 1, step, dtype="i8")


def collection_panels(result: Investigation) -> go.Figure | None:
    """Return the JVM whose threads were held longest, beside the symptom, on one axis of time.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        Requests with the stops behind them that are long enough to be seen, share of bad requests, share of time
        paused (hatched where the log tells nothing), and where threads waited for memory the share of time in which at
        least one did. None without a GC log.
    """
    found = longest_paused(result)
    if found is None:
        return None
    window, log = shown_window(result), found.log
    edges, jvm = grid_edges(window), found.jvm
    titles = [
        f"{label('request_duration_seconds')}, long stops behind", symptom_title(result),
        f"{plain(found.name)}: {label('gc_paused_ratio')}",
        *(["time in which at least one thread waited for memory [share]"] if len(log.stalls) else []),
    ]  # fmt: skip
    figure = panels(result, titles, heights=[1.6, *[1.0] * (len(titles) - 1)], panel_pixels=90)
    _add_requests(figure, result, _inside(jvm.stops, window))
    add_symptom(figure, result, row=2)
    shares = [(paused_ratio(jvm.stops, edges, jvm.known), "paused", PAUSED_COLOUR)]
    if len(log.stalls):
        shares.append((stalled_ratio(log.stalls, edges, jvm.known), "waited for memory", STALLED_COLOUR))
    for row, (share, name, colour) in enumerate(shares, start=PAUSED_ROW):
        share = np.full(len(share), np.nan) if jvm.silent and row == PAUSED_ROW else share
        top = share_top(share)
        add_steps(figure, edges, share, name=name, colour=colour, row=row)
        hatch_unknown(figure, edges, share, row=row, top=top)
        figure.update_yaxes(range=[0, 1.05 * top], tickformat=".2~%", row=row, col=1)
    if jvm.silent:
        text = "pauses are not logged: unknown"
        figure.add_annotation(text=text, showarrow=False, x=0.5, xref="x domain", y=0.5, yref="y3 domain")
    return figure


def share_top(share: np.ndarray) -> float:
    """Return how high an axis of shares reaches: one of few heights, so that little looks little and can be seen.

    Parameters
    ----------
    share : ndarray, shape (n,)
        NaN is unknown.

    Examples
    --------
    >>> share_top(np.array([0.002, np.nan])), share_top(np.array([0.2, 0.6])), share_top(np.array([np.nan]))
    (0.05, 1.0, 1.0)
    """
    told = share[np.isfinite(share)]
    return next((top for top in SHARE_TOPS if told.max() <= top), 1.0) if len(told) else 1.0


def _inside(stops: np.ndarray, window: Window) -> np.ndarray:
    return np.asarray(stops[(stops[:, 1] > window.start_us) & (stops[:, 0] < window.end_us)])


def _add_requests(figure: go.Figure, result: Investigation, stops: np.ndarray) -> None:
    """Draw requests at their completion over the spans of the stops that are long enough to be seen."""
    window, table = shown_window(result), result.case.symptom.requests
    inside = table[window.holds(pd.DatetimeIndex(table.index))]
    known = inside["duration_seconds"].to_numpy()
    known = known[np.isfinite(known) & (known > 0)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (1e-3, 1.0)
    least = window.duration_seconds * 1e6 / VISIBLE
    longest = stops[stops[:, 1] - stops[:, 0] >= least] / 1e3
    x = [t for a, b in longest for t in (a, b, b, a, a, None)]
    y = [v for _ in longest for v in (low, low, high, high, low, None)]
    spans = go.Scatter(
        x=x, y=y, mode="lines", fill="toself", name=f"stops of more than {number(least / 1e3)} ms", hoverinfo="skip",
        fillcolor="rgba(0,158,115,0.35)", line={"width": 0, "color": PAUSED_COLOUR},
    )  # fmt: skip
    figure.add_trace(spans, row=1, col=1)
    for name, chosen, colour in (("good", ~inside["bad"], COLOUR["other"]), ("bad", inside["bad"], COLOUR["symptom"])):
        part = inside[chosen]
        at, lengths = reduce_points(
            epoch_ms(pd.DatetimeIndex(part.index)), part["duration_seconds"].to_numpy(), MOST_STEPS
        )
        marker = {"color": colour, "size": 3, "opacity": 0.6}
        dots = go.Scatter(
            x=at, y=lengths, mode="markers", name=f"{name} requests", marker=marker, hoverinfo="skip"
        )  # fmt: skip
        figure.add_trace(dots, row=1, col=1)
    figure.update_yaxes(type="log", rangemode="normal", dtick=1, row=1, col=1)


def add_steps(figure: go.Figure, edges: np.ndarray, values: np.ndarray, *, name: str, colour: str, row: int) -> None:
    """Draw a quantity of each step as a line, filled if there is no gap in it.

    Parameters
    ----------
    figure : Figure
        Of `theme.panels`.
    edges : ndarray of int64, shape (n + 1,)
        Of the steps [us].
    values : ndarray, shape (n,)
        NaN is unknown.
    name, colour : str
        As read in the hover; of line and fill.
    row : int
        Of the panel.
    """
    index = pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us")
    told = np.flatnonzero(np.isfinite(values))
    whole = not len(told) or bool(np.isfinite(values[told[0] : told[-1] + 1]).all())  # a fill would bridge a gap
    line = step_line(pd.Series(values, index=index), name=name, colour=colour, fill=whole)
    figure.add_trace(line, row=row, col=1)


def hatch_unknown(figure: go.Figure, edges: np.ndarray, values: np.ndarray, *, row: int, top: float) -> None:
    """Hatch the steps in which a quantity is unknown.

    Parameters
    ----------
    figure : Figure
        Of `theme.panels`.
    edges : ndarray of int64, shape (n + 1,)
        Of the steps [us].
    values : ndarray, shape (n,)
        NaN is unknown.
    row : int
        Of the panel.
    top : float
        How high to hatch, in the unit of the panel.
    """
    turns = np.flatnonzero(np.diff(np.r_[False, np.isnan(values), False].astype("i1")))
    for first, last in zip(turns[::2], turns[1::2], strict=True):
        start, end = (pd.Timestamp(int(edges[i]), unit="us", tz="UTC") for i in (first, last))
        bar = undefined_bar(start, end, text="the GC log tells nothing: unknown", top=top)
        figure.add_trace(bar, row=row, col=1)
