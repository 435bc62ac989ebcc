"""Logs to JVMs: whose they are, files of one life, what is known of a window."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.hypotheses.case import Case
from analysis.hypotheses.gc.jvms import jvms
from tests.conftest import A, B
from tests.hypotheses.gc_cases import made_log, with_logs
from tests.hypotheses.test_gc_pauses import JVM, found_in, log_of
from tests.variants import evidence_of


def test_rotated_files_of_one_jvm_are_one_jvm():
    log = log_of(B)
    middle = log.pauses.index[len(log.pauses) // 2]
    halves = [
        replace(
            log,
            pauses=log.pauses[(log.pauses.index <= middle) == early],
            safepoints=log.safepoints[(log.safepoints.index <= middle) == early],
            lives=log.lives.assign(end=middle) if early else log.lives.assign(start=middle),
        )
        for early in (True, False)
    ]
    evidence = with_logs(evidence_of(B), *halves)
    assert {key: len(pods) for key, pods in jvms(Case.of(evidence)).items()} == {("payments", "payment-api", "app"): 1}
    assert found_in(evidence)[JVM].verdict == "supported"


def test_a_log_belongs_to_the_workload_of_its_pod_else_to_the_service():
    log = made_log([(1, 2)], (0, 10))
    rows = [
        ("app", "", log),
        ("app", "order-service-5d8c7b9f6-abcde", log),
        ("", "", log),
        ("app", "payment-api-0", log),
    ]
    found = jvms(Case.of(with_logs(evidence_of(A), *rows)))
    assert {key[1:]: tuple(p.pod for p in pods) for key, pods in found.items()} == {
        ("order-service", "app"): ("order-service-5d8c7b9f6-abcde",),
        ("payment-api", ""): ("",),
        ("payment-api", "app"): ("", "payment-api-0"),
    }


def test_logs_that_overlap_are_of_several_jvms_named_by_their_file():
    log = log_of(B)
    life = (int(log.lives["start"].iloc[0].value // 1000), int(log.lives["end"].iloc[0].value // 1000))
    (pods,) = jvms(Case.of(with_logs(evidence_of(B), log, made_log([], life)))).values()
    assert [p.pod for p in pods] == ["0.log", "1.log"]
    assert all(p.named_by_file for p in pods)
    finding = found_in(with_logs(evidence_of(B), log, made_log([], life)))[JVM]
    assert finding.verdict == "supported"
    assert finding.entity.pods == ("0.log",)
    assert any("taken for a JVM of its own" in c for c in finding.caveats)


def test_a_copy_of_a_file_is_the_same_life():
    (pods,) = jvms(Case.of(with_logs(evidence_of(B), log_of(B), log_of(B)))).values()
    assert [p.pod for p in pods] == [""]


def test_a_hole_is_unknown_and_a_stop_that_is_logged_in_it_is_not():
    log = replace(made_log([(40, 60)], (0, 200)), holes=pd.DataFrame({"start": at(20, 150), "end": at(80, 160)}))
    (jvm,) = jvms(Case.of(with_logs(evidence_of(B), log)))[("payments", "payment-api", "app")]
    assert jvm.known.tolist() == [[0, 20], [40, 60], [80, 150], [160, 200]]
    assert not jvm.silent


def at(*us):
    return pd.to_datetime(list(us), unit="us", utc=True)


def test_what_is_known_of_a_window():
    evidence = evidence_of(B)
    (jvm,) = jvms(Case.of(evidence))[("payments", "payment-api", "app")]
    assert (jvm.workers, jvm.collectors) == (1.0, "Serial")
    assert jvm.known_ratio(evidence.incident.window) == pytest.approx(1.0)
    assert jvm.unread_ratio(evidence.incident.window) == 0.0
    lives = jvm.lives.assign(unrecognised=jvm.lives["recognised"])
    unread, empty = (replace(jvm, log=replace(jvm.log, lives=some)) for some in (lives, lives.iloc[:0]))
    assert unread.unread_ratio(evidence.incident.window) == 0.5
    assert np.isnan(empty.unread_ratio(evidence.incident.window))
