"""Missing scrapes: found where they cluster, not where a target begins late, and silent where nothing is missing."""

import numpy as np

from analysis.sources.prometheus import SampleTable
from analysis.suspects.gaps import missing_by_target
from analysis.window import Window
from tests.conftest import A
from tests.variants import evidence_of, keep_samples

INCIDENT = Window("1970-01-01T00:33:20Z", "1970-01-01T00:35:00Z")  # of 400 steps of 10 s the last but 20


def table(*lost, first=0):
    keep = np.setdiff1d(np.arange(first, 400), np.array(lost, dtype=int))
    labels = ({"__name__": "up", "job": "api", "instance": "i"}, {"__name__": "up", "job": "db", "instance": "i"})
    ids = np.r_[np.zeros(len(keep), "i4"), np.ones(400, "i4")]
    return SampleTable(labels, ids.astype("i4"), np.r_[keep, np.arange(400)] * 10_000_000, np.ones(len(ids)))


def test_a_gap_that_fills_the_incident_is_told():
    found = missing_by_target(table(*range(201, 211)), INCIDENT).set_index("target")
    assert found.loc["api", "missing_incident"] == 1
    assert found.loc["api", "p_value"] < 0.01
    assert found.loc["db", "gaps"] == 0
    assert np.isnan(found.loc["db", "p_value"])


def test_a_gap_elsewhere_and_a_late_begin_are_not():
    assert missing_by_target(table(50, 51, 52), INCIDENT)["p_value"].iloc[0] == 1
    late = missing_by_target(table(first=150), INCIDENT)
    assert late["gaps"].sum() == 0


def test_a_killed_target_of_a_recording():
    evidence = evidence_of(A)
    samples, window = evidence.samples, evidence.incident.window
    proxy = np.array([labels.get("job") == "istio-proxy" for labels in samples.labels])[samples.ids]
    inside = (samples.times > window.start_us) & (samples.times <= window.end_us)
    found = missing_by_target(keep_samples(samples, ~(proxy & inside)), window)
    assert found["target"].iloc[0] == "istio-proxy"
    assert found["p_value"].iloc[0] < 0.05
    assert missing_by_target(samples, window)["gaps"].sum() == 0
