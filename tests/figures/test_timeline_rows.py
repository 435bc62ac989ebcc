"""Rows for garbage collection and database sessions: gaps, absence, what is stacked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.figures.theme import shown_window
from analysis.figures.timeline import timeline
from analysis.figures.timeline_rows import (
    MOST_STEPS,
    SESSION_COLOUR,
    absent_sources,
    paused_jvms,
    row_edges,
    session_table,
    session_title,
)
from analysis.hypotheses.case import Case
from analysis.incident import Window
from analysis.investigation import Investigation
from analysis.timeline import timeline as happened
from tests.conftest import A, B, C, D
from tests.variants import evidence_of


def result_of(evidence):
    case = Case.of(evidence)
    return Investigation(case, (), (), "", {}, happened(case), ())


@pytest.fixture(scope="module")
def of_c():
    return result_of(evidence_of(C))


def texts(figure):
    return [a.text for a in figure.layout.annotations]


def test_the_rows_of_b_and_c(of_c):
    assert any("time paused" in t for t in texts(timeline(result_of(evidence_of(B)))))
    figure = timeline(of_c)
    assert any("sessions by wait" in t and "Lock" in t for t in texts(figure))
    bars = {t.name: t for t in figure.data if t.type == "bar"}
    assert "Lock" in bars
    assert figure.layout.barmode == "stack"
    assert np.nanmax(bars["Lock"].y) > 20
    assert bars["idle in transaction"].marker.pattern.shape == "/"  # it is no load
    assert "2 vCPU" in texts(figure)
    assert not any(str(t).startswith("changes (") for t in texts(figure))


def test_the_pauses_of_b_are_a_share():
    result = result_of(evidence_of(B))
    ((name, _),) = paused_jvms(result)
    (line,) = [t for t in timeline(result).data if t.name == name]
    values = np.array([v for v in line.y if v is not None], dtype=float)
    assert 0.9 < np.nanmax(values) <= 1.0


def test_absent_sources_have_no_row_and_are_named():
    evidence = evidence_of(C)
    result = result_of(replace(evidence, gc_logs=(), sessions=evidence.sessions.iloc[:0]))
    assert absent_sources(result) == "no GC log, no samples of database sessions"
    shown = texts(timeline(result))
    assert "changes (no GC log, no samples of database sessions in the evidence)" in shown
    assert not any("time paused" in t or "sessions by wait" in t for t in shown)


def test_a_gap_of_the_samples_is_hatched_and_nothing_is_drawn_there():
    evidence = evidence_of(C)
    window = evidence.incident.window
    sessions = evidence.sessions
    gap = window.holds(pd.DatetimeIndex(sessions.index))
    result = result_of(replace(evidence, sessions=sessions[~gap]))
    table = session_table(result)
    inside = window.holds(pd.DatetimeIndex(table.index))
    assert table[inside].isna().sum().min() > 10
    areas = [t for t in timeline(result).data if t.name == "no samples: unknown"]
    assert any(min(a.x) < window.end_us / 1e3 and max(a.x) > window.start_us / 1e3 for a in areas)


def test_sampled_and_never_busy_is_a_known_zero():
    evidence = evidence_of(D)
    idle = evidence.sessions.assign(state="idle")
    table = session_table(result_of(replace(evidence, sessions=idle)))
    assert list(table.columns) == ["CPU"]
    assert (table["CPU"].dropna() == 0).all()
    assert len(table["CPU"].dropna()) > 20


def test_what_a_gc_log_does_not_tell_is_hatched():
    evidence = evidence_of(B)
    (source,) = evidence.gc_logs
    lives = source.log.lives.assign(end=evidence.incident.window.start)
    cut = replace(evidence, gc_logs=(replace(source, log=replace(source.log, lives=lives)),))
    figure = timeline(result_of(cut))
    assert [t for t in figure.data if t.name == "the GC log tells nothing: unknown"]


def test_titles_of_sessions_are_no_markup_but_their_squares():
    table = pd.DataFrame({"CPU": [1.0]})
    title = session_title(table, "a <b> $x$")
    assert "&lt;b&gt;" in title
    assert title.count("<span") == 1
    assert set(SESSION_COLOUR) >= {"CPU", "Lock", "idle in transaction"}


@pytest.mark.parametrize("hours", [0.02, 0.5, 3, 48])
def test_steps_are_bounded_and_cover_the_range(hours):
    window = Window("2026-11-22T18:00:01Z", pd.Timestamp("2026-11-22T18:00:01Z") + pd.Timedelta(hours=hours))
    edges = row_edges(window)
    assert 0 <= edges[0] - window.start_us < edges[1] - edges[0]
    assert edges[-1] >= window.end_us
    assert len(edges) <= MOST_STEPS + 3


def test_every_row_lies_on_the_shown_range():
    result = result_of(evidence_of(A))
    window = shown_window(result)
    for trace in timeline(result).data:
        x = np.array([v for v in trace.x if v is not None], dtype=float)
        assert (x >= window.start_us / 1e3 - 5_001).all(), trace.name
        assert (x <= window.end_us / 1e3 + 5_001).all(), trace.name
