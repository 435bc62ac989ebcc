"""Another collector inside the logs of a container: what is compared, with which interval, and what is refused."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.collector_change import collector_changes, contrast_of
from analysis.hypotheses.gc.diagnoses.parts import joined
from analysis.hypotheses.gc.jvms import jvms
from analysis.hypotheses.gc_pauses import examine
from analysis.sources.gclog import frames
from tests.conftest import B
from tests.hypotheses.gc_cases import made_log, rows_of, stall_rows, stalling_log, with_logs
from tests.hypotheses.test_gc_pauses import log_of
from tests.variants import ar1, evidence_of

SECOND = 1_000_000
BEGIN = 1_795_371_000 * SECOND


def train(rng, seconds, mean, origin=BEGIN):
    """Return a pause in each second whose length wanders about a mean [s]."""
    start = origin + np.arange(seconds) * SECOND
    length = np.clip(mean * (1 + 0.3 * ar1(rng, seconds, 0.5)[0]), 0.001, 0.9)
    return np.stack([start, start + np.round(length * 1e6).astype("i8")], axis=1)


def two_lives(rng, seconds, means, collectors=("Serial", "ZGC")):
    """Return a log of two lives, one after the other, each of so many seconds."""
    logs = []
    for i, (mean, name) in enumerate(zip(means, collectors, strict=True)):
        origin = BEGIN + i * (seconds + 5) * SECOND
        life = (origin, origin + seconds * SECOND)
        logs.append(made_log(train(rng, seconds, mean, origin), life, collector=name, cpu_seconds=[mean] * seconds))
    return joined(logs)


def changes_of(*logs):
    return collector_changes(jvms(Case.of(with_logs(evidence_of(B), *logs))))


def test_a_change_has_its_size_with_an_interval():
    (found,) = changes_of(two_lives(np.random.default_rng(1), 200, (0.2, 0.05)))
    v = found.values
    assert (v["from_collector"].value, v["to_collector"].value) == ("Serial", "ZGC")
    assert v["paused_ratio_before"].value == pytest.approx(0.2, abs=0.02)
    assert v["difference_low_ratio"].value < -0.15 + 0.02
    assert v["difference_low_ratio"].value < v["difference_ratio"].value < v["difference_high_ratio"].value < 0
    assert v["change_p"].value < 1e-6
    assert v["pauses_before"].value == v["pauses_after"].value == 200
    assert v["gc_cpu_ratio_before"].value == pytest.approx(0.1, rel=0.02)
    assert v["throughput_ratio_after"].value == pytest.approx(1 - v["paused_ratio_after"].value)
    assert "Traffic, heap size" in found.statement


def test_each_side_has_the_cpus_of_its_own_lives():
    log = two_lives(np.random.default_rng(1), 200, (0.2, 0.2))
    (found,) = changes_of(replace(log, lives=log.lives.assign(cpus=[2.0, 8.0])))
    assert found.values["gc_cpu_ratio_before"].value == pytest.approx(0.1, rel=0.02)
    assert found.values["gc_cpu_ratio_after"].value == pytest.approx(0.025, rel=0.02)


def test_a_log_that_tells_of_safepoints_beside_one_that_does_not_is_said():
    log = two_lives(np.random.default_rng(1), 60, (0.2, 0.2))
    (plain,) = changes_of(log)
    assert "safepoints" not in plain.statement
    late = log.pauses["life"].to_numpy() == 1
    spans = np.stack([log.pauses["start"].astype("i8"), log.pauses.index.astype("i8")], axis=1)[late]
    stops = rows_of(frames.SAFEPOINT_COLUMNS, spans, operation="Collect", life=1)
    (found,) = changes_of(replace(log, safepoints=stops))
    assert "Only one of the two logs tells of safepoints" in found.statement


def test_every_number_of_the_sentence_is_a_value():
    for seconds in (200, 40, 10):
        (found,) = changes_of(two_lives(np.random.default_rng(1), seconds, (0.2, 0.05)))
        texts = " ".join(v.text for v in found.values.values())
        for shown in re.findall(r"\d[\d.,:]*", found.statement):
            assert shown.rstrip(".,:") in texts


@pytest.mark.parametrize("seconds", [10, 29])
def test_a_short_life_decides_nothing(seconds):
    (found,) = changes_of(two_lives(np.random.default_rng(2), seconds, (0.2, 0.01)))
    assert found.values["difference_low_ratio"].value is None
    assert "cannot be told" in found.statement


def test_a_slow_wander_decides_nothing():
    rng = np.random.default_rng(3)
    slow = [np.clip(0.3 + 0.1 * np.cumsum(rng.normal(size=60)) / 4, 0, 1) for _ in range(2)]
    found = contrast_of(*slow)
    assert np.isnan(found.low)
    assert found.n_effective < 10


@pytest.mark.slow
def test_intervals_of_unchanged_series_hold_nought():
    rng = np.random.default_rng(4)
    covered = [c.low <= 0 <= c.high for _ in range(200)
               if np.isfinite((c := contrast_of(ar1(rng, 120, 0.6)[0], ar1(rng, 90, 0.6)[0])).low)]  # fmt: skip
    assert len(covered) > 150
    assert np.mean(covered) >= 0.92


def test_the_same_collector_after_a_restart_is_no_change():
    assert changes_of(two_lives(np.random.default_rng(5), 60, (0.2, 0.1), ("G1", "G1"))) == ()
    assert changes_of(log_of(B)) == ()


def test_pods_that_replace_one_another_are_compared():
    rng = np.random.default_rng(6)
    later = BEGIN + 130 * SECOND
    old = made_log(train(rng, 120, 0.2), (BEGIN, BEGIN + 120 * SECOND), collector="Parallel")
    new = made_log(train(rng, 120, 0.1, later), (later, later + 120 * SECOND), collector="G1")
    (found,) = changes_of(("app", "payment-api-7d9c6b5f4-aaaaa", old), ("app", "payment-api-7d9c6b5f4-bbbbb", new))
    assert found.values["difference_high_ratio"].value < 0
    assert found.values["gc_cpu_ratio_before"].value is None
    assert "of the CPUs" not in found.statement


def test_stalls_are_not_hidden_by_short_pauses():
    first = two_lives(np.random.default_rng(7), 100, (0.2, 0.01))
    spans = train(np.random.default_rng(8), 100, 0.5, BEGIN + 105 * SECOND)
    stalls = stall_rows(spans, 3).assign(life=1)
    (found,) = changes_of(replace(first, stalls=stalls))
    assert found.values["stalled_ratio_before"].value == 0.0
    assert found.values["stalled_ratio_after"].value == pytest.approx(0.5, abs=0.05)
    assert "at least one thread waited for memory" in found.statement


def test_examine_gives_the_observation_beside_its_finding():
    evidence, log = evidence_of(B), log_of(B)
    end = pd.Timestamp(log.lives["end"].iloc[-1])
    start = int(end.value // 1000) + SECOND
    later = stalling_log([], (start, start + 60 * SECOND), threads=1)
    _, seen = examine(Case.of(with_logs(evidence, log, later)))
    assert [o.name for o in seen][:1] == ["collector_change"]
