"""The scrape interval is found in sample times that jitter, are lost, change, or belong to somebody else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.recorded_series import recorded
from analysis.signals.scrape_clock import beats_of, clocks_of, typical_distances

S = 1_000_000


def ticks(seconds, count, start=0, seed=0, jitter=0.0):
    moved = np.random.default_rng(seed).uniform(-jitter, jitter, count) * seconds
    return start * S + np.round((np.arange(count) * seconds + moved) * S).astype("i8")


@given(
    st.sampled_from([0.05, 0.5, 1, 5, 15, 30, 60]),
    st.integers(30, 300),
    st.floats(0, 0.04),
    st.floats(0, 0.6),
    st.integers(0, 2**32 - 1),
)
def test_the_interval_survives_jitter_and_loss(seconds, count, jitter, lost, seed):
    times = ticks(seconds, count, seed=seed, jitter=jitter)
    keep = np.random.default_rng(seed + 1).random(count) >= lost
    keep[[0, 1, -2, -1]] = True
    found = beats_of(times[keep])
    if keep.sum() < 20 or (np.diff(np.flatnonzero(keep)) == 1).mean() < 0.2:
        return  # too little is left to know
    assert found.regular
    assert found.interval_us[0] == pytest.approx(seconds * S, rel=0.1)


@pytest.mark.parametrize(("before", "after"), [(15, 5), (5, 15), (60, 30), (1, 60), (30, 20)])
def test_two_intervals_in_one_recording(before, after):
    first = ticks(before, 41, jitter=0.02)
    times = np.r_[first, 40 * before * S + ticks(after, 40, seed=1, jitter=0.02)[1:]]
    found = beats_of(times)
    assert found.regular
    assert np.allclose(found.interval_us, [before * S, after * S], rtol=0.05)
    assert abs(found.since_us[1] - 40 * before * S) <= max(before, after) * S


def test_a_hole_and_a_few_slow_scrapes_are_no_other_interval():
    assert beats_of(np.r_[ticks(5, 50), ticks(5, 50, start=900)]).interval_us == (5e6,)
    assert beats_of(np.r_[ticks(5, 50), ticks(10, 8, start=255), ticks(5, 50, start=335)]).interval_us == (5e6,)


def test_times_without_any_interval_are_not_regular():
    rng = np.random.default_rng(5)
    assert not beats_of(np.cumsum(rng.exponential(5e6, 300)).astype("i8")).regular
    interleaved = np.sort(np.r_[ticks(15, 60), ticks(15, 60, start=4)])  # two scrapers of one target
    assert not beats_of(interleaved).regular


def test_one_sample_and_none_have_no_interval():
    for times in (np.zeros(0, "i8"), np.array([7])):
        assert np.isnan(beats_of(times).interval_us[0])


@given(st.lists(st.integers(0, 90), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_typical_distances_are_medians_of_some_distances(sizes, seed):
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(len(sizes)), sizes)
    times = (
        np.concatenate([np.sort(rng.choice(10_000, n, replace=False)) for n in sizes]) if sum(sizes) else np.zeros(0)
    )
    found = typical_distances(ids, times.astype("i8"), len(sizes))
    for row, size in enumerate(sizes):
        distances = np.diff(times[ids == row])
        if size < 2:
            assert np.isnan(found[row])
        elif size <= 64:
            assert found[row] == np.median(distances)
        else:
            assert distances.min() <= found[row] <= distances.max()


def of(*series):
    """Clocks of series given as (name, times)."""
    labels = [{"__name__": name, "job": "api", "n": str(i)} for i, (name, _) in enumerate(series)]
    ids = np.repeat(np.arange(len(series)), [len(t) for _, t in series])
    times = np.concatenate([t for _, t in series])
    return clocks_of(recorded(labels, ids, times, np.ones(len(times))))


def test_up_is_the_clock_of_its_target():
    half = ticks(5, 60)[::2]
    found = of(("a", half), ("b", half), ("up", ticks(5, 60)))
    assert found.beats[0].interval_us == (5e6,)
    assert found.of_series.tolist() == [0, 0, 0]  # times of scrapes: every second sample is missing, no own interval
    assert of(("a", half), ("b", half)).beats[0].interval_us == (10e6,)  # nothing says that it was scraped more often


def test_a_series_that_keeps_its_own_time_has_its_own_clock():
    found = of(("up", ticks(15, 60)), ("rule", ticks(60, 15, start=7)), ("stamped", ticks(5, 180, start=1)))
    assert [b.interval_us[0] for b in found.beats] == [15e6, 60e6, 5e6]
    assert found.of_series.tolist() == [0, 1, 2]


def test_the_interval_that_holds_at_a_time():
    found = of(("up", np.r_[0:600:15, 600:900:5] * S))
    at = found.interval_at(np.zeros(4, "i8"), np.array([-S, 0, 599 * S, 600 * S]))
    assert at.tolist() == [15e6, 15e6, 15e6, 5e6]
