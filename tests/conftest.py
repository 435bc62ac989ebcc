"""Shared fixtures: the bundled incidents, the corpus, and programs that some tests need."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
INCIDENTS = ROOT / "data" / "incidents"
A, B, C, D = (INCIDENTS / n for n in ("A-sidecar-throttle", "B-gc-pressure", "C-db-locks", "D-quiet-control"))
settings.register_profile("shared machine", deadline=None)  # no test asserts wall time, not even this way
settings.load_profile("shared machine")

CORPUS = Path(os.environ.get("POSTMORTEM_CORPUS", ROOT.parent / "shared" / "data"))
REQUIRE_ALL = os.environ.get("POSTMORTEM_REQUIRE_ALL") == "1"

os.chdir(ROOT)  # the docstrings' examples name the bundled incidents from here


def missing(what: str) -> None:
    """Skip a test and name what is missing; in CI that is a failure."""
    if REQUIRE_ALL:
        pytest.fail(f"{what} is required here")
    pytest.skip(f"{what} is missing")


@pytest.fixture(scope="session")
def corpus() -> Path:
    if not CORPUS.is_dir():
        missing(f"the corpus (POSTMORTEM_CORPUS, {CORPUS})")
    return CORPUS


@pytest.fixture(scope="session")
def chromium() -> str:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        missing("the program chromium")
    return str(path)


@pytest.fixture
def copy_of(tmp_path):
    """Copy a bundled incident (without its report) to where a test may spoil it."""

    def copy(folder: Path, name: str = "incident") -> Path:
        target = tmp_path / name
        shutil.copytree(folder, target, ignore=shutil.ignore_patterns("report"))
        return target

    return copy


@pytest.fixture
def foreign(tmp_path):
    """Write a file as it comes from elsewhere."""

    def write(text, name="gc.log"):
        path = tmp_path / "from" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
