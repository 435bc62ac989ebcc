"""Memory and indexes from counters: the recording's hit ratios, and silence where nothing was counted."""

import numpy as np
import pytest

from analysis.signals.cache import cache_change, cache_use
from analysis.signals.database_counters import counter_increments
from analysis.sources.postgres_counters import no_database_counters
from tests.signals import recorded
from tests.signals.samples import window


@pytest.mark.parametrize(
    ("name", "told"),
    [(recorded.BASELINE, 0.969), (recorded.A, 0.672), (recorded.B, 0.979), (recorded.C, 0.977), (recorded.D, 0.966),
     (recorded.E, 0.800)],
)  # fmt: skip
def test_the_hit_ratios_of_the_recording(name, told):
    assert cache_use(recorded.counters(), recorded.phase(name)).hit_ratio == pytest.approx(told, abs=0.001)


def test_a_bulk_load_misses_and_a_lost_index_scans():
    frame, held = recorded.counters(), recorded.phase
    before = held(recorded.BASELINE)
    bulk = cache_change(frame, before, held(recorded.A))
    assert (bulk.missed, bulk.scans) == (True, False)
    lost = cache_change(frame, before, held(recorded.E))
    assert (lost.missed, lost.scans) == (True, True)
    assert lost.baseline.scanned_per_fetched_ratio == pytest.approx(1.08, abs=0.01)
    assert lost.window.scanned_per_fetched_ratio > 10_000
    for name in (recorded.B, recorded.C, recorded.D):
        found = cache_change(frame, before, held(name))
        assert (found.missed, found.scans) == (False, False)


def test_temporary_files_are_bytes_per_second():
    used = cache_use(recorded.counters(), recorded.phase("after"))
    assert used.temp_bytes_per_second * used.seconds == pytest.approx(22_798_336, rel=0.01)


def test_nothing_counted_is_unknown():
    found = cache_change(counter_increments(no_database_counters()), window(0, 5), window(5, 9))
    assert np.isnan(found.hit_drop_ratio)
    assert (found.missed, found.scans) == (False, False)
