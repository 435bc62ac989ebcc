"""What is said of a quota: only what the counters and the CPU times show."""

import pytest

from analysis.findings import Value, value
from analysis.hypotheses.gc.quota import BOTH, GC_WORK, INDUCED, STARVED, STRETCHED, UNKNOWN
from analysis.hypotheses.gc.quota_words import quota_caveats

NAN = float("nan")


def values(verdict, **changed):
    ratios = {"container_throttled_ratio": 0.6, "gc_efficiency_ratio": 0.3, "gc_efficiency_baseline_ratio": 0.9,
              "gc_of_quota_ratio": 0.5, "gc_alike_ratio": 1.0}  # fmt: skip
    seconds = {"gc_pause_seconds": 30.0, "gc_expected_seconds": 10.0, "gc_stretched_seconds": 20.0,
               "gc_attributable_seconds": 18.0, "gc_alone_seconds": 25.0}  # fmt: skip
    counts = {"gc_workers": 8.0, "gc_limit_cores": 2.0}
    units = dict.fromkeys(ratios, "ratio") | dict.fromkeys(seconds, "seconds") | dict.fromkeys(counts, "count")
    numbers = {name: value(x, units[name]) for name, x in (ratios | seconds | counts | changed).items()}
    words = {"gc_quota_verdict": verdict, "gc_quota_reason": "the counters of its container were read every 1 min"}
    return numbers | {name: Value(text, "name", text) for name, text in words.items()}


@pytest.mark.parametrize(
    ("verdict", "changed", "said", "not_said"),
    [
        (STRETCHED, {}, "up to 18 s may be waiting for the quota and not collecting", "alone cannot"),
        (STRETCHED, {"gc_workers": 1.0}, "(1) alone cannot use up the limit (2)", "use up a limit of"),
        (STRETCHED, {"gc_alike_ratio": 0.2}, "That is of other kinds of pause", "collector itself"),
        (INDUCED, {}, "take up to 25 s, 10 s without a limit. The collector itself", "Others of the container"),
        (INDUCED, {"gc_alone_seconds": 10.0, "gc_of_quota_ratio": 0.95}, "can be what burns the quota", "waiting for"),
        (BOTH, {}, "others of the container used it up as well", "collector itself"),
        (GC_WORK, {}, "no longer than their CPU time needs", "waiting"),
        (STARVED, {"container_throttled_ratio": 0.01}, "Not for the quota", "at the same time"),
        (STARVED, {}, "The throttled periods of the same time hold 18 s of 20 s at most", "Not for the quota"),
        (UNKNOWN, {}, "is not known: the counters of its container were read every 1 min", "waited"),
        (UNKNOWN, {"container_throttled_ratio": NAN}, "which is not recorded", "Not for the quota"),
        (UNKNOWN, {"container_throttled_ratio": 0.0}, "Not for the quota", "which is not recorded"),
    ],
)
def test_each_case_has_its_words(verdict, changed, said, not_said):
    (text,) = quota_caveats(values(verdict, **changed))
    assert said in text
    assert not_said not in text


def test_whoever_was_throttled_is_told_by_its_counter():
    for verdict in (STRETCHED, INDUCED, BOTH, GC_WORK, STARVED, UNKNOWN):
        assert "container_cpu_cfs_throttled_periods_total" in quota_caveats(values(verdict))[0]


@pytest.mark.parametrize("verdict", [GC_WORK, UNKNOWN])
def test_nothing_is_said_of_a_healthy_collector(verdict):
    healthy = {"gc_efficiency_ratio": 0.9}
    assert quota_caveats(values(verdict, container_throttled_ratio=0.0, **healthy)) == ()
    assert quota_caveats(values(verdict, container_throttled_ratio=NAN, **healthy)) == ()
    assert quota_caveats({}) == ()
