"""The clock of the GC log beside the counter of the same pauses."""

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.clock import clock_of, clock_reason
from analysis.hypotheses.gc.jvms import jvms
from tests.conftest import B
from tests.hypotheses.gc_cases import shifted, with_logs
from tests.hypotheses.test_gc_pauses import JVM, found_in, log_of
from tests.variants import evidence_of

KEY = ("payments", "payment-api", "app")


def clock(evidence, key=KEY, *, alone=True):
    case = Case.of(evidence)
    return clock_of(case, key, jvms(case)[key][0], alone=alone)


@pytest.mark.parametrize("seconds", [-45, -30, 0, 30, 45])
def test_an_offset_is_found_on_a_recording(seconds):
    found = clock(with_logs(evidence_of(B), shifted(log_of(B), seconds)))
    assert found.low - 2 <= seconds <= found.high + 2
    assert (clock_reason(found) is None) == (seconds == 0)


@pytest.mark.parametrize(("seconds", "way"), [(30, "30 s ahead of"), (-30, "30 s behind")])
def test_a_wrong_clock_decides_nothing_and_says_so(seconds, way):
    finding = found_in(with_logs(evidence_of(B), shifted(log_of(B), seconds)))[JVM]
    assert finding.verdict == "insufficient"
    assert {t.passed for t in finding.tests} == {None}
    assert "the clock of the GC log is" in finding.statement
    assert way.split()[-2] in finding.statement or way.split()[-1] in finding.statement
    assert "Stops covered" not in finding.statement
    assert finding.values["gc_clock_seconds"].value == pytest.approx(seconds, abs=2)


def test_a_counter_that_may_be_of_another_jvm_is_not_compared():
    evidence = evidence_of(B)
    assert clock(evidence, alone=False) is None
    other = ("payments", "notification-service", "app")
    assert clock(with_logs(evidence, ("app", "notification-service-6f5d8c7b9-abcde", log_of(B))), other) is None
    pod = next(s.labels["pod"] for s in evidence.samples.named("jvm_gc_pause_seconds_count"))
    assert np.isfinite(clock(with_logs(evidence, ("app", pod, log_of(B))), alone=False).seconds)
