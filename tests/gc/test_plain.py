"""Numbers and times as JSON holds them."""

import pandas as pd
import pytest

from analysis.gc.plain import known, time_text


@pytest.mark.parametrize("x", [float("nan"), float("inf"), -float("inf")])
def test_what_is_not_finite_is_null(x):
    assert known(x) is None


def test_whole_numbers_and_lengths():
    assert known(2.0**40, whole=True) == 2**40
    assert known(0.0123456789) == 0.012345679
    assert known(0) == 0


def test_no_time_is_null():
    assert time_text(pd.NaT) is None
