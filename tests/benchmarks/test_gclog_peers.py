"""The same logs through four readers: pauses found and summed, beside a plain count of lines.

The peers were run on 2026-11-22 (GCViewer of 2023-03, gctoolkit of 2026-07 without vert.x, apple/GCGC of 2024-10);
their figures are kept here, ours are computed. "n / s" is the number of pauses and their sum.
"""

import gzip
import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

from analysis.sources.gclog.reader import read_gc_log

PAUSE = re.compile(rb"GC\(\d+\) (?:[YyOo]: )?Pause .*?([\d.]+)ms\r?$", re.M)
STALL = re.compile(rb" Stall \(.*\) [\d.]+ms\r?$", re.M)
GRAIN_SECONDS = 1e-6


class Peers(NamedTuple):
    """What others make of a log, as recorded; what is really stopped where pauses lie inside each other [s]."""

    log: str
    gcviewer: str
    gctoolkit: str
    gcgc: str
    real_seconds: float = float("nan")


TABLE = [
    Peers("jdk17-g1-std.log.gz", "395 / 1.2087 / 79.5 %", "368 / 1.2056", "395 / 1.2087, 0 of 395 safepoints"),
    Peers("jdk11-parallel-std.log", "123 / 2.014", "66 / 1.5356", "66 / 1.5356"),
    Peers("jdk11-cms-cmf.log", "145 / 1.797", "62 / 1.034", "78 / 1.747", 1.084),
    Peers("jdk11-serial-std.log", "59 / 2.628", "17 / 1.511", "29 / 2.496", 1.511),
    Peers("jdk17-zgc-stall.log.gz", "1361 / 5.668 / -101 %", "117 cycles", "351 / 0.0027"),
    Peers("jdk21-g1-std.log.gz", "528 / 1.4101", "506 / 1.4399", "564 / 1.4694"),
    Peers("jdk25-g1-std.log.gz", "214 / 1.6303", "220 / -22.37", "214 / 1.6303"),
    Peers("jdk11-shenandoah-std.log", "all", "0", "all"),
    Peers("jdk17-shenandoah-std.log.gz", "all", "0", "all"),
    Peers("jdk21-shenandoah-std.log.gz", "all", "0", "all"),
    Peers("jdk25-shenandoah-gen.log.gz", "all", "0", "all"),
    Peers("jdk17-g1-dec-none.log", "nothing", "exception", "nothing"),
    Peers("jdk17-g1-dec-time-berlin.log", "129 / throughput -18,064 %", "120", "129"),
    Peers("jdk17-g1-dec-uptimenanos.log", "118 / throughput -17,662 %", "110 and exception", "118"),
    Peers("jdk17-g1-dec-utctime.log", "nothing", "130", "139"),
    Peers("jdk17-g1-kubectl-timestamps.log", "nothing", "nothing", "nothing"),
    Peers("jdk17-two-jvms-in-one-file.log", "445, one throughput", "139, one JVM lost", "445, no split"),
    Peers("jdk17-parallel-truncated.log", "55", "exception, no result", "55"),
    Peers("jdk21-zgc-gen-nodetail.log", "111 / 1.04 (stalls)", "59", "0"),
]


def data_of(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


def stopped(pauses: pd.DataFrame) -> float:
    """Return the sum of the pauses that lie in no other [s]."""
    return float(pauses.loc[~pauses["nested"], "duration_seconds"].sum())


def present(folder: Path) -> list[Peers]:
    return [row for row in TABLE if (folder / row.log).is_file()]


def test_the_same_logs_through_four_readers(corpus):
    folder = corpus / "gc" / "generated"
    rows = present(folder)
    print(f"\n{'log':34} {'truth n / s':16} {'GCViewer':27} {'gctoolkit':20} {'GCGC':34} ours")
    for row in rows:
        data = data_of(folder / row.log)
        truth = [float(x) / 1e3 for x in PAUSE.findall(data)]
        log, report = read_gc_log(folder / row.log)
        pauses = log.pauses
        ours = f"{len(pauses)} / {pauses['duration_seconds'].sum():.4f}"
        ours += f", {stopped(pauses):.3f} s stopped" if pauses["nested"].any() else ""
        ours += f", {len(log.safepoints)} safepoints" if len(log.safepoints) else ""
        ours += f", {len(log.stalls)} stalls" if len(log.stalls) else ""
        ours += f", {len(log.lives)} JVMs" if len(log.lives) > 1 else ""
        ours += ", truncated" if report.truncated else ""
        counted = f"{len(truth)} / {sum(truth):.4f}"
        print(f"{row.log:34} {counted:16} {row.gcviewer:27} {row.gctoolkit:20} {row.gcgc:34} {ours}")
        assert len(pauses) == len(truth), row.log
        assert pauses["duration_seconds"].sum() == pytest.approx(sum(truth), abs=GRAIN_SECONDS), row.log
        assert len(log.stalls) == len(STALL.findall(data)), row.log
        assert report.unrecognised == 0, (row.log, report.samples)
        assert report.truncated == ("truncated" in row.log)
        assert (len(log.lives) > 1) == ("two-jvms" in row.log)
    assert len(rows) > 10


def test_nested_pauses_are_not_counted_twice(corpus):
    """JDK 11: all lines sum to 60 % more than was stopped, which safepoints tell apart from the pauses."""
    folder = corpus / "gc" / "generated"
    for row in [r for r in present(folder) if r.real_seconds == r.real_seconds]:
        log, _ = read_gc_log(folder / row.log)
        safepoints = log.safepoints["total_seconds"].sum()
        print(
            f"{row.log}: {log.pauses['duration_seconds'].sum():.3f} s of lines, {stopped(log.pauses):.3f} s of pauses,",
            end="",
        )
        print(f" {safepoints:.3f} s of safepoints")
        assert stopped(log.pauses) <= safepoints
        assert stopped(log.pauses) == pytest.approx(row.real_seconds, rel=0.06)
