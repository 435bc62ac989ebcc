"""Frames, coverage and the common grid, against a naive loop."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, CoverageError
from analysis.incident import Window
from analysis.series import GAP_STEPS, align, check_frame, coverage_of, iso, median_step_seconds, on_grid, to_utc_us

START = pd.Timestamp("2026-11-22T18:00:00Z").as_unit("us")
WINDOW = Window(START, START + pd.Timedelta(minutes=10))


def at(*seconds):
    return pd.DatetimeIndex([START + pd.Timedelta(microseconds=round(s * 1e6)) for s in seconds], tz="UTC").as_unit(
        "us"
    )


def regular(step, count=None, first=None, value=1.0):
    first = step if first is None else first
    count = round(600 / step) if count is None else count
    return pd.Series(float(value), index=at(*(first + step * i for i in range(count))))


def test_check_frame_takes_the_contract_and_names_every_breach():
    good = pd.DataFrame({"a": [0.0, np.nan]}, index=at(0, 1))
    assert check_frame(good, where="demo") is good
    with pytest.raises(AnalysisError) as caught:
        check_frame(pd.DataFrame({"a": [0, 1], "b": ["x", "y"]}, index=at(1, 0)), where="demo")
    assert "not sorted and unique" in caught.value.what
    assert "column 'a' is int64" in caught.value.what
    assert "column 'b'" in caught.value.what
    assert caught.value.where == "demo"


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(2),
        pd.DatetimeIndex(["2026-01-01", "2026-01-02"]).as_unit("us"),
        pd.DatetimeIndex(["2026-01-01", "2026-01-02"], tz="Asia/Seoul").as_unit("us"),
        pd.DatetimeIndex(["2026-01-01", "2026-01-02"], tz="UTC").as_unit("ns"),
    ],
)
def test_check_frame_refuses_another_index(index):
    with pytest.raises(AnalysisError, match="not UTC in us"):
        check_frame(pd.DataFrame({"a": [0.0, 1.0]}, index=index), where="demo")


def test_check_frame_refuses_repeated_times():
    with pytest.raises(AnalysisError, match="sorted and unique"):
        check_frame(pd.DataFrame({"a": [0.0, 1.0]}, index=at(1, 1)), where="demo")


def test_to_utc_us_converts_cuts_and_refuses_naive_times():
    found = to_utc_us(pd.DatetimeIndex(["2026-11-22T03:00:00.123456789+09:00"]), where="demo")
    assert (str(found.tz), found.unit) == ("UTC", "us")
    assert found[0] == pd.Timestamp("2026-11-21T18:00:00.123456Z")
    series = pd.Series(pd.to_datetime(["2026-11-22T03:00:00+09:00"]))
    assert to_utc_us(series, where="demo")[0] == pd.Timestamp("2026-11-21T18:00:00Z")
    with pytest.raises(AnalysisError, match="without an offset") as caught:
        to_utc_us(pd.DatetimeIndex(["2026-11-22T03:00:00"]), where="demo")
    assert caught.value.where == "demo"


def test_iso_keeps_only_the_digits_that_are_needed():
    assert iso(pd.Timestamp("2026-11-22T18:00:00.250Z")) == "2026-11-22T18:00:00.250Z"
    assert iso(pd.Timestamp("2026-11-23T03:00:00+09:00")) == "2026-11-22T18:00:00Z"


def test_the_median_step_is_in_seconds_in_any_unit():
    assert median_step_seconds(at(0, 5, 10, 30)) == 5.0
    assert median_step_seconds(at(0, 5, 10, 30).as_unit("ns")) == 5.0
    assert np.isnan(median_step_seconds(at(0)))


def test_coverage_counts_and_lists_the_gaps():
    series = regular(5.0)
    series = series[(series.index <= at(100)[0]) | (series.index > at(200)[0])]
    found = coverage_of(series, WINDOW, name="demo")
    assert (found.signal, found.expected, found.present, found.ratio) == ("demo", 120, 100, 0.8333)
    assert found.gaps == (("2026-11-22T18:01:40Z", "2026-11-22T18:03:25Z"),)
    assert found.resolution_seconds == 5.0
    assert found.as_dict()["gaps"] == [["2026-11-22T18:01:40Z", "2026-11-22T18:03:25Z"]]


def test_nan_counts_as_absent_and_the_edges_are_gaps_too():
    series = regular(5.0)
    series.iloc[:20] = np.nan
    series.iloc[-20:] = np.nan
    found = coverage_of(series, WINDOW, name="demo")
    assert found.present == 80
    assert [g[0] for g in found.gaps] == [WINDOW.iso_start, "2026-11-22T18:08:20Z"]
    assert found.gaps[-1][1] == WINDOW.iso_end


@pytest.mark.parametrize("series", [pd.Series([], index=at(), dtype=float), pd.Series([1.0], index=at(60))])
def test_a_signal_without_a_step_covers_nothing(series):
    found = coverage_of(series, WINDOW, name="demo")
    assert (found.expected, found.present, found.ratio, found.resolution_seconds) == (0, len(series), 0.0, None)
    assert found.gaps == ((WINDOW.iso_start, WINDOW.iso_end),)


def test_a_signal_elsewhere_covers_nothing():
    found = coverage_of(regular(5.0, 100, first=10_000), WINDOW, name="demo")
    assert (found.present, found.ratio, found.expected) == (0, 0.0, 120)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([1.0, 5.0, 15.0, 30.0, 60.0]), st.floats(0.0, 1.0), st.integers(0, 2**32 - 1))
def test_jitter_of_milliseconds_costs_no_coverage_and_gives_no_more_than_all(step, phase, seed):
    rng = np.random.default_rng(seed)
    times = np.arange(-3, 600 / step + 3) * step + phase * step + rng.uniform(-0.01, 0.01, int(600 / step + 6))
    found = coverage_of(pd.Series(1.0, index=at(*times)), WINDOW, name="demo")
    assert found.present <= found.expected
    assert found.expected - found.present <= 1
    assert 0 <= found.ratio <= 1
    assert found.gaps == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 700), min_size=2, max_size=60, unique=True).map(sorted))
def test_coverage_against_a_naive_loop(seconds):
    series = pd.Series(1.0, index=at(*seconds))
    step = float(np.median(np.diff(seconds)))
    inside = [s for s in seconds if 0 < s <= 600]
    expected = max(int(600 // step), 1)
    stops = [0, *inside, 600]
    gaps = [(iso(at(a)[0]), iso(at(b)[0])) for a, b in pairwise(stops) if b - a > GAP_STEPS * step]
    found = coverage_of(series, WINDOW, name="demo")
    assert (found.expected, found.present) == (expected, min(len(inside), expected))
    assert list(found.gaps) == gaps


def test_align_uses_the_coarsest_grid_with_stamps_at_the_right_edge():
    fast = pd.Series(np.arange(1.0, 121.0), index=regular(5.0).index)
    slow = pd.Series(np.arange(1.0, 41.0), index=regular(15.0).index)
    found = align({"fast": fast, "slow": slow}, WINDOW)
    assert list(found.matrix.index) == list(slow.index)
    assert found.matrix["fast"].tolist()[:2] == [2.0, 5.0]  # means of 1..3 and 4..6
    assert found.matrix["slow"].tolist() == slow.tolist()
    assert [c.signal for c in found.coverage] == ["fast", "slow"]
    assert list(align({"slow": slow, "fast": fast}, WINDOW).matrix.index) == list(slow.index)


def test_align_names_the_signal_that_is_too_thin_what_it_has_and_what_it_needs():
    thin = regular(5.0)
    thin = thin[(thin.index <= at(250)[0]) | (thin.index > at(500)[0])]
    with pytest.raises(CoverageError) as caught:
        align({"good": regular(5.0), "thin": thin}, WINDOW, min_coverage=0.8)
    assert caught.value.what == "thin has 70 of 120 samples in the window (58%)"
    assert caught.value.expected == "at least 80%"
    assert caught.value.exit_code == 3
    assert align({"thin": thin}, WINDOW, min_coverage=0.5).coverage[0].present == 70


def test_nothing_is_filled_across_a_gap():
    fast = regular(5.0)
    fast = fast[(fast.index <= at(300)[0]) | (fast.index > at(360)[0])]
    matrix = align({"fast": fast, "slow": regular(15.0)}, WINDOW).matrix
    unknown = matrix.index[matrix["fast"].isna()]
    assert list(unknown) == list(at(315, 330, 345, 360))
    assert matrix["slow"].notna().all()


def test_zero_is_known_and_nan_is_not():
    slow = regular(15.0, value=0.0)
    fast = regular(5.0, value=0.0)
    fast.iloc[:3] = np.nan
    matrix = align({"fast": fast, "slow": slow}, WINDOW).matrix
    assert np.isnan(matrix["fast"].iloc[0])
    assert (matrix["fast"].iloc[1:] == 0).all()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 599), min_size=1, max_size=80, unique=True).map(sorted),
    st.sampled_from([10, 15, 30, 60]),
    st.integers(0, 2**32 - 1),
)
def test_the_grid_against_a_naive_loop(seconds, step, seed):
    values = np.random.default_rng(seed).normal(size=len(seconds))
    values[np.random.default_rng(seed + 1).random(len(seconds)) < 0.2] = np.nan
    stamps = list(range(step, 601, step))
    found = on_grid(pd.Series(values, index=at(*seconds)), at(*stamps))
    for stamp, got in zip(stamps, found, strict=True):
        inside = [v for s, v in zip(seconds, values, strict=True) if stamp - step < s <= stamp and v == v]
        assert got == pytest.approx(np.mean(inside)) if inside else np.isnan(got)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([1, 5]), st.sampled_from([15, 30, 60]), st.floats(-1e6, 1e6))
def test_a_constant_stays_itself_on_any_grid(fine, coarse, value):
    matrix = align({"a": regular(fine, value=value), "b": regular(coarse, value=value)}, WINDOW).matrix
    assert np.allclose(matrix.to_numpy(), value)
    assert len(matrix) == 600 // coarse


def test_the_result_of_align_keeps_the_contract():
    matrix = align({"a": regular(5.0), "b": regular(30.0)}, WINDOW).matrix
    assert check_frame(matrix, where="demo") is matrix
