"""Mean and median of what is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.correlate.known import mean_of_known, median_of_known


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.lists(st.floats(-1e9, 1e9) | st.sampled_from([math.nan, math.inf, -math.inf]), max_size=20))
def test_only_finite_values_count(values):
    known = sorted(v for v in values if math.isfinite(v))
    n = len(known)
    mean = math.fsum(known) / n if n else math.nan
    middle = (known[(n - 1) // 2] + known[n // 2]) / 2 if n else math.nan
    for given_as in (values, np.array(values, dtype=float)):
        assert mean_of_known(given_as) == pytest.approx(mean, rel=1e-9, abs=1e-6, nan_ok=True)
        assert median_of_known(given_as) == pytest.approx(middle, rel=1e-9, nan_ok=True)
