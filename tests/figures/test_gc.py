"""The figure of garbage collection: requests and stops on one axis, what is unknown, no log."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.figures.gc import collection_panels
from analysis.figures.theme import MOST_POINTS
from analysis.investigation import examine
from tests.conftest import A, B
from tests.hypotheses.gc_cases import cut, with_logs
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_b():
    return examine(evidence_of(B))


def test_panels_of_the_jvm(of_b):
    figure = collection_panels(of_b)
    assert [a.text for a in figure.layout.annotations][:5] == [
        "request duration [s], long stops behind", "failed or slow requests [share]",
        "app of payment-api: length of each stop [s]", "app of payment-api: time paused [share]",
        "app of payment-api: heap before (light) and after each collection [MiB]",
    ]  # fmt: skip
    assert {"good requests", "bad requests", "stop", "paused", "before", "after"} <= {t.name for t in figure.data}
    assert all(len(t.x) <= MOST_POINTS + 10 for t in figure.data)
    assert figure.layout.xaxis5.title.text == "UTC"
    paused = next(t for t in figure.data if t.name == "paused")
    assert np.nanmax(np.array(paused.y, dtype=float)) == pytest.approx(1.0)


def test_stops_behind_the_requests_are_those_that_can_be_seen(of_b):
    spans = next(t for t in collection_panels(of_b).data if t.name.startswith("stops of more than"))
    starts = np.array([x for x in spans.x if x is not None]).reshape(-1, 5)[:, :2]
    assert len(starts) == 22
    assert (starts[:, 1] - starts[:, 0]).min() > 100  # ms
    of_a = collection_panels(examine(evidence_of(A)))
    assert len(next(t for t in of_a.data if t.name.startswith("stops of more than")).x) == 6  # one span


def test_what_the_log_does_not_tell_is_hatched():
    evidence, window = evidence_of(B), evidence_of(B).incident.window
    log = cut(evidence.gc_logs[0].log, window.start, window.end)
    figure = collection_panels(examine(with_logs(evidence, log)))
    bars = [t for t in figure.data if t.name == "the GC log tells nothing: unknown"]
    assert any(b.x[0] <= window.start_us / 1e3 + 1000 and b.x[1] >= window.end_us / 1e3 - 1000 for b in bars)
    paused = next(t for t in figure.data if t.name == "paused")
    inside = (np.array(paused.x) > window.start_us / 1e3 + 1000) & (np.array(paused.x) < window.end_us / 1e3 - 1000)
    assert np.isnan(np.array(paused.y, dtype=float)[inside]).all()


def test_without_a_log_there_is_no_figure():
    assert collection_panels(examine(replace(evidence_of(A), gc_logs=()))) is None
