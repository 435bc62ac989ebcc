"""The gates of every hypothesis: the recordings' verdicts, and what spoiled evidence may do to them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from analysis.hypotheses import examined
from analysis.hypotheses.case import Case
from analysis.incident import Window
from tests.conftest import A, B, C, D
from tests.other_incidents import at_another_time
from tests.variants import (
    add,
    ar1,
    drop_series,
    evidence_of,
    keep_samples,
    moved,
    noise_containers,
    thin,
    with_samples,
    with_window,
)  # fmt: skip

PROXY = "cpu_throttling:payments/payment-api/istio-proxy"
FOLDERS = {"A": A, "B": B, "C": C, "D": D}
TRIGGERS = {"config_push", "deployment", "traffic_change"}
NOT_SUPPORTED = {
    "A": {"gc_pauses", "db_load", "lock_contention", "server_side_fault", "edge_fault", "traffic_change"},
    "B": {"cpu_throttling", "config_push", "deployment", "db_load", "lock_contention", "server_side_fault",
          "edge_fault", "traffic_change"},
    "C": {"cpu_throttling", "gc_pauses", "db_load", "client_side_fault", "config_push", "deployment", "traffic_change"},
}  # fmt: skip
FIRST = {"A": "cpu_throttling", "B": "gc_pauses", "C": "lock_contention"}


@cache
def of(name):
    return examined(Case.of(evidence_of(FOLDERS[name])))[0]


def found_in(evidence):
    return examined(Case.of(evidence))[0]


def first(findings):
    return next((f for f in findings if f.rank == 1), None)


def supported(findings):
    return {f.hypothesis for f in findings if f.verdict == "supported"}


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_the_first_suspect_of_each_recording_with_its_tests_decided(name):
    found = first(of(name))
    assert found.hypothesis == FIRST[name]
    decided = {t.name: t.passed for t in found.tests}
    assert decided["timing"] is True
    assert decided["magnitude"] is True
    assert decided["specificity"] is True


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_the_innocent_are_not_supported_and_the_reason_is_said(name):
    for f in of(name):
        if f.hypothesis in NOT_SUPPORTED[name]:
            assert f.verdict != "supported", f.id
            assert any(t.reason for t in f.tests), f.id


def test_a_has_a_mechanism_a_place_and_a_trigger():
    found = supported(of("A"))
    assert first(of("A")).id == PROXY
    assert "client_side_fault" in found
    assert found & TRIGGERS
    effects = [f for f in of("A") if f.hypothesis == "connection_pool"]
    assert all(f.role == "effect" for f in effects)


@pytest.mark.parametrize("hypothesis", ["gc_pauses", "db_load", "lock_contention"])
def test_a_refutes_what_the_talk_suspected_first(hypothesis):
    found = [f for f in of("A") if f.hypothesis == hypothesis]
    assert found
    assert {f.verdict for f in found} == {"refuted"}


def test_a_knows_the_database_as_an_effect():
    (load,) = [f for f in of("A") if f.hypothesis == "db_load"]
    assert load.effect_of == PROXY


def test_c_names_the_root_blocker():
    found = first(of("C"))
    assert "ledger-migration" in found.statement
    assert "idle in transaction" in found.statement


def test_c_finds_the_pool_as_an_effect_of_the_locks():
    (pool,) = [f for f in of("C") if f.hypothesis == "connection_pool"]
    assert pool.verdict == "supported"
    assert pool.effect_of == first(of("C")).id


def test_d_supports_nothing_and_says_why():
    assert {f.verdict for f in of("D")} == {"not_testable"}
    assert {f.hypothesis for f in of("D")} >= {"gc_pauses", "db_load", "lock_contention", "config_push"}


@pytest.mark.parametrize("seconds", [15, 30, 60])
@pytest.mark.parametrize("name", ["B", "C"])
def test_a_slower_scrape_gives_the_same_verdict_or_none(name, seconds):
    evidence, as_recorded = evidence_of(FOLDERS[name]), {f.id: f.verdict for f in of(name)}
    for phase in range(0, seconds // 5, max(seconds // 15, 1)):
        for f in found_in(with_samples(evidence, thin(evidence.samples, seconds, phase))):
            allowed = {as_recorded.get(f.id, "insufficient"), "insufficient", "not_testable"}
            assert f.verdict in allowed, (f.id, f.verdict, phase)


@pytest.mark.parametrize("seconds", [-20, -10, 10, 20])
@pytest.mark.parametrize("name", ["A", "B", "C", "D"])
def test_windows_that_are_a_little_off_change_nothing_at_the_head(name, seconds):
    evidence = evidence_of(FOLDERS[name])
    incident = evidence.incident
    for which in ("window", "baseline", "both"):
        window = moved(incident.window, seconds) if which != "baseline" else incident.window
        baseline = moved(incident.baseline, seconds) if which != "window" else incident.baseline
        if baseline.end > window.start:
            baseline = Window(baseline.start, window.start)
        found = first(found_in(with_window(evidence, window, baseline)))
        assert (found and found.id) == (first(of(name)) and first(of(name)).id), which


@pytest.mark.parametrize("seconds", [-600, -300, -120, -60, 60, 120, 300, 600])
@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_evidence_of_another_time_supports_nothing(name, seconds):
    """Everything but the requests is moved: what remains supported would be supported by anything."""
    assert not supported(found_in(at_another_time(evidence_of(FOLDERS[name]), seconds)))


def quiet_cuts(count, seed):
    """Two stretches of quiet time against each other, with a symptom so strict that episodes exist."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        name = rng.choice(["A", "B", "C", "D"])
        evidence = evidence_of(FOLDERS[name])
        quiet = {"A": (0, 130), "B": (0, 107), "C": (10, 110), "D": (0, 88)}[name]
        start = evidence.incident.baseline.start
        half = (quiet[1] - quiet[0]) / 2
        cut = quiet[0] + half + rng.uniform(-0.2, 0.2) * half
        times = [start + pd.Timedelta(seconds=s) for s in (quiet[0], cut, quiet[1])]
        first_part, second = Window(times[0], times[1]), Window(times[1], times[2])
        baseline, window = (first_part, second) if rng.random() < 0.5 else (second, first_part)
        cutoff = rng.uniform(0.85, 0.97)
        yield strict(with_window(evidence, window, baseline), cutoff)


def strict(evidence, quantile):
    """Return the evidence with a symptom that calls the slowest few percent bad, and promises fewer."""
    inside = evidence.requests[evidence.incident.window.holds(evidence.requests.index)]
    slow = float(inside["duration_seconds"].quantile(quantile))
    update = {"slower_than_seconds": slow, "objective_ratio": 0.99, "min_duration_seconds": 5.0}
    spec = evidence.incident.spec
    changed = spec.model_copy(update={"symptom": spec.symptom.model_copy(update=update)})
    return replace(evidence, incident=replace(evidence.incident, spec=changed))


def test_two_quiet_stretches_against_each_other_support_nothing():
    count, episodes, wrong = 200, 0, []
    for evidence in quiet_cuts(count, seed=11):
        findings = found_in(evidence)
        case_has_episode = any(f.verdict != "not_testable" for f in findings)
        episodes += case_has_episode
        if supported(findings):
            wrong.append((evidence.incident.spec.id, sorted(supported(findings))))
    assert episodes >= count / 2, "the cuts must hold episodes, or nothing is tested"
    assert len(wrong) <= 0.05 * count, wrong


def without_series(*beginnings):
    return lambda e: with_samples(e, drop_series(e.samples, lambda labels: labels["__name__"].startswith(beginnings)))


CITED = [
    ("A", "cpu_throttling", without_series("container_cpu_cfs")),
    ("A", "client_side_fault", without_series("outbound_", "http_client_", "lettuce_", "hikaricp_", "haproxy_")),
    ("A", "config_push", without_series("pilot_")),
    (
        "A",
        "deployment",
        lambda e: without_series("kube_deployment")(
            replace(e, deployments=e.deployments.iloc[:0], events=e.events.iloc[:0])
        ),
    ),
    ("B", "gc_pauses", lambda e: replace(e, gc_logs=())),
    ("C", "lock_contention", lambda e: replace(e, sessions=e.sessions.iloc[:0])),
    ("C", "connection_pool", without_series("hikaricp_")),
]


@pytest.mark.parametrize(("name", "hypothesis", "spoil"), CITED, ids=[h for _, h, _ in CITED])
def test_without_what_it_cites_a_supported_finding_is_weaker(name, hypothesis, spoil):
    assert hypothesis in supported(of(name))
    after = [f for f in found_in(spoil(evidence_of(FOLDERS[name]))) if f.hypothesis == hypothesis]
    assert all(f.verdict in ("insufficient", "not_testable") for f in after), [(f.id, f.verdict) for f in after]


def test_without_the_servers_own_metrics_the_client_is_never_named():
    evidence = evidence_of(A)
    bare = without_series("redis_", "pg_", "haproxy_")(replace(evidence, sessions=evidence.sessions.iloc[:0]))
    found = {f.hypothesis: f.verdict for f in found_in(bare)}
    assert found["client_side_fault"] in ("insufficient", "not_testable")


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_with_the_bad_interval_missing_from_the_samples_nothing_that_needs_them_is_supported(name):
    evidence = evidence_of(FOLDERS[name])
    window, times = evidence.incident.window, evidence.samples.times
    gap = (times > window.start_us) & (times <= window.end_us)
    found = found_in(with_samples(evidence, keep_samples(evidence.samples, ~gap)))
    told_otherwise = {"gc_pauses", "lock_contention", "db_load", "deployment", "traffic_change"}
    assert supported(found) <= told_otherwise


def noise_destinations(table, count, seed, pod):
    """Calls to further destinations whose rate, duration and errors wander as AR(1) of phi .9."""
    rng = np.random.default_rng(seed)
    times = next(iter(table.named("outbound_call_duration_seconds_count"))).times
    calls, seconds, errors = (np.exp(0.5 * ar1(rng, len(times), 0.9, count)) for _ in range(3))
    added = []
    for i in range(count):
        who = {"namespace": "payments", "pod": pod, "container": "app", "destination": f"noise-{i}", "job": "noise"}
        made = np.round(0.05 * calls[i])
        for metric, value in (
            ("outbound_call_duration_seconds_count", made),
            ("outbound_call_duration_seconds_sum", made * 0.02 * seconds[i]),
            ("outbound_call_errors_total", np.minimum(made, np.round(0.02 * errors[i]))),
        ):
            kind = {"operation": "request"} if "duration" in metric else {"kind": "read_timeout", "exception": "X"}
            added.append(({"__name__": metric, **who, **kind}, times, np.cumsum(value)))
    return add(table, added)


@pytest.mark.parametrize("pod", ["payment-api-7d9c6b5f4-x2k8p", "other-7d9c6b5f4-x2k8p"])
@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_five_hundred_noise_destinations_move_no_verdict(name, pod):
    evidence = evidence_of(FOLDERS[name])
    before = {f.id: f.verdict for f in of(name)}
    after = {
        f.id: f.verdict for f in found_in(with_samples(evidence, noise_destinations(evidence.samples, 500, 5, pod)))
    }
    assert {k: v for k, v in after.items() if k in before} == before
    assert "supported" not in {v for k, v in after.items() if k not in before}
    assert len(after) <= len(before) + 10, "five hundred destinations must not make five hundred cards"


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_noise_containers_move_no_verdict_of_any_hypothesis(name):
    evidence = evidence_of(FOLDERS[name])
    before = {f.id: f.verdict for f in of(name)}
    noisy = with_samples(evidence, noise_containers(evidence.samples, 500, 6))
    after = {f.id: f.verdict for f in found_in(noisy)}
    assert {k: after[k] for k in before} == before
    assert "supported" not in {v for k, v in after.items() if k not in before}


@pytest.mark.parametrize("name", ["A", "B", "C"])
def test_pause_trains_of_other_jvms_move_no_verdict(name):
    """Forty more GC logs, with pauses whose rate wanders as an AR(1) of phi .9."""
    evidence = evidence_of(FOLDERS[name])
    (source,) = evidence.gc_logs
    rng, start = np.random.default_rng(8), evidence.incident.baseline.start
    seconds = int((evidence.incident.window.end - start).total_seconds()) + 120
    more = []
    for i in range(40):
        rate = np.exp(0.7 * ar1(rng, seconds, 0.9)[0] - 2)
        at = np.flatnonzero(rng.random(seconds) < rate) + rng.random()
        ends = (start + pd.to_timedelta(at, unit="s")).as_unit("us")
        pauses = source.log.pauses.iloc[np.arange(len(ends)) % len(source.log.pauses)].copy()
        length = rng.gamma(2, 0.01, len(ends))
        pauses.index = ends.rename(source.log.pauses.index.name)
        pauses["start"] = (ends - pd.to_timedelta(length, unit="s")).as_unit("us")
        pauses["duration_seconds"] = length
        log = replace(source.log, pauses=pauses, safepoints=source.log.safepoints.iloc[:0])
        more.append(replace(source, pod=f"other-{i}-0", container=f"jvm-{i}", log=log))
    after = {f.id: f.verdict for f in found_in(replace(evidence, gc_logs=(source, *more)))}
    before = {f.id: f.verdict for f in of(name)}
    assert {k: after[k] for k in before} == before
    assert "supported" not in {v for k, v in after.items() if k not in before}
