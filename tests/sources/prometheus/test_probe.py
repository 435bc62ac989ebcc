"""Servers are asked what they are: real ones, and ones that forbid, hide or delay what is optional."""

import json
import time

import pytest

from analysis.sources.prometheus.connection import Settings, connect
from analysis.sources.prometheus.failures import RequestError
from analysis.sources.prometheus.probe import probe
from tests.fake_prometheus import BAD_GATEWAY, FORBIDDEN, UNAUTHORISED, Fault, fault_proxy, late, ok
from tests.servers import backfill, free_port, prometheus, victoria_metrics

CONFIG = """scrape_configs:
- job_name: a
  scrape_interval: 7s
  static_configs: [{targets: ['127.0.0.1:1']}]
"""
START = 1_763_784_000


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    lines = ["# TYPE up gauge", *(f'up{{job="a"}} 1 {START + 15 * i}' for i in range(400))]
    backfill(folder, lines)
    with prometheus(folder, "--query.lookback-delta=3m", "--query.max-samples=1234567", "--query.timeout=41s",
                    config=CONFIG) as url:  # fmt: skip
        yield url


def asked(url, **settings):
    with connect(Settings(url, **settings)) as source:
        source.sleep = lambda seconds: None
        return probe(source, optional_seconds=2.0)


def test_a_real_prometheus_says_everything(real):
    facts = asked(real)
    assert (facts.flavour, facts.version[:2]) == ("prometheus", "2.")
    assert (facts.lookback_seconds, facts.query_timeout_seconds, facts.max_samples) == (180.0, 41.0, 1_234_567)
    assert (facts.has_remote_read, facts.has_export) == (True, False)
    assert facts.oldest_time_us == START * 1_000_000
    assert abs(facts.clock_offset_seconds) < 5
    assert facts.scrape_seconds == {"a": 7.0}
    assert facts.notes == ()
    json.dumps(facts.as_dict())


def test_a_real_victoria_metrics_is_told_by_what_it_leaves_out(tmp_path):
    with victoria_metrics(tmp_path, "-search.maxQueryDuration=17s") as url:
        facts = asked(url)
    assert (facts.flavour, facts.has_remote_read, facts.has_export) == ("victoriametrics", False, True)
    assert (facts.query_timeout_seconds, facts.lookback_seconds, facts.oldest_time_us) == (17.0, None, None)
    assert abs(facts.clock_offset_seconds) < 5
    assert facts.notes == ()


@pytest.mark.parametrize(
    "fault", [FORBIDDEN, UNAUTHORISED, BAD_GATEWAY, Fault(404, b"", "text/plain"), Fault(200, b"[]")]
)
def test_what_is_optional_may_be_refused(real, fault):
    def script(path, form, count):
        return None if path.endswith("/query") else fault

    with fault_proxy(real, script) as url:
        facts = asked(url)
    assert facts.flavour == "unknown"
    assert (facts.version, facts.max_samples, facts.oldest_time_us, facts.scrape_seconds) == ("", None, None, {})
    assert abs(facts.clock_offset_seconds) < 5
    if fault.status != 404:
        assert any("/api/v1/status/flags" in note for note in facts.notes)
    assert not facts.has_remote_read


def test_without_the_metrics_page_the_retention_stands_for_the_oldest_sample(real):
    def script(path, form, count):
        if path == "/metrics":
            return FORBIDDEN
        flags = {"storage.tsdb.retention.time": "15d"}
        return Fault(200, json.dumps({"status": "success", "data": flags}).encode()) if path.endswith("flags") else None

    with fault_proxy(real, script) as url:
        facts = asked(url)
    assert facts.oldest_time_us == pytest.approx((time.time() - 15 * 86_400) * 1e6, abs=60e6)
    assert any("retention of 15d" in note for note in facts.notes)
    assert "/metrics: unauthorised (HTTP 403)" in facts.notes


def test_the_configuration_stands_for_targets_that_are_forbidden(real):
    with fault_proxy(real, lambda path, form, count: FORBIDDEN if path.endswith("targets") else None) as url:
        facts = asked(url)
    assert facts.scrape_seconds == {"a": 7.0}
    assert facts.notes == ("/api/v1/targets: unauthorised (HTTP 403)",)


def test_what_is_slow_is_a_note_and_the_server_is_not_left_alone_for_it(real):
    slow = ("buildinfo", "stores", "flags", "targets", "config", "read", "metrics")

    def script(path, form, count):
        return late(30.0) if path.endswith(slow) else None

    with fault_proxy(real, script) as url, connect(Settings(url)) as source:
        facts = probe(source, optional_seconds=0.2)
        assert sum("timed out (no answer)" in note for note in facts.notes) >= 4
        source.ask("/api/v1/query", {"query": "1"})


def test_a_thanos_is_told_by_its_stores_and_mimir_by_its_name(real):
    stores = {"store": [{"minTime": START * 1000, "maxTime": 2}, {"minTime": -9_223_372_036_854_775_808}], "rule": None}
    answers = {
        "/api/v1/stores": stores,
        "/api/v1/status/buildinfo": {"application": "Grafana Mimir", "version": "2.9.0", "goVersion": "go1.20"},
    }

    def script(which):
        def one(path, form, count):
            return (
                Fault(200, json.dumps({"status": "success", "data": answers[path]}).encode()) if path == which else None
            )

        return one

    with fault_proxy(real, script("/api/v1/stores")) as url:
        facts = asked(url)
        assert (facts.flavour, facts.oldest_time_us) == ("thanos", START * 1_000_000)
    with fault_proxy(real, script("/api/v1/status/buildinfo")) as url:
        facts = asked(url)
        assert (facts.flavour, facts.version) == ("mimir", "2.9.0")


@pytest.mark.parametrize("fault", [UNAUTHORISED, FORBIDDEN])
def test_wrong_credentials_are_an_error_at_once_that_names_the_field(fault, monkeypatch):
    monkeypatch.setenv("AN_AUTH", "user:wr0ng")
    seen = []
    with fault_proxy(None, lambda *_: fault, seen) as url, pytest.raises(RequestError) as caught:
        asked(url, auth="env:AN_AUTH")
    assert (caught.value.failure.kind, len(seen)) == ("unauthorised", 1)
    assert "sources.prometheus.auth" in caught.value.next
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(404, b"404 page not found", "text/plain"), "not_offered"),
        (Fault(200, b"<title>Sign in</title>", "text/html"), "not_understood"),
        (BAD_GATEWAY, "unavailable"),
    ],
)
def test_what_is_no_prometheus_is_an_error_that_names_the_url(fault, kind):
    with fault_proxy(None, lambda *_: fault) as url, pytest.raises(RequestError) as caught:
        asked(url)
    assert caught.value.failure.kind == kind
    assert "sources.prometheus.url" in caught.value.next


def test_nobody_there_is_an_error():
    with pytest.raises(RequestError, match="connection refused"):
        asked(f"http://127.0.0.1:{free_port()}")


def test_remote_read_that_is_sampled_only_is_not_offered_and_said(real):
    def script(path, form, count):
        return Fault(200, b"", "application/x-protobuf") if path.endswith("/read") else None

    with fault_proxy(real, script) as url:
        facts = asked(url)
    assert not facts.has_remote_read
    assert any("not streamed chunks" in note for note in facts.notes)


def test_an_answer_of_odd_json_is_a_note():
    def script(path, form, count):
        return ok(kind="vector") if path.endswith("/query") else Fault(200, b'{"data":{"activeTargets":[1],"yaml":7}}')

    with fault_proxy(None, script) as url:
        facts = asked(url)
    assert facts.scrape_seconds == {}
