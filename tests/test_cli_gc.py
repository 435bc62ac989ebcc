"""`postmortem gc`: what people read, what machines read, exit codes, and bad input."""

import gzip
import json
import sys

import pytest

from analysis.cli import main
from tests.report.conftest import postmortem

SHAPE = {"jvm", "collector", "jdk", "start", "end", "time_quality", "pauses", "stw_seconds", "throughput_ratio",
         "safepoints", "stalls", "full_gc", "evacuation_failures", "findings"}  # fmt: skip
EVENT = {"start", "end", "uptime_seconds", "collector", "kind", "cause", "duration_seconds", "heap_before_bytes",
         "heap_after_bytes", "heap_committed_bytes", "nested", "file", "line"}  # fmt: skip
COVERAGE = {"files", "lines", "gc_lines", "unrecognised", "samples", "truncated", "gaps"}


def stamp(seconds, *, clock=True):
    time = f"[2026-11-22T18:04:{seconds:06.3f}+0000]" if clock else ""
    return f"{time}[{seconds:.3f}s][info]"


def log_of(pauses=20, *, clock=True, first=0.0):
    """A small log of G1: a pause a second, the fifth in vain, the tenth of the whole heap."""
    lines = [f"{stamp(first + 0.01, clock=clock)}[gc,init] Version: 21.0.3+9 (release)",
             f"{stamp(first + 0.012, clock=clock)}[gc,init] CPUs: 4 total, 4 available",
             f"{stamp(first + 0.015, clock=clock)}[gc     ] Using G1"]  # fmt: skip
    for i in range(pauses):
        at = stamp(first + i + 1.5, clock=clock)
        what = "Pause Young (Normal) (G1 Evacuation Pause)" + (" (Evacuation Failure)" if i == 4 else "")
        what = "Pause Full (System.gc())" if i == 9 else what
        lines += [f"{at}[gc,start] GC({i}) {what.removesuffix(' (Evacuation Failure)')}",
                  f"{at}[gc      ] GC({i}) {what} {60 + i}M->{20 + i}M(128M) {7 + i}.250ms",
                  f"{at}[gc,cpu  ] GC({i}) User=0.02s Sys=0.00s Real=0.01s",
                  f'{at}[safepoint] Safepoint "G1CollectForAllocation", Time since last: 900000000 ns, '
                  f"Reaching safepoint: 210000 ns, Cleanup: 9000 ns, At safepoint: {7 + i}300000 ns, "
                  f"Total: {7 + i}519000 ns"]  # fmt: skip
    return "\n".join(lines) + "\n"


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "gc.log"
    path.write_text(log_of(), encoding="utf-8")
    return path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command in this process: its exit code is checked, what it said is returned."""

    def call(code, *arguments):
        monkeypatch.setattr(sys, "argv", ["postmortem", "gc", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            sys.exit(main())
        said = capsys.readouterr()
        assert (left.value.code or 0) == code, said.out + said.err
        return said

    return call


@pytest.fixture
def document(run):
    """What stands on stdout: one JSON document and nothing else, whatever happened."""
    return lambda code, *arguments: parsed(run(code, *arguments, "--json").out)


def parsed(text):
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))


def test_in_a_process_of_its_own(log):
    found = postmortem("gc", str(log), "--json")
    assert found.returncode == 0, found.stderr
    assert (parsed(found.stdout)["lives"][0]["pauses"]["n"], found.stderr) == (20, "")
    assert postmortem("gc", str(log.parent / "none.log")).returncode == 2


def test_for_people(run, log):
    said = run(0, log).out
    assert "gc.log#1: G1, JDK 21.0.3, 4 CPUs" in said
    assert "2026-11-22 18:04:00.010 to 18:04:20.5" in said
    assert "Its threads stood still for 1.66 % of the time" in said
    assert "20, 335 ms together; p50" in said
    assert "found no room to move all live objects" in said
    assert "asked for by System.gc()" in said
    assert "read: 1 file, 83 lines, 83 of a GC log, 0 not understood" in said


def test_the_shape_for_machines(document, log):
    found = document(0, log)
    (life,) = found["lives"]
    assert set(life) >= SHAPE
    assert set(found["coverage"]) >= COVERAGE
    assert "events" not in found
    assert (life["collector"], life["jdk"], life["time_quality"]) == ("G1", "21.0.3", "exact")
    assert (life["pauses"]["n"], life["full_gc"], life["evacuation_failures"]) == (20, 1, 1)
    assert life["pauses"]["total_seconds"] == pytest.approx(sum(7.25 + i for i in range(20)) / 1e3)
    assert life["safepoints"]["n"] == 20
    assert life["stalls"] == {"n": 0, "thread_seconds": 0, "union_seconds": 0, "union_ratio": 0, "threads": 0,
                              "max_seconds": None, "by_kind": {}}  # fmt: skip
    assert {f["name"] for f in life["findings"]} >= {"evacuation_failure", "full_gc", "explicit_gc"}
    assert found["coverage"]["lines"] == 83


def test_events_have_their_line(document, run, log):
    events = document(0, log, "--events")["events"]
    assert len(events) == 20
    assert all(set(e) >= EVENT for e in events)
    full = next(e for e in events if e["kind"] == "full")
    text = log.read_text(encoding="utf-8").splitlines()[full["line"] - 1]
    assert "Pause Full (System.gc()) 69M->29M(128M) 16.250ms" in text
    assert (full["cause"], full["duration_seconds"], full["heap_after_bytes"]) == ("System.gc()", 0.01625, 29 * 2**20)
    assert full["end"] == "2026-11-22T18:04:10.500000Z"
    assert full["start"] == "2026-11-22T18:04:10.483750Z"
    assert "gc.log:" in run(0, log, "--events").out


def test_an_uptime_alone_and_a_start_that_is_given(document, run, tmp_path):
    path = tmp_path / "up.log"
    path.write_text(log_of(clock=False), encoding="utf-8")
    found = document(0, path, "--events")
    assert (found["lives"][0]["start"], found["events"][0]["start"]) == (None, None)
    assert found["events"][0]["uptime_seconds"] == 1.5
    assert "give --jvm-start" in " ".join(run(0, path).out.split())
    dated = document(0, path, "--events", "--jvm-start", "2026-11-22T19:04:00+01:00")
    assert dated["events"][0]["end"] == "2026-11-22T18:04:01.500000Z"
    assert dated["lives"][0]["time_quality"] == "derived"


def test_rotated_files_in_any_order_and_packed(document, tmp_path):
    lines = log_of().splitlines(keepends=True)
    (tmp_path / "gc.log.1").write_text("".join(lines[:43]), encoding="utf-8")
    (tmp_path / "gc.log.gz").write_bytes(gzip.compress("".join(lines[43:]).encode()))
    whole = document(0, tmp_path / "gc.log.gz", tmp_path / "gc.log.1", "--events")
    assert [life["pauses"]["n"] for life in whole["lives"]] == [20]
    assert [e["end"] for e in whole["events"]] == sorted(e["end"] for e in whole["events"])
    assert whole["coverage"]["files"] == 2


def test_two_jvms_are_two_lives(document, tmp_path):
    text = log_of(5) + log_of(5, first=30).replace("[30.", "[0.").replace("[31.", "[1.").replace("[32.", "[2.")
    path = tmp_path / "two.log"
    path.write_text(text.replace("[33.", "[3.").replace("[34.", "[4.").replace("[35.", "[5."), encoding="utf-8")
    found = document(0, path)
    assert [life["jvm"] for life in found["lives"]] == ["two.log#1", "two.log#2"]
    assert [life["pauses"]["n"] for life in found["lives"]] == [5, 5]


def test_too_much_that_is_not_understood_and_no_finding(document, run, tmp_path):
    odd = [f'{stamp(2.6 + i / 10)}[gc] GC({i}) Flumph of "bob@example.org" 4929123412341234' for i in range(9)]
    path = tmp_path / "odd.log"
    path.write_text(log_of() + "\n".join(odd) + "\n", encoding="utf-8")
    found = document(0, path)
    assert found["coverage"]["unrecognised"] == 9
    assert len(found["coverage"]["samples"]) == 3
    assert not any(secret in str(found["coverage"]["samples"]) for secret in ("bob", "4929"))
    assert found["lives"][0]["findings"] == []
    assert "nothing is named here" in run(0, path).out


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", 4), (b"\x00\x01\x02\xff" * 500, 4), (b"12:00:01 INFO Pause between retries 12.5ms\n" * 9, 4),
     (b"PK\x03\x04 not a log", 2)],
)  # fmt: skip
def test_nothing_usable_is_said_on_stdout_or_stderr(document, run, tmp_path, content, code):
    path = tmp_path / "x.log"
    path.write_bytes(content)
    found = document(code, path)
    assert set(found) == {"error", "coverage"}
    assert set(found["error"]) == {"what", "where", "expected", "next"}
    assert found["coverage"]["files"] == 1
    assert found["coverage"]["gc_lines"] is None
    assert found["error"]["what"] in run(code, path).err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("nowhere.log",), "cannot be read"), ((), "Missing argument"), (("x.log", "--jvm-start", "noon"), "not a time"),
     (("x.log", "--jvm-start", "2026-11-22T18:00:00"), "without an offset"), (("x.log", "--what"), "No such option")],
)  # fmt: skip
def test_wrong_arguments_are_usage_errors(document, run, log, arguments, says):
    arguments = [str(log) if a == "x.log" else a for a in arguments]
    found = document(2, *arguments)
    assert says in found["error"]["what"]
    assert set(found) == {"error", "coverage"}
    failed = run(2, *arguments)
    assert failed.out == ""
    assert says in failed.err


def test_a_cut_file_is_read_and_said(document, log):
    text = log.read_text(encoding="utf-8")
    log.write_text(text[:-60], encoding="utf-8")
    found = document(0, log)
    assert found["coverage"]["truncated"] is True
    assert found["lives"][0]["pauses"]["n"] == 20


def test_our_own_recordings_read_without_a_line_left_over(document, corpus):
    folder = corpus / "gc" / "generated"
    if not folder.is_dir():
        from tests.conftest import missing

        missing("the corpus of GC logs (POSTMORTEM_CORPUS)")
    found = document(0, folder / "jdk17-zgc-stall.log.gz")
    assert found["coverage"]["unrecognised"] == 0
    stalls = found["lives"][0]["stalls"]
    assert (stalls["n"], round(stalls["thread_seconds"], 2), round(stalls["union_seconds"], 1)) == (1244, 5.67, 2.7)
    assert found["lives"][0]["findings"][0]["name"] == "allocation_stalls"
