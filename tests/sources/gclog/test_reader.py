"""GC logs of HotSpot: every decoration, restarts, nesting, foreign lines, broken files, and the corpus recounted."""

import gzip
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, EvidenceError
from analysis.sources.gclog.frames import LIFE_COLUMNS, PAUSE_COLUMNS, SAFEPOINT_COLUMNS, no_gc_log
from analysis.sources.gclog.reader import read_gc_log

STAMP = "[2026-11-22T18:04:30.123+0000]"
USING = "[2026-11-22T18:04:28.633+0000][0.010s][info][gc] Using G1"
YOUNG = f"{STAMP}[1.500s][info][gc          ] GC(7) Pause Young (Mixed) (G1 Evacuation Pause) 94M->90M(128M) 12.500ms"
CPU = f"{STAMP}[1.500s][info][gc,cpu      ] GC(7) User=0.02s Sys=0.01s Real=0.02s"
SAFEPOINT = (
    f'{STAMP}[1.501s][info][safepoint   ] Safepoint "G1CollectForAllocation", Time since last: 5 ns, '
    "Reaching safepoint: 2000000 ns, Cleanup: 1 ns, At safepoint: 12600000 ns, Total: 14600001 ns"
)


def read(tmp_path, lines, end="\n", name="gc.log"):
    path = tmp_path / name
    path.write_bytes(("\n".join(lines) + end).encode())
    return read_gc_log(path)


def test_a_pause_ends_at_its_stamp_and_takes_its_cpu_line(tmp_path):
    log, report = read(tmp_path, [USING, YOUNG, CPU, SAFEPOINT])
    (row,) = log.pauses.reset_index().to_dict("records")
    assert row["end"] == pd.Timestamp("2026-11-22T18:04:30.123Z")
    assert row["end"] - row["start"] == pd.Timedelta(milliseconds=12.5)
    assert (row["kind"], row["cause"], row["gcid"], row["line"]) == ("mixed", "G1 Evacuation Pause", 7, 2)
    assert [row[f"heap_{x}_bytes"] / 2**20 for x in ("before", "after", "committed")] == [94, 90, 128]
    assert (row["user_seconds"], row["sys_seconds"], row["real_seconds"]) == (0.02, 0.01, 0.02)
    (stop,) = log.safepoints.reset_index().to_dict("records")
    assert (stop["operation"], stop["reaching_seconds"]) == ("G1CollectForAllocation", 0.002)
    assert stop["total_seconds"] == pytest.approx(0.014600001)
    assert stop["end"] - stop["start"] == pd.Timedelta(microseconds=14600)
    assert (report.recognised, report.unrecognised, report.truncated) == (4, 0, False)


@pytest.mark.parametrize(
    ("decorations", "at"),
    [
        ("[2026-11-22T18:04:30.123+0000]", "2026-11-22T18:04:30.123Z"),
        ("[2026-11-23T03:04:30.123+0900][1.5s]", "2026-11-22T18:04:30.123Z"),
        ("[2026-11-22T23:34:30.123+0530][1.5s][info]", "2026-11-22T18:04:30.123Z"),
        ("[2026-11-22T19:04:30.123+0100][2026-11-22T18:04:30.123+0000][vm][17][23]", "2026-11-22T18:04:30.123Z"),
        ("[1795370670123ms][1500ms]", "2026-11-22T18:04:30.123Z"),
        ("[1.500s][1795370670123ms][info]", "2026-11-22T18:04:30.123Z"),
        ("[2026-11-22T18:04:30.123+0000][984028236040ns][1500ns][a-host][1][2][debug]", "2026-11-22T18:04:30.123Z"),
        ("2026-11-22T18:04:30.123456789Z [2026-11-22T18:04:30.120+0000][1.5s][info]", "2026-11-22T18:04:30.120Z"),
        ("2026-11-22T18:04:30.123456789Z [1.5s][info]", "2026-11-22T18:04:30.123456Z"),
    ],
)
@pytest.mark.parametrize("tags", ["[gc]", "[gc,start    ]", ""])
def test_any_decorations_with_a_wall_clock(tmp_path, decorations, at, tags):
    log, report = read(tmp_path, [f"{decorations}{tags} GC(0) Pause Full (System.gc()) 12M->10M(64M) 13.0ms"])
    assert log.pauses.index[0] == pd.Timestamp(at)
    assert log.pauses["cause"].tolist() == ["System.gc()"]
    assert ("times are those of the log collector" in report.notes) == at.endswith("456Z")


@pytest.mark.parametrize(
    ("decorations", "quality"),
    [("[0.016s][info][gc]", "unknown"), ("[16ms][gc]", "unknown"), ("[16000000ns][gc]", "unknown"), ("", "none")],
)
def test_without_a_wall_clock_no_time_of_day_is_guessed(tmp_path, decorations, quality):
    lines = [f"{decorations} GC({n}) Pause Full (Ergonomics) 12M->10M(64M) 13.0ms".strip() for n in range(3)]
    log, report = read(tmp_path, lines)
    assert log.lives["time_quality"].tolist() == [quality]
    assert log.pauses.index.max() < pd.Timestamp("1970-01-01T00:00:01Z")
    assert log.pauses["duration_seconds"].sum() == pytest.approx(0.039)
    assert len(report.notes) >= 2
    started = pd.Timestamp("2026-11-22T18:00:00+09:00")
    told, _ = read_gc_log(tmp_path / "gc.log", jvm_start=started)
    if quality == "unknown":
        assert told.lives["time_quality"].tolist() == ["derived"]
        assert (told.pauses.index == started + pd.Timedelta(milliseconds=16)).all()
    else:
        assert told.lives["time_quality"].tolist() == ["none"]
    with pytest.raises(EvidenceError, match="no offset"):
        read_gc_log(tmp_path / "gc.log", jvm_start=pd.Timestamp("2026-11-22T18:00:00"))


def test_a_line_without_a_clock_among_others_takes_it_from_them(tmp_path):
    log, report = read(tmp_path, [USING, "[1.0s][gc] GC(0) Pause Full (Ergonomics) 9M->8M(64M) 1.0ms", YOUNG])
    assert log.pauses.index[0] == pd.Timestamp("2026-11-22T18:04:29.623Z")
    assert report.unrecognised == 0


def test_a_clock_that_is_set_back_is_said_and_times_follow_the_uptime(tmp_path):
    lines = [
        f"[2026-11-22T18:{minute:02d}:00.000+0000][{up:.3f}s][gc] GC({n}) Pause Full (Ergonomics) 9M->8M(64M) 1.0ms"
        for n, (minute, up) in enumerate([(0, 600.0), (1, 660.0), (2, 720.0), (3, 780.0), (1, 840.0)])
    ]
    log, report = read(tmp_path, lines)
    assert (np.diff(log.pauses.index.asi8) == 60_000_000).all()
    assert any("set back by 3 min" in note for note in report.notes)


@pytest.mark.parametrize(
    ("text", "kind", "cause"),
    [
        ("Pause Young (Normal) (G1 Evacuation Pause) 6M->5M(64M) 5.264ms", "young", "G1 Evacuation Pause"),
        ("Pause Young (Concurrent Start) (G1 Humongous Allocation) 6M->5M(64M) 5.2ms", "young_concurrent_start",
         "G1 Humongous Allocation"),
        ("Pause Young (Prepare Mixed) (G1 Preventive Collection) 6M->5M(64M) 5.2ms", "young_prepare_mixed",
         "G1 Preventive Collection"),
        ("Pause Young (Normal) (G1 Evacuation Pause) (Evacuation Failure) 9M->9M(64M) 1.2ms", "young",
         "G1 Evacuation Pause"),
        ("Pause Young (Mixed) (G1 Evacuation Pause) (Evacuation Failure: Allocation / Pinned) 9M->9M(64M) 1.2ms",
         "mixed", "G1 Evacuation Pause"),
        ("Pause Young (Allocation Failure) 12M->10M(1598M) 13.036ms", "young", "Allocation Failure"),
        ("Pause Full (Ergonomics) 1G->512K(2G) 13,036ms", "full", "Ergonomics"),
        ("Pause Remark 57M->57M(64M) 1.9ms", "remark", ""),
        ("Pause Cleanup 57M->57M(64M) 0.1ms", "cleanup", ""),
        ("Pause Initial Mark (G1 Evacuation Pause) 6M->5M(64M) 5.2ms", "initial_mark", "G1 Evacuation Pause"),
        ("Pause Mixed (G1 Evacuation Pause) 6M->5M(64M) 5.2ms", "mixed", "G1 Evacuation Pause"),
    ],
)  # fmt: skip
def test_kinds_and_causes(tmp_path, text, kind, cause):
    log, report = read(tmp_path, [f"{STAMP}[gc] GC(0) {text}"])
    assert log.pauses[["kind", "cause"]].to_numpy().tolist() == [[kind, cause]]
    assert report.unrecognised == 0


def test_concurrent_phases_are_no_pauses_and_take_no_cpu_line(tmp_path):
    lines = [
        f"{STAMP}[gc,start] GC(3) Pause Remark", f"{STAMP}[gc] GC(3) Pause Remark 57M->57M(64M) 1.9ms",
        f"{STAMP}[gc] GC(3) Concurrent Mark Cycle 2467.0ms", f"{STAMP}[gc,cpu] GC(3) User=9.00s Sys=9.00s Real=9.00s",
        f"{STAMP}[gc,marking] GC(3) Concurrent Rebuild Remembered Sets 1.0ms",
    ]  # fmt: skip
    log, report = read(tmp_path, lines)
    assert len(log.pauses) == 1
    assert np.isnan(log.pauses["user_seconds"]).all()
    assert report.recognised == 5


def test_a_full_pause_inside_a_young_one_is_nested(tmp_path):
    at = "[2026-11-22T18:04:3{}+0000]"
    lines = [
        at.format("0.100") + "[gc] GC(4) Pause Young (Allocation Failure) 30M->20M(64M) 10.0ms",
        at.format("1.000") + "[gc] GC(6) Pause Full (Ergonomics) 30M->20M(64M) 100.0ms",
        at.format("1.001") + "[gc] GC(5) Pause Young (Allocation Failure) 30M->20M(64M) 120.0ms",
        at.format("2.000") + "[gc] GC(8) Pause Young (Normal) (G1 Evacuation Pause) 30M->20M(64M) 0.6ms",
        at.format("2.002") + "[gc] GC(7) Pause Remark 30M->20M(64M) 1.9ms",
    ]
    log, _ = read(tmp_path, lines)
    assert log.pauses["nested"].tolist() == [False, True, False, False, False]


def test_safepoints_of_every_release(tmp_path):
    tail = {
        "17": "Reaching safepoint: 100 ns, Cleanup: 200 ns, At safepoint: 300 ns, Total: 1000000 ns",
        "21": "Reaching safepoint: 100 ns, Cleanup: 2 ns, At safepoint: 3 ns, Leaving safepoint: 9 ns, "
        "Total: 2000000 ns",
        "25": "Reaching safepoint: 100 ns, At safepoint: 3 ns, Leaving safepoint: 9 ns, Total: 3000000 ns, "
        "Threads: 0 runnable, 10 total",
    }
    lines = [f'{STAMP}[safepoint] Safepoint "Op", Time since last: 7 ns, {text}' for text in tail.values()]
    lines += [
        f"{STAMP}[safepoint] Entering safepoint region: RevokeBias", f"{STAMP}[safepoint] Leaving safepoint region",
        f"{STAMP}[safepoint] Total time for which application threads were stopped: 0.0040000 seconds, "
        "Stopping threads took: 0.0010000 seconds",
        f"{STAMP}[safepoint] Application time: 0.0194800 seconds",
    ]  # fmt: skip
    log, report = read(tmp_path, lines)
    assert log.safepoints["total_seconds"].tolist() == pytest.approx([0.001, 0.002, 0.003, 0.004])
    assert log.safepoints["operation"].tolist() == ["Op", "Op", "Op", "RevokeBias"]
    assert log.safepoints["reaching_seconds"].iloc[3] == 0.001
    assert report.unrecognised == 0


def test_a_restart_is_a_new_life_whether_it_is_said_or_seen(tmp_path):
    later = YOUNG.replace("18:04:30", "18:09:30").replace("[1.500s]", "[0.200s]")
    first = [USING.replace("18:04:28.633", "17:59:28.633"), YOUNG.replace("[1.500s]", "[301.5s]")]
    for second in ([USING.replace("18:04:28.633", "18:09:29.933"), later], [later]):
        log, report = read(tmp_path, [*first, *second])
        assert len(log.lives) == 2
        assert log.lives["end"].iloc[0] == pd.Timestamp("2026-11-22T18:04:30.123Z")
        assert log.lives["start"].iloc[1] >= pd.Timestamp("2026-11-22T18:09:00Z")
        assert "2 JVMs one after the other" in report.notes


def test_what_a_life_is(tmp_path):
    init = [
        f"{STAMP}[gc,init] Version: 17.0.15+6 (release)", f"{STAMP}[gc,init] CPUs: 4 total, 2 available",
        f"{STAMP}[gc,init] Parallel Workers: 2",
    ]  # fmt: skip
    log, _ = read(tmp_path, [USING, *init, YOUNG])
    life = log.lives.iloc[0]
    assert (life.collector, life.version, life.cpus, life.workers) == ("G1", "17.0.15+6", 2, 2)
    assert (life.recognised, life.unrecognised) == (5, 0)


@pytest.mark.parametrize(
    "line",
    [
        f"{STAMP}[gc] GC(3) Pause Young (Normal) (G1 Evacuation Pause) 94M->90M(128M) 99999999.0ms",
        f'{STAMP}[safepoint] Safepoint "Op", Time since last: 5 ns',
        f"{STAMP}[gc] GC(3) Sideways Collection (Whim) 94M->90M(128M)",
        f"{STAMP}[gc,cpu] GC(3) User=nan Sys=0.01s Real=0.02s",
        f"{STAMP}[gc] GC(3) Pause Full (Ergonomics) 94M->90M(128M) 1.2.3ms",
        f"{STAMP}[gc] Allocation Stall (main) soon",
        f"{STAMP}[gc] GC(12345678901) Pause Full (Ergonomics) 94M->90M(128M) 1.2ms",
        YOUNG.replace("2026-11-22", "2026-13-45"),
    ],
)
def test_what_is_not_understood_is_counted_and_never_skipped(tmp_path, line):
    log, report = read(tmp_path, [YOUNG, line])
    assert (report.recognised, report.unrecognised) == (1, 1)
    assert len(report.samples) == 1
    assert len(log.pauses) == 1


def test_lines_of_the_application_are_counted_apart(tmp_path):
    others = [
        "2026-11-22 18:04:31.750  INFO [payment-api,,] c.e.App : Pause between retries 12.5ms",
        f"{STAMP}[1.2s][info][class,load] java.lang.Object source: jrt:/java.base",
        "        at com.example.App.main(App.java:7)",
        f"{STAMP}[info][some.App] Pause Young (Normal) 12.5ms",
    ]
    log, report = read(tmp_path, [USING, *others, YOUNG])
    assert len(log.pauses) == 1
    assert (report.recognised, report.unrecognised) == (2, 0)
    assert "4 lines are mixed in of others" in report.notes


def test_a_cut_last_line_is_accepted_and_said(tmp_path):
    log, report = read(tmp_path, [USING, YOUNG, YOUNG[:-20]], end="")
    assert len(log.pauses) == 1
    assert report.truncated
    _, report = read(tmp_path, [USING, YOUNG], end="")
    assert not report.truncated
    path = tmp_path / "gc.log.gz"
    path.write_bytes(
        gzip.compress("\n".join([USING, *(YOUNG.replace("GC(7)", f"GC({n})") for n in range(5000))]).encode())[:-20]
    )
    log, report = read_gc_log(path)
    assert report.truncated
    assert 1000 < len(log.pauses) < 5001


def test_empty_and_foreign_files(tmp_path):
    with pytest.raises(EvidenceError, match="the file is empty"):
        read(tmp_path, [], end="")
    for lines in ([""], ["metric_name,timestamp,metric_value", "vus,1795370252,1.0"], ["\0\1\2" * 400] * 9):
        with pytest.raises(EvidenceError, match="no line of a GC log"):
            read(tmp_path, lines)


def test_a_line_of_half_a_gibibyte_is_counted_and_costs_little_memory(tmp_path):
    path = tmp_path / "gc.log"
    with path.open("wb") as file:
        file.write(f"{USING}\n".encode())
        for _ in range(64):
            file.write(b"x" * (1 << 20))
        file.write(f"\n{YOUNG}\n".encode())
    log, report = read_gc_log(path)
    assert len(log.pauses) == 1
    assert "1 line is mixed in of others" in report.notes


def test_the_frames_have_the_columns_they_promise(tmp_path):
    for log in (no_gc_log(), read(tmp_path, [USING, YOUNG, SAFEPOINT])[0]):
        for frame, columns in (
            (log.pauses, PAUSE_COLUMNS), (log.safepoints, SAFEPOINT_COLUMNS), (log.lives, LIFE_COLUMNS),
        ):  # fmt: skip
            assert {n: str(t) for n, t in frame.dtypes.items()} == columns
        assert log.pauses.index.name == log.safepoints.index.name == "end"
        assert str(log.pauses.index.dtype) == "datetime64[us, UTC]"


SOUP = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from([USING, YOUNG, CPU, SAFEPOINT, USING.replace("G1", "Shenandoah"), YOUNG[30:]]).flatmap(
            lambda t: st.integers(0, len(t)).map(lambda n: t[:n].encode())
        ),
        st.text("[]()0123456789.,:smnGC PauseYoung->M", max_size=80).map(lambda t: f"{STAMP}[gc] {t}".encode()),
    ),
    max_size=8,
)


@given(SOUP)
@settings(max_examples=150, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
def test_byte_soup_never_raises_anything_else(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("soup") / "log"
    path.write_bytes(b"\n".join(lines))
    try:
        log, report = read_gc_log(path)
    except AnalysisError:
        return
    assert report.records == report.recognised + report.unrecognised
    assert len(log.pauses) + len(log.safepoints) <= report.recognised
    assert (log.pauses["start"] <= log.pauses.index).all()
    assert int(log.lives["recognised"].sum()) == report.recognised


def test_nested_pauses_are_not_counted_twice(corpus):
    """JDK 11: the sum of all pause lines is 60 % more than the time that was stopped."""
    for name in ("jdk11-cms-cmf.log", "jdk11-serial-std.log"):
        log, _ = read_gc_log(corpus / "gc" / "generated" / name)
        pauses = log.pauses
        real = pauses.loc[~pauses["nested"], "duration_seconds"].sum()
        assert pauses["duration_seconds"].sum() > 1.55 * real
        assert real <= log.safepoints["total_seconds"].sum()


def test_times_that_go_back_without_an_uptime_and_a_start_that_is_not_needed_are_said(tmp_path):
    lines = [
        f"[2026-11-22T18:{minute:02d}:00.000+0000][gc] GC({n}) Pause Full (Ergonomics) 9M->8M(64M) 1.0ms"
        for n, minute in enumerate([10, 11, 1, 2])
    ]
    _, report = read(tmp_path, lines)
    assert any("go back by 10 min" in note for note in report.notes)
    _, report = read_gc_log(tmp_path / "gc.log", jvm_start=pd.Timestamp("2026-11-22T18:00:00Z"))
    assert any("not used" in note for note in report.notes)


def test_the_name_of_a_file_may_tell_the_start(tmp_path):
    _, report = read(tmp_path, [YOUNG.removeprefix(STAMP)], name="gc-7-2026-11-22_18-04-28.log")
    assert any("2026-11-22 18:04:28" in note for note in report.notes)


def test_a_clock_that_was_never_set_leaves_the_uptime(tmp_path):
    log, report = read(tmp_path, [line.replace("2026-11-22", "1970-01-01") for line in (USING, YOUNG, CPU, SAFEPOINT)])
    assert (report.unrecognised, log.lives["time_quality"].tolist()) == (0, ["unknown"])
    assert log.pauses["uptime_seconds"].tolist() == [1.5]


def test_many_restarts_and_mixed_lines_cost_linear_time(tmp_path):
    def line(second, up, gcid):
        clock = f"[2026-11-22T18:{second // 60:02d}:{second % 60:02d}.000+0000]"
        return f"{clock}[{up}.000s][gc] GC({gcid}) Pause Full (x) 9M->5M(64M) 1.0ms"

    restarts = [line(n, 1 + 5 * (n % 2), n % 2) for n in range(1200)]
    mixed = [line(n // 2, n // 2 + 7 + 60 * (n % 2), n // 2) for n in range(6000)]
    began = time.process_time()
    assert len(read(tmp_path, restarts)[0].lives) == 600
    log, report = read(tmp_path, mixed)
    assert time.process_time() - began < 15  # quadratic in the turns it took minutes
    assert len(log.lives) == 2
    assert any("mixed" in note for note in report.notes)


OLD = b"2026-03-04T05:06:07.089+0100: 1.234: [GC (Allocation Failure) 34567K->4321K(126720K), 0.0126789 secs]\n"
NEW = b"[2026-11-22T18:04:30.123+0000][1.500s][info][gc] GC(7) Pause Full (System.gc()) 9M->5M(64M) 11.300ms\n"


@pytest.mark.parametrize(
    ("lines", "other"), [(OLD * 3 + NEW * 40, 3), (OLD * 40 + NEW * 3, 3), (NEW * 9, 0), (OLD * 9, 0)]
)
def test_a_log_that_goes_on_in_another_format_says_so(tmp_path, lines, other):
    path = tmp_path / "gc.log"
    path.write_bytes(lines)
    notes = " ".join(read_gc_log(path)[1].notes)
    assert (f"events in the format of another JDK are not read ({other})" in notes) == bool(other)
