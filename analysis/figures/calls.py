"""Calls between services: the matrix of destinations over time, and what client and server say of the same calls."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import COLOUR, epoch_ms, panels, plain, shown_window, step_line
from analysis.figures.timeline import add_symptom, symptom_title
from analysis.glossary import label
from analysis.hypotheses.calls.book import book_of, own_calls
from analysis.investigation import Investigation
from analysis.signals.calls import Calls
from analysis.signals.in_flight import finished
from analysis.signals.servers import ServerClock, clock_of

__all__ = ["destination_matrix", "gap_panels"]

MOST_ROWS, MOST_PANELS = 20, 6
LEAST_SECONDS = 1e-6  # the lowest value that a logarithmic axis shows


def destination_matrix(result: Investigation) -> go.Figure | None:
    """Return the symptom above the calls of the service: mean duration by destination and operation over time.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None if no calls were recorded. Colour is on a logarithmic scale; blank: no call ended, or unknown. A cross
        stands where calls failed.
    """
    rows = _rows(result)[:MOST_ROWS][::-1]
    if not rows:
        return None
    edges = _edges(result, [c for _, calls in rows for c in calls])
    if len(edges) < 3:
        return None
    names = [plain(name) for name, _ in rows]
    seconds, failed = (np.stack(parts) for parts in zip(*(_mean(calls, edges) for _, calls in rows), strict=True))
    figure = panels(result, [symptom_title(result), f"{label('call_duration_seconds')}; a cross: calls failed"],
                    heights=[1.0, max(0.4 * len(rows), 1.2)])  # fmt: skip
    add_symptom(figure, result, row=1)
    middle = epoch_ms(_index((edges[:-1] + edges[1:]) // 2))
    ticks = [-3, -2, -1, 0, 1]
    figure.add_trace(
        go.Heatmap(
            x=middle, y=names, z=np.log10(np.maximum(seconds, 1e-4)), customdata=seconds, zmin=-3, zmax=1, ygap=2,
            colorscale=[[0, "rgba(0,114,178,0.07)"], [1, COLOUR["throttled"]]], hoverongaps=False, name="mean duration",
            hovertemplate="%{y}: %{customdata:.3g} s<extra></extra>",
            colorbar={"thickness": 10, "len": 0.6, "x": 1.0, "xpad": 4, "y": 0.3, "tickvals": ticks,
                      "ticktext": ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]},
        ), row=2, col=1,
    )  # fmt: skip
    at, of = np.nonzero(failed.T > 0)
    marker = {"symbol": "x-thin", "size": 5, "line": {"width": 1, "color": COLOUR["symptom"]}}
    if len(at):
        figure.add_trace(
            go.Scatter(x=middle[at], y=[names[i] for i in of], mode="markers", marker=marker, name="calls failed",
                       hoverinfo="skip"), row=2, col=1,
        )  # fmt: skip
    figure.update_layout(margin={"l": 170, "r": 76})
    figure.update_yaxes(type="category", rangemode="normal", tickmode="array", tickvals=names, row=2, col=1)
    return figure


def gap_panels(result: Investigation) -> go.Figure | None:
    """Return the mean duration of calls as the client sees them beside the mean time inside the server.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None if no server that counts its own calls was recorded. What lies between the lines was spent in the client,
        in proxies and on the way.
    """
    book, pairs = book_of(result.case), list[tuple[str, list[Calls], ServerClock]]()
    by_name: dict[str, list[Calls]] = defaultdict(list)
    for one in own_calls(result.case)[0]:
        if one.operation != "connect":
            by_name[one.destination].append(one)
    for name, rows in by_name.items():
        clock = clock_of(name, book.clocks)
        if clock is not None and np.isfinite(clock.calls).any():
            pairs.append((name, rows, clock))
    if not pairs:
        return None
    pairs = sorted(pairs, key=lambda p: -sum(float(np.nansum(c.calls)) for c in p[1]))[:MOST_PANELS]
    titles = [f"{plain(name, 30)}: mean of client (blue), server (green) [s]" for name, _, _ in pairs]
    figure = panels(result, titles, heights=[1.6] * len(pairs))
    for row, (_, calls, clock) in enumerate(pairs, start=1):
        edges = _edges(result, calls)
        if len(edges) < 3:
            continue
        inside = [finished(clock.times, _sum(part), edges) for part in (clock.seconds, clock.calls)]
        for mean, name, colour in (
            (_mean(calls, edges)[0], "client", COLOUR["throttled"]),
            (_over(inside[0], inside[1]), "server", COLOUR["deployment"]),
        ):
            series = pd.Series(np.maximum(mean, LEAST_SECONDS), index=_index(edges[1:]))
            figure.add_trace(step_line(series, name=name, colour=colour), row=row, col=1)
        figure.update_yaxes(type="log", rangemode="normal", dtick=2, row=row, col=1)
    return figure


def _rows(result: Investigation) -> list[tuple[str, list[Calls]]]:
    """Return destination and operation with their calls, those of most time in the incident window first."""
    window, found = result.incident.window, defaultdict[str, list[Calls]](list)
    for calls in own_calls(result.case)[0]:
        found[f"{calls.destination} {calls.operation}"].append(calls)

    def spent(rows: list[Calls]) -> float:
        inside = [c.seconds[(c.times[1:] > window.start_us) & (c.times[1:] <= window.end_us)] for c in rows]
        return float(np.nansum(np.concatenate(inside)))

    return sorted(found.items(), key=lambda item: (-spent(item[1]), item[0]))


def _edges(result: Investigation, calls: list[Calls]) -> np.ndarray:
    """Return the scrapes of the first of some calls that lie in the shown window."""
    window = shown_window(result)
    times = calls[0].times
    return np.asarray(times[(times >= window.start_us) & (times <= window.end_us)])


def _mean(calls: list[Calls], edges: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean duration of calls in each step [s], NaN where none ended, and how many failed."""
    total, seconds, failed = (
        _sum(np.stack([finished(c.times, getattr(c, part), edges) for c in calls]))
        for part in ("calls", "seconds", "failed")
    )
    return _over(seconds, total), np.nan_to_num(failed)


def _over(seconds: np.ndarray, calls: np.ndarray) -> np.ndarray:
    known = np.isfinite(seconds) & (np.nan_to_num(calls) >= 0.5)
    return np.asarray(np.divide(seconds, calls, out=np.full(len(calls), np.nan), where=known))


def _sum(parts: np.ndarray) -> np.ndarray:
    """Return the sum over the first axis of what is known; NaN where nothing is."""
    known = np.isfinite(parts)
    return np.where(known.any(axis=0), np.where(known, parts, 0.0).sum(axis=0), np.nan)


def _index(times: np.ndarray) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(times, unit="us", utc=True)).as_unit("us")
