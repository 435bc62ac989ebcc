"""`up`, scrape durations and samples a scrape, in one window."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.scrape_health import scrape_health

NOTHING = (np.zeros(0, "i8"), np.zeros(0))


def of(up=(), seconds=(), samples=(), *, window=(0, 10**9), every=5.0):
    made = [(np.arange(1, len(v) + 1) * 5, np.asarray(v, "f8")) for v in (up, seconds, samples)]
    return scrape_health(*made, window, interval_seconds=every)


def test_nothing_known_is_not_good():
    found = scrape_health(NOTHING, NOTHING, NOTHING, (0, 9), interval_seconds=5)
    assert found.scrapes == 0
    assert np.isnan([found.up_ratio, found.median_seconds, found.max_seconds, found.late_ratio]).all()
    assert found.downs.shape == (0, 2)


@given(st.lists(st.sampled_from([0.0, 1.0, np.nan]), max_size=40))
def test_downs_are_the_stretches_of_failed_scrapes(up):
    found = of(up)
    known = [(5 * i, v) for i, v in enumerate(up, 1) if v == v]
    expected, begun = [], None
    for t, v in known:
        if v != 1 and begun is None:
            begun = t
        elif v == 1 and begun is not None:
            expected.append([begun, t])
            begun = None
    if begun is not None:
        expected.append([begun, known[-1][0]])
    assert found.downs.tolist() == expected
    assert found.scrapes == len(known)
    if known:
        assert found.up_ratio == sum(v == 1 for _, v in known) / len(known)


def test_a_scrape_that_takes_its_interval_is_late():
    found = of(seconds=[0.01, 5.0, 9.0, 0.02])
    assert (found.late_ratio, found.max_seconds) == (0.5, 9.0)
    assert np.isnan(of(seconds=[9.0], every=float("nan")).late_ratio)


def test_only_the_window_counts():
    found = of([0, 1, 1], [9, 1, 2], [5, 300, 310], window=(5, 15))
    assert (found.up_ratio, found.max_seconds, found.samples_low, found.samples_high) == (1.0, 2.0, 300, 310)
