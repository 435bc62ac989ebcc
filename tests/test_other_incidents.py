"""Incidents that no recording holds as it is: the whole examination on each, from evidence to rank."""

import pandas as pd
import pytest

from analysis.hypotheses import examined
from analysis.hypotheses.case import Case
from analysis.incident import Incident, Window
from tests.conftest import A, B, C, D
from tests.other_incidents import joined, slow_calls, under_a_quota, without_rollouts, working_instead_of_waiting
from tests.variants import evidence_of, with_window


def found_in(evidence):
    return examined(Case.of(evidence))[0]


def supported(findings):
    return {f.hypothesis: f for f in findings if f.verdict == "supported"}


def test_two_incidents_in_one_window_are_two_supported_mechanisms_each_for_its_own_part():
    evidence = joined(evidence_of(B), evidence_of(C))
    case = Case.of(evidence)
    assert len(case.symptom.episodes) >= 2
    found = supported(examined(case)[0])
    assert set(found) >= {"gc_pauses", "lock_contention"}
    assert not set(found["gc_pauses"].episodes) & set(found["lock_contention"].episodes)
    assert {"cpu_throttling", "config_push", "deployment"}.isdisjoint(found)


def test_throttling_and_then_locks():
    found = supported(found_in(joined(evidence_of(A), evidence_of(C))))
    assert set(found) >= {"cpu_throttling", "lock_contention"}
    assert "gc_pauses" not in found


def test_throttling_without_a_rollout_has_no_trigger():
    findings = found_in(without_rollouts(evidence_of(A)))
    found = supported(findings)
    assert next(f for f in findings if f.rank == 1).hypothesis == "cpu_throttling"
    assert {"config_push", "deployment", "traffic_change"}.isdisjoint(found)


def test_work_in_the_database_instead_of_locks_is_load_and_names_who_worked():
    findings = found_in(working_instead_of_waiting(evidence_of(C)))
    first = next(f for f in findings if f.rank == 1)
    assert first.hypothesis == "db_load"
    assert "lock_contention" not in supported(findings)
    assert "client_side_fault" not in supported(findings)


D_BASELINE = Window("2026-11-22T18:30:20Z", "2026-11-22T18:31:48Z")
D_WINDOW = Window("2026-11-22T18:32:05Z", "2026-11-22T18:33:20Z")
SLOW = Window("2026-11-22T18:32:20Z", "2026-11-22T18:33:05Z")


def test_a_slow_server_that_says_so_itself_is_named():
    evidence = with_window(evidence_of(D), D_WINDOW, D_BASELINE)
    slowed = slow_calls(evidence, SLOW, "redis", 1.0, own=("redis_commands_duration_seconds_total",))
    slowed = slow_calls(slowed, SLOW, "redis", 1.0, own=("redis_commands_duration_seconds_total",))
    findings = found_in(slowed)
    found = supported(findings)
    assert "server_side_fault" in found
    assert found["server_side_fault"].role == "mechanism"
    assert "redis" in found["server_side_fault"].entity.name
    assert {"client_side_fault", "cpu_throttling", "gc_pauses", "db_load", "lock_contention"}.isdisjoint(found)


def test_a_slow_server_without_its_own_account_is_never_the_client():
    evidence = with_window(evidence_of(D), D_WINDOW, D_BASELINE)
    findings = found_in(slow_calls(evidence, SLOW, "risk-api", 2.0))
    found = supported(findings)
    assert {"client_side_fault", "cpu_throttling", "gc_pauses", "db_load", "lock_contention"}.isdisjoint(found)
    about = [f for f in findings if f.hypothesis in ("server_side_fault", "edge_fault") and "risk-api" in f.id]
    assert any(f.verdict in ("supported", "insufficient") for f in about)


def test_gc_under_a_quota_supports_gc_and_says_what_cannot_be_told_apart():
    findings = found_in(under_a_quota(evidence_of(B)))
    found = supported(findings)
    assert "gc_pauses" in found
    rival = next(f for f in findings if f.hypothesis == "cpu_throttling" and f.entity.container == "app")
    if rival.verdict == "supported":
        assert any("not to be told apart" in c for c in found["gc_pauses"].caveats)
    else:
        assert rival.verdict == "insufficient"


def test_a_busy_but_healthy_hour_accuses_nobody(corpus, tmp_path):
    """The fifth recording: as many throttled periods as in the incident, and no request that is bad."""
    from analysis.capture import capture_from
    from analysis.collect import load

    folder = tmp_path / "e"
    folder.mkdir()
    (folder / "incident.yaml").write_text(
        (A / "incident.yaml")
        .read_text()
        .replace("2026-11-22T18:04:30Z, end: 2026-11-22T18:07:00Z", "2026-11-22T18:34:39Z, end: 2026-11-22T18:35:26Z")
        .replace("2026-11-22T17:57:40Z, end: 2026-11-22T18:02:20Z", "2026-11-22T18:34:19Z, end: 2026-11-22T18:34:39Z"),
        encoding="utf-8",
    )
    capture_from(folder, corpus / "lab" / "E-load-vs-limit")
    case = Case.of(load(Incident.load(folder)))
    findings = examined(case)[0]
    assert not case.symptom.episodes
    assert {f.verdict for f in findings} == {"not_testable"}


@pytest.mark.parametrize("folder", [B, C])
def test_the_window_may_hold_the_baseline_of_another_day(folder):
    """A window that reaches on to the end of the recording changes no head."""
    evidence = evidence_of(folder)
    end = evidence.requests.index[-1].floor("1s")
    window = Window(evidence.incident.window.start, pd.Timestamp(end))
    first = next(f for f in found_in(evidence) if f.rank == 1)
    assert next(f for f in found_in(with_window(evidence, window)) if f.rank == 1).id == first.id
