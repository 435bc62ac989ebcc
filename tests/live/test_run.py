"""A live capture from a real Prometheus: what is frozen, what is said, what a second one adds, how it fails."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from analysis.asked import standing
from analysis.errors import BusyError, EvidenceError, SpecError
from analysis.live import capture_live
from analysis.lock import held
from analysis.sources.prometheus import read_samples
from analysis.store import read_manifest
from tests.fake_prometheus import FORBIDDEN, QUEUE_FULL, RESET, TIMED_OUT, fault_proxy, first, partial
from tests.live import small
from tests.servers import backfill, prometheus

QUEUES = 'signals: {depth: {promql: queue_depth}, doubled: {promql: "2 * queue_depth"}}'


def table_of(folder):
    return read_samples(folder / "raw" / "series.parquet", folder / "raw" / "samples.parquet")


def store_of(folder):
    return [(folder / "raw" / name).read_bytes() for name in ("series.parquet", "samples.parquet")]


def test_what_was_backfilled_is_frozen_to_the_bit_and_each_question_is_on_record(server, tmp_path):
    folder = small.incident(tmp_path / "i", server, signals=QUEUES)
    captured = capture_live(folder)
    assert not captured.missing
    table = table_of(folder)
    found = {s.labels["pod"]: s for s in table.named("container_cpu_cfs_periods_total")}
    assert found.keys() == set(small.PODS)
    expected = np.array([i * 150 + i % 3 for i in range(small.SAMPLES)], dtype=float)
    times = (small.START + small.STEP * np.arange(small.SAMPLES)) * 1_000_000
    first_us, last_us = (int(pd.Timestamp(t).value // 1000) for t in ("2026-11-22T17:59Z", "2026-11-22T18:29Z"))
    inside = (times >= first_us) & (times <= last_us)
    np.testing.assert_array_equal(found["api-0"].values, expected[inside])
    np.testing.assert_array_equal(found["api-0"].times, times[inside])
    assert len(found["api-1"].times) == small.SAMPLES // 2  # nothing was invented after its end
    doubled = next(iter(table.named("signal:doubled", queue="q1")))
    depth = next(iter(table.named("queue_depth", queue="q1")))
    assert doubled.values[10] == 2 * depth.values[10]
    records = {a.id: a for a in captured.manifest.queries}
    assert {a.status for a in records.values()} == {"ok"}
    asked = records["cpu_throttling/container_cpu_cfs_periods_total"]
    assert (asked.mode, asked.way, asked.series, asked.dialect) == ("raw", "remote_read", 3, "cadvisor")
    assert asked.promql == "container_cpu_cfs_periods_total"
    assert (asked.start, asked.end) == ("2026-11-22T17:59:00Z", "2026-11-22T18:29:00Z")
    assert (records["signals/doubled"].mode, records["signals/doubled"].step_seconds) == ("range", 15.0)
    server_said = captured.manifest.server
    assert server_said["name"] == server
    assert server_said["flavour"] == "prometheus"
    assert server_said["scrape_interval_seconds"] == 15.0
    assert server_said["dialects"]["cpu_throttling"] == ["cadvisor"]
    assert any("kube_pod_container_resource_limits" in line for line in server_said["not_there"])
    assert read_manifest(folder / "raw").queries == tuple(sorted(captured.manifest.queries, key=lambda a: a.id))
    assert not (folder / "raw" / ".capture").exists()


@pytest.mark.parametrize("mode", ["auto", "raw", "range"])
def test_two_captures_of_one_incident_are_the_same_store_in_every_mode(server, tmp_path, mode):
    one, two = (small.incident(tmp_path / n, server, signals=QUEUES, more=f"mode: {mode}") for n in ("a", "b"))
    first_capture = capture_live(one)
    capture_live(two)
    assert store_of(one) == store_of(two)
    assert {a.mode for a in first_capture.manifest.queries if a.question != "signals"} == {
        "range" if mode == "range" else "raw"
    }


def test_a_second_capture_asks_nothing_twice_and_adds_what_is_new(server, tmp_path):
    folder = small.incident(tmp_path / "i", server)
    capture_live(folder)
    before = store_of(folder)
    asked = []
    with fault_proxy(server, lambda path, form, count: asked.append((path, form.get("query", "")))) as url:
        small.incident(folder, url)
        again = small.incident(tmp_path / "j", url)
        capture_live(again)
        asked.clear()
        capture_live(again)
    assert len([q for p, q in asked if p.endswith("/read")]) == 1  # whether the server has it
    small.incident(folder, server, signals=QUEUES)
    captured = capture_live(folder)
    assert len(store_of(folder)[1]) > len(before[1])
    assert {a.id for a in captured.manifest.queries} >= {"signals/depth", "targets/up"}
    assert not captured.missing


def test_a_raw_capture_after_one_on_a_grid_holds_each_moment_once(server, tmp_path):
    folder = small.incident(tmp_path / "i", server, more="mode: range, step_seconds: 10")
    capture_live(folder)
    small.incident(folder, server)
    capture_live(folder)
    pure = small.incident(tmp_path / "j", server)
    capture_live(pure)
    for name in ("container_cpu_cfs_periods_total", "up"):
        mixed = {tuple(s.labels.items()): s for s in table_of(folder).named(name)}
        for series in table_of(pure).named(name):
            found = mixed[tuple(series.labels.items())]
            inside = (found.times >= series.times[0]) & (found.times <= series.times[-1])
            np.testing.assert_array_equal(found.times[inside], series.times)


def test_a_required_question_that_fails_makes_the_capture_incomplete_and_the_next_one_mends_it(server, tmp_path):
    broken = [True]

    def script(path, form, count):
        return TIMED_OUT if broken and path.endswith("query_range") and "2 * queue_depth" in form["query"] else None

    with fault_proxy(server, script) as url:
        folder = small.incident(tmp_path / "i", url, signals=QUEUES)
        captured = capture_live(folder)
        assert len(captured.missing) == 1
        assert "signals/doubled: failed" in captured.missing[0]
        assert "query timed out in expression evaluation" in captured.missing[0]
        failed = next(a for a in captured.manifest.queries if a.id == "signals/doubled")
        assert failed.status == "failed"
        broken.clear()
        captured = capture_live(folder)
    assert not captured.missing
    assert next(a for a in standing(captured.manifest.queries) if a.id == "signals/doubled").status == "ok"


def test_a_catalogue_that_cannot_be_counted_leaves_the_author_s_own_questions(server, tmp_path):
    def script(path, form, count):
        return TIMED_OUT if "count by" in form.get("query", "") else None

    with fault_proxy(server, script) as url:
        captured = capture_live(small.incident(tmp_path / "i", url, signals=QUEUES))
    assert len(captured.missing) == 1
    assert "catalogue/names: failed: timed out" in captured.missing[0]
    assert {a.id for a in captured.manifest.queries if a.status == "ok"} == {
        "targets/up", "signals/depth", "signals/doubled",
    }  # fmt: skip


def test_partial_data_is_kept_and_said_and_makes_a_required_question_incomplete(server, tmp_path):
    def script(path, form, count):
        return partial("remote_read: connection refused") if "2 * queue_depth" in form.get("query", "") else None

    with fault_proxy(server, script) as url:
        captured = capture_live(small.incident(tmp_path / "i", url, signals=QUEUES))
    record = next(a for a in captured.manifest.queries if a.id == "signals/doubled")
    assert (record.status, record.warnings) == ("partial", ("remote_read: connection refused",))
    assert record.samples > 0
    assert "partial" in captured.missing[0]


def test_a_full_queue_is_waited_for_and_a_forbidden_remote_read_is_gone_around(server, tmp_path):
    with fault_proxy(server, first(1, QUEUE_FULL, "query_range")) as url:
        assert not capture_live(small.incident(tmp_path / "i", url)).missing
    with fault_proxy(server, lambda path, form, count: FORBIDDEN if path.endswith("/read") else None) as url:
        captured = capture_live(small.incident(tmp_path / "j", url))
    assert not captured.missing
    assert {a.way for a in captured.manifest.queries} == {"range_vector"}
    np.testing.assert_array_equal(table_of(tmp_path / "i").values, table_of(tmp_path / "j").values)


def test_a_server_that_stops_in_the_middle_leaves_what_came_and_the_next_capture_goes_on(server, tmp_path):
    reads, broken = [], [True]

    def script(path, form, count):
        reads.append(path)
        return RESET if broken and len([p for p in reads if p.endswith("/read")]) > 3 else None

    pure = small.incident(tmp_path / "pure", server, more="mode: raw")
    capture_live(pure)
    with fault_proxy(server, script) as url:
        folder = small.incident(tmp_path / "i", url, more="mode: raw")
        captured = capture_live(folder)
        assert captured.missing
        before = {a.id for a in captured.manifest.queries if a.status == "ok"}
        assert before
        broken.clear()
        captured = capture_live(folder)
    assert not captured.missing
    assert store_of(folder)[1] == store_of(pure)[1]


def test_a_server_that_is_not_there_is_said_and_nothing_is_invented(tmp_path):
    captured = capture_live(small.incident(tmp_path / "i", "http://127.0.0.1:9"))
    assert "unavailable" in captured.missing[0]
    assert not (tmp_path / "i" / "raw" / "samples.parquet").exists()


def test_a_budget_narrows_then_refuses_and_says_so(server, tmp_path):
    captured = capture_live(small.incident(tmp_path / "i", server, more="most_samples: 1200"))
    assert any("narrowed" in note for note in captured.notes)
    narrowed = {s.labels["pod"] for s in table_of(tmp_path / "i").named("container_cpu_cfs_periods_total")}
    assert narrowed == {"api-0", "api-1"}
    tiny = capture_live(small.incident(tmp_path / "j", server, more="most_samples: 1000, scope: everything"))
    skipped = [a for a in tiny.manifest.queries if a.status == "skipped"]
    assert skipped
    assert all("budget" in a.reason for a in skipped)
    assert tiny.missing  # the throttling of containers is required


def test_a_spec_without_any_source_and_a_question_that_is_unknown(server, tmp_path):
    folder = small.incident(tmp_path / "i", server, more="questions: [cpu_throtling]")
    with pytest.raises(SpecError, match="cpu_throtling"):
        capture_live(folder)
    text = (folder / "incident.yaml").read_text(encoding="utf-8")
    (folder / "incident.yaml").write_text(text[: text.index("sources:")], encoding="utf-8")
    with pytest.raises(SpecError, match="nothing to capture from"):
        capture_live(folder)


def test_an_incident_in_the_future_and_one_that_goes_on(server, tmp_path):
    folder = small.incident(tmp_path / "i", server)
    with pytest.raises(SpecError, match="future"):
        capture_live(folder, now=pd.Timestamp("2026-11-22T18:00:00Z"))
    captured = capture_live(folder, now=pd.Timestamp("2026-11-22T18:20:00Z"))
    assert {a.end for a in captured.manifest.queries} == {"2026-11-22T18:20:00Z"}
    later = capture_live(folder)
    assert max(a.end for a in later.manifest.queries) == "2026-11-22T18:29:00Z"
    pure = small.incident(tmp_path / "j", server)
    capture_live(pure)
    assert store_of(folder)[1] == store_of(pure)[1]


def test_a_baseline_of_the_day_before_is_asked_for_by_itself_and_nothing_between(tmp_path):
    tsdb = small.server_folder(tmp_path / "server")
    backfill(tsdb, small.samples(days_before=1))
    with prometheus(tsdb) as url:
        folder = small.incident(tmp_path / "i", url, signals=QUEUES)
        text = (folder / "incident.yaml").read_text(encoding="utf-8")
        day_before = "start: 2026-11-21T18:04:00Z, end: 2026-11-21T18:16:00Z"
        text = text.replace("start: 2026-11-22T18:04:00Z, end: 2026-11-22T18:16:00Z", day_before)
        (folder / "incident.yaml").write_text(text, encoding="utf-8")
        captured = capture_live(folder)
        again = capture_live(folder)
    assert not captured.missing
    assert standing(again.manifest.queries) == standing(captured.manifest.queries)
    assert {(a.start, a.end) for a in captured.manifest.queries} == {
        ("2026-11-21T17:59:00Z", "2026-11-21T18:21:00Z"), ("2026-11-22T18:13:00Z", "2026-11-22T18:29:00Z"),
    }  # fmt: skip
    for name in ("container_cpu_cfs_periods_total", "signal:doubled"):
        series = next(s for s in table_of(folder).named(name) if s.labels.get("pod", "api-0") == "api-0")
        days = pd.to_datetime(series.times, unit="us", utc=True).strftime("%d").value_counts()
        assert (days["21"], days["22"]) == (85, 65)


def test_one_capture_at_a_time_and_altered_evidence_is_refused(server, tmp_path):
    folder = small.incident(tmp_path / "i", server)
    with held(folder / "raw", doing="capturing this incident", next=""), pytest.raises(BusyError):
        capture_live(folder)
    capture_live(folder)
    with (folder / "raw" / "samples.parquet").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(EvidenceError, match="altered"):
        capture_live(folder)


def test_the_command_line_says_what_came_and_leaves_with_three_where_something_did_not(server, tmp_path):
    folder = small.incident(tmp_path / "i", server, signals='signals: {lost: {promql: "queue_depth("}}')
    run = subprocess.run(
        [sys.executable, "-m", "analysis", "capture", str(folder)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 3, run.stderr
    assert "cpu_throttling: 2 ok" in run.stdout
    assert "not there: " in run.stdout
    assert "signals/lost: failed" in run.stderr
    assert "parse error" in run.stderr
    assert "Traceback" not in run.stderr
    manifest = json.loads((folder / "raw" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["queries"][0]["promql"]
