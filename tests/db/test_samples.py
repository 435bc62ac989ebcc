"""Samples of sessions to load, on the bundled recordings and by hand."""

import json

import numpy as np
import pandas as pd
import pytest

from analysis.db.document import Asked
from analysis.db.samples import load_by_wait, samples_document
from analysis.sources.postgres import SESSION_COLUMNS, read_sessions
from tests.conftest import C, missing


@pytest.fixture(scope="module")
def sessions():
    return read_sessions(C / "raw" / "db" / "pg_stat_activity.parquet")[0]


def test_parts_sum_to_the_load(sessions):
    found = samples_document(sessions, {})
    aas = found["aas"]
    assert sum(w["sessions"] for w in aas["by_wait"]) == pytest.approx(aas["sessions"])
    assert sum(f["aas_sessions"] for f in found["fingerprints"]) == pytest.approx(aas["sessions"])
    assert aas["low"] <= aas["sessions"] <= aas["high"]
    assert found["statements"]["total_seconds"] == pytest.approx(
        aas["sessions"] * aas["samples"] * aas["interval_seconds"], rel=1e-6
    )


def test_a_window_is_a_part(sessions):
    at = sessions.index.unique()
    middle = at[len(at) // 2].value // 1000
    first, last = (samples_document(sessions, {}, a) for a in (Asked(end_us=middle), Asked(start_us=middle)))
    assert first["aas"]["samples"] + last["aas"]["samples"] == len(at)
    assert first["window"]["end"] < last["window"]["start"]


def test_an_idle_sample_counts_as_nobody():
    names = load_by_wait(pd.DataFrame({"wait_event": ["", "x"]}), np.array(["CPU", "Lock"], dtype=object), 8)
    assert names == {"sessions": 0.25, "by_wait": [{"wait": "CPU", "class": "CPU", "sessions": 0.125},
                                                   {"wait": "Lock:x", "class": "Lock", "sessions": 0.125}]}  # fmt: skip


def test_the_phases_of_the_recording(corpus):
    folder = corpus / "db" / "recorded"
    if not folder.is_dir():
        missing("the recording of a database (POSTMORTEM_CORPUS)")
    table = read_sessions(folder / "ash.parquet")[0]
    assert set(table.columns) == set(SESSION_COLUMNS)
    truth = json.loads((folder / "truth.json").read_text())
    phases = {p["phase"]: p for p in json.loads((folder / "ash_summary.json").read_text())}
    for phase in (p for p in truth["phases"] if phases.get(p["name"], {"samples": 0})["samples"] >= 30):
        start, end = (int(pd.Timestamp(phase[side]).as_unit("us").asm8.astype("i8")) for side in ("start", "end"))
        found, name = samples_document(table, {}, Asked(start_us=start, end_us=end)), phase["name"]
        print(name, found["aas"]["sessions"], phases[name]["aas"])
        assert found["aas"]["sessions"] == pytest.approx(phases[name]["aas"], rel=0.05, abs=0.01)
