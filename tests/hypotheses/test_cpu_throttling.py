"""The verdicts on the recordings, and the gates: evidence taken away, shifted, thinned, multiplied, in noise."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.cpu_throttling import examine as examine_throttling
from analysis.incident import Window
from analysis.investigation import examine
from tests.conftest import A, B, C, D
from tests.variants import (
    CFS,
    cloned_pods,
    drop_series,
    evidence_of,
    keep_samples,
    moved,
    named,
    noise_containers,
    relabel,
    shift,
    thin,
    with_samples,
    with_window,
)

PROXY = "cpu_throttling:payments/payment-api/istio-proxy"
WEAKER = {"insufficient", "not_testable"}
POD = "payment-api-7d9c6b5f4-x2k8p"


def verdicts(evidence):
    return {f.id: f.verdict for f in examine_throttling(Case.of(evidence))[0]}


def finding(evidence, name=PROXY):
    return next(f for f in examine(evidence).findings if f.id == name)


def throttling(result):
    return [f for f in result.findings if f.hypothesis == "cpu_throttling"]


def test_a_supports_the_sidecar_alone_with_all_five_tests():
    result = examine(evidence_of(A))
    first = result.findings[0]
    assert (first.id, first.verdict, first.rank) == (PROXY, "supported", 1)
    assert [t.name for t in first.tests] == ["timing", "magnitude", "dose", "specificity", "reversal"]
    assert all(t.passed is True for t in first.tests)
    assert all(t.p_value is not None and t.p_value <= 0.05 for t in first.tests)
    assert {f.verdict for f in throttling(result)[1:]} == {"refuted"}
    assert result.incident_found is True
    episode = result.case.symptom.episodes[0]
    assert (episode.bad, episode.failed, episode.slow) == (1822, 1159, 663)


def test_a_reversal_is_the_same_rollout_without_the_limit():
    first = finding(evidence_of(A))
    reversal = first.tests[4]
    assert "same rollout of payments/order-service" in reversal.words
    assert "undefined there, not zero" in reversal.words
    assert first.values["bad_without_limit_ratio"].value == 0
    assert first.values["p_ninety_nine_without_limit_seconds"].value < 0.2
    assert first.values["p_ninety_nine_with_limit_seconds"].value > 5
    assert any("undefined there, not zero" in c for c in first.caveats)
    assert any("summed over CPUs" in c for c in first.caveats)
    assert any("kernel" in c.lower() for c in first.caveats)
    assert any("limit of the pod" in c for c in first.caveats)


@pytest.mark.parametrize("folder", [B, C])
def test_b_and_c_support_no_throttling(folder):
    result = examine(evidence_of(folder))
    assert result.incident_found is True
    assert {f.verdict for f in throttling(result)} == {"refuted"}


def test_d_is_no_incident_and_says_what_it_saw():
    result = examine(evidence_of(D))
    assert result.incident_found is False
    assert "no incident" in result.headline
    assert not [f for f in result.findings if f.verdict == "supported"]
    assert "istio-proxy of payment-api was throttled in up to 52 %" in result.observations[0].statement


def test_c_shows_the_heavy_query_as_throttling_without_harm():
    seen = [o.statement for o in examine(evidence_of(C)).observations]
    assert any(s.startswith("postgres of postgres was throttled in up to 58 %") and " 0 of " in s for s in seen)


@pytest.mark.parametrize("seconds", [15, 30, 60])
@pytest.mark.parametrize("folder", [A, B, C])
def test_a_slower_scrape_never_changes_a_verdict_into_another(folder, seconds):
    evidence = evidence_of(folder)
    expected = verdicts(evidence)
    for phase in range(seconds // 5):
        for name, verdict in verdicts(with_samples(evidence, thin(evidence.samples, seconds, phase))).items():
            assert verdict in {expected[name], "insufficient"}, (name, phase, verdict)


def test_a_at_fifteen_seconds_is_still_supported():
    evidence = evidence_of(A)
    found = [verdicts(with_samples(evidence, thin(evidence.samples, 15, p)))[PROXY] for p in range(3)]
    assert found.count("supported") >= 2


@pytest.mark.parametrize("seconds", [-600, -300, -120, -90, -60, 60, 90, 120, 300, 600])
def test_a_shifted_time_axis_supports_nothing(seconds):
    evidence = evidence_of(A)
    assert "supported" not in verdicts(with_samples(evidence, shift(evidence.samples, seconds))).values()


@pytest.mark.parametrize("metrics", [CFS, CFS[:1], CFS[1:], (*CFS, "container_spec_cpu_quota")])
def test_without_the_cited_series_nothing_is_said(metrics):
    evidence = evidence_of(A)
    table = drop_series(evidence.samples, named(*metrics))
    assert set(verdicts(with_samples(evidence, table)).values()) <= WEAKER


def test_without_samples_in_the_window_nothing_is_said():
    evidence = evidence_of(A)
    times, window = evidence.samples.times, evidence.incident.window
    table = keep_samples(evidence.samples, (times <= window.start_us) | (times > window.end_us))
    assert set(verdicts(with_samples(evidence, table)).values()) <= WEAKER


def test_half_of_the_samples_missing_is_too_few():
    evidence = evidence_of(A)
    window = evidence.incident.window
    inside = (evidence.samples.times > window.start_us) & (evidence.samples.times <= window.end_us)
    middle = inside & (evidence.samples.times <= window.start_us + 0.5 * (window.end_us - window.start_us))
    found = examine(with_samples(evidence, keep_samples(evidence.samples, ~middle)))
    proxy = next(f for f in found.findings if f.id == PROXY)
    assert proxy.verdict in WEAKER
    assert any("samples in the window" in (t.reason or "") for t in proxy.tests)


def test_without_requests_nothing_is_said_and_no_incident_is_not_claimed():
    evidence = evidence_of(A)
    result = examine(replace(evidence, requests=evidence.requests.iloc[:0]))
    assert result.incident_found is None
    assert {f.verdict for f in result.findings} == {"not_testable"}
    assert "could not be measured" in result.headline
    assert any("no request" in p for p in result.problems)


def test_twenty_pods_of_which_three_are_sick_are_one_finding_that_names_the_three():
    evidence = evidence_of(A)
    names = [f"payment-api-7d9c6b5f4-{a}{b}k8p" for a in "bcdf" for b in "ghjkl"]
    sick = {names[3], names[7], names[16]}
    calm = evidence.incident.baseline.end_us
    table = cloned_pods(evidence.samples, POD, names, sick, calm)
    result = examine(with_samples(evidence, table))
    found = [f for f in result.findings if f.id == PROXY]
    assert len(found) == 1
    assert found[0].verdict == "supported"
    assert set(found[0].entity.pods) == sick
    assert "3 of 20 pods" in found[0].statement
    assert any("no pod name" in c for c in found[0].caveats)


@pytest.mark.parametrize(
    ("seed", "where"),
    [
        (1, {}),
        (2, {"pod": POD, "container": "noise-{i}"}),
        (3, {"namespace": "data", "pod": "redis-{i}", "container": "redis"}),
        (4, {"pod": "payment-api-7d9c6b5f4-n{i:04d}", "container": "istio-proxy"}),
    ],
)
def test_five_hundred_noise_containers_move_nothing(seed, where):
    evidence = evidence_of(A)
    before = verdicts(evidence)
    result = examine(with_samples(evidence, noise_containers(evidence.samples, 500, seed, **where)))
    after = {f.id: f for f in result.findings}
    assert [f.id for f in throttling(result) if f.verdict == "supported"] == [PROXY]
    assert after[PROXY].rank == 1
    for name, verdict in before.items():
        if not (where.get("container") == "redis" and "redis" in name):  # those pods join that very workload
            assert after[name].verdict == verdict, name
    assert after[PROXY].entity.pods == (POD,)


def test_a_container_that_is_always_throttled_is_not_accused():
    evidence = evidence_of(A)
    times = next(iter(evidence.samples.named(CFS[0]))).times
    who = {"namespace": "payments", "pod": POD, "container": "always"}
    n = np.arange(len(times))
    from tests.variants import add

    rng = np.random.default_rng(0)
    hits = np.cumsum(rng.binomial(50, 0.95, len(times)))
    table = add(
        evidence.samples,
        [({"__name__": CFS[0], **who}, times, n * 50.0), ({"__name__": CFS[1], **who}, times, hits.astype(float))],
    )
    found = finding(with_samples(evidence, table), "cpu_throttling:payments/payment-api/always")
    assert found.verdict == "refuted"
    assert "did not rise" in found.statement


@pytest.mark.parametrize(
    ("namespace", "pod", "workload"),
    [
        ("batch", "report-maker-0", "report-maker"),
        ("observability", "query-7d9c6b5f4-abcde", "query"),  # the word stands in labels of the service's series
        ("other", "redis-0", "redis"),  # another team's: the service calls redis.data
        ("payments", "payment-api-canary-7d9c6b5f4-abcde", "payment-api-canary"),
        ("x", "500", "500"),
    ],
)
def test_a_bystander_throttled_at_the_very_time_is_not_supported_without_a_path(namespace, pod, workload):
    """C's locks, and an unrelated workload whose container is throttled exactly then."""
    evidence = evidence_of(C)
    episode = Case.of(evidence).symptom.episodes[0].window
    times = next(iter(evidence.samples.named(CFS[0]))).times
    inside = (times > episode.start_us) & (times <= episode.end_us)
    who = {"namespace": namespace, "pod": pod, "container": "worker"}
    from tests.variants import add

    table = add(
        evidence.samples,
        [
            ({"__name__": CFS[0], **who}, times, np.arange(len(times)) * 50.0),
            ({"__name__": CFS[1], **who}, times, np.cumsum(np.where(inside, 49.0, 0.0))),
            ({"__name__": "container_spec_cpu_quota", **who}, times, np.full(len(times), 6_000.0)),
        ],
    )
    found = finding(with_samples(evidence, table), f"cpu_throttling:{namespace}/{workload}/worker")
    assert found.verdict == "insufficient"
    assert "bad requests pass it" in found.statement


def test_a_called_server_that_is_throttled_then_is_on_the_path():
    evidence = evidence_of(C)
    case = Case.of(evidence)
    assert case.on_path("data", "redis")
    assert case.on_path("data", "postgres")
    assert case.on_path("payments", "payment-api")
    assert not case.on_path("payments", "order-service")


def test_a_sick_baseline_decides_nothing():
    evidence = evidence_of(A)
    sick = with_window(
        evidence,
        Window("2026-11-22T18:05:40Z", "2026-11-22T18:07:00Z"),
        Window("2026-11-22T18:04:45Z", "2026-11-22T18:05:40Z"),
    )
    found = finding(sick)
    assert found.verdict == "insufficient"
    assert "no normal time" in found.statement


def test_a_limit_removed_inside_the_window_hides_nothing():
    evidence = evidence_of(A)
    whole = with_window(evidence, Window("2026-11-22T18:02:25Z", "2026-11-22T18:11:30Z"))
    assert finding(whole).verdict == "supported"


def test_sparse_requests_are_an_incident_too():
    evidence = evidence_of(A)
    few = replace(evidence, requests=evidence.requests.iloc[::100])
    result = examine(few)
    assert result.incident_found is True
    assert {f.verdict for f in throttling(result) if f.id != PROXY} <= {"refuted", "insufficient"}


def test_two_suspects_that_cannot_be_told_apart_say_so():
    evidence = evidence_of(A)
    twin = [
        ({**s.labels, "container": "envoy-twin"}, s.times, s.values)
        for name in (*CFS, "container_cpu_usage_seconds_total", "container_spec_cpu_quota")
        for s in evidence.samples.named(name, container="istio-proxy")
    ]
    from tests.variants import add

    result = examine(with_samples(evidence, add(evidence.samples, twin)))
    supported = [f for f in throttling(result) if f.verdict == "supported"]
    assert len(supported) == 2
    assert all("not to be told apart" in f.caveats[0] for f in supported)


def other_pod_from(table, time_us, name):
    """The pod has another name from a time on, as after a rollout of its own workload."""
    mine = np.array([labels.get("pod") == POD for labels in table.labels])[table.ids]
    late = mine & (table.times > time_us)
    renamed = relabel(keep_samples(table, late), lambda labels: {**labels, "pod": name})
    from analysis.sources.prometheus import merge

    return merge(keep_samples(table, ~late), renamed)


def test_a_limit_that_was_removed_with_the_pod_is_the_same_contrast():
    evidence = evidence_of(A)
    at = pd.Timestamp("2026-11-22T18:08:10Z").value // 1000
    table = other_pod_from(evidence.samples, at, "payment-api-6b5f4d9c7-w9z2x")
    found = finding(with_samples(evidence, table))
    assert found.verdict == "supported"
    assert "same rollout" in found.tests[4].words
    assert found.entity.pods == (POD,)


def test_a_pod_younger_than_the_baseline_is_held_against_the_one_it_replaced():
    evidence = evidence_of(A)
    at = pd.Timestamp("2026-11-22T18:03:30Z").value // 1000
    found = finding(with_samples(evidence, other_pod_from(evidence.samples, at, "payment-api-6b5f4d9c7-w9z2x")))
    assert found.verdict == "supported"
    assert found.entity.pods == ("payment-api-6b5f4d9c7-w9z2x",)
    assert "pods" not in found.statement


def test_a_limit_that_was_not_recorded_is_taken_from_the_use_while_held():
    evidence = evidence_of(A)
    quota = ("container_spec_cpu_quota", "container_spec_cpu_period", "kube_pod_container_resource_limits")
    found = finding(with_samples(evidence, drop_series(evidence.samples, named(*quota))))
    assert found.verdict == "supported"
    assert found.values["limit_cores"].value == pytest.approx(0.06, rel=0.03)
    assert any("limit was not recorded" in c for c in found.caveats)


def test_names_carry_no_meaning():
    evidence = evidence_of(A)
    swap = {"istio-proxy": "envoy7", "app": "main", "payments": "shop", POD: "checkout-5f6d7c8b9d-zzzzz"}
    swap |= {"payment-api": "checkout"}

    def change(labels):
        return {k: swap.get(v, v) if k != "__name__" else v for k, v in labels.items()}

    incident = evidence.incident
    service = incident.spec.service.model_copy(update={"namespace": "shop", "workload": "checkout"})
    spec = incident.spec.model_copy(update={"service": service})
    deployments = evidence.deployments.assign(
        namespace="shop", deployment=evidence.deployments["deployment"].replace({"order-service": "cart"})
    )
    renamed = replace(
        evidence,
        samples=relabel(evidence.samples, change),
        incident=replace(incident, spec=spec),
        deployments=deployments,
    )
    first = examine(renamed).findings[0]
    assert (first.id, first.rank) == ("cpu_throttling:shop/checkout/envoy7", 1)
    assert all(t.passed for t in first.tests)


@pytest.mark.parametrize("seconds", [-20, 20])
@pytest.mark.parametrize("folder", [A, B, C, D])
def test_windows_moved_by_twenty_seconds_keep_the_verdicts(folder, seconds):
    evidence = evidence_of(folder)
    window = moved(evidence.incident.window, seconds)
    baseline = moved(evidence.incident.baseline, min(seconds, 0))
    result = examine(with_window(evidence, window, baseline))
    supported = [f.id for f in throttling(result) if f.verdict == "supported"]
    assert supported == ([PROXY] if folder == A else [])


def test_without_deployments_the_end_of_both_is_the_reversal():
    evidence = evidence_of(A)
    bare = replace(evidence, deployments=evidence.deployments.iloc[:0])
    first = finding(bare)
    assert first.verdict == "supported"
    assert first.tests[4].passed is True
    assert "ended with it" in first.tests[4].words


def test_two_incidents_in_one_window_are_explained_each_for_its_part():
    """A's throttling, then two minutes later C's locks: the sidecar explains the first episode only."""
    first, second = evidence_of(A), evidence_of(C)
    gap = first.incident.window.end - second.incident.window.start + pd.Timedelta(minutes=2)
    joint = first.incident.window.end + pd.Timedelta(seconds=45)
    us = gap.value // 1000
    theirs = shift(second.samples, us / 1e6)
    mine = keep_samples(first.samples, first.samples.times <= joint.value // 1000)
    later = keep_samples(theirs, theirs.times > joint.value // 1000)
    # counters of both recordings begin at different values: the fall is a reset, as after a restart
    table = type(mine)(
        (*mine.labels, *later.labels),
        np.concatenate([mine.ids, later.ids + len(mine.labels)]),
        np.concatenate([mine.times, later.times]),
        np.concatenate([mine.values, later.values]),
    )
    from analysis.sources.prometheus import merge

    empty = keep_samples(mine, np.zeros(len(mine.ids), bool))
    requests = pd.concat(
        [
            first.requests[first.requests.index <= joint],
            second.requests.set_index(second.requests.index + gap)[lambda r: r.index > joint],
        ]
    )
    window = Window(first.incident.window.start, second.incident.window.end + gap)
    both = with_window(replace(first, samples=merge(empty, table), requests=requests), window)
    result = examine(both)
    assert len(result.case.symptom.episodes) == 2
    proxy = next(f for f in result.findings if f.id == PROXY)
    assert (proxy.verdict, proxy.episodes) == ("supported", (1,))
    assert proxy.explained_ratio < 0.8
    assert "in 1 of 2 bad intervals" in proxy.statement
    assert "in 1 of 2 bad intervals" in result.headline
    assert proxy.values["explained_all_ratio"].text in result.headline


def test_every_number_of_a_statement_is_one_of_its_values():
    for folder in (A, B, C, D):
        result = examine(evidence_of(folder))
        said = [(f.statement, f.values, f.entity.name) for f in result.findings]
        said += [(o.statement, o.values, "") for o in result.observations]
        said.append((result.headline, result.values, ""))
        for statement, values, _ in said:
            rest = statement
            for value in sorted((v.text for v in values.values() if v.text), key=len, reverse=True):
                rest = rest.replace(value, "")
            assert not re.search(r"\d", rest), (statement, rest)


def test_a_sentence_fails_without_each_of_its_values(monkeypatch):
    from analysis.findings import sentence
    from analysis.hypotheses.throttling.words import state

    first = finding(evidence_of(A))
    template, more = state(first.verdict, first.tests, first.values)
    used = set(re.findall(r"{(\w+)}", template))
    assert len(used) >= 10
    for name in used:
        values = {k: v for k, v in (first.values | more).items() if k != name}
        with pytest.raises(KeyError):
            sentence(template, values)


def test_load_that_throttles_without_errors_is_no_incident(corpus):
    """Scenario E: throttled as hard as the incident, slower, and no bad request: the ratio alone accuses nobody."""
    from analysis.sources.k6 import read_k6_json
    from analysis.sources.prometheus import read_lab_samples

    folder = corpus / "lab" / "E-load-vs-limit"
    requests, _ = read_k6_json(folder / "k6_results.json.gz")
    window = Window("2026-11-22T18:34:40Z", "2026-11-22T18:35:30Z")
    baseline = Window("2026-11-22T18:34:20Z", "2026-11-22T18:34:38Z")
    evidence = replace(
        with_window(evidence_of(D), window, baseline),
        samples=read_lab_samples(folder / "prometheus_samples.parquet"),
        requests=requests,
    )
    result = examine(evidence)
    assert result.incident_found is False
    assert not [f for f in result.findings if f.verdict == "supported"]
    assert any("istio-proxy" in o.statement and "100 %" in o.statement for o in result.observations)


def test_the_authors_own_series_as_symptom_supports_nothing_without_durations():
    evidence = evidence_of(A)
    spec = evidence.incident.spec
    from analysis.incident import SignalSpec
    from tests.variants import add

    times = next(iter(evidence.samples.named("up"))).times
    bad = (times > evidence.incident.window.start_us + 10e6) & (times < evidence.incident.window.end_us - 10e6)
    table = add(evidence.samples, [({"__name__": "my_error_ratio", "job": "x"}, times, np.where(bad, 0.5, 0.0))])
    symptom = spec.symptom.model_copy(update={"source": "mine"})
    spec = spec.model_copy(
        update={"symptom": symptom, "signals": {"mine": SignalSpec(promql='my_error_ratio{job="x"}')}}
    )
    result = examine(replace(evidence, samples=table, incident=replace(evidence.incident, spec=spec)))
    assert result.incident_found is True
    proxy = next(f for f in result.findings if f.id == PROXY)
    assert proxy.verdict == "insufficient"
    assert "samples of mine" in result.headline
