"""Lock contention: supported where locks held the requests, with the session that held them; refuted where not."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.lock_contention import examine
from analysis.sources.postgres import no_sessions
from tests.conftest import A, B, C, D
from tests.session_variants import edited, noisy, shifted, thinned, with_sessions
from tests.variants import drop_series, evidence_of, thin, with_samples


def finding(evidence):
    (found,), observations = examine(Case.of(evidence))
    assert observations == ()
    return found


@cache
def of(folder):
    return finding(evidence_of(folder))


def passed(found):
    return {t.name: t.passed for t in found.tests}


def test_c_is_supported_and_names_who_held_the_locks():
    found = of(C)
    assert found.verdict == "supported"
    assert found.id == "lock_contention:data/postgres"
    assert set(passed(found).values()) == {True}
    assert (
        "goes back to ledger-migration, idle in transaction (2 sessions, open for up to 49.1 s): 64" in found.statement
    )
    assert found.statement.startswith(
        "19 sessions of payment-api (sessions given up by their client included: the pool has 8) waited for a lock"
    )
    assert found.explained_ratio > 0.75
    v = found.values
    assert (v["blocker"].value, v["blocker_state"].value) == ("ledger-migration", "idle in transaction")
    assert v["blocker_ratio"].value > 0.99
    assert v["blocker_victims"].value == 64
    assert v["blocker_seconds"].text == "1,593 session-seconds"
    assert v["database_state"].value == "waiting for locks"
    assert v["blocker_statement"].value == "update accounts set currency = ? where id between ? and ?"
    assert found.episodes == (1,)


@pytest.mark.parametrize("folder", [A, B])
def test_a_and_b_are_refuted_since_nobody_waited(folder):
    found = of(folder)
    assert found.verdict == "refuted"
    assert passed(found)["timing"] is False
    assert passed(found)["magnitude"] is False


def test_a_says_that_no_session_waited():
    assert of(A).statement == "No session of payment-api waited for a lock while requests were bad."
    assert of(A).values["database_state"].value == "unchanged"


def test_without_an_incident_nothing_can_be_tested():
    assert of(D).verdict == "not_testable"
    assert "no incident" in of(D).statement
    assert all(t.passed is None and t.reason for t in of(D).tests)


def test_every_number_of_a_sentence_is_a_value():
    for folder in (A, B, C, D):
        found = of(folder)
        told = found.statement
        for v in sorted(found.values.values(), key=lambda v: -len(v.text)):
            told = told.replace(v.text, "") if v.text else told
        assert not any(ch.isdigit() for ch in told), told


@pytest.mark.parametrize(
    "spoil",
    [
        lambda e: with_sessions(e, no_sessions()),
        lambda e: with_sessions(e, e.sessions[e.incident.window.holds(e.sessions.index)]),
        lambda e: with_sessions(e, e.sessions[e.incident.baseline.holds(e.sessions.index)]),
        lambda e: with_samples(e, drop_series(e.samples, lambda labels: labels["__name__"].startswith("hikaricp"))),
        lambda e: thinned(e, 30),
    ],
)
def test_less_evidence_weakens_the_verdict_and_says_why(spoil):
    found = finding(spoil(evidence_of(C)))
    assert found.verdict in ("insufficient", "not_testable")
    assert any(t.reason for t in found.tests)


def test_a_source_that_cannot_be_read_is_the_reason():
    evidence = with_sessions(evidence_of(C), no_sessions())
    path = next(d.path for d in evidence.incident.spec.sources.database if d.kind == "postgres-ash")
    from analysis.collect import Problem

    found = finding(replace(evidence, problems=(Problem(path, "not readable as Parquet"),)))
    assert "not readable as Parquet" in found.statement


@pytest.mark.parametrize("seconds", [-600, -300, -120, -90, -60, 60, 90, 120, 300, 600])
def test_sessions_of_another_time_support_nothing(seconds):
    assert finding(shifted(evidence_of(C), seconds)).verdict != "supported"


@pytest.mark.parametrize("folder", [B, C])
def test_five_hundred_other_applications_and_pools_change_nothing(folder):
    found = finding(noisy(evidence_of(folder), 500, seed=3))
    assert (found.verdict, passed(found)) == (of(folder).verdict, passed(of(folder)))
    assert found.values.get("blocker", None) == of(folder).values.get("blocker", None)


@pytest.mark.parametrize(("every", "phase"), [(2, 0), (2, 1), (5, 0), (5, 3)])
def test_fewer_samples_of_sessions_give_the_same_verdict_or_none(every, phase):
    assert finding(thinned(evidence_of(C), every, phase)).verdict in ("supported", "insufficient")


@pytest.mark.parametrize("seconds", [15, 30, 60])
def test_a_slower_scrape_of_the_pool_gives_the_same_verdict_or_none(seconds):
    evidence = evidence_of(C)
    for phase in range(0, seconds // 5, max(seconds // 15, 1)):
        found = finding(with_samples(evidence, thin(evidence.samples, seconds, phase)))
        assert found.verdict in ("supported", "insufficient"), phase


def test_samples_that_are_missing_in_the_incident_are_not_filled():
    evidence = evidence_of(C)
    index = evidence.sessions.index
    gone = (index > "2026-11-22T18:26:50Z") & (index < "2026-11-22T18:27:10Z")
    found = finding(with_sessions(evidence, evidence.sessions[~gone]))
    whole = of(C)
    magnitude = {t.name: t for t in found.tests}["magnitude"]
    assert magnitude.low < whole.explained_ratio < magnitude.high
    assert found.explained_ratio < whole.explained_ratio
    assert any("without samples" in c for c in found.caveats)


def test_locks_held_by_the_services_own_stalled_sessions_are_an_effect():
    evidence = evidence_of(C)
    holder = (evidence.sessions["application"] == "ledger-migration").to_numpy()
    found = finding(edited(evidence, holder, application="payment-api", user="payment"))
    assert found.verdict == "refuted"
    assert passed(found)["specificity"] is False
    assert found.values["database_state"].value == "effect"
    assert ". It is an effect: " in found.statement
    assert "waited for their client" in found.statement


@pytest.mark.parametrize("seconds", [-60, -30, 30, 60])
def test_sessions_by_another_clock_are_not_judged_by_their_times(seconds):
    found = finding(shifted(evidence_of(C), seconds))
    assert found.verdict == "insufficient"
    assert set(passed(found).values()) == {None}
    assert "the clock of the session samples is about" in found.statement
    assert ("ahead of" in found.statement) == (seconds > 0)
    assert "while requests were bad" not in found.statement
    assert found.values["clock_ahead_seconds"].value == pytest.approx(seconds, abs=3)


def test_where_the_clock_cannot_be_compared_and_time_alone_refutes_it_is_said():
    evidence = shifted(evidence_of(C), 30)
    names = ("pg_", "hikaricp_connections_active")
    blind = with_samples(evidence, drop_series(evidence.samples, lambda m: m["__name__"].startswith(names)))
    found = finding(blind)
    assert found.verdict == "refuted"
    assert [n for n, p in passed(found).items() if p is False] == ["timing"]
    assert "The clock of the samples was not compared with that of the requests." in found.caveats
    assert not any("was not compared" in c for c in of(A).caveats)


def test_only_the_bad_interval_is_blamed():
    """What was seen before it is no part of a sentence about the time in which requests were bad."""
    evidence = evidence_of(C)
    (episode,) = Case.of(evidence).symptom.episodes
    rows = evidence.sessions[episode.window.holds(evidence.sessions.index)]
    waiting = rows[(rows["wait_type"] == "Lock") & (rows["state"] == "active")]
    mine = waiting[waiting["application"] == "payment-api"]
    assert of(C).values["blocked_seconds"].value == pytest.approx(len(mine), rel=0.001)


def test_reasons_name_no_internal_quantity():
    evidence = evidence_of(C)
    index = evidence.sessions.index
    baseline = evidence.incident.baseline
    late = index > baseline.start + 0.75 * (baseline.end - baseline.start)
    found = finding(with_sessions(evidence, evidence.sessions[late]))
    said = " ".join(t.reason for t in found.tests) + found.statement
    assert "average active sessions has" in said
    assert "aas_" not in said


def test_only_active_sessions_are_the_reason():
    evidence = evidence_of(C)
    table = evidence.sessions
    busy = table[(table["state"] != "idle") & (table["state"] != "")]
    found = finding(with_sessions(evidence, busy[busy["application"] == "payment-api"]))
    assert found.verdict in ("insufficient", "not_testable")
    assert "only active sessions were sampled" in found.statement


def test_where_all_states_rise_with_the_locks_it_singles_out_nothing():
    """Half of the waiting sessions wait for reading instead, and an idle transaction stands beside each of them."""
    evidence = evidence_of(C)
    table = evidence.sessions
    waiting = (table["wait_type"] == "Lock").to_numpy()
    turn = np.cumsum(waiting) % 3
    mixed = edited(evidence, waiting & (turn == 1), wait_type="IO", blocked_by="")
    mixed = edited(mixed, waiting & (turn == 2), state="idle in transaction", wait_type="Client", blocked_by="")
    found = finding(mixed)
    assert found.verdict != "supported"
    assert passed(found)["specificity"] is False


def test_without_who_blocks_whom_it_says_so():
    evidence = evidence_of(C)
    found = finding(edited(evidence, np.ones(len(evidence.sessions), dtype=bool), blocked_by=""))
    assert "who held the locks was not recorded" in found.statement
    assert found.values["untraced_ratio"].value == 1


def test_a_blocker_that_no_sample_holds_is_not_described():
    evidence = evidence_of(C)
    gone = evidence.sessions["application"] != "ledger-migration"
    found = finding(with_sessions(evidence, evidence.sessions[gone]))
    assert found.verdict == "supported"
    assert "goes back to sessions that no sample holds (2 sessions): 64 sessions waited" in found.statement


def test_no_literal_of_a_statement_is_shown():
    found = of(C)
    assert "EUR" not in str(found.as_dict())
