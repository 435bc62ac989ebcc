"""The sensitivity strip: one row a finding, one cell a variation of the incident, the verdict by shape and colour."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import Chart, plain
from analysis.findings import value
from analysis.investigation import Investigation
from analysis.sensitivity import AS_WRITTEN, NOT_COMPARABLE

__all__ = ["sensitivity_strip"]

# shape and colour say the same; Okabe and Ito, vermillion left to the symptom
LOOK = {
    "supported": ("supported", "circle", "#0072B2"),
    "refuted": ("refuted", "x", "#CC79A7"),
    "insufficient": ("insufficient", "diamond", "#E69F00"),
    "not_testable": ("not testable", "circle-open", "#767676"),
    NOT_COMPARABLE: ("not comparable", "line-ew-open", "#767676"),
}
FLIP = {"symbol": "square-open", "size": 26, "color": "#767676", "line": {"width": 2.5}}
MOST_ROWS = 16
ROW_HEIGHT = 28


def sensitivity_strip(result: Investigation) -> go.Figure | None:
    """Return the verdict of each finding under each variation; a verdict that flips is framed.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None if no variation was examined, or there is no finding. Findings beyond the sixteenth are not drawn.
    """
    if result.sensitivity is None or result.sensitivity.empty:
        return None
    names = _names(result)
    frame = result.sensitivity[result.sensitivity["finding"].isin(list(names))]
    written = frame[frame["variation"] == AS_WRITTEN].set_index("finding")["verdict"]
    figure = Chart()
    for verdict, (word, symbol, colour) in LOOK.items():
        part = frame[frame["verdict"] == verdict]
        if len(part):
            line = {"width": 2.5 if symbol.endswith("open") else 0, "color": colour}
            figure.add_trace(_cells(part, names, word, {"symbol": symbol, "size": 14, "color": colour, "line": line}))
    flipped = (frame["verdict"] != NOT_COMPARABLE) & (frame["verdict"] != frame["finding"].map(written))
    if flipped.any():
        figure.add_trace(_cells(frame[flipped], names, "flips: fragile", FLIP))
    order = list(dict.fromkeys(frame["variation"]))
    figure.update_layout(
        template="none", height=160 + ROW_HEIGHT * len(names), margin={"l": 290, "r": 16, "t": 34, "b": 122},
        font={"family": "system-ui, sans-serif", "size": 12}, paper_bgcolor="#ffffff", plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "y": 1, "yanchor": "bottom", "itemclick": False, "itemdoubleclick": False},
        showlegend=True, hoverlabel={"align": "left"},
    )  # fmt: skip
    common = {"type": "category", "showgrid": True, "gridcolor": "rgba(128,128,128,0.2)", "zeroline": False}
    edges = [-0.5, len(order) - 0.5]
    figure.update_xaxes(
        **common, categoryorder="array", categoryarray=order, range=edges, tickangle=-38, fixedrange=True
    )
    rows = list(names.values())
    figure.update_yaxes(
        **common, categoryorder="array", categoryarray=rows, range=[len(rows) - 0.5, -0.5], fixedrange=True
    )
    return figure


def _names(result: Investigation) -> dict[str, str]:
    """Return id -> label of the findings to draw, each label once."""
    found: dict[str, str] = {}
    for f in result.findings[:MOST_ROWS]:
        who = f.entity.container or f.entity.workload
        mark = "fragile: " if f.fragile else ""
        label = plain(f"{mark}{f.hypothesis.replace('_', ' ')}: {who}", 44)
        found[f.id] = label if label not in found.values() else plain(f"{mark}{f.id}", 44) + "\u200b" * len(found)
    return found


def _cells(part: pd.DataFrame, names: dict[str, str], word: str, marker: dict[str, object]) -> go.Scatter:
    text = [
        plain(f"{row['variation']}{': ' + row['detail'] if row['detail'] else ''}") + _explained(row["explained_ratio"])
        for row in part.to_dict("records")
    ]
    return go.Scatter(
        x=part["variation"].tolist(), y=[names[f] for f in part["finding"]], mode="markers", name=word, text=text,
        marker=marker, hovertemplate="%{y}<br>%{text}<extra>" + word + "</extra>", cliponaxis=False,
    )  # fmt: skip


def _explained(share: float) -> str:
    return f", explains {value(share, 'ratio').text}" if math.isfinite(share) else ""
