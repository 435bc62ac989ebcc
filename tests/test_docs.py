"""The README is true: its code runs, its commands exist, its cron line works, a real Prometheus can be recorded."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, A
from tests.report.conftest import postmortem
from tests.servers import lab_tsdb, prometheus

README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(name: str) -> str:
    found = re.search(rf"<!-- tested: {name} -->\n```\w+\n(.*?)```", README, re.DOTALL)
    assert found, name
    return found[1]


def test_the_ten_lines_run():
    lines = block("ten lines")
    assert len([line for line in lines.splitlines() if line.strip()]) <= 10
    run = subprocess.run(
        [sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert run.returncode == 0, run.stderr
    assert "supported cpu_throttling:payments/payment-api/istio-proxy" in run.stdout


def test_every_command_is_documented_and_every_documented_command_exists():
    help_text = postmortem("--help").stdout
    commands = set(re.findall(r"^\W*([\w-]+)  +[A-Z]", help_text, re.MULTILINE)) - {"help"}
    assert commands == {"new", "capture", "check", "report", "suspects", "gc", "db", "sample-db", "pack"}
    assert commands <= set(re.findall(r"postmortem ([\w-]+)", README))
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"help", "setup", "report", "test", "check", "lab", "bench", "clean"} <= targets
    assert set(re.findall(r"`?make (\w+)", README)) <= targets


def test_the_links_of_the_documents_lead_somewhere():
    for document in ROOT.glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
            assert target.startswith("http") or (ROOT / target).exists(), (document.name, target)


def test_the_table_of_metrics_is_ranked(tmp_path):
    import json
    import shlex

    import numpy as np
    import pandas as pd

    index = pd.date_range("2026-11-22T18:00:00Z", periods=80, freq="30s")
    frame = pd.DataFrame(np.random.default_rng(3).normal(size=(80, 3)), columns=["web|latency|p95", "db|cpu|x", "y"])
    frame.iloc[61:, :2] += 40
    frame.set_index(index.rename("time")).to_csv(tmp_path / "metrics.csv")
    (tmp_path / "calls.csv").write_text("caller,callee\nweb,db\n", encoding="utf-8")
    command = shlex.split(block("suspects").replace("\\\n", " "))
    run = postmortem(*command[1:], cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["entities"][0]["entity"] == "db"


def test_the_rotated_gc_log_is_read(tmp_path):
    import gzip
    import shlex

    lines = gzip.decompress((ROOT / "data/incidents/B-gc-pressure/raw/gc/gc.log.gz").read_bytes()).splitlines(
        keepends=True
    )
    third = len(lines) // 3
    (tmp_path / "gc.log").write_bytes(b"".join(lines[2 * third :]))
    (tmp_path / "gc.log.0").write_bytes(b"".join(lines[:third]))
    (tmp_path / "gc.log.1.gz").write_bytes(gzip.compress(b"".join(lines[third : 2 * third])))
    run = postmortem(*shlex.split(block("gc"), comments=True)[1:], cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert "Serial" in run.stdout
    assert "full collections" in run.stdout
    assert "3 files" in run.stdout


def test_the_cron_line_runs_as_cron_would(tmp_path):
    line = block("cron").strip()
    schedule, command = line.split(" cd ", 1)
    assert len(schedule.split()) == 5
    link = tmp_path / "toolkit"
    link.mkdir()
    for name in ("analysis", "notebooks", "data"):
        (link / name).symlink_to(ROOT / name)
    (link / ".venv" / "bin").mkdir(parents=True)
    (link / ".venv" / "bin" / "postmortem").symlink_to(Path(sys.executable).parent / "postmortem")
    command = command.replace("/srv/postmortem-toolkit", str(link)).replace(
        "/srv/www/postmortem", str(tmp_path / "www")
    )
    run = subprocess.run(
        ["/bin/sh", "-c", f"cd {command}"], env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LOGNAME": "cron"},
        cwd=tmp_path, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=200, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "no incident" in run.stdout
    assert (tmp_path / "www" / "report.html").is_file()


def test_a_live_capture_from_a_real_prometheus_gives_the_same_verdict(corpus, tmp_path):
    from analysis import investigate

    spec = (A / "incident.yaml").read_text(encoding="utf-8")
    for name in ("gc/gc.log.gz", "db/pg_stat_activity.parquet", "db/pg_stat_statements.parquet"):
        spec = spec.replace(f"path: raw/{name}", f"path: raw/{name}, from: {A / 'raw' / name}")
    spec = spec.replace("json.gz}]", f"json.gz, from: {A / 'raw/requests/k6_results.json.gz'}}}]")
    spec = re.sub(r"  kubernetes:.*\n", "", spec)
    with prometheus(lab_tsdb(corpus, A.name, tmp_path / "server")) as url:
        live = block("live").replace("http://localhost:9090", url)
        (tmp_path / "incident").mkdir()
        (tmp_path / "incident" / "incident.yaml").write_text(spec.replace("sources:\n", live), encoding="utf-8")
        run = postmortem("capture", str(tmp_path / "incident"))
    assert run.returncode == 0, run.stderr
    first = investigate(tmp_path / "incident").findings[0]
    assert (first.id, first.verdict, first.rank) == ("cpu_throttling:payments/payment-api/istio-proxy", "supported", 1)
