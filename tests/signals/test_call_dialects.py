"""The dialects as data: what they name, and what counts as a failure."""

import pytest

from analysis.signals.call_dialects import CLIENTS, PATHS, SERVERS, is_failure


@pytest.mark.parametrize(
    ("labels", "bad"),
    [
        ({"status": "200"}, False), ({"status": "500"}, True), ({"status": "IO_ERROR"}, True),
        ({"status": "CLIENT_ERROR"}, True), ({"outcome": "SERVER_ERROR"}, True), ({"outcome": "SUCCESS"}, False),
        ({"response_code": "0", "response_flags": "-"}, True), ({"response_code": "404"}, False),
        ({"response_code": "200", "response_flags": "UT"}, True), ({"response_flags": "UF,URX"}, True),
        ({"error_type": "timeout"}, True), ({}, False),
    ],
)  # fmt: skip
def test_failures_by_label(labels, bad):
    assert is_failure(labels) is bad


def test_every_dialect_of_a_mesh_reads_one_reporter_only():
    for d in CLIENTS:
        if d.calls.startswith("istio_"):
            assert ("reporter", "source") in d.only
    for s in SERVERS:
        if s.seconds.startswith("istio_"):
            assert ("reporter", "destination") in s.only


def test_units():
    assert {d.scale for d in CLIENTS if "milliseconds" in d.seconds or "envoy" in d.seconds} == {1e-3}
    assert {s.scale for s in SERVERS if s.seconds == "pg_stat_database_active_time"} == {1e-3}
    assert all(p.scale in (1.0, 1e-3) for p in PATHS)
