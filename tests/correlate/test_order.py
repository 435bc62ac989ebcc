"""An order is claimed beyond two resolutions only."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.correlate.order import order_of

TIMES = st.integers(-1000, 1000).map(float)
OPPOSITE = {"before": "after", "after": "before", "simultaneous": "simultaneous", "undecidable": "undecidable"}


@given(TIMES, TIMES, st.integers(0, 60).map(float))
def test_it_is_the_distance_in_resolutions(a, b, resolution):
    found = order_of(a, b, resolution)
    expected = "before" if a + 2 * resolution < b else "after" if b + 2 * resolution < a else "simultaneous"
    assert found == expected
    assert order_of(b, a, resolution) == OPPOSITE[found]
    assert order_of(a + 64, b + 64, resolution) == order_of(4 * a, 4 * b, 4 * resolution) == found


def test_ten_seconds_apart_at_thirty_seconds_is_simultaneous():
    assert order_of(0, 10, 30) == order_of(0, 60, 30) == "simultaneous"
    assert order_of(0, 61, 30) == "before"


@pytest.mark.parametrize("times", [(math.nan, 0, 1), (0, math.nan, 1), (0, 1, math.nan), (math.inf, math.inf, 1)])
def test_what_is_unknown_has_no_order(times):
    assert order_of(*times) == "undecidable"
    assert order_of(0, math.inf, 5) == "before"


def test_a_negative_resolution_is_refused():
    with pytest.raises(ValueError, match="resolution is -1"):
        order_of(0, 1, -1)
