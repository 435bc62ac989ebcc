"""The case: a baseline whose end is sick already is cut, and bad requests are found by episode."""

import numpy as np
import pandas as pd

from analysis.hypotheses.case import Case
from analysis.incident import Window
from analysis.investigation import examine
from tests.conftest import A, C
from tests.variants import evidence_of, with_window


def test_a_baseline_that_reaches_into_the_bad_interval_is_cut_where_it_begins():
    evidence = evidence_of(C)
    baseline = Window(evidence.incident.baseline.start, evidence.incident.baseline.end + pd.Timedelta("20s"))
    window = Window(baseline.end, evidence.incident.window.end)
    result = examine(with_window(evidence, window, baseline))
    assert result.case.incident.baseline.end < baseline.end
    assert result.case.symptom.baseline_bad_ratio < 0.02
    (note,) = [o for o in result.observations if o.name == "baseline_cut"]
    assert "left out" in note.statement
    assert result.findings[0].hypothesis == "lock_contention"


def test_a_baseline_that_is_sick_for_the_most_part_is_left_as_it_is():
    baseline = Window("2026-11-22T18:04:30Z", "2026-11-22T18:05:40Z")
    window = Window("2026-11-22T18:05:40Z", "2026-11-22T18:07:00Z")
    case = Case.of(with_window(evidence_of(A), window, baseline))
    assert case.incident.baseline == baseline
    assert case.symptom.baseline_bad_ratio > 0.5


def test_a_healthy_baseline_stays():
    assert Case.of(evidence_of(A)).incident.baseline == evidence_of(A).incident.baseline


def test_bad_durations_are_those_of_the_table():
    case = Case.of(evidence_of(A))
    (episode,) = case.symptom.episodes
    start, end = case.bad_durations(episode)
    table = case.symptom.requests
    chosen = table[episode.window.holds(pd.DatetimeIndex(table.index)) & table["bad"].to_numpy()]
    assert len(start) == len(chosen) == episode.bad
    assert np.allclose((end - start) / 1e6, chosen["duration_seconds"], atol=1e-6)
