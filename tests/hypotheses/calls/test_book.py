"""What the samples say of calls, and a cache whose keys are objects, not values."""

from analysis.hypotheses.calls.book import Same, book_of, sources_of
from analysis.hypotheses.case import Case
from analysis.signals.calls import calls_of, nodes_of
from tests.conftest import A, C
from tests.mesh_sources import Caller, mesh_of, with_callers
from tests.variants import evidence_of


def test_a_key_is_equal_only_for_the_very_same_object():
    one, other = [1], [1]
    assert Same(one) == Same(one)
    assert Same(one) != Same(other)
    assert hash(Same(one)) == hash(Same(one))


def test_the_book_of_c():
    book = book_of(Case.of(evidence_of(C)))
    assert {c.destination for c in book.calls} == {"postgres", "redis", "risk-api"}
    assert {c.name for c in book.clocks} == {"postgres", "redis", "payment-api"}
    assert [p.name for p in book.pools] == ["HikariPool-1"]
    assert len(book.paths) == 4


def test_the_node_of_a_pod_is_what_every_series_says_of_it():
    rows = [
        {"namespace": "shop", "pod": "web-0", "node": "n1"},
        {"namespace": "shop", "pod": "web-0", "node": "n1", "container": "app"},
        {
            "namespace": "kube-system",
            "pod": "state-0",
            "exported_namespace": "shop",
            "exported_pod": "api-0",
            "node": "n2",
        },
        {"namespace": "shop", "pod": "moved-0", "node": "n1"},
        {"namespace": "shop", "pod": "moved-0", "node": "n2"},
        {"namespace": "shop", "pod": "bare-0"},
    ]
    assert nodes_of(rows) == {("shop", "web-0"): "n1", ("shop", "api-0"): "n2"}


def test_each_pod_is_a_source_with_its_node_and_only_callers_of_the_same_count():
    elsewhere = Caller("other", "other-6c5d4b3f2-q7w8x", "n3", calls=())
    web = Caller("web", "web-6c5d4b3f2-q7w8x", "n2", calls=("redis",))
    found = sources_of(Case.of(with_callers(mesh_of(evidence_of(A)), [web, elsewhere])))
    assert [(s.workload, s.node, s.own) for s, _ in found] == [("payment-api", "n1", True), ("web", "n2", False)]
    assert {c.destination for c in found[1][1]} == {"redis"}


def test_a_destination_that_the_mesh_does_not_know_is_named_by_its_host():
    evidence = mesh_of(evidence_of(A))
    assert "unknown" not in {c.destination for c in calls_of(evidence.samples.named, evidence.samples.names)}

    def blind(name):
        for s in evidence.samples.named(name):
            labels = {**s.labels, "destination_workload": "unknown"} if "destination_workload" in s.labels else s.labels
            yield type(s)(labels, s.times, s.values)

    found = calls_of(blind, evidence.samples.names)
    assert {c.destination for c in found} == {"postgres", "redis", "risk-api"}
