"""Evacuation failures in every spelling, and the share of pauses that humongous objects caused."""

import numpy as np
import pytest

from analysis.signals.gc_failures import evacuation_failures, humongous_ratio
from tests.signals.test_gc import EPOCH, frame


def test_every_spelling_counts_and_a_nested_pause_does_not():
    words = ["", "allocation", "pinned", "to_space_exhausted", "promotion_failed"]
    spans = [(i * 1_000, i * 1_000 + 500) for i in range(5)]
    rows = frame(spans, evacuation_failure=words, nested=[False] * 4 + [True], duration_seconds=[0.1] * 5)
    found = evacuation_failures(rows, EPOCH)
    assert (found.n, found.of) == (3, 4)
    assert found.ratio == pytest.approx(0.75)
    none = evacuation_failures(rows.iloc[:0], EPOCH)
    assert (none.n, none.seconds) == (0, 0.0)
    assert np.isnan(none.ratio)


def test_humongous_causes_are_a_share_of_all():
    causes = ["G1 Humongous Allocation", "G1 Evacuation Pause", "G1 Evacuation Pause", "G1 Humongous Allocation"]
    rows = frame([(i, i + 1) for i in range(4)], cause=causes, nested=[False] * 4)
    assert humongous_ratio(rows, EPOCH) == 0.5
    assert np.isnan(humongous_ratio(rows.iloc[:0], EPOCH))
