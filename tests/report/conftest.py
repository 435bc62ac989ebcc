"""One report of A for all tests that only read it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, A


@pytest.fixture(scope="session")
def report_of_a(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    run = postmortem("report", str(A), "--output", str(folder))
    assert run.returncode == 0, run.stderr
    return folder


def postmortem(*arguments: str, cwd: Path = ROOT, **kwargs) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "analysis", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False, **kwargs)
