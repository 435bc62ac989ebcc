"""What is said of stalls: how long and how many, and on what it rests that they held requests."""

from analysis.findings import Measured, undecided, value
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import jvms
from analysis.hypotheses.gc.stall_words import (
    stall_caveat,
    stall_clause,
    stall_values,
    unclear,
    what_of,
    which_thread,
)
from tests.conftest import B
from tests.hypotheses.gc.test_stall_cover import KEY, jvm_of, spans_of
from tests.hypotheses.gc_cases import made_log, stall_rows, stalling_log, with_logs
from tests.variants import evidence_of


def test_a_jvm_without_stalls_has_nothing_to_say_of_them():
    case = Case.of(evidence_of(B))
    pods = jvms(case)[KEY]
    assert stall_values(case, pods, case.incident.window) == {}
    assert (what_of(pods, case.incident.window), stall_clause({}), stall_caveat({}), unclear(case, pods)) == (
        "stops",
        "",
        None,
        None,
    )


def test_stalls_have_their_numbers():
    jvm, case = jvm_of(spans_of(3, 1.0), 4)
    found = stall_values(case, (jvm,), case.symptom.episodes[0].window)
    assert 0.2 < found["stalled_ratio"].value < 0.4
    assert found["stalled_threads"].value / found["stalled_ratio"].value > 3.99
    assert found["stalled_baseline_ratio"].value == 0.0
    assert "{stalled_threads} at a time" in stall_clause(found)
    assert what_of((jvm,), case.incident.window) == "stops and stalls"


def test_an_open_magnitude_says_which_thread_is_not_known():
    said = which_thread(undecided("magnitude", "too wide", Measured(0.1, "ratio", 0.0, 0.9, 5, None)))
    assert said.passed is None
    assert "cover between 0 % and 90 %" in said.reason


def test_a_caveat_names_the_completions_it_rests_on():
    values = {"stall_expected": value(40, "count"), "stall_completed": value(2, "count"),
              "stall_full_seconds": value(20.0, "seconds")}  # fmt: skip
    assert "2 completed, where 40 were to be expected" in stall_caveat(values)
    assert stall_caveat(values | {"stall_expected": value(float("nan"), "count")}) is None


def test_stalls_without_pauses_and_stalls_of_always_decide_nothing():
    window, baseline = evidence_of(B).incident.window, evidence_of(B).incident.baseline
    life = (baseline.start_us, window.end_us)
    silent = made_log([], life)
    silent = silent.__class__(stalls=stall_rows([(window.start_us, window.end_us)], 2), lives=silent.lives)
    always = stalling_log([life], life, threads=1)
    for log, said in ((silent, "holds no pauses"), (always, "of the baseline too")):
        case = Case.of(with_logs(evidence_of(B), log))
        assert said in unclear(case, jvms(case)[KEY])
