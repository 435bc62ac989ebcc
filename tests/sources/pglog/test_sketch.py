"""Quantiles of the sketch against sorting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analysis.sources.pglog.sketch import ERROR_RATIO, Sketches


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(1e-6, 1e6)), min_size=1, max_size=200),
    st.sampled_from([0.01, 0.5, 0.95, 1.0]),
)
def test_a_quantile_is_within_one_per_cent_of_the_duration_of_its_rank(rows, q):
    sketches = Sketches()
    for part in (rows[::2], rows[1::2]):
        sketches.add(np.array([c for c, _ in part], "i8"), np.array([s for _, s in part], "f8"))
    found = sketches.quantile(q)
    for number in range(5):
        mine = sorted(s for c, s in rows if c == number)
        if mine:
            exact = mine[max(1, int(np.ceil(q * len(mine) - 1e-9))) - 1]
            assert abs(found[number] - exact) <= ERROR_RATIO * exact * (1 + 1e-9)
        elif number < len(found):
            assert np.isnan(found[number])


def test_zero_is_zero():
    sketches = Sketches()
    sketches.add(np.zeros(3, "i8"), np.zeros(3))
    assert sketches.quantile(0.95) == [0.0]
    assert Sketches().quantile(0.5) == []
