"""Holes of the log in the findings: unknown is not "no pause", and which part a sentence is about."""

import pandas as pd
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.gaps import gap_caveat, gap_reason
from analysis.hypotheses.gc.jvms import jvms
from tests.conftest import B
from tests.hypotheses.gc_cases import with_logs
from tests.hypotheses.test_gc_pauses import JVM, found_in, log_of
from tests.sources.gclog.test_holes import lines_of, read, stamp
from tests.variants import evidence_of

BEGAN, ENDED = pd.Timestamp("2026-11-22T18:21:40.230Z"), pd.Timestamp("2026-11-22T18:22:41.262Z")


def without_lines(tmp_path, start, end, also="nothing else"):
    kept = [x for x in lines_of(B) if not start < stamp(x) <= end and also not in x]
    return with_logs(evidence_of(B), read(tmp_path, kept))


@pytest.mark.parametrize("also", ["nothing else", "Safepoint"])
@pytest.mark.parametrize("first", [-5, 0, 20])
def test_two_minutes_that_are_gone_are_never_refuted(tmp_path, first, also):
    start = BEGAN + pd.Timedelta(seconds=first)
    finding = found_in(without_lines(tmp_path, start, start + pd.Timedelta(seconds=120), also))[JVM]
    assert finding.verdict in {"insufficient", "not_testable"}
    if finding.verdict == "insufficient":
        assert all("the log has no line from 18:2" in t.reason for t in finding.tests)


def test_a_short_hole_is_said_and_the_sentence_is_of_the_rest(tmp_path):
    finding = found_in(without_lines(tmp_path, BEGAN + pd.Timedelta(seconds=30), BEGAN + pd.Timedelta(seconds=36)))[JVM]
    assert finding.verdict == "supported"
    assert "of the part of the bad interval that the log covers (9" in finding.statement
    assert any(c.startswith("Of the bad interval the GC log has no line from 18:22:") for c in finding.caveats)


def test_a_hole_at_the_onset_does_not_refute(tmp_path):
    finding = found_in(without_lines(tmp_path, BEGAN - pd.Timedelta(seconds=8), BEGAN + pd.Timedelta(seconds=8)))[JVM]
    assert finding.verdict != "refuted"


def test_a_log_without_pauses_gives_no_verdict(tmp_path):
    kept = [x for x in lines_of(B) if " Pause " not in x and "Safepoint" not in x]
    finding = found_in(with_logs(evidence_of(B), read(tmp_path, kept)))[JVM]
    assert finding.verdict == "not_testable"
    assert "the log holds no pauses" in finding.statement


def test_pauses_of_an_unknown_kind_are_stops(tmp_path):
    log = read(tmp_path, [x.replace("Pause Full", "Pause Sideways") for x in lines_of(B) if "Safepoint" not in x])
    finding = found_in(with_logs(evidence_of(B), log))[JVM]
    assert finding.verdict == "supported"
    assert "other pauses" in finding.statement


def test_a_log_that_covers_all_has_nothing_to_say():
    case = Case.of(with_logs(evidence_of(B), log_of(B)))
    (jvm,) = jvms(case)[("payments", "payment-api", "app")]
    assert gap_reason(jvm, case.incident.window) is None
    assert gap_caveat(jvm, case.incident.window, "bad interval") is None
