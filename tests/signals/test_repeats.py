"""The same statement many times in a request: the recording's route, and requests that did not change."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from analysis.signals.repeats import repeat_change, repeats, score
from tests.signals import recorded
from tests.signals.samples import ZERO, window


def calls(*rows):
    """Return statements of (second, route, request id, fingerprint)."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("end")
    cells = {n: [r[i + 1] for r in rows] for i, n in enumerate(("route", "request_id", "fingerprint"))}
    return pd.DataFrame(cells, index=index, dtype="category")


def test_the_recording_names_the_route():
    log = recorded.log()
    found = repeat_change(log.statements, recorded.phase(recorded.BASELINE), recorded.phase(recorded.B))
    named = found[found["amplified"]]
    assert [key[0] for key in named.index] == ["/v1/history"]
    assert log.texts.loc[named.index[0][1], "text"].startswith("select id, owner_email")
    first = named.iloc[0]
    assert (first["median"], first["most"], first["many_ratio"]) == (34.5, 50, 1)
    assert (first["baseline_n"], first["n"]) == (0, 478)
    assert first["low"] > 25
    assert (found.drop(index=named.index)[["median", "most"]] == 1).all().all()


@pytest.mark.parametrize("name", [recorded.A, recorded.C, recorded.D, recorded.E])
def test_no_other_phase_repeats(name):
    frame = recorded.log().statements
    found = repeat_change(frame, recorded.phase(recorded.BASELINE), recorded.phase(name))
    assert not found["amplified"].any()
    assert (found["median"] == 1).all()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=60))
def test_the_interval_is_that_of_order_statistics(times):
    found = score(np.array(times, dtype=float))
    n, ordered = len(times), sorted(times)
    assert found.median == np.median(times)
    j = max((j for j in range(1, n // 2 + 1) if binom.cdf(j - 1, n, 0.5) <= 0.025), default=0)
    if j == 0:
        assert np.isnan([found.low, found.high]).all()
    else:
        assert (found.low, found.high) == (ordered[j - 1], ordered[n - j])
    assert found.many_ratio == sum(t >= 10 for t in times) / n


@given(
    st.lists(
        st.tuples(
            st.integers(1, 40), st.sampled_from(["/a", "/b"]), st.sampled_from(["", "x", "y"]), st.sampled_from("fg")
        ),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_the_counts_are_those_of_a_loop(rows):
    rows = sorted(rows, key=lambda r: r[0])
    found = repeats(calls(*rows), window(0, 20))
    first = {i: min(r[0] for r in rows if r[2] == i) for i in {r[2] for r in rows} - {""}}
    inside = [r for r in rows if r[2] and first[r[2]] <= 20]
    keys = {(r[1], r[3]) for r in inside}
    assert set(found.index) == keys
    for route, name in keys:
        times = [sum(r[1:] == (route, i, name) for r in inside) for i in first]
        assert found.loc[(route, name), "median"] == np.median([t for t in times if t])


def test_nothing_with_an_id_is_no_row():
    assert repeat_change(calls((1, "/a", "", "f")), window(0, 5), window(5, 9)).empty
