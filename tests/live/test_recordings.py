"""The recordings' own databases on a real Prometheus, captured live, say what the bundled folders say."""

import math
import re
import shutil

import pytest

from analysis import capture_from, investigate
from analysis.live import capture_live
from tests.conftest import INCIDENTS
from tests.servers import lab_tsdb, prometheus

NAMES = ("A-sidecar-throttle", "B-gc-pressure", "C-db-locks", "D-quiet-control")
FROM = ("gc.log.gz", "pg_stat_activity.parquet", "pg_stat_statements.parquet", "k6_results.json.gz")


@pytest.fixture(scope="module", params=NAMES)
def recording(request, corpus, tmp_path_factory):
    """Run the server of a recording; yield its name, URL, lab folder and what the bundled folder says."""
    work = tmp_path_factory.mktemp("lab")
    with prometheus(lab_tsdb(corpus, request.param, work)) as url:
        yield request.param, url, corpus / "lab" / request.param, investigate(INCIDENTS / request.param)


def captured(recording, folder, mode):
    """Capture the incident live: metrics from the server, logs by `from`, Kubernetes from files."""
    name, url, lab, _ = recording
    spec = (INCIDENTS / name / "incident.yaml").read_text(encoding="utf-8")
    spec = spec.replace("sources:\n", f"sources:\n  prometheus: {{url: '{url}', mode: {mode}, step_seconds: 5}}\n")
    for file in FROM:
        spec = re.sub(rf"(path: raw/\w+/{file})", rf"\1, from: {lab / file}", spec)
    (folder / "kubernetes").mkdir(parents=True)
    (folder / "incident.yaml").write_text(spec, encoding="utf-8")
    for file in ("events.json", "deployments.csv"):
        shutil.copy(lab / file, folder / "kubernetes")
    capture_from(folder, folder / "kubernetes")
    assert not capture_live(folder).missing
    return investigate(folder)


def verdicts(result):
    return {
        f.id: (f.verdict, f.rank, f.role, f.effect_of, [(t.name, t.passed) for t in f.tests]) for f in result.findings
    }


def numbers(finding):
    return {k: v.value for k, v in finding.values.items() if isinstance(v.value, int | float)}


def test_with_real_sample_times_nothing_differs(recording, tmp_path):
    bundled = recording[3]
    found = captured(recording, tmp_path / "i", "auto")
    assert verdicts(found) == verdicts(bundled)
    assert found.headline == bundled.headline
    by_id = {f.id: f for f in bundled.findings}
    for finding in found.findings:
        expected = numbers(by_id[finding.id])
        for key, number in numbers(finding).items():
            assert math.isclose(number, expected[key], rel_tol=1e-9, abs_tol=1e-12), (finding.id, key)


def test_on_a_grid_nothing_is_judged_otherwise_and_what_is_told_first_is_within_five_percent(recording, tmp_path):
    name, bundled = recording[0], recording[3]
    found = captured(recording, tmp_path / "i", "range")
    assert verdicts(found) == verdicts(bundled)
    by_id = {f.id: f for f in bundled.findings}
    far, total = [], 0
    for finding in found.findings:
        expected = numbers(by_id[finding.id])
        for key, number in numbers(finding).items():
            total += 1
            if not math.isclose(number, expected[key], rel_tol=0.05, abs_tol=1e-5):
                far.append((finding.id, key, expected[key], number))
    print(f"{name}: {total - len(far)} of {total} numbers within 5 % on a grid of 5 s")
    assert len(far) <= 0.08 * total, far
    for finding in (f for f in found.findings if f.rank == 1):
        expected = numbers(by_id[finding.id])
        assert math.isclose(numbers(finding)["explained_ratio"], expected["explained_ratio"], rel_tol=0.05)
