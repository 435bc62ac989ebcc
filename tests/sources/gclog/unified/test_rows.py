"""Lines that stand apart come to their pauses."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.gclog.unified.rows import following

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), max_size=15, unique=True)


@given(asked=PAIRS, rows=PAIRS)
def test_the_first_row_at_or_after_a_line_with_its_number(asked, rows):
    of = np.array([r[0] for r in rows], dtype="i8"), np.array([r[1] for r in rows], dtype="i8")
    found = following(np.array([a[0] for a in asked], dtype="i8"), np.array([a[1] for a in asked], dtype="i8"), of)
    for (gcid, line), row in zip(asked, found.tolist(), strict=True):
        later = [(r[1], i) for i, r in enumerate(rows) if r[0] == gcid and r[1] >= line]
        assert row == (min(later)[1] if later else -1)
