"""Read timeouts: the connection was made; pool timeouts never became a call; nothing is supported without a control."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.findings import Test, undecided
from analysis.hypotheses.calls.levels import level_of
from analysis.hypotheses.calls.share import edge_cover, only_late, server_cover, told_apart
from analysis.hypotheses.calls.timing import at_another_time, only_if_specific
from analysis.hypotheses.case import Case
from analysis.hypotheses.server_side_fault import examine
from tests.calls_cases import without
from tests.conftest import A, C
from tests.hypotheses.calls.test_levels import BASELINE, EPISODE, T, calls
from tests.hypotheses.calls.test_share import destination, during, scene
from tests.signals.samples import at
from tests.variants import drop_series, evidence_of, relabel, with_samples

POSTGRES = "server_side_fault:postgres"


def failing(**kinds):
    """Return calls of which ten in each step of the episode fail, and those of each kind."""
    late = at(T)[1:] > EPISODE.start_us
    n = len(late)
    some = {kind: np.where(late, count, 0.0) for kind, count in kinds.items()}
    return replace(
        calls(1.0), calls=np.full(n, 10.0), seconds=np.full(n, 1.0), failed=np.where(late, 10.0, 0.0), kinds=some
    )


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [({"late": 10.0}, 1.0), ({"late": 5.0}, 0.5), ({}, 0.0), ({"late": 10.0, "unconnected": 1.0}, 0.0)],
)
def test_the_share_of_read_timeouts_is_of_new_failures_and_nothing_if_any_was_not_connected(kinds, expected):
    assert level_of([failing(**kinds)], at(T), BASELINE, EPISODE).late_ratio == pytest.approx(expected)


def test_pool_timeouts_are_attempts_but_no_calls():
    found = level_of([failing(uncalled=10.0)], at(T), BASELINE, EPISODE)
    assert (found.failed_after_ratio, found.uncalled_ratio) == (pytest.approx(0.5), pytest.approx(0.5))
    assert level_of([failing()], at(T), BASELINE, EPISODE).failed_after_ratio == pytest.approx(1.0)


def test_read_timeouts_tell_a_server_without_an_account_where_the_path_stands_still():
    lost = replace(destination("risk", 8.0), late_ratio=0.95)
    alone = scene(lost, destination("cache", 0.0, state="spared"))
    assert only_late(alone, lost)
    assert told_apart(alone, lost)
    assert during(server_cover(alone, lost)) == [0.8, 0.8, 1.0]
    assert during(edge_cover(alone, lost)) == [0.0, 0.0, 1.0], "an edge is not refuted by it"
    for other in (replace(lost, late_ratio=0.5), replace(lost, connect_ratio=0.6), replace(lost, clock="m")):
        assert not only_late(scene(other), other)
    assert not only_late(scene(lost, destination("cache", 3.0)), lost), "others are as sick"


def read_timeouts(evidence, kind):
    """C without accounts and path, its failures all of one kind."""
    bare = without(evidence, "redis_", "pg_", "haproxy_", sessions=False)
    table = drop_series(bare.samples, lambda labels: labels.get("operation") == "connect")
    return with_samples(bare, relabel(table, lambda labels: {**labels, "kind": kind} if "kind" in labels else labels))


def test_c_with_read_timeouts_alone_names_the_server_with_a_caveat_and_any_other_failure_does_not():
    found = {f.id: f for f in examine(Case.of(read_timeouts(evidence_of(C), "read_timeout")))[0]}[POSTGRES]
    assert found.verdict == "supported"
    assert any("nearly all read timeouts" in c for c in found.caveats)
    other = {f.id: f for f in examine(Case.of(read_timeouts(evidence_of(C), "connect_timeout")))[0]}[POSTGRES]
    assert other.verdict == "insufficient"


def test_c_says_plainly_which_attempts_never_became_a_call():
    (found,) = [f for f in examine(Case.of(evidence_of(C)))[0] if f.verdict == "supported"]
    assert "of the attempts failed" in found.statement
    assert "never became a call: they got no connection" in found.statement
    assert any("stood in line for a connection" in c for c in found.caveats)
    assert found.values["failed_calls_ratio"].value < 0.8


def test_nothing_is_supported_without_a_control():
    good = tuple(Test(name, passed=True) for name in ("timing", "magnitude", "dose"))
    found = only_if_specific((*good, undecided("specificity", "no control")))
    assert (found[1].passed, found[1].reason) == (None, "no control")
    sure = (*good, Test("specificity", passed=True))
    assert only_if_specific(sure) == sure


def test_a_dose_that_rose_late_is_not_said_not_to_have_risen():
    same = undecided("reversal", "it did not rise with the symptom")
    flat = Test("timing", passed=False, reason="no rise")
    assert at_another_time((flat, same))[1].reason == "it did not rise with the symptom"
    late = Test("timing", passed=False, reason="rose later than the symptom")
    assert at_another_time((late, same))[1].reason == "it rose, but not when the symptom did"


def test_a_baseline_that_is_too_short_is_said_to_be_so():
    evidence = evidence_of(A)
    keep = evidence.incident.baseline.end_us - 15_000_000
    table = evidence.samples
    calls_only = [i for i, labels in enumerate(table.labels) if labels["__name__"].startswith("outbound_")]
    late = ~np.isin(table.ids, calls_only) | (table.times > keep)
    short = replace(table, ids=table.ids[late], times=table.times[late], values=table.values[late])
    bare = without(with_samples(evidence, short), "http_client", "lettuce")
    for f in examine(Case.of(bare))[0]:
        assert f.verdict != "supported"
        assert not any("has 0 of 0 samples" in t.words for t in f.tests)
