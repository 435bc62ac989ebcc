"""Repetition without request ids: the recording's route by calls per request, by runs in a session, by regression."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.repeat_runs import GAP_SECONDS, calls_by_route, route_of_calls, run_change, runs
from tests.signals import recorded
from tests.signals.samples import ZERO, window

OTHERS = [recorded.A, recorded.C, recorded.D, recorded.E]


def lasting(*rows):
    """Return statements of (end second, duration, session, fingerprint)."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("end")
    cells = {n: [r[i + 1] for r in rows] for i, n in enumerate(("duration_seconds", "session", "fingerprint"))}
    return pd.DataFrame(cells, index=index)


def test_calls_per_request_name_the_route_and_the_statement():
    frame, held = recorded.log().statements, recorded.phase(recorded.BASELINE)
    found = calls_by_route(frame, recorded.requests(), held, recorded.phase(recorded.B))
    risen = {key: c for key, c in found.items() if c.p < 1e-3 and c.low > 1.5 and c.window >= 10}
    ((route, name),) = risen
    assert route == "/v1/history"
    assert recorded.log().texts.loc[name, "text"].startswith("select id, owner_email")
    assert risen[route, name].window == pytest.approx(36.98, abs=0.02)


@pytest.mark.parametrize("name", OTHERS)
def test_no_other_phase_has_more_calls_of_a_statement_it_had(name):
    frame, held = recorded.log().statements, recorded.phase(recorded.BASELINE)
    found = calls_by_route(frame, recorded.requests(), held, recorded.phase(name))
    assert not [key for key, c in found.items() if c.baseline > 0 and c.p < 1e-3 and c.ratio > 1]
    assert all(c.window < 1.01 for c in found.values() if np.isfinite(c.window))


def test_runs_in_a_session_name_the_statement_and_its_requests_the_route():
    log = recorded.log()
    held = recorded.phase(recorded.B)
    found = run_change(log.statements, recorded.phase(recorded.BASELINE), held)
    (name,) = found.index[found["amplified"]]
    assert found.loc[name, ["median", "most", "n"]].tolist() == [34.5, 50, 478]
    assert (found.drop(index=name)["median"] == 1).all()
    called = log.statements.index[(log.statements["fingerprint"] == name).to_numpy()].as_unit("us").asi8
    route = route_of_calls(called, recorded.requests(), held)
    assert route.route == "/v1/history"
    assert abs(route.per_request - 36.98) < 3 * route.error < 12
    began = runs(log.statements, held)
    one = route_of_calls(began.loc[began["fingerprint"] == name, "start"].to_numpy(), recorded.requests(), held)
    assert (one.route, round(one.per_request, 1)) == ("/v1/history", 1.0)


@pytest.mark.parametrize("name", OTHERS)
def test_no_other_phase_runs(name):
    frame = recorded.log().statements
    found = run_change(frame, recorded.phase(recorded.BASELINE), recorded.phase(name))
    assert not found["amplified"].any()
    assert (found["median"] == 1).all()


@given(
    st.lists(
        st.tuples(
            st.integers(1, 3000), st.integers(0, 80), st.sampled_from(["s", "t"]), st.sampled_from(["f", "g"])
        ),
        min_size=1, max_size=30,
    )
)  # fmt: skip
def test_the_runs_are_those_of_a_loop(rows):
    rows = sorted(rows, key=lambda r: r[0])
    frame = lasting(*[(e / 1e3, d / 1e3, s, f) for e, d, s, f in rows])
    found = runs(frame, window(0, 4))
    slow = []
    for session in ("s", "t"):
        before = None
        for end, lasted, _, name in (r for r in rows if r[2] == session):
            if before and before[1] == name and end - lasted - before[0] < GAP_SECONDS * 1e3:
                slow[-1][2] += 1
            else:
                slow.append([session, name, 1])
            before = (end, name)
    assert sorted(map(tuple, found[["session", "fingerprint", "calls"]].to_numpy())) == sorted(map(tuple, slow))
    assert found["calls"].sum() == len(rows)


def test_the_gap_is_from_the_end_to_the_next_start():
    slow = lasting((1, 0.5, "s", "f"), (1.6, 0.58, "s", "f"), (3.0, 0.5, "s", "f"))
    assert runs(slow, window(0, 5))["calls"].tolist() == [2, 1]
    assert runs(slow[:0], window(0, 5)).empty
    assert run_change(slow[:0], window(0, 5), window(5, 9)).empty


def test_no_route_is_named_where_none_explains():
    rng = np.random.default_rng(3)
    at = np.sort(rng.integers(1, 60_000_000, 600))
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta(at, unit="us")).as_unit("us")
    asked = pd.DataFrame({"route": rng.choice(["/a", "/b"], 600)}, index=index)
    burst = np.repeat(index.asi8[-1:] - 30_000_000, 500)
    assert route_of_calls(burst, asked, window(0, 60)).route == ""
    assert route_of_calls(burst, asked, window(0, 10)).route == ""
    assert route_of_calls(burst[:0], asked, window(0, 60)).route == ""
    assert route_of_calls(burst, asked[:0], window(0, 60)).route == ""
