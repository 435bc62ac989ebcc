"""Load of Performance Insights on a grid: means over the time that values describe."""

import math
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.pi_load import best_request, insights_aas_sessions


def load_of(values, *, period=10.0, labels=None, request=0, total=False):
    """Rows of one request; a value a period, None for no row."""
    rows = [(n, v) for n, v in enumerate(values) if v is not None]
    index = pd.to_datetime([round((n + 1) * period * 1e6) for n, _ in rows], unit="us", utc=True).as_unit("us")
    cells = {
        "request": request, "metric": "db.load.avg", "group": "db.wait_event", "type": labels or "CPU",
        "value": [v for _, v in rows], "period_seconds": period, "is_total": total,
    }  # fmt: skip
    return pd.DataFrame(cells, index=index)


def slow_mean(values, start, end, period=10.0):
    """Mean over (start, end] by small steps; NaN where nothing is known."""
    met = [values[int(t // period)] for t in np.arange(start, end, 0.5) if 0 <= t // period < len(values)]
    known = [v for v in met if v is not None and not math.isnan(v)]
    return sum(known) / len(known) if known else math.nan


@given(
    st.lists(st.one_of(st.none(), st.just(math.nan), st.floats(0, 50)), min_size=1, max_size=12),
    st.lists(st.integers(-10, 140), min_size=2, max_size=8, unique=True),
)
def test_the_mean_is_that_of_small_steps(values, edges):
    places = sorted(edges)
    found = insights_aas_sessions(load_of(values), np.array(places) * 1_000_000, request=0)
    for n, (start, end) in enumerate(pairwise(places)):
        expected = slow_mean(values, start, end)
        got = float(found["CPU"].iloc[n]) if "CPU" in found else math.nan
        assert got == pytest.approx(expected, nan_ok=True, abs=1e-6)


def test_the_finest_and_then_the_largest_request_is_taken():
    loads = [
        load_of([9.0], period=60.0, total=True),
        load_of([1.0], request=1, total=True),
        load_of([2.0], request=2, total=True),
    ]
    assert best_request(pd.concat(loads)) == 2
    assert best_request(pd.concat(loads), group="db.user") == -1


def test_labels_come_by_size_and_the_total_is_none_of_them():
    loads = [load_of([1.0, 1.0], labels="IO"), load_of([2.0, 2.0]), load_of([3.0, 3.0], labels="", total=True)]
    found = insights_aas_sessions(pd.concat(loads), np.array([0, 20_000_000]), request=0)
    assert found.iloc[0].to_dict() == {"CPU": 2.0, "IO": 1.0}
    assert list(found.columns) == ["CPU", "IO"]
