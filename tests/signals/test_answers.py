"""How soon servers answered their exporters: the exporter's word before Prometheus', and scrapes without an answer."""

import numpy as np

from analysis.signals.answers import answers_of, answers_of_server
from tests.conftest import A
from tests.variants import evidence_of


def test_an_exporter_is_believed_before_the_scrape_in_all():
    samples = evidence_of(A).samples
    found = answers_of(samples.named, samples.names, lambda namespace, pod: pod.rpartition("-")[0])
    ((_, seconds),) = found[("data", "redis")]
    assert np.median(seconds) < 0.004
    bare = answers_of(samples.named, ["scrape_duration_seconds"], lambda namespace, pod: pod.rpartition("-")[0])
    ((_, in_all),) = bare[("data", "redis")]
    assert np.median(in_all) > np.median(seconds)


def test_a_scrape_without_an_answer_counts():
    times = np.array([5, 10, 25, 30]) * 1_000_000
    found = answers_of_server([(times, np.array([0.1, np.nan, 0.1, 0.1]))], 0, 30_000_000)
    assert np.isnan(found).sum() >= 1
    assert answers_of_server([], 0, 1).tolist() == []
