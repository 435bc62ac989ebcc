"""What a report costs: CPU seconds of the whole process tree, size of the page, and the analysis alone."""

import resource
import subprocess
import sys
import time

from tests.conftest import ROOT, A

TWO_NOTEBOOKS_CPU_SECONDS, FURTHER_NOTEBOOK_CPU_SECONDS = 15.0, 4.0
MOST_BYTES = 5_000_000


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_make_report_on_a_stays_in_its_budget(capsys):
    """`make report`, environment set up: user + system of the whole tree, kernels included."""
    command = (
        ["make", "report"]
        if (ROOT / ".venv" / ".installed").is_file()
        else [sys.executable, "-m", "analysis", "report", str(A)]
    )
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    spent = []
    for _ in range(3):
        before = _children()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
        spent.append(_children() - before)
    size = (A / "report" / "report.html").stat().st_size
    notebooks = len(list((ROOT / "notebooks").glob("*.ipynb")))
    budget = TWO_NOTEBOOKS_CPU_SECONDS + FURTHER_NOTEBOOK_CPU_SECONDS * max(0, notebooks - 2)
    with capsys.disabled():
        figures = ", ".join(f"{s:.1f}" for s in sorted(spent))
        print(f"\nreport of A: {figures} CPU s (budget {budget:.0f} for {notebooks} notebooks); {size / 1e6:.2f} MB")
    assert sorted(spent)[1] <= budget
    assert size <= MOST_BYTES


def test_the_analysis_alone_and_with_five_hundred_containers(capsys):
    from analysis.investigation import examine
    from tests.variants import evidence_of, noise_containers, with_samples

    evidence = evidence_of(A)
    examine(evidence)
    start = time.process_time()
    examine(evidence)
    alone = time.process_time() - start
    start = time.process_time()
    examine(with_samples(evidence, noise_containers(evidence.samples, 500, 1)))
    many = time.process_time() - start
    with capsys.disabled():
        each = many / 500 * 1e3
        print(f"\nanalysis of A: {alone:.2f} CPU s; with 500 more containers {many:.1f}, {each:.0f} ms each")
    assert many / 500 < 20 * alone


def test_k6_json_costs_about_what_bare_json_costs(capsys):
    import gzip
    import json

    from analysis.sources.k6 import read_k6_json

    path = A / "raw" / "requests" / "k6_results.json.gz"
    start = time.process_time()
    read_k6_json(path)
    ours = time.process_time() - start
    start = time.process_time()
    with gzip.open(path, "rt") as lines:
        for line in lines:
            json.loads(line)
    plain = time.process_time() - start
    with capsys.disabled():
        print(
            f"\nk6 JSON of A: {ours:.2f} CPU s to a checked frame; json.loads alone {plain:.2f} ({plain / ours:.1f}x)"
        )
    assert ours < 2 * plain  # a checked frame for less than twice the price of bare dictionaries
