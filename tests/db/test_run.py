"""Files to a document or an error; the command line's own tests are in tests/test_cli_db.py."""

import pytest

from analysis.db.document import Asked
from analysis.db.run import asked_for, db_document, lines_of
from analysis.errors import SpecError
from tests.conftest import C

SESSIONS = C / "raw" / "db" / "pg_stat_activity.parquet"


def test_what_is_asked_for():
    assert asked_for("auto") == Asked()
    assert asked_for("csvlog", "%m ", "UTC", None, "1970-01-01T00:00:01Z") == Asked("csvlog", "%m ", "UTC", None, 10**6)
    with pytest.raises(SpecError, match="without an offset"):
        asked_for(end="2026-11-22T18:00:00")


def test_lines_are_counted_also_without_a_last_line_end(tmp_path):
    (path := tmp_path / "x").write_bytes(b"a\nb\nc")
    assert (lines_of([path, path]), lines_of([]), lines_of([tmp_path])) == (6, 0, None)


def test_progress_is_told():
    steps = []
    document, error = db_document([SESSIONS], progress=steps.append)
    assert error is None
    assert steps == [f"reading {SESSIONS.name}"]
    assert document["coverage"]["recognised"] == document["coverage"]["lines"] > 1000


def test_the_same_samples_twice_are_summed_once(tmp_path):
    one, _ = db_document([SESSIONS])
    both, _ = db_document([SESSIONS, SESSIONS])
    assert (both["aas"], both["fingerprints"]) == (one["aas"], one["fingerprints"])


def test_a_window_without_anything_is_an_error():
    document, error = db_document([SESSIONS], Asked(start_us=4 * 10**15))
    assert (error.exit_code, set(document)) == (4, {"error", "coverage"})
    assert document["coverage"]["recognised"] is not None
