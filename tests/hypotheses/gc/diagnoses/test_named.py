"""All diagnoses together: what a quiet log says, what a bad one says, windows, observations."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.hypotheses.gc.diagnoses.named import NAMED, diagnose, diagnoses
from analysis.sources.gclog.frames import KINDS
from analysis.window import Window
from tests.gc_logs import at, made_log

FULL = [{"end": t, "seconds": 0.2, "kind": "full", "cause": "System.gc()"} for t in (10, 50)]


def test_a_quiet_log_has_no_name():
    rows = [{"end": i, "seconds": 0.01, "kind": "young", "cause": "G1 Evacuation Pause"} for i in range(1, 90)]
    assert diagnose(made_log(pauses=rows)) == ()


def test_only_what_ended_in_the_window():
    log = made_log(pauses=FULL)
    assert [d.name for d in diagnose(log)] == ["full_gc", "explicit_gc"]
    found = diagnose(log, Window(at(40), at(60)))
    assert [d.values["asked"].value for d in found if d.name == "explicit_gc"] == [1]
    assert diagnose(log, Window(at(60), at(90))) == ()


def test_observations_say_whose_they_are():
    seen = diagnoses(made_log(pauses=FULL), None, "app of shop")
    assert [o.name for o in seen] == ["gc_full_gc", "gc_explicit_gc"]
    assert all(o.statement.startswith("app of shop: ") for o in seen)


number = st.floats(0, 1e12) | st.just(float("nan"))
pause = st.fixed_dictionaries({
    "end": st.floats(0, 100), "seconds": st.floats(0, 5), "kind": st.sampled_from(KINDS), "nested": st.booleans(),
    "cause": st.sampled_from(["System.gc()", "Metadata GC Threshold", "G1 Humongous Allocation", "", "{x}"])
    | st.text(string.printable, max_size=9),
    "evacuation_failure": st.sampled_from(["", "both"]), "user_seconds": number, "sys_seconds": number,
    "workers": number, "heap_after_bytes": number, "promoted_bytes": number, "young_before_bytes": number,
    "old_before_bytes": number, "old_after_bytes": number,
    "heap_committed_bytes": number,
})  # fmt: skip
stop = st.fixed_dictionaries({
    "end": st.floats(0, 100), "seconds": st.floats(0, 5), "reaching_seconds": number,
    "operation": st.text(max_size=9),
})  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(st.lists(pause, max_size=30), st.lists(stop, max_size=5))
def test_whatever_a_log_holds_each_is_said_once_and_every_number_is_a_value(pauses, stops):
    found = diagnose(made_log(pauses=sorted(pauses, key=lambda p: p["end"]), safepoints=stops))
    assert len({d.name for d in found}) == len(found) <= len(NAMED) + 1  # and the heap that is full
    for d in found:
        assert d.statement.endswith((".", "unknown."))
        assert all(v.text for v in d.values.values())
        assert d.line > 0
