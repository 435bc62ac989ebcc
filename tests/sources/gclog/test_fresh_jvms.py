"""Logs that real JVMs write while the test runs: every collector of JDK 11 to 25, against lines and JMX."""

import subprocess
from pathlib import Path

import pytest

from analysis.sources.gclog.reader import read_gc_log
from tests.sources.gclog.jvms import compiled, java
from tests.sources.gclog.plain_count import count
from tests.sources.gclog.witness import differences, read_witness

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
LOAD = ["GcLoad", "seconds=2", "liveMb=40", "systemGcEvery=1", "pauseUs=300", "allocKb=8"]
OWN_HEAP = {"ZGC": "-Xmx160m", "GenZGC": "-Xmx160m", "Shenandoah": "-Xmx128m", "GenShenandoah": "-Xmx128m"}
STANDARD = "gc*,safepoint:{}:time,uptime,level,tags"
EXPORT = ["--add-exports", "java.management/sun.management=ALL-UNNAMED"]  # for the total of safepoints


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    return compiled(tmp_path_factory.mktemp("load"))


def run(
    release: str, collector: str, load: Path, log: Path, *, xlog: str = STANDARD, more: tuple[str, ...] = ()
) -> Path:
    """Run the load for two seconds and write its log; return what the witness wrote."""
    flags = [*COLLECTORS[collector], OWN_HEAP.get(collector, "-Xmx96m"), *(f for f in more if f.startswith("-"))]
    if release == "25":
        flags = [f for f in flags if f != "-XX:+ZGenerational"]  # ZGC has no other mode any more
    witness = log.with_suffix(".witness")
    command = [str(java(release)), *flags, *EXPORT, "-XX:CICompilerCount=2", "-Xlog:" + xlog.format(f"file={log}")]
    command += ["-cp", str(load), *LOAD, *(f for f in more if not f.startswith("-")), f"witness={witness}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return witness


@pytest.mark.parametrize(("release", "collector"), [(r, c) for r, all_of in RUNS.items() for c in all_of])
def test_a_fresh_log_is_understood_to_the_last_line(tmp_path, load, release, collector):
    path = tmp_path / "gc.log"
    told = read_witness(run(release, collector, load, path))
    log, report = read_gc_log(path)
    truth = count(path.read_bytes())
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
    assert differences(log, told, slack_seconds=0.1) == []


@pytest.mark.parametrize(
    ("release", "collector", "xlog", "more"),
    [
        ("11", "ZGC", "gc*=trace:{}:uptime,level,tags:filecount=0", ()),
        ("11", "CMS", "gc*=trace:{}:uptime,level,tags:filecount=0", ()),
        ("17", "Serial", "gc*=debug,safepoint*=debug:{}:none:filecount=0", ()),
        ("17", "Parallel", "all=info:{}:time,uptime,level,tags", ("-XX:ParallelGCThreads=1",)),
        ("17", "G1", "gc*,safepoint:{}:time,utctime,uptimenanos,hostname,pid,tid,level,tags", ("bigMb=40",)),
        ("21", "GenZGC", "gc*=debug:{}:time,tags:filecount=0", ()),
        ("25", "G1", "gc*,safepoint:{}:uptimemillis,tid,tags", ("bigMb=40", "humongousEvery=50", "-Xmx80m")),
        ("25", "GenShenandoah", "gc*=trace:{}:uptime,level,tags:filecount=0", ()),
        ("25", "Shenandoah", "gc:{}:time", ("-XX:ShenandoahGCMode=passive", "-XX:+UnlockDiagnosticVMOptions")),
    ],
)
def test_any_selection_and_decoration_of_a_log_says_the_same(tmp_path, load, release, collector, xlog, more):
    """Nothing is counted twice where details are logged too, and nothing missed where little is."""
    path = tmp_path / "gc.log"
    told = read_witness(run(release, collector, load, path, xlog=xlog, more=more))
    log, report = read_gc_log(path)
    assert report.unrecognised == 0, report.samples
    assert set(log.lives["collector"]) == {collector}
    assert (log.pauses["kind"] != "other").all(), log.pauses.loc[log.pauses["kind"] == "other"]
    assert len(log.pauses) > 0
    assert differences(log, told, slack_seconds=0.1) == []


def test_the_pauses_of_a_fresh_log_lie_inside_its_safepoints(tmp_path, load):
    """A second witness of the same stops: each pause of Parallel is within a safepoint, but for the grain of stamps."""
    path = tmp_path / "gc.log"
    run("17", "Parallel", load, path)
    log, _ = read_gc_log(path)
    outer = log.pauses.loc[~log.pauses["nested"], "duration_seconds"].sum()
    assert outer <= log.safepoints["total_seconds"].sum() + 1e-3 * len(log.pauses)
