"""Expected, present, unknown and missing samples of every series, against a slow count; births, ends, silence."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.recorded_series import STALE_BITS, recorded
from analysis.signals.sample_coverage import sample_coverage
from tests import oracles_coverage as slow

S = 1_000_000
STALE = np.array([STALE_BITS], "u8").view("f8")[0]
FAR = 10**17


def data_of(series, *, values=None, modes=(), stale=(), job="api"):
    """Series given as name -> times [us] in order."""
    labels = [{"__name__": name, "job": job} for name in series]
    times = [np.asarray(t, "i8") for t in series.values()]
    ids = np.repeat(np.arange(len(times), dtype="i4"), [len(t) for t in times])
    flat = np.concatenate(times)
    found = np.ones(len(flat)) if values is None else np.asarray(values, "f8")
    return recorded(labels, ids, flat, found, modes=modes, stale=stale)


def rows_of(data, start, end):
    return sample_coverage(data, {"w": (start * S, end * S)}).series.set_index("series")


def every(seconds, start, end):
    return np.arange(start * S, end * S, seconds * S)


@st.composite
def recordings(draw):
    """A few series of one target: lost samples, holes, jitter, births; their own clock is that of `up`."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    seconds, count = draw(st.sampled_from([1, 5, 15])), draw(st.integers(25, 120))
    clock = np.arange(count) * seconds * S + rng.integers(-1, 2, count) * draw(st.integers(0, seconds * S // 25))
    clock += 1_700_000_000 * S
    series = {"up": clock[rng.random(count) >= draw(st.sampled_from([0, 0, 0.1]))]}
    for name in "abc"[: draw(st.integers(0, 3))]:
        keep = rng.random(count) >= draw(st.sampled_from([0, 0.02, 0.3]))
        hole = draw(st.integers(0, count))
        keep[hole : hole + draw(st.sampled_from([0, 0, 3, 20]))] = False
        born = draw(st.sampled_from([0, 0, count // 2]))
        series[name] = clock[born:][keep[born:]]
    a, b = sorted(rng.integers(-10 * S, (count * seconds + 10) * S, 2).tolist())
    return series, (1_700_000_000 * S + a, 1_700_000_000 * S + max(b, a + seconds * S)), rng


@given(recordings())
def test_against_the_slow_count(given_):
    series, window, rng = given_
    unknown = rng.random(sum(map(len, series.values()))) < 0.1
    data = data_of(series, values=np.where(unknown, np.nan, 1.0))
    found = sample_coverage(data, {"w": window})
    interval = found.clocks.beats[0].interval_us
    assert len(interval) == 1
    begun, heard = (f(t[i] for t in series.values() if len(t)) for f, i in ((min, 0), (max, -1)))
    at = 0
    for row, times in enumerate(t.tolist() for t in series.values()):
        since = -FAR if times and times[0] <= begun + 2.5 * interval[0] else FAR
        until = FAR if times and times[-1] >= heard - 2.5 * interval[0] else -FAR
        args = {"since": since if times and since < times[0] else FAR * 2, "until": until}
        missing = slow.missing_ticks(times, slow.Fraction(interval[0]), window, **args)
        present, nan, twice = slow.counted(times, unknown[at : at + len(times)], window)
        got = found.series.iloc[row]
        assert (got["present"], got["unknown"], got["duplicates"]) == (present, nan, twice)
        assert got["expected"] == present + len(missing)
        gaps = found.gaps[found.gaps["series"] == row]
        assert list(zip(gaps["start"], gaps["end"], strict=True)) == slow.gaps(times, interval[0], window, **args)
        longest = gaps["seconds"].max() if len(gaps) else 0.0
        assert got["longest_gap_seconds"] == longest
        at += len(times)


@given(st.floats(0, 0.3), st.integers(0, 2**32 - 1))
def test_jitter_alone_misses_nothing(jitter, seed):
    moved = np.random.default_rng(seed).uniform(-jitter, jitter, 200) * S
    times = (np.arange(200) * 5 * S + np.round(moved)).astype("i8")
    row = rows_of(data_of({"up": times}), 12, 900).loc[0]
    assert row["ratio"] == 1.0
    assert row["longest_gap_seconds"] == 0


@given(st.lists(st.integers(5, 194), min_size=1, max_size=30, unique=True))
def test_every_dropped_sample_is_counted(dropped):
    times = np.delete(every(5, 0, 1000), dropped)
    row = rows_of(data_of({"up": times}), 0, 995).loc[0]
    assert row["expected"] - row["present"] == len(dropped)


def test_windows_and_series_without_samples():
    found = rows_of(data_of({"up": every(5, 0, 100), "once": [50 * S], "none": []}), 200, 300)
    assert found["expected"].tolist() == [20, 0, 0]
    assert found["present"].tolist() == [0, 0, 0]
    assert found["ratio"].tolist()[0] == 0
    assert found["ratio"].isna().tolist() == [False, True, True]
    inside = rows_of(data_of({"up": every(5, 0, 100), "once": [50 * S], "none": []}), 20, 80)
    assert inside.loc[1, ["expected", "present", "begins", "ends"]].tolist() == [1, 1, "first seen", "last seen"]
    assert (inside.loc[2, "first"], inside.loc[2, "ratio"] != inside.loc[2, "ratio"]) == (-1, True)


def test_one_sample_of_a_target_promises_nothing():
    row = rows_of(data_of({"a": [50 * S]}), 0, 100).loc[0]
    assert row["present"] == 1
    assert np.isnan(row["expected"])
    assert np.isnan(row["ratio"])


def test_no_series_at_all():
    found = sample_coverage(recorded([], np.zeros(0, "i4"), np.zeros(0, "i8"), np.zeros(0)), {"w": (0, S)})
    assert (len(found.series), len(found.gaps)) == (0, 0)


def test_a_birth_expects_nothing_before_it():
    row = rows_of(data_of({"up": every(5, 0, 200), "new": every(5, 100, 200)}), 50, 150).loc[1]
    assert row[["expected", "present", "ratio", "begins"]].tolist() == [11, 11, 1.0, "first seen"]


def test_a_recording_that_begins_late_is_missing_its_begin():
    row = rows_of(data_of({"up": every(5, 60, 200)}), 0, 150).loc[0]
    assert row["begins"] == ""
    assert (row["expected"], row["present"]) == (30, 19)
    assert row["longest_gap_seconds"] == 60


def test_how_a_series_ends():
    series = {"up": every(5, 0, 200), "gone": every(5, 0, 100), "marked": every(5, 0, 100), "back": every(5, 0, 200)}
    stale = [({"__name__": "marked", "job": "api"}, 100 * S), ({"__name__": "back", "job": "api"}, 90 * S)]
    found = rows_of(data_of(series, stale=stale), 50, 150)
    assert found["ends"].tolist() == ["", "last seen", "ended", ""]
    assert found["expected"].tolist() == [20, 9, 9, 20]
    later = rows_of(data_of(series, stale=stale), 120, 150)
    assert later["ends"].tolist() == ["", "", "", ""]
    assert later["expected"].tolist() == [6, 0, 0, 6]


def test_a_marker_inside_the_samples_is_an_end_too():
    values = [*np.ones(20), STALE, *np.ones(40)]
    data = data_of({"a": np.r_[every(5, 0, 100), 101 * S], "up": every(5, 0, 200)}, values=values)
    row = rows_of(data, 50, 150).loc[0]
    assert (row["ends"], row["unknown"], row["present"]) == ("ended", 0, 9)


def test_silence_of_a_whole_target_is_missing_until_the_end():
    labels = [{"__name__": "up", "job": "sick"}, {"__name__": "up", "job": "well"}]
    times = np.r_[every(5, 0, 100), every(5, 0, 200)]
    data = recorded(labels, np.repeat([0, 1], [20, 40]), times, np.ones(60))
    found = rows_of(data, 50, 180)
    assert found["ends"].tolist() == ["silent", ""]
    assert found.loc[0, ["expected", "present", "longest_gap_seconds"]].tolist() == [9 + 16, 9, 85]


def test_every_second_sample_lost_while_up_says_that_it_was_scraped():
    found = rows_of(data_of({"up": every(5, 0, 300), "a": every(10, 0, 300)}), 100, 200)
    assert found["ratio"].tolist() == [1.0, 0.5]
    assert found["interval_seconds"].tolist() == [5, 5]


def test_two_intervals_expect_each_its_own():
    data = data_of({"up": np.r_[every(15, 0, 600), every(5, 600, 1200)]})
    whole = rows_of(data, 0, 1195).loc[0]
    assert (whole["expected"], whole["present"]) == (159, 159)
    assert rows_of(data, 0, 300).loc[0, "interval_seconds"] == 15
    holed = data_of({"up": np.r_[every(15, 0, 600), every(5, 600, 800), every(5, 840, 1200)]})
    row = rows_of(holed, 0, 1195).loc[0]
    assert (row["expected"] - row["present"], row["longest_gap_seconds"]) == (8, 45)


def test_samples_that_come_twice_are_counted_once():
    row = rows_of(data_of({"up": np.repeat(every(5, 0, 100), 2)}), 0, 95).loc[0]
    assert row[["expected", "present", "duplicates"]].tolist() == [19, 19, 19]


def test_unknown_values_are_there():
    values = np.where(np.arange(20) % 2, np.nan, np.inf)
    row = rows_of(data_of({"up": every(5, 0, 100)}, values=values), 0, 95).loc[0]
    assert row[["expected", "present", "unknown"]].tolist() == [19, 19, 10]


def test_a_grid_is_counted_by_its_cells():
    """A held value on a grid of 15 s says nothing of the scrapes every 5 s, and does not mix with them."""
    series = {"up": every(5, 0, 600), "held": every(15, 0, 450)}
    found = rows_of(data_of(series, modes=("raw", "range")), 0, 600)
    assert found["interval_seconds"].tolist() == [5, 15]
    assert found["expected"].tolist() == [119, 40]  # the cell at the end of the window is one of the grid
    assert found["present"].tolist() == [119, 29]
    assert found.loc[1, "ends"] == "silent"


def test_a_series_on_no_clock_at_all_has_no_ratio_and_yet_its_gaps():
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.exponential(5e6, 300)).astype("i8")
    row = rows_of(data_of({"a": times}), 0, 1000).loc[0]
    assert not row["regular"]
    assert np.isnan(row["ratio"])
    assert row["longest_gap_seconds"] > 10


@pytest.mark.parametrize("order", [("w1", "w2"), ("w2", "w1")])
def test_windows_do_not_touch_each_other(order):
    windows = {"w1": (0, 50 * S), "w2": (50 * S, 95 * S)}
    data = data_of({"up": every(5, 0, 100)})
    both = sample_coverage(data, {name: windows[name] for name in order}).series.set_index("window")
    assert both.loc["w1", "present"] + both.loc["w2", "present"] == 19
    for name, window in windows.items():
        alone = sample_coverage(data, {name: window}).series.iloc[0]
        assert alone["expected"] == both.loc[name, "expected"]
