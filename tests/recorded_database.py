"""The recording of a database under five troubles as five incidents, captured from its files as anybody would."""

import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pandas as pd
import yaml

from analysis.capture import capture_from
from analysis.sources.prometheus import EMPTY
from tests.conftest import CORPUS
from tests.test_collect import write_lab_samples
from tests.variants import add

RECORDED = CORPUS / "db" / "recorded"
BASELINE = ("2026-11-22T17:43:08.249Z", "2026-11-22T17:45:38.249Z")
# phase -> its stretch, and what its users felt
PHASES = {
    "A": (("2026-11-22T17:45:38.249Z", "2026-11-22T17:47:08.249Z"), {"failed": False, "slower_than_seconds": 0.2}),
    "B": (("2026-11-22T17:47:38.249Z", "2026-11-22T17:48:38.249Z"), {"failed": False, "more_statements_than": 10}),
    "C": (("2026-11-22T17:49:08.249Z", "2026-11-22T17:50:08.249Z"), {}),
    "D": (("2026-11-22T17:50:38.249Z", "2026-11-22T17:51:38.249Z"), {"source": "connects"}),
    "E": (("2026-11-22T17:51:53.249Z", "2026-11-22T17:52:38.249Z"), {}),
}
MAPPING = {
    "time": "ts", "time_is": "start", "duration": "total_ms", "status": "status", "route": "route",
    "statements": "db_calls", "rows": "rows_read", "database": "db_ms", "pool_wait": "pool_wait_ms",
    "request_id": "request_id",
}  # fmt: skip
POOL = {"namespace": "payments", "pod": "transfer-api-7d9c6b5f4-x2k8p", "pool": "main"}
LOG = "postgresql.json.zst"


@cache
def lab():
    """Return a folder laid out as a lab: requests, samples of sessions, the log, the pool as Prometheus sees it."""
    folder = Path(mkdtemp(prefix="recorded-database-"))
    for name in ("requests.csv.zst", "ash.parquet", "pg_stat_statements.csv.zst", LOG):
        shutil.copyfile(RECORDED / name, folder / name)
    pool = pd.read_csv(RECORDED / "pool_1s.csv")
    times = pd.DatetimeIndex(pd.to_datetime(pool["ts"], utc=True)).as_unit("us").asi8
    gauges = {f"hikaricp_connections_{n}": pool[n].to_numpy(dtype=float) for n in ("max", "active", "idle", "pending")}
    counted = {
        "hikaricp_connections_acquire_seconds_count": np.cumsum(pool["acquired"] + pool["timeouts"]),
        "hikaricp_connections_acquire_seconds_sum": np.cumsum(pool["wait_ms"]) / 1e3,
        "hikaricp_connections_timeout_total": np.cumsum(pool["timeouts"]),
    }
    series = gauges | {name: x.to_numpy(dtype=float) for name, x in counted.items()}
    table = add(EMPTY, [({"__name__": name, **POOL}, times, values) for name, values in series.items()])
    write_lab_samples(table, folder / "prometheus_samples.parquet")
    return folder


def spec_of(window, symptom, baseline=BASELINE):
    """Return the incident.yaml of a stretch of the recording, as a dict."""
    return {
        "id": "recorded-database", "title": "One phase of the recording",
        "window": dict(zip(("start", "end"), window, strict=True)),
        "baseline": dict(zip(("start", "end"), baseline, strict=True)),
        "service": {"namespace": "payments", "workload": "transfer-api"},
        "symptom": {"min_duration_seconds": 15, **symptom},
        "sources": {
            "database": [
                {"kind": "postgres-ash", "path": "raw/db/ash.parquet", "vcpu": 2},
                {"kind": "pg-stat-statements", "path": "raw/db/pg_stat_statements.csv.zst"},
                {"kind": "postgres-log", "path": f"raw/db/{LOG}"},
            ],
            "requests": [{"kind": "csv", "path": "raw/db/requests.csv.zst", "mapping": MAPPING}],
        },
    }  # fmt: skip


def captured(folder, window, symptom, baseline=BASELINE):
    """Make an incident folder of a stretch of the recording, with its evidence frozen in it."""
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(spec_of(window, symptom, baseline))
    (folder / "incident.yaml").write_text(text, encoding="utf-8")
    capture_from(folder, lab())
    return folder
