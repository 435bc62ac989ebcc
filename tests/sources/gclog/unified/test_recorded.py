"""Logs of JDK 26 and 27 that we recorded, against a plain count of lines and what JMX told in the same JVM."""

import gzip
from pathlib import Path

import pytest

from analysis.sources.gclog.reader import read_gc_log
from tests.sources.gclog.plain_count import count
from tests.sources.gclog.witness import differences, read_witness

FOLDER = Path(__file__).parents[1] / "recorded"
LOGS = sorted(path for name in ("jdk26", "jdk27") for path in (FOLDER / name).glob("*.log.gz"))
COLLECTORS = {
    "serial": "Serial", "parallel": "Parallel", "g1": "G1", "zgc": "GenZGC", "shenandoah": "Shenandoah",
    "shenandoah-generational": "GenShenandoah",
}  # fmt: skip


def name_of(path: Path) -> str:
    return path.name.removesuffix(".log.gz")


@pytest.mark.parametrize("path", LOGS, ids=lambda p: f"{p.parent.name}-{name_of(p)}")
def test_a_recorded_log_says_what_a_count_and_the_jvm_say(path):
    log, report = read_gc_log(path)
    truth = count(gzip.decompress(path.read_bytes()))
    assert report.unrecognised == 0, report.samples
    assert log.pauses["duration_seconds"].sum() == pytest.approx(sum(truth.pauses))
    assert len(log.pauses) == len(truth.pauses) > 0
    assert log.safepoints["total_seconds"].sum() == pytest.approx(sum(truth.safepoints))
    assert len(log.safepoints) == len(truth.safepoints)
    assert log.stalls["duration_seconds"].sum() == pytest.approx(sum(truth.stalls))
    assert (log.pauses["kind"] != "other").all()
    assert (log.safepoints["operation"] != "").all()
    name = name_of(path)
    assert list(log.lives["collector"]) == [COLLECTORS.get(name) or COLLECTORS[name.split("-")[0]]]
    witness = path.with_name(f"{name}.witness.gz")
    if witness.exists():
        assert differences(log, read_witness(witness)) == []


def test_the_recordings_have_witnesses_and_the_events_that_they_are_for():
    assert sum(p.with_name(f"{name_of(p)}.witness.gz").exists() for p in LOGS) >= 11
    read = {f"{p.parent.name}-{name_of(p)}": read_gc_log(p)[0] for p in LOGS}
    assert (read["jdk27-g1-evacuation-failure"].pauses["evacuation_failure"] == "allocation").sum() == 64
    assert "pinned" in set(read["jdk27-g1-pinned"].pauses["evacuation_failure"])
    assert read["jdk27-g1-evacuation-failure"].cycles["aborted"].any()
    assert "G1 Periodic Collection" in set(read["jdk27-g1-periodic"].pauses["cause"])
    assert "Timer" in set(read["jdk27-zgc-interval"].cycles["cause"])
    assert len(read["jdk27-zgc-out-of-memory"].stalls) > 0
    assert "degenerated" in set(read["jdk27-shenandoah"].pauses["kind"])
    assert "System.gc()" in set(read["jdk27-shenandoah-generational"].cycles["cause"])


def test_a_witness_that_was_told_otherwise_is_noticed():
    path = FOLDER / "jdk27" / "g1.log.gz"
    log, _ = read_gc_log(path)
    told = read_witness(path.with_name("g1.witness.gz"))
    n, seconds = told.totals["G1 Young Generation"]
    for wrong in ((n + 1, seconds), (n - 3, seconds), (n, seconds + 1.0)):
        assert differences(log, told._replace(totals={"G1 Young Generation": wrong}))
    other = [c._replace(cause="another") for c in told.collections]
    assert differences(log, told._replace(collections=other))
    bigger = [c._replace(before=c.before + 4 * 2**20) for c in told.collections]
    assert differences(log, told._replace(collections=bigger))
    assert told.safepoints is not None
    count_of, total, reaching = told.safepoints
    assert differences(log, told._replace(safepoints=(count_of + 2, total, reaching)))
    assert differences(log, told._replace(safepoints=(count_of, total + 1.0, reaching)))
