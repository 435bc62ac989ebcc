"""Requests with known statements, and attempts to connect, as evidence: what two hypotheses of the database test."""

from dataclasses import replace

import numpy as np
import pandas as pd

from analysis.hypotheses.case import Case
from analysis.sources.pglog.frames import CONNECTION_COLUMNS, PostgresLog, frame_of
from analysis.sources.postgres import no_sessions
from analysis.sources.request_rows import REQUEST_COLUMNS
from analysis.window import Window
from tests.conftest import C
from tests.variants import evidence_of

START = pd.Timestamp("2026-11-22T18:00:00Z").as_unit("us")
BASELINE, TROUBLE = (0.0, 120.0), (120.0, 180.0)
NAN = float("nan")


def window(span):
    return Window(*(START + pd.Timedelta(seconds=s) for s in span))


def requests(statements, *, rate=20, seconds=240.0, share=0.5, database_seconds=None, failed=None):
    """Two routes, /a and /b; statements(route, second) says how many a request makes, of 1 ms each."""
    rng = np.random.default_rng(7)
    at = np.sort(rng.uniform(0, seconds, int(rate * seconds)))
    often = share if callable(share) else lambda t: share
    route = np.where(rng.random(len(at)) < [often(t) for t in at], "/a", "/b")
    made = np.array([statements(r, t) for r, t in zip(route, at, strict=True)], dtype=float)
    spent = 0.002 + 0.001 * np.nan_to_num(made, nan=1.0)
    columns = {
        "duration_seconds": spent, "failed": False if failed is None else [failed(t) for t in at], "status": "200",
        "route": route, "pod": "", "statements": made, "rows": NAN,
        "database_seconds": spent - 0.002 if database_seconds is None else database_seconds,
        "pool_wait_seconds": NAN, "request_id": "",
    }  # fmt: skip
    index = pd.DatetimeIndex(START + pd.to_timedelta(at, unit="s")).as_unit("us").rename("end")
    return pd.DataFrame(columns, index=index).astype(REQUEST_COLUMNS)


def connections(rates, *, refused=lambda _name, _t: False, seconds=240.0):
    """Attempts to connect; rates: application -> attempts a second at a time; refused(application, second)."""
    rng = np.random.default_rng(11)
    rows = [(0.0, "disconnected", "", 1), (seconds, "disconnected", "", 1)]  # the log reaches from end to end
    pid = 100
    for name, rate in rates.items():
        for second in range(int(seconds)):
            for at in second + rng.random(rng.poisson(rate(second))):
                pid += 1
                rows += [(at, "received", "", pid), (at + 0.01, "authorized", name, pid)]
                if refused(name, at):
                    rows.append((at + 0.011, "refused", name, pid))
    at, result, application, pids = (list(c) for c in zip(*rows, strict=True))
    n = len(rows)
    cells = {
        "result": result, "user": ["u"] * n, "database": ["d"] * n, "application": application, "client": [""] * n,
        "pid": pids, "reason": [""] * n, "session_seconds": [NAN] * n, "file": [0] * n, "line": list(range(n)),
    }  # fmt: skip
    times = START.value // 1000 + np.round(np.array(at) * 1e6).astype("i8")
    return PostgresLog(connections=frame_of(times, cells, CONNECTION_COLUMNS))


def case_of(table, symptom, *, log=None, trouble=TROUBLE):
    """Return the case of requests under a symptom, with nothing else recorded."""
    base = evidence_of(C)
    spec = base.incident.spec
    felt = spec.symptom.model_copy(update={"min_duration_seconds": 15, "slower_than_seconds": None, **symptom})
    spec = spec.model_copy(update={"symptom": felt})
    incident = replace(base.incident, window=window(trouble), baseline=window(BASELINE), spec=spec)
    more = {} if log is None else {"database_log": log}
    return Case.of(replace(base, incident=incident, requests=table, sessions=no_sessions(), **more))
