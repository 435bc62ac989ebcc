"""Stops after a request's start, bad against good: false alarms beside random trains of pauses, power, few requests."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.correlate.event_overlap import event_overlap
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.exposure import exposure_of, exposure_test, request_starts
from analysis.hypotheses.gc.jvms import jvms
from analysis.signals.stretches import union
from tests.conftest import A, B
from tests.hypotheses.gc_cases import bursty_train
from tests.variants import evidence_of

LIFE = (0, 600_000_000)


def poisson(rng):
    at = np.sort(rng.uniform(0, 597, 120))
    return union((np.stack([at, at + rng.exponential(0.05, 120)], axis=1) * 1e6).astype("i8"))


def bursts(rng):
    seconds = np.unique(np.concatenate([np.arange(int(s), int(s) + 30) for s in rng.uniform(0, 560, 4)]))
    length = rng.uniform(0.2, 0.9, len(seconds))
    return union((np.stack([seconds, seconds + length], axis=1) * 1e6).astype("i8"))


TRAINS = {"poisson": poisson, "bursts": bursts, "ar": lambda rng: union(bursty_train(rng, LIFE, mean=0.2))}
GRID = np.arange(0, 6001, dtype="i8") * 100_000


@pytest.mark.parametrize("train", TRAINS)
@pytest.mark.parametrize("clustered", [False, True])
def test_independent_pauses_accuse_nobody(train, clustered):
    """Requests of 1.5 s beside pauses that know nothing of them: seven percent of false alarms at most, p uniform."""
    from scipy.stats import kstest

    p = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        starts = np.sort(rng.uniform(0, 597, 4800))
        centre = rng.uniform(100, 440)
        inside = (starts > centre) & (starts < centre + 60) if clustered else np.ones(4800, dtype=bool)
        bad = inside & (rng.random(4800) < (0.5 if clustered else 0.1))
        at = (starts * 1e6).astype("i8")
        found = exposure_of(at, bad, (TRAINS[train](rng),), np.ones(6000, dtype=bool), GRID, reach_seconds=1.5)
        p.append(found.p_value)
    alarms = float(np.mean(np.array(p) <= 0.05))
    print(f"{train}, {'one episode' if clustered else 'scattered'}: {alarms:.1%} at 5 %")
    assert alarms <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)
    assert kstest(p, "uniform").pvalue > 0.01


@pytest.mark.parametrize("seed", range(10))
def test_a_causal_third_is_found_and_measured(seed):
    """Of the bad requests 30 % are bad because a pause fell into them: p below .01, estimate within 5 points."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.uniform(1, 596, 120))
    pauses = union((np.stack([at, at + 0.1], axis=1) * 1e6).astype("i8"))
    others = rng.uniform(0, 597, 4800)
    bad = rng.random(4800) < 0.06
    caused = round(bad.sum() * 0.3 / 0.7)
    starts = np.r_[others, rng.choice(at, caused) - rng.uniform(0, 0.5, caused)]
    bad = np.r_[bad, np.ones(caused, dtype=bool)]
    order = (starts * 1e6).astype("i8")
    found = exposure_of(order, bad, (pauses,), np.ones(6000, dtype=bool), GRID, reach_seconds=1.5)
    assert found.p_value < 0.01
    assert found.bad_seconds > found.good_seconds
    spans = np.stack([starts[bad], starts[bad] + 0.5], axis=1) * 1e6
    overlap = event_overlap(spans, pauses.astype(float), (0.0, 6e8), draws=199)
    assert overlap.p_value < 0.01
    assert overlap.excess_share == pytest.approx(0.3, abs=0.05)


def test_too_few_requests_compare_with_nothing():
    found = exposure_of(
        np.array([1, 2]), np.array([True, False]), (np.zeros((0, 2), "i8"),), np.ones(6000, bool), GRID,
        reach_seconds=1.5,
    )  # fmt: skip
    assert np.isnan(found.p_value)
    assert (found.n_bad, found.n_good) == (1, 1)


def test_the_start_of_a_request_of_unknown_duration_is_its_end():
    index = pd.to_datetime([5_000_000, 9_000_000], unit="us", utc=True)
    table = pd.DataFrame({"duration_seconds": [1.5, np.nan]}, index=index)
    assert request_starts(table).tolist() == [3_500_000, 9_000_000]


@pytest.mark.parametrize(("folder", "outcome"), [(A, False), (B, True)])
def test_the_recordings(folder, outcome):
    case = Case.of(evidence_of(folder))
    (pods,) = jvms(case).values()
    test, found = exposure_test(case, case.symptom.episodes[0], pods)
    assert test.passed is outcome
    assert found.reach_seconds == 1.5
    slow = _slowly(case, pods[0].stops)
    assert [found.bad_seconds, found.good_seconds] == pytest.approx(slow, abs=0.005)


def test_without_durations_nothing_is_compared():
    evidence = evidence_of(B)
    case = Case.of(evidence)
    table = case.symptom.requests.assign(duration_seconds=np.nan)
    blind = replace(case, symptom=replace(case.symptom, requests=table))
    (pods,) = jvms(case).values()
    test, found = exposure_test(blind, case.symptom.episodes[0], pods)
    assert test.passed is None
    assert "not recorded" in test.reason
    assert found.n_bad == 0


def _slowly(case, stops):
    """Return the mean seconds of stop in the first 1.5 s after a start, bad and good, request by request."""
    table = case.symptom.requests
    window, baseline = case.incident.window, case.incident.baseline
    start = request_starts(table)
    length = case.symptom.episodes[0].window.duration_seconds
    until = max(window.end_us, baseline.end_us) + max(length, 60) * 1e6
    met = [
        sum(max(0, min(b, t + 1_500_000) - max(a, t)) for a, b in stops.tolist() if b > t and a < t + 1_500_000) / 1e6
        for t in start.tolist()
    ]
    inside = (start > min(window.start_us, baseline.start_us)) & (start <= until)
    return [float(np.mean(np.array(met)[inside & (table["bad"].to_numpy() == kind)])) for kind in (True, False)]
