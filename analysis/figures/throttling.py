"""Throttling: one suspect beside the symptom, all containers as a raster, and use against throttling by class."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from analysis.figures.theme import COLOUR, Chart, epoch_ms, panels, plain, reduce_points, shown_window, step_line
from analysis.figures.timeline import add_symptom, add_throttling, suspects, symptom_title
from analysis.glossary import label
from analysis.investigation import Investigation
from analysis.signals.cpu import ContainerCpu, classify

__all__ = ["class_scatter", "suspect_panels", "throttle_raster"]

MOST_ROWS = 40


def suspect_panels(result: Investigation) -> go.Figure | None:
    """Return the first suspect beside the symptom: request durations, bad share, throttled ratio, CPU used and limit.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None if no container has samples.
    """
    found = suspects(result, most=1)
    if not found:
        return None
    finding, pods = found[0]
    who = plain(f"{finding.entity.container} of {finding.entity.workload}")
    titles = [label("request_duration_seconds"), symptom_title(result), f"{who}: {label('cpu_throttled_ratio')}"]
    figure = panels(result, [*titles, f"{who}: {label('cpu_usage_cores')}, its limit dashed"])
    _add_durations(figure, result)
    add_symptom(figure, result, row=2)
    add_throttling(figure, result, pods, row=3)
    _add_usage(figure, result, pods, row=4)
    return figure


def _add_durations(figure: go.Figure, result: Investigation) -> None:
    window, table = shown_window(result), result.case.symptom.requests
    inside = table[window.holds(pd.DatetimeIndex(table.index))]
    for name, chosen, colour in (("good", ~inside["bad"], COLOUR["other"]), ("bad", inside["bad"], COLOUR["symptom"])):
        part = inside[chosen]
        x, y = reduce_points(epoch_ms(pd.DatetimeIndex(part.index)), part["duration_seconds"].to_numpy())
        marker = {"color": colour, "size": 3, "opacity": 0.6}
        figure.add_trace(
            go.Scatter(x=x, y=y, mode="markers", name=f"{name} requests", marker=marker, hoverinfo="skip"), row=1, col=1
        )
    figure.update_yaxes(type="log", rangemode="normal", dtick=1, row=1, col=1)


def _add_usage(figure: go.Figure, result: Investigation, pods: tuple[ContainerCpu, ...], *, row: int) -> None:
    window = shown_window(result)
    for cpu in pods[:12]:
        for series, name, colour, dash in (
            (cpu.usage_series(), "CPU used", COLOUR["usage"], None),
            (cpu.limit_series(), "limit", COLOUR["limit"], "dash"),
        ):
            part = series[window.holds(pd.DatetimeIndex(series.index))]
            if len(part):
                figure.add_trace(
                    step_line(part, name=name, colour=colour, dash=dash, fill=dash is None), row=row, col=1
                )


def throttle_raster(result: Investigation) -> go.Figure | None:
    """Return the throttled ratio of every container over time, those with most of it first; blank is unknown.

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None if no container has samples.
    """
    window = shown_window(result)
    rows: list[tuple[float, str, pd.Series]] = []
    for (_, workload, container), cpus in result.case.groups.items():
        for cpu in cpus:
            series = cpu.throttled_ratio_series()
            series = series[window.holds(pd.DatetimeIndex(series.index))]
            if len(series):
                name = f"{container} of {workload}" if len(cpus) == 1 else f"{container} in {cpu.pod}"
                rows.append((float(series.fillna(0).mean()), plain(name), series))
    if not rows:
        return None
    rows = sorted(rows, key=lambda r: (-r[0], r[1]))[:MOST_ROWS][::-1]
    step = max(float(np.median(np.diff(epoch_ms(pd.DatetimeIndex(r[2].index))))) for r in rows if len(r[2]) > 1)
    start, end = epoch_ms(pd.DatetimeIndex([window.start, window.end]))
    grid = np.arange(start, end + step, max(step, (end - start) / 1200))
    z = np.full((len(rows), len(grid) - 1), np.nan)
    for i, (_, _, series) in enumerate(rows):
        x, y = epoch_ms(pd.DatetimeIndex(series.index)), series.to_numpy()
        place = np.searchsorted(grid, x, side="left") - 1
        for j, v in zip(place, y, strict=True):
            if 0 <= j < z.shape[1] and np.isfinite(v):
                z[i, j] = np.fmax(z[i, j], v)
    figure = panels(result, ["throttled periods of every container [share]; blank: idle, no limit or unknown"])
    figure.add_trace(
        go.Heatmap(
            x=(grid[:-1] + grid[1:]) / 2, y=[r[1] for r in rows], z=z, zmin=0, zmax=1,
            colorscale=[[0, "rgba(0,114,178,0.07)"], [1, COLOUR["throttled"]]], xgap=0, ygap=2,
            hoverongaps=False, hovertemplate="%{y}: %{z:.0%}<extra></extra>", name="throttled periods",
            colorbar={"tickformat": ".0%", "thickness": 10, "len": 1, "x": 1.0, "xpad": 4},
        )
    )  # fmt: skip
    figure.layout.annotations = figure.layout.annotations[:1]  # the windows are shaded; their names stand above
    figure.update_layout(height=90 + 24 * len(rows), margin={"l": 230, "r": 76})
    figure.update_yaxes(type="category", rangemode="normal", nticks=0, tickmode="array", tickvals=[r[1] for r in rows])
    return figure


def class_scatter(result: Investigation) -> go.Figure | None:
    """Return use against throttling of every container, in the incident (filled) and the baseline (open).

    Parameters
    ----------
    result : Investigation
        From `investigate`.

    Returns
    -------
    go.Figure or None
        None if no container has a limit and samples.
    """
    figure = Chart()
    count = 0
    for name, window, symbol in (
        ("baseline", result.incident.baseline, "circle-open"),
        ("incident", result.incident.window, "circle"),
    ):
        x, y, words = list[float](), list[float](), list[str]()
        for (_, workload, container), cpus in result.case.groups.items():
            for cpu in cpus:
                use, ratio = cpu.usage_cores(window) / cpu.limit_in(window), cpu.ratio(window)
                if np.isfinite(use) and np.isfinite(ratio):
                    x.append(use)
                    y.append(ratio)
                    words.append(plain(f"{container} of {workload}, {name}: {classify(ratio, use)}"))
        count += len(x)
        colour = COLOUR["throttled"] if name == "incident" else COLOUR["other"]
        marker = {"symbol": symbol, "size": 10, "color": colour, "line": {"width": 1.5, "color": colour}}
        figure.add_trace(
            go.Scatter(
                x=x, y=y, text=words, mode="markers", name=name, marker=marker, hovertemplate="%{text}<extra></extra>"
            )
        )
    if not count:
        return None
    for at, where in ((0.6, "x"), (0.9, "x"), (0.01, "y"), (0.1, "y")):
        add = figure.add_vline if where == "x" else figure.add_hline
        add(at, line={"width": 1, "dash": "dot", "color": COLOUR["other"]})
    for x0, y0, text in ((0.3, 0.9, "bursty"), (0.75, 0.9, "mixed"), (0.95, 0.9, "saturated"), (0.3, 0.055, "light")):
        figure.add_annotation(x=x0, y=y0, text=text, showarrow=False, font={"size": 12, "color": "#767676"})
    figure.update_layout(
        template="none", height=360, margin={"l": 92, "r": 16, "t": 16, "b": 48},
        font={"family": "system-ui, sans-serif"}, paper_bgcolor="#ffffff", plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.08, "x": 0},
    )  # fmt: skip
    figure.update_xaxes(
        title="CPU used / limit", tickformat=".0%", rangemode="tozero", gridcolor="rgba(128,128,128,0.2)"
    )
    figure.update_yaxes(
        title="throttled / elapsed periods", tickformat=".0%", range=[-0.02, 1.05], gridcolor="rgba(128,128,128,0.2)"
    )
    return figure
