"""How far stalls hold requests: nothing is certain until as many threads wait as requests run, and none completes."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import jvms
from analysis.hypotheses.gc.stall_cover import (
    NO_HOLD,
    Hold,
    Loads,
    hold_of,
    loads_of,
    stall_marks,
    stall_shares,
)
from analysis.sources.gclog.frames import STALL_COLUMNS
from analysis.window import Window
from tests.conftest import B
from tests.hypotheses.gc_cases import made_log, rows_of, stalling_log, stamps, with_logs
from tests.variants import evidence_of

KEY = ("payments", "payment-api", "app")
BEGIN = evidence_of(B).incident.window.start_us
SECOND = 1_000_000


def jvm_of(spans, threads):
    log = stalling_log(spans, (BEGIN - 100 * SECOND, BEGIN + 300 * SECOND), threads=threads, pause_us=2)
    case = Case.of(with_logs(evidence_of(B), log))
    return jvms(case)[KEY][0], case


def served(case, spans, *, held, rate=20, seconds=60, service=0.4):
    """Return the case with requests that come evenly and stand still in some spans, or do not."""
    start = BEGIN + np.arange(rate * seconds) * (SECOND // rate)
    end = start + round(service * SECOND)
    for a, b in spans if held else []:
        end = np.where((start < b) & (end > a), end + np.minimum(b - a, b - start), end)
    table = pd.DataFrame({"duration_seconds": (end - start) / 1e6}, index=stamps(end)).sort_index()
    symptom = case.symptom.__class__(table, (), True, service, 0.0)
    return Case(case.evidence, symptom, case.containers)


def window(seconds=60):
    return Window(*(pd.Timestamp(us, unit="us", tz="UTC") for us in (BEGIN, BEGIN + seconds * SECOND)))


def spans_of(every, length, seconds=60):
    start = BEGIN + np.arange(0, seconds - every, every) * SECOND + SECOND
    return np.stack([start, start + round(length * SECOND)], axis=1)


def test_requests_that_stand_still_with_all_threads_are_held():
    spans = spans_of(3, 1.0)
    jvm, case = jvm_of(spans, 30)
    found = hold_of(served(case, spans, held=True), window(), jvm)
    assert found.share > 0.9
    assert 0.7 < found.low <= found.share
    assert found.full_seconds == pytest.approx(len(spans), rel=0.01)
    assert found.completed < 0.1 * found.expected


def test_requests_that_go_on_beside_waiting_threads_are_not():
    spans = spans_of(3, 1.0)
    jvm, case = jvm_of(spans, 30)
    found = hold_of(served(case, spans, held=False), window(), jvm)
    assert found.low < 0.25
    assert abs(found.share) < 0.25


def test_fewer_threads_than_requests_are_never_sure():
    spans = spans_of(3, 1.0)
    jvm, case = jvm_of(spans, 2)
    assert hold_of(served(case, spans, held=True), window(), jvm).low == 0.0


def test_stalls_without_a_pause_between_have_nothing_to_be_compared_with():
    spans = np.array([[BEGIN - SECOND, BEGIN + 70 * SECOND]])
    jvm, case = jvm_of(spans, 30)
    found = hold_of(served(case, [], held=False), window(), jvm)
    assert np.isnan(found.share)
    assert found.low == 0.0
    calm, case = jvm_of(spans[:0], 1)
    assert hold_of(served(case, [], held=False), window(), calm) == NO_HOLD


def test_without_requests_nothing_is_known():
    jvm, case = jvm_of(spans_of(3, 1.0), 30)
    empty = served(case, [], held=False, rate=1, seconds=1)
    none = Case(empty.evidence, empty.symptom.__class__(empty.symptom.requests.iloc[:0], (), False, 0.4, 0.0), ())
    assert np.isnan(hold_of(none, window(), jvm).share)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=6),
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=6),
)
def test_loads_count_threads_and_requests_as_whole_units_do(stalled, asked):
    spans = [(BEGIN + a, BEGIN + a + n) for a, n in stalled]
    life = (BEGIN - 10, BEGIN + 100)
    log = made_log([], life)
    stalls = rows_of(STALL_COLUMNS, spans)
    case = Case.of(with_logs(evidence_of(B), log.__class__(pauses=log.pauses, stalls=stalls, lives=log.lives)))
    (jvm,) = jvms(case)[KEY]
    requests = [(BEGIN + a, BEGIN + a + n) for a, n in asked]
    table = pd.DataFrame({"duration_seconds": [(b - a) / 1e6 for a, b in requests]},
                         index=stamps([b for _, b in requests]))  # fmt: skip
    edges = np.unique(np.concatenate([stall_marks(jvm), np.array([BEGIN, BEGIN + 80])]))
    loads = loads_of(table, jvm, edges)
    for i, (a, b) in enumerate(pairwise(edges)):
        overlap = [sum(max(0, min(b, y) - max(a, x)) for x, y in rows) / (b - a) for rows in (spans, requests)]
        assert [loads.threads[i], loads.requests[i]] == pytest.approx(overlap, abs=1e-6)
    assert not (loads.full & (loads.threads + 1e-9 < loads.requests)).any()


def test_shares_are_ordered_and_a_hold_that_is_not_sure_leaves_all_open():
    n = 5
    threads = np.array([0.0, 1, 5, 9, 9])
    loads = Loads(np.ones(n), np.full(n, 4.0), threads, np.zeros(n, dtype=bool), np.ones(n, dtype=bool))
    low, mid, high = stall_shares(loads, Hold(0.9, 0.6, 3.0, 1, 30.0))
    assert low.tolist() == [0, 0, 0.6, 0.6, 0.6]
    assert mid[[0, 2, 3]].tolist() == [0, 0.9, 0.9]
    assert np.isnan(mid[1])
    assert high.tolist() == [0, 1, 1, 1, 1]
    low, mid, _ = stall_shares(loads, Hold(0.4, 0.1, 3.0, 12, 30.0))
    assert not low.any()
    assert np.isnan(mid[1:]).all()


@pytest.mark.slow
def test_random_stalls_are_never_sure_to_hold():
    rng = np.random.default_rng(7)
    found = []
    for _ in range(30):
        length, gap = (rng.exponential(rng.choice(scales), 200) for scales in ([0.3, 1.0], [1.0, 3.0]))
        begin = np.cumsum(length + gap) - length
        spans = BEGIN + (np.stack([begin, begin + length], axis=1)[begin < 59] * SECOND).astype("i8")
        jvm, case = jvm_of(spans, 60)
        start = np.sort(BEGIN + rng.uniform(0, 60 * SECOND, 1_200).astype("i8"))
        wander = np.repeat(rng.lognormal(-1, 0.8, 60), 20)
        end = start + (wander * rng.lognormal(0, 0.5, 1_200) * SECOND).astype("i8")
        table = pd.DataFrame({"duration_seconds": (end - start) / 1e6}, index=stamps(end)).sort_index()
        symptom = case.symptom.__class__(table, (), True, 0.4, 0.0)
        found.append(hold_of(Case(case.evidence, symptom, ()), window(), jvm))
    assert max(h.low for h in found) < 0.25
    assert abs(np.mean([h.share for h in found])) < 0.15
