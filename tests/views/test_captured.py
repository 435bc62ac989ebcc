"""What was asked and what came: no failure without the server's words, no absence without what it means."""

import json
from dataclasses import replace

import pytest

from analysis.asked import Asked
from analysis.investigation import examine
from analysis.views.captured import MOST_ROWS, asked_lines, asked_table
from tests.conftest import A
from tests.variants import evidence_of
from tests.views.test_overview import EVIL, assert_harmless

SERVER = {
    "name": "http://prometheus:9090", "flavour": "prometheus", "version": "2.42.0", "lookback_seconds": 300.0,
    "clock_offset_seconds": 0.3, "oldest_time": "2026-11-07T00:00:00Z",
    "scrape_intervals_seconds": {"a": 15.0, "b": 5.0},
    "scrape_interval_seconds": 15.0, "ways": ["remote_read"], "dialects": {"cpu_throttling": ["cadvisor"]},
    "not_there": ["redis: metric not found in redis_exporter: redis_up", "mesh: no istio_requests_total: no sidecar"],
    "notes": ["flags are forbidden"],
}  # fmt: skip


def one(id_, status="ok", **more):
    question = more.pop("question", id_.partition("/")[0])
    came = {"series": 3, "samples": 300} if status in ("ok", "partial") else {}
    given = {"reason": "" if status in ("ok", "empty") else "no words", **came, **more}
    asked = {"dialect": "cadvisor", "promql": id_.partition("/")[2], "mode": "raw", "way": "remote_read"}
    when = {"start": "2026-11-22T17:50:00Z", "end": "2026-11-22T18:20:00Z", "fetched_at": "2026-11-22T19:00:00Z"}
    return Asked(id=id_, question=question, status=status, **{**asked, **when, **given})


@pytest.fixture(scope="module")
def of_a():
    return examine(evidence_of(A))


def asked_of(result, *queries, server=SERVER):
    manifest = replace(result.evidence.manifest, queries=queries, server=server)
    return replace(result, case=replace(result.case, evidence=replace(result.evidence, manifest=manifest)))


def rows_of(result, *queries, server=SERVER):
    rows = asked_table(asked_of(result, *queries, server=server)).data["rows"]
    return {row[1].partition(" (")[0]: [cell.replace("\N{NO-BREAK SPACE}", " ") for cell in row] for row in rows}


def test_without_a_server_the_files_stand_for_it(of_a):
    view = asked_table(of_a)
    assert view.kind == "sentence"
    assert "1,357 series" in view.data["text"]
    assert "not the same as zero" in view.data["text"]
    assert asked_lines(of_a) == []


def test_a_failure_has_the_words_of_the_server(of_a):
    words = "too many samples (HTTP 422, 1 tries): query processing would load too many samples into memory"
    rows = rows_of(of_a, one("cpu_throttling/a"), one("cpu_throttling/b", "failed", reason=words, required=True))
    state, _, came, meaning = rows["CPU throttling"]
    assert state == "✕ failed"
    assert came == "3 series, 300 samples, of 1 of 2 queries"
    assert meaning == f"failed, and required: b: {words}"


def test_partial_data_is_told_and_opens_the_table(of_a):
    view = asked_table(asked_of(of_a, one("pods/a", "partial", reason="remote_read: connection refused")))
    assert view.data["open"] is True
    assert "open" in view.html()[:40]
    assert view.data["rows"][0][0].endswith("partial")
    assert "partial: a: remote_read: connection refused" in view.data["rows"][0][3]
    assert "open" not in asked_table(asked_of(of_a, one("pods/a"))).html()[:40]


def test_what_is_not_there_cannot_be_tested(of_a):
    rows = rows_of(of_a, one("pods/a"), one("pods/b", "empty"), one("gc/c", "empty"))
    assert rows["pods"][0] == "● came"
    assert rows["pods"][3] == "not there: b"
    assert rows["GC"][3] == "not there: c; so nothing about GC can be tested on metrics of this server"
    assert rows["redis"][0] == "○ not there"
    assert rows["redis"][2] == "nothing"
    assert rows["redis"][3] == (
        "not there: metric not found in redis_exporter: redis_up; "
        "so nothing about redis can be tested on metrics of this server"
    )
    assert (
        rows["mesh"][3]
        == "no istio_requests_total: no sidecar; so nothing about mesh can be tested on metrics of this server"
    )


def test_the_authors_own_questions_stand_alone(of_a):
    signal = one("signals/call_errors", "empty", question="signals", dialect="")
    rows = rows_of(of_a, signal, one("queries/rate", question="queries", mode="range", step_seconds=15.0))
    assert rows["signal call_errors"][3] == (
        "not there: call_errors; so nothing that signal call_errors would show can be tested"
    )
    assert rows["query rate"][2] == "3 series, 300 samples, on a grid of 15 s, not as scraped"


def test_the_worst_come_first_and_required_failures_before_all(of_a):
    ends = {"aa": "ok", "bb": "skipped", "cc": "empty", "dd": "partial", "ee": "failed", "zz": "failed"}
    queries = [one(f"{name}/x", status, required=name == "zz") for name, status in ends.items()]
    view = asked_table(asked_of(of_a, *queries, server={}))
    assert [row[1][:2] for row in view.data["rows"]] == ["zz", "ee", "dd", "cc", "bb", "aa"]
    assert view.data["caption"] == (
        "Asked of the server: 6 queries, 1 answered, 1 not asked, 1 without data, 1 partial, 2 failed"
    )
    lines = asked_lines(asked_of(of_a, *queries, server={}))
    assert [line.split("  ")[0] for line in lines] == ["✕ failed"] * 2 + ["◐ partial", "○ not there", "◌ not asked"]


def test_a_second_capture_counts_where_it_was_better(of_a):
    failed, came = one("up/x", "failed"), one("up/x", fetched_at="2026-11-23T00:00:00Z")
    assert rows_of(of_a, failed, came)["up"][0] == "● came"
    assert rows_of(of_a, came, failed)["up"][0] == "● came"


def test_what_was_narrowed_left_out_or_late_is_said(of_a):
    rows = rows_of(of_a, one("rds/x", scope="namespace", left_out=("3 series are native histograms",),
                             time_shift_seconds=600.0))  # fmt: skip
    assert rows["rds"][2] == "3 series, 300 samples, of the namespace only"
    assert rows["rds"][3] == (
        "left out of x: 3 series are native histograms; its values may be stamped up to 10 min late"
    )


def test_many_questions_and_many_words_are_cut_and_counted(of_a):
    many = [one(f"q{i:03}/x", "failed") for i in range(MOST_ROWS + 7)]
    rows = asked_table(asked_of(of_a, *many, server={})).data["rows"]
    assert (len(rows), rows[-1][1]) == (MOST_ROWS + 1, "and 7 more")
    wordy = [one(f"q/{i}", "failed") for i in range(30)]
    assert "; and 24 more; so nothing about q can" in rows_of(of_a, *wordy, server={})["q"][3]


def test_hostile_words_stay_text(of_a):
    server = {
        **SERVER,
        "name": EVIL,
        "version": EVIL,
        "flavour": EVIL,
        "notes": [EVIL],
        "not_there": [f"{EVIL}: {EVIL}"],
    }
    view = asked_table(asked_of(of_a, one(f"{EVIL}/{EVIL}", "failed", reason=EVIL, dialect=EVIL), server=server))
    assert "alert(1)" in assert_harmless(view.html()).text
    json.dumps(view._repr_mimebundle_(), allow_nan=False)
