"""The timeline: its panels, what is undefined, gaps, and names of the evidence."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.figures.theme import MOST_POINTS, shown_window
from analysis.figures.timeline import bad_share, suspects, timeline
from analysis.investigation import examine
from analysis.sources.prometheus import EMPTY
from tests.conftest import A, D
from tests.variants import evidence_of, keep_samples, relabel, with_samples


@pytest.fixture(scope="module")
def of_a():
    return examine(evidence_of(A))


def traces(figure, name):
    return [t for t in figure.data if t.name == name]


def texts(figure):
    return [a.text for a in figure.layout.annotations]


def assert_in_utc_ms(figure, result):
    window = shown_window(result)
    low, high = window.start_us / 1e3, window.end_us / 1e3
    for trace in figure.data:
        x = np.array([v for v in trace.x if v is not None], dtype=float)
        assert (x >= low - 1).all(), trace.name
        assert (x <= high + 5_000).all(), trace.name  # a step may begin inside and end beyond
        assert len(trace.x) <= MOST_POINTS + 10


def test_panels_of_a(of_a):
    figure = timeline(of_a)
    assert texts(figure)[:3] == [
        "failed or slow requests [share]", "istio-proxy of payment-api: throttled periods [share]",
        "app of payment-api: time paused [share]",
    ]  # fmt: skip
    assert texts(figure)[3].startswith("database: average sessions by wait [sessions]")
    assert texts(figure)[4] == "changes"
    assert_in_utc_ms(figure, of_a)
    assert {t.name for t in figure.data} >= {
        "bad requests",
        "istio-proxy",
        "deployments",
        "pushes",
        "limit",
        "warnings",
    }
    assert all(figure.layout[f"xaxis{i}"].type == "date" for i in ("", 2, 3, 4, 5))


def test_a_rollout_is_a_triangle_where_it_began_and_a_push_a_span(of_a):
    figure = timeline(of_a)
    (deployments,), (pushes,) = traces(figure, "deployments"), traces(figure, "pushes")
    assert list(deployments.marker.symbol[:2]) == ["triangle-up", "line-ns-open"]
    assert set(pushes.marker.symbol[:2]) == {"line-ns-open"}


def test_without_a_limit_the_ratio_is_undefined_and_said_so(of_a):
    figure = timeline(of_a)
    (area,) = traces(figure, "no limit: undefined, not zero")
    assert area.fillpattern.shape == "/"
    assert "no limit: undefined, not zero" in texts(figure)
    (line,) = traces(figure, "istio-proxy")
    x, y = np.array(line.x, dtype=float), np.array(line.y, dtype=float)
    inside = (x > min(area.x)) & (x < max(area.x))
    assert not np.isfinite(y[inside]).any()


def test_a_gap_of_the_samples_is_hatched_and_not_bridged():
    evidence = evidence_of(A)
    table = evidence.samples
    start = pd.Timestamp("2026-11-22T17:59:00Z").value // 1000
    hole = (table.times > start) & (table.times <= start + 60_000_000)
    figure = timeline(examine(with_samples(evidence, keep_samples(table, ~hole))))
    areas = traces(figure, "no samples: unknown")
    assert [a for a in areas if min(a.x) <= start / 1e3 + 5_000 and max(a.x) >= start / 1e3 + 55_000]
    (line,) = traces(figure, "istio-proxy")
    x, y = np.array(line.x, dtype=float), np.array(line.y, dtype=float)
    assert line.connectgaps is False
    known = x[np.isfinite(y)]
    before, after = known[known <= start / 1e3 + 5_000].max(), known[known > start / 1e3 + 5_000].min()
    assert np.isnan(y[(x > before) & (x < after)]).any()


def test_the_share_of_bad_requests_is_a_share(of_a):
    share = bad_share(of_a).dropna()
    assert share.between(0, 1).all()
    assert share[of_a.incident.window.holds(pd.DatetimeIndex(share.index))].max() > 0.8
    symptom = replace(of_a.case.symptom, requests=of_a.case.symptom.requests.iloc[:0])
    nothing = replace(of_a, case=replace(of_a.case, symptom=symptom))
    assert len(bad_share(nothing)) == 0


def test_suspects_are_the_supported_first(of_a):
    found = suspects(of_a)
    assert found[0][0].rank == 1
    assert len(found) <= 2


def test_a_quiet_time_and_no_samples_give_a_figure_too():
    for evidence in (evidence_of(D), with_samples(evidence_of(A), EMPTY)):
        result = examine(evidence)
        figure = timeline(result)
        assert texts(figure)[0] == "failed or slow requests [share]"
        assert_in_utc_ms(figure, result)


def test_no_change_recorded_is_said(of_a):
    assert "no change was recorded" in texts(timeline(replace(of_a, timeline=())))


def test_hostile_names_are_no_markup_in_the_figure():
    evil = '<img src=x onerror="a">$\\frac{1}{2}$'

    def rename(labels):
        return {k: (evil if (k, v) == ("container", "istio-proxy") else v) for k, v in labels.items()}

    evidence = evidence_of(A)
    result = examine(with_samples(evidence, relabel(evidence.samples, rename)))
    result = replace(result, timeline=tuple(replace(r, what=evil) for r in result.timeline))
    figure = timeline(result)
    shown = [*texts(figure), *(t.name for t in figure.data)]
    shown += [t for trace in figure.data if trace.text is not None for t in trace.text if t]
    assert not [t for t in shown if "<img" in t]
    assert not [t for t in shown if "$\\" in t]
    assert [t for t in shown if "&lt;img" in t]
