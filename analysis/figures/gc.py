"""Garbage collection: stops behind the requests, the length of each, the share of time paused, the heap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import (
    COLOUR,
    MOST_POINTS,
    epoch_ms,
    panels,
    plain,
    reduce_points,
    shown_window,
    step_line,
    undefined_bar,
)  # fmt: skip
from analysis.figures.timeline import add_symptom
from analysis.figures.timeline_rows import PAUSED_COLOUR, paused_jvms
from analysis.findings import number
from analysis.glossary import label
from analysis.hypotheses.gc.jvms import Jvm
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.signals.gc import paused_ratio

__all__ = ["collection_panels"]

VISIBLE = 2400  # a shorter part of the range than one of so many cannot be seen behind the requests
STEP_SECONDS = 1.0
HEIGHTS = [1.6, 1.0, 1.0, 1.0, 1.0]


def collection_panels(result: Investigation) -> go.Figure | None:
    """Return the JVM that stood still longest, beside the symptom, on one axis of time.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        Requests with the stops behind them that are long enough to be seen, share of bad requests, length of each
        stop, share of time paused (hatched where the log tells nothing), heap before and after collections. None
        without a GC log.
    """
    found = paused_jvms(result, most=1)
    if not found:
        return None
    name, jvm = found[0]
    stops = _inside(jvm, shown_window(result))
    titles = [
        f"{label('request_duration_seconds')}, long stops behind", label("bad_ratio"),
        f"{plain(name)}: length of each stop [s]", f"{plain(name)}: {label('gc_paused_ratio')}",
        f"{plain(name)}: heap before (light) and after each collection [MiB]",
    ]  # fmt: skip
    figure = panels(result, titles, heights=HEIGHTS)
    _add_requests(figure, result, stops)
    add_symptom(figure, result, row=2)
    _add_lengths(figure, stops, row=3)
    _add_ratio(figure, result, jvm, row=4)
    _add_heap(figure, result, jvm, row=5)
    return figure


def _inside(jvm: Jvm, window: Window) -> np.ndarray:
    stops = jvm.stops
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
        at, lengths = reduce_points(epoch_ms(pd.DatetimeIndex(part.index)), part["duration_seconds"].to_numpy())
        marker = {"color": colour, "size": 3, "opacity": 0.6}
        dots = go.Scatter(
            x=at, y=lengths, mode="markers", name=f"{name} requests", marker=marker, hoverinfo="skip"
        )  # fmt: skip
        figure.add_trace(dots, row=1, col=1)
    figure.update_yaxes(type="log", rangemode="normal", dtick=1, row=1, col=1)


def _add_lengths(figure: go.Figure, stops: np.ndarray, *, row: int) -> None:
    at, seconds = reduce_points(stops[:, 1] / 1e3, (stops[:, 1] - stops[:, 0]) / 1e6)
    marker = {"color": PAUSED_COLOUR, "size": 4, "opacity": 0.8}
    dots = go.Scatter(x=at, y=seconds, mode="markers", name="stop", marker=marker, hovertemplate="%{y:.3~g} s")
    figure.add_trace(dots, row=row, col=1)
    figure.update_yaxes(type="log", rangemode="normal", dtick=2, tickformat="~g", row=row, col=1)


def _add_ratio(figure: go.Figure, result: Investigation, jvm: Jvm, *, row: int) -> None:
    """Draw the share of time paused; hatched where the log tells nothing."""
    window = shown_window(result)
    step = round(max(STEP_SECONDS, np.ceil(window.duration_seconds / MOST_POINTS)) * 1e6)
    edges = np.arange(window.start_us, window.end_us + 1, step, dtype="i8")
    ratio = paused_ratio(jvm.stops, edges, jvm.known)
    index = pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us")
    line = step_line(pd.Series(ratio, index=index), name="paused", colour=PAUSED_COLOUR, fill=True)
    figure.add_trace(line, row=row, col=1)
    turns = np.flatnonzero(np.diff(np.r_[False, np.isnan(ratio), False].astype("i1")))
    for first, last in zip(turns[::2], turns[1::2], strict=True):
        start, end = (pd.Timestamp(int(edges[i]), unit="us", tz="UTC") for i in (first, last))
        figure.add_trace(undefined_bar(start, end, text="the GC log tells nothing: unknown"), row=row, col=1)
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", row=row, col=1)


def _add_heap(figure: go.Figure, result: Investigation, jvm: Jvm, *, row: int) -> None:
    window = shown_window(result)
    pauses = jvm.pauses[window.holds(pd.DatetimeIndex(jvm.pauses.index)) & jvm.pauses["heap_after_bytes"].notna()]
    for column, name, colour in (
        ("heap_before_bytes", "before", COLOUR["usage"]),
        ("heap_after_bytes", "after", COLOUR["throttled"]),
    ):
        sizes = pauses[column].to_numpy() / 2**20
        at, mebibytes = reduce_points(epoch_ms(pd.DatetimeIndex(pauses.index)), sizes)
        marker = {"color": colour, "size": 3}
        dots = go.Scatter(x=at, y=mebibytes, mode="markers", name=name, marker=marker, hovertemplate="%{y:.4~g} MiB")
        figure.add_trace(dots, row=row, col=1)
    if not len(pauses):
        figure.add_annotation(text="the log has no heap sizes in this range", showarrow=False, row=row, col=1)
