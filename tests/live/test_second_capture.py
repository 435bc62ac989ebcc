"""What a second capture may do to the first: add, mend, never mix; and what it says where nothing came."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.asked import standing
from analysis.live import capture_live
from analysis.sources.prometheus import read_samples
from tests.fake_prometheus import BAD_GATEWAY, RESET, Fault, fault_proxy
from tests.live import small

ONLY = "questions: [targets]"


def signals(**promql):
    return f"signals: {json.dumps({name: {'promql': text} for name, text in promql.items()})}"


def table_of(folder):
    return read_samples(folder / "raw" / "series.parquet", folder / "raw" / "samples.parquet")


def values(folder, name, **labels):
    return next(iter(table_of(folder).named(name, **labels))).values


def store_of(folder):
    return [(folder / "raw" / name).read_bytes() for name in ("series.parquet", "samples.parquet")]


def statuses(captured):
    return {a.id: a.status for a in standing(captured.manifest.queries)}


def test_an_expression_that_changed_brings_its_own_values_and_the_old_ones_are_set_aside(server, tmp_path):
    folder = small.incident(tmp_path, server, signals=signals(depth="2 * queue_depth"), more=ONLY)
    capture_live(folder)
    old = values(folder, "signal:depth", queue="q1")
    small.incident(folder, server, signals=signals(depth="100 * queue_depth"), more=ONLY)
    captured = capture_live(folder)
    np.testing.assert_allclose(values(folder, "signal:depth", queue="q1"), 50 * old)
    aside = next(n for n in table_of(folder).names if n.startswith("signal:depth until "))
    np.testing.assert_array_equal(values(folder, aside, queue="q1"), old)
    assert [a.promql for a in standing(captured.manifest.queries) if a.id == "signals/depth"] == ["100 * queue_depth"]
    small.incident(folder, server, signals=signals(depth="100 * queue_depth("), more=ONLY)
    captured = capture_live(folder)
    assert statuses(captured)["signals/depth"] == "failed"
    assert "signals/depth: failed" in captured.missing[0]


def test_a_partial_answer_is_mended_by_a_whole_one_and_anything_by_a_refresh(server, tmp_path):
    halved = [True]

    def half(body):
        document = json.loads(body)
        for series in document["data"]["result"]:
            series["values"] = [[t, str(float(v) / 2)] for t, v in series["values"]]
        return json.dumps({**document, "warnings": ["store eu-2: connection refused"]}).encode()

    def script(path, form, count):
        return Fault(into=half) if halved and form.get("query") == "sum(queue_depth)" else None

    with fault_proxy(server, script) as url:
        folder = small.incident(tmp_path, url, signals=signals(total="sum(queue_depth)"), more=ONLY)
        assert capture_live(folder).missing
        before = values(folder, "signal:total")
        halved.clear()
        captured = capture_live(folder)
        assert not captured.missing
        np.testing.assert_allclose(values(folder, "signal:total"), 2 * before)
        halved.append(True)
        capture_live(folder)
        np.testing.assert_allclose(values(folder, "signal:total"), 2 * before)
        capture_live(folder, refresh=True)
        np.testing.assert_allclose(values(folder, "signal:total"), before)


def test_an_expression_never_mixes_with_a_metric_nor_with_its_own_series(server, tmp_path):
    several = 'last_over_time({__name__=~"container_cpu_cfs_.*"}[1m])'
    asks = signals(up="up * 7", both=several)
    folder = small.incident(tmp_path, server, signals=asks, more="queries: {up: queue_depth * 3}")
    captured = capture_live(folder)
    stored = table_of(folder)
    names = {"signals/up": "signal:up", "signals/both": "signal:both", "queries/up": "query:up"}
    claimed = {a.id: a.samples for a in captured.manifest.queries}
    for key, name in names.items():
        assert sum(len(s.times) for s in stored.named(name)) == claimed[key], key
    assert {s.labels["metric_name"] for s in stored.named("signal:both")} == {
        "container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total",
    }  # fmt: skip
    assert set(values(folder, "up")) == {1.0}
    assert set(values(folder, "signal:up")) == {7.0}


def test_every_name_of_a_question_has_its_record_and_a_new_name_too(server, tmp_path):
    words = {"one": "2 * queue_depth", "two": "2 * queue_depth", "three": "up"}
    folder = small.incident(tmp_path, server, signals=signals(**words), more=ONLY)
    assert set(statuses(capture_live(folder))) >= {"signals/one", "signals/two", "signals/three", "targets/up"}
    small.incident(folder, server, signals=signals(renamed="2 * queue_depth"), more=ONLY)
    assert statuses(capture_live(folder))["signals/renamed"] == "ok"
    assert len(values(folder, "signal:renamed", queue="q1"))


def test_a_first_try_that_failed_does_not_cut_the_next_capture_short(server, tmp_path):
    broken = [True]
    with fault_proxy(server, lambda *_: BAD_GATEWAY if broken else None) as url:
        folder = small.incident(tmp_path, url, more=ONLY)
        failed = capture_live(folder, now=pd.Timestamp("2026-11-22T18:20:00Z"))
        assert failed.missing
        assert statuses(failed) == {"server/asked": "failed"}  # it is on record
        broken.clear()
        captured = capture_live(folder)
    assert {a.end for a in captured.manifest.queries if a.status == "ok"} == {"2026-11-22T18:29:00Z"}
    assert not captured.missing
    assert "server/asked" not in {a.id for a in standing(captured.manifest.queries) if a.unwell}


def test_a_grid_after_real_samples_adds_nothing_and_is_not_asked_for(server, tmp_path):
    folder = small.incident(tmp_path, server)
    capture_live(folder)
    before = store_of(folder)
    small.incident(folder, server, more="mode: range, step_seconds: 7")
    capture_live(folder)
    assert store_of(folder) == before


@pytest.mark.parametrize(("match", "said"), [("match: {cluster: nope}, ", "is it the right server"), ("", "")])
def test_what_is_required_and_not_there_is_missing_and_a_match_that_fits_nothing_is_named(
    server, tmp_path, match, said
):
    folder = small.incident(tmp_path, server, signals=signals(typo="queue_dept"), more=f"{match}encoding: identity")
    captured = capture_live(folder)
    assert any("signals/typo: empty: the server has nothing of it" in line for line in captured.missing)
    assert any("targets/up: empty" in line for line in captured.missing) is bool(said)
    assert any(said in line for line in captured.manifest.server["not_there"])


def test_a_time_that_the_server_has_forgotten_is_said(server, tmp_path):
    folder = small.incident(tmp_path, server, more=ONLY)
    text = (folder / "incident.yaml").read_text(encoding="utf-8")
    early = "start: 2026-11-15T18:04:00Z, end: 2026-11-15T18:16:00Z"
    text = text.replace("start: 2026-11-22T18:04:00Z, end: 2026-11-22T18:16:00Z", early)
    (folder / "incident.yaml").write_text(text, encoding="utf-8")
    captured = capture_live(folder)
    assert any(n.startswith("retention: the server knows nothing before 2026-11-22T18:00") for n in captured.notes)
    assert any("targets/up: empty" in line for line in captured.missing)


def test_warnings_on_the_count_say_that_there_may_be_more(server, tmp_path):
    empty = {"status": "success", "data": {"resultType": "matrix", "result": []}, "warnings": ["store eu-1: refused"]}

    def script(path, form, count):
        return Fault(200, json.dumps(empty).encode()) if "count by" in form.get("query", "") else None

    with fault_proxy(server, script) as url:
        captured = capture_live(small.incident(tmp_path, url))
    assert any("catalogue/names: partial: store eu-1: refused" in line for line in captured.missing)
    assert captured.manifest.server["not_there"] == ["unknown: the server could not say what it has"]


def test_the_budget_binds_the_author_too_before_anything_is_asked(server, tmp_path):
    asked = []
    big = 'signals: {big: {promql: "queue_depth + 1", step_seconds: 1}}'
    with fault_proxy(server, lambda path, form, count: asked.append(form.get("query", ""))) as url:
        captured = capture_live(small.incident(tmp_path, url, signals=big, more="most_samples: 1000"))
    assert "queue_depth + 1" not in asked
    line = next(line for line in captured.missing if line.startswith("signals/big: skipped"))
    assert "sum by" in line


def test_a_second_capture_knows_the_scrape_interval_and_who_was_asked(server, tmp_path):
    folder = small.incident(tmp_path, server, more=ONLY)
    assert capture_live(folder).manifest.server["scrape_interval_seconds"] == 15.0
    capture_live(small.incident(folder, server, signals=signals(depth="queue_depth * 2"), more=ONLY))
    with fault_proxy(server, lambda *_: None) as url:
        small.incident(folder, url, signals=signals(depth="queue_depth * 2"), more=ONLY)
        captured = capture_live(folder)
    assert captured.manifest.server["scrape_interval_seconds"] == 15.0
    assert {a.step_seconds for a in captured.manifest.queries if a.id == "signals/depth"} == {15.0}
    assert {a.source for a in captured.manifest.queries} == {server, url}
    assert captured.manifest.entry("samples.parquet").source == f"{server} and {url}"


def test_a_remote_read_that_breaks_is_gone_around_for_good(server, tmp_path):
    reads = []

    def script(path, form, count):
        if path.endswith("/read"):
            reads.append(path)
        return RESET if len(reads) > 1 and path.endswith("/read") else None  # the first asks whether it is there

    with fault_proxy(server, script) as url:
        captured = capture_live(small.incident(tmp_path, url))
    assert not captured.missing
    assert {a.way for a in captured.manifest.queries} == {"range_vector"}
    assert len(reads) <= 1 + 3 * 2  # of the first two questions


def test_what_has_no_owner_is_not_said_to_be_narrowed_and_an_own_catalogue_is_asked(server, tmp_path):
    more = "catalogue: own.yaml, questions: [queues, cpu_throttling], scope: workload"
    folder = small.incident(tmp_path, server, more=more)
    (folder / "own.yaml").write_text(
        "format: 1\nquestions:\n- id: queues\n  question: How long were they?\n  dialects:\n    ours: {scope: cluster, "
        "source: us, metrics: [{name: queue_depth, kind: gauge, unit: messages, role: queue}]}\n", encoding="utf-8",
    )  # fmt: skip
    scopes = {a.id: (a.scope, a.series) for a in capture_live(folder).manifest.queries}
    assert scopes["queues/queue_depth"] == ("everything", 4)
    assert scopes["cpu_throttling/container_cpu_cfs_periods_total"] == ("workload", 2)


def test_a_window_that_goes_on_is_said(server, tmp_path):
    captured = capture_live(small.incident(tmp_path, server), now=pd.Timestamp("2026-11-22T18:20:00Z"))
    assert any("the window goes on until 2026-11-22T18:24:00Z" in note for note in captured.notes)
