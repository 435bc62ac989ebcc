"""What is said besides: a container that no sample knows, and a clock that was not compared."""

import pytest

from tests.conftest import A, B
from tests.hypotheses.gc_cases import shifted, with_logs
from tests.hypotheses.test_gc_pauses import JVM, found_in, log_of
from tests.variants import drop_series, evidence_of, named, with_samples

NO_CLOCK = "The clock of the GC log was not compared with that of the requests."


def test_a_container_that_no_sample_knows_is_said_and_stands_as_written():
    finding = found_in(with_logs(evidence_of(B), log_of(B), container="ap"))["gc_pauses:payments/payment-api/ap"]
    assert finding.entity.container == "ap"
    assert "No sample knows a container ap of payment-api: those recorded are app, istio-proxy." in finding.caveats
    assert not any("No sample knows" in c for c in found_in(evidence_of(B))[JVM].caveats)


def test_without_samples_of_containers_no_name_is_doubted():
    bare = with_samples(evidence_of(B), drop_series(evidence_of(B).samples, lambda labels: "container" in labels))
    finding = found_in(with_logs(bare, log_of(B), container="ap"))["gc_pauses:payments/payment-api/ap"]
    assert not any("No sample knows" in c for c in finding.caveats)


@pytest.mark.parametrize("seconds", [-90, -60, 60])
def test_refuted_by_timing_with_clocks_not_compared_is_said(seconds):
    blind = with_samples(evidence_of(B), drop_series(evidence_of(B).samples, named("jvm_gc_pause_seconds_count")))
    finding = found_in(with_logs(blind, shifted(log_of(B), seconds)))[JVM]
    by_time = any(t.reason in ("rose long before the symptom", "rose later than the symptom") for t in finding.tests)
    assert (NO_CLOCK in finding.caveats) == (finding.verdict == "refuted" and by_time)


def test_where_there_was_little_to_see_the_clock_is_no_matter():
    blind = with_samples(evidence_of(A), drop_series(evidence_of(A).samples, named("jvm_gc_pause_seconds_count")))
    finding = found_in(blind)[JVM]
    assert finding.verdict == "refuted"
    assert NO_CLOCK not in finding.caveats
