"""The shape of the document, whatever the source."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.db.document import Asked, Statement, as_document, statement_rows

FLOATS = st.one_of(st.just(math.nan), st.floats(0, 1e9))
ROWS = st.lists(st.builds(Statement, st.text(max_size=16), st.text(max_size=9), FLOATS, FLOATS, FLOATS, FLOATS, FLOATS))


@given(ROWS)
def test_the_longest_come_first_and_json_holds_all(rows):
    found = statement_rows(rows)
    json.dumps(found, allow_nan=False)
    assert len(found) == len(rows)
    known = [row["total_seconds"] for row in found if row["total_seconds"] is not None]
    if all(math.isnan(s.total_seconds) == math.isnan(rows[0].total_seconds) for s in rows):
        assert known == sorted(known, reverse=True)


def test_what_is_not_told_is_null():
    found = as_document("pi", [Statement("a", "select ?", math.nan, 2.0)], {}, n=math.nan)
    assert found["statements"] == {"n": None, "total_seconds": 2.0, "rows_sent": None, "rows_examined": None,
                                   "lock_seconds": None}  # fmt: skip
    assert found["window"] == {"start": None, "end": None, "duration_seconds": None}
    assert found["fingerprints"][0]["calls"] is None
    assert as_document("pi", [], {})["statements"]["total_seconds"] is None
    assert as_document("csvlog", [], {}, n=0)["statements"]["total_seconds"] == 0


def test_parts_are_the_total():
    rows = [Statement(str(i), "", i, i / 8) for i in range(5)]
    found = as_document("csvlog", rows, {}, n=10)
    assert found["statements"]["total_seconds"] == pytest.approx(sum(r["total_seconds"] for r in found["fingerprints"]))


def test_more_joins_or_replaces():
    found = as_document("csvlog", [], {}, more={"statements": {"untimed": 3}, "aas": {"sessions": 1.0}, "errors": []})
    assert (found["statements"]["untimed"], found["statements"]["n"], found["aas"]) == (3, None, {"sessions": 1.0})


def test_a_window_is_asked_for_by_either_end():
    assert [a.window for a in (Asked(), Asked(start_us=0), Asked(end_us=0))] == [False, True, True]
