"""One load from several sources: the table of the recording, and what is refused with its reason."""

import numpy as np
import pandas as pd
import pytest

from analysis.signals.database import sampling
from analysis.signals.database_counters import counter_increments
from analysis.signals.load_estimates import COUNTERS, INSIGHTS, LOG, SAMPLES, load_estimates
from analysis.sources.postgres import no_sessions
from analysis.sources.postgres_counters import no_database_counters
from tests.signals import recorded
from tests.signals.samples import ZERO, window
from tests.signals.sessions import sampled

PUBLISHED = {  # log, samples with their interval, counters
    recorded.BASELINE: (0.149, 0.22, (0.17, 0.28), 0.19),
    recorded.A: (1.375, 1.39, (0.96, 1.86), 1.36),
    recorded.C: (5.892, 6.0, (3.2, 8.6), 5.94),
    recorded.D: (1.058, 1.07, None, 1.10),
    recorded.E: (15.43, 15.71, (15.5, 15.9), None),
}


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_the_table_of_the_recording(name):
    log, samples, interval, counted = PUBLISHED[name]
    found = {
        e.source: e
        for e in load_estimates(
            recorded.phase(name), statements=recorded.log().statements, sessions=recorded.sessions(),
            counters=recorded.counters(),
        )
    }  # fmt: skip
    assert found[LOG].load_sessions == pytest.approx(log, abs=0.07)  # the table lost fractions of milliseconds
    assert found[SAMPLES].load_sessions == pytest.approx(samples, abs=0.006)
    assert found[SAMPLES].n == recorded.truth()[name]["seconds"]
    if counted:
        assert found[COUNTERS].load_sessions == pytest.approx(counted, abs=0.01)
    if interval:  # ours is wider: the plain bootstrap of few blocks promises too much
        assert found[SAMPLES].low <= interval[0] + 0.05
        assert found[SAMPLES].high >= interval[1] - 0.05
    assert found[SAMPLES].low < found[LOG].load_sessions * 1.02 < found[SAMPLES].high * 1.05
    assert found[SAMPLES].difference_ratio == pytest.approx(found[SAMPLES].load_sessions / found[LOG].load_sessions - 1)


def test_samples_of_every_phase_are_within_five_per_cent():
    import json

    rows = json.loads((recorded.folder() / "ash_summary.json").read_text())
    for row in rows:
        if row["samples"] >= 30:
            (found,) = load_estimates(recorded.phase(row["phase"]), sessions=recorded.sessions())
            assert found.load_sessions == pytest.approx(row["aas"], rel=0.05), row["phase"]


def test_thin_samples_are_refused_with_the_reason():
    frame = recorded.sessions()
    taken = sampling(frame).instants
    every = {n: frame[np.isin(pd.DatetimeIndex(frame.index).as_unit("us").asi8, taken[::n])] for n in (10, 31)}
    few, far = (load_estimates(recorded.phase(recorded.C), sessions=every[n])[0] for n in (10, 31))
    assert (few.n, few.reason) == (6, "6 samples are too few")
    assert far.reason == "samples are 31 s apart"
    assert np.isnan([few.load_sessions, far.load_sessions]).all()
    (none,) = load_estimates(window(0, 60), sessions=no_sessions())
    assert none.reason == "there are no samples"


def test_samples_that_end_early_are_refused():
    frame = sampled(*[(i, 7, "active", "") for i in range(1, 41)])
    assert load_estimates(window(0, 40), sessions=frame)[0].load_sessions == 1
    assert load_estimates(window(0, 60), sessions=frame)[0].reason == "samples are missing"


def test_no_log_no_snapshot_is_no_zero():
    log = pd.DataFrame({"duration_seconds": []}, index=pd.DatetimeIndex([], tz="UTC"))
    empty = counter_increments(no_database_counters())
    found = load_estimates(window(0, 60), statements=log, counters=empty)
    assert [e.source for e in found] == [LOG, COUNTERS]
    assert np.isnan([e.load_sessions for e in found]).all()
    assert [e.reason for e in found] == ["no statement was logged", "there are no snapshots"]


def points(*rows):
    """Return points of (end second, metric, value, period, total)."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("end")
    names = ("metric", "value", "period_seconds", "is_total")
    return pd.DataFrame({n: [r[i + 1] for r in rows] for i, n in enumerate(names)}, index=index)


def test_the_total_of_insights_counts_once_whatever_the_groups():
    total = [(t, "db.load.avg", 2.0 + (t > 60), 60.0, True) for t in (60, 120)]
    keys = [(t, "db.load.avg", 1.5, 60.0, False) for t in (60, 120)]
    frame = points(*total, *total, *keys)
    (found,) = load_estimates(window(30, 120), insights=frame)
    assert (found.source, found.n) == (INSIGHTS, 2)
    assert found.load_sessions == pytest.approx((2 * 30 + 3 * 60) / 90)
    assert load_estimates(window(0, 300), insights=frame)[0].reason == "points are missing"
    assert load_estimates(window(500, 600), insights=frame)[0].reason == "there are no points"
    raw = points(*total, *[(t, "db.sampledload.avg", 9.0, 60.0, True) for t in (60, 120)])
    assert load_estimates(window(0, 120), insights=raw)[0].load_sessions == 9
