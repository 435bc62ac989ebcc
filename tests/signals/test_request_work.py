"""Work per request: the recording's statements and rows, by route; unknown is not zero."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.request_work import QUANTITIES, load_per_request, per_request, request_work
from tests.signals import recorded
from tests.signals.samples import ZERO, window


def asked(*rows):
    """Return requests of (end second, duration, route, statements)."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("end")
    names = ("duration_seconds", "route", "statements")
    return pd.DataFrame({n: [r[i + 1] for r in rows] for i, n in enumerate(names)}, index=index)


@pytest.mark.parametrize("name", [recorded.BASELINE, recorded.A, recorded.B, recorded.C, recorded.D, recorded.E])
def test_the_recording_per_request(name):
    told, held = recorded.truth()[name], recorded.phase(name)
    means = [per_request(recorded.requests(), quantity, held).mean for quantity in QUANTITIES[:3]]
    assert means[0] == pytest.approx(told["calls_per_request"], abs=0.006)
    assert means[1] == pytest.approx(told["rows_per_request"], abs=0.06)
    assert means[2] == pytest.approx(told["db_ms_per_request"] / 1e3, abs=1e-5)


def test_an_amplified_route_and_a_bulk_load_are_named():
    held = recorded.phase
    more = request_work(recorded.requests(), held(recorded.BASELINE), held(recorded.B))
    total, route = more.loc[("", "statements")], more.loc[("/v1/history", "statements")]
    assert (total["baseline"], total["window"]) == pytest.approx((2.47, 9.93), abs=0.006)
    assert total["low"] > 3
    assert (route["baseline"], route["window"]) == pytest.approx((1, 37.98), abs=0.01)
    others = more.drop(index=["", "/v1/history"], level="route").xs("statements", level="quantity")
    assert (others["ratio"] == 1).all()
    bulk = request_work(recorded.requests(), held(recorded.BASELINE), held(recorded.A)).loc[("", "rows")]
    assert (bulk["baseline"], bulk["window"]) == pytest.approx((14.4, 3577.6), abs=0.06)
    assert bulk["low"] > 100


def test_two_halves_of_the_baseline_do_not_differ():
    found = request_work(recorded.requests(), *recorded.halves(recorded.phase(recorded.BASELINE))).loc[""]
    assert ((found["low"] <= 1) & (found["high"] >= 1))[["statements", "rows"]].all()


@given(
    st.lists(
        st.tuples(st.integers(1, 100), st.integers(0, 5), st.sampled_from(["/a", "/b"]), st.integers(0, 9)), min_size=1
    )
)
def test_all_routes_are_the_sum_of_each(rows):
    found = request_work(asked(*rows), window(0, 50), window(50, 100)).xs("statements", level="quantity")
    for mean, n in (("baseline", "baseline_requests"), ("window", "requests")):
        routes = found.drop(index="")
        assert routes[n].sum() == found.loc["", n]
        if found.loc["", n]:
            spent = (routes[mean].fillna(0) * routes[n]).sum()
            assert spent == pytest.approx(found.loc["", mean] * found.loc["", n])


def test_unknown_is_left_out_and_zero_counts():
    frame = asked((1, 0.1, "/a", np.nan), (2, 0.1, "/a", 0.0), (3, 0.1, "/a", 4.0))
    found = per_request(frame, "statements", window(0, 10))
    assert (found.mean, found.n) == (2, 2)
    assert np.isnan(found.low)
    nothing = frame.assign(statements=np.nan)
    assert request_work(nothing, window(0, 5), window(5, 10)).empty
    assert np.isnan(per_request(nothing, "statements", window(0, 10)).mean)


def test_a_slow_request_belongs_to_when_it_began():
    frame = asked((20, 15, "/a", 3.0))
    assert per_request(frame, "statements", window(0, 10)).n == 1
    assert per_request(frame, "statements", window(10, 30)).n == 0
    assert np.isnan(load_per_request(1.0, 0.0))
