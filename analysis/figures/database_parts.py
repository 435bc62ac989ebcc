"""What raised the load, statement by statement, and what the statements of the incident waited for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.database import HUES
from analysis.figures.theme import COLOUR, MARGIN, Chart, plain
from analysis.glossary import label
from analysis.investigation import Investigation
from analysis.signals.database import contributions, foreground, sampling, wait_classes
from analysis.sql.fingerprint import shortened

__all__ = ["contribution_waterfall", "statement_waits"]

MOST_STATEMENTS = 8
BAR_PIXELS, TITLE_CHARACTERS = 30, 76
NOT_LOAD = ("", "idle in transaction")


def contribution_waterfall(result: Investigation, most: int = MOST_STATEMENTS) -> go.Figure | None:
    """Return how the load went from its baseline to that of the incident, by statement; the parts sum to the whole.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Statements to draw; the others are one bar.

    Returns
    -------
    go.Figure or None
        None where no session was sampled, or the load did not rise beyond its error: then nothing raised it.
    """
    sessions, text = _labelled(result)
    taken = sampling(result.evidence.sessions).instants
    found = contributions(sessions, text, result.incident.baseline, result.incident.window, taken)
    if not found.rose or not len(found.table):
        return None
    change = found.table["difference_sessions"]
    order = change.abs().sort_values(ascending=False, kind="stable").index
    parts = [(_title(str(name)), float(change[name])) for name in order[:most]]
    if len(order) > most:
        parts.append((f"{len(order) - most} others", float(change[order[most:]].sum())))
    before = float(found.table["baseline_sessions"].sum())
    after = before + sum(x for _, x in parts)
    starts = before + np.cumsum([0.0, *(x for _, x in parts)])[:-1]
    names = ["baseline", *(name for name, _ in parts), "incident"]
    figure = _bars(names)
    for values, base, colour, name in (
        ([before, *[None] * len(parts), after], 0.0, COLOUR["other"], "load"),
        ([None, *(max(x, 0.0) or None for _, x in parts), None], [0.0, *starts, 0.0], COLOUR["symptom"], "more"),
        ([None, *(min(x, 0.0) or None for _, x in parts), None], [0.0, *starts, 0.0], COLOUR["throttled"], "less"),
    ):
        if not any(values):
            continue
        figure.add_trace(
            go.Bar(
                y=list(range(len(names))), x=values, base=base, orientation="h", name=name,
                marker={"color": colour, "line": {"width": 0}}, hovertemplate="%{x:.3~g} sessions",
            )
        )  # fmt: skip
    figure.update_layout(barmode="overlay")
    return figure


def statement_waits(result: Investigation, most: int = MOST_STATEMENTS) -> go.Figure | None:
    """Return the statements with most sessions in the incident window, each by what its sessions waited for.

    Parameters
    ----------
    result : Investigation
        From `investigate`.
    most : int
        Statements to draw.

    Returns
    -------
    go.Figure or None
        None where no session was sampled in the window.
    """
    sessions, text = _labelled(result)
    window = result.incident.window
    taken = sampling(result.evidence.sessions).instants
    samples = int(np.count_nonzero((taken > window.start_us) & (taken <= window.end_us)))
    held = window.holds(pd.DatetimeIndex(sessions.index)) & (text != "") if len(sessions) else np.zeros(0, bool)
    if not samples or not held.any():
        return None
    classes = pd.Series(wait_classes(sessions)[held])
    classes = classes.where(classes.isin(list(HUES)), "other")
    load = pd.crosstab(pd.Series(text[held]), classes) / samples
    load = load.loc[load.sum(axis=1).sort_values(ascending=False, kind="stable").index[:most]]
    figure = _bars([_title(str(name)) for name in load.index])
    for name in (n for n in HUES if n in load and load[n].any()):
        figure.add_trace(
            go.Bar(
                y=list(range(len(load))), x=load[name].to_numpy(dtype=float), orientation="h", name=plain(name),
                marker={"color": HUES[name], "line": {"width": 0}}, hovertemplate="%{x:.3~g} sessions",
            )
        )  # fmt: skip
    figure.update_layout(barmode="stack")
    return figure


def _labelled(result: Investigation) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the sessions of clients, and of each what it does for whom; "" where it is no load."""
    sessions = foreground(result.evidence.sessions)
    text = np.full(len(sessions), "", dtype=object)
    rows = np.flatnonzero(~np.isin(wait_classes(sessions), NOT_LOAD))
    part = sessions.iloc[rows]
    text[rows] = (part["application"] + "\n" + part["query"].map(shortened)).to_numpy(dtype=object)
    return sessions, text


def _title(name: str) -> str:
    application, _, statement = name.partition("\n")
    return plain(f"{application or 'unnamed'}: {statement}", TITLE_CHARACTERS)


def _bars(names: list[str]) -> go.Figure:
    """Return an empty figure of horizontal bars, the first on top, each with its name above it."""
    figure = Chart()
    figure.update_layout(
        template="none", height=BAR_PIXELS * 1.5 * len(names) + MARGIN["t"] + MARGIN["b"] + 76,
        margin={**MARGIN, "l": 16, "t": MARGIN["t"] + 34}, bargap=0.62, hovermode="closest", showlegend=True,
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "x": 1, "xanchor": "right", "font": {"size": 11}},
        font={"family": "system-ui, sans-serif", "size": 12}, paper_bgcolor="#ffffff", plot_bgcolor="rgba(0,0,0,0)",
        annotations=[
            {"x": 0, "xref": "paper", "xanchor": "left", "y": place, "yref": "y", "yanchor": "bottom", "yshift": 7,
             "text": name, "showarrow": False, "font": {"size": 11}}
            for place, name in enumerate(names)
        ],
    )  # fmt: skip
    figure.update_yaxes(range=[len(names) - 0.5, -0.9], showticklabels=False, showgrid=False, zeroline=False)
    title = {"text": label("aas_sessions"), "standoff": 8, "font": {"size": 11}}
    figure.update_xaxes(
        rangemode="tozero", gridcolor="rgba(128,128,128,0.2)", zeroline=False, title=title, side="top", automargin=False
    )
    return figure
