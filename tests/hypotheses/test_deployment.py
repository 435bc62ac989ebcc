"""Rollouts: verdicts on the recordings, of the service itself, at other times, with sources that are missing."""

from dataclasses import replace

import pandas as pd
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.deployment import examine, onset_us
from analysis.incident import Window
from tests.conftest import A, B, C, D
from tests.other_incidents import joined, later
from tests.variants import drop_series, evidence_of, moved, shift, thin, with_samples, with_window

ROLLOUT = "deployment:payments/order-service"
SMALL = "deployment:payments/notification-service"
OWN = "deployment:payments/payment-api"


def of(evidence):
    return {f.id: f for f in examine(Case.of(evidence))[0]}


def generations(labels):
    return labels["__name__"].startswith("kube_deployment_")


def own_rollout(evidence, lead_seconds, workload="payment-api"):
    """Return the evidence in which only this workload was rolled out, so long before the first bad request."""
    onset = Case.of(evidence).symptom.episodes[0].window.start
    row = evidence.deployments.iloc[[0]].copy()
    start = onset - pd.Timedelta(seconds=lead_seconds)
    row.index = pd.DatetimeIndex([start], name="time").as_unit("us")
    row["finished_at"] = pd.DatetimeIndex([start + pd.Timedelta(seconds=20)]).as_unit("us")
    return replace(evidence, deployments=row.assign(deployment=workload))


def test_a_supports_the_rollout_shortly_before():
    found = of(evidence_of(A))[ROLLOUT]
    assert (found.verdict, found.role) == ("supported", "trigger")
    assert [t.passed for t in found.tests] == [True, True, True, None, True]
    assert found.values["rollout_start"].text == "18:04:32 UTC"
    assert 5 < found.values["lead_seconds"].value < 15
    assert "not known to pass" in found.statement
    assert "caused" not in found.statement
    assert any("notification-service" in c and "after a CPU limit was removed" in c for c in found.caveats)


@pytest.mark.parametrize("folder", [B, C])
def test_b_and_c_refute_the_small_rollout_that_was_over(folder):
    found = of(evidence_of(folder))
    assert list(found) == [SMALL]
    assert found[SMALL].verdict == "refuted"
    assert found[SMALL].tests[0].passed is False
    assert "had ended" in found[SMALL].statement


def test_d_has_nothing_to_explain():
    assert {f.verdict for f in of(evidence_of(D)).values()} == {"not_testable"}


@pytest.mark.parametrize("seconds", [-600, -300, -120, -90, -60, 60, 90, 120, 300, 600])
def test_at_another_time_rollouts_support_nothing(seconds):
    evidence = evidence_of(A)
    other = replace(evidence, deployments=later(evidence.deployments, pd.Timedelta(seconds=seconds)))
    found = of(with_samples(other, shift(evidence.samples, seconds)))
    assert "supported" not in {f.verdict for f in found.values()}


@pytest.mark.parametrize("seconds", [15, 30])
def test_a_slower_scrape_changes_nothing(seconds):
    evidence = evidence_of(A)
    assert of(with_samples(evidence, thin(evidence.samples, seconds)))[ROLLOUT].verdict == "supported"


@pytest.mark.parametrize("seconds", [-20, 20])
def test_windows_a_little_off_change_nothing(seconds):
    evidence = evidence_of(A)
    assert of(with_window(evidence, moved(evidence.incident.window, seconds)))[ROLLOUT].verdict == "supported"


def test_a_window_that_begins_too_late_does_not_move_the_onset():
    evidence = evidence_of(A)
    window = evidence.incident.window
    late = with_window(evidence, Window(window.start + pd.Timedelta(seconds=40), window.end))
    cases = [Case.of(e) for e in (evidence, late)]
    onsets = [onset_us(case, case.symptom.episodes[0]) for case in cases]
    assert onsets[0] == onsets[1] == cases[0].symptom.episodes[0].window.start_us
    assert of(late)[ROLLOUT].verdict == "supported"


def test_a_rollout_of_the_service_itself_lasts():
    found = of(own_rollout(evidence_of(A), 5))[OWN]
    assert found.verdict == "supported"
    assert "the service itself" in found.statement
    assert "after it had begun" in found.statement
    assert found.tests[3].passed is None  # a new version has no like


@pytest.mark.parametrize("lead", [-5, -30, 60, 250])
def test_too_late_or_long_before_is_not_supported(lead):
    for workload in ("payment-api", "elsewhere"):
        (found,) = of(own_rollout(evidence_of(A), lead, workload)).values()
        assert found.verdict != "supported", workload


def test_no_rollout_at_all_is_refuted_only_by_a_source_that_covers_it():
    for folder in (A, B, C):
        evidence = evidence_of(folder)
        nothing = replace(evidence, deployments=evidence.deployments.iloc[:0])
        still = drop_series(nothing.samples, lambda lab: lab.get("deployment") not in (None, "payment-api"))
        (found,) = of(with_samples(nothing, still)).values()
        assert found.verdict == "refuted"
        assert "kube_deployment_metadata_generation" in found.statement
        (found,) = of(with_samples(nothing, drop_series(nothing.samples, generations))).values()
        assert found.verdict == "not_testable"
        assert "nothing shows that it covers the time" in found.statement


def test_an_unknown_finish_is_not_made_up():
    evidence = evidence_of(A)
    table = evidence.deployments
    unknown = pd.Series([pd.NaT] * len(table), index=table.index, dtype=table["finished_at"].dtype)
    without = replace(evidence, deployments=table.assign(finished_at=unknown))
    assert of(without)[ROLLOUT].verdict == "supported"  # the replicas say when it was finished
    blind = with_samples(without, drop_series(without.samples, generations))
    assert of(blind)[ROLLOUT].verdict == "insufficient"


def test_without_pushes_the_verdict_is_weaker():
    evidence = evidence_of(A)
    less = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith("pilot_"))
    assert of(with_samples(evidence, less))[ROLLOUT].verdict == "insufficient"


def harmless_twins(evidence, count):
    """Return the evidence with rollouts as large that began in quiet time."""
    start = evidence.incident.baseline.start
    rows = pd.concat([evidence.deployments.iloc[[1]]] * count)
    begins = [start + pd.Timedelta(seconds=5 + 10 * i) for i in range(count)]
    rows.index = pd.DatetimeIndex(begins, name="time").as_unit("us")
    rows["finished_at"] = rows.index + pd.Timedelta(seconds=5)
    rows["deployment"] = [f"other-{i}" for i in range(count)]
    return replace(evidence, deployments=pd.concat([evidence.deployments, rows]).sort_index())


def test_as_large_rollouts_without_harm_speak_against_it():
    found = of(harmless_twins(evidence_of(A), 3))[ROLLOUT]
    assert found.tests[3].passed is False
    assert found.verdict == "refuted"
    assert of(harmless_twins(evidence_of(A), 1))[ROLLOUT].tests[3].passed is None


@pytest.mark.parametrize(("first", "second", "episode"), [(A, C, 1), (C, A, 2)])
def test_of_two_incidents_only_the_one_at_the_rollout_is_explained(first, second, episode):
    found = of(joined(evidence_of(first), evidence_of(second)))
    assert found[ROLLOUT].verdict == "supported"
    assert found[ROLLOUT].episodes == (episode,)
    assert [f.id for f in found.values() if f.verdict == "supported"] == [ROLLOUT]
