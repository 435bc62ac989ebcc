"""Numbers and literals of many places at once are those that a regular expression finds at each."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.words import has, number_at, number_before, text_of

TEXTS = st.text(alphabet="0123456789/:.(x)\n\x00\xff", min_size=1, max_size=60).map(lambda s: s.encode("latin-1"))


@given(TEXTS)
def test_numbers_that_begin_at_a_place(data):
    at = np.arange(len(data))
    values, ends = number_at(text_of(data), at)
    for i in at.tolist():
        digits = re.match(rb"[0-9]{0,16}", data[i:])[0]
        assert values[i] == int(digits or b"0")
        assert ends[i] == i + len(digits)


@given(TEXTS)
def test_numbers_that_end_before_a_place(data):
    ends = np.arange(8, len(data) + 1)
    values, starts = number_before(text_of(data), ends)
    for i, end in enumerate(ends.tolist()):
        digits = re.search(rb"[0-9]{0,8}\Z", data[:end])[0]
        assert values[i] == int(digits or b"0")
        assert starts[i] == end - len(digits)


@given(TEXTS, st.integers(0, 60), st.integers(1, 40))
def test_literals(data, first, size):
    at = np.arange(len(data))
    literal = data[min(first, len(data) - 1) :][:size]
    found = has(text_of(data), at, literal)
    assert found.tolist() == [data[i:].startswith(literal) for i in at.tolist()]


def test_behind_the_end_there_is_nothing():
    text = text_of(b"7")
    assert number_at(text, np.array([1, 9]))[1].tolist() == [1, 9]
    assert has(text, np.array([0, 1]), b"7").tolist() == [True, False]
