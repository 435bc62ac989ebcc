"""Attempts to connect: lines of one process make one attempt, the recording's storm, room below the limit."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.connects import OUTCOMES, attempts, connects_per_step, headroom, storm
from tests.signals import recorded
from tests.signals.samples import ZERO, at, window
from tests.signals.sessions import sampled


def lines(*rows):
    """Return connection lines of (second, result, pid[, application])."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("time")
    cells = {"result": [r[1] for r in rows], "pid": [r[2] for r in rows]}
    cells |= {"application": [r[3] if len(r) > 3 else "" for r in rows], "user": "u", "client": "::1"}
    return pd.DataFrame(cells, index=index).astype({"result": "category", "user": "category"})


def test_an_attempt_is_what_became_of_its_process():
    frame = lines((1, "received", 7), (1, "authorized", 7), (1, "refused", 7), (2, "received", 8), (2, "failed", 8),
                  (3, "received", 9), (3, "authorized", 9, "[unknown]"), (9, "disconnected", 9, "job"),
                  (10, "received", 9), (11, "disconnected", 5), (12, "authorized", 4), (13, "authorized", 4),
    )  # fmt: skip
    found = attempts(frame)
    assert found["result"].tolist() == ["refused", "failed", "accepted", "failed", "accepted", "accepted"]
    assert found["application"].tolist() == ["", "", "job", "", "", ""]
    assert attempts(frame[:0]).empty


def test_without_received_lines_or_pids_each_result_is_an_attempt():
    frame = lines((1, "authorized", -1), (2, "authorized", -1), (3, "refused", -1))
    assert attempts(frame)["result"].tolist() == ["accepted", "accepted", "refused"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["received", "authorized", "refused", "failed", "disconnected", "other"]),
            st.integers(-1, 3),
        ),
        max_size=40,
    )
)
def test_every_line_belongs_to_one_attempt_at_most(rows):
    found = attempts(lines(*[(i, *row) for i, row in enumerate(rows)]))
    ends = sum(result in ("received", "authorized", "refused", "failed") for result, _ in rows)
    refused = sum(result == "refused" for result, _ in rows)
    assert len(found) <= ends
    assert set(found["result"]) <= set(OUTCOMES)
    assert (found["result"] == "refused").sum() == refused
    assert found.index.is_monotonic_increasing


def test_the_storm_of_the_recording_in_the_log_and_at_its_clients():
    """1,621 were refused for slots kept for administrators, and one because really none was left."""
    log = recorded.log().connections
    reasons = log.loc[log["result"] == "refused", "reason"].astype(str).str.split().str[0].value_counts()
    assert reasons.to_dict() == {"remaining": 1621, "sorry,": 1}
    tried = attempts(log)
    held = [recorded.phase(name) for name in (recorded.BASELINE, recorded.D)]
    found = storm(tried, *held)
    assert (found.attempts, found.accepted, found.refused, found.failed) == (3496, 1874, 1622, 0)
    assert found.storms
    assert found.change.low > 50
    theirs = storm(recorded.attempts_of_clients(), *held)
    assert (theirs.attempts, theirs.accepted, theirs.refused) == (3496, 1874, 1622)
    own = tried[tried["user"] == "reporting"]
    assert len(own) == 3496
    for name in (recorded.A, recorded.B, recorded.C, recorded.E):
        assert not storm(tried, held[0], recorded.phase(name)).storms
    assert not storm(tried, *recorded.halves(held[0])).storms


def test_a_few_connects_more_than_none_are_no_storm():
    tried = attempts(lines((65, "authorized", 1), (66, "authorized", 2)))
    found = storm(tried, window(0, 60), window(60, 120))
    assert found.change.ratio == np.inf
    assert not found.storms
    none = storm(tried[:0], window(0, 60), window(60, 120))
    assert (none.attempts, none.storms) == (0, False)
    assert np.isnan(none.refused_ratio)


def test_the_steps_add_up():
    tried = attempts(recorded.log().connections)
    edges = np.arange(recorded.phase(recorded.D).start_us, recorded.phase(recorded.D).end_us + 1, 5_000_000)
    found = connects_per_step(tried, edges)
    assert list(found) == list(OUTCOMES)
    assert (found.sum() * 5).tolist() == pytest.approx([1874, 1622, 0])
    by = connects_per_step(tried, edges, "application")
    assert by.to_numpy().sum() == pytest.approx(found.to_numpy().sum())
    assert connects_per_step(tried[:0], at([0, 1])).to_numpy().tolist() == [[0, 0, 0]]


def test_the_room_below_the_limit():
    quiet, full = (headroom(recorded.sessions(), recorded.phase(n), 60) for n in (recorded.BASELINE, recorded.D))
    assert (quiet.peak, quiet.free) == (16, 44)
    assert (full.peak, full.free) == (56, 4)
    frame = sampled((1, 7, "idle", ""), (1, 8, "active", ""), (2, 7, "idle", ""))
    assert headroom(frame, window(0, 5), np.nan).peak == 2
    assert np.isnan(headroom(frame, window(10, 15), 60).free)
