"""Numbers, times, words and tables for JSON and people."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.db.plain import known, plain_word, table, time_text, wrapped


@given(st.floats())
def test_known_is_a_number_that_json_holds_or_none(x):
    found = known(x)
    assert found is None if not math.isfinite(x) else found == round(x, 9)


def test_times():
    assert time_text(None) is None
    assert time_text(0) == "1970-01-01T00:00:00.000000Z"
    assert time_text(1_795_370_670_123_456) == "2026-11-22T18:04:30.123456Z"


@given(st.text())
def test_a_word_is_on_one_line(text):
    found = plain_word(text)
    assert found.isprintable()
    assert len(found) <= 200


@given(st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9))))
def test_rows_of_a_table_are_aligned(rows):
    lines = table(("n", "what"), [tuple(map(plain_word, row)) for row in rows], left=1)
    assert len(lines) == len(rows) + 1


def test_numbers_and_units_stay_together():
    lines = wrapped("", "12 ms " * 40)
    assert all(len(line) <= 110 for line in lines)
    assert all(line.endswith("ms") for line in lines)


@pytest.mark.parametrize("x", [None, float("nan"), float("inf")])
def test_unknown_is_none(x):
    assert known(x, whole=True) is None
