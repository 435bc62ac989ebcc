"""Who recorded rollouts: lists, events that expire, generations of deployments."""

from dataclasses import replace

import pandas as pd
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.rollout_record import generation_changes, rollout_record
from analysis.incident import Window
from tests.conftest import A, C
from tests.variants import add, drop_series, evidence_of, with_samples


def blind(evidence):
    """No list, no generations."""
    less = drop_series(evidence.samples, lambda labels: labels["__name__"].startswith("kube_deployment_"))
    return replace(with_samples(evidence, less), deployments=evidence.deployments.iloc[:0])


def from_events(evidence, events):
    files = {**evidence.files, "deployments": evidence.files["events"]}
    return replace(blind(evidence), events=events, files=files)


def test_a_list_with_rollouts_is_taken_as_it_is():
    evidence = evidence_of(A)
    found = rollout_record(Case.of(evidence))
    assert found.rollouts is evidence.deployments
    assert found.covers
    assert found.source == "raw/kubernetes/deployments.csv"


def test_an_empty_list_proves_nothing():
    found = rollout_record(Case.of(blind(evidence_of(A))))
    assert not found.covers
    assert "nothing shows that it covers the time" in found.gap
    nothing = replace(blind(evidence_of(A)), files={})
    assert "neither a list" in rollout_record(Case.of(nothing)).gap


def test_events_prove_an_absence_only_while_older_ones_are_kept():
    evidence = evidence_of(A)
    others = evidence.events[evidence.events["reason"] != "ScalingReplicaSet"]
    window = evidence.incident.window
    old = others[pd.DatetimeIndex(others["end"]) < window.start - pd.Timedelta(seconds=130)]
    new = others[others.index > window.end]
    assert rollout_record(Case.of(from_events(evidence, pd.concat([old, new])))).covers
    expired = rollout_record(Case.of(from_events(evidence, new)))
    assert not expired.covers
    assert "expire" in expired.gap
    assert not rollout_record(Case.of(from_events(evidence, others.iloc[:0]))).covers


@pytest.mark.parametrize("folder", [A, C])
def test_generations_find_the_rollouts_of_the_list_within_a_scrape(folder):
    evidence = evidence_of(folder)
    window = evidence.incident.window
    found, covers = generation_changes(Case.of(evidence), window)
    assert covers
    assert found["deployment"].tolist() == evidence.deployments["deployment"].tolist()
    apart = abs(found.index - evidence.deployments.index)
    assert (apart <= pd.Timedelta(seconds=6)).all()
    ends = abs(found["finished_at"].to_numpy() - evidence.deployments["finished_at"].to_numpy())
    assert (ends <= pd.Timedelta(seconds=12)).all()


def test_a_change_of_replicas_is_no_rollout():
    evidence = evidence_of(C)
    table = evidence.samples
    who = {"exported_namespace": "payments", "deployment": "scaled"}
    (series,) = list(table.named("kube_deployment_metadata_generation", deployment="payment-api"))
    step = (series.times > evidence.incident.window.start_us).astype(float)
    metrics = ("kube_deployment_metadata_generation", "kube_deployment_spec_replicas")
    added = [({"__name__": metric, **who}, series.times, 1 + step) for metric in metrics]
    found, _ = generation_changes(Case.of(with_samples(evidence, add(table, added))), evidence.incident.window)
    assert "scaled" not in set(found["deployment"])


def test_generations_of_another_time_cover_nothing():
    evidence = evidence_of(A)
    window = evidence.incident.window
    beyond = Window(window.end + pd.Timedelta(hours=1), window.end + pd.Timedelta(hours=2))
    assert not generation_changes(Case.of(evidence), beyond)[1]
