"""Load from logged statements: the overlap of a loop, steps that add up, the recording's load."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.statement_log import aas_logged, inside_seconds, logged_load, logged_split, logged_summary
from tests.signals import recorded
from tests.signals.samples import ZERO, at, window


def logged(*rows):
    """Return statements of (end second, duration, fingerprint)."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("end")
    cells = {"duration_seconds": [float(r[1]) for r in rows], "fingerprint": [r[2] for r in rows]}
    return pd.DataFrame(cells, index=index).astype({"fingerprint": "category"})


milliseconds = st.integers(0, 40_000).map(lambda n: n / 1e3)
statements = st.lists(st.tuples(milliseconds, milliseconds, st.sampled_from("abc")), min_size=1, max_size=20)


@given(statements)
def test_the_steps_are_those_of_a_loop_and_add_up(rows):
    rows = sorted(rows, key=lambda r: r[0])
    frame, edges = logged(*rows), at(np.arange(0, 33, 4))
    found = aas_logged(frame, edges)["all"].to_numpy()
    slow = [
        sum(max(0.0, min(e, 4.0 * (k + 1)) - max(e - d, 4.0 * k)) for e, d, _ in rows) / 4
        for k in range(len(edges) - 1)
    ]
    assert found == pytest.approx(slow, abs=1e-9)
    assert 4 * found.sum() == pytest.approx(inside_seconds(frame, window(0, 32)).sum(), abs=1e-9)
    apart = aas_logged(frame, edges, frame["fingerprint"].to_numpy())
    assert apart.sum(axis=1).to_numpy() == pytest.approx(found, abs=1e-9)
    assert logged_summary(frame, window(0, 32))["seconds"].sum() == pytest.approx(4 * found.sum(), abs=1e-9)


@given(statements)
def test_calls_and_cost_make_the_change(rows):
    found = logged_split(logged(*sorted(rows, key=lambda r: r[0])), window(0, 15), window(15, 40))
    parts = found["volume_sessions"] + found["cost_sessions"]
    assert parts.to_numpy() == pytest.approx(found["difference_sessions"].to_numpy(), abs=1e-12)
    assert found["difference_sessions"].to_numpy() == pytest.approx(
        (found["window_sessions"] - found["baseline_sessions"]).to_numpy(), abs=1e-12
    )


def test_a_long_statement_belongs_to_the_minutes_before_its_line():
    frame = logged((100, 90, "a"), (101, np.nan, "b"))
    assert logged_load(frame, window(0, 60)) == pytest.approx(50 / 60)
    found = logged_summary(frame, window(0, 60)).loc["a"]
    assert (found["calls"], found["seconds"]) == (0, 50)
    assert np.isnan(found["max_seconds"])
    assert logged_split(frame, window(0, 60), window(60, 120))["volume_sessions"].sum() == pytest.approx(
        40 / 60 - 50 / 60
    )


def test_no_statement_is_no_row():
    frame = logged((1, 1, "a"))[:0]
    assert logged_summary(frame, window(0, 5)).empty
    assert logged_split(frame, window(0, 5), window(5, 9)).empty
    assert aas_logged(frame, at([0, 1])).shape == (1, 0)


@pytest.mark.parametrize("name", [recorded.BASELINE, recorded.A, recorded.B, recorded.C, recorded.D, recorded.E])
def test_the_load_of_the_recording(name):
    """phase_truth.json has whole milliseconds only and leaves out the sampler and administrators: so counted, equal."""
    frame, held = recorded.log().statements, recorded.phase(name)
    service = frame[~frame["application"].isin(["ash-sampler", "psql", "migration"])]
    assert service["duration_seconds"].sum() < frame["duration_seconds"].sum()
    floored = service.assign(duration_seconds=np.floor(service["duration_seconds"] * 1e3 + 1e-6) / 1e3)
    told = recorded.truth()[name]["aas_log_exact"]
    assert logged_load(floored, held) == pytest.approx(told, abs=0.004)
    lost = logged_load(frame, held) - told
    assert 0.02 < lost < 0.07  # half a millisecond a statement, and the sampler's own


def test_the_recording_holds_what_it_says():
    frame = recorded.log().statements
    assert len(frame) == 143_694
    assert frame["duration_seconds"].sum() == pytest.approx(1408.582, abs=0.001)


def test_what_made_the_load_of_the_recording():
    log = recorded.log()
    found = logged_split(log.statements, recorded.phase(recorded.BASELINE), recorded.phase(recorded.A))
    first = found.iloc[0]
    assert "t.src_id, t.dst_id" in log.texts.loc[found.index[0], "text"]
    assert first["difference_sessions"] > 0.9 * found["difference_sessions"].sum()
    assert first["volume_sessions"] == pytest.approx(first["difference_sessions"])  # not seen before
    dearer = logged_split(log.statements, recorded.phase(recorded.BASELINE), recorded.phase(recorded.E)).head(3)
    assert (dearer["cost_sessions"] > dearer["difference_sessions"]).all()
