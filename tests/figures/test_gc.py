"""The figure of collections beside the symptom: requests and stops on one axis, what is unknown, no log."""

from dataclasses import replace

import numpy as np
import pytest

from analysis.figures.gc import add_steps, collection_panels, grid_edges, hatch_unknown, longest_paused, share_top
from analysis.figures.theme import Chart
from analysis.incident import Window
from analysis.investigation import examine
from tests.conftest import A, B
from tests.gc_logs import during
from tests.hypotheses.gc_cases import cut, with_logs
from tests.variants import evidence_of

MOST = 5000


@pytest.fixture(scope="module")
def of_b():
    return examine(evidence_of(B))


@pytest.fixture(scope="module")
def of_stalls():
    evidence = evidence_of(B)
    return examine(with_logs(evidence, during(evidence.incident.window)))


def test_panels_of_the_jvm(of_b):
    figure = collection_panels(of_b)
    assert [a.text for a in figure.layout.annotations][:3] == [
        "request duration [s], long stops behind", "failed or slow requests [share]",
        "app of payment-api: time paused [share]",
    ]  # fmt: skip
    assert {"good requests", "bad requests", "paused"} <= {t.name for t in figure.data}
    assert sum(len(t.x) for t in figure.data) <= MOST
    assert figure.layout.xaxis3.title.text == "UTC"
    paused = next(t for t in figure.data if t.name == "paused")
    assert np.nanmax(np.array(paused.y, dtype=float)) == pytest.approx(1.0)


def test_stops_behind_the_requests_are_those_that_can_be_seen(of_b):
    spans = next(t for t in collection_panels(of_b).data if t.name.startswith("stops of more than"))
    starts = np.array([x for x in spans.x if x is not None]).reshape(-1, 5)[:, :2]
    assert len(starts) == 22
    assert (starts[:, 1] - starts[:, 0]).min() > 100  # ms
    of_a = collection_panels(examine(evidence_of(A)))
    assert len(next(t for t in of_a.data if t.name.startswith("stops of more than")).x) == 6  # one span


def test_an_axis_of_shares_has_one_of_few_heights(of_b, of_stalls):
    tops = [share_top(np.array([x, np.nan])) for x in (0.0, 0.05, 0.051, 0.25, 0.3, 1.0)]
    assert tops == [0.05, 0.05, 0.25, 0.25, 1.0, 1.0]
    heights = [collection_panels(result).layout.yaxis3.range[1] for result in (of_b, of_stalls)]
    assert heights == pytest.approx([1.05, 1.05 * 0.05])


def test_stops_that_are_not_logged_are_unknown_and_not_none(of_stalls):
    (source,) = of_stalls.evidence.gc_logs
    silent = examine(with_logs(of_stalls.evidence, replace(source.log, pauses=source.log.pauses.iloc[:0])))
    figure = collection_panels(silent)
    paused = next(t for t in figure.data if t.name == "paused")
    assert np.isnan(np.array(paused.y, dtype=float)).all()
    assert "pauses are not logged: unknown" in {a.text for a in figure.layout.annotations}


def test_waits_of_threads_have_a_panel_of_their_own(of_b, of_stalls):
    assert not [a for a in collection_panels(of_b).layout.annotations if "waited for memory" in a.text]
    figure = collection_panels(of_stalls)
    assert figure.layout.annotations[3].text == "time in which at least one thread waited for memory [share]"
    waited = np.array(next(t for t in figure.data if t.name == "waited for memory").y, dtype=float)
    paused = np.array(next(t for t in figure.data if t.name == "paused").y, dtype=float)
    assert np.nanmean(waited) > 0.3
    assert np.nanmax(paused) < 0.01


def test_what_the_log_does_not_tell_is_hatched():
    evidence, window = evidence_of(B), evidence_of(B).incident.window
    log = cut(evidence.gc_logs[0].log, window.start, window.end)
    figure = collection_panels(examine(with_logs(evidence, log)))
    bars = [t for t in figure.data if t.name == "the GC log tells nothing: unknown"]
    assert {max(b.y) for b in bars} == {1.0}
    assert any(b.x[0] <= window.start_us / 1e3 + 1000 and b.x[1] >= window.end_us / 1e3 - 1000 for b in bars)
    paused = next(t for t in figure.data if t.name == "paused")
    inside = (np.array(paused.x) > window.start_us / 1e3 + 1000) & (np.array(paused.x) < window.end_us / 1e3 - 1000)
    assert np.isnan(np.array(paused.y, dtype=float)[inside]).all()
    assert paused.fill is None


def test_the_jvm_that_is_drawn_is_the_one_whose_threads_were_held_longest(of_stalls):
    evidence, window = evidence_of(B), evidence_of(B).incident.window
    logs = [("app", "quiet-1", evidence_of(A).gc_logs[0].log), ("app", "busy-1", during(window))]
    found = longest_paused(examine(with_logs(evidence, *logs)))
    assert len(found.log.stalls) == 20
    assert longest_paused(of_stalls).name.startswith("app of ")


def test_without_a_log_there_is_no_figure():
    assert collection_panels(examine(replace(evidence_of(A), gc_logs=()))) is None


@pytest.mark.parametrize("hours", [0.01, 1, 30])
def test_steps_are_whole_seconds_and_not_too_many(hours):
    window = Window("2026-11-22T00:00:00Z", f"2026-11-{22 + int(hours // 24)}T{int(hours % 24):02d}:00:36Z")
    steps = np.diff(grid_edges(window)) / 1e6
    assert len(steps) <= 1201
    assert set(steps) == {steps[0]}
    assert float(steps[0]).is_integer()


def test_of_nothing_known_only_the_hatch_is_drawn():
    figure = Chart()
    figure.set_subplots(1, 1)
    edges, values = np.arange(4) * 1_000_000, np.full(3, np.nan)
    add_steps(figure, edges, values, name="x", colour="#56B4E9", row=1)
    hatch_unknown(figure, edges, values, row=1, top=1.0)
    assert figure.data[1].name == "the GC log tells nothing: unknown"
