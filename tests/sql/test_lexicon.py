"""The patterns of the dialects compile, and begin at what can begin a token only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import SpecError
from analysis.sql.lexicon import DIALECTS, scanner


@given(st.text(max_size=100), st.sampled_from(DIALECTS))
def test_what_is_found_begins_with_its_character(text, dialect):
    pattern, _ = scanner(dialect)
    assert all(m[0][0] in "'\"`/-#$.:%" or m[0][0].isdigit() or m[0][0] < "\t" for m in pattern.finditer(text))


def test_another_dialect_is_refused():
    with pytest.raises(SpecError):
        scanner("")
