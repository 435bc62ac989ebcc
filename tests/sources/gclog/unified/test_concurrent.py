"""Phases, cycles and stalls."""

import math

import pytest

from analysis.sources.gclog.unified.concurrent import phase_columns, stall_of, told_by


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        (b"Concurrent Mark Cycle", "begin", "concurrent_mark"), (b"Concurrent Cycle 12.5ms", "end", "concurrent_mark"),
        (b"Concurrent Undo Cycle 1.0ms", "end", "undo"), (b"Concurrent Mark (0.100s)", "plain", "Mark"),
        (b"Concurrent Mark (0.100s, 0.250s) 150.0ms", "phase", "Mark"), (b"Concurrent Mark Abort", "abort", ""),
        (b"Concurrent cleanup (Young) 9M->8M(64M) 1.5ms", "phase", "cleanup (Young)"),
        (b"Garbage Collection (Warmup)", "begin", "zgc"),
        (b"Minor Collection (High Usage) 9M(3%)->8M(2%) 0.033s", "end", "minor"),
        (b"Major Collection (Proactive) Aborted", "end", "major"), (b"To-space exhausted", "exhausted", ""),
        (b"Cancelling GC: Upgrade To Full GC", "plain", ""), (b"Rendezvous roots 0.048ms", "plain", ""),
    ],
)  # fmt: skip
def test_what_lines_tell(text, kind, name):
    told = told_by(text)
    assert told.kind == kind
    assert not name or told.name == name


def test_sizes_lengths_and_causes():
    told = told_by(b"Minor Collection (Allocation Stall) 9M(3%)->8M(2%) 0,033s")
    assert (told.cause, told.before_bytes, told.after_bytes) == ("Allocation Stall", 9 * 2**20, 8 * 2**20)
    assert told.duration_seconds == 0.033
    assert math.isnan(told_by(b"Garbage Collection (System.gc()) 9M(3%)->8M(2%)").duration_seconds)
    assert told_by(b"Major Collection (Proactive) Aborted").aborted
    assert told_by(b"What is this") is None


def test_stalls():
    assert stall_of(b"Relocation Stall (http-nio (7)) 0,5ms") == ["relocation", "http-nio (7)", 0.0005]
    assert stall_of(b"Allocation Stall (main)") is None
    with pytest.raises(ValueError, match="day"):
        stall_of(b"Allocation Stall (main) 99999999.0ms")


def test_phases_as_columns():
    columns = phase_columns([(b"3", b"Scan Root Regions ", b"1.5"), (b"4", b"Mark ", b"86400000.1")])
    assert columns["name"].tolist() == ["Scan Root Regions", "Mark"]
    assert columns["gcid"].tolist() == [3, 4]
    assert columns["duration_seconds"][0] == 0.0015
    assert math.isnan(columns["duration_seconds"][1])
