"""A log's totals to the document: 0 only where the log would have told."""

from dataclasses import replace

import pytest

from analysis.db.logs import log_document
from analysis.sources.pglog.totals import log_totals
from tests.db import servers


@pytest.fixture
def totals(tmp_path):
    def of(events):
        (path := tmp_path / "x.log").write_text(servers.stderr(events, "%m [%p] %q%u@%d "))
        return log_totals(path)

    return of


def nothing(totals):
    return totals([servers.Event(0, 1, "database system is ready to accept connections")])


@pytest.mark.parametrize(
    ("seen", "authorized", "refused"),
    [({}, None, None), ({"authorized": 3, "received": 3}, 3, 0), ({"received": 3}, None, 0),
     ({"received": 3, "refused": 3}, 0, 3), ({"refused": 2}, None, 2), ({"disconnected": 5}, None, None)],
)  # fmt: skip
def test_connections(totals, seen, authorized, refused):
    found = log_document(replace(nothing(totals), connections=seen), {})["connections"]
    assert (found["authorized"], found["refused"]) == (authorized, refused)


def test_errors_show_that_refusals_would_be_logged(totals):
    found = log_document(totals([servers.Event(i, 1, "no", "ERROR") for i in range(2)]), {})
    assert (found["connections"]["refused"], found["connections"]["authorized"]) == (0, None)
    assert found["errors"] == [{"severity": "ERROR", "sqlstate": None, "message": "no", "n": 2}]


def test_what_was_not_logged_is_null_and_said(totals):
    found = log_document(nothing(totals), {})
    assert (found["lock_waits"], found["temp_files"], found["checkpoints"]) == (None, None, None)
    said = " ".join(found["not_logged"])
    for setting in ("log_min_duration_statement", "log_connections", "log_lock_waits", "log_temp_files"):
        assert setting in said
    assert log_document(totals(servers.story()), {})["not_logged"] == []


def test_a_threshold_is_suspected(totals):
    slow = [servers.timed(i, 1, 3000, f"SELECT {i}") for i in range(3)]
    assert "there may be a threshold" in " ".join(log_document(totals(slow), {})["not_logged"])


def test_parts_are_the_total(totals):
    found = log_document(totals(servers.story()), {})
    assert sum(f["calls"] for f in found["fingerprints"]) == found["statements"]["n"] == servers.N
    assert sum(f["total_seconds"] for f in found["fingerprints"]) == pytest.approx(found["statements"]["total_seconds"])
    for f in found["fingerprints"]:
        assert f["mean_seconds"] <= f["max_seconds"] <= f["total_seconds"] + 1e-12
        assert f["p95_seconds"] <= f["max_seconds"]
