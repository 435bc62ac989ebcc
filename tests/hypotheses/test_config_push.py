"""Pushes: verdicts on the recordings, and evidence thinned, moved, taken away, under names of real Istio, or noise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.config_push import examine
from tests.conftest import A, B, C, D
from tests.other_incidents import joined
from tests.variants import (
    add,
    ar1,
    drop_series,
    evidence_of,
    keep_samples,
    moved,
    relabel,
    shift,
    thin,
    with_samples,
    with_window,
)

PLANE = "config_push:istio-system/istiod"
COUNT, SUM = "pilot_proxy_convergence_time_count", "pilot_proxy_convergence_time_sum"


def of(evidence):
    return {f.id: f for f in examine(Case.of(evidence))[0]}


def pilot(labels):
    return labels["__name__"].startswith("pilot_")


def test_a_supports_the_pushes_with_all_five_tests_and_says_fell_while():
    found = of(evidence_of(A))[PLANE]
    assert found.verdict == "supported"
    assert found.role == "trigger"
    assert all(t.passed for t in found.tests)
    assert found.explained_ratio > 0.95
    assert "fell while one was" in found.statement
    assert "caused" not in found.statement
    assert found.values["repeat_convergence_seconds"].value < 2
    assert found.values["convergence_seconds"].value > 30
    assert found.values["repeat_bad_ratio"].value == 0


@pytest.mark.parametrize("folder", [B, C])
def test_b_and_c_refute_them_by_timing(folder):
    found = of(evidence_of(folder))[PLANE]
    assert found.verdict == "refuted"
    assert found.tests[0].passed is False
    assert found.statement.startswith("No configuration push")


def test_d_has_nothing_to_explain():
    assert of(evidence_of(D))[PLANE].verdict == "not_testable"


@pytest.mark.parametrize("seconds", [15, 30, 60])
@pytest.mark.parametrize("folder", [A, B, C])
def test_a_slower_scrape_gives_the_same_verdict_or_none(folder, seconds):
    evidence = evidence_of(folder)
    expected = of(evidence)[PLANE].verdict
    for phase in range(0, seconds // 5, max(seconds // 15, 1)):
        found = of(with_samples(evidence, thin(evidence.samples, seconds, phase)))[PLANE]
        assert found.verdict in {expected, "insufficient"}, phase


@pytest.mark.parametrize("seconds", [-600, -300, -120, -90, -60, 60, 90, 120, 300, 600])
def test_at_another_time_they_support_nothing(seconds):
    evidence = evidence_of(A)
    assert of(with_samples(evidence, shift(evidence.samples, seconds)))[PLANE].verdict != "supported"


@pytest.mark.parametrize("seconds", [-20, 20])
def test_windows_a_little_off_change_nothing(seconds):
    evidence = evidence_of(A)
    assert of(with_window(evidence, moved(evidence.incident.window, seconds)))[PLANE].verdict == "supported"


@pytest.mark.parametrize("name", [COUNT, SUM])
def test_without_a_counter_the_push_time_speaks_and_without_both_nothing(name):
    evidence = evidence_of(A)
    less = drop_series(evidence.samples, lambda labels: labels["__name__"] == name)
    assert of(with_samples(evidence, less))[PLANE].verdict in {"supported", "insufficient"}
    none = of(with_samples(evidence, drop_series(evidence.samples, pilot)))
    assert {f.verdict for f in none.values()} == {"not_testable"}


def test_counters_that_end_before_the_incident_are_said_to():
    evidence = evidence_of(A)
    table = evidence.samples
    mine = np.array([pilot(labels) for labels in table.labels])[table.ids]
    late = table.times > evidence.incident.window.start_us - 60_000_000
    found = of(with_samples(evidence, keep_samples(table, ~(mine & late))))[PLANE]
    assert found.verdict == "not_testable"
    assert "incident window" in found.statement


def test_a_gap_in_the_incident_is_one_long_step_and_not_filled():
    evidence = evidence_of(A)
    table, window = evidence.samples, evidence.incident.window
    mine = np.array([pilot(labels) for labels in table.labels])[table.ids]
    gap = (table.times > window.start_us + 20_000_000) & (table.times < window.end_us - 20_000_000)
    found = of(with_samples(evidence, keep_samples(table, ~(mine & gap))))[PLANE]
    assert found.verdict in {"supported", "insufficient"}
    assert found.tests[1].low < 0.9  # less is certain


def test_two_processes_of_one_control_plane_under_the_names_of_istio():
    """Half of the arrivals are counted by a second istiod pod; they are one suspect, and the verdict is the same."""
    evidence = evidence_of(A)
    table = relabel(
        evidence.samples,
        lambda labels: (
            {**labels, "pod": "istiod-7d9c6b5f4-aaaaa", "app": "istiod", "job": "kubernetes-pods"}
            if pilot(labels)
            else labels
        ),
    )
    parts = []
    for name in (COUNT, SUM):
        (series,) = table.named(name)
        parts.append(({**series.labels, "pod": "istiod-7d9c6b5f4-bbbbb"}, series.times, series.values))
    found = of(with_samples(evidence, add(table, parts)))
    assert list(found) == [PLANE]
    assert found[PLANE].verdict == "supported"


def test_a_control_plane_that_restarts_in_the_incident_counts_on():
    evidence = evidence_of(A)
    table = evidence.samples
    values = table.values.copy()
    restart = evidence.incident.window.start_us + 60_000_000
    for i, labels in enumerate(table.labels):
        if labels["__name__"] in (COUNT, SUM):
            after = (table.ids == i) & (table.times >= restart)
            before = (table.ids == i) & (table.times < restart)
            values[after] -= values[before][-1]
    found = of(with_samples(evidence, replace(table, values=values)))[PLANE]
    assert found.verdict == "supported"


def born_late(evidence, time):
    table = evidence.samples
    ours = ("pilot_", "process_")
    late = np.array([labels["__name__"].startswith(ours) for labels in table.labels])[table.ids] & (table.times < time)
    return with_samples(evidence, keep_samples(table, ~late))


def test_counters_born_with_their_first_push_count_from_zero_while_the_target_was_up():
    evidence = born_late(evidence_of(A), pd.Timestamp("2026-11-22T18:05:10Z").value // 1000)
    assert of(evidence)[PLANE].verdict == "supported"
    down = drop_series(evidence.samples, lambda labels: labels["__name__"] == "up")
    found = of(with_samples(evidence, down))[PLANE]
    assert found.verdict == "not_testable"
    assert "baseline" in found.statement


def noise_planes(table, count, seed):
    """Control planes whose convergence time wanders as an AR(1) of phi .9."""
    (series,) = table.named(COUNT)
    n = len(series.times)
    seconds = 20 * np.exp(ar1(np.random.default_rng(seed), n, 0.9, count) - 0.5)
    added = []
    for i in range(count):
        who = {"job": f"plane-{i}", "instance": str(i), "namespace": "noise"}
        arrived = np.arange(n) // 4
        total = np.cumsum(np.diff(arrived, prepend=0) * seconds[i])
        added += [({"__name__": COUNT, **who}, series.times, arrived.astype(float))]
        added += [({"__name__": SUM, **who}, series.times, total)]
    return add(table, added)


@pytest.mark.parametrize("folder", [A, B, C])
def test_noise_moves_no_verdict(folder):
    evidence = evidence_of(folder)
    expected = of(evidence)[PLANE].verdict
    found = of(with_samples(evidence, noise_planes(evidence.samples, 60, seed=3)))
    assert found[PLANE].verdict == expected
    assert len([name for name, f in found.items() if f.verdict == "supported" and name != PLANE]) <= 1  # measured: .6 %


@pytest.mark.parametrize(("first", "second", "episode"), [(A, C, 1), (C, A, 2)])
def test_of_two_incidents_only_the_one_with_pushes_is_explained(first, second, episode):
    found = of(joined(evidence_of(first), evidence_of(second)))[PLANE]
    assert found.verdict == "supported"
    assert found.episodes == (episode,)
    assert "in 1 of 2 bad intervals" in found.statement
