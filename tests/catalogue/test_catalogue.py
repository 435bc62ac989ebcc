"""The catalogue's own files, what they cover, and what an author's file adds or breaks."""

import re
import subprocess

import pyarrow.parquet as pq
import pytest
import yaml

from analysis import clock_offset
from analysis.catalogue import load_catalogue, substitute
from analysis.catalogue.catalogue import FOLDER
from analysis.errors import SpecError
from analysis.hypotheses.database import clock, dose
from analysis.hypotheses.gc import clock as gc_clock
from analysis.hypotheses.triggers import rollout_record
from analysis.signals import answers, call_dialects, cpu, little, mesh, pool
from tests.conftest import A, B, C, D
from tests.servers import need

CATALOGUE = load_catalogue()
METRICS = [metric for question in CATALOGUE.questions for metric in question.metrics]
NAMED = [m for q in CATALOGUE.questions if not q.whole for m in q.metrics]
INTERNALS = {"node_exporter_build_info", "postgres_exporter_build_info"}


def entries_of(name, metrics=NAMED):
    return [m for m in metrics if re.fullmatch(m.pattern, name)]


def names_of_calls():
    for d in call_dialects.CLIENTS:
        yield from (d.calls, d.seconds, *d.failures)
    for d in call_dialects.SERVERS:
        yield from (d.calls, d.seconds)
    for d in call_dialects.PATHS:
        yield from (m + end for m in (d.connect, d.response) for end in (("_sum", "_count") if d.counted else ("",)))


def names_of_pools():
    for d in pool.DIALECTS:
        yield from (d.pending, d.active, d.limit, d.timeouts)
        yield from (d.acquire + end for end in ("_sum", "_count") if d.acquire)
    for n in little.NAMES:
        yield from (n.active, n.idle, n.pending, n.limit, n.timeouts)
        yield from (m + end for m in (n.acquire, n.usage) for end in ("_sum", "_count"))


READ = sorted(
    {
        *names_of_calls(), *names_of_pools(), *(m + e for m in mesh.HISTOGRAMS for e in ("_sum", "_count", "_bucket")),
        *(v for k, v in vars(cpu).items() if k.isupper() and isinstance(v, str) and "_" in v),
        *(m for m, _ in clock_offset.COMPLETED), *clock_offset.ARRIVED, *dose.EXPORTERS, clock.SERVER_COUNT,
        gc_clock.METRIC, rollout_record.REPLICAS, answers.SCRAPED, f"*{answers.ASKED}",
        "up", "pilot_push_triggers", "node_uname_info", "kube_deployment_metadata_generation",
        "kube_deployment_status_replicas_unavailable",
    }
    - {""}
)  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_every_metric_that_is_read_is_in_it_by_name(name):
    assert entries_of(name.replace("*", "any"))


def test_every_metric_that_the_code_names_is_in_it():
    """Texts of the code that look like metrics of the sources that the catalogue knows."""
    first = (
        r"kube|node|container|pg_stat|redis|mysql|jvm_gc|istio|envoy|pilot|haproxy|hikaricp|lettuce|jdbc|http_server"
    )
    text = "\n".join(
        p.read_text(encoding="utf-8")
        for folder in ("signals", "hypotheses")
        for p in (FOLDER.parent / folder).rglob("*.py")
    )
    found = set(re.findall(rf'"((?:{first})_[a-z_]*[a-z])"', text)) - {
        "container_table", "container_throttled_ratio", "container_name", "pg_stat_statements", "container_cpus",
        "pg_stat_activity", "pg_stat_database", "envoy_cluster_name", "node_states",
    }  # fmt: skip
    bases = {m.pattern.rpartition("_")[0] for m in NAMED if m.plain}
    assert {name for name in found if not entries_of(name) and name not in bases} == set()
    assert len(found) > 40


@pytest.mark.parametrize("folder", [A, B, C, D], ids=lambda p: p.name)
def test_what_the_recordings_hold_is_in_it(folder):
    rows = pq.read_table(folder / "raw" / "series.parquet")["labels"].to_pylist()
    names = {dict(row)["__name__"] for row in rows}
    assert {n for n in names if not entries_of(n, METRICS)} <= INTERNALS
    assert len(names) > 300


def test_units_are_those_of_the_analyses():
    for d in (*call_dialects.CLIENTS, *call_dialects.SERVERS):
        for name, scale in ((d.seconds, d.scale), (d.calls, 1.0)):
            if name:
                assert {m.scale for m in entries_of(name.replace("*", "any"))} == {scale}, name
    for d in pool.DIALECTS:
        if d.acquire:
            assert {m.scale for m in entries_of(d.acquire + "_sum")} == {d.scale}, d.acquire
            assert {m.scale for m in entries_of(d.acquire + "_count")} == {1.0}


def test_the_dialects_are_there():
    found = {m.dialect for m in METRICS}
    assert found >= {
        "cadvisor", "kube-state-metrics", "istio", "envoy", "haproxy", "micrometer", "client_java 1.x",
        "simpleclient 0.x", "opentelemetry", "hikaricp-native", "lettuce", "postgres_exporter", "mysqld_exporter",
        "redis_exporter", "node_exporter", "yace", "cloudwatch_exporter", "k6 remote write",
    }  # fmt: skip


def test_the_core_is_required_and_cluster_wide_things_are_not_narrowed():
    assert {q.id for q in CATALOGUE.questions if q.required} == {"targets", "cpu_throttling", "pods"}
    assert [q.required for q in CATALOGUE.questions[:3]] == [True] * 3
    assert CATALOGUE.questions[-1].whole
    wide = {m.dialect for m in METRICS if not m.ways}
    assert wide >= {"node_exporter", "postgres_exporter", "mysqld_exporter", "redis_exporter", "yace", "prometheus"}
    assert not wide & {"cadvisor", "micrometer", "envoy", "haproxy", "lettuce", "hikaricp-native", "own counters"}


def test_what_changes_a_conclusion_is_said():
    by_name = {m.pattern: m for m in METRICS}
    assert by_name["istio_requests_total"].fix == ("reporter",)
    assert by_name["pg_stat_statements_query_id"].personal == ("query",)
    assert all(m.personal == ("digest_text",) for m in entries_of("mysql_perf_schema_events_statements_seconds_total"))
    assert {m.shift_seconds for m in METRICS if m.dialect in ("yace", "cloudwatch_exporter")} == {(60.0, 600.0)}
    assert {m.scale for m in entries_of("pg_stat_database_blk_read_time")} == {1e-3}
    assert {m.indexed for m in entries_of("envoy_server_worker_3_watchdog_miss")} == {True}
    assert entries_of("aws_rds_dbload_average") and entries_of("aws_rds_db_load_average")
    assert all(m.heavy for m in METRICS if m.plain and m.pattern.endswith("_bucket") and "pilot" not in m.pattern)
    assert all(m.source for m in METRICS)


@pytest.mark.parametrize(
    ("name", "dialects"),
    [
        ("jvm_memory_used_bytes", {"micrometer", "client_java 1.x", "opentelemetry"}),
        ("jvm_gc_collection_seconds_sum", {"client_java 1.x", "simpleclient 0.x"}),
        ("hikaricp_pending_threads", {"hikaricp-native"}),
        ("hikaricp_connections_pending", {"micrometer"}),
        ("aws_rds_cpuutilization_average", {"yace", "cloudwatch_exporter"}),
    ],
)
def test_who_exports_a_name(name, dialects):
    assert {m.dialect for m in entries_of(name)} == dialects


def test_promtool_accepts_every_expression(tmp_path):
    forms = [
        (f"{q.id}:{e.id}", substitute(e, dialect, 60, service=service))
        for service in ((), (("cluster", "=", 'a"b'), ("pod", "=~", "api(-.*)?")))
        for q in CATALOGUE.questions
        for e in q.expressions
        for dialect in e.expr
    ]
    assert len(forms) >= 2 * 67
    assert len({e.id for q in CATALOGUE.questions for e in q.expressions}) >= 64
    rules = [{"record": f"r{i}", "expr": text, "labels": {"n": str(i)}} for i, (_, text) in enumerate(forms)]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    done = subprocess.run([need("promtool"), "check", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {len(forms)} rules found" in done.stdout
    assert not any(e.whole_window for q in CATALOGUE.questions for e in q.expressions)


def test_metrics_of_expressions_are_in_it():
    for q in CATALOGUE.questions:
        for e in q.expressions:
            for text in e.expr.values():
                bare = re.sub(r'"[^"]*"', "", text)
                for name in re.findall(r"([a-z_:][a-zA-Z0-9_:]*)\{", bare):
                    assert name == "" or entries_of(name), (e.id, name)


OWN = """
format: 1
questions:
- id: calls
  dialects:
    ours:
      scope: pod
      metrics:
      - {name: our_calls_total, kind: counter, unit: calls, role: calls}
- id: quota
  question: How much of the partner's quota is left?
  required: true
  dialects:
    ours:
      scope: ours
      metrics:
      - {pattern: 'quota_left(_ratio)?', kind: gauge, unit: ratio, role: limit}
scopes:
  ours:
  - {namespace: [team]}
"""


def test_an_authors_file_adds(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    more = load_catalogue(path)
    assert more.version != CATALOGUE.version == load_catalogue().version
    assert more.question("calls").dialects == (*CATALOGUE.question("calls").dialects, "ours")
    assert more.question("calls").caveat == CATALOGUE.question("calls").caveat
    assert more.question("quota").required
    assert more.question("quota").metrics[0].ways[0].namespace == ("team",)
    assert more.questions[-1].whole
    with pytest.raises(KeyError):
        CATALOGUE.question("quota")


def test_an_authors_file_replaces_a_dialect_of_the_same_name(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace("    ours:\n      scope: pod", "    lettuce:\n      scope: pod"))
    lettuce = [m for m in load_catalogue(path).question("calls").metrics if m.dialect == "lettuce"]
    assert [m.pattern for m in lettuce] == ["our_calls_total"]


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (("kind: counter", "kind: counters"), "own.yaml: question calls: dialects.ours.metrics[0].kind: Invalid enum"),
        (
            ("role: calls", "rolle: calls"),
            "own.yaml: question calls: dialects.ours.metrics[0]: Object contains unknown",
        ),
        (("name: our_calls_total, ", ""), "question calls: dialects.ours.metrics.1.name: either a name or a pattern"),
        (("our_calls_total", "our calls"), "question calls: dialects.ours.metrics.1.name: 'our calls' is no name"),
        (("(_ratio)?'", "(?!x)'"), "question quota: dialects.ours.metrics.1.pattern: '(?' is not read alike"),
        (("(_ratio)?'", "{,3}'"), "question quota: dialects.ours.metrics.1.pattern: '{,' is not read alike"),
        (("(_ratio)?'", "[[:alpha:]]'"), "question quota: dialects.ours.metrics.1.pattern: '[[:' is not read alike"),
        (("(_ratio)?'", "('"), "question quota: dialects.ours.metrics.1.pattern: no expression"),
        (("'quota_left(_ratio)?'", "'.*'"), "question quota: dialects.ours.metrics.1.pattern: it fits the empty name"),
        (("'quota_left", "'^quota_left"), "question quota: dialects.ours.metrics.1.pattern: it is anchored"),
        (("scope: ours", "scope: theirs"), "question quota: dialects.ours.scope: 'theirs' is none of cluster, mesh"),
        (("  question: How much of the partner's quota is left?\n", ""), "question quota: question: the question in"),
        (("unit: ratio", "scale: 0.0, unit: ratio"), "question quota: dialects.ours.metrics.1.scale: base units"),
        (("unit: ratio", "fix: [a-b], unit: ratio"), "question quota: dialects.ours.metrics.1.fix: 'a-b' is no label"),
        (("[team]", "team"), "own.yaml: scopes: [...][0].namespace: Expected `array`, got `str`"),
        (("- id: quota", "- name: quota"), "own.yaml: question 2: itself: Object contains unknown field `name`"),
    ],
)
def test_a_broken_file_names_file_question_and_field(tmp_path, broken, told):
    assert broken[0] in OWN
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace(*broken))
    with pytest.raises(SpecError) as caught:
        load_catalogue(path)
    assert any(p.startswith(told) for p in caught.value.problems), caught.value.problems
    assert "own.yaml" in caught.value.where


def test_all_problems_at_once(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace("kind: counter", "kind: x").replace("scope: ours", "scope: theirs"))
    with pytest.raises(SpecError) as caught:
        load_catalogue(path)
    assert len(caught.value.problems) == 2
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("format: 1\nquestions: [", "not YAML"),
        ("format: 1\nformat: 1\n", "stands twice"),
        ("? [a]\n: 1", "plain text"),
        ("format: 2\n", "another format"),
        ("- 1", "another format"),
        ("", "another format"),
        ("format: 1\nqestions: []\n", "unknown keys: qestions"),
        ("format: 1\nx: !!python/object/apply:os.getcwd []\n", "not YAML"),
        ("\x00", "not YAML"),
        ("a: " + "[" * 3000, "not YAML"),
    ],
)
def test_what_is_no_catalogue(tmp_path, text, told):
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(SpecError, match=told) as caught:
        load_catalogue(path)
    assert "own.yaml" in caught.value.where


def test_questions_that_are_no_list_and_files_that_are_not_there(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text("format: 1\nquestions: {a: 1}\n")
    with pytest.raises(SpecError) as caught:
        load_catalogue(path)
    assert caught.value.problems == ("own.yaml: questions: a list is expected",)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SpecError, match="not YAML"):
        load_catalogue(path)
    with pytest.raises(SpecError, match="cannot be read"):
        load_catalogue(tmp_path / "nowhere.yaml")
