"""Attempts to connect, from what a log tells of connections."""

import numpy as np
import pandas as pd

from analysis.signals.attempts import attempts


def _frame(*rows):
    at, result, application, pid = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    index = pd.DatetimeIndex(pd.to_datetime(np.array(at, dtype="f8"), unit="s", utc=True)).as_unit("us")
    columns = {"result": pd.Categorical(result), "application": pd.Categorical(application), "user": "u", "pid": pid}
    return pd.DataFrame(columns, index=index)


def test_an_attempt_that_is_authorized_and_then_refused_counts_once():
    found = attempts(_frame((1.0, "received", "", 7), (1.25, "authorized", "app", 7), (1.5, "refused", "", 7)))
    assert found["status"].tolist() == ["refused"]
    assert found["route"].tolist() == ["app"]
    assert found["duration_seconds"].tolist() == [0.5]
    assert found["failed"].tolist() == [True]


def test_processes_interleave_and_ids_come_again():
    rows = [
        (1.0, "received", "", 7), (1.1, "received", "", 8), (1.2, "authorized", "a", 7), (1.3, "refused", "", 8),
        (2.0, "disconnected", "a", 7), (3.0, "received", "", 7), (3.1, "authorized", "b", 7),
    ]  # fmt: skip
    found = attempts(_frame(*rows))
    assert found["status"].tolist() == ["authorized", "refused", "authorized"]
    assert found["route"].tolist() == ["a", "u", "b"]


def test_without_their_begin_attempts_have_no_duration_and_are_all_counted():
    found = attempts(_frame((1.0, "authorized", "a", 7), (2.0, "authorized", "a", 7), (3.0, "refused", "a", -1),
                            (4.0, "refused", "a", -1)))  # fmt: skip
    assert found["duration_seconds"].isna().all()
    assert found["failed"].tolist() == [False, False, True, True]


def test_what_is_still_open_at_the_end_is_left_out_and_nothing_is_nothing():
    assert len(attempts(_frame((1.0, "received", "", 7)))) == 0
    assert len(attempts(_frame())) == 0
