"""What may be said about the database: its state, and load that harmed nobody."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.findings import Entity, Finding, Measured, failed
from analysis.hypotheses.case import Case
from analysis.hypotheses.database.clock import Clock
from analysis.hypotheses.database.dose import doses_of, study
from analysis.hypotheses.database.words import (
    _cores_text,
    beyond_pool,
    caveats,
    database_state,
    harmless_load,
    pool_values,
    sessions_value,
    shared_values,
)
from tests.conftest import A, B, C, D
from tests.session_variants import edited, with_sessions
from tests.variants import drop_series, evidence_of, with_samples


@pytest.mark.parametrize(("folder", "state"), [(A, "effect"), (B, "effect"), (C, "waiting for locks")])
def test_the_state_of_the_recordings(folder, state):
    case = Case.of(evidence_of(folder))
    (episode,) = case.symptom.episodes
    assert database_state(case, doses_of(case, study(case), episode), episode) == state


def test_where_work_rises_as_well_it_is_no_effect():
    evidence = evidence_of(A)
    stalled = (evidence.sessions["state"] == "idle in transaction").to_numpy()
    half = edited(evidence, stalled & (np.cumsum(stalled) % 2 == 0), state="active", wait_type="", wait_event="")
    case = Case.of(half)
    (episode,) = case.symptom.episodes
    assert database_state(case, doses_of(case, study(case), episode), episode) == "working"


def test_shared_values_say_whose_sessions_and_how_many():
    case = Case.of(evidence_of(C))
    values = shared_values(case, study(case), case.symptom.episodes[0].window)
    assert values["service_sessions"].text == "payment-api"
    assert values["lock_sessions"].value == pytest.approx(19, abs=1)
    assert values["lock_baseline_sessions"].value == 0
    assert values["database_cores"].text == "2 cores"
    assert values["samples"].value == 82
    assert values["lock_baseline_sessions"].text == "no session"
    assert sessions_value(float("nan")).value is None


def test_load_that_harmed_somebody_is_no_observation():
    """The same query while requests are bad for another reason is left to the findings."""
    evidence = evidence_of(C)
    case = Case.of(evidence)
    assert len(harmless_load(case, study(case))) == 1
    index = pd.DatetimeIndex(evidence.requests.index)
    then = (index > "2026-11-22T18:28:21Z") & (index < "2026-11-22T18:28:53Z")
    worse = evidence.requests.assign(failed=evidence.requests["failed"] | then)
    case = Case.of(replace(evidence, requests=worse))
    assert harmless_load(case, study(case)) == ()


def test_load_that_is_usual_is_no_observation():
    evidence = evidence_of(D)
    mine = (evidence.sessions["application"] == "payment-api").to_numpy()
    first = mine & ~evidence.sessions.reset_index().duplicated(["time", "application"]).to_numpy()
    always = edited(evidence, first, state="active", wait_type="", wait_event="", query="select 1")
    case = Case.of(always)
    assert harmless_load(case, study(case)) == ()


def made(verdict):
    return Finding("db_load", "mechanism", Entity("", "database"), verdict, "It is so.")


def test_a_refutation_by_time_alone_says_that_no_clock_was_compared():
    found = study(Case.of(evidence_of(C)))
    late = failed("timing", Measured(30.0, "seconds", None, None, 9, None), "it rose later", reason="it rose later")
    by_time = replace(made("refuted"), tests=(late,))
    assert any("was not compared" in c for c in caveats(found, by_time, Clock(float("nan"))))
    assert not any("was not compared" in c for c in caveats(found, by_time, Clock(2.0)))
    small = failed("magnitude", Measured(0.0, "ratio", None, None, 9, None), "it held none", reason="it held none")
    both = replace(by_time, tests=(late, small))
    assert not any("was not compared" in c for c in caveats(found, both, Clock(float("nan"))))


def test_sessions_beyond_the_pool_are_said_to_be_given_up():
    case = Case.of(evidence_of(C))
    found, window = study(case), case.symptom.episodes[0].window
    values = shared_values(case, found, window) | pool_values(found, window)
    assert values["pool_sessions"].value == 8
    assert "given up by their client" in beyond_pool(values, "lock_sessions")
    assert beyond_pool(values, "working_sessions") == ""
    assert beyond_pool(shared_values(case, found, window), "lock_sessions") == ""


def test_one_core_is_one_core():
    assert [_cores_text(n) for n in (1.0, 2.0, 0.5)] == ["1 core", "2 cores", "0.5 cores"]


def test_caveats_say_what_was_not_recorded():
    evidence = evidence_of(C)
    refuted, supported = (made(v) for v in ("refuted", "supported"))
    assert len(caveats(study(Case.of(evidence)), refuted, Clock(0.0))) == 1
    bare = with_samples(evidence, drop_series(evidence.samples, lambda m: m["__name__"].startswith("hikaricp")))
    gone = evidence.sessions.index.unique()[50:60]
    holed = with_sessions(bare, evidence.sessions[~evidence.sessions.index.isin(gone)])
    said = " ".join(caveats(study(Case.of(holed)), supported, Clock(float("nan"))))
    assert "pool was not recorded" in said
    assert "1 stretch without samples" in said
    assert "stood in line" in said
