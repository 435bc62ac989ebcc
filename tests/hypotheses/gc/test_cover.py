"""The cover of stops and stalls of one JVM and of several: certain, expected, possible."""

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.cover import covered_by, levels_of, overlap_of
from analysis.hypotheses.gc.jvms import jvms
from tests.conftest import B
from tests.hypotheses.gc_cases import made_log, stalling_log, with_logs
from tests.variants import evidence_of

WINDOW, BASELINE = evidence_of(B).incident.window, evidence_of(B).incident.baseline
LIFE = (BASELINE.start_us - 1_000_000, WINDOW.end_us + 100_000_000)
SPANS = [(WINDOW.start_us + 10_000_000, WINDOW.start_us + 30_000_000)]


def case_of(*logs):
    named = [("app", f"payment-api-7d9c6b5f4-a{i}", log) for i, log in enumerate(logs)]
    case = Case.of(with_logs(evidence_of(B), *named))
    ((_, pods),) = jvms(case).items()
    return case, case.symptom.episodes[0], pods


def at_middle(covered):
    middle = (covered.edges[:-1] + covered.edges[1:]) / 2
    inside = (middle > SPANS[0][0]) & (middle < SPANS[0][1])
    return [np.unique(part[inside]) for part in covered.cover]


def test_a_stop_is_certain_and_of_two_jvms_what_both_do():
    stop, calm = made_log(SPANS, LIFE), made_log([], LIFE)
    assert [x.tolist() for x in at_middle(covered_by(*case_of(stop)))] == [[1], [1], [1]]
    assert [x.tolist() for x in at_middle(covered_by(*case_of(stop, calm)))] == [[0], [0.5], [1]]


def test_a_stall_of_one_thread_is_possible_and_no_more():
    case, episode, pods = case_of(stalling_log(SPANS, LIFE, threads=1, pause_us=2))
    found = covered_by(case, episode, pods)
    low, mid, high = at_middle(found)
    assert low.tolist()[:1] == [0]
    assert np.isnan(mid).any()
    assert high.min() >= 1 - 1e-9
    assert found.explained.low < 0.01 < 0.1 < found.explained.high
    levels = levels_of(case, episode, pods)
    assert levels.inside == pytest.approx(20e6 / (episode.window.end_us - episode.window.start_us), rel=0.1)
    assert levels.baseline < 0.001


def test_several_jvms_have_no_overlap_of_their_own():
    stop = made_log(SPANS, LIFE)
    case, episode, pods = case_of(stop, stop)
    assert overlap_of(case, episode, pods, case.bad_durations(episode)) is None
    assert overlap_of(case, episode, pods[:1], case.bad_durations(episode)).overlap > 0
