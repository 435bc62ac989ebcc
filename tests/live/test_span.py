"""What stretch of time a capture takes."""

import pandas as pd
import pytest

from analysis.errors import SpecError
from analysis.incident import Incident
from analysis.live.span import spans_of
from tests.conftest import A

LATE = pd.Timestamp("2027-01-01", tz="UTC")


def isos(spans):
    return [(s.iso_start, s.iso_end) for s in spans]


def test_baseline_window_and_margin_and_no_later_than_now():
    incident = Incident.load(A)
    assert isos(spans_of(incident, margin_seconds=900, now=LATE)) == [("2026-11-22T17:42:40Z", "2026-11-22T18:22:00Z")]
    soon = pd.Timestamp("2026-11-22T18:10:00.7Z")
    assert spans_of(incident, margin_seconds=900, now=soon)[0].iso_end == "2026-11-22T18:10:00Z"
    with pytest.raises(SpecError, match="future"):
        spans_of(incident, margin_seconds=900, now=incident.window.start)


def test_a_baseline_of_last_week_is_a_stretch_of_its_own():
    incident = Incident.load(A, baseline_start="2026-11-15T17:57:40Z", baseline_end="2026-11-15T18:02:20Z")
    assert isos(spans_of(incident, margin_seconds=60, now=LATE)) == [
        ("2026-11-15T17:56:40Z", "2026-11-15T18:03:20Z"), ("2026-11-22T18:03:30Z", "2026-11-22T18:08:00Z"),
    ]  # fmt: skip


def test_a_baseline_after_the_incident_that_is_not_over_is_taken_as_far_as_it_goes():
    incident = Incident.load(A, baseline_start="2026-11-23T18:00:00Z", baseline_end="2026-11-23T19:00:00Z")
    half = pd.Timestamp("2026-11-23T18:30:00Z")
    assert isos(spans_of(incident, margin_seconds=60, now=half))[1] == ("2026-11-23T17:59:00Z", "2026-11-23T18:30:00Z")
    before = pd.Timestamp("2026-11-23T12:00:00Z")
    assert len(spans_of(incident, margin_seconds=60, now=before)) == 1
