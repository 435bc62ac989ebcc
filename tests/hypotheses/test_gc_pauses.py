"""GC pauses on the recordings and on recordings spoiled on purpose; and what is said."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.collect import Problem
from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.exposure import request_starts
from analysis.hypotheses.gc_pauses import examine
from analysis.signals.gc import stop_intervals
from tests.conftest import A, B, C, D
from tests.hypotheses.gc_cases import bursty_train, cut, made_log, shifted, stall_rows, stalling_log, with_logs
from tests.variants import CFS, add, evidence_of, moved, with_samples, with_window

JVM = "gc_pauses:payments/payment-api/app"
WEAKER = {"insufficient", "not_testable"}
POD = "payment-api-7d9c6b5f4-x2k8p"


def found_in(evidence):
    return {f.id: f for f in examine(Case.of(evidence))[0]}


def log_of(folder):
    return evidence_of(folder).gc_logs[0].log


def life_of(log):
    return int(log.lives["start"].iloc[0].value // 1000), int(log.lives["end"].iloc[-1].value // 1000)


def test_b_is_supported_by_all_five_tests():
    finding = found_in(evidence_of(B))[JVM]
    assert finding.verdict == "supported"
    assert all(t.passed is True for t in finding.tests)
    assert all(t.p_value is not None and t.p_value <= 0.05 for t in finding.tests)
    assert finding.explained_ratio > 0.9
    assert finding.values["paused_ratio"].value > 0.5
    assert finding.values["attributable_seconds"].value > 600
    assert "full collections (Allocation Failure)" in finding.statement


@pytest.mark.parametrize("folder", [A, C])
def test_a_and_c_are_refuted_with_how_little_there_was(folder):
    finding = found_in(evidence_of(folder))[JVM]
    assert finding.verdict == "refuted"
    assert finding.values["explained_high_ratio"].value < 0.01
    assert "no more time in a stop than with the same stops shifted in time" in finding.statement
    assert finding.values["overlap_p"].value > 0.2


def test_d_has_nothing_to_explain():
    assert {f.verdict for f in found_in(evidence_of(D)).values()} == {"not_testable"}


@pytest.mark.parametrize("folder", [A, B, C])
def test_every_number_of_a_sentence_is_a_value(folder):
    finding = found_in(evidence_of(folder))[JVM]
    texts = " ".join(v.text for v in finding.values.values())
    for shown in re.findall(r"\d[\d.,]*", finding.statement):
        assert shown.rstrip(".,") in texts


@pytest.mark.parametrize("seconds", [-600, -300, -120, -90, -60, 60, 90, 120, 300, 600])
def test_a_shifted_log_supports_nothing(seconds):
    evidence = evidence_of(B)
    verdicts = {f.verdict for f in found_in(with_logs(evidence, shifted(log_of(B), seconds))).values()}
    assert "supported" not in verdicts


@pytest.mark.parametrize("seconds", [-20, 20])
@pytest.mark.parametrize("what", ["window", "baseline", "both"])
def test_windows_moved_a_little_change_nothing(seconds, what):
    for folder, verdict in ((A, "refuted"), (B, "supported"), (C, "refuted")):
        evidence = evidence_of(folder)
        window = moved(evidence.incident.window, seconds) if what != "baseline" else None
        baseline = moved(evidence.incident.baseline, seconds) if what != "window" else None
        assert found_in(with_window(evidence, window, baseline))[JVM].verdict == verdict, folder.name


def test_without_a_log_nothing_is_said_and_why():
    evidence = replace(evidence_of(B), gc_logs=())
    (finding,) = found_in(evidence).values()
    assert finding.verdict == "not_testable"
    assert "no GC log was recorded" in finding.statement
    lost = replace(evidence, problems=(Problem("raw/gc/gc.log.gz", "listed in the manifest, but not there"),))
    (finding,) = found_in(lost).values()
    assert "cannot be used, listed in the manifest, but not there" in finding.statement


def test_a_log_of_another_time_is_not_testable():
    evidence = evidence_of(B)
    for window, name in ((evidence.incident.window, "incident window"), (evidence.incident.baseline, "baseline")):
        finding = found_in(with_logs(evidence, cut(log_of(B), window.start, window.end)))[JVM]
        assert finding.verdict == "not_testable"
        assert f"tells nothing of the {name}" in finding.statement


def test_half_of_the_episode_unknown_decides_nothing():
    evidence, window = evidence_of(B), evidence_of(B).incident.window
    half = cut(log_of(B), window.start, window.start + (window.end - window.start) / 2)
    finding = found_in(with_logs(evidence, half))[JVM]
    assert finding.verdict == "insufficient"
    assert "the log has no line from" in finding.tests[0].reason
    assert "of the part of the bad interval that the log covers (" in finding.statement
    assert any(c.startswith("Of the bad interval the GC log has no line from") for c in finding.caveats)


@pytest.mark.parametrize("drop", ["full", "long"])
def test_without_the_pauses_that_did_it_the_verdict_weakens(drop):
    log = log_of(B)
    keep = log.pauses["duration_seconds"] < 0.2 if drop == "long" else log.pauses["kind"] != "full"
    spared = replace(log, pauses=log.pauses[keep], safepoints=log.safepoints[log.safepoints["total_seconds"] < 0.2])
    assert found_in(with_logs(evidence_of(B), spared))[JVM].verdict != "supported"


def test_a_log_of_which_lines_were_not_understood_decides_nothing():
    log = log_of(A)
    lives = log.lives.assign(collector="ZGC", unrecognised=500)
    finding = found_in(with_logs(evidence_of(A), replace(log, lives=lives)))[JVM]
    assert finding.verdict == "insufficient"
    assert "of ZGC in its GC log were not understood" in finding.statement


def test_a_jvm_that_the_requests_do_not_pass_is_not_accused():
    evidence = with_logs(evidence_of(B), ("app", "notification-service-6f5d8c7b9-abcde", log_of(B)))
    (finding,) = found_in(evidence).values()
    assert finding.entity.workload == "notification-service"
    assert finding.verdict == "insufficient"
    assert "nothing in the evidence shows that the bad requests pass it" in finding.tests[1].reason


@pytest.mark.slow
@pytest.mark.parametrize("where", ["containers", "pods"])
@pytest.mark.parametrize(("folder", "count"), [(A, 40), (B, 500), (C, 40)])
def test_noise_trains_move_nothing(folder, count, where):
    evidence, log = evidence_of(folder), log_of(folder)
    before = found_in(evidence)[JVM].verdict
    rng = np.random.default_rng(5)
    named = [(f"noise-{i}", "") if where == "containers" else ("app", f"payment-api-7d9c6b5f4-n{i:04d}")
             for i in range(count)]  # fmt: skip
    noise = [
        (*who, made_log(bursty_train(rng, life_of(log), mean=rng.choice([0.02, 0.2, 0.5])), life_of(log)))
        for who in named
    ]
    after = found_in(with_logs(evidence, *noise, ("app", POD if where == "pods" else "", log)))
    joins = {"insufficient"} if where == "pods" and before == "refuted" else set()  # noise of the suspect's own pods
    assert after[JVM].verdict in {before} | joins
    assert [name for name, f in after.items() if f.verdict == "supported" and name != JVM] == []
    if where == "pods" and before == "supported":
        assert after[JVM].entity.pods == (POD,)


def test_other_jvms_are_controls():
    evidence, log = evidence_of(B), log_of(B)
    finding = found_in(with_logs(evidence, log, ("calm", "", made_log([], life_of(log))), ("twin", "", log)))[JVM]
    assert finding.verdict == "supported"
    assert "1 of 2 other JVMs with a GC log did not pause more at the same time." in finding.caveats


def test_a_jvm_that_paused_as_much_before_is_not_accused():
    evidence, log = evidence_of(B), log_of(B)
    life = life_of(log)
    starts = np.arange(life[0], life[1] - 1_000_000, 2_000_000)
    steady = made_log(np.stack([starts, starts + 1_100_000], axis=1), life)
    finding = found_in(with_logs(evidence, steady))[JVM]
    assert finding.verdict == "refuted"
    assert "it did not rise with the symptom" in finding.tests[0].words


def test_rare_long_pauses_that_did_it_are_never_refuted():
    """A pause of two seconds every ten: most seconds hold nothing, yet they made every bad request."""
    evidence = evidence_of(B)
    window, life = evidence.incident.window, life_of(log_of(B))
    begin = np.arange(window.start_us + 5_000_000, window.start_us + 65_000_000, 10_000_000)
    table = evidence.requests.copy()
    end = pd.DatetimeIndex(table.index).asi8.copy()
    start = request_starts(table)
    calm = np.median(end - start)
    end = np.where((start > window.start_us), start + int(calm), end)
    for t in begin:
        caught = (start > t) & (start < t + 2_000_000)
        end = np.where(caught, t + 2_000_000 + int(calm), end)
    index = pd.DatetimeIndex(pd.to_datetime(end, unit="us", utc=True)).as_unit("us").rename("end")
    table = table.assign(duration_seconds=(end - start) / 1e6, failed=False).set_axis(index).sort_index()
    log = made_log(np.stack([begin, begin + 2_000_000], axis=1), life)
    finding = found_in(with_logs(replace(evidence, requests=table), log))[JVM]
    assert finding.verdict in {"supported", "insufficient"}
    passed = {t.name: t.passed for t in finding.tests}
    assert passed["magnitude"] is True
    assert passed["specificity"] is True


def throttled_app(evidence, ratio):
    """Return evidence whose app container has period counters: throttled in the window only."""
    window = evidence.incident.window
    times = next(iter(evidence.samples.named(CFS[0]))).times
    hit = np.cumsum(np.where((times > window.start_us) & (times <= window.end_us), 50 * ratio, 0.0))
    who = {"namespace": "payments", "pod": POD, "container": "app"}
    table = evidence.samples
    keep = np.array([not (x["__name__"] in CFS and x.get("container") == "app") for x in table.labels])[table.ids]
    table = replace(table, ids=table.ids[keep], times=table.times[keep], values=table.values[keep])
    return with_samples(evidence, add(table, [
        ({"__name__": CFS[0], **who}, times, np.arange(len(times)) * 50.0), ({"__name__": CFS[1], **who}, times, hit),
    ]))  # fmt: skip


def test_a_quota_that_may_have_stretched_the_pauses_is_named_with_its_counter():
    evidence, log = evidence_of(B), log_of(B)
    inside = log.pauses.index > evidence.incident.window.start
    slow = log.pauses.assign(user_seconds=np.where(inside, 0.25, 1.0) * log.pauses["duration_seconds"], sys_seconds=0.0)
    finding = found_in(with_logs(throttled_app(evidence, 0.8), replace(log, pauses=slow)))[JVM]
    assert finding.verdict == "supported"
    (said,) = [c for c in finding.caveats if "container_cpu_cfs_throttled_periods_total" in c]
    assert "may be waiting for the quota" in said
    starved = found_in(with_logs(throttled_app(evidence, 0.0), replace(log, pauses=slow)))[JVM]
    assert any("waited for a CPU" in c and "Not for the quota" in c for c in starved.caveats)
    quiet = found_in(evidence)[JVM]
    assert not any("quota" in c for c in quiet.caveats)


def long_stops():
    stops = stop_intervals(log_of(B).pauses, log_of(B).safepoints)
    return stops[stops[:, 1] - stops[:, 0] > 20_000]


def test_threads_that_all_wait_where_requests_stood_still_are_supported_and_on_what_it_rests():
    """The stops of the recording as stalls of as many threads as requests were ever under way, with tiny pauses."""
    log = stalling_log(long_stops(), life_of(log_of(B)), threads=200)
    finding = found_in(with_logs(evidence_of(B), log))[JVM]
    assert finding.verdict == "supported"
    assert finding.values["paused_ratio"].value < 0.001
    assert finding.values["stalled_ratio"].value > 0.5
    assert finding.explained_ratio > 0.9
    assert "at least one thread waited for memory in" in finding.statement
    assert any("No log says which thread serves a request" in c for c in finding.caveats)


@pytest.mark.parametrize("threads", [1, 3, 10])
def test_a_few_threads_that_wait_half_of_the_time_are_neither_accused_nor_cleared(threads):
    log = stalling_log(long_stops(), life_of(log_of(B)), threads=threads)
    finding = found_in(with_logs(evidence_of(B), log))[JVM]
    assert finding.verdict == "insufficient"
    assert "which threads the stalls held is not known" in finding.statement
    assert "which of the threads that waited for memory served a bad request is not known" in finding.tests[1].reason
    assert finding.tests[1].high > 0.5
    assert any(c.startswith("Names of threads in the request log") for c in finding.caveats)


@pytest.mark.parametrize("threads", [1, 40])
def test_stalls_that_do_not_fit_the_bad_requests_are_never_refuted_by_tiny_pauses(threads):
    window = evidence_of(B).incident.window
    begin = np.arange(window.start_us, window.end_us - 500_000, 500_000)
    log = stalling_log(np.stack([begin, begin + 300_000], axis=1), life_of(log_of(B)), threads=threads)
    assert found_in(with_logs(evidence_of(B), log))[JVM].verdict == "insufficient"


def test_stalls_that_were_there_before_or_elsewhere_are_refuted():
    life = life_of(log_of(B))
    begin = np.arange(life[0] + 1_000_000, life[1] - 500_000, 500_000)
    steady = stalling_log(np.stack([begin, begin + 100_000], axis=1), life, threads=40)
    baseline = evidence_of(B).incident.baseline
    early = np.arange(baseline.start_us, baseline.start_us + 20_000_000, 1_000_000)
    before = stalling_log(np.stack([early, early + 300_000], axis=1), life, threads=40)
    none = stalling_log(long_stops()[:0], life, threads=1)
    for log in (steady, before, none):
        finding = found_in(with_logs(evidence_of(B), log))[JVM]
        assert finding.verdict == "refuted"
        assert "did not rise" in finding.tests[0].words


@pytest.mark.parametrize("seconds", [-60, -20, 20, 60])
def test_shifted_stalls_support_nothing(seconds):
    log = shifted(stalling_log(long_stops(), life_of(log_of(B)), threads=200), seconds)
    assert found_in(with_logs(evidence_of(B), log))[JVM].verdict != "supported"


def test_degenerated_collections_are_stops():
    log = log_of(B)
    kinds = log.pauses["kind"].where(log.pauses["kind"] != "full", "degenerated")
    lives = log.lives.assign(collector="Shenandoah")
    finding = found_in(with_logs(evidence_of(B), replace(log, pauses=log.pauses.assign(kind=kinds), lives=lives)))[JVM]
    assert finding.verdict == "supported"
    assert "degenerated collections" in finding.statement


def test_stalls_without_pauses_are_told_and_decide_nothing():
    log = stalling_log(long_stops(), life_of(log_of(B)), threads=200)
    finding = found_in(with_logs(evidence_of(B), replace(log, pauses=log.pauses.iloc[:0])))[JVM]
    assert finding.verdict == "insufficient"
    assert "holds no pauses, only threads that waited for memory" in finding.statement
    assert finding.values["paused_ratio"].value is None


def test_every_number_of_a_sentence_on_stalls_is_a_value():
    for threads in (1, 200):
        finding = found_in(with_logs(evidence_of(B), stalling_log(long_stops(), life_of(log_of(B)), threads=threads)))[
            JVM
        ]
        texts = " ".join(v.text for v in finding.values.values())
        for shown in re.findall(r"\d[\d.,]*", finding.statement):
            assert shown.rstrip(".,") in texts


def test_relocation_stalls_count_as_well():
    log = stalling_log(long_stops(), life_of(log_of(B)), threads=200)
    moved = replace(log, stalls=stall_rows(long_stops(), 200, kind="relocation"))
    assert found_in(with_logs(evidence_of(B), moved))[JVM].verdict == "supported"
