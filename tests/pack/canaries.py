"""An incident made on purpose, with a canary wherever a secret or a person could stand in its evidence."""

import base64
import gzip
import io
import json
import zipfile
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from analysis.capture import capture_from
from analysis.pack.gate import forms_of
from analysis.sources.prometheus import SampleTable
from tests.test_collect import write_lab_samples

START = pd.Timestamp("2026-11-22T18:00:00Z")
CANARIES = {
    "mail": "canary.kim@example.org", "card": "4111111111111111", "account": "DE89370400440532013000",
    "token": "ghp_Can4ryCan4ryCan4ryCan4ryCan4ry123456", "password": "hunter2-Canary!", "host": "10.77.66.55",
    "public": "203.0.113.77", "v6": "fd00:77::55", "name": "CanaryMinsu",
    "uuid": "0ca4a4c4-77aa-4bbb-8ccc-123456ca4a4c",
    "registry": "registry.canary.internal", "query": "canary-literal", "aws": "AKIACANARYCANARY0001",
    "property": "canary.property", "user": "canary.deployer", "request": "canary-request-17", "path": "998877665544",
    "fqdn": "ip-10-77-66-55", "thread": "canarythread@example.org",
}  # fmt: skip
C = CANARIES
LABELS = [
    {"__name__": "up", "instance": f"{C['host']}:9090", "job": "api"},
    {"__name__": "up", "instance": f"{C['fqdn']}.ec2.internal:9090", "job": "node"},
    {"__name__": "http_requests_total", "pod": "api-5d-x", "namespace": "shop", "user": C["user"], "code": "200"},
    {"__name__": "http_requests_total", "pod": "api-5d-x", "namespace": "shop", "tag": C["mail"], "code": "500"},
    {"__name__": "kube_pod_info", "pod": "api-5d-x", "uid": C["uuid"], "pod_ip": C["host"], "host_ip": C["v6"]},
    {"__name__": "kube_pod_container_info", "image": f"{C['registry']}:5000/shop/api:1.2", "pod": "api-5d-x"},
    {"__name__": "pg_stat_activity_q", "query": f"select '{C['query']}' from t", "client_addr": C["host"]},
    {"__name__": "pg_stat_activity_q", "query": "select 'other' from t", "client_addr": C["host"]},
    {"__name__": "latency_bucket", "le": "0.25", "pod": "api-5d-x", "extra": C["token"]},
    {"__name__": "error_ratio", "instance": f"{C['host']}:9090", "account_id": C["path"]},
]


def samples():
    times = START.value // 1000 + np.arange(0, 900, 15, dtype="i8") * 1_000_000
    n = len(times)
    ids = np.repeat(np.arange(len(LABELS), dtype="i4"), n)
    values = np.tile(np.linspace(0, 1, n) ** 3, len(LABELS)) + ids
    return SampleTable(tuple(LABELS), ids, np.tile(times, len(LABELS)), values)


def requests_jsonl():
    rows = []
    for i in range(600):
        at = START + pd.Timedelta(seconds=1.5 * i, microseconds=123 * i)
        bad = 300 <= i < 400
        rows.append({
            "ts": at.isoformat(), "took_ms": 3000.0625 + i if bad else 20.1 + i / 7, "code": "503" if bad else "200",
            "path": f"/accounts/{C['path']}/pay?token={C['token']}" if i % 2 else f"/users/{quote(C['mail'])}",
            "pod_name": "api-5d-x", "client": C["host"], "calls": 3,
            "agent": f"{C['name']} {C['account']} {C['public']}", "rid": f"{C['request']}-{i}",
        })  # fmt: skip
    return "\n".join(map(json.dumps, rows)) + "\nbroken line of " + C["name"] + "\n"


MAPPING = {
    "time": "ts", "duration": "took_ms", "status": "code", "route": "path", "pod": "pod_name", "statements": "calls",
    "request_id": "rid",
}  # fmt: skip


def server_log():
    lines = []
    for i in range(200):
        at = (START + pd.Timedelta(seconds=4 * i)).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"
        head = f"{at} [{100 + i % 5}] app@shop {C['host']}(5000{i % 9}) "
        lines.append(
            f"{head}LOG:  duration: {12.5 + i} ms  statement: SELECT * FROM p WHERE mail = '{C['mail']}' AND id = {i}"
            f" /*route='%2Fpay',request_id='{C['request']}-{i}',user='{C['name']}'*/"
        )
        if i % 20 == 0:
            lines += [
                f'{head}ERROR:  duplicate key value violates unique constraint "people_pkey"',
                f"{head}DETAIL:  Key (mail)=({C['mail']}) already exists.",
                f"{head}STATEMENT:  INSERT INTO people VALUES ('{C['query']}', {i})",
                f"{head}LOG:  connection received: host={C['host']} port=4711",
                f"{head}LOG:  connection authorized: user=app database=shop application_name=psql",
                f"{head}LOG:  process {100 + i % 5} still waiting for ShareLock on transaction 99 after 1000.5 ms",
                f"{head}DETAIL:  Process holding the lock: 101. Wait queue: 102.",
                f'{head}FATAL:  password authentication failed for user "app"',
                f"{head}LOG:  {C['name']} wrote this with password={C['password']}",
                f"{head}WARNING:  card {C['card']}",
                f"{head}LOG:  disconnection: session time: 0:01:02.500 user=app database=shop host={C['host']} port=1",
                f"\tcontinued {C['name']}",
            ]
    return "\n".join(lines) + "\n"


def sessions():
    rows = [
        {
            "ts": START + pd.Timedelta(seconds=5 * (i // 3), milliseconds=i % 3), "pid": 100 + i % 3, "usename": "app",
            "application_name": "api", "client_addr": C["host"] if i % 2 else C["v6"], "state": "active",
            "wait_event_type": None, "wait_event": None, "query_id": 5555555555554444 + i,
            "query": f"select * from t where a = '{C['query']}' and b = {i}", "backend_type": "client backend",
            "backend_start": START, "customer_note": C["name"],
        }
        for i in range(300)
    ]  # fmt: skip
    return pa.Table.from_pandas(pd.DataFrame(rows)).replace_schema_metadata({"author": C["name"]})


def snapshots_csv():
    text = "ts,queryid,userid,dbid,query,calls,total_exec_time,rows,remark\n"
    for i in range(10):
        at = (START + pd.Timedelta(seconds=60 * i)).isoformat()
        text += f"{at},5555555555554444,10,5,\"select '{C['query']}' from t\",{i * 100},{i * 1.25},{i},{C['name']}\n"
    return text


def insights():
    at = START.timestamp()
    points = [{"Timestamp": at + 60 * n, "Value": 0.5 + n} for n in range(1, 10)]
    statement = {"db.sql.id": "A1B2", "db.sql.statement": f"select * from t where mail = '{C['mail']}'"}
    host = {"db.host.id": "h1", "db.host.name": C["host"]}
    listed = [{"Key": {"Metric": "db.load.avg"}, "DataPoints": points}]
    listed += [{"Key": {"Metric": "db.load.avg", "Dimensions": statement}, "DataPoints": points}]
    other = [{"Key": {"Metric": "db.load.avg"}, "DataPoints": points}]
    other += [{"Key": {"Metric": "db.load.avg", "Dimensions": host}, "DataPoints": points}]
    times = {"AlignedStartTime": at, "AlignedEndTime": at + 540, "Identifier": "db-X", "Remark": C["name"]}
    return json.dumps([{**times, "MetricList": listed}, {**times, "MetricList": other}])


def gc_log():
    lines = [f"[{0.001:.3f}s][info][arguments] jvm_args: -D{C['property']}={C['password']}", f"app says {C['name']}"]
    for i in range(60):
        at = (START + pd.Timedelta(seconds=10 * i)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "+0000"
        head = f"[{at}][{10 * i + 1:.3f}s][canaryhost][info]"
        lines += [
            f"{head}[gc,start] GC({i}) Pause Young (Normal) (G1 Evacuation Pause)",
            f"{head}[gc,heap] GC({i}) Eden regions: 10->0(12)",
            f"{head}[gc] GC({i}) Pause Young (Normal) (G1 Evacuation Pause) 20M->5M(64M) {3.25 + i / 8:.3f}ms",
            f"{head}[gc,init] {C['name']} was here", f"{head}[gc,classhisto] GC({i})  1: 5 160 org.{C['name']}",
            f"{head}[gc] GC({i}) Allocation Stall ({C['thread']}) 1.5ms",
            f"INFO {C['mail']} paid with {C['card']} [gc] and {C['token']}",
        ]  # fmt: skip
    lines.insert(2, lines[2].split("][info]")[0].replace("canaryhost", "h") + "][info][gc] Using G1")
    return "\n".join(lines) + "\n"


def old_gc_log():
    lines = [f"CommandLine flags: -XX:+UseG1GC -XX:MaxHeapSize=1048576 -D{C['property']}={C['password']} "]
    for i in range(90):
        lines.append(f"{10 * i + 1}.500: [GC (Allocation Failure)  2048K->1024K(8192K), 0.2{i:02}0000 secs]")
        lines.append(f"{C['name']} logged in from {C['host']}")
    return "\n".join(lines) + "\n"


def events():
    items = [
        {
            "kind": "Event", "metadata": {"name": C["name"], "uid": C["uuid"]}, "reason": "Unhealthy",
            "type": "Warning",
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "api-5d-x", "uid": C["uuid"]},
            "message": f"{C['host']}:8080 failed, {C['mail']} DB_PASSWORD={C['password']} {C['token']} {C['aws']}",
            "firstTimestamp": (START + pd.Timedelta(seconds=60 * i)).strftime("%Y-%m-%dT%H:%M:%SZ"), "count": 1 + i,
            "source": {"host": C["fqdn"]},
        }
        for i in range(5)
    ]  # fmt: skip
    return json.dumps({"kind": "List", "items": items})


def deployments():
    return (
        "started_at,namespace,deployment,image,user,status,replicas,remark\n"
        f"2026-11-22T18:05:00Z,shop,api,{C['registry']}/shop/api:1.3,{C['user']},done,3,{C['name']}\n"
    )


def spec():
    return {
        "id": "canary", "title": "Canaries", "window": {"start": "2026-11-22T18:07:00Z", "end": "2026-11-22T18:12:00Z"},
        "baseline": {"start": "2026-11-22T18:00:00Z", "end": "2026-11-22T18:06:00Z"},
        "service": {"namespace": "shop", "workload": "api"}, "symptom": {"slower_than_seconds": 1.5},
        "signals": {"errors": {"promql": f'error_ratio{{instance="{C["host"]}:9090"}}'}},
        "sources": {
            "prometheus": {"url": "https://prometheus.canary.internal:9090", "auth": "env:CANARY_PASSWORD"},
            "gc_logs": [
                {"path": "raw/gc/gc.log", "container": "app", "from": "/var/log/canary/gc.log"},
                {"path": "raw/gc/old-gc.log.gz", "jvm_start": "2026-11-22T18:00:00Z"},
            ],
            "database": [
                {"kind": "postgres-ash", "path": "raw/db/pg_stat_activity.parquet", "vcpu": 2},
                {"kind": "pg-stat-statements", "path": "raw/db/pg_stat_statements.csv"},
                {"kind": "postgres-log", "path": "raw/db/postgresql.log", "prefix": "%m [%p] %u@%d %r "},
                {"kind": "performance-insights", "path": "raw/db/pi.json"},
            ],
            "kubernetes": {"events": "raw/kubernetes/events.json", "deployments": "raw/kubernetes/deployments.csv"},
            "requests": [{"kind": "jsonl", "path": "raw/requests/access.jsonl", "mapping": MAPPING}],
        },
    }  # fmt: skip


def incident(folder):
    """Make the incident folder, captured as anybody would."""
    lab = folder.parent / f"{folder.name}-lab"
    lab.mkdir(parents=True)
    write_lab_samples(samples(), lab / "prometheus_samples.parquet")
    (lab / "access.jsonl").write_text(requests_jsonl(), encoding="utf-8")
    (lab / "postgresql.log").write_text(server_log(), encoding="utf-8")
    pq.write_table(sessions(), lab / "pg_stat_activity.parquet")
    (lab / "pg_stat_statements.csv").write_text(snapshots_csv(), encoding="utf-8")
    (lab / "pi.json").write_text(insights(), encoding="utf-8")
    (lab / "gc.log").write_text(gc_log(), encoding="utf-8")
    (lab / "old-gc.log.gz").write_bytes(gzip.compress(old_gc_log().encode()))
    (lab / "events.json").write_text(events(), encoding="utf-8")
    (lab / "deployments.csv").write_text(deployments(), encoding="utf-8")
    folder.mkdir()
    (folder / "incident.yaml").write_text(yaml.safe_dump(spec(), sort_keys=False), encoding="utf-8")
    (folder / "narrative.md").write_text("# What happened\n\nNothing personal.\n", encoding="utf-8")
    capture_from(folder, lab)
    return folder


def contents(path):
    """Yield (name, bytes) of all that a pack holds: as it lies there, unpacked, and the texts of tables."""
    if path.is_file():
        with zipfile.ZipFile(path) as packed:
            files = {name: packed.read(name) for name in packed.namelist()}
    else:
        files = {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}
    for name, data in files.items():
        yield name, data
        yield name, name.encode()
        if name.endswith(".gz"):
            yield name, gzip.decompress(data)
        if name.endswith(".parquet"):
            table = pq.read_table(io.BytesIO(data))
            yield name, repr((table.schema.metadata, table.to_pylist())).encode()


def found_in(path, values):
    """Return (canary, file) for each canary of which any form is in a pack."""
    forms = {
        v: {*forms_of(v), base64.b64encode(v.encode()), v.lower().encode(), gzip.compress(v.encode(), mtime=0)}
        for v in values
    }
    return sorted({(v, name) for name, data in contents(path) for v, fs in forms.items() if any(f in data for f in fs)})
