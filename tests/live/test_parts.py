"""Parts of a capture under way: whole or not there, and found again for the same plan."""

import numpy as np
import pandas as pd
import pytest

from analysis.asked import Asked
from analysis.live.parts import Parts, address_of
from analysis.live.span import Span
from analysis.sources.prometheus import SampleTable

SPAN = Span(0, 60_000_000)
TABLE = SampleTable(
    ({"__name__": "up", "job": "a"},), np.zeros(2, "i4"), np.array([0, 5_000_000]), np.array([1.0, 0.0])
)


def asked(address, **more):
    return Asked("up", "targets", "", "up", "raw", "remote_read", "ok", series=1, address=address, **more)


def test_a_part_is_found_with_its_samples(tmp_path):
    parts = Parts.of(tmp_path)
    parts.keep(asked("a" * 32), TABLE)
    assert parts.find("a" * 32) == asked("a" * 32)
    np.testing.assert_array_equal(parts.table("a" * 32).values, TABLE.values)
    assert parts.labels("a" * 32) == TABLE.labels
    assert parts.find("b" * 32) is None
    parts.forget()
    assert not list(tmp_path.iterdir())


def test_a_part_without_a_whole_record_is_not_there(tmp_path):
    parts = Parts.of(tmp_path)
    parts.keep(asked("a" * 32), TABLE)
    record = tmp_path / ".capture" / "parts" / f"{'a' * 32}.json"
    record.write_text(record.read_text()[:20])
    assert parts.find("a" * 32) is None


def test_a_capture_that_is_continued_keeps_its_span_and_another_plan_begins_anew(tmp_path):
    parts = Parts.of(tmp_path)
    later, now = (SPAN, Span(80_000_000, 90_000_000)), pd.Timestamp("2026-11-22T18:00:00Z")
    assert parts.begin({"window": 1}, (SPAN,), now) == (SPAN,)
    soon, hours = now + pd.Timedelta("50min"), now + pd.Timedelta("5h")
    assert Parts.of(tmp_path).begin({"window": 1}, later, soon) == (SPAN,)
    assert Parts.of(tmp_path).begin({"window": 1}, (SPAN,), hours) == (SPAN,)
    assert Parts.of(tmp_path).begin({"window": 1}, later, hours) == later  # what has happened since is wanted, too
    assert parts.begin({"window": 2}, (SPAN,), hours) == (SPAN,)
    (tmp_path / ".capture" / "parts" / "plan.json").write_text('{"plan": ')
    assert parts.begin({"window": 2}, later, now) == later


@pytest.mark.parametrize("change", [
    {"source": "http://other"}, {"name": "x"}, {"promql": "down"}, {"span": Span(0, 1)}, {"step_seconds": 5.0},
    {"mode": "range"},
])  # fmt: skip
def test_another_question_has_another_address(change):
    given = {
        "source": "http://a",
        "name": "targets/up",
        "promql": "up",
        "span": SPAN,
        "step_seconds": None,
        "mode": "raw",
    }

    def address(source, name, promql, span, step_seconds, mode):
        return address_of(source, name, promql, span, step_seconds=step_seconds, mode=mode)

    assert address(**given) == address(**given) != address(**{**given, **change})
