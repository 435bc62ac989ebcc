"""Collections by what asked for them."""

import pytest

from analysis.hypotheses.gc.diagnoses.causes import (
    REQUESTED,
    explicit_gc,
    full_gc,
    gc_locker,
    humongous_allocations,
    metadata_threshold,
    requested_gc,
)  # fmt: skip
from tests.gc_logs import made_log


def pauses(*causes, kind="young", **more):
    return [{"end": i + 1, "seconds": 0.1, "kind": kind, "cause": c, "gcid": i, **more} for i, c in enumerate(causes)]


def test_full_collections_by_cause_nested_ones_too():
    rows = pauses("Ergonomics", "System.gc()", "Ergonomics", kind="full")
    inner = {**rows[0], "end": 2.95, "nested": True}
    found = full_gc(made_log(pauses=[*rows, inner]))
    assert found.statement.startswith("4 full collections by cause: Ergonomics 3, System.gc() 1;")
    assert full_gc(made_log(pauses=pauses("G1 Evacuation Pause"))) is None


def test_system_gc_answered_by_a_pause_or_by_a_cycle():
    found = explicit_gc(made_log(pauses=pauses("System.gc()", "Allocation Failure", "System.gc()")))
    assert found.values["asked"].value == 2
    cycle = {"end": 9, "seconds": 1, "kind": "zgc", "cause": "System.gc()", "gcid": 4}
    alone = explicit_gc(made_log(cycles=[cycle]))
    assert alone.statement.startswith("1 collection asked for by System.gc()")
    assert alone.values["max_seconds"].value is None
    both = explicit_gc(made_log(cycles=[{**cycle, "gcid": 0}], pauses=pauses("System.gc()")))
    assert both.values["asked"].value == 1


@pytest.mark.parametrize("cause", ["System.gc()", "Heap Dump Initiated GC"])
def test_a_young_pause_and_the_full_one_after_it_are_one_request(cause):
    rows = pauses(*[cause] * 4)
    for i in (1, 3):
        rows[i]["kind"] = "full"
    log = made_log(pauses=[*rows, *pauses("Ergonomics", kind="full", end=9)])
    found = (explicit_gc if cause == "System.gc()" else requested_gc)(log)
    assert found.values["asked"].value == 2
    assert found.values["total_seconds"].value == pytest.approx(0.4)
    assert found.values["causes"].text == f"{cause} 2"


def test_old_logs_do_not_number_their_cycles():
    cycle = {"end": 9, "seconds": 1, "kind": "concurrent_mark", "cause": "System.gc()"}
    rows = pauses("System.gc()", kind="young_concurrent_start", gcid=-1)
    assert explicit_gc(made_log(pauses=rows, cycles=[cycle])).values["asked"].value == 1
    alone = explicit_gc(made_log(cycles=[cycle]))
    assert "Done beside the threads" in alone.statement
    assert "unknown" not in alone.statement


@pytest.mark.parametrize("cause", REQUESTED)
def test_who_asked_from_outside(cause):
    found = requested_gc(made_log(pauses=pauses(cause, "Allocation Failure")))
    assert f"{cause} 1" in found.statement
    assert explicit_gc(made_log(pauses=pauses(cause))) is None


def test_class_metadata():
    rows = pauses("Metadata GC Threshold", "Last ditch collection", kind="full", metaspace_after_bytes=2.0**25)
    found = metadata_threshold(made_log(pauses=rows))
    assert "Last ditch collection 1, Metadata GC Threshold 1" in found.statement
    assert "metaspace after the last: 32 MiB" in found.statement
    cycle = {"end": 9, "seconds": 1, "kind": "zgc", "cause": "Metadata GC Threshold", "gcid": 4}
    beside = metadata_threshold(made_log(cycles=[cycle]))
    assert beside.statement.startswith("1 collection caused by class metadata (Metadata GC Threshold 1). Done beside")
    assert "unknown" not in beside.statement


@pytest.mark.parametrize(("humongous", "others", "named"), [(2, 18, True), (1, 19, False), (9, 10, False)])
def test_humongous_objects_from_a_tenth_of_twenty_pauses_on(humongous, others, named):
    rows = pauses(*["G1 Humongous Allocation"] * humongous, *["G1 Evacuation Pause"] * others)
    log = made_log(pauses=rows, lives=[{"start": 0, "end": 100, "region_bytes": 2.0**21}])
    found = humongous_allocations(log)
    assert (found is not None) is named
    if found is not None:
        assert "half a region or more (1 MiB, regions are 2 MiB)" in found.statement
        assert "G1HeapRegionSize" in found.statement


def test_the_locker_of_native_code():
    rows = pauses(*["GCLocker Initiated GC"] * 5, *["G1 Evacuation Pause"] * 20)
    assert gc_locker(made_log(pauses=rows)).values["caused_ratio"].value == pytest.approx(0.2)
    assert gc_locker(made_log(pauses=rows[:19])) is None
