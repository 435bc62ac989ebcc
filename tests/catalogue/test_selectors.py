"""Selectors that ask for what was found; on real servers they find each series that they should."""

import json
import re
import urllib.parse
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.catalogue import load_catalogue, resolve, selectors_for
from tests.servers import backfill, import_to_victoria, lab_tsdb, prometheus, victoria_metrics

CATALOGUE = load_catalogue()
SHOP = [("shop", "api")]


def asks(counts, scope="everything", *, services=SHOP, labels=None, extra=()):
    return selectors_for(resolve(CATALOGUE, counts, labels), services, scope, labels=labels, extra=extra)


def texts(*given, **options):
    return [ask.selector for ask in asks(*given, **options)]


POD = {"container_cpu_usage_seconds_total": {"namespace", "pod", "container"}}
ONE = {"container_cpu_usage_seconds_total": 7}


def test_the_three_scopes():
    assert texts(ONE, labels=POD) == ["container_cpu_usage_seconds_total"]
    assert texts(ONE, "namespace", labels=POD) == ['container_cpu_usage_seconds_total{namespace="shop"}']
    assert texts(ONE, "workload", labels=POD) == [
        'container_cpu_usage_seconds_total{namespace="shop",pod=~"api(-.*)?"}'
    ]


def test_several_services():
    services = [("shop", "api"), ("shop", "cart.v2"), ("bank", "pay"), ("shop", "api")]
    assert texts(ONE, "namespace", labels=POD, services=services) == [
        'container_cpu_usage_seconds_total{namespace=~"shop|bank"}'
    ]
    assert texts(ONE, "workload", labels=POD, services=services) == [
        'container_cpu_usage_seconds_total{namespace="shop",pod=~"(api|cart\\\\.v2)(-.*)?"}',
        'container_cpu_usage_seconds_total{namespace="bank",pod=~"pay(-.*)?"}',
    ]


def test_extra_matchers_are_on_all_and_quoted():
    found = texts({"up": 1, **ONE}, "namespace", labels=POD, extra=[("cluster", "=", 'a"b')])
    assert found == ['up{cluster="a\\"b"}', 'container_cpu_usage_seconds_total{namespace="shop",cluster="a\\"b"}']


def test_a_required_name_is_first_and_asked_for_once():
    found = asks({"kube_pod_container_resource_limits": 4, "container_memory_rss": 1})
    assert [(a.question, a.names, a.required) for a in found] == [
        ("cpu_throttling", ("kube_pod_container_resource_limits",), True),
        ("memory", ("container_memory_rss",), False),
    ]
    assert found[1].unit == "bytes"


def test_names_with_an_index_are_one_question():
    counts = {f"envoy_server_worker_{i}_watchdog_miss": 3 for i in range(4)} | {"envoy_server_concurrency": 1}
    found = asks(counts, "namespace", labels={name: {"namespace", "pod"} for name in counts})
    assert [a.selector for a in found] == [
        'envoy_server_concurrency{namespace="shop"}',
        '{__name__=~"envoy_server_(worker_[0-9]+|main_thread)_watchdog_(mega_)?miss",namespace="shop"}',
    ]
    assert (len(found[1].names), found[1].series) == (4, 12)


def test_families_are_asked_for_together_and_buckets_apart():
    counts = {f"redis_thing_{i}": 200 for i in range(5)} | {"redis_x_seconds_bucket": 900}
    found = asks(counts)
    assert all(a.context for a in found)
    assert [(a.series, a.heavy) for a in found] == [(400, False), (400, False), (200, False), (900, True)]
    assert found[0].selector == '{__name__=~"redis_thing_0|redis_thing_1"}'
    assert found[2].selector == "redis_thing_4"
    many = asks({f"redis_a_rather_long_name_of_a_thing_{i:04}": 1 for i in range(300)})
    assert len(many) > 2 and max(len(a.selector) for a in many) < 3100


def test_a_mesh_is_narrowed_on_both_sides():
    labels = {"istio_requests_total": {
        "source_workload", "source_workload_namespace", "destination_workload", "destination_workload_namespace",
        "destination_service_name", "destination_service_namespace", "reporter",
    }}  # fmt: skip
    assert texts({"istio_requests_total": 9}, "workload", labels=labels) == [
        'istio_requests_total{source_workload_namespace="shop",source_workload="api"}',
        'istio_requests_total{destination_workload_namespace="shop",destination_workload="api"}',
        'istio_requests_total{destination_service_namespace="shop",destination_service_name="api"}',
    ]


def test_what_cannot_be_narrowed_is_asked_for_whole_and_says_so():
    found = asks(
        {"http_client_requests_seconds_sum": 3}, "workload", labels={"http_client_requests_seconds_sum": {"uri"}}
    )
    assert found[0].selector == "http_client_requests_seconds_sum"
    assert found[0].note == (
        "not narrowed: its series have none of the labels exported_namespace, namespace, kubernetes_namespace"
    )
    only_namespace = asks({"http_client_requests_seconds_sum": 3}, "workload",
                          labels={"http_client_requests_seconds_sum": {"uri", "namespace"}})  # fmt: skip
    assert only_namespace[0].selector == 'http_client_requests_seconds_sum{namespace="shop"}'


def test_what_is_cluster_wide_stays_so():
    counts = dict.fromkeys(("up", "node_load1", "pg_up", "pilot_xds", "redis_up", "k6_vus"), 1)
    assert sorted(texts(counts, "workload")) == sorted(counts)


def test_nobody_to_narrow_to():
    with pytest.raises(ValueError, match="no service"):
        asks(ONE, "namespace", services=[])
    assert texts(ONE, services=[]) == ["container_cpu_usage_seconds_total"]


def test_shift_and_personal_labels_are_carried():
    found = asks({"aws_rds_dbload_average": 1, "pg_stat_statements_query_id": 5})
    told = {a.names[0]: (a.shift_seconds, a.personal) for a in found}
    assert told == {
        "aws_rds_dbload_average": ((60.0, 600.0), ()),
        "pg_stat_statements_query_id": (None, ("query",)),
    }


AT = 1_760_000_000
LABELS = [
    'namespace="shop",pod="api-6d4-x1"', 'namespace="shop",pod="api"', 'namespace="shop",pod="apiary-1"',
    'namespace="shop",pod="cart-1"', 'namespace="bank",pod="api-1"',
    'namespace="monitoring",pod="ksm-0",exported_namespace="shop",exported_pod="api-7"',
    'namespace="monitoring",exported_namespace="shop",pod="api-8"',
    'namespace="shop",pod="ksm-0",exported_namespace="bank",exported_pod="api-9"',
    'namespace="shop",pod_name="api-old-1"', 'instance="a"',
]  # fmt: skip
WANTED = {0, 1, 5, 6, 8}


def query(url, text):
    body = urllib.parse.urlencode({"query": text, "time": AT}).encode()
    with urllib.request.urlopen(f"{url}/api/v1/query", data=body, timeout=20) as answer:
        return json.load(answer)["data"]["result"]


@pytest.fixture(scope="module", params=["prometheus", "victoria"])
def server(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("selectors")
    rows = [f'container_memory_rss{{{labels},n="{i}"}} {i}' for i, labels in enumerate(LABELS)]
    other = 'jvm_threads_live_threads{namespace="shop",pod="api-1"} 1'
    if request.param == "prometheus":
        lines = ["# TYPE container_memory_rss gauge", *rows, "# TYPE jvm_threads_live_threads gauge", other]
        with prometheus(backfill(folder, (x if x[0] == "#" else f"{x} {AT}" for x in lines))) as url:
            yield url
    else:
        with victoria_metrics(folder) as url:
            import_to_victoria(url, [f"{row} {AT * 1000}" for row in (*rows, other)])
            yield url


@pytest.mark.parametrize("known", [True, False])
def test_a_real_server_finds_each_wanted_series_once(server, known):
    counts = {"container_memory_rss": len(LABELS)}
    names = {name for text in LABELS for name in re.findall(r"(\w+)=", text)}
    found = texts(counts, "workload", labels={"container_memory_rss": names} if known else None)
    numbers = [int(row["metric"]["n"]) for text in found for row in query(server, text)]
    assert sorted(numbers) == sorted(WANTED)
    in_namespace = texts(counts, "namespace", labels={"container_memory_rss": names} if known else None)
    numbers = [int(row["metric"]["n"]) for text in in_namespace for row in query(server, text)]
    assert sorted(numbers) == [0, 1, 2, 3, 5, 6, 8]


def test_a_real_server_counts_what_the_regex_of_a_question_fits(server):
    regex = json.dumps(CATALOGUE.question("memory").names_regex)
    rows = query(server, f"count by (__name__) ({{__name__=~{regex}}})")
    assert {r["metric"]["__name__"]: int(r["value"][1]) for r in rows} == {"container_memory_rss": len(LABELS)}


def test_a_real_server_takes_every_regex(server):
    for question in CATALOGUE.questions:
        query(server, f"count by (__name__) ({{__name__=~{json.dumps(question.names_regex)}}})")


def get(url, path, **form):
    body = urllib.parse.urlencode(form, doseq=True).encode()
    with urllib.request.urlopen(f"{url}{path}", data=body, timeout=60) as answer:
        return json.load(answer)["data"]


def test_all_that_a_recording_holds_is_asked_for_once(corpus, tmp_path):
    every = {"match[]": '{__name__!=""}', "start": 0, "end": 4_000_000_000}
    with prometheus(lab_tsdb(corpus, "C-db-locks", tmp_path)) as url:
        rows = get(url, "/api/v1/series", **every)
        counts = dict.fromkeys({row["__name__"] for row in rows}, 0)
        labels = {name: set() for name in counts}
        for row in rows:
            counts[row["__name__"]] += 1
            labels[row["__name__"]] |= row.keys() - {"__name__"}
        found = asks(counts, labels=labels, services=[])
        seen = []
        for ask in found:
            got = get(url, "/api/v1/series", **{**every, "match[]": ask.selector})
            assert len(got) == ask.series
            seen += [tuple(sorted(row.items())) for row in got]
    left = {row["__name__"] for row in rows} - {dict(row)["__name__"] for row in seen}
    assert left == {"node_exporter_build_info", "postgres_exporter_build_info"}
    assert len(seen) == len(set(seen)) > 1000


NAMESPACES = ("exported_namespace", "namespace", "kubernetes_namespace")
PODS = ("exported_pod", "pod", "pod_name", "kubernetes_pod_name")
SERIES = st.fixed_dictionaries(
    {},
    optional={n: st.sampled_from(["shop", "bank"]) for n in NAMESPACES}
    | {p: st.sampled_from(["api", "api-1", "apis-1", "cart-2"]) for p in PODS},
)


def fits(selector, series):
    """Return whether a selector of one name matches a series, as a server would."""
    for label, op, value in re.findall(r'(\w+)(=~|=)"([^"]*)"', selector):
        text = series.get(label, "")
        if not (re.fullmatch(value, text) if op == "=~" else text == value):
            return False
    return True


def first_of(series, labels):
    return next((series[label] for label in labels if label in series), "")


@given(st.lists(SERIES, min_size=1, max_size=6), st.booleans())
def test_each_series_that_is_wanted_is_found_once(rows, known):
    name = "container_memory_rss"
    seen = {label for row in rows for label in row}
    found = texts({name: len(rows)}, "workload", labels={name: seen} if known else None)
    if known and not seen & set(NAMESPACES):
        assert found == [name]
        return
    for row in rows:
        wanted = first_of(row, NAMESPACES) == "shop"
        if not known or seen & set(PODS):
            wanted &= bool(re.fullmatch("api(-.*)?", first_of(row, PODS)))
        assert sum(fits(selector, row) for selector in found) == wanted
