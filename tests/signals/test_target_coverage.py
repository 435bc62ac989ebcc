"""A row for each target: its series together, the worst first."""

import numpy as np

from analysis.signals.recorded_series import recorded
from analysis.signals.sample_coverage import sample_coverage
from analysis.signals.target_coverage import target_coverage

S = 1_000_000
WINDOWS = {"incident": (100 * S, 200 * S), "baseline": (0, 95 * S)}


def rows_of(series, windows=WINDOWS):
    """Series given as (labels, times [s], values or None)."""
    labels = [one for one, _, _ in series]
    ids = np.repeat(np.arange(len(series)), [len(t) for _, t, _ in series])
    times = np.concatenate([np.round(np.asarray(t, "f8") * S).astype("i8") for _, t, _ in series])
    values = np.concatenate([np.ones(len(t)) if v is None else np.asarray(v, "f8") for _, t, v in series])
    data = recorded(labels, ids, times, values)
    return target_coverage(data, sample_coverage(data, windows), windows)


def label(name, job, **more):
    return {"__name__": name, "job": job, "instance": f"{job}:80", **more}


def test_the_worst_first_and_windows_in_their_order():
    t = np.arange(0, 250, 5)
    holed = t[(t <= 120) | (t >= 160)]
    down = np.where((t >= 150) & (t < 170), 0.0, 1.0)
    rows = rows_of([
        (label("up", "well"), t, None), (label("up", "down"), t, down), (label("up", "holed"), holed, None),
        (label("scrape_duration_seconds", "slow"), t, np.full(50, 4.0)), (label("up", "slow"), t, None),
        (label("scrape_duration_seconds", "well"), t, np.full(50, 0.01)),
    ])  # fmt: skip
    assert [r.target.job for r in rows if r.window == "incident"] == ["holed", "down", "slow", "well"]
    assert [r.window for r in rows] == ["incident"] * 4 + ["baseline"] * 4
    first = rows[0]
    assert (first.expected, first.present, first.longest_gap) == (20, 13, (120 * S, 160 * S))
    assert rows[1].health.downs.tolist() == [[150 * S, 170 * S]]
    assert rows[2].health.median_seconds == 4.0
    assert all(r.longest_gap is None and r.ratio == 1 for r in rows if r.window == "baseline")


def test_series_that_come_and_go_are_counted_by_kind():
    t = np.arange(0, 250, 5)
    rows = rows_of([
        (label("up", "api"), t, None), (label("a", "api"), t[t >= 150], None), (label("b", "api"), t[t < 150], None),
    ])  # fmt: skip
    incident, baseline = rows
    assert (incident.series, incident.first_seen, incident.last_seen, incident.ended, incident.silent) == (
        3,
        1,
        1,
        0,
        0,
    )
    assert (baseline.series, baseline.first_seen, baseline.last_seen) == (2, 0, 0)
    assert incident.ratio == 1.0


def test_what_has_no_clock_has_no_ratio_and_comes_first():
    t = np.arange(0, 250, 5)
    odd = np.cumsum(np.random.default_rng(0).exponential(4, 60))
    rows = rows_of([(label("up", "well"), t, None), ({"__name__": "a", "job": "odd"}, odd, None)])
    assert rows[0].target.job == "odd"
    assert np.isnan(rows[0].ratio)
    assert rows[0].present > 0


def test_one_series_with_its_own_clock_is_counted_and_said():
    t = np.arange(0, 250, 5)
    rows = rows_of([(label("up", "api"), t, None), (label("rule", "api"), np.arange(3, 250, 15), None)])
    assert rows[0].other_intervals == 1
    assert (rows[0].expected, rows[0].ratio) == (20 + 7, 1.0)
