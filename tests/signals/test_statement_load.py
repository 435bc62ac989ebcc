"""Load by statement: increments that survive resets and evictions, and calls against cost."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.signals.statement_load import lmdi, row_split, statement_increments, statement_split
from analysis.sources.postgres import STATEMENT_COLUMNS, no_statements, read_statements
from analysis.window import Window
from tests.signals.samples import ZERO, window


def snapshots(*rows):
    """Return a frame of rows (second, query id, calls, seconds[, toplevel])."""
    index = pd.DatetimeIndex(ZERO + pd.to_timedelta([r[0] for r in rows], unit="s")).as_unit("us").rename("time")
    cells = {name: pd.Series([""] * len(rows), index=index, dtype="str") for name in STATEMENT_COLUMNS}
    frame = pd.DataFrame(cells, index=index)
    for name, dtype in STATEMENT_COLUMNS.items():
        if dtype == "float64":
            frame[name] = 0.0
    frame["toplevel"] = [r[4] if len(r) > 4 else True for r in rows]
    frame["query_id"] = pd.Series([r[1] for r in rows], index=index, dtype="str")
    frame["query"] = frame["query_id"]
    return frame.assign(calls=[float(r[2]) for r in rows], execution_seconds=[float(r[3]) for r in rows])


def test_increments_of_a_recording_with_evictions_and_a_reset(corpus):
    """The whole run held 143,694 calls and 1,408 s; what was evicted between two snapshots is lost to every method."""
    frame, _ = read_statements(corpus / "db" / "recorded" / "pg_stat_statements.csv.zst")
    found = statement_increments(frame)
    assert found["calls"].sum() == pytest.approx(130_037, rel=0.001)
    assert found["execution_seconds"].sum() == pytest.approx(1314.823, rel=0.001)
    assert (found[["calls", "execution_seconds", "rows"]] >= 0).all().all()


def test_new_evicted_and_reset_statements_began_at_zero():
    frame = snapshots((0, "a", 10, 1), (10, "a", 12, 1.5), (20, "a", 3, 0.25), (0, "b", 7, 1), (20, "b", 9, 2),
                      (10, "c", 4, 0.5), (10, "d", 4, 0.5, False))  # fmt: skip
    found = statement_increments(frame)
    seen = {(r.query_id, int((t - ZERO).total_seconds())): (r.calls, r.execution_seconds) for t, r in found.iterrows()}
    assert seen == {("a", 10): (2, 0.5), ("a", 20): (3, 0.25), ("b", 20): (9, 2), ("c", 10): (4, 0.5)}
    assert statement_increments(no_statements()).empty


def test_a_counter_that_fell_beside_one_that_rose_is_a_reset():
    frame = snapshots((0, "a", 10, 5), (10, "a", 11, 1))
    assert statement_increments(frame)[["calls", "execution_seconds"]].to_numpy().tolist() == [[11, 1]]


def test_a_window_between_snapshots_takes_its_share():
    frame = snapshots((0, "a", 0, 0), (10, "a", 10, 1), (20, "a", 20, 2), (30, "a", 60, 14))
    found = statement_split(frame, window(0, 15), window(20, 25)).iloc[0]
    assert found["baseline_calls_per_second"] == pytest.approx(1)
    assert found["calls_per_second"] == pytest.approx(4)
    assert (found["baseline_call_seconds"], found["call_seconds"]) == pytest.approx((0.1, 0.3))
    assert found["volume_sessions"] + found["cost_sessions"] == pytest.approx(1.1, abs=1e-12)
    assert statement_split(frame, window(0, 15), window(100, 110)).empty
    assert statement_split(no_statements(), window(0, 1), window(1, 2)).empty


def test_what_made_the_load_of_a_recording(corpus):
    folder = corpus / "db" / "recorded"
    frame, _ = read_statements(folder / "pg_stat_statements.csv.zst")
    phases = {p["name"]: p for p in json.loads((folder / "truth.json").read_text())["phases"]}
    held = {name: Window(p["start"], p["end"]) for name, p in phases.items()}
    loads = statement_split(frame, held["baseline"], held["A_orm_sum"])
    assert loads.index[0].startswith("select t.id, t.src_id")
    assert loads["difference_sessions"].iloc[0] > 0.9 * loads["difference_sessions"].sum()
    dearer = statement_split(frame, held["baseline"], held["E_missing_index"])
    assert (dearer["cost_sessions"].head(3) > dearer["difference_sessions"].head(3)).all()  # an index was dropped
    assert dearer["window_sessions"].sum() == pytest.approx(
        phases["E_missing_index"]["truth"]["aas_log_exact"], rel=0.05
    )


amount = st.one_of(st.just(0.0), st.floats(1e-6, 1e6))


@given(st.lists(st.tuples(amount, amount, amount, amount), min_size=1, max_size=20))
def test_the_parts_sum_to_the_change(rows):
    calls0, load0, calls1, load1 = (np.array(c) for c in zip(*rows, strict=True))
    volume, cost = lmdi(calls0, load0, calls1, load1)
    scale = np.maximum(np.maximum(load0, load1), 1.0)
    assert (np.abs(volume + cost - (load1 - load0)) <= 1e-9 * scale).all()
    assert np.isfinite(volume).all()


@given(st.floats(0.1, 1e3), st.floats(1e-4, 10), st.floats(0.1, 1e3), st.floats(1e-4, 10))
def test_the_split_against_its_formula(calls0, each0, calls1, each1):
    load0, load1 = calls0 * each0, calls1 * each1
    volume, cost = (float(v[0]) for v in lmdi(*(np.array([x]) for x in (calls0, load0, calls1, load1))))
    mean = load0 if load0 == load1 else (load1 - load0) / np.log(load1 / load0)
    assert volume == pytest.approx(mean * np.log(calls1 / calls0), rel=1e-6, abs=1e-6 * max(load0, load1))
    assert cost == pytest.approx(mean * np.log(each1 / each0), rel=1e-6, abs=1e-6 * max(load0, load1))


@pytest.mark.parametrize(
    ("rows", "volume", "cost"),
    [
        ((0, 0, 5, 2), 2, 0),  # new
        ((5, 2, 0, 0), -2, 0),  # gone
        ((5, 0, 5, 2), 0, 2),  # cost nothing before
        ((5, 2, 5, 2), 0, 0),
        ((0, 0, 0, 0), 0, 0),
        ((5, 2, 10, 4), 2, 0),
        ((5, 2, 5, 4), 0, 2),
    ],
)
def test_the_split_of_plain_cases(rows, volume, cost):
    found = [float(v[0]) for v in lmdi(*(np.array([float(x)]) for x in rows))]
    assert found == pytest.approx([volume, cost], abs=1e-12)


@given(st.lists(st.tuples(*[amount] * 6), min_size=1, max_size=8))
def test_three_parts_make_the_change(rows):
    calls0, rows0, load0, calls1, rows1, load1 = np.array(rows).T
    volume, cost = lmdi(calls0, load0, calls1, load1)
    by_rows, by_row = row_split(cost, (calls0, rows0, load0), (calls1, rows1, load1))
    scale = max(1.0, float(np.max([load0, load1])))
    assert volume + by_rows + by_row == pytest.approx(load1 - load0, abs=1e-9 * scale)
    unknown = ~np.logical_and.reduce([x > 0 for x in (calls0, rows0, load0, calls1, rows1, load1)])
    assert (by_rows[unknown] == 0).all()
    back_volume, back_cost = lmdi(calls1, load1, calls0, load0)
    back = row_split(back_cost, (calls1, rows1, load1), (calls0, rows0, load0))
    both = (calls0 > 0) & (calls1 > 0) & (load0 > 0) & (load1 > 0)
    assert back_volume[both] == pytest.approx(-volume[both], abs=1e-6 * scale)
    assert back[0] == pytest.approx(-by_rows, abs=1e-6 * scale)


def test_each_factor_alone_takes_all_the_change():
    one, two = np.ones(1), 2 * np.ones(1)
    cases = {"calls": (two, two, two), "rows": (one, two, two), "cost": (one, one, two)}
    for name, (calls1, rows1, load1) in cases.items():
        volume, cost = lmdi(one, one, calls1, load1)
        parts = [volume, *row_split(cost, (one, one, one), (calls1, rows1, load1))]
        assert [float(x[0]) for x in parts] == pytest.approx([float(name == n) for n in cases])


def test_a_lost_index_is_dearer_rows_not_more_of_them(corpus):
    folder = corpus / "db" / "recorded"
    frame, _ = read_statements(folder / "pg_stat_statements.csv.zst")
    phases = {p["phase"]: Window(p["start"], p["end"]) for p in json.loads((folder / "phase_truth.json").read_text())}
    found = statement_split(frame, phases["baseline"], phases["E_missing_index"])
    parts = found["volume_sessions"] + found["rows_sessions"] + found["row_cost_sessions"]
    assert parts.to_numpy() == pytest.approx(found["difference_sessions"].to_numpy(), abs=1e-12)
    first = found.head(3)
    assert (first["row_cost_sessions"] > 0.9 * first["cost_sessions"]).all()
    assert (first["rows_sessions"].abs() < 0.05).all()


def test_a_reset_that_only_the_blocks_or_the_log_tell_is_seen():
    frame = snapshots((0, "a", 10, 1), (10, "a", 12, 1.5))
    assert statement_increments(frame)["calls"].tolist() == [2]
    for name in ("shared_blks_read", "temp_blks_written", "wal_bytes"):
        assert statement_increments(frame.assign(**{name: [9.0, 3.0]}))["calls"].tolist() == [12]
