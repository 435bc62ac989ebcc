"""The database: sessions by what they waited for with the line of its processors, and who blocked whom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import COLOUR, epoch_ms, panels, plain, shown_window, step_line, undefined_bar
from analysis.figures.timeline import add_symptom, symptom_title
from analysis.glossary import label
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.signals.blockers import root_labels
from analysis.signals.database import (
    CLIENT,
    CPU,
    IDLE_IN_TRANSACTION,
    LOCK,
    Sampling,
    aas_sessions,
    foreground,
    sampling,
    wait_classes,
)

__all__ = ["session_panels"]

# of the classes of wait events; processors and reading are cool, waiting for others is warm
HUES = {
    CPU: "#56B4E9", "IO": "#0072B2", "LWLock": "#009E73", LOCK: "#E69F00", CLIENT: "#CC79A7", "other": "#767676",
}  # fmt: skip
BLAME = ("#E69F00", "#0072B2", "#CC79A7", "#009E73")
FINEST_SECONDS, MOST_STEPS = 5.0, 240
MARKS = (("triangle-up-open", "#767676", "s"), ("diamond-open", "#D55E00", "B"))  # checkpoints, temporary files
MOST_MARKS = 500


def session_panels(result: Investigation) -> go.Figure | None:
    """Return the symptom above active sessions by wait class, and above the sessions blocked, by whose fault.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None if no session was sampled. The dashed line is the number of processors: work above it stands in line.
    """
    sessions = result.evidence.sessions
    taken = sampling(sessions)
    if len(taken.instants) < 3:
        return None
    clients = foreground(sessions)
    edges = _edges(shown_window(result), taken)
    blocked = _with_rest(aas_sessions(clients, edges, root_labels(clients), taken.instants))
    titles = [symptom_title(result), f"{label('aas_sessions')} by what they waited for"]
    titles += [f"{label('lock_wait_sessions')}, by who held it"] if len(blocked.columns) else []
    figure = panels(result, titles, heights=[1.0, 1.8, 1.2][: len(titles)])
    add_symptom(figure, result, row=1)
    _add_classes(figure, result, aas_sessions(clients, edges, wait_classes(clients), taken.instants))
    for number, name in enumerate(blocked.columns):
        _add_bars(figure, blocked[name], name=f"held by {name}", colour=BLAME[min(number, len(BLAME) - 1)], row=3)
    _add_gaps(figure, shown_window(result), taken)
    _add_marks(figure, result)
    figure.update_layout(
        barmode="stack", showlegend=True, height=figure.layout.height + 150,
        legend={"orientation": "h", "y": -0.12, "x": 0, "font": {"size": 11}, "traceorder": "normal"},
    )  # fmt: skip
    figure.update_traces(showlegend=False, row=1, col=1)
    return figure


def _edges(window: Window, taken: Sampling) -> np.ndarray:
    """Return a grid over what is shown: whole samples, at least five seconds a step, at most 240 steps."""
    wanted = max(FINEST_SECONDS, window.duration_seconds / MOST_STEPS)
    step = int(max(1, round(wanted / taken.interval_seconds)) * taken.interval_seconds * 1e6)
    first = int(taken.instants[0] - taken.interval_seconds / 2 * 1e6)
    start = first + max(0, -(-(window.start_us - first) // step)) * step
    end = min(int(taken.instants[-1]) + step, window.end_us)
    return np.arange(start, max(end, start + step) + 1, step, dtype="i8")


def _add_classes(figure: go.Figure, result: Investigation, load: pd.DataFrame) -> None:
    """Draw active sessions as stacked bars, sessions idle in a transaction as a line, and the processors dashed."""
    idle = load.pop(IDLE_IN_TRANSACTION) if IDLE_IN_TRANSACTION in load else None
    known = [name for name in HUES if name in load]
    rest = [name for name in load if name not in HUES]
    if rest:
        load = load.assign(other=load[rest].sum(axis=1, min_count=1))
        known.append("other")
    for name in known:
        _add_bars(figure, load[name], name=name, colour=HUES[name], row=2)
    if idle is not None:
        line = step_line(idle, name="idle in transaction (no load)", colour=COLOUR["other"], dash="dot")
        figure.add_trace(line, row=2, col=1)
    cores = [d.vcpu for d in result.incident.spec.sources.database if d.vcpu is not None]
    if cores:
        ends = pd.DatetimeIndex(load.index)[[0, -1]]
        trace = go.Scatter(
            x=epoch_ms(ends), y=[cores[0]] * 2, mode="lines", name="processors", hovertemplate="%{y:.3~g}",
            line={"color": COLOUR["limit"], "width": 1.4, "dash": "dash"},
        )  # fmt: skip
        figure.add_trace(trace, row=2, col=1)


def _add_marks(figure: go.Figure, result: Investigation) -> None:
    """Mark checkpoints and temporary files of the log below the load, each where it was logged."""
    window, log = shown_window(result), result.evidence.database_log
    sizes = {"checkpoint": log.checkpoints["total_seconds"], "temporary file": log.temp_files["size_bytes"]}
    for (name, sized), (symbol, colour, unit) in zip(sizes.items(), MARKS, strict=True):
        shown = sized[window.holds(pd.DatetimeIndex(sized.index))][-MOST_MARKS:]
        if len(shown):
            trace = go.Scatter(
                x=epoch_ms(pd.DatetimeIndex(shown.index)), y=np.zeros(len(shown)), mode="markers", name=name,
                marker={"symbol": symbol, "color": colour, "size": 7}, cliponaxis=False,
                customdata=shown.to_numpy(dtype=float), hovertemplate=f"%{{customdata:.3~s}}{unit}",
            )  # fmt: skip
            figure.add_trace(trace, row=2, col=1)


def _with_rest(blocked: pd.DataFrame) -> pd.DataFrame:
    """Return the columns with most of it, and the others as one."""
    if len(blocked.columns) <= len(BLAME):
        return blocked
    most = blocked.columns[: len(BLAME) - 1]
    return blocked[most].assign(others=blocked.drop(columns=most).sum(axis=1, min_count=1))


def _add_bars(figure: go.Figure, series: pd.Series, *, name: str, colour: str, row: int) -> None:
    """Draw the value of each step as a bar as wide as the step; nothing where it is unknown."""
    right = epoch_ms(pd.DatetimeIndex(series.index))
    step = float(np.median(np.diff(right))) if len(right) > 1 else FINEST_SECONDS * 1e3
    figure.add_trace(
        go.Bar(
            x=right - step / 2, y=series.to_numpy(dtype=float), width=step, name=plain(name),
            marker={"color": colour, "line": {"width": 0}}, hovertemplate="%{y:.3~g}",
        ),
        row=row, col=1,
    )  # fmt: skip


def _add_gaps(figure: go.Figure, window: Window, taken: Sampling) -> None:
    """Hatch where no sample was taken: the load is unknown there, not zero."""
    for start, end in taken.gaps:
        span = [pd.Timestamp(t, unit="us", tz="UTC") for t in (start, end)]
        if span[0] < window.end and span[1] > window.start:
            bar = undefined_bar(max(span[0], window.start), min(span[1], window.end), text="no samples: unknown")
            figure.add_trace(bar.update(showlegend=False), row=2, col=1)
