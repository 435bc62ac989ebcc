"""The look of figures: points thinned without loss of a spike, gaps that stay gaps, UTC on the axis."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.figures.theme import (
    COLOUR,
    MOST_POINTS,
    epoch_ms,
    panels,
    plain,
    reduce_points,
    shown_window,
    step_line,
    undefined_bar,
)
from analysis.investigation import examine
from tests.conftest import A
from tests.variants import evidence_of

VALUES = st.lists(st.none() | st.floats(-1e9, 1e9), min_size=1, max_size=300)


def array(values):
    return np.array([np.nan if v is None else v for v in values], dtype=float)


@settings(max_examples=150, deadline=None)
@given(VALUES, st.integers(4, 60))
def test_thinning_keeps_the_extremes_the_ends_and_the_order(values, most):
    y = array(values)
    x = np.arange(len(y), dtype=float)
    xs, ys = reduce_points(x, y, most)
    places = xs.astype(int)
    assert (np.diff(places) > 0).all()
    assert np.array_equal(y[places], ys, equal_nan=True)
    assert (places[0], places[-1]) == (0, len(y) - 1)
    if np.isfinite(y).any():
        assert (np.nanmin(ys), np.nanmax(ys)) == (np.nanmin(y), np.nanmax(y))
    assert np.isnan(ys).any() == np.isnan(y).any()
    gaps = np.count_nonzero(np.isnan(y) & ~np.r_[False, np.isnan(y)[:-1]])
    assert len(xs) <= max(len(y) if len(y) <= most else 0, 2 * (most // 2) + gaps + 2)


@settings(max_examples=80, deadline=None)
@given(VALUES)
def test_a_short_series_stays_whole(values):
    y = array(values)
    xs, ys = reduce_points(np.arange(len(y)), y)
    assert len(xs) == len(y)
    assert np.array_equal(ys, y, equal_nan=True)


def test_a_stretch_without_values_stays_a_gap():
    y = np.ones(10_000)
    y[4_000:6_000] = np.nan
    xs, ys = reduce_points(np.arange(10_000.0), y, 100)
    assert len(xs) <= 102
    assert np.isnan(ys[(xs >= 4_000) & (xs < 6_000)]).all()
    assert ((xs >= 4_000) & (xs < 6_000)).sum() >= 1


@settings(max_examples=30, deadline=None)
@given(st.integers(MOST_POINTS + 1, 20_000), st.integers(0, 2**32 - 1))
def test_a_long_series_without_gaps_has_as_many_points_as_are_wanted(n, seed):
    y = np.random.default_rng(seed).normal(size=n)
    assert len(reduce_points(np.arange(n), y)[0]) <= MOST_POINTS + 2


def series(seconds, values=None):
    index = pd.DatetimeIndex([pd.Timestamp("2026-11-22T18:00:00Z") + pd.Timedelta(seconds=s) for s in seconds])
    return pd.Series(np.arange(len(index), dtype=float) if values is None else values, index=index.as_unit("us"))


def test_nothing_is_drawn_across_a_gap_between_samples():
    trace = step_line(series([0, 5, 10, 40, 45]), name="n", colour="#0072B2")
    x, y = np.array(trace.x), np.array(trace.y)
    assert trace.connectgaps is False
    assert np.isnan(y).tolist() == [False, False, False, True, False, False]
    assert (np.diff(x) > 0).all()
    assert (x[4] - x[3]) == 5_000  # the value after the gap holds for its own step only
    assert trace.line.shape == "vh"


def test_nan_and_short_series_are_drawn_as_they_are():
    assert np.isnan(np.array(step_line(series([0, 5], [1.0, np.nan]), name="n", colour="#0072B2").y)[1])
    assert len(step_line(series([0]), name="n", colour="#0072B2").x) == 1
    assert len(step_line(series([]).tz_localize(None).tz_localize("UTC"), name="n", colour="#0072B2").x) == 0


def test_times_are_ms_of_utc_whatever_the_zone_and_unit():
    here = pd.DatetimeIndex(["2026-11-22T18:00:00.250Z"])
    assert epoch_ms(here).tolist() == epoch_ms(here.tz_convert("Asia/Seoul").as_unit("ns")).tolist()
    assert epoch_ms(here)[0] == pd.Timestamp("2026-11-22T18:00:00.250Z").timestamp() * 1000


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_markup_for_plotly(text):
    shown = plain(text)
    assert "<" not in shown
    assert ">" not in shown
    assert "\n" not in shown
    assert not any(shown.startswith("$", i) and shown[i + 1 : i + 2] != "\u200b" for i in range(len(shown)))


def test_long_text_is_cut():
    assert len(plain("x" * 500)) == 90
    assert plain("<b>&") == "&lt;b&gt;&amp;"


def test_an_undefined_area_is_named_hatched_and_has_no_line():
    start = pd.Timestamp("2026-11-22T18:00:00Z")
    trace = undefined_bar(start, start + pd.Timedelta("1min"), text="unknown")
    assert (trace.name, trace.line.width, trace.fillpattern.shape, trace.hoverinfo) == ("unknown", 0, "/", "name")
    assert max(trace.x) - min(trace.x) == 60_000


@pytest.mark.parametrize("count", [1, 2, 5])
def test_panels_share_one_utc_axis_and_shade_both_windows_in_each(count):
    result = examine(evidence_of(A))
    figure = panels(result, [f"panel {i}" for i in range(count)])
    axes = [figure.layout[f"xaxis{i or ''}"] for i in [0, *range(2, count + 1)]]
    window = shown_window(result)
    expected = tuple(epoch_ms(pd.DatetimeIndex([window.start, window.end])))
    assert {a.type for a in axes} == {"date"}
    assert {tuple(a.range) for a in axes} == {expected}
    assert axes[-1].title.text == "UTC"
    assert len(figure.layout.shapes) == 2 * count
    assert [a.text for a in figure.layout.annotations] == [
        *(f"panel {i}" for i in range(count)),
        "baseline",
        "incident",
    ]


def test_the_shown_window_holds_baseline_and_incident():
    result = examine(evidence_of(A))
    window = shown_window(result)
    assert window.start <= result.incident.baseline.start
    assert window.end >= result.incident.window.end


def test_the_colour_of_the_symptom_is_used_for_nothing_else():
    assert [k for k, v in COLOUR.items() if v == COLOUR["symptom"]] == ["symptom"]


def test_two_values_around_a_gap_are_never_joined():
    y = np.zeros(100)
    y[[0, 3]], y[1], y[5] = np.nan, -1, 9
    _, ys = reduce_points(np.arange(100.0), y, 8)
    low, high = int(np.flatnonzero(ys == -1)[0]), int(np.flatnonzero(ys == 9)[0])
    assert np.isnan(ys[low:high]).any()
