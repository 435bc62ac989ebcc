"""An incident as one wide frame: what becomes of each kind of series, who owns it, and what the recordings give."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.errors import NoDataError
from analysis.hypotheses.case import Case
from analysis.sources.prometheus import EMPTY
from analysis.suspects.inputs import KINDS
from analysis.suspects.metric_kinds import kind_of, never_falls, role_of, unit_of
from analysis.suspects.naming import calls_among, distinctions, entity_names, owner_of
from analysis.suspects.wide import rank_wide, suspects_of, wide_frame
from tests.conftest import A, B, C, D
from tests.variants import add, drop_series, evidence_of, relabel, shift, with_samples, with_window

POD = {"job": "api", "namespace": "payments", "pod": "payment-api-7d9c6b5f4-x2k8p", "container": "app"}


def of(evidence):
    return suspects_of(Case.of(evidence))


@pytest.fixture(scope="module")
def of_a():
    return of(evidence_of(A))


def with_series(folder, *series):
    """Only these series: (metric, labels, values), sampled every 5 s over the recording."""
    evidence = evidence_of(folder)
    times = next(iter(evidence.samples.named("up"))).times
    rows = [({"__name__": m, **POD, **labels}, times[: len(v)], np.asarray(v, float)) for m, labels, v in series]
    return with_samples(evidence, add(EMPTY, rows)), len(times)


def steps_of(folder):
    return len(next(iter(evidence_of(folder).samples.named("up"))).times)


def column(wide, ending):
    (name,) = [c for c in wide.frame.columns if c.split("|", 2)[2] == ending]
    return wide.frame[name].to_numpy(), wide.told(name)


def test_in_a_the_throttled_proxy_leads_in_c_pool_and_locks_and_d_names_nobody(of_a):
    first = of_a.ranking.series.iloc[0]
    assert (first["entity"], first["kind"]) == ("istio-proxy (payment-api)", "throttling")
    assert not of_a.ranking.abstained
    of_c = of(evidence_of(C)).ranking
    assert {"app (payment-api)", "postgres"} == set(of_c.entities["entity"].head(2))
    assert set(of_c.series["kind"].head(4)) == {"db"}
    of_d = of(evidence_of(D)).ranking
    assert of_d.abstained
    assert of_d.summary.startswith("No suspect: the objective was not missed for long enough")
    assert len(of_d.series)
    assert of(evidence_of(B)).ranking.entities["entity"].iloc[0] == "app (payment-api)"


def test_the_episode_is_compared_not_the_window_as_written(of_a):
    episode = Case.of(evidence_of(A)).symptom.episodes[0].window
    assert (of_a.wide.incident, of_a.wide.baseline) == (episode, evidence_of(A).incident.baseline)


def test_columns_are_described_named_once_and_float(of_a):
    wide = of_a.wide
    assert wide.frame.columns.is_unique
    assert list(wide.about.index) == list(wide.frame.columns)
    assert set(wide.about["kind"]) <= set(KINDS)
    assert (wide.frame.dtypes == np.float64).all()
    assert wide.symptom == wide.frame.columns[0] == "payment-api|errors|bad requests"
    for name, (entity, kind, stat) in zip(wide.frame, wide.about[["entity", "kind", "stat"]].to_numpy(), strict=True):
        assert name == f"{entity}|{kind}|{stat}"


def test_counters_become_rates_and_a_reset_is_no_drop():
    n = steps_of(A)
    values = np.arange(n) * 10.0
    values[n // 2 :] -= values[n // 2] - 3
    evidence, _ = with_series(A, ("work_total", {}, values), ("level_bytes", {}, np.sin(np.arange(n))))
    wide = wide_frame(Case.of(evidence))
    rate, about = column(wide, "work_total, rate")
    assert about.unit == "1/s"
    assert np.nanmin(rate) >= 0.5
    assert np.nanmedian(rate) == pytest.approx(2.0, rel=0.01)
    level, about = column(wide, "level_bytes")
    assert (about.unit, np.nanmin(level) < 0) == ("B", True)


def test_a_count_that_no_name_reveals_becomes_a_rate_a_setting_does_not():
    n = steps_of(A)
    setting = np.where(np.arange(n) > n // 2, 4.0, 2.0)
    evidence, _ = with_series(A, ("things_done", {}, np.arange(n)), ("workers_max", {}, setting))
    names = wide_frame(Case.of(evidence)).about["stat"].tolist()
    assert "things_done, rate" in names
    assert "workers_max" in names


def test_sum_and_count_give_a_mean_buckets_are_left_out_and_idle_is_unknown():
    n = steps_of(A)
    count = np.repeat(np.arange((n + 1) // 2), 2)[:n] * 4.0  # every second step nothing happens
    evidence, _ = with_series(
        A, ("call_seconds_count", {}, count), ("call_seconds_sum", {}, count * 0.25),
        ("call_seconds_bucket", {"le": "1"}, count), ("locks_count", {}, np.cos(np.arange(n))),
    )  # fmt: skip
    wide = wide_frame(Case.of(evidence))
    mean, about = column(wide, "call_seconds, mean")
    known = mean[np.isfinite(mean)]
    assert about.unit == "s"
    assert known == pytest.approx(np.full(len(known), 0.25))
    assert np.isnan(mean).sum() >= len(mean) // 3
    stats = set(wide.about["stat"])
    assert {"call_seconds_count, rate", "locks_count"} <= stats
    assert not [s for s in stats if "bucket" in s or "call_seconds_sum" in s]


def test_nothing_is_filled_where_samples_are_missing():
    evidence = evidence_of(A)
    table, window = evidence.samples, evidence.incident.window
    middle = (table.times > window.start_us + 30_000_000) & (table.times <= window.start_us + 70_000_000)
    whole = wide_frame(Case.of(evidence))
    holed = wide_frame(Case.of(with_samples(evidence, type(table)(
        table.labels, table.ids[~middle], table.times[~middle], table.values[~middle]))))  # fmt: skip
    name = "istio-proxy (payment-api)|memory|container_memory_working_set_bytes"
    gone = whole.frame[name].notna() & holed.frame[name].reindex(whole.frame.index).isna()
    assert 7 <= gone.sum() <= 9


def test_a_pod_row_that_repeats_its_containers_is_left_out(of_a):
    usage = of_a.wide.about[of_a.wide.about["stat"].str.startswith("container_cpu_usage")]
    assert len(usage) == 4
    assert set(usage["entity"]) == {"app (payment-api)", "istio-proxy (payment-api)", "postgres", "redis"}


def test_rollouts_and_the_changes_people_know_are_events(of_a):
    events = of_a.wide.about[of_a.wide.about["kind"] == "event"]
    assert "order-service|event|rollout" in events.index
    assert "istio-proxy CPU limit|event|limit removed" in events.index
    counted = of_a.wide.frame["order-service|event|rollout"]
    assert counted.notna().all()
    assert (counted.diff().dropna() >= 0).all()


def test_load_is_zero_where_nobody_called_and_latency_unknown():
    evidence = evidence_of(A)
    table, window = evidence.requests, evidence.incident.window
    at = pd.DatetimeIndex(table.index)
    quiet = (at > window.start + pd.Timedelta("30s")) & (at <= window.start + pd.Timedelta("60s"))
    wide = wide_frame(Case.of(replace(evidence, requests=table[~quiet])))
    load, _ = column(wide, "requests")
    p95, _ = column(wide, "request duration, p95")
    assert (load == 0).sum() >= 5
    assert np.isnan(p95[load == 0]).all()


def test_without_samples_the_requests_are_ranked_and_without_both_there_is_no_data():
    evidence = with_samples(evidence_of(A), EMPTY)
    wide = wide_frame(Case.of(evidence))
    assert set(wide.about["kind"]) <= {"errors", "latency", "load", "event"}
    assert len(rank_wide(wide).series)
    with pytest.raises(NoDataError, match="nothing was sampled twice"):
        wide_frame(Case.of(replace(evidence, requests=evidence.requests.iloc[:0])))


def test_without_requests_the_ranking_has_no_symptom_and_says_so():
    evidence = evidence_of(A)
    found = of(replace(evidence, requests=evidence.requests.iloc[:0]))
    assert found.wide.symptom is None
    assert any("no request was recorded" in r for r in found.ranking.remarks)
    assert found.wide.incident == evidence.incident.window


def test_no_name_carries_meaning(of_a):
    """The same recording with other names of pods and containers has the same order."""
    evidence = evidence_of(A)
    names = {"istio-proxy": "zz", "app": "aa", "postgres": "store", "redis": "cache"}

    def change(labels):
        return {k: names.get(v, v) if k == "container" else v for k, v in labels.items()}

    other = of(with_samples(evidence, relabel(evidence.samples, change))).ranking
    assert other.entities["entity"].iloc[0] == "zz (payment-api)"
    assert other.series["score"].head(10).round(6).tolist() == of_a.ranking.series["score"].head(10).round(6).tolist()


def test_a_clock_that_is_late_by_hours_leaves_no_sample_to_rank():
    found = of(with_samples(evidence_of(A), shift(evidence_of(A).samples, 86_400)))
    assert set(found.ranking.series["kind"]) <= {"errors", "latency", "load", "event"}


def test_of_several_episodes_the_worst_is_compared():
    evidence = evidence_of(A)
    table, (start, end) = evidence.requests, (evidence.incident.window.start, evidence.incident.window.end)
    middle = start + (end - start) / 3
    at = pd.DatetimeIndex(table.index)
    calm = (at > middle) & (at <= middle + pd.Timedelta("38s"))
    changed = table.assign(failed=table["failed"] & ~calm,
                           duration_seconds=table["duration_seconds"].where(~calm, 0.05))  # fmt: skip
    case = Case.of(replace(evidence, requests=changed))
    assert len(case.symptom.episodes) == 2
    wide = wide_frame(case)
    worst = max(case.symptom.episodes, key=lambda e: e.bad)
    assert wide.incident == worst.window
    assert f"episode {worst.id} of 2 is compared" in wide.remarks[0]


def test_a_window_elsewhere_moves_what_is_compared():
    evidence = evidence_of(D)
    wide = wide_frame(Case.of(with_window(evidence)))
    assert wide.incident == evidence.incident.window


def test_the_graph_names_only_entities_that_have_series(of_a):
    known = set(of_a.wide.about["entity"])
    assert {*of_a.wide.graph["caller"], *of_a.wide.graph["callee"]} <= known
    assert ["app (payment-api)", "redis"] in of_a.wide.graph.values.tolist()
    lonely = drop_series(evidence_of(A).samples, lambda labels: "destination" in labels)
    assert wide_frame(Case.of(with_samples(evidence_of(A), lonely))).graph is None


@pytest.mark.parametrize(
    ("metric", "labels", "kind"),
    [
        ("container_cpu_usage_seconds_total", {}, "cpu"),
        ("container_cpu_cfs_throttled_seconds_total", {}, "throttling"),
        ("container_memory_rss", {}, "memory"), ("jvm_memory_used_bytes", {"area": "heap"}, "memory"),
        ("jvm_memory_used_bytes", {"area": "nonheap"}, "other"), ("jvm_gc_pause_seconds_sum", {}, "gc"),
        ("istio_request_duration_milliseconds", {}, "latency"), ("http_server_requests_seconds_max", {}, "latency"),
        ("istio_requests_total", {"response_code": "200"}, "load"), ("istio_requests_total", {"code": "503"}, "errors"),
        ("pg_locks_count", {}, "db"), ("mysql_global_status_threads_running", {}, "db"),
        ("node_network_receive_bytes_total", {}, "network"), ("outbound_call_errors_total", {}, "errors"),
        ("kube_pod_container_status_restarts_total", {}, "event"), ("kube_deployment_metadata_generation", {}, "event"),
        ("up", {}, "availability"), ("go_goroutines", {}, "other"), ("", {}, "other"),
    ],
)  # fmt: skip
def test_the_kind_follows_the_family(metric, labels, kind):
    assert kind_of(metric, labels) == kind


def test_roles_and_units():
    assert [role_of(m) for m in ("x_total", "node_netstat_Tcp_OutSegs", "node_netstat_Tcp_CurrEstab")] == [
        "counter", "counter", "gauge",
    ]  # fmt: skip
    assert not never_falls(0, 2)
    assert never_falls(0, 3)
    assert unit_of("node_memory_bytes", "gauge") == "B"
    assert unit_of("things", "rate") == "1/s"


def test_owners_and_their_names():
    def workload(namespace, pod):
        return pod.split("-")[0]

    exported = {"namespace": "monitoring", "pod": "ksm-0", "exported_namespace": "shop", "exported_pod": "web-1"}
    assert owner_of(exported, workload) == ("shop", "web", "")
    assert owner_of({"namespace": "shop", "deployment": "web", "pod": "ksm-0"}, workload) == ("shop", "web", "")
    assert owner_of({}, workload) == ("", "unknown", "")
    assert entity_names([("a", "x|y", "")]) == {("a", "x|y", ""): "x/y"}


def test_distinctions_are_few_and_tell_all_apart():
    rows = [{"code": c, "proxy": p, "job": "j", "exception": "E" + c} for c in ("2xx", "5xx") for p in ("in", "out")]
    told = distinctions(rows)
    assert len(set(told)) == 4
    assert all(t.count("=") == 2 for t in told)
    assert distinctions([{"a": "1"}, {"a": "1"}]) == ["", ""]
    assert distinctions([{"pod": "x"}, {}])[1] == "{pod=-}"


def test_calls_of_istio_go_from_source_to_destination():
    labels = {"reporter": "source", "source_workload": "web", "destination_workload": "db"}
    assert calls_among([("envoy", labels)], frozenset({"web", "db"})) == [("web", "db")]
    assert calls_among([("web", {"upstream_cluster": "outbound|5432||db.data.svc.cluster.local"})],
                       frozenset({"web", "db"})) == [("web", "db")]  # fmt: skip
