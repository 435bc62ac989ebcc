"""Lines that are left stand in order, and apart where others stood between them."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.unified.left import lines_left, lines_of


@given(st.lists(st.tuples(st.text("ab", max_size=5), st.booleans()), min_size=1, max_size=20), st.booleans())
def test_lines_are_found_again(lines, closed):
    data = "\n".join(text for text, _ in lines).encode() + b"\n" * closed
    starts = np.cumsum([0, *(len(text) + 1 for text, _ in lines[:-1])])
    ends = starts + [len(text) for text, _ in lines]
    left = np.flatnonzero([kept for _, kept in lines])
    some, begins = lines_left(data, starts, ends, left)
    for i, begin in zip(left.tolist(), begins.tolist(), strict=True):
        text = lines[i][0].encode()
        assert some[begin : begin + len(text)] == text
        assert some[begin + len(text) : begin + len(text) + 1] in (b"\n", b"")
    for k in range(len(left) - 1):
        i, apart = left[k], begins[k + 1] - begins[k]
        assert (apart == len(lines[i][0]) + 1) == (left[k + 1] == i + 1)


def test_lines_of_hits():
    assert lines_of(list(re.finditer(b"b", b"a\nb\nab")), np.array([0, 2, 4])).tolist() == [1, 2]
