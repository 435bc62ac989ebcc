"""Only lives with times of day are laid beside other signals."""

import pandas as pd

from analysis.sources.gclog.reader import read_gc_logs
from analysis.sources.gclog.timed import with_times

PAUSE = "[gc] GC({}) Pause Full (Ergonomics) 9M->5M(64M) 11.3ms\n"


def test_lives_without_a_clock_go_and_the_others_keep_their_rows(tmp_path):
    (tmp_path / "a.log").write_text("".join(f"[{n}.000s]" + PAUSE.format(n) for n in range(3)))
    (tmp_path / "b.log").write_text("".join(f"[2026-11-22T18:04:3{n}.123+0000]" + PAUSE.format(n) for n in range(2)))
    log, _ = read_gc_logs([tmp_path / "a.log", tmp_path / "b.log"])
    assert sorted(log.lives["time_quality"]) == ["exact", "unknown"]
    kept = with_times(log)
    assert kept.lives["time_quality"].tolist() == ["exact"]
    assert kept.pauses["life"].tolist() == [0, 0]
    assert (kept.pauses["file"] == "b.log").all()
    assert kept.holes.empty
    assert with_times(kept) is kept
    assert kept.pauses.index.min() > pd.Timestamp("2026-01-01T00:00:00Z")
