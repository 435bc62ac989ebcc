"""Reading and writing: shares that transaction control does not move."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.access_mix import access_change, access_mix, read_ratio
from analysis.signals.statement_log import logged_summary
from tests.signals import recorded

rows = st.lists(st.tuples(st.integers(0, 1000), st.sampled_from(["r", "w", "tcl", "ddl", "other", ""])), max_size=12)


@given(rows)
def test_the_parts_are_the_whole_and_transactions_do_not_count(found):
    work = pd.DataFrame({"calls": [float(n) for n, _ in found]}, index=range(len(found)))
    mix = access_mix(work, pd.Series([kind for _, kind in found], dtype=object))
    assert mix["calls"].sum() == work["calls"].sum()
    assert "" not in mix.index
    read, written = (sum(n for n, kind in found if kind == k) for k in "rw")
    ratio = read_ratio(mix)["calls"]
    assert (np.isnan(ratio) and read + written == 0) or ratio == pytest.approx(read / (read + written))


def test_what_is_not_known_is_other_and_unknown():
    mix = access_mix(pd.DataFrame({"calls": [1.0]}, index=["a"]), pd.Series({"b": "r"}))
    assert mix["calls"].to_dict() == {"other": 1.0}
    assert np.isnan(mix.loc["other", "rows"])
    found = access_change(mix, mix)
    assert found["baseline_ratio"].isna().all()
    assert not found["shifted"].any()


def test_more_reading_calls_in_the_recording():
    log = recorded.log()
    mixes = [
        access_mix(logged_summary(log.statements, recorded.phase(name)), log.texts["access"])
        for name in (recorded.BASELINE, recorded.B, recorded.A)
    ]
    amplified, bulk = (access_change(mixes[0], mix) for mix in mixes[1:])
    assert amplified.loc["calls", "shifted"]
    assert amplified.loc["calls", "shift_ratio"] == pytest.approx(0.28, abs=0.01)
    assert not bulk.loc["calls", "shifted"]
    assert bulk.loc["seconds", "shifted"]
