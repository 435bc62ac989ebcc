"""Database load: supported where the work of the database held the requests; an effect where its client stood still."""

from functools import cache

import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.db_load import examine
from analysis.sources.postgres import no_sessions
from tests.conftest import A, B, C, D
from tests.session_variants import edited, noisy, shifted, with_sessions
from tests.variants import evidence_of


def examined(evidence):
    (found,), observations = examine(Case.of(evidence))
    return found, observations


@cache
def of(folder):
    return examined(evidence_of(folder))


def passed(found):
    return {t.name: t.passed for t in found.tests}


@cache
def reading():
    """C as if the sessions had read instead of waited for a lock."""
    evidence = evidence_of(C)
    waiting = (evidence.sessions["wait_type"] == "Lock").to_numpy()
    return edited(evidence, waiting, wait_type="IO", wait_event="DataFileRead", blocked_by="")


@pytest.mark.parametrize("folder", [A, B])
def test_sessions_that_wait_for_their_client_are_an_effect(folder):
    found, _ = of(folder)
    assert found.verdict == "refuted"
    assert found.values["database_state"].value == "effect"
    assert found.statement.startswith("Sessions that waited for their client rose to ")
    assert ": idle in transaction and ClientRead, no lock, no CPU (" in found.statement
    assert "waited for a lock, the database worked for no session)" in found.statement
    assert "because" not in found.statement
    assert found.statement.endswith("What rose is an effect: their client stood still.")
    assert found.values["client_sessions"].value > 1
    assert found.values["client_sessions"].text in found.statement


def test_c_is_refuted_and_says_what_rose_instead():
    found, _ = of(C)
    assert found.verdict == "refuted"
    assert found.values["database_state"].value == "waiting for locks"
    assert "What rose were sessions that waited for a lock (19 sessions)." in found.statement


def test_the_query_that_harmed_nobody_is_an_observation():
    _, observations = of(C)
    (seen,) = observations
    assert seen.name == "database_load_without_harm"
    assert seen.values["application"].value == "bi-dashboard"
    assert seen.values["bad_requests"].value == 0
    assert 25 < seen.values["length_seconds"].value < 35
    assert "bi-dashboard made a database load of 1 session at work on average for" in seen.statement
    assert not any(ch.isdigit() for ch in seen.values["statement"].value)
    for folder in (A, B, D):
        assert of(folder)[1] == ()


def test_d_has_no_incident_and_keeps_its_numbers():
    found, _ = of(D)
    assert found.verdict == "not_testable"
    assert found.values["server_working_sessions"].value == 0
    assert found.values["database_cores"].value == 2


def test_work_that_held_the_requests_is_supported_and_its_statement_named():
    found, _ = examined(reading())
    assert found.verdict == "supported"
    assert set(passed(found).values()) == {True}
    assert found.values["contributor"].value == "payment-api"
    assert found.values["contributor_ratio"].value == pytest.approx(1)
    assert "update accounts set balance = balance - ?" in found.statement
    assert "it has 2 cores" in found.statement
    assert found.values["database_state"].value == "working"


def test_work_for_other_applications_is_not_held_against_the_database():
    """The same work, but none of it for the service: it is named, and nothing is supported."""
    evidence = reading()
    waiting = (evidence.sessions["wait_type"] == "IO").to_numpy()
    found, _ = examined(edited(evidence, waiting, application="nightly-report"))
    assert found.verdict == "refuted"
    assert found.values["contributor"].value == "nightly-report"
    assert "nightly-report" in found.statement


def test_sessions_that_sleep_are_no_work():
    evidence = reading()
    waiting = (evidence.sessions["wait_type"] == "IO").to_numpy()
    assert examined(edited(evidence, waiting, wait_type="Timeout", wait_event="PgSleep"))[0].verdict == "refuted"


def test_work_by_another_clock_is_not_judged_by_its_times():
    found, harmless = examined(shifted(reading(), 30))
    assert harmless == ()
    assert found.verdict == "insufficient"
    assert set(passed(found).values()) == {None}
    assert "ahead of that of the metrics" in found.statement
    assert "worked for" not in found.statement


@pytest.mark.parametrize("seconds", [-600, -300, -120, -60, 60, 120, 300, 600])
def test_work_of_another_time_supports_nothing(seconds):
    assert examined(shifted(reading(), seconds))[0].verdict != "supported"


def test_without_samples_nothing_can_be_tested():
    found, observations = examined(with_sessions(reading(), no_sessions()))
    assert (found.verdict, observations) == ("not_testable", ())
    assert "no samples of its sessions were recorded" in found.statement


@pytest.mark.parametrize("evidence", [lambda: evidence_of(B), reading], ids=["B", "reading"])
def test_five_hundred_other_applications_and_pools_change_nothing(evidence):
    before, _ = examined(evidence())
    found, _ = examined(noisy(evidence(), 500, seed=5))
    assert (found.verdict, passed(found)) == (before.verdict, passed(before))


def test_every_number_of_a_sentence_is_a_value():
    for found in (of(A)[0], of(B)[0], of(C)[0], of(D)[0], examined(reading())[0]):
        told = found.statement
        for v in sorted(found.values.values(), key=lambda v: -len(v.text)):
            told = told.replace(v.text, "") if v.text else told
        assert not any(ch.isdigit() for ch in told), told
