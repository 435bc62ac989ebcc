"""Logs that real JVMs write while the test runs: every collector of JDK 11 to 25, against a plain count of lines."""

import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from analysis.sources.gclog.reader import read_gc_log
from tests.sources.gclog.jvms import compiled, java

UNLOCK = "-XX:+UnlockExperimentalVMOptions"
COLLECTORS = {
    "Serial": ["-XX:+UseSerialGC"], "Parallel": ["-XX:+UseParallelGC"], "CMS": ["-XX:+UseConcMarkSweepGC"],
    "G1": ["-XX:+UseG1GC"], "ZGC": [UNLOCK, "-XX:+UseZGC"], "GenZGC": ["-XX:+UseZGC", "-XX:+ZGenerational"],
    "Shenandoah": [UNLOCK, "-XX:+UseShenandoahGC"],
    "GenShenandoah": [UNLOCK, "-XX:+UseShenandoahGC", "-XX:ShenandoahGCMode=generational"],
}  # fmt: skip
RUNS = {
    "11": ["Serial", "Parallel", "CMS", "G1", "ZGC", "Shenandoah"],
    "17": ["Serial", "Parallel", "G1", "ZGC", "Shenandoah"],
    "21": ["Serial", "Parallel", "G1", "ZGC", "GenZGC", "Shenandoah"],
    "25": ["Serial", "Parallel", "G1", "GenZGC", "Shenandoah", "GenShenandoah"],
}
LOAD = ["GcLoad", "seconds=3", "liveMb=40", "systemGcEvery=1", "pauseUs=300", "allocKb=8"]
OWN_HEAP = {"ZGC": "-Xmx160m", "GenZGC": "-Xmx160m", "Shenandoah": "-Xmx128m", "GenShenandoah": "-Xmx128m"}
PAUSE = re.compile(rb"^\[.*\] GC\(\d+\) (?:[YyOo]: )?Pause .*?([\d.]+)ms$", re.M)
SAFEPOINT = re.compile(rb'^.*\] Safepoint ".*Total: +(\d+) ns', re.M)
STOPPED = re.compile(rb"^.*\] Total time for which application threads were stopped: ([\d.]+) seconds", re.M)
STALL = re.compile(rb"^.* (?:Allocation|Relocation) Stall \(.*\) ([\d.]+)ms$", re.M)


class Truth(NamedTuple):
    """What a plain search finds: seconds of pauses, of safepoints, of stalls, and how many lines there are."""

    pauses: list[float]
    safepoints: list[float]
    stalls: list[float]
    lines: int


def count(path: Path) -> Truth:
    data = path.read_bytes()
    stops = [float(x) / 1e9 for x in SAFEPOINT.findall(data)] + [float(x) for x in STOPPED.findall(data)]
    pauses, stalls = ([float(x) / 1e3 for x in found.findall(data)] for found in (PAUSE, STALL))
    return Truth(pauses, stops, stalls, len(data.splitlines()))


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("load"))


def run(release: str, collector: str, load: Path, log: Path) -> None:
    """Run the load for three seconds and write its log."""
    flags = [*COLLECTORS[collector], OWN_HEAP.get(collector, "-Xmx96m")]
    if release == "25":
        flags = [f for f in flags if f != "-XX:+ZGenerational"]  # ZGC has no other mode any more
    xlog = f"-Xlog:gc*,safepoint:file={log}:time,uptime,level,tags"
    command = [str(java(release)), *flags, "-XX:CICompilerCount=2", xlog, "-cp", str(load), *LOAD]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("release", "collector"), [(r, c) for r, all_of in RUNS.items() for c in all_of])
def test_a_fresh_log_is_understood_to_the_last_line(tmp_path, load, release, collector):
    path = tmp_path / "gc.log"
    run(release, collector, load, path)
    log, report = read_gc_log(path)
    truth = count(path)
    print(
        f"JDK {release} {collector}: {truth.lines} lines, {len(truth.pauses)} pauses, {len(truth.safepoints)}", end=" "
    )
    print(f"safepoints, {len(truth.stalls)} stalls, {len(log.cycles)} cycles, {len(log.phases)} phases")
    assert report.unrecognised == 0, report.samples
    assert set(log.lives["collector"]) == {collector}
    assert len(log.pauses) == len(truth.pauses) > 0
    assert log.pauses["duration_seconds"].sum() == pytest.approx(sum(truth.pauses))
    assert len(log.safepoints) == len(truth.safepoints) > 0
    assert log.safepoints["total_seconds"].sum() == pytest.approx(sum(truth.safepoints))
    assert len(log.stalls) == len(truth.stalls)
    assert log.stalls["duration_seconds"].sum() == pytest.approx(sum(truth.stalls))
    assert int(log.lives["lines"].sum()) == truth.lines
    assert (log.pauses["kind"] != "other").all(), log.pauses.loc[log.pauses["kind"] == "other"]
    assert set(log.lives["time_quality"]) == {"exact"}


def test_the_pauses_of_a_fresh_log_lie_inside_its_safepoints(tmp_path, load):
    """A second witness of the same stops: each pause of Parallel is within a safepoint, but for the grain of stamps."""
    path = tmp_path / "gc.log"
    run("17", "Parallel", load, path)
    log, _ = read_gc_log(path)
    outer = log.pauses.loc[~log.pauses["nested"], "duration_seconds"].sum()
    assert outer <= log.safepoints["total_seconds"].sum() + 1e-3 * len(log.pauses)
