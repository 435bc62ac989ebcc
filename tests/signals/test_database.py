"""Average active sessions by what they wait for, and what made them more."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.signals.database import (
    IDLE_IN_TRANSACTION,
    aas_in,
    aas_sessions,
    contributions,
    counts,
    foreground,
    sampling,
    wait_classes,
    working,
)
from analysis.sources.postgres import no_sessions, read_sessions
from analysis.sql.fingerprint import fingerprint
from analysis.window import Window
from tests.conftest import CORPUS, missing
from tests.signals.samples import ZERO_US, window
from tests.signals.sessions import sampled

RECORDED = CORPUS / "db" / "recorded"


@pytest.fixture(scope="module")
def recorded():
    if not RECORDED.is_dir():
        missing(f"the corpus (POSTMORTEM_CORPUS, {CORPUS})")
    frame, _ = read_sessions(RECORDED / "ash.parquet")
    phases = {
        p["name"]: (Window(p["start"], p["end"]), p["truth"])
        for p in json.loads((RECORDED / "truth.json").read_text())["phases"]
    }
    return foreground(frame), phases


def load_of(frame):
    classes = wait_classes(frame)
    return ~np.isin(classes, ("", IDLE_IN_TRANSACTION))


def test_the_load_of_every_phase_of_a_recording(recorded):
    frame, phases = recorded
    at, load = sampling(frame).instants, load_of(frame)
    for name, (held, truth) in phases.items():
        assert aas_in(frame, load, held, at) == pytest.approx(truth["aas_ash_1s"], rel=0.05, abs=0.001), name


def test_contributions_to_the_increase_are_those_that_are_known(recorded):
    frame, phases = recorded
    label = np.where(load_of(frame), np.array([fingerprint(q) for q in frame["query"]], dtype=object), "")
    known = json.loads((RECORDED / "expected_contributions.json").read_text())
    for name, expected in known.items():
        found = contributions(frame, label, phases["baseline"][0], phases[name][0])
        assert found.difference_sessions == pytest.approx(expected["delta_aas"], abs=0.01)
        if expected["delta_aas"] < 0:
            assert not found.rose
            assert found.table.empty
            continue
        assert found.rose
        assert found.table["explanatory_ratio"].sum() == pytest.approx(1, abs=1e-9)
        plain = {"".join(str(shape).split())[:60]: row for shape, row in found.table.iterrows()}
        for top in expected["top"]:
            row = next(row for shape, row in plain.items() if shape.startswith("".join(top["fp"].split())[:60]))
            assert row["explanatory_ratio"] == pytest.approx(top["explanatory_power"], abs=0.01)
            assert row["surprise"] == pytest.approx(top["surprise"], abs=0.005)


def test_classes():
    states = [
        "active",
        "active",
        "active",
        "idle",
        "idle in transaction",
        "idle in transaction (aborted)",
        "disabled",
        "",
    ]
    waits = ["", "Lock", "IO", "Client", "Client", "", "", ""]
    found = wait_classes(sampled(*((0, i + 1, s, w) for i, (s, w) in enumerate(zip(states, waits, strict=True)))))
    assert found.tolist() == ["CPU", "Lock", "IO", "", "idle in transaction", "idle in transaction", "", ""]
    assert working(found).tolist() == [True, False, True, False, False, False, False, False]
    assert wait_classes(no_sessions()).tolist() == []


def test_background_processes_are_no_load():
    frame = sampled((0, 1, "active"), (0, 2, "active"), (0, 3, "active"))
    frame["backend"] = pd.Series(
        ["client backend", "parallel worker", "autovacuum worker"], index=frame.index, dtype="str"
    )
    assert foreground(frame)["pid"].tolist() == [1, 2]


def test_a_gap_is_not_zero_and_an_idle_sample_is():
    frame = sampled((1, 1, "active"), (2, 1, "idle"), (3, 1, "active"), (9, 1, "active"))
    edges = ZERO_US + np.arange(0, 13, 2) * 1_000_000
    found = aas_sessions(frame, edges, wait_classes(frame))["CPU"].to_numpy()
    assert np.array_equal(found, [0.5, 1.0, np.nan, np.nan, 1.0, np.nan], equal_nan=True)
    assert sampling(frame).gaps == ((ZERO_US + 3_000_000, ZERO_US + 9_000_000),)


rows = st.tuples(
    st.integers(0, 20), st.integers(1, 6), st.sampled_from(["active", "idle"]), st.sampled_from(["", "Lock", "IO"])
)


@settings(deadline=None)
@given(st.lists(rows, min_size=1, max_size=60, unique_by=lambda r: r[:2]), st.integers(1, 7))
def test_loads_against_counting_by_hand(found, step):
    frame = sampled(*found)
    edges = ZERO_US + np.arange(-step, 21 + step, step) * 1_000_000
    load = aas_sessions(frame, edges, wait_classes(frame))
    for k in range(len(edges) - 1):
        low, high = (int((e - ZERO_US) // 1_000_000) for e in edges[k : k + 2])
        samples = {r[0] for r in found if low < r[0] <= high}
        for name in load:
            held = [r for r in found if low < r[0] <= high and r[2] == "active" and (r[3] or "CPU") == name]
            if samples:
                assert load[name].iloc[k] == pytest.approx(len(held) / len(samples))
            else:
                assert np.isnan(load[name].iloc[k])


def test_samples_without_a_chosen_session_count_as_zero():
    frame = sampled((1, 1, "active"), (2, 1, "idle"), (3, 1, "idle"), (4, 1, "active"))
    at = sampling(frame).instants
    assert counts(frame, working(wait_classes(frame)), at).tolist() == [1, 0, 0, 1]
    assert aas_in(frame, working(wait_classes(frame)), window(0, 4), at) == 0.5
    assert np.isnan(aas_in(frame, working(wait_classes(frame)), window(10, 20), at))


def test_a_load_that_did_not_rise_beyond_its_error_is_not_ranked():
    frame = sampled(*((s, 1, "active" if s % 7 == 0 else "idle") for s in range(120)))
    found = contributions(frame, np.where(working(wait_classes(frame)), "q", ""), window(0, 60), window(60, 120))
    assert not found.rose
    assert found.table.empty
    short = contributions(frame, np.full(len(frame), "q", dtype=object), window(0, 60), window(60, 70))
    assert not short.rose  # one block knows no error


def test_what_is_new_is_marked():
    frame = sampled(*((s, 1, "active", "", "", "api", "a" if s < 60 else "b") for s in range(120)),
                    *((s, 2, "active" if s >= 60 else "idle", "", "", "api", "b") for s in range(120)))  # fmt: skip
    label = np.where(working(wait_classes(frame)), frame["query"].to_numpy(dtype=object), "")
    found = contributions(frame, label, window(-1, 59), window(59, 120))
    assert found.rose
    assert found.difference_sessions == 1
    assert found.table["explanatory_ratio"].to_dict() == {"b": 2, "a": -1}
    assert found.table["first_seen"].to_dict() == {"b": True, "a": False}
