"""Did as much of it pass without harm: passes at the incident, fails where it was mostly harmless, else open."""

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.triggers.harm import MOST_STEPS, harm_test, limits_removed, recorded_edges
from tests.conftest import A, C, D
from tests.variants import evidence_of, moved


@pytest.fixture(scope="module")
def case():
    return Case.of(evidence_of(A))


def held(edges, *windows):
    found = np.zeros(len(edges) - 1)
    for window in windows:
        found[(edges[1:] > window.start_us) & (edges[:-1] < window.end_us)] = 1.0
    return found


def test_at_the_incident_alone_it_passes(case):
    (episode,) = case.symptom.episodes
    edges = recorded_edges(case, 5.0)
    found = harm_test(case, episode, edges, held(edges, episode.window), "it was there")
    assert found.passed is True
    assert found.p_value <= 0.05
    assert found.value > 0.8


def test_mostly_harmless_elsewhere_it_fails(case):
    (episode,) = case.symptom.episodes
    edges = recorded_edges(case, 5.0)
    calm = [moved(episode.window, -140), moved(episode.window, -280)]
    found = harm_test(case, episode, edges, held(edges, episode.window, *calm), "it was there")
    assert found.passed is False
    assert "without harm" in found.reason


def test_what_came_after_a_limit_was_removed_is_no_like(case):
    (episode,) = case.symptom.episodes
    (removed,) = limits_removed(case)
    edges = recorded_edges(case, 5.0)
    later = held(edges, episode.window)
    later[edges[:-1] > removed] = 1.0
    assert harm_test(case, episode, edges, later, "it was there").passed is True


def test_never_always_and_unknown_are_no_comparison(case):
    (episode,) = case.symptom.episodes
    edges = recorded_edges(case, 5.0)
    for value in (0.0, 1.0, float("nan")):
        found = harm_test(case, episode, edges, np.full(len(edges) - 1, value), "it was there")
        assert found.passed is None
    assert harm_test(case, episode, edges[:2], np.ones(1), "it was there").passed is None


def test_random_stretches_pass_no_oftener_than_chance(case):
    (episode,) = case.symptom.episodes
    edges = recorded_edges(case, 5.0)
    rng = np.random.default_rng(5)
    passes = 0
    for _ in range(200):
        start = rng.integers(0, len(edges) - 1)
        on = np.zeros(len(edges) - 1)
        on[(start + np.arange(rng.integers(5, 30))) % len(on)] = 1.0
        passes += harm_test(case, episode, edges, on, "it was there").passed is True
    assert passes <= 0.07 * 200


def test_the_grid_covers_the_requests_in_phase_and_is_bounded():
    case = Case.of(evidence_of(D))
    times = case.symptom.requests.index
    edges = recorded_edges(case, 5.0, anchor_us=1_234_567)
    assert (edges % 5_000_000 == 1_234_567).all()
    assert edges[0] < times[0].value // 1000
    assert edges[-1] >= times[-1].value // 1000
    assert len(recorded_edges(case, 1e-4)) <= MOST_STEPS + 2
    assert limits_removed(Case.of(evidence_of(C))) == ()
