"""How much of the excess time is covered: against an oracle that sums by hand, with its bounds and its null."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses.explained import Cover, Explained, explained_by, judged, magnitude_of

SECOND = 1_000_000


def oracle(start, end, edges, share, typical, usual):
    """Sum overlap by overlap, request by request."""
    held_total = excess_total = 0.0
    for a, b in zip(start, end, strict=True):
        inside = 0.0
        for i, c in enumerate(share):
            overlap = max(0, min(b, edges[i + 1]) - max(a, edges[i])) / 1e6
            inside += overlap * c
        duration = (b - a) / 1e6
        excess = max(duration - typical, 0.0)
        held_total += min(excess, max(inside - usual * duration, 0.0))
        excess_total += excess
    return held_total / excess_total if excess_total else float("nan")


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), min_size=1, max_size=8),
    st.lists(st.floats(0, 1), min_size=4, max_size=12),
    st.floats(0, 2),
    st.floats(0, 0.5),
)
def test_the_share_is_that_of_an_oracle(spans, share, typical, usual):
    start = np.array([a * SECOND for a, _ in spans])
    end = start + np.array([d * SECOND for _, d in spans])
    edges = np.cumsum(np.r_[3, 1 + np.arange(len(share)) % 5]) * SECOND
    part = np.array(share)
    found = explained_by((start, end), edges, Cover(part, part, part), typical_seconds=typical, usual=usual)
    expected = oracle(start, end, edges, share, typical, usual)
    assert found.share == pytest.approx(expected, nan_ok=True)
    assert found.n == len(spans)
    assert np.all(found.stalled_seconds <= found.excess_seconds + 1e-9)


def test_where_nothing_is_known_nothing_is_certain_and_everything_possible():
    requests = np.array([0]), np.array([2 * SECOND])
    edges, mid = np.array([0, 1, 2]) * SECOND, np.array([1.0, np.nan])
    found = explained_by(requests, edges, Cover(mid, mid, mid), typical_seconds=0.0)
    assert (found.low, found.share, found.high) == (0.5, 0.5, 1.0)


def test_time_outside_the_grid_is_not_covered():
    one = np.ones(1)
    found = explained_by(
        (np.array([0]), np.array([4 * SECOND])), np.array([0, SECOND]), Cover(one, one, one), typical_seconds=0.0
    )
    assert found.share == 0.25


def of(share, low=None, high=None, n=200):
    excess = np.full(n, 2.0)
    return Explained(share, share if low is None else low, share if high is None else high, n, excess, excess * share)


@pytest.mark.parametrize(
    ("found", "passed"),
    [(of(0.9), True), (of(0.1), False), (of(0.6, low=0.2), None), (of(0.2, high=0.7), None), (of(float("nan")), None)],
)
def test_the_rule_of_magnitude(found, passed):
    test = judged(found, what="the pauses cover", p_value=None)
    assert test.passed is passed
    if np.isfinite(found.share):
        assert "the pauses cover" in test.words


def test_what_the_requests_do_not_pass_is_never_passed():
    assert judged(of(0.9), what="it covers", p_value=None, on_path=False).passed is None
    assert judged(of(0.1), what="it covers", p_value=None, on_path=False).passed is False


def test_p_is_small_where_the_cover_lies_on_the_requests_and_not_where_it_is_everywhere():
    start = np.arange(50, 60) * SECOND
    requests, edges = (start, start + 3 * SECOND), np.arange(0, 601) * SECOND
    there = ((edges[:-1] >= 50 * SECOND) & (edges[:-1] < 63 * SECOND)).astype(float)
    everywhere = np.ones(600)
    for part, low, high in ((there, 0, 0.05), (everywhere, 0.99, 1.0)):
        cover = Cover(part, part, part)
        found = explained_by(requests, edges, cover, typical_seconds=0.0)
        test = magnitude_of(found, requests, edges, cover, what="it covers")
        assert test.passed is True
        assert low <= test.p_value <= high


def test_the_null_of_the_share_is_fair():
    """Stretches placed at random reach p <= .05 in about one case of twenty."""
    rng, edges, hits = np.random.default_rng(7), np.arange(0, 601) * SECOND, 0
    for _ in range(400):
        start = rng.integers(0, 590) * SECOND + np.arange(5) * SECOND
        requests = start, start + 2 * SECOND
        part = np.roll((np.arange(600) < 60).astype(float), rng.integers(0, 600))
        cover = Cover(part, part, part)
        found = explained_by(requests, edges, cover, typical_seconds=0.0)
        test = magnitude_of(found, requests, edges, cover, what="it covers")
        hits += test.p_value is not None and test.p_value <= 0.05
    assert hits / 400 <= 0.07
