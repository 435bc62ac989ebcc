"""Increments of a database's counters: resets, several databases, windows between snapshots."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.database_counters import counter_increments, counter_load, counters_in, per_second
from analysis.sources.postgres_counters import no_database_counters
from tests.signals import recorded
from tests.signals.samples import ZERO, window


def snapshots(*rows):
    """Return snapshots of (second, database, commits, active seconds)."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("time")
    cells = {"database": [r[1] for r in rows], "backends": 3.0, "stats_reset": pd.NaT}
    return pd.DataFrame(
        cells | {"commits": [float(r[2]) for r in rows], "active_seconds": [float(r[3]) for r in rows]}, index=index
    )


def test_any_counter_that_fell_resets_all_of_its_database_and_of_no_other():
    frame = snapshots((0, "a", 10, 5), (0, "b", 100, 1), (10, "a", 12, 1), (10, "b", 110, 2))
    found = counter_increments(frame).set_index("database")
    assert found.loc["a", ["commits", "active_seconds"]].tolist() == [12, 1]
    assert found.loc["b", ["commits", "active_seconds"]].tolist() == [10, 1]
    assert found["reset"].to_dict() == {"a": True, "b": False}


def test_a_new_time_of_reset_is_a_reset_though_all_counters_rose():
    frame = snapshots((0, "a", 10, 1), (10, "a", 12, 2))
    frame["stats_reset"] = pd.to_datetime([ZERO - pd.Timedelta(days=1), ZERO + pd.Timedelta(seconds=5)])
    assert counter_increments(frame)["commits"].tolist() == [12]


def test_an_unknown_counter_is_unknown_and_no_snapshot_is_no_row():
    frame = snapshots((0, "a", 1, np.nan), (10, "a", 3, np.nan))
    found = counter_increments(frame)
    assert found["commits"].tolist() == [2]
    assert np.isnan(counter_load(found, window(0, 10)))
    nothing = counter_increments(no_database_counters())
    assert nothing.empty
    assert np.isnan(per_second(nothing, window(0, 10))).all()


@given(
    st.lists(st.integers(1, 30), min_size=2, max_size=12), st.lists(st.integers(0, 99), min_size=13, max_size=13),
    st.integers(0, 200), st.integers(1, 200),
)  # fmt: skip
def test_a_window_is_from_snapshot_to_snapshot(apart, values, start, length):
    times = np.concatenate([[0], np.cumsum(apart)])
    totals = np.cumsum(values[: len(times)])
    frame = snapshots(*[(int(t), "a", int(v), 0) for t, v in zip(times, totals, strict=True)])
    found = counters_in(counter_increments(frame), window(start, start + length))
    held = [
        i for i in range(len(times) - 1)
        if 0 < 2 * max(0, min(times[i + 1], start + length) - max(times[i], start)) >= times[i + 1] - times[i]
    ]  # fmt: skip
    if not held:
        assert (found["n"], found["seconds"]) == (0, 0)
        assert np.isnan(found["commits"])
        return
    assert found["commits"] == sum(totals[i + 1] - totals[i] for i in held)
    assert found["seconds"] == pytest.approx(sum(times[i + 1] - times[i] for i in held))


@pytest.mark.parametrize(
    ("name", "load"), [(recorded.BASELINE, 0.19), (recorded.A, 1.36), (recorded.C, 5.94), (recorded.D, 1.10)]
)
def test_the_load_that_the_server_counted(name, load):
    assert counter_load(recorded.counters(), recorded.phase(name)) == pytest.approx(load, abs=0.01)


def test_sessions_that_began_in_the_storm():
    found = per_second(recorded.counters(), recorded.phase(recorded.D))
    assert found["sessions"] == pytest.approx(29, abs=0.5)
    assert per_second(recorded.counters(), recorded.phase(recorded.A))["sessions"] < 0.2
