"""Another recording as evidence: its requests, sessions and pool under the names that the incident of C has."""

import io
import json
from dataclasses import replace
from functools import cache

import pandas as pd
import pyarrow as pa

from analysis.incident import Window
from analysis.sources.postgres import read_sessions
from analysis.sources.prometheus import EMPTY
from tests.conftest import CORPUS, C
from tests.variants import add, evidence_of

FOLDER = CORPUS / "db" / "recorded"
POOL = {"namespace": "payments", "pod": "payment-api-7d9c6b5f4-x2k8p", "pool": "p"}


@cache
def _phases():
    return {p["name"]: Window(p["start"], p["end"]) for p in json.loads((FOLDER / "truth.json").read_text())["phases"]}


@cache
def _requests():
    raw = pa.input_stream(str(FOLDER / "requests.csv.zst"), compression="zstd").read()
    found = pd.read_csv(io.BytesIO(raw))
    seconds = found["total_ms"] / 1e3
    end = pd.DatetimeIndex(pd.to_datetime(found["ts"], utc=True) + pd.to_timedelta(seconds, unit="s")).as_unit("us")
    columns = {
        "duration_seconds": seconds.to_numpy(), "failed": (found["status"] >= 500).to_numpy(),
        "status": found["status"].astype(str).to_numpy(), "route": found["route"].to_numpy(), "pod": "",
    }  # fmt: skip
    return pd.DataFrame(columns, index=end.rename("end")).sort_index()


@cache
def _samples():
    pool = pd.read_csv(FOLDER / "pool_1s.csv")
    times = pd.DatetimeIndex(pd.to_datetime(pool["ts"], utc=True)).as_unit("us").asi8
    gauges = {f"hikaricp_connections_{n}": pool[n].to_numpy(dtype=float) for n in ("max", "active", "idle", "pending")}
    return add(EMPTY, [({"__name__": name, **POOL}, times, values) for name, values in gauges.items()])


@cache
def _sessions():
    return read_sessions(FOLDER / "ash.parquet")[0]


def recorded_phase(name):
    """Return the evidence of one phase as the incident, with the recording's first phase as the baseline."""
    base = evidence_of(C)
    symptom = base.incident.spec.symptom.model_copy(update={"min_duration_seconds": 15})
    spec = base.incident.spec.model_copy(update={"symptom": symptom})
    incident = replace(base.incident, window=_phases()[name], baseline=_phases()["baseline"], spec=spec)
    return replace(base, incident=incident, samples=_samples(), requests=_requests(), sessions=_sessions())
