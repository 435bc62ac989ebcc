"""What stretch of time a capture takes."""

import pandas as pd
import pytest

from analysis.errors import SpecError
from analysis.incident import Incident
from analysis.live.span import Span, span_of
from tests.conftest import A


def test_baseline_window_and_margin_and_no_later_than_now():
    incident = Incident.load(A)
    late = pd.Timestamp("2027-01-01", tz="UTC")
    span = span_of(incident, margin_seconds=900, now=late)
    assert (span.iso_start, span.iso_end) == ("2026-11-22T17:42:40Z", "2026-11-22T18:22:00Z")
    soon = pd.Timestamp("2026-11-22T18:10:00.7Z")
    assert span_of(incident, margin_seconds=900, now=soon).iso_end == "2026-11-22T18:10:00Z"
    with pytest.raises(SpecError, match="future"):
        span_of(incident, margin_seconds=900, now=incident.window.start)


def test_an_answer_is_final_ten_minutes_after_its_window():
    span = Span(0, 600_000_000)
    assert not span.settled(pd.Timestamp(1_199, unit="s", tz="UTC"))
    assert span.settled(pd.Timestamp(1_200, unit="s", tz="UTC"))
