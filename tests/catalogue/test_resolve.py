"""Which dialects a server has."""

import re

from hypothesis import given
from hypothesis import strategies as st

from analysis.catalogue import load_catalogue, names_regexes, resolve

CATALOGUE = load_catalogue()


def of(question, counts, labels=None):
    return next(r for r in resolve(CATALOGUE, counts, labels) if r.question.id == question)


def test_no_cfs_counters_beside_cadvisor_means_no_limit():
    found = of("cpu_throttling", {"container_cpu_usage_seconds_total": 3, "container_spec_cpu_quota": 0})
    assert (found.status, found.dialects, found.series) == ("part", ("cadvisor",), 3)
    assert found.missing[0].startswith("no container_cpu_cfs_periods_total: no container has a CPU limit")
    assert found.missing[1].startswith("no kube_pod_container_resource_limits: neither kube-state-metrics nor cAdvisor")


def test_no_cadvisor_is_another_thing():
    found = of("cpu_throttling", {"kube_pod_container_resource_limits": 4})
    assert "cAdvisor is not scraped" in found.missing[0]
    nothing = of("cpu_throttling", {})
    assert nothing.status == "absent"
    assert nothing.missing[-1].startswith("metric not found in any dialect (cadvisor, kube-state-metrics, opentele")


def test_several_dialects_are_all_taken():
    counts = dict.fromkeys(("hikaricp_connections_pending", "db_client_connection_pending_requests"), 2)
    assert of("pool", counts).dialects == ("micrometer", "opentelemetry")


HEAP = "jvm_memory_used_bytes"


def test_labels_decide_whose_a_name_is():
    for labels, dialects in (
        ({"area", "id", "pod"}, ("micrometer",)),
        ({"area", "pod"}, ("client_java 1.x",)),
        ({"jvm_memory_type", "k8s_pod_name"}, ("opentelemetry",)),
        ({"area", "id", "jvm_memory_type"}, ("micrometer", "opentelemetry")),
    ):
        found = of("heap", {HEAP: 8}, {HEAP: labels})
        assert (found.dialects, found.doubts) == (dialects, ()), labels


def test_what_is_not_decided_is_taken_and_said():
    unseen = of("heap", {HEAP: 8})
    assert unseen.found[0].dialects == ("micrometer", "client_java 1.x", "opentelemetry")
    assert unseen.doubts == (
        f"{HEAP}: micrometer or client_java 1.x or opentelemetry: its labels tell, and were not seen",
    )
    strange = of("heap", {HEAP: 8}, {HEAP: {"colour"}})
    assert strange.found and "its labels are those of none of micrometer" in strange.doubts[0]
    bare = of("heap", {HEAP: 8}, {HEAP: ()})
    assert bare.doubts[0].endswith("none at all")
    alike = of("gc", {"jvm_gc_collection_seconds_sum": 1}, {"jvm_gc_collection_seconds_sum": {"gc"}})
    assert alike.doubts[0].endswith("client_java 1.x and simpleclient 0.x name and label it alike")
    assert of("gc", {"jvm_gc_collection_seconds_sum": 1}).doubts[0].endswith("label it alike")
    cloud = of("managed_database", {"aws_rds_dbload_average": 1})
    assert cloud.dialects == ("yace", "cloudwatch_exporter") and cloud.doubts


def test_a_neighbour_that_is_missing_is_named_and_an_optional_one_is_not():
    found = of("postgres", {"pg_up": 1})
    told = " ".join(found.missing)
    assert "postgres_exporter is not scraped by this server, or without its collector stat_activity" in told
    assert "pg_locks_count" in told and "pg_settings_max_connections" not in told


def test_families_take_what_nobody_else_does():
    counts = {"redis_up": 1, "redis_uptime_in_seconds": 1, "jvm_info": 1, "kube_secret_info": 9, "mystery": 3}
    found = of("context", counts)
    assert {f.name for f in found.found} == {"redis_uptime_in_seconds", "jvm_info"}
    assert found.missing == () == found.doubts
    assert of("context", {}).status == "absent"


def test_buckets_of_families_are_heavy():
    found = of("context", {"jvm_x_seconds_bucket": 9, "jvm_x_seconds_sum": 1})
    assert {f.name: f.heavy for f in found.found} == {"jvm_x_seconds_bucket": True, "jvm_x_seconds_sum": False}
    heavy = {f.name: f.heavy for f in of("requests", {"http_server_requests_seconds_bucket": 9}).found}
    assert heavy == {"http_server_requests_seconds_bucket": True}
    assert not of("config_push", {"pilot_proxy_convergence_time_bucket": 9}).found[0].heavy


def test_the_expressions_together_fit_every_pattern_once():
    parts = names_regexes(CATALOGUE)
    assert max(map(len, parts)) <= 4000
    assert "|".join(parts).split("|") == "|".join(
        dict.fromkeys(m.pattern for q in CATALOGUE.questions for m in q.metrics)
    ).split("|")
    assert len(names_regexes(CATALOGUE, longest=200)) > len(parts)
    for name in (
        "up",
        "container_cpu_cfs_periods_total",
        "any_call_errors_total",
        "envoy_server_worker_11_watchdog_miss",
    ):
        assert any(re.fullmatch(part, name) for part in parts)


NAMES = [
    "up",
    HEAP,
    "jvm_gc_pause_seconds_sum",
    "redis_uptime_in_seconds",
    "kube_pod_info",
    "x_call_errors_total",
    "zz",
]


@given(
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 5)),
    st.none() | st.dictionaries(st.sampled_from(NAMES), st.sets(st.sampled_from(["area", "id", "pod", "le"]))),
)
def test_nothing_that_fits_is_lost_and_nothing_comes_from_nowhere(counts, labels):
    found = resolve(CATALOGUE, counts, labels)
    assert [r.question.id for r in found] == [q.id for q in CATALOGUE.questions]
    there = {name for name, n in counts.items() if n > 0}
    taken = {f.name for r in found for f in r.found}
    assert taken == there - {"zz"}
    for r in found:
        assert r.status == ("absent" if not r.found else "part" if r.missing else "found")
        assert r.found or r.missing or r.question.whole
        assert all(f.series == counts[f.name] for f in r.found)
