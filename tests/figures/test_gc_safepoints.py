"""What a JVM stood still for, stacked."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.figures.gc_safepoints import safepoint_panels
from analysis.investigation import examine
from tests.conftest import B
from tests.gc_logs import during
from tests.hypotheses.gc_cases import cut, with_logs
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def evidence():
    return evidence_of(B)


def test_the_parts_add_up_to_at_most_all_of_the_time(evidence):
    figure = safepoint_panels(examine(evidence))
    assert [t.name for t in figure.data] == ["to stop the threads", "collections", "other operations"]
    together = np.sum([np.nan_to_num(np.array(t.y, dtype=float)) for t in figure.data], axis=0)
    assert together.max() == pytest.approx(1.0)
    assert figure.layout.barmode == "stack"
    assert sum(len(t.x) for t in figure.data) <= 5000
    collecting = np.nansum(np.array(figure.data[1].y, dtype=float))
    assert collecting > 0.9 * together.sum()


def test_what_the_log_does_not_tell_is_hatched(evidence):
    window = evidence.incident.window
    figure = safepoint_panels(examine(with_logs(evidence, cut(evidence.gc_logs[0].log, window.start, window.end))))
    assert any(t.name == "the GC log tells nothing: unknown" for t in figure.data)


def test_a_log_without_safepoints_and_no_log(evidence):
    assert safepoint_panels(examine(with_logs(evidence, during(evidence.incident.window)))) is None
    assert safepoint_panels(examine(replace(evidence, gc_logs=()))) is None
