"""Each pause by its kind, the heap that it found and left, and what was allocated, on the report's time axis."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.gc import add_steps, grid_edges, hatch_unknown, longest_paused
from analysis.figures.theme import COLOUR, epoch_ms, panels, plain, reduce_points, shown_window
from analysis.findings import number
from analysis.hypotheses.gc.logs import NamedLog
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.signals.gc import paused_ratio
from analysis.signals.gc_allocation import allocated, allocation_series
from analysis.signals.gc_heap import heap_series
from analysis.sources.gclog.frames import KINDS, GcLog

__all__ = ["GROUPS", "heap_panels", "thin"]

TICKS = {1e-6: "1 µs", 1e-5: "10 µs", 1e-4: "100 µs", 1e-3: "1 ms", 1e-2: "10 ms", 0.1: "100 ms", 1.0: "1 s",
         10.0: "10 s", 100.0: "100 s"}  # fmt: skip
MOST_POINTS = 500  # of one kind
GROUPS = {  # what a reader must tell apart: kinds, glyph, symbol, colour
    "young": (tuple(k for k in KINDS if k.startswith("young")), "●", "circle", "#009E73"),
    "mixed": (("mixed",), "◆", "diamond", "#56B4E9"),
    "full or degenerated": (("full", "degenerated"), "■", "square", "#A6761D"),
    "of a concurrent cycle": (
        tuple(k for k in KINDS if not k.startswith("young") and k not in ("mixed", "full", "degenerated")),
        "▲", "triangle-up", "#8A8A8A",
    ),
}  # fmt: skip
STALL = ("wait of one thread", "✕", "x-thin", "#E69F00")
FAILED = ("did not move all objects", "○", "circle-open", "#CC79A7")


def thin(x: np.ndarray, y: np.ndarray, most: int = MOST_POINTS) -> np.ndarray:
    """Return which points to draw: the longest half of `most`, and of the rest an even choice in order.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Times in order, lengths.
    most : int
        Points to keep.

    Returns
    -------
    ndarray of int64
        Places, ascending; all of them where there are no more than `most`.

    Examples
    --------
    >>> y = np.r_[np.zeros(5000), 9.0, np.zeros(5000)]
    >>> places = thin(np.arange(10_001.0), y, 100)
    >>> len(places) <= 100, 5000 in places
    (True, True)
    """
    if len(x) <= most:
        return np.arange(len(x))
    longest = np.argsort(-np.nan_to_num(y, nan=-1.0), kind="stable")[: most // 2]
    return np.unique(np.r_[longest, np.linspace(0, len(x) - 1, most - len(longest)).round().astype("i8")])


def heap_panels(result: Investigation) -> go.Figure | None:
    """Return the pauses of the JVM that stood still longest by kind, its heap, and its allocation.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        Length of each pause (waits of single threads as crosses), heap before and after with what was committed,
        bytes allocated a second; hatched where the log tells nothing. None without a GC log.
    """
    found = longest_paused(result)
    if found is None:
        return None
    window = shown_window(result)
    named = _kinds_shown(found.log, window)
    who, edges = plain(found.name), grid_edges(window)
    titles = [
        f"{who}: length of each pause   {named}",
        "heap before (light) and after each collection, committed dashed [MiB]",
        "allocated [MiB/s]",
    ]
    figure = panels(result, titles, heights=[1.5, 1.2, 0.8], panel_pixels=120)
    figure.layout.annotations = figure.layout.annotations[: len(titles)]  # the windows' names stand above, here a key
    _add_pauses(figure, found.log, window)
    _add_heap(figure, found.log, window)
    _hatch_untold(figure, found, edges)
    rate, _ = allocation_series(allocated(found.log.pauses, found.log.cycles, found.log.holes), edges)
    add_steps(figure, edges, rate / 2**20, name="allocated", colour=COLOUR["usage"], row=3)
    told = np.isfinite(rate).any()
    hatch_unknown(figure, edges, rate, row=3, top=(float(np.nanmax(rate)) / 2**20 if told else 0.0) or 1.0)
    if not told:
        text = "the log does not tell the heap finely enough in this range"
        figure.add_annotation(text=text, showarrow=False, row=3, col=1)
        figure.update_yaxes(range=[0, 1], showticklabels=False, row=3, col=1)
    return figure


def _hatch_untold(figure: go.Figure, found: NamedLog, edges: np.ndarray) -> None:
    """Hatch pauses and heap where the log tells nothing, as high as what is drawn; the logarithmic axis has no zero."""
    told = paused_ratio(found.jvm.stops, edges, found.jvm.known)
    for row, axis, default in ((1, "y", (0.001, 1.0)), (2, "y2", (0.0, 1.0))):
        drawn = np.concatenate([np.zeros(0), *(np.asarray(t.y, "f8") for t in figure.data if t.yaxis == axis)])
        drawn = drawn[np.isfinite(drawn) & (drawn > 0)]
        low, top = (float(drawn.min()) if row == 1 else 0.0, float(drawn.max())) if len(drawn) else default
        n = len(figure.data)
        unknown = np.full(len(told), np.nan) if found.jvm.silent and row == 1 else told
        hatch_unknown(figure, edges, unknown, row=row, top=top)
        for bar in figure.data[n:]:
            bar.y = np.maximum(bar.y, low)


def _inside(frame: pd.DataFrame, window: Window) -> pd.DataFrame:
    return frame[window.holds(pd.DatetimeIndex(frame.index))]


def _kinds_shown(log: GcLog, window: Window) -> str:
    """Return the legend of the pauses: only what is there, with how many are drawn where not all are."""
    pauses, stalls = _inside(log.pauses, window), _inside(log.stalls, window)
    rows = [(name, glyph, colour, int(pauses["kind"].isin(kinds).sum()))
            for name, (kinds, glyph, _, colour) in GROUPS.items()]  # fmt: skip
    rows += [(STALL[0], STALL[1], STALL[3], len(stalls))]
    rows += [(FAILED[0], FAILED[1], FAILED[3], min(int((pauses["evacuation_failure"] != "").sum()), MOST_POINTS))]
    shown = []
    for name, glyph, colour, n in rows:
        part = f" ({number(MOST_POINTS)} of {number(n)} drawn, with the longest)" if n > MOST_POINTS else ""
        shown += [f'<span style="color:{colour}">{glyph}</span> {name}{part}'] if n else []
    return "  ".join(shown)


def _add_pauses(figure: go.Figure, log: GcLog, window: Window) -> None:
    pauses, stalls = _inside(log.pauses, window), _inside(log.stalls, window)
    for name, (kinds, _, symbol, colour) in GROUPS.items():
        part = pauses[pauses["kind"].isin(kinds)]
        _add_points(figure, part, part["kind"].str.replace("_", " ") + ", " + part["cause"], (name, symbol, colour))
    failed = pauses[pauses["evacuation_failure"] != ""]
    _add_points(figure, failed, failed["evacuation_failure"].str.replace("_", " "), (FAILED[0], *FAILED[2:]), size=10)
    _add_points(figure, stalls, stalls["kind"] + " stall of " + stalls["thread"], (STALL[0], *STALL[2:]))
    if not len(pauses) and not len(stalls):
        figure.add_annotation(text="no pause was logged in this range", showarrow=False, row=1, col=1)
        figure.update_yaxes(showticklabels=False, row=1, col=1)
    figure.update_yaxes(
        type="log", rangemode="normal", tickvals=list(TICKS), ticktext=list(TICKS.values()), row=1, col=1
    )  # fmt: skip


def _add_points(
    figure: go.Figure, frame: pd.DataFrame, texts: pd.Series, look: tuple[str, str, str], *, size: int = 5
) -> None:  # fmt: skip
    if not len(frame):
        return
    at, seconds = epoch_ms(pd.DatetimeIndex(frame.index)), frame["duration_seconds"].to_numpy(dtype="f8")
    kept = thin(at, seconds)
    name, symbol, colour = look
    line = {"width": 1.6 if "open" in symbol or "thin" in symbol else 0, "color": colour}
    dots = go.Scatter(
        x=at[kept], y=seconds[kept], text=[plain(t) for t in texts.iloc[kept]], mode="markers", name=name,
        marker={"color": colour, "symbol": symbol, "size": size, "opacity": 0.85, "line": line},
        hovertemplate="%{y:.3~g} s, %{text}",
    )  # fmt: skip
    figure.add_trace(dots, row=1, col=1)


def _add_heap(figure: go.Figure, log: GcLog, window: Window) -> None:
    series = _inside(heap_series(log.pauses, log.cycles), window)
    for after, name, colour, wide in (
        (False, "before", COLOUR["usage"], 5), (True, "after", COLOUR["throttled"], 3),
    ):  # fmt: skip
        part = series[series["after"].to_numpy(dtype=bool) == after]
        at, sizes = epoch_ms(pd.DatetimeIndex(part.index)), part["used_bytes"].to_numpy(dtype="f8") / 2**20
        at, sizes = reduce_points(at, sizes, MOST_POINTS)
        dots = go.Scatter(x=at, y=sizes, mode="markers", name=name, marker={"color": colour, "size": wide},
                          hovertemplate="%{y:.4~g} MiB")  # fmt: skip
        figure.add_trace(dots, row=2, col=1)
    held = series[np.isfinite(series["committed_bytes"].to_numpy(dtype="f8"))]
    if len(held):
        at, sizes = reduce_points(
            epoch_ms(pd.DatetimeIndex(held.index)), held["committed_bytes"].to_numpy(dtype="f8") / 2**20, MOST_POINTS
        )  # fmt: skip
        line = {"color": COLOUR["limit"], "width": 1.2, "dash": "dash", "shape": "hv"}
        figure.add_trace(
            go.Scatter(x=at, y=sizes, mode="lines", name="committed", line=line, hovertemplate="%{y:.4~g} MiB"),
            row=2, col=1,
        )  # fmt: skip
    if not len(series):
        figure.add_annotation(text="the log has no heap sizes in this range", showarrow=False, row=2, col=1)
