"""Arrivals: an open load refutes, a surge is supported only where the extra requests are most of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.hypotheses.case import Case
from analysis.hypotheses.traffic_change import beyond_usual, examine
from analysis.incident import Window
from tests.conftest import A, B, C, D
from tests.variants import evidence_of


def of(evidence):
    (found,) = examine(Case.of(evidence))[0]
    return found


def surge(evidence, times, window):
    """Return the evidence with each request that began in a window repeated."""
    table = evidence.requests
    began = table.index - pd.to_timedelta(table["duration_seconds"].fillna(0.0), unit="s")
    more = table[(began > window.start) & (began <= window.end)]
    return replace(evidence, requests=pd.concat([table, *[more] * (times - 1)]).sort_index(kind="stable"))


def episode_of(evidence):
    return Case.of(evidence).symptom.episodes[0].window


@pytest.mark.parametrize("folder", [A, B, C])
def test_an_open_constant_load_is_refuted(folder):
    found = of(evidence_of(folder))
    assert found.verdict == "refuted"
    assert found.tests[0].reason == "no rise"
    assert found.values["load_ratio"].value == pytest.approx(1.0, abs=0.02)
    assert any("source would tell" in c for c in found.caveats)


def test_d_has_nothing_to_explain():
    assert of(evidence_of(D)).verdict == "not_testable"


@pytest.mark.parametrize(("times", "verdict"), [(2, "insufficient"), (4, "supported")])
def test_a_surge_needs_to_be_most_of_the_load(times, verdict):
    evidence = evidence_of(A)
    found = of(surge(evidence, times, episode_of(evidence)))
    assert found.verdict == verdict
    assert found.tests[0].passed is True
    if verdict == "supported":
        assert any("try again" in c for c in found.caveats)


def test_as_much_load_without_harm_speaks_against_it():
    evidence = evidence_of(A)
    busy = surge(evidence, 4, episode_of(evidence))
    calm = Window(evidence.incident.baseline.end, evidence.incident.window.start)  # between baseline and window
    after = Window(evidence.incident.window.end, evidence.incident.window.end + pd.Timedelta(seconds=70))
    found = of(surge(surge(busy, 4, calm), 4, after))
    assert found.verdict != "supported"


@pytest.mark.parametrize("seconds", [-300, -120, 120, 300])
def test_a_surge_at_another_time_is_not_supported(seconds):
    evidence = evidence_of(A)
    window, by = episode_of(evidence), pd.Timedelta(seconds=seconds)
    assert of(surge(evidence, 4, Window(window.start + by, window.end + by))).verdict != "supported"


def test_without_requests_in_the_baseline_nothing_is_said():
    evidence = evidence_of(A)
    late = evidence.requests[evidence.requests.index > evidence.incident.baseline.end]
    assert of(replace(evidence, requests=late)).verdict == "not_testable"


def test_other_routes_are_said():
    evidence = evidence_of(A)
    table = evidence.requests.copy()
    table.loc[evidence.incident.window.holds(pd.DatetimeIndex(table.index)), "route"] = "/new"
    found = of(replace(evidence, requests=table))
    assert "the routes changed too: /new" in found.statement


@given(
    st.lists(st.one_of(st.floats(0, 1e4), st.just(float("nan"))), min_size=1), st.floats(0.1, 100), st.floats(0.1, 50)
)
def test_the_extra_part_is_between_none_and_all(rates, usual, floor):
    cover = beyond_usual(np.array(rates), usual, floor)
    known = np.isfinite(cover.mid)
    assert (np.isnan(rates) == ~known).all()
    assert ((cover.low >= 0) & (cover.low <= cover.high) & (cover.high <= 1)).all()
    assert (cover.mid[known] == cover.low[known]).all()
