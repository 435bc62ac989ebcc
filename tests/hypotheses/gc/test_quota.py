"""Pauses beside a quota: the closed forms of CFS bandwidth control as logs and counters, and what each is called."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import jvms
from analysis.hypotheses.gc.quota import (
    BOTH,
    GC_WORK,
    INDUCED,
    STARVED,
    STRETCHED,
    UNKNOWN,
    quota_of,
    quota_values,
    quota_verdict,
)
from tests.conftest import B
from tests.hypotheses.gc_cases import made_log, with_logs
from tests.variants import CFS, SampleTable, add, evidence_of, with_samples

KEY = ("payments", "payment-api", "app")
POD = "payment-api-7d9c6b5f4-x2k8p"
PERIOD, EVERY = 100_000, 2_000_000


def spans_in(window, seconds):
    start = np.arange(window.start_us + 1_000_000, window.end_us - EVERY, EVERY)
    return np.stack([start, start + round(seconds * 1e6)], axis=1)


def log_with(case, real, usual):
    """Return a log of a collection every two seconds: `usual` long in the baseline, `real` in the episode."""
    cpu, workers, _ = case
    window, baseline = evidence_of(B).incident.window, evidence_of(B).incident.baseline
    spans = np.concatenate([spans_in(baseline, usual), spans_in(window, real)])
    life = (baseline.start_us - 10_000_000, window.end_us + 60_000_000)
    return made_log(spans, life, cpu_seconds=[cpu] * len(spans), workers=float(workers))


def counted(spans, limit, scrape=5.0, *, throttled=True):
    """Return evidence whose container counts a throttled period for each that a long pause ran through."""
    evidence = evidence_of(B)
    window, baseline = evidence.incident.window, evidence.incident.baseline
    step = round(scrape * 1e6)
    times = np.arange(baseline.start_us - step, window.end_us + 2 * step, step)
    inside = spans[spans[:, 0] > window.start_us]
    marks = np.concatenate([np.arange(a + PERIOD, b + 1, PERIOD) for a, b in inside]) if throttled else np.zeros(0)
    who = {"namespace": KEY[0], "pod": POD, "container": KEY[2]}
    names = (*CFS, "container_spec_cpu_quota", "container_spec_cpu_period")
    table = evidence.samples
    keep = np.array([not (x["__name__"] in names and x.get("container") == KEY[2]) for x in table.labels])[table.ids]
    kept = SampleTable(table.labels, table.ids[keep], table.times[keep], table.values[keep])
    series = [
        (CFS[0], np.arange(len(times)) * scrape * 2), (CFS[1], np.searchsorted(np.sort(marks), times).astype(float)),
        (names[2], np.full(len(times), limit * PERIOD)), (names[3], np.full(len(times), float(PERIOD))),
    ]  # fmt: skip
    return with_samples(evidence, add(kept, [({"__name__": name, **who}, times, v) for name, v in series]))


def found_of(case, real, usual, **counters):
    log = log_with(case, real, usual)
    evidence = with_logs(counted(np.stack([log.pauses["start"].astype("i8"), log.pauses.index.astype("i8")], axis=1),
                                 case[2], **counters), log)  # fmt: skip
    whole = Case.of(evidence)
    return quota_of(whole, KEY, jvms(whole)[KEY], whole.symptom.episodes[0])


@pytest.mark.parametrize(
    ("case", "real", "usual", "verdict"),
    [
        ((0.4, 8, 2.0), 0.125, 0.05, INDUCED),
        ((0.12, 4, 0.5), 0.205, 0.03, INDUCED),
        ((0.6, 4, 1.0), 0.525, 0.15, INDUCED),
        ((0.4, 2, 2.0), 0.2, 0.2, GC_WORK),
        ((0.4, 2, 2.0), 0.4, 0.2, STRETCHED),
        ((0.4, 8, 2.0), 0.3, 0.05, BOTH),
        ((0.4, 1, 2.0), 0.4, 0.4, GC_WORK),
    ],
)
def test_the_closed_forms_have_their_names(case, real, usual, verdict):
    found = found_of(case, real, usual)
    assert quota_verdict(found) == verdict
    n = found.work.n
    assert found.work.expected_seconds / n == pytest.approx(usual, abs=0.001)
    assert found.work.paused_seconds / n == pytest.approx(real, abs=0.001)
    if verdict == INDUCED:
        assert found.work.alone_seconds / n == pytest.approx(real, abs=0.001)


def test_much_cpu_a_second_of_pause_does_not_hide_a_quota():
    found = found_of((0.4, 8, 2.0), 0.125, 0.05)
    assert found.work.cpu_seconds / found.work.paused_seconds == pytest.approx(3.2)
    assert quota_verdict(found) == INDUCED


def test_without_throttled_periods_long_pauses_waited_for_something_else():
    found = found_of((0.4, 2, 2.0), 0.4, 0.2, throttled=False)
    assert quota_verdict(found) == STARVED
    assert found.work.attributable_seconds == 0.0


@pytest.mark.parametrize("scrape", [60.0, 45.0])
def test_counters_that_are_read_too_seldom_decide_nothing(scrape):
    found = found_of((0.4, 8, 2.0), 0.125, 0.05, scrape=scrape)
    assert quota_verdict(found) == UNKNOWN
    assert "were read every" in found.reason


def test_what_is_missing_is_said_and_decides_nothing():
    log = log_with((0.4, 8, 2.0), 0.125, 0.05)
    spans = np.stack([log.pauses["start"].astype("i8"), log.pauses.index.astype("i8")], axis=1)
    evidence = counted(spans, 2.0)
    without = replace(log, pauses=log.pauses.assign(user_seconds=np.nan))
    unknown = made_log(spans, (spans[0, 0] - 1, spans[-1, 1] + 1), cpu_seconds=[0.4] * len(spans), workers=np.nan)
    young = replace(log, pauses=log.pauses[log.pauses.index > evidence.incident.window.start])
    for spoiled, reason in ((without, "no CPU times"), (unknown, "how many threads"), (young, "too few pauses")):
        case = Case.of(with_logs(evidence, spoiled))
        found = quota_of(case, KEY, jvms(case)[KEY], case.symptom.episodes[0])
        assert quota_verdict(found) == UNKNOWN
        assert reason in found.reason
        assert not found.work.n or quota_values(found)["gc_quota_verdict"].value == UNKNOWN
    bare = Case.of(with_logs(evidence_of(B), replace(log, pauses=log.pauses.iloc[:0])))
    assert quota_of(bare, KEY, jvms(bare)[KEY], bare.symptom.episodes[0]) is None


def test_a_baseline_whose_pauses_waited_for_a_cpu_is_no_measure():
    found = found_of((0.1, 2, 2.0), 0.4, 0.2)
    assert quota_verdict(found) == UNKNOWN
    assert "waited for a CPU as well" in found.reason


def test_pauses_of_several_pods_are_laid_beside_their_own_counters():
    log = log_with((0.4, 8, 2.0), 0.125, 0.05)
    spans = np.stack([log.pauses["start"].astype("i8"), log.pauses.index.astype("i8")], axis=1)
    case = Case.of(with_logs(counted(spans, 2.0), ("app", POD, log), ("app", "payment-api-7d9c6b5f4-other", log)))
    found = quota_of(case, KEY, jvms(case)[KEY], case.symptom.episodes[0])
    assert quota_verdict(found) == UNKNOWN
    assert "are not recorded" in found.reason
    mine = tuple(j for j in jvms(case)[KEY] if j.pod == POD)
    assert quota_verdict(quota_of(case, KEY, mine, case.symptom.episodes[0])) == INDUCED
