"""The frames that a GC log becomes: their columns, their order, an empty log."""

import pandas as pd

from analysis.sources.gc_frames import LIFE_COLUMNS, PAUSE_COLUMNS, SAFEPOINT_COLUMNS, gc_frames, no_gc_log

NAN = float("nan")


def test_an_empty_log_has_all_columns():
    log = no_gc_log()
    for frame, columns in ((log.pauses, PAUSE_COLUMNS), (log.safepoints, SAFEPOINT_COLUMNS), (log.lives, LIFE_COLUMNS)):
        assert {name: str(kind) for name, kind in frame.dtypes.items()} == columns
        assert frame.empty


def test_events_are_sorted_by_their_end_and_lives_stay_in_the_order_of_the_file():
    pause = (0.5, "full", "", 1, NAN, NAN, NAN, NAN, NAN, NAN, False, 3)
    lives = [(at, at + 1, "G1", "", NAN, NAN, 1, 0, NAN) for at in (9_000_000, 1_000_000)]
    log = gc_frames([(9_000_000, 8_500_000, *pause), (2_000_000, 1_500_000, *pause)], [], lives)
    assert log.pauses.index.tolist() == [pd.Timestamp(2, unit="s", tz="UTC"), pd.Timestamp(9, unit="s", tz="UTC")]
    assert (log.pauses.index - log.pauses["start"]).dt.total_seconds().tolist() == [0.5, 0.5]
    assert log.lives["start"].tolist() == [pd.Timestamp(9, unit="s", tz="UTC"), pd.Timestamp(1, unit="s", tz="UTC")]
