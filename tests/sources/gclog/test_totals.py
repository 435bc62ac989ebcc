"""Totals in little memory are what the frames come to."""

import gzip
import math

import numpy as np
import pytest

from analysis.errors import EvidenceError
from analysis.sources.gclog.reader import read_gc_log
from analysis.sources.gclog.totals import gc_totals
from tests.conftest import A, B, C, D


def assert_same(path):
    log, _ = read_gc_log(path)
    found, pauses = gc_totals(path), log.pauses[~log.pauses["nested"]]
    assert found.n == len(pauses)
    assert found.nested == int(log.pauses["nested"].sum())
    assert found.total_seconds == pytest.approx(pauses["duration_seconds"].sum())
    if len(pauses):
        lengths = np.sort(pauses["duration_seconds"].to_numpy())
        for q, got in ((0.5, found.p50_seconds), (0.95, found.p95_seconds), (0.99, found.p99_seconds)):
            assert got == lengths[math.ceil(q * len(lengths) - 1e-9) - 1]
        assert found.max_seconds == lengths[-1]
    assert found.by_kind == {k: n for k, n in pauses["kind"].value_counts().items() if n}
    assert found.by_cause == {k: n for k, n in pauses["cause"].value_counts().items() if n}


@pytest.mark.parametrize("folder", [A, B, C, D])
def test_of_the_recordings(folder):
    assert_same(folder / "raw" / "gc" / "gc.log.gz")


def test_of_every_own_log_of_the_corpus(corpus):
    for path in sorted((corpus / "gc" / "generated").glob("jdk*")):
        assert_same(path)


def test_lines_are_counted_and_broken_ones_too(tmp_path):
    path = tmp_path / "gc.log"
    head = "[2026-11-22T18:04:30.123+0000][1.5s][gc] GC(0) "
    path.write_text(
        f"{head}Pause Full (Ergonomics) 9M->5M(64M) 1,5ms\n{head}Pause 1.2.3ms\n{head}Pause Full 99999999999.0ms"
    )
    found = gc_totals(path)
    assert (found.n, found.total_seconds, found.unrecognised, found.lines) == (1, 0.0015, 2, 3)


def test_a_log_of_the_old_format_and_one_without_decorations(tmp_path):
    path = tmp_path / "gc.log"
    path.write_text("1.500: [GC 2048K->1024K(8192K), 0.2500000 secs]\n")
    assert gc_totals(path).total_seconds == 0.25
    path.write_text(
        "GC(0) Pause Full (Ergonomics) 9M->5M(64M) 1.5ms\nGC(1) Pause Full (Ergonomics) 9M->5M(64M) 2.5ms\n"
    )
    assert gc_totals(path).total_seconds == 0.004
    path.write_bytes(gzip.compress(b"nothing"))
    with pytest.raises(EvidenceError, match="no line of a GC log"):
        gc_totals(path)
