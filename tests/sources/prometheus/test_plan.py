from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.sources.prometheus.plan import MOST_POINTS_A_SERIES, Grid, plan, rate_window_seconds

US = 1_000_000
TIMES = st.integers(-(10**15), 4 * 10**15)
STEPS = st.integers(1, 10_000_000).map(lambda ms: ms / 1000)


@given(TIMES, st.integers(0, 10**13), STEPS)
def test_a_grid_covers_its_window_and_lies_on_multiples_of_its_step(start, length, step):
    assume(length / (step * US) < MOST_POINTS_A_SERIES - 2)
    grid = plan(start, start + length, step_seconds=step)
    assert grid.step_us == round(step * 1000) * 1000
    assert grid.start_us % grid.step_us == grid.end_us % grid.step_us == 0
    assert start - grid.step_us < grid.start_us <= start
    assert start + length <= grid.end_us < start + length + grid.step_us
    assert grid.note == ""


@given(
    st.integers(1, 60_000),
    st.integers(1, 20_000),
    st.integers(1, 2_000_000),
    st.integers(0, 30_000),
    st.integers(0, 99),
)
def test_windows_ask_for_every_point_once_and_keep_the_limits(points, most_points, most_samples, series, start):
    step = 15 * US
    grid = Grid(start * step, (start + points - 1) * step, step, most_samples, most_points, series)
    windows = grid.windows()
    sizes = [(hi - lo) // step + 1 for lo, hi in windows]
    assert [windows[0][0], windows[-1][1]] == [grid.start_us, grid.end_us]
    assert all(later[0] - earlier[1] == step for earlier, later in pairwise(windows))
    assert sum(sizes) == points == grid.points
    assert max(sizes) <= most_points
    assert max(sizes) == 1 or max(sizes) * series <= most_samples
    assert max(sizes) - min(sizes) <= 1


def test_the_step_is_what_was_asked_for_else_the_scrape_interval():
    assert plan(0, 3600 * US, step_seconds=60, scrape_seconds=15).step_us == 60 * US
    assert plan(0, 3600 * US, scrape_seconds=5).step_us == 5 * US
    assert plan(0, 3600 * US).step_us == 15 * US
    assert plan(0, 3600 * US, step_seconds=0.25).step_us == 250_000
    assert plan(0, 0).points == 1


def test_more_than_11_000_points_are_split_and_not_made_coarser():
    grid = plan(0, 86_400 * US, step_seconds=1)
    assert (grid.points, grid.step_us, grid.note) == (86_401, US, "")
    assert len(grid.windows()) == 9


def test_only_far_too_many_points_raise_the_step_and_that_is_said():
    grid = plan(7, 30 * 86_400 * US, step_seconds=1, scrape_seconds=15)
    assert grid.step_us == 15 * US
    assert grid.points <= MOST_POINTS_A_SERIES
    assert "raised from 1 s to 15 s" in grid.note
    assert grid.start_us == 0


@given(st.integers(1, 5_000), st.integers(2_000, 100_000), st.sampled_from([1, 5, 15, 30, 60]))
def test_a_fitted_grid_stays_within_the_samples_in_steps_of_one_two_five(series, points, scrape):
    grid = Grid(0, (points - 1) * scrape * US, scrape * US)
    most = 5_000_000
    fitted = grid.fitted(series, most, scrape_seconds=scrape)
    assert fitted.points * series <= most
    assert fitted.series == series
    assert (fitted.note == "") == (grid.points * series <= most)
    times = fitted.step_us // (scrape * US)
    assert str(times).rstrip("0") in ("1", "2", "5")
    if times > 1:
        before = {"1": 2, "2": 2, "5": 2.5}[str(times).rstrip("0")]
        finer = plan(0, grid.end_us, step_seconds=scrape * times / before)
        assert finer.points * series > most


def test_a_rate_sees_four_scrapes_and_skips_no_sample():
    assert rate_window_seconds(15, 15) == 60
    assert rate_window_seconds(300, 15) == 300


@pytest.mark.parametrize("step", [0, -1, float("nan"), float("inf"), 0.0004, 1e10])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(SpecError, match="step"):
        plan(0, US, step_seconds=step)


def test_what_cannot_be_a_grid_is_refused():
    with pytest.raises(SpecError, match="window"):
        plan(US, 0)
    good = plan(0, 60 * US)
    for change in (
        {"start_us": 1}, {"end_us": -15 * US}, {"step_us": 1}, {"step_us": 0}, {"most_points": 0}, {"most_samples": 0},
        {"series": -1},
    ):  # fmt: skip
        with pytest.raises(SpecError):
            replace(good, **change)
    with pytest.raises(SpecError, match="aggregated"):
        good.fitted(10_000, 9_000)
