"""The ledger keeps every suspect: the supported, the refuted, the open, and those that nothing tests."""

from dataclasses import replace

from analysis.findings import Entity, Finding, Test
from analysis.hypotheses import hypotheses
from analysis.ledger import SUSPECTS, ledger


def made(hypothesis, verdict, name="w"):
    return Finding(hypothesis, "mechanism", Entity("n", name), verdict, f"{name} is {verdict}.")


def row(findings, hypothesis):
    suspect = next(s for s in SUSPECTS if hypothesis in s.hypotheses)
    return next(r for r in ledger(findings) if r.suspect == suspect.name)


def test_every_hypothesis_has_its_row_and_every_row_a_hypothesis_that_exists_or_none():
    named = {h for s in SUSPECTS for h in s.hypotheses}
    assert set(hypotheses()) == named
    assert len({s.name for s in SUSPECTS}) == len(SUSPECTS)


def test_without_findings_everything_is_not_tested_with_a_reason_and_the_data_that_would_decide():
    rows = ledger([])
    assert len(rows) == len(SUSPECTS)
    assert all(r.state == "not_tested" and r.reason and r.data and not r.findings for r in rows)


def test_a_suspect_is_what_its_most_telling_finding_is():
    refuted, open_one, supported = (made("cpu_throttling", v, v) for v in ("refuted", "insufficient", "supported"))
    assert row([refuted], "cpu_throttling").state == "refuted"
    assert row([refuted, open_one], "cpu_throttling").state == "insufficient"
    found = row([refuted, open_one, supported], "cpu_throttling")
    assert (found.state, found.first) == ("supported", supported.id)
    assert found.reason == "supported is supported. (1 of 3 is so.)"
    assert set(found.findings) == {refuted.id, open_one.id, supported.id}


def test_data_is_asked_for_only_where_it_would_decide():
    assert row([made("gc_pauses", "refuted")], "gc_pauses").data == ""
    assert row([made("gc_pauses", "insufficient")], "gc_pauses").data
    assert row([made("gc_pauses", "not_testable")], "gc_pauses").data


def test_an_open_suspect_says_what_its_data_left_open():
    tests = (Test("timing", True), Test("magnitude", None, reason="too coarse"))
    found = row([replace(made("gc_pauses", "insufficient"), tests=tests)], "gc_pauses")
    assert found.data.endswith("what there is leaves open: magnitude")


def test_a_hypothesis_that_no_suspect_names_is_listed_too():
    rows = ledger([made("flux_capacitor", "supported")])
    assert (rows[-1].suspect, rows[-1].state) == ("flux capacitor", "supported")
    assert rows[-1].as_dict()["findings"] == ["flux_capacitor:n/w"]
