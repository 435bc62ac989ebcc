"""The document in words: compact, no line too long, unknown is said."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.gc.coverage import coverage_of
from analysis.gc.document import as_document
from analysis.gc.gist import MOST_LIVES
from analysis.gc.phrases import WIDTH
from analysis.gc.words import document_lines, event_lines
from analysis.sources.lines import ReadReport
from tests.gc_logs import made_log

G1 = {"start": 0, "end": 100, "collector": "G1", "version": "21.0.8+9", "cpus": 2.0, "heap_max_bytes": 2.0**27}
REPORT = ReadReport("gc.log", 100, 99, 1, ("line 4: [gc] what",), True, ("a note",))


def said(log, *, events=False, report=REPORT):
    return document_lines(as_document(log, coverage_of(log, [report], lines=120), events=events))


def test_a_life_in_a_few_lines():
    rows = [{"end": i, "seconds": 0.1, "kind": "young", "cause": "G1 Evacuation Pause"} for i in range(1, 9)]
    lines = said(made_log(lives=[G1], pauses=rows, holes=[(20, 30)]))
    assert lines[0] == "gc.log#1: G1, JDK 21.0.8, 2 CPUs, heap at most 128 MiB"
    assert lines[1] == "  2026-11-22 17:39:24.000 to 17:41:04.000 UTC, 1 min 30 s"
    text = "\n".join(lines)
    assert re.search(r"pauses +8, 0?\.?800 ms together; p50 100 ms, p95 100 ms", text)
    assert re.search(r"safepoints +unknown", text)
    assert re.search(r"young +G1 Evacuation Pause +8 +800 ms +100 ms", text)
    assert "safepoints are not logged" in text
    assert "read: 1 file, 120 lines, 100 of a GC log, 1 not understood" in text
    assert "cut short: gc.log" in text
    assert "lines are missing in 1 stretch, 10 s together: unknown, not quiet" in text


def test_a_life_that_is_not_understood_says_nothing_and_why():
    log = made_log(lives=[{**G1, "recognised": 10, "unrecognised": 5}], pauses=[{"end": 1, "kind": "full"}])
    text = "\n".join(said(log))
    assert "figures may be of a part only: 33.3 % of its lines were not understood" in " ".join(text.split())
    assert "observations" not in text


def test_what_collections_of_the_old_left_is_a_range_with_its_number_and_the_last():
    rows = [{"end": 9 * i, "kind": "full", "heap_after_bytes": n * 2.0**20} for i, n in enumerate((40, 60, 50), 1)]
    row = "  old collections left  40 MiB to 60 MiB (n = 3), after the last 50 MiB, ended 17:39:51.000 UTC"
    assert row in said(made_log(lives=[G1], pauses=rows))
    assert row.partition(", ended")[0] in said(made_log(lives=[{**G1, "time_quality": "none"}], pauses=rows))
    one = said(made_log(lives=[G1], pauses=rows[:1]))
    assert "  old collections left  40 MiB (n = 1, ended 17:39:33.000 UTC)" in one
    cycle = {"end": 5, "kind": "zgc", "collector": "ZGC", "heap_after_bytes": 2.0**20}
    zgc = "\n".join(said(made_log(lives=[{**G1, "collector": "ZGC"}], cycles=[cycle])))
    assert "  in use after cycles   1 MiB (n = 1, ended" in zgc
    assert "old collections left" not in "\n".join(said(made_log(lives=[G1])))


def test_an_uptime_is_no_time_of_day():
    log = made_log(lives=[{**G1, "time_quality": "unknown", "uptime_seconds": 0.5}])
    assert said(log)[1] == "  1 min 40 s from an uptime of 500 ms; times of day are unknown"


def test_numbers_and_their_units_stay_on_one_line():
    stalls = [{"end": i, "seconds": 0.3, "kind": "allocation", "thread": f"worker-{i}"} for i in range(1, 60)]
    lines = said(made_log(lives=[{**G1, "collector": "ZGC"}], stalls=stalls))
    assert not [line for line in lines if re.match(r" +(?:%|ms|s|min|h|[KMG]iB)(?!\w)", line)]


def test_pauses_as_a_table():
    rows = [{"end": 1, "seconds": 0.5, "kind": "full", "cause": "System.gc()", "nested": True, "line": 12}]
    lines = said(made_log(lives=[G1], pauses=rows), events=True)
    row = next(line for line in lines if line.endswith("gc.log:12"))
    assert "2026-11-22 17:39:25.000000Z   500 ms   full (inside)   System.gc()   unknown to unknown" in row
    assert event_lines([]) == ["no pauses"]


def test_what_a_collector_cannot_do_has_no_row():
    rows = [{"end": 1, "seconds": 0.001, "kind": "z_mark_start", "collector": "ZGC"}]
    text = "\n".join(said(made_log(lives=[{**G1, "collector": "ZGC"}], pauses=rows)))
    assert not re.search(r"^  (promoted|evacuation failures)", text, re.M)
    text = "\n".join(said(made_log(lives=[G1], pauses=rows)))
    assert re.search(r"^  promoted +unknown$", text, re.M)
    assert re.search(r"^  evacuation failures +0$", text, re.M)


def test_lines_fit_a_narrow_terminal():
    rows = [{"end": i, "seconds": 0.1, "kind": "full", "cause": "Allocation Failure"} for i in range(1, 9)]
    log = made_log(lives=[{**G1, "memory_bytes": 2.0**33, "workers": 2.0, "region_bytes": 2.0**20}], pauses=rows)
    lines = document_lines(as_document(log, coverage_of(log, [REPORT], lines=120)), width=80)
    assert max(len(line) for line in lines) <= 80
    assert max(len(line) for line in said(log)) > 80


def test_of_many_lives_a_table_and_those_that_stood_still_longest():
    lives = [{**G1, "start": 100 * i, "end": 100 * i + 50} for i in range(12)]
    rows = [{"end": 100 * i + 20, "seconds": 1.0 + i / 10, "kind": "full", "life": i, "line": i} for i in range(12)]
    lines = said(made_log(lives=lives, pauses=rows))
    heads = [line for line in lines if line.startswith("gc.log#")]
    assert [head.partition(":")[0] for head in heads] == [f"gc.log#{i}" for i in range(5, 13)]
    assert len(heads) == MOST_LIVES
    assert lines[0] == "12 JVMs; the 8 that stood still longest follow, all are in --json"
    table = lines[1 : lines.index("")]
    assert table[0].split()[-6:] == ["stood", "still", "pauses", "longest", "full", "stalls"]
    assert len(table) == 13
    assert table[1].split()[:3] == ["gc.log#1", "2026-11-22", "17:39:24.000"]


def test_files_that_were_passed_over_are_named():
    coverage = coverage_of(made_log(), [REPORT], lines=120) | {"skipped": [{"file": "a.txt", "what": "no GC log"}]}
    assert "  passed over: a.txt: no GC log" in document_lines({"lives": [], "coverage": coverage})


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 99), st.floats(0, 3), st.text(max_size=80)), max_size=12), st.booleans())
def test_whatever_the_log_holds_lines_are_short_and_printable(rows, events):
    pauses = [{"end": e, "seconds": s, "kind": "full", "cause": c} for e, s, c in rows]
    for line in said(made_log(lives=[G1], pauses=pauses), events=events):
        assert line.isprintable()
        assert len(line) <= WIDTH + 60  # a table has the width of its words
