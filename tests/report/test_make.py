"""report.html and report.json: one file, offline, no code, atomic, under a lock, the same bytes twice."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser

import nbformat
import pytest

from analysis.errors import BusyError, SpecError
from analysis.report import execute as execute_module
from analysis.report import make_report
from analysis.report.execute import notebooks
from tests.conftest import ROOT, A, B, D
from tests.report.conftest import postmortem


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.found += [v for k, v in attrs if k in ("src", "href") and v]


def test_one_file_no_address_no_code(report_of_a):
    html = (report_of_a / "report.html").read_text(encoding="utf-8")
    links = Links()
    links.feed(html)
    assert [v for v in links.found if not v.startswith("#")] == []
    assert not {"link", "iframe", "img"} & set(links.tags)
    own = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
    assert not re.search(r"(?:url\(|@import|srcset|action=)", own)
    assert "import " not in own
    assert "investigate(" not in own
    assert "Content-Security-Policy" in html
    assert "default-src 'none'" in html
    assert "'unsafe-eval'" not in html
    assert len(html.encode()) <= 5_000_000


def test_report_json_has_the_shape_that_was_promised(report_of_a):
    found = json.loads((report_of_a / "report.json").read_text(encoding="utf-8"))
    assert found["schema_version"] == 1
    assert found["status"] == "complete"
    assert found["incident_found"] is True
    assert found["incident"]["window"] == {"start": "2026-11-22T18:04:30Z", "end": "2026-11-22T18:07:00Z"}
    assert found["symptom"]["bad_requests"] == 1822
    assert found["symptom"]["requests"] == 2400
    assert found["symptom"]["episodes"][0]["id"] == 1
    first = found["findings"][0]
    assert (first["verdict"], first["rank"], first["role"]) == ("supported", 1, "mechanism")
    assert first["entity"]["container"] == "istio-proxy"
    assert {t["name"]: t["passed"] for t in first["tests"]} == dict.fromkeys(
        ("timing", "magnitude", "dose", "specificity", "reversal"), True
    )
    assert {"name", "passed", "value", "unit", "low", "high", "n", "p_value", "reason"} <= set(first["tests"][0])
    assert found["impact"]["failed_requests"] == 1159
    assert found["impact"]["slow_requests"] == 663
    assert found["impact"]["error_budget_burn"]["formula"]
    kinds = {row["kind"] for row in found["timeline"]}
    assert {"deployment", "push", "limit_removed", "symptom", "warning"} <= kinds
    assert [s["status"] for s in found["sections"]] == ["ok"] * 6
    assert {r["state"] for r in found["ledger"]} == {"supported", "refuted", "not_testable", "not_tested"}
    assert {i for r in found["ledger"] for i in r["findings"]} == {f["id"] for f in found["findings"]}
    assert all(c["ratio"] >= 0.95 for c in found["coverage"])


def test_two_runs_give_the_same_bytes(report_of_a, tmp_path):
    assert postmortem("report", str(A), "--output", str(tmp_path)).returncode == 0
    assert (tmp_path / "report.json").read_bytes() == (report_of_a / "report.json").read_bytes()
    assert (tmp_path / "report.html").read_bytes() == (report_of_a / "report.html").read_bytes()


def test_the_executed_notebooks_lie_beside_it_and_hold_no_secret_or_work_path(report_of_a):
    for name in ("calls", "db_load", "gc_pauses", "overview", "suspects", "throttling"):
        text = (report_of_a / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8")
        assert "A-sidecar-throttle" in text
        assert ".run-" not in text
    assert not list(report_of_a.glob(".run-*"))


def test_a_failing_notebook_costs_its_section_only(tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for path in notebooks():
        (folder / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    broken = nbformat.read(folder / "throttling.ipynb", as_version=4)
    broken.cells.append(nbformat.v4.new_code_cell("raise ValueError('<script>broken</script>')"))
    nbformat.write(broken, folder / "throttling.ipynb")
    monkeypatch.setattr(execute_module, "notebook_folder", lambda: folder)
    made = make_report(D, output=tmp_path / "out")
    assert made.status == "partial"
    statuses = {s.name: s.status for s in made.sections}
    assert statuses.pop("throttling") == "failed"
    assert set(statuses.values()) == {"ok"}
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "its notebook failed" in html
    assert "<script>broken" not in html
    assert "no incident" in html


def test_a_second_run_at_the_same_time_is_refused(tmp_path):
    from analysis.lock import held

    with held(tmp_path, doing="making this report", next=""), pytest.raises(BusyError, match="another run"):
        make_report(D, output=tmp_path)


def test_an_unknown_notebook_is_a_usage_error(tmp_path):
    with pytest.raises(SpecError, match="no such notebook"):
        make_report(D, output=tmp_path, only=("nope",))
    assert not list(tmp_path.iterdir())


def test_only_one_notebook(tmp_path):
    made = make_report(B, output=tmp_path, only=("throttling",))
    assert [s.name for s in made.sections] == ["throttling"]


def test_the_last_good_report_survives_a_kill_at_any_time(report_of_a, tmp_path, copy_of):
    folder = copy_of(D)
    target = folder / "report"
    target.mkdir()
    for name in ("report.html", "report.json"):
        (target / name).write_bytes((report_of_a / name).read_bytes())
    before = {p.name: p.read_bytes() for p in target.glob("report.*")}
    for seconds in (1.0, 2.5, 4.0):
        run = subprocess.Popen(
            [sys.executable, "-m", "analysis", "report", str(folder)], cwd=ROOT, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        time.sleep(seconds)
        finished = run.poll() is not None
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        if finished:
            break
        after = {p.name: p.read_bytes() for p in target.glob("report.*")}
        whole = after["report.html"].rstrip().endswith(b"</html>") and json.loads(after["report.json"])
        assert after == before or whole
    made = make_report(folder)
    assert made.status == "complete"
    assert not list(target.glob(".run-*"))


def test_nothing_is_left_running(tmp_path):
    import psutil

    assert postmortem("report", str(D), "--output", str(tmp_path)).returncode == 0
    left = [
        p.info["cmdline"]
        for p in psutil.process_iter(["cmdline"])
        if str(tmp_path) in " ".join(p.info["cmdline"] or ())
    ]
    assert left == []


def test_the_bundled_plotly_is_the_one_that_the_package_names():
    import hashlib

    from plotly.offline import get_plotlyjs_version

    static = ROOT / "analysis" / "report" / "static"
    script = (static / "plotly-cartesian.min.js").read_bytes()
    assert get_plotlyjs_version().encode() in script[:300]
    digest = (static / "plotly-cartesian.min.js.sha256").read_text(encoding="utf-8").split()[0]
    assert hashlib.sha256(script).hexdigest() == digest
    assert "MIT" in (static / "plotly-LICENSE.txt").read_text(encoding="utf-8")


def test_a_section_without_evidence_says_so_and_is_unavailable(tmp_path, copy_of):
    folder = copy_of(A)
    spec = (folder / "incident.yaml").read_text(encoding="utf-8")
    gone = [line for line in spec.splitlines() if "gc_logs" in line]
    (folder / "incident.yaml").write_text(
        "\n".join(line for line in spec.splitlines() if line not in gone) + "\n", encoding="utf-8"
    )
    manifest = json.loads((folder / "raw" / "manifest.json").read_text(encoding="utf-8"))
    manifest["files"] = [e for e in manifest["files"] if "gc/" not in e["path"]]
    (folder / "raw" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    made = make_report(folder, only=("gc_pauses", "overview"), output=tmp_path / "out")
    assert {s.name: s.status for s in made.sections} == {"overview": "ok", "gc_pauses": "unavailable"}
    html = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Not available:" in html
    found = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert next(s for s in found["sections"] if s["name"] == "gc_pauses")["reason"]
    assert next(r for r in found["ledger"] if r["suspect"] == "GC pauses")["state"] in ("not_testable", "not_tested")
