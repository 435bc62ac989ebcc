"""What a reader in a hurry reads first."""

from analysis.gc.gist import gist, lives_table
from analysis.gc.lives import life_document
from tests.gc_logs import made_log

LIFE = {"start": 0, "end": 100, "collector": "G1"}
PAUSES = [{"end": i, "seconds": 0.5, "kind": "young", "cause": "G1 Evacuation Pause"} for i in range(1, 9)]


def said(**tables):
    return gist(life_document(made_log(**{"lives": [LIFE], **tables}), 0, "gc.log#1"))


def test_how_long_it_stood_still_and_when_most():
    full = {"end": 20, "seconds": 2.0, "kind": "full", "cause": "System.gc()", "line": 7}
    assert said(pauses=[*PAUSES, full]) == [
        "Its threads stood still for 6 % of the time (6 s of 1 min 40 s), the longest pause 2 s (full, System.gc() at "
        "17:39:42.000 UTC, gc.log:7).",
        "Worst 10 s: from 17:39:20.000 UTC, 3 s still.",
    ]


def test_the_date_is_said_where_the_life_goes_over_midnight():
    night = {**LIFE, "end": 86_400}
    long, worst = said(lives=[night], pauses=[{"end": 70_000, "seconds": 2.0, "kind": "full", "line": 7}])
    assert "(full at 2026-11-23 13:06:02.000 UTC, gc.log:7)" in long
    assert worst == "Worst 1 min: from 2026-11-23 13:06:00.000 UTC, 2 s still."


def test_a_pause_is_told_by_its_start_with_uptimes_too():
    rows = [{"end": 20, "seconds": 2.0, "kind": "full", "uptime_seconds": 25.0, "line": 7}]
    (first, _) = said(lives=[{**LIFE, "time_quality": "unknown", "uptime_seconds": 5.0}], pauses=rows)
    assert "(full at an uptime of 23 s, gc.log:7)" in first


def test_unknown_is_said():
    assert said(lives=[{**LIFE, "collector": "ZGC"}], cycles=[{"end": 5, "seconds": 1.0, "kind": "zgc"}]) == [
        "How long its threads stood still is unknown: pauses are not logged."
    ]
    (first,) = said(lives=[{**LIFE, "time_quality": "none"}], pauses=PAUSES)
    assert first.startswith("Its threads stood still for 4 s together, the longest pause 500 ms (young, ")
    assert first.endswith("Pause, gc.log:1).")
    assert said() == ["Its threads stood still for 0 % of the time (0 ms of 1 min 40 s)."]


def test_threads_that_waited_are_told_besides():
    stalls = [{"end": i, "seconds": 1.0, "kind": "allocation", "thread": "a"} for i in (10, 20)]
    assert said(pauses=PAUSES, stalls=stalls)[-1] == (
        "Besides, at least one thread waited for memory for 2 % of the time (2 s), while others ran."
    )


def test_lives_in_a_table():
    log = made_log(lives=[LIFE, {"start": 200, "end": 300}], pauses=PAUSES)
    head, _, first, second = lives_table([life_document(log, i, f"gc.log#{i}") for i in (0, 1)])
    assert head == "2 JVMs"
    assert first.split()[-7:] == ["4", "%", "8", "500", "ms", "0", "0"]
    assert "2026-11-22 17:42:44.000" in second
