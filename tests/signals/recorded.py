"""The recording of the corpus, each source read once: phases, log, samples, counters, pool, requests."""

import json
from functools import lru_cache

import numpy as np
import pandas as pd

from analysis.signals.database_counters import counter_increments
from analysis.sources.lines import read_bytes
from analysis.sources.pglog.reader import read_postgres_log
from analysis.sources.postgres import read_sessions
from analysis.sources.postgres_counters import read_database_counters
from analysis.window import Window
from tests.conftest import CORPUS, missing

A, B, C, D, E = "A_orm_sum", "B_n_plus_1", "C_lock_pileup", "D_conn_storm", "E_missing_index"
BASELINE = "baseline"


def folder():
    path = CORPUS / "db" / "recorded"
    if not path.is_dir():
        missing(f"the recording (POSTMORTEM_CORPUS, {path})")
    return path


@lru_cache
def truth():
    return {p["phase"]: p for p in json.loads((folder() / "phase_truth.json").read_text())}


def phase(name):
    return Window(truth()[name]["start"], truth()[name]["end"])


def halves(window):
    middle = window.start + (window.end - window.start) / 2
    return Window(window.start, middle), Window(middle, window.end)


@lru_cache
def log():
    return read_postgres_log([folder() / "postgresql.log.zst"])[0]


@lru_cache
def sessions():
    return read_sessions(folder() / "ash.csv.zst")[0]


@lru_cache
def counters():
    return counter_increments(read_database_counters(folder() / "pg_stat_database.csv")[0])


def _index(stamps, name):
    return pd.DatetimeIndex(pd.to_datetime(stamps, utc=True, format="ISO8601")).as_unit("us").rename(name)


@lru_cache
def pool():
    """Return the pool's steps; their clock wakes at whole seconds, and once in a while a little late."""
    rows = pd.read_csv(folder() / "pool_1s.csv")
    frame = rows.assign(wait_seconds=rows["wait_ms"] / 1e3, usage_seconds=rows["usage_ms"] / 1e3)
    return frame.drop(columns=["ts", "wait_ms", "usage_ms"]).set_index(_index(rows["ts"], "time"))


@lru_cache
def requests():
    """Return the requests, stamped when they ended: the recording's `ts` is their arrival."""
    import io

    rows = pd.read_csv(io.BytesIO(read_bytes(folder() / "requests.csv.zst")[0]))
    end = _index(rows["ts"], "end") + pd.to_timedelta(np.round(rows["total_ms"].to_numpy() * 1e3), unit="us")
    frame = pd.DataFrame(
        {
            "duration_seconds": rows["total_ms"] / 1e3, "failed": rows["status"] >= 500, "route": rows["route"],
            "statements": rows["db_calls"].astype(float), "rows": rows["rows_read"].astype(float),
            "database_seconds": rows["db_ms"] / 1e3, "pool_wait_seconds": rows["pool_wait_ms"] / 1e3,
            "request_id": rows["request_id"],
        }
    )  # fmt: skip
    return frame.set_index(pd.DatetimeIndex(end).as_unit("us")).sort_index(kind="stable")


@lru_cache
def attempts_of_clients():
    """Return what the storm's clients say of their attempts."""
    rows = pd.read_csv(folder() / "connects.csv")
    result = np.where(rows["result"] == "ok", "accepted", "refused")
    return pd.DataFrame({"result": result, "client": rows["client"]}, index=_index(rows["ts"], "time"))
