"""The shared timeline: symptom, top suspects, garbage collection, database and changes on one axis."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import COLOUR, epoch_ms, panels, plain, shown_window, step_line, undefined_bar
from analysis.figures.timeline_rows import (
    absent_sources,
    add_paused,
    add_sessions,
    paused_jvms,
    session_table,
    session_title,
)  # fmt: skip
from analysis.findings import Finding
from analysis.glossary import label
from analysis.hypotheses.panel import QUIET
from analysis.hypotheses.triggers.rollouts import removals
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.series import GAP_STEPS, median_step_seconds
from analysis.signals.cpu import ContainerCpu

__all__ = ["add_symptom", "bad_share", "symptom_title", "timeline"]

ROWS = {"deployment": "deployments", "push": "pushes", "limit_removed": "limit", "warning": "warnings"}
SYMBOL = {"deployment": "triangle-up", "limit_removed": "x"}  # what happened at a moment; the rest are spans
EDGE = {"limit_removed": "x"}
MOST_SUSPECTS = 2
LOW = 42  # pixels a panel: all of it shall fit below the headline
WORTH_DRAWING = 0.1  # of periods throttled, in the recording


def bad_share(result: Investigation, seconds: float = 5.0) -> pd.Series:
    """Return the share of bad requests per step, over the range that figures show; NaN where unknown."""
    window, table = shown_window(result), result.case.symptom.requests
    inside = table[window.holds(pd.DatetimeIndex(table.index))]["bad"]
    grouped = inside.astype(float).resample(f"{seconds}s", label="right", closed="right")
    share = grouped.sum() / grouped.count().where(lambda n: n > 0)
    return share.fillna(0.0) if table.attrs.get(QUIET) else share


def suspects(result: Investigation, most: int = MOST_SUSPECTS) -> list[tuple[Finding, tuple[ContainerCpu, ...]]]:
    """Return the throttled containers to draw with their pods: supported first, then those that were throttled most."""
    found = []
    for finding in (f for f in result.findings if f.hypothesis == "cpu_throttling"):
        key = (finding.entity.namespace, finding.entity.workload, finding.entity.container)
        pods = tuple(c for c in result.case.groups.get(key, ()) if c.pod in finding.entity.pods and len(c.periods.end))
        if pods and (finding.rank or any(c.throttled_ratio_series().max() >= WORTH_DRAWING for c in pods)):
            found.append((finding, pods))
    ratio = {id(f): f.values["throttled_ratio"].value if "throttled_ratio" in f.values else 0.0 for f, _ in found}
    return sorted(found, key=lambda item: (item[0].rank or 99, -float(ratio[id(item[0])] or 0.0)))[:most]


def timeline(result: Investigation) -> go.Figure:
    """Return the timeline of an investigation.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure
        Panels on one axis: share of bad requests, throttled ratio of the top suspects, share of time paused of the
        JVMs that stood still longest, sessions of the database by wait, changes. A source that is not there has no
        panel; the title of the last one says so.
    """
    drawn, collectors = suspects(result), paused_jvms(result)
    kinds = [k for k in ROWS if any(row.kind == k for row in result.timeline)]
    titles = [symptom_title(result)]
    titles += [f"{f.entity.container} of {f.entity.workload}: {label('cpu_throttled_ratio')}" for f, _ in drawn]
    held = f"{label('gc_paused_ratio')} or stalled"
    titles += [f"{name}: {held if len(jvm.stalled) else label('gc_paused_ratio')}" for name, jvm in collectors]
    titles = [plain(t) for t in titles]
    sessions = session_table(result) if len(result.evidence.sessions) else None
    if sessions is not None:
        titles.append(session_title(sessions, "database: average sessions by wait [sessions]"))
    absent = absent_sources(result)
    titles.append(plain("changes" + (f" ({absent} in the evidence)" if absent else "")))
    figure = panels(result, titles, heights=[1.0] * (len(titles) - 1) + [max(1.0, len(kinds) / 3)], panel_pixels=LOW)
    add_symptom(figure, result, row=1)
    for row, (_, pods) in enumerate(drawn, start=2):
        add_throttling(figure, result, pods, row=row)
    for row, (name, jvm) in enumerate(collectors, start=2 + len(drawn)):
        add_paused(figure, result, name, jvm, row=row)
    if sessions is not None:
        add_sessions(figure, result, sessions, row=len(titles) - 1)
    add_changes(figure, result, kinds, row=len(titles))
    return figure


def symptom_title(result: Investigation) -> str:
    """Return what the share of the bad is of: requests that failed or were slow, made too many statements, attempts."""
    spec = result.incident.spec.symptom
    if spec.source == "connects":
        return "failed or slow attempts to connect [share]"
    return "bad requests [share]" if spec.more_statements_than is not None else label("bad_ratio")


def add_symptom(figure: go.Figure, result: Investigation, *, row: int) -> None:
    """Draw the share of bad requests."""
    share = bad_share(result)
    figure.add_trace(step_line(share, name="bad requests", colour=COLOUR["symptom"], fill=True), row=row, col=1)
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", row=row, col=1)


def add_throttling(figure: go.Figure, result: Investigation, pods: tuple[ContainerCpu, ...], *, row: int) -> None:
    """Draw the throttled ratio of pods; hatch where it is undefined (no limit) or unknown (a gap)."""
    window = shown_window(result)
    for cpu in pods[:12]:
        series = cpu.throttled_ratio_series()
        series = series[window.holds(pd.DatetimeIndex(series.index))]
        name = plain(f"{cpu.container}" if len(pods) == 1 else cpu.pod)
        figure.add_trace(step_line(series, name=name, colour=COLOUR["throttled"], fill=len(pods) == 1), row=row, col=1)
        for start, end in _gaps(pd.DatetimeIndex(series.index)):
            figure.add_trace(undefined_bar(start, end, text="no samples: unknown"), row=row, col=1)
    for removal in removals(pods):
        until = min(removal.until, window.end)
        if removal.since < until:
            figure.add_trace(undefined_bar(removal.since, until, text="no limit: undefined, not zero"), row=row, col=1)
            figure.add_annotation(
                x=epoch_ms(pd.DatetimeIndex([removal.since]))[0], y=0.55, xanchor="left", xshift=6, showarrow=False,
                text="no limit: undefined, not zero", font={"size": 11}, bgcolor="rgba(255,255,255,0.75)",
                row=row, col=1,
            )  # fmt: skip
    figure.update_yaxes(range=[0, 1.05], tickformat=".0%", row=row, col=1)


def _gaps(index: pd.DatetimeIndex) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    if len(index) < 3:
        return []
    step = median_step_seconds(index)
    return [(a, b) for a, b in pairwise(index) if (b - a).total_seconds() > GAP_STEPS * step]


def add_changes(figure: go.Figure, result: Investigation, kinds: list[str], *, row: int) -> None:
    """Draw deployments, pushes, limit changes and warnings as spans and marks, one line a kind."""
    window = shown_window(result)
    for kind in kinds:
        rows = [r for r in result.timeline if r.kind == kind and _visible(r.time, r.end, window)]
        x: list[float | None] = []
        text: list[str | None] = []
        for item in rows:
            start, end = epoch_ms(
                pd.DatetimeIndex([max(item.time, window.start), min(item.end or item.time, window.end)])
            )
            x += [start, end, None]
            text += [plain(item.what), plain(item.what), None]
        symbols = [SYMBOL.get(kind, "line-ns-open"), EDGE.get(kind, "line-ns-open"), "circle"] * len(rows)
        figure.add_trace(
            go.Scatter(
                x=x, y=[ROWS[kind]] * len(x), text=text, mode="lines+markers", name=ROWS[kind], connectgaps=False,
                line={"color": COLOUR[kind], "width": 5},
                marker={"color": COLOUR[kind], "size": 9, "symbol": symbols, "opacity": 1},
                hovertemplate="%{text}<extra></extra>",
            ),
            row=row, col=1,
        )  # fmt: skip
    names = [ROWS[kind] for kind in kinds]
    figure.update_yaxes(
        type="category", rangemode="normal", showgrid=False, row=row, col=1, tickmode="array", tickvals=names,
        tickfont={"size": 11}, range=[-0.6, len(names) - 0.4] if names else None,
    )  # fmt: skip
    if not kinds:
        figure.add_annotation(text="no change was recorded", showarrow=False, row=row, col=1)


def _visible(start: pd.Timestamp, end: pd.Timestamp | None, window: Window) -> bool:
    return bool(start <= window.end and (end or start) >= window.start)
