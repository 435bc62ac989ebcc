"""What is said of a quota: only what the counters and the CPU times show."""

import pytest

from analysis.findings import value
from analysis.hypotheses.gc.quota_words import quota_caveats

NAN = float("nan")


def values(**changed):
    ratios = {"container_throttled_ratio": 0.6, "gc_efficiency_ratio": 0.3, "gc_efficiency_baseline_ratio": 0.9,
              "gc_of_quota_ratio": 0.5}  # fmt: skip
    seconds = {"gc_pause_seconds": 30.0, "gc_expected_seconds": 10.0, "gc_stretched_seconds": 20.0,
               "gc_longest_cpu_seconds": 0.4, "gc_quota_seconds": 0.125, "gc_free_seconds": 0.05}  # fmt: skip
    counts = {"gc_workers": 8.0, "gc_limit_cores": 2.0}
    units = dict.fromkeys(ratios, "ratio") | dict.fromkeys(seconds, "seconds") | dict.fromkeys(counts, "count")
    return {name: value(x, units[name]) for name, x in (ratios | seconds | counts | changed).items()}


@pytest.mark.parametrize(
    ("changed", "said", "not_said"),
    [
        ({}, "20 s may be waiting for the quota", "burns the quota"),
        ({"gc_of_quota_ratio": 0.95}, "it can be what burns the quota", "Not for the quota"),
        ({"gc_expected_seconds": 30.0}, "no longer than their CPU time needs", "may be waiting"),
        ({"gc_expected_seconds": NAN}, "the baseline has no pause to compare with", "may be waiting"),
        ({"gc_workers": 1.0}, "alone cannot use up the limit", "use up a limit of"),
        ({}, "take 125 ms at least, 50 ms without a limit", "alone cannot"),
        ({"container_throttled_ratio": 0.01}, "Not for the quota", "at the same time"),
        ({"container_throttled_ratio": NAN}, "which is not recorded", "at the same time"),
    ],
)
def test_each_case_has_its_words(changed, said, not_said):
    text = " ".join(quota_caveats(values(**changed)))
    assert said in text
    assert not_said not in text


def test_nothing_is_said_of_a_healthy_collector():
    assert quota_caveats(values(container_throttled_ratio=0.0, gc_efficiency_ratio=0.9)) == ()
