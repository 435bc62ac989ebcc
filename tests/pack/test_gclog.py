"""GC logs: what tells of collections stays, to the last digit; what others wrote goes."""

import gzip

import pandas as pd
import pytest

from analysis.errors import EvidenceError
from analysis.pack.files import CannotRedactError
from analysis.pack.gc_legacy import kept_flags, kept_legacy
from analysis.pack.gc_unified import kept_unified
from analysis.pack.gclog import pack_gc_log
from analysis.pack.pseudonyms import Pseudonyms
from analysis.pack.scrub import Scrubber
from analysis.sources.gclog.reader import read_gc_log
from tests.conftest import A, B, C, D
from tests.pack import canaries


@pytest.fixture
def scrub():
    return Scrubber(Pseudonyms(bytes(32)))


@pytest.mark.parametrize("line", [
    b"[2026-11-22T18:04:30.123+0000][1.5s][info][gc] GC(0) Pause Full (System.gc()) 9M->5M(64M) 11.3ms",
    b"[1.5s][gc,heap] GC(3) Eden regions: 6->0(5)", b"[1.5s][gc] Using G1",
    b"[1.5s][gc,init] CPUs: 8 total, 2 available",
    b"[1.5s][gc,init] Version: 17.0.15+6 (release)", b"[1.5s][gc,cpu] GC(0) User=0.01s Sys=0.00s Real=0.01s",
    b"[1.5s][gc,phases,start] GC(3) Concurrent Mark Cycle",
    b"[1.5s][gc,start] GC(9) Pause Young (Normal) (G1 Humongous)",
    b'[1.5s][safepoint] Safepoint "No", '
    b"Time since last: 1 ns, Reaching safepoint: 2 ns, At safepoint: 3 ns, Total: 5 ns",
])  # fmt: skip
def test_what_a_collector_says_stays(line, scrub):
    assert kept_unified(line, scrub) == line


@pytest.mark.parametrize("line", [
    b"[1.5s][info][gc] GC(5) kim@example.org was here", b"[1.5s][gc,init] Kim: 8M", b"x [gc] GC(5) Kim 5M",
    b"[1.5s][kimhost][gc] GC(5) Pause Full (System.gc()) 9M->5M(64M) 11.3ms", b"kim | [1.5s][gc] Using G1",
    b"[1.5s][gc,classhisto] GC(1) 1: 5 160 org.Kim", b"[1.5s][gc] GC(1) Pause Young (Normal) (kim@example.org)",
    b"[1.5s][gc] Allocation Stall (kim@example.org) 1.5ms", b"[1.5s][info][arguments] -Dname=kim", b"kim",
])  # fmt: skip
def test_what_others_say_goes(line, scrub):
    assert b"im" not in (kept_unified(line, scrub) or b"").replace(b"Time", b"").replace(b"anon-", b"").lower()


def test_old_lines_with_foreign_words_go(scrub):
    whole = b"1.5: [GC (Allocation Failure)  2048K->1024K(8192K), 0.2500000 secs]"
    assert kept_legacy(whole, scrub) == whole
    for line in (
        b"1.5: [GC kim 2048K->1024K(8192K), 0.25 secs]",
        b"   1:  12  34  org.example.Kim",
        b"\xea\xb9\x80 secs",
    ):
        assert kept_legacy(line, scrub) == b""
    header = b'OpenJDK 64-Bit Server VM (25.1-b09) for linux-amd64 JRE (1.8.0_232-b09), built on Oct 15 2019 by "kim"'
    assert kept_legacy(header, scrub) == b"OpenJDK 64-Bit Server VM (25.1-b09) for linux-amd64 JRE (1.8.0_232-b09)"


def test_flags_with_texts_go():
    text = (
        "-XX:+UseG1GC -XX:MaxHeapSize=1g -Xmx1g -XX:OnOutOfMemoryError=mail kim -Dkey=1 -javaagent:x -XX:ErrorFile=/x"
    )
    assert kept_flags(text) == "-XX:+UseG1GC -XX:MaxHeapSize=1g -Xmx1g"


@pytest.mark.parametrize("folder", [A, B, C, D], ids=lambda f: f.name)
def test_the_bundled_logs_read_the_same(folder, scrub, tmp_path):
    pack_gc_log(folder / "raw/gc/gc.log.gz", tmp_path / "gc.log.gz", scrub)
    before, after = (read_gc_log(f / "gc.log.gz")[0] for f in (folder / "raw/gc", tmp_path))
    pd.testing.assert_frame_equal(before.pauses, after.pauses)
    pd.testing.assert_frame_equal(before.safepoints, after.safepoints)


@pytest.mark.parametrize("text", [canaries.gc_log(), canaries.old_gc_log()], ids=["unified", "legacy"])
def test_synthetic_logs_read_the_same_and_hold_no_canary(text, scrub, tmp_path):
    source, target = tmp_path / "in" / "gc.log.gz", tmp_path / "out" / "gc.log.gz"
    source.parent.mkdir()
    source.write_bytes(gzip.compress(text.encode()))
    told = pack_gc_log(source, target, scrub)
    made = gzip.decompress(target.read_bytes()).decode()
    assert told and not [v for v in canaries.CANARIES.values() if v in made]
    assert made.count("\n") == text.count("\n")


def test_a_log_that_cannot_be_kept_is_refused(scrub, tmp_path):
    (tmp_path / "gc.log").write_text(
        "1.5: [GC kim 2048K->1024K(8192K), 0.25 secs]\n2.5: [GC 2048K->1024K(8192K), 0.25 secs]\n"
    )
    with pytest.raises((CannotRedactError, EvidenceError)):
        pack_gc_log(tmp_path / "gc.log", tmp_path / "out.log", scrub)
    (tmp_path / "none.log").write_text("nothing")
    with pytest.raises(EvidenceError):
        pack_gc_log(tmp_path / "none.log", tmp_path / "out.log", scrub)
