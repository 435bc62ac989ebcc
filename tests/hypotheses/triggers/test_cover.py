"""What stretches cover, against counting; the unknown is nothing certain and everything possible."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses.explained import explained_by
from analysis.hypotheses.triggers.cover import cover_of, share_in
from analysis.signals.mesh import UnderWay
from analysis.signals.stretches import union

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda p: [p[0], p[0] + p[1]]), max_size=5)


def as_array(pairs):
    return union(np.array(pairs, dtype="i8").reshape(-1, 2))


@given(PAIRS, PAIRS, PAIRS, PAIRS)
def test_every_moment_is_as_its_stretches_say(low, mid, high, known):
    parts = UnderWay(*(as_array(p) for p in (low, mid, high, known)))
    edges, cover = cover_of(parts)
    for i, t in enumerate(edges[:-1]):
        held = [any(a <= t < b for a, b in part) for part in parts]
        if len(np.concatenate(parts)):
            assert cover.low[i] == held[0]
            assert cover.high[i] == held[2]
            assert (np.isnan(cover.mid[i]) and not held[3] and not held[1]) or cover.mid[i] == held[1]


@given(PAIRS, st.integers(0, 40), st.integers(1, 40))
def test_the_share_of_a_span_is_what_counting_gives(pairs, start, length):
    held = sum(any(a <= t < b for a, b in pairs) for t in range(start, start + length))
    assert share_in(as_array(pairs), start, start + length) == pytest.approx(held / length)


def test_nothing_recorded_covers_nothing_and_an_empty_span_is_unknown():
    edges, cover = cover_of(UnderWay(*(as_array([]) for _ in range(4))))
    requests = np.array([5_000_000]), np.array([9_000_000])
    assert explained_by(requests, edges, cover, typical_seconds=0.0).high == 0
    assert np.isnan(share_in(as_array([]), 5, 5))
