"""Five phases of the recording as five incidents: the mechanism of each is ranked first; a calm time accuses nobody."""

import gzip
import json
import re
import subprocess
import sys
from functools import cache

import pytest

from analysis.investigation import investigate
from tests.conftest import ROOT
from tests.recorded_database import BASELINE, PHASES, captured

pytestmark = pytest.mark.usefixtures("corpus")
EXPECTED = {
    "A": ("db_load", "contributor_statement", "from transfers"),
    "B": ("call_amplification", "route", "/v1/history"),
    "C": ("lock_contention", "blocker", "settlement-batch"),
    "D": ("connection_storm", "application", "report-worker"),
    "E": ("db_load", "contributor_statement", "from transfers"),
}
PERSONAL = re.compile(rb"4111-1111|@example\.com|request_id=|\br0[0-9]{5}\b|DE[0-9]{18,20}")


@pytest.fixture(scope="module")
def incidents(tmp_path_factory):
    """Phase -> its incident folder."""
    folder = tmp_path_factory.mktemp("phases")
    return {name: captured(folder / name, *phase) for name, phase in PHASES.items()}


@pytest.fixture(scope="module")
def found_of(incidents):
    """Return phase -> its analysis, made once."""
    return cache(lambda phase: investigate(incidents[phase]))


@pytest.mark.parametrize("phase", sorted(PHASES))
def test_the_mechanism_of_each_phase_is_ranked_first(found_of, phase):
    found = found_of(phase)
    hypothesis, key, named = EXPECTED[phase]
    first = found.findings[0]
    assert (first.hypothesis, first.verdict, first.rank) == (hypothesis, "supported", 1), found.headline
    assert named in str(first.values[key].value)
    others = [f.hypothesis for f in found.findings if f.verdict == "supported" and f.role == "mechanism"]
    assert others == [hypothesis]


def test_the_load_of_b_did_not_rise_and_its_statement_is_named(found_of):
    found = found_of("B")
    first = next(f for f in found.findings if f.hypothesis == "call_amplification")
    assert first.values["load_sessions"].value < first.values["load_baseline_sessions"].value
    assert first.values["repeated_count"].value == pytest.approx(34.5, abs=0.5)
    assert "from accounts where id = ?" in str(first.values["repeated_statement"].value)
    load = next(f for f in found.findings if f.hypothesis == "db_load")
    assert load.verdict == "refuted"


def test_the_roots_of_c_are_told_by_process(found_of):
    first = found_of("C").findings[0]
    assert set(str(first.values["blocker_processes"].value).split(", ")) == {"368", "785"}


def test_the_refused_connections_of_d_are_counted(found_of):
    first = found_of("D").findings[0]
    assert first.values["refused"].value == 1_622  # 1,621 for want of an unreserved slot, one for want of any
    assert first.values["own_refused_ratio"].value > 0.99


@pytest.mark.parametrize("symptom", [{}, {"failed": False, "slower_than_seconds": 0.2}, {"source": "connects"}])
def test_two_halves_of_the_baseline_accuse_nobody(tmp_path, symptom):
    middle = "2026-11-22T17:44:23.249Z"
    folder = captured(tmp_path / "calm", (middle, BASELINE[1]), symptom, baseline=(BASELINE[0], middle))
    found = investigate(folder)
    assert not [f.id for f in found.findings if f.verdict == "supported"]


def test_nothing_personal_of_the_recording_is_in_what_is_derived_from_it(incidents):
    """The report of the phase that names most statements: page, JSON and the executed notebooks."""
    folder = incidents["B"]
    command = [sys.executable, "-m", "analysis", "report", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode in (0, 3), done.stderr
    made = [p for p in (folder / "report").rglob("*") if p.is_file()]
    assert {"report.html", "report.json"} <= {p.name for p in made}
    for path in made:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        assert not PERSONAL.search(data), f"{path.name}: {PERSONAL.search(data)}"
    report = json.loads((folder / "report" / "report.json").read_text())
    assert report["findings"][0]["hypothesis"] == "call_amplification"
