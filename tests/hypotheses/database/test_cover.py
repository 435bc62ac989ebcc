"""Which share of the bad requests the sessions in a state held."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses import lock_contention
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.cover import _in_flight, _oldest, cover_of
from analysis.hypotheses.database.dose import study
from analysis.hypotheses.db_load import examine as examine_load
from analysis.hypotheses.explained import explained_by
from tests.conftest import A, C
from tests.hypotheses.database_recording import FOLDER, recorded_phase
from tests.session_variants import edited
from tests.variants import drop_series, evidence_of, with_samples


def share(evidence, state):
    case = Case.of(evidence)
    (episode,) = case.symptom.episodes
    edges, cover = cover_of(case, study(case), episode, state)
    found = explained_by(case.bad_durations(episode), edges, cover, typical_seconds=case.symptom.typical_seconds)
    return found.low, found.share, found.high


def test_bounds_are_in_order_at_every_sample():
    case = Case.of(evidence_of(C))
    (episode,) = case.symptom.episodes
    for state in ("lock", "working", "client"):
        edges, cover = cover_of(case, study(case), episode, state)
        assert len(edges) == len(cover.mid) + 1
        assert (np.diff(edges) > 0).all()
        for low, high in ((cover.low, cover.mid), (cover.mid, cover.high)):
            assert (np.nan_to_num(low) <= np.nan_to_num(high) + 1e-9).all()
        assert np.nanmax(cover.high) <= 1


def test_without_a_session_in_the_state_nothing_is_held():
    assert share(evidence_of(A), "lock") == (0, 0, 0)
    assert share(evidence_of(C), "working")[2] < 0.05


def test_the_line_before_the_pool_is_held_by_those_inside():
    low, mid, high = share(evidence_of(C), "lock")
    assert 0.7 < low <= mid < 0.95
    assert mid <= high


def test_without_the_pool_only_sessions_are_certain_and_all_is_possible():
    evidence = evidence_of(C)
    bare = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith("hikaricp"))
    low, mid, high = share(with_samples(evidence, bare), "lock")
    assert low <= mid < 0.25
    assert high > 0.85


def test_sessions_that_nobody_waits_for_any_more_hold_nothing():
    """All transactions are made older than any request: the clients have given them up."""
    evidence = evidence_of(C)
    table = evidence.sessions
    old = edited(evidence, np.zeros(len(table), dtype=bool)).sessions
    old["transaction_start"] = old["transaction_start"] - np.timedelta64(3600, "s")
    assert share(replace(evidence, sessions=old), "lock")[1] == 0


def test_a_queue_that_was_not_recorded_leaves_the_share_open(corpus):
    """In another recording sixty workers stand before the pool and more requests before them: no metric shows those."""
    assert FOLDER.is_dir()
    (found,), _ = lock_contention.examine(Case.of(recorded_phase("C_lock_pileup")))
    tests = {t.name: t for t in found.tests}
    assert found.verdict == "insufficient"
    assert [tests[n].passed for n in ("timing", "specificity", "reversal")] == [True] * 3
    assert tests["magnitude"].low > 0.25
    assert tests["magnitude"].high > 0.9
    assert found.values["blocker"].value == "settlement-batch"
    (load,), _ = examine_load(Case.of(recorded_phase("C_lock_pileup")))
    assert load.verdict == "refuted"


def test_a_dropped_index_of_another_recording(corpus):
    (found,), _ = examine_load(Case.of(recorded_phase("E_missing_index")))
    assert found.verdict == "insufficient"
    assert {t.name: t.passed for t in found.tests}["specificity"] is True
    assert found.values["contributor"].value == "transfer-api"
    assert found.values["server_working_sessions"].value == pytest.approx(15.7, abs=0.7)
    (locks,), _ = lock_contention.examine(Case.of(recorded_phase("E_missing_index")))
    assert locks.verdict == "refuted"


@pytest.mark.parametrize("phase", ["B_n_plus_1", "D_conn_storm"])
def test_phases_that_harmed_nobody_have_nothing_to_explain(corpus, phase):
    for module in (lock_contention.examine, examine_load):
        (found,), _ = module(Case.of(recorded_phase(phase)))
        assert found.verdict == "not_testable"


spans = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=12)


@given(spans, st.lists(st.integers(0, 80), min_size=1, max_size=10))
def test_requests_in_flight_against_counting_by_hand(raw, times):
    start = np.array([s for s, _ in raw], dtype="i8")
    end = start + np.array([d for _, d in raw], dtype="i8") if raw else start
    at = np.array(sorted(times), dtype="i8")
    expected = [sum(s <= t < e for s, e in zip(start, end, strict=True)) for t in at]
    assert _in_flight(start, end, at).tolist() == expected
    oldest = [min((s for s, e in zip(start, end, strict=True) if s <= t < e), default=t) for t in at]
    assert _oldest(start, end, at).tolist() == oldest
