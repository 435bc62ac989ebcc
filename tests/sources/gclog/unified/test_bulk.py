"""What is read many lines at once is what the search for patterns finds, whatever the lines are."""

import random
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest

from analysis.errors import EvidenceError
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.unified import bulk, lines
from analysis.sources.gclog.unified.bulk import bulk_in
from analysis.sources.gclog.words import text_of
from tests.conftest import B
from tests.sources.gclog.mutations import lines_of, own_logs, spoiled

CASES = 150
HEAD = b"[2026-03-04T05:06:07.089+0100][1.234s][info][gc] "
ODD = [  # written as HotSpot does but for one thing
    b"GC(3) Pause Young (Normal) (G1 Evacuation Pause) 6M->5M(128M) 7.84ms",
    b"GC(3) Pause Young (Normal) (G1 Evacuation Pause) 6M->5X(128M) 7.846ms",
    b"GC(3) Pause Young (Normal) (G1 Evacuation Pause) 12345678901M->5M(128M) 7.846ms",
    b"GC(3) Pause Sideways 7.846ms",
    b"GC(3) Pause Young (Normal) 7.846ms ",
    b"GC(3) Pause Young (Normal) 99999999999.846ms",
    b"GC(9999999999) Pause Young (Normal) 7.846ms",
    b"GC(3) User=0.01s Sys=0.0s Real=0.01s",
    b"GC(3) User=0.01s Sys=0.00s Real=0.01s [gc] GC(4) Pause Remark 1.000ms",
    b"GC(3) Eden regions: 6->0(5",
    b"GC(3) Old regions: 6->99999999999999999999",
    b"GC(3) Metaspace: 370K->370K(1024K)",
    b"GC(3) O: Using 2 workers of 4",
    b"GC(3) Using 2 workers of 4 for evacuation",
    b"GC(3) Concurrent Mark (0.100s, 0.250s) 150.000ms",
    b"GC(3) Concurrent Mark (a) 150.000ms",
    b"GC(3) Concurrent Undo Mark",
    b"GC(3) Concurrent Mark Abort",
    b'Safepoint "Halt", Time since last: 5 ns, Reaching safepoint: 20 ns, Leaving safepoint: 3 ns, Total: 50 ns',
    b'Safepoint "Halt", Time since last: 5 ns, Total: 50 ns',
    b'Safepoint "Ha\nlt", Time since last: 5 ns, Reaching safepoint: 20 ns, Total: 50 ns',
    b'GC(3) x] Safepoint "Halt", Time since last: 5 ns, Reaching safepoint: 20 ns, Total: 50 ns',
]


def read(path):
    try:
        log, report = read_gc_log(path)
    except EvidenceError as error:
        return str(error), None
    return {f.name: getattr(log, f.name) for f in fields(log)}, report


def searched(path, monkeypatch):
    """Read a file with all lines left to the search."""

    def nothing(text, starts, ends, *, areas=True):  # fmt: skip
        found = bulk_in(text_of(b""), np.zeros(0, "i8"), np.zeros(0, "i8"), areas=areas)
        marked = [b"] GC(" in text.data[a:b] for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
        return found._replace(marked=np.array(marked, dtype=bool), left=np.ones(len(starts), dtype=bool))

    with monkeypatch.context() as patch:
        patch.setattr(lines, "bulk_in", nothing)
        return read(path)


def assert_same(path, monkeypatch):
    (ours, report), (theirs, other) = read(path), searched(path, monkeypatch)
    if isinstance(ours, str) or isinstance(theirs, str):
        assert ours == theirs
        return
    for name, frame in ours.items():
        pd.testing.assert_frame_equal(frame, theirs[name], check_exact=True)
    assert (report.recognised, report.unrecognised, report.notes) == (
        other.recognised, other.unrecognised, other.notes,
    )  # fmt: skip
    assert sorted(report.samples) == sorted(other.samples) or report.unrecognised > len(report.samples)


def test_recordings(corpus, tmp_path, monkeypatch):
    some = [b"\n".join(log) for log in own_logs(corpus)]
    for data in some:
        (path := tmp_path / "gc.log").write_bytes(data)
        assert_same(path, monkeypatch)


@pytest.mark.parametrize("text", ODD)
def test_lines_that_are_nearly_as_usual(text, tmp_path, monkeypatch):
    data = HEAD + b"GC(3) Pause Young (Normal)\n" + HEAD + text + b"\n" + HEAD + b"GC(5) Pause Remark 1.5ms\n"
    (path := tmp_path / "gc.log").write_bytes(data)
    assert_same(path, monkeypatch)


def test_spoiled_logs(tmp_path, monkeypatch):
    logs, rng, path = own_logs(), random.Random(7), tmp_path / "gc.log"
    for _ in range(CASES):
        path.write_bytes(spoiled(logs, rng))
        assert_same(path, monkeypatch)


def test_most_lines_of_g1_are_read_at_once():
    log = next(p for p in sorted((B / "raw" / "gc").glob("*.log*")))
    data = b"\n".join(lines_of(log)) + b"\n"
    ends = np.flatnonzero(np.frombuffer(data, dtype="u1") == ord("\n"))
    found = bulk_in(text_of(data), np.concatenate([[0], ends[:-1] + 1]), ends)
    assert found.left.mean() < 0.1
    assert len(found.tables["pauses"].line) > 10
    assert bulk.MARK == b"] GC("
