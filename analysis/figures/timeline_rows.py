"""Rows of the shared timeline for what else was suspected: time paused by a JVM, and what database sessions did."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import COLOUR, epoch_ms, plain, shown_window, step_line, undefined_bar
from analysis.hypotheses.gc.jvms import Jvm, jvms
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.signals.database import CPU, IDLE_IN_TRANSACTION, LOCK, aas_sessions, foreground, sampling, wait_classes
from analysis.signals.gc import paused_ratio

__all__ = [
    "SESSION_COLOUR", "absent_sources", "add_paused", "add_sessions", "paused_jvms", "row_edges", "session_table",
    "session_title",
]  # fmt: skip

STEP_SECONDS, MOST_STEPS = 5.0, 400
MOST_JVMS = 2
IO, OTHER = "IO", "other waits"
SESSION_COLOUR = {
    CPU: COLOUR["usage"], IO: "#0072B2", LOCK: "#E69F00", IDLE_IN_TRANSACTION: "#8A8A8A", OTHER: "#A6761D",
}  # fmt: skip
PAUSED_COLOUR = "#009E73"


def row_edges(window: Window) -> np.ndarray:
    """Return the steps in which the rows are drawn: of 5 s, longer where the range would hold more than 400 of them.

    Returns
    -------
    ndarray of int64, shape (n + 1,)
        [us].

    Examples
    --------
    >>> np.diff(row_edges(Window("2026-11-22T18:00:00Z", "2026-11-22T19:00:00Z")))[0]
    np.int64(10000000)
    """
    step = max(1, round(window.duration_seconds / MOST_STEPS / STEP_SECONDS)) * round(STEP_SECONDS * 1e6)
    while (window.end_us - window.start_us) > MOST_STEPS * step:
        step += round(STEP_SECONDS * 1e6)
    first = window.start_us + -window.start_us % step  # whole steps only, in phase with the clock
    return np.arange(first, window.end_us + step, step, dtype="i8")


def paused_jvms(result: Investigation, most: int = MOST_JVMS) -> list[tuple[str, Jvm]]:
    """Return the JVMs to draw, under their names: those that stood still longest in the range that figures show."""
    window = shown_window(result)
    edges = np.array([window.start_us, window.end_us])
    found = [
        (f"{container} of {workload}" + (f" ({jvm.pod})" if len(pods) > 1 and jvm.pod else ""), jvm)
        for (_, workload, container), pods in jvms(result.case).items()
        for jvm in pods
        if len(jvm.known)
    ]
    return sorted(found, key=lambda item: -float(np.nan_to_num(paused_ratio(item[1].held, edges, item[1].known)[0])))[
        :most
    ]


def absent_sources(result: Investigation) -> str:
    """Return which of the rows' sources are not there, in words; empty if all are."""
    words = [] if result.evidence.gc_logs else ["no GC log"]
    words += [] if len(result.evidence.sessions) else ["no samples of database sessions"]
    return ", ".join(words)


def add_paused(figure: go.Figure, result: Investigation, name: str, jvm: Jvm, *, row: int) -> None:
    """Draw the share of time in which a JVM stood still or a thread stalled; hatched where its log tells nothing."""
    window = shown_window(result)
    edges = row_edges(window)
    ratio = _series(paused_ratio(jvm.held, edges, jvm.known), edges)
    line = step_line(ratio, name=plain(name), colour=PAUSED_COLOUR, fill=True)
    figure.add_trace(line, row=row, col=1)
    _hatch(figure, ratio.isna(), window, row=row, text="the GC log tells nothing: unknown")
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", row=row, col=1)


def session_table(result: Investigation) -> pd.DataFrame:
    """Return the average sessions of each kind per step of the range that figures show, in the order of the stack.

    Returns
    -------
    DataFrame, shape (n, kinds)
        Index: right edges (UTC us); kinds that never occur are left out, but for CPU where none does. NaN where no
        sample was taken.
    """
    edges = row_edges(shown_window(result))
    sessions = result.evidence.sessions
    rows = foreground(sessions)
    kinds = wait_classes(rows)
    named = np.isin(kinds, [*SESSION_COLOUR, ""])
    taken = sampling(sessions).instants
    table = aas_sessions(rows, edges, np.where(named, kinds, OTHER), taken)
    table = table[[kind for kind in SESSION_COLOUR if kind in table.columns and float(np.nansum(table[kind])) > 0]]
    if not len(table.columns):  # sampled and never busy is a known zero
        samples = np.diff(np.searchsorted(taken, edges, side="right"))
        table = table.assign(**{CPU: np.where(samples > 0, 0.0, np.nan)})
    return table


def session_title(table: pd.DataFrame, text: str) -> str:
    """Return the title of the row of sessions with the names of what is stacked, each in its colour."""
    shown = [f'<span style="color:{SESSION_COLOUR[kind]}">\u25a0</span> {plain(kind)}' for kind in table.columns]
    return "   ".join([plain(text), *shown])


def add_sessions(figure: go.Figure, result: Investigation, table: pd.DataFrame, *, row: int) -> None:
    """Draw the average sessions by what they waited for, stacked; nothing is drawn where no sample was taken.

    Idle in transaction is hatched: it holds locks and a connection, but the server does nothing for it.
    """
    window = shown_window(result)
    edges = row_edges(window)
    step_ms = float(edges[1] - edges[0]) / 1e3
    middle = epoch_ms(pd.DatetimeIndex(table.index)) - step_ms / 2
    for kind in table.columns:
        idle = {"shape": "/", "size": 4, "solidity": 0.5} if kind == IDLE_IN_TRANSACTION else {"shape": ""}
        marker = {"color": SESSION_COLOUR[kind], "line": {"width": 0}, "pattern": {**idle, "fillmode": "replace"}}
        bars = go.Bar(
            x=middle, y=table[kind].to_numpy(), width=step_ms, name=plain(kind), marker=marker,
            hovertemplate="%{y:.3~g}",
        )  # fmt: skip
        figure.add_trace(bars, row=row, col=1)
    unknown = table.isna().all(axis=1)
    top = max(float(np.nan_to_num(table.sum(axis=1).to_numpy()).max(initial=0.0)), 1.0)
    cores = [d.vcpu for d in result.incident.spec.sources.database if d.vcpu is not None]
    if cores:
        top = max(top, *cores)
        _cores(figure, window, max(cores), row=row, below=max(cores) > 0.6 * top)
    _hatch(figure, unknown, window, row=row, text="no samples: unknown", top=top)
    figure.update_layout(barmode="stack")
    figure.update_yaxes(range=[0, 1.08 * top], row=row, col=1)


def _series(values: np.ndarray, edges: np.ndarray) -> pd.Series:
    return pd.Series(values, index=pd.DatetimeIndex(pd.to_datetime(edges[1:], unit="us", utc=True)).as_unit("us"))


def _hatch(figure: go.Figure, unknown: pd.Series, window: Window, *, row: int, text: str, top: float = 1.0) -> None:
    """Hatch the runs of steps that are unknown; the index holds their right edges, at equal distances."""
    ends = pd.DatetimeIndex(unknown.index).as_unit("us").asi8
    step = int(ends[1] - ends[0]) if len(ends) > 1 else 0
    change = np.flatnonzero(np.diff(np.r_[False, unknown.to_numpy(), False].astype("i1")))
    for first, last in zip(change[::2], change[1::2], strict=True):
        span = [max(int(ends[first]) - step, window.start_us), min(int(ends[last - 1]), window.end_us)]
        start, end = (pd.Timestamp(t, unit="us", tz="UTC") for t in span)
        if start < end:
            figure.add_trace(undefined_bar(start, end, text=text, top=top), row=row, col=1)


def _cores(figure: go.Figure, window: Window, cores: float, *, row: int, below: bool) -> None:
    """Draw the line of the processors, its name below or above it."""
    x, text = list(epoch_ms(pd.DatetimeIndex([window.start, window.end]))), f"{cores:g} vCPU"
    figure.add_trace(
        go.Scatter(
            x=x, y=[cores, cores], mode="lines", name=text, hoverinfo="skip",
            line={"color": COLOUR["limit"], "width": 1.2, "dash": "dash"},
        ),
        row=row, col=1,
    )  # fmt: skip
    figure.add_annotation(
        x=x[0], y=cores, text=text, xanchor="left", yanchor="top" if below else "bottom", showarrow=False,
        font={"size": 11, "color": COLOUR["limit"]}, row=row, col=1,
    )  # fmt: skip
