"""The top suspects as small multiples under the symptom, on the time axis that all figures share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import COLOUR, epoch_ms, panels, plain, shown_window, step_line
from analysis.figures.timeline import add_symptom, symptom_title
from analysis.investigation import Investigation
from analysis.series import median_step_seconds
from analysis.suspects.document import best_series, level, levels
from analysis.suspects.wide import Suspects

__all__ = ["ranked_panels"]

MOST = 6
HUES = {
    "throttling": COLOUR["throttled"], "cpu": COLOUR["usage"], "event": COLOUR["deployment"],
    "errors": COLOUR["warning"], "latency": COLOUR["warning"], "availability": COLOUR["warning"],
}  # fmt: skip
HIGH = 0.5  # a series that stays above this share of its largest value is drawn on its own range, not from zero
TITLE = 120


def ranked_panels(result: Investigation, found: Suspects, most: int = MOST) -> go.Figure | None:
    """Return the first entities by rank, each by the series that changed most, below the symptom.

    Parameters
    ----------
    result : Investigation
        For the axis and the symptom.
    found : Suspects
        From `suspects_of`.
    most : int
        Entities to draw.

    Returns
    -------
    go.Figure or None
        None where no suspect is named: a picture of noise would name one. Dotted: when the series left its level.
    """
    ranking, wide = found.ranking, found.wide
    if ranking.abstained or not len(ranking.entities):
        return None
    best, window = best_series(ranking), shown_window(result)
    drawn = [(row, best[row["entity"]]) for row in ranking.entities.head(most).to_dict("records")]
    step_ms = 1e3 * median_step_seconds(pd.DatetimeIndex(wide.frame.index))
    figure = panels(result, [plain(symptom_title(result)), *(_title(found, row, name) for row, name in drawn)])
    add_symptom(figure, result, row=1)
    marks: list[dict[str, object]] = []
    for place, (row, name) in enumerate(drawn, start=2):
        about, series = wide.told(name), wide.frame[name].dropna()
        series = series[window.holds(pd.DatetimeIndex(series.index))]
        colour = HUES.get(about.kind, COLOUR["other"])
        drawing = step_line(
            series, name=plain(about.stat, 60), colour=colour, fill=about.kind != "event" and _from_zero(series)
        )
        figure.add_trace(drawing, row=place, col=1)
        _scale(figure, series, about.unit, place)
        if pd.notna(row["onset"]):  # the step that ends at the onset, where it begins
            at = epoch_ms(pd.DatetimeIndex([row["onset"]]))[0] - step_ms
            line = {"width": 1.2, "dash": "dot", "color": colour}
            marks.append({"type": "line", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": line,
                          "xref": f"x{place}", "yref": f"y{place} domain"})  # fmt: skip
    figure.update_layout(shapes=[*figure.layout.shapes, *marks])  # all at once: one by one costs half a CPU second
    return figure


def _title(found: Suspects, row: dict[object, object], name: str) -> str:
    about = found.wide.told(name)
    text = f"{row['rank']}. {row['entity']}: {about.stat}"
    if about.kind == "event":
        return plain(f"{text}, counted", TITLE)
    before, during = (level(x, about.unit) for x in levels(found.wide, name))
    return plain(f"{text}, {before} → {during}", TITLE)


def _from_zero(series: pd.Series) -> bool:
    """Return whether a series is drawn from zero: not one that stays far above it, or below."""
    return bool(len(series) and series.min() >= 0 and series.min() < HIGH * series.max())


def _scale(figure: go.Figure, series: pd.Series, unit: str, place: int) -> None:
    """Set ticks and range of a panel: units at the numbers, a level far from zero on its own range."""
    if not len(series):
        return
    low, high = float(series.min()), float(series.max())
    base, rate = unit.removesuffix("/s"), "/s" if unit.endswith("/s") else ""
    large = np.abs([low, high]).max() >= 1e4
    if unit == "share":
        ticks = {"tickformat": ".0%" if high > 0.05 else ".1%"}
    elif base in ("s", "B"):
        ticks = {"tickformat": "~s", "ticksuffix": f"{base}{rate}"}
    else:
        ticks = {"tickformat": "~s" if large else "~g", "ticksuffix": rate}
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    start = 0.0 if _from_zero(series) or low == 0 else low - room
    figure.update_yaxes(**ticks, rangemode="normal", range=[start, high + room], row=place, col=1)
