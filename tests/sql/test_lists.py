"""Lists of literals are one, however long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.sql.lists import without_repeats


@given(st.integers(1, 50), st.integers(1, 5))
def test_lists_of_any_length_are_one(members, rows):
    row = f"({', '.join(['?'] * members)})"
    assert without_repeats(f"a in {row}", cut=False) == ("a in (?)", False)
    assert without_repeats(f"insert into t values {', '.join([row] * rows)}", cut=False) == (
        "insert into t values (?)",
        False,
    )


@pytest.mark.parametrize("text", ["f(?, ?)", "t.in (?, ?)", "a in (select ?, ?)", "x_values (?, ?)"])
def test_other_parentheses_stay(text):
    assert without_repeats(text, cut=False) == (text, False)
