"""The load by every source, and statements that became slower: on the recording, and without data."""

import pytest

from analysis.investigation import examine
from analysis.views.database_estimates import estimates_table, slower_table
from tests.conftest import D
from tests.hypotheses.amplified_cases import case_of, requests
from tests.recorded_database import BASELINE, PHASES, RECORDED
from tests.variants import evidence_of


@pytest.fixture(scope="module")
def of_e(corpus, tmp_path_factory):
    """The last phase of the recording with every source: log, samples, counters, Performance Insights."""
    import shutil

    import yaml

    from analysis.capture import capture_from
    from analysis.collect import load
    from analysis.incident import Incident
    from tests.recorded_database import LOG, spec_of

    folder, files = tmp_path_factory.mktemp("e"), tmp_path_factory.mktemp("files")
    spec = spec_of(*PHASES["E"], BASELINE)
    del spec["sources"]["database"]
    (folder / "incident.yaml").write_text(yaml.safe_dump(spec), encoding="utf-8")
    for name in ("requests.csv.zst", "ash.parquet", "ash.csv.zst", "pg_stat_database.csv", LOG):
        shutil.copyfile(RECORDED / name, files / name)
    shutil.copyfile(RECORDED / "pi" / "get-resource-metrics.db.wait_event.1s.json", files / "get-resource-metrics.json")
    manifest = capture_from(folder, files)
    assert {e.kind for e in manifest.entries} >= {"performance-insights", "pg-stat-database", "postgres-log"}
    return examine(load(Incident.load(folder)))


def test_four_sources_tell_the_same_load(of_e):
    rows = {row[0]: row[1:] for row in estimates_table(of_e).data["rows"]}
    assert set(rows) == {"log", "samples", "counters", "insights"}
    loads = {name: float(cells[1].split()[0]) for name, cells in rows.items()}
    assert loads["log"] == pytest.approx(15.45, abs=0.06)
    assert all(abs(x / loads["log"] - 1) < 0.05 for x in loads.values()), loads
    assert len(of_e.evidence.sessions.index.unique()) < 700  # two formats of the samples were captured, one was read


def test_the_statements_of_the_lost_index_became_slower(of_e):
    rows = slower_table(of_e).data["rows"]
    assert len(rows) == 3
    assert all(" transfers " in row[0] for row in rows)


def test_without_a_source_it_is_said():
    result = examine(evidence_of(D))
    assert "not known" in slower_table(result).data["text"]
    nothing = case_of(requests(lambda _r, _t: 1.0), {"failed": True}).evidence
    assert "not recorded by any source" in estimates_table(examine(nothing)).data["text"]
