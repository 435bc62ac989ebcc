"""Tables of what the collector did besides pausing."""

from dataclasses import replace

import pytest

from analysis.investigation import examine
from analysis.views.gc_work import cycles_view, rates_view
from tests.conftest import B
from tests.gc_logs import ORIGIN_US, made_log
from tests.hypotheses.gc_cases import with_logs
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_b():
    return examine(evidence_of(B))


def test_rates_of_both_windows(of_b):
    during, before = rates_view(of_b).data["rows"]
    assert during[:2] == ["app of payment-api", "incident"]
    assert before[:2] == ["app of payment-api", "baseline"]
    assert all(row[2].endswith("MiB/s") for row in (during, before))
    assert during[5] == "67 MiB to 1.56 GiB (21)"
    assert before[5] == "unknown"
    assert [len(row) for row in (during, before)] == [len(rates_view(of_b).data["columns"])] * 2


def test_no_concurrent_collection_is_said(of_b):
    data = cycles_view(of_b).data
    assert (data["rows"], data["folded"]) == ([], True)
    assert data["caption"].endswith(": none in any log")


def test_concurrent_collections_by_cause_with_the_baseline_beside():
    evidence = evidence_of(B)
    during, before = evidence.incident.window, evidence.incident.baseline
    at = [(w.start_us - ORIGIN_US) / 1e6 for w in (during, before)]
    heap = {"heap_before_bytes": 2.0**22, "heap_after_bytes": 2.0**20, "collector": "GenZGC"}
    cycles = [
        {"end": at[0] + 5, "seconds": 2.0, "kind": "major", "cause": "Warmup", "aborted": True},
        {"end": at[0] + 9, "seconds": 1.0, "kind": "major", "cause": "Warmup", **heap},
        {"end": at[0] + 9, "seconds": 0.5, "kind": "minor", "cause": ""},
        {"end": at[1] + 9, "seconds": 1.0, "kind": "major", "cause": "Warmup"},
    ]
    life = {"start": at[1], "end": at[0] + during.duration_seconds, "collector": "GenZGC"}
    pauses = [{"end": at[0] + i, "seconds": 1e-4, "kind": "z_mark_start"} for i in range(1, 20)]
    result = examine(with_logs(evidence, made_log(lives=[life], cycles=cycles, pauses=pauses)))
    assert [row[1:] for row in cycles_view(result).data["rows"]] == [
        ["major", "Warmup", "2", "1", "1", "3 s", "2 s"], ["minor", "–", "1", "0", "0", "500 ms", "500 ms"],
    ]  # fmt: skip
    assert rates_view(result).data["rows"][0][2:5] == ["unknown", "unknown", "4 MiB"]
    assert rates_view(result).data["rows"][0][5] == "1 MiB (1)"


def test_without_a_log_the_tables_are_empty():
    result = examine(replace(evidence_of(B), gc_logs=()))
    assert (rates_view(result).data["rows"], cycles_view(result).data["rows"]) == ([], [])
    assert all(view(result).data["caption"].endswith(": there is no log of use") for view in (rates_view, cycles_view))
