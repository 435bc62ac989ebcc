"""The chart of least utilisation: incident against baseline, waits of threads, what is not known."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.figures.gc_mmu import mmu_chart
from analysis.investigation import examine
from tests.conftest import B
from tests.gc_logs import during
from tests.hypotheses.gc_cases import with_logs
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def evidence():
    return evidence_of(B)


def test_the_incident_is_worse_than_the_baseline(evidence):
    figure = mmu_chart(examine(evidence))
    incident, baseline = figure.data
    assert (incident.name, baseline.name) == ("incident", "baseline")
    n = min(len(incident.x), len(baseline.x))
    assert (np.array(incident.y[:n]) <= np.array(baseline.y[:n]) + 1e-9).all()
    assert figure.layout.xaxis.type == "log"
    assert "50 ms" in figure.layout.xaxis.ticktext
    assert max(incident.x) <= evidence.incident.window.duration_seconds
    assert incident.text[-1].endswith("s")


def test_waits_of_threads_have_a_line_and_an_unknown_baseline_has_none(evidence):
    figure = mmu_chart(examine(with_logs(evidence, during(evidence.incident.window))))
    incident, baseline, waiting = figure.data
    assert len(baseline.x) == 0
    assert waiting.name == "incident, no thread waiting"
    assert min(incident.y) > 0.9
    assert min(waiting.y) == 0


def test_stops_that_are_not_logged_have_no_line(evidence):
    log = during(evidence.incident.window)
    figure = mmu_chart(examine(with_logs(evidence, replace(log, pauses=log.pauses.iloc[:0]))))
    assert [trace.name for trace in figure.data] == ["incident, no thread waiting"]
    assert figure.layout.xaxis.title.text.endswith("pauses are not logged: what they left is unknown")


def test_without_a_log_there_is_no_figure(evidence):
    assert mmu_chart(examine(replace(evidence, gc_logs=()))) is None
