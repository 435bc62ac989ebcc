"""Pauses by kind, the heap, allocation: the longest are never thinned away."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.figures.gc_pauses import GROUPS, MOST_POINTS, heap_panels, thin
from analysis.investigation import examine
from analysis.sources.gclog.frames import KINDS
from tests.conftest import B
from tests.gc_logs import ORIGIN_US, during, made_log
from tests.hypotheses.gc_cases import with_logs
from tests.variants import evidence_of


def traces(figure):
    return {t.name: t for t in figure.data}


@pytest.fixture(scope="module")
def evidence():
    return evidence_of(B)


def test_every_kind_has_one_group():
    assert sorted(k for kinds, *_ in GROUPS.values() for k in kinds) == sorted(KINDS)
    assert len({look[1:] for look in GROUPS.values()}) == len(GROUPS)


def test_panels_of_a_recording(evidence):
    figure = heap_panels(examine(evidence))
    found = traces(figure)
    assert {"young", "full or degenerated", "before", "after", "committed", "allocated"} <= set(found)
    assert "●</span> young" in figure.layout.annotations[0].text
    assert "stall" not in figure.layout.annotations[0].text
    assert sum(len(t.x) for t in figure.data) <= 5000
    assert np.nanmax(found["before"].y) <= 1.05 * np.nanmax(found["committed"].y)
    assert found["full or degenerated"].text[0] == "full, Allocation Failure"


def test_what_is_in_a_busy_log(evidence):
    window = evidence.incident.window
    first = (window.start_us - ORIGIN_US) / 1e6
    rows = [{"end": first + i / 100, "seconds": 1e-3 * (1 + i % 7), "kind": "young", "cause": "G1 <b>",
             "evacuation_failure": "both" if i == 40 else ""} for i in range(3000)]  # fmt: skip
    rows[1234]["seconds"] = 0.009
    life = {"start": first - 100, "end": first + 100, "collector": "G1"}
    figure = heap_panels(examine(with_logs(evidence, made_log(pauses=rows, lives=[life]))))
    found = traces(figure)
    assert len(found["young"].x) <= MOST_POINTS
    assert max(found["young"].y) == pytest.approx(0.009)
    assert "(500 of 3,000 drawn, with the longest)" in figure.layout.annotations[0].text
    assert found["did not move all objects"].text == ("both",)
    assert found["young"].text[0] == "young, G1 &lt;b&gt;"
    assert "the log has no heap sizes in this range" in [a.text for a in figure.layout.annotations]


def test_waits_of_threads_are_crosses(evidence):
    figure = heap_panels(examine(with_logs(evidence, during(evidence.incident.window))))
    found = traces(figure)
    assert len(found["wait of one thread"].x) == 20
    assert found["wait of one thread"].text[0] == "allocation stall of worker-0"
    assert len(found["of a concurrent cycle"].x) == 20


def test_no_log_no_figure_and_a_log_without_pauses_says_so(evidence):
    assert heap_panels(examine(replace(evidence, gc_logs=()))) is None


@given(st.lists(st.floats(0, 9), max_size=300), st.integers(2, 50))
def test_thinning_keeps_the_longest_and_the_order(lengths, most):
    y = np.array(lengths)
    places = thin(np.arange(len(y)), y, most)
    assert (np.diff(places) > 0).all()
    assert len(places) <= max(most, min(len(y), most))
    if len(y) > most:
        assert sorted(y[places])[-(most // 2) :] == sorted(y)[-(most // 2) :]
    else:
        assert len(places) == len(y)


UNTOLD = "the GC log tells nothing: unknown"


def test_where_the_log_tells_nothing_pauses_and_heap_are_hatched(evidence):
    window = evidence.incident.window
    first, length = (window.start_us - ORIGIN_US) / 1e6, window.duration_seconds
    rows = [{"end": first + i, "seconds": 0.01 * i, "kind": "young", "heap_before_bytes": 50 * 2.0**20,
             "heap_after_bytes": 20 * 2.0**20}
            for i in range(1, 10)]  # fmt: skip
    life = {"start": first - 500, "end": first + length / 2, "collector": "G1"}
    log = made_log(pauses=rows, lives=[life], holes=[(first + 12, first + 20)])
    figure = heap_panels(examine(with_logs(evidence, log)))
    for axis, low, top in (("y", 0.01, 0.09), ("y2", 0.0, 50.0)):
        bars = [t for t in figure.data if t.name == UNTOLD and t.yaxis == axis]
        assert [min(b.y) for b in bars] == pytest.approx([low] * len(bars))
        assert [max(b.y) for b in bars] == pytest.approx([top] * len(bars))
        spans = [(min(b.x) / 1e3 - ORIGIN_US / 1e6 - first, max(b.x) / 1e3 - ORIGIN_US / 1e6 - first) for b in bars]
        assert any(11 <= a < b <= 21 for a, b in spans)  # the hole, in steps of a second
        assert any(a <= length / 2 + 1 and b > length / 2 + 5 for a, b in spans)  # after the end


def test_nothing_is_hatched_where_the_log_tells_all(evidence):
    window = evidence.incident.window
    first = (window.start_us - ORIGIN_US) / 1e6
    life = {"start": first - 9000, "end": first + 9000, "collector": "G1"}
    log = made_log(pauses=[{"end": first + 1, "seconds": 0.01, "kind": "young"}], lives=[life])
    figure = heap_panels(examine(with_logs(evidence, log)))
    assert not [t for t in figure.data if t.name == UNTOLD and t.yaxis in ("y", "y2")]
