"""Readers of each kind; garbage never crashes any of them."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.db.document import Asked
from analysis.db.read import READERS, read_log
from analysis.db.run import db_document
from analysis.sources.pglog.reader import read_postgres_log
from tests.db import servers

PIECES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(servers.stderr(servers.story(), "%m [%p] %q%u@%d ").splitlines()),
    st.sampled_from(servers.csvlog(servers.story()).splitlines()),
    st.sampled_from(servers.jsonlog(servers.story()).splitlines()),
    st.sampled_from(
        ["ts,pid,state,wait_event_type,wait_event", '{"MetricList": [', "\0\0", '"', "\t", "# User@Host: a"]
    ),
)
KINDS = [None, "stderr", "csvlog", "jsonlog", "syslog", "pi", "ash", "pgss", "hikari"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(PIECES, max_size=14), st.sampled_from(KINDS))
def test_any_file_is_read_or_refused_with_one_document(tmp_path_factory, lines, kind):
    path = tmp_path_factory.getbasetemp() / "garbage"
    path.write_bytes("\n".join(lines).encode("utf-8", "replace"))
    document, error = db_document([path], Asked(kind=kind, timezone="UTC"))
    json.dumps(document, allow_nan=False)
    if error is not None:
        assert error.exit_code in (2, 4)
        assert set(document) == {"error", "coverage"}
        return
    assert sum(f["calls"] or 0 for f in document["fingerprints"]) == (document["statements"]["n"] or 0)
    assert all((f["total_seconds"] or 0) >= 0 for f in document["fingerprints"])
    assert not any(secret in json.dumps(document) for secret in ("kim@", "4711", "neil"))


def test_every_kind_has_a_reader():
    assert set(READERS) == {"ash", "pgss", "pi", "hikari"}


@pytest.mark.parametrize("window", [(None, None), (2_300_000, None), (None, 2_402_000), (2_300_000, 5_001_000)])
def test_totals_are_those_of_the_frames(tmp_path, window):
    (path := tmp_path / "x.log").write_text(servers.csvlog(servers.story()))
    first = int(servers.FIRST.timestamp() * 1e6)
    start, end = (None if t is None else first + t for t in window)
    document, _ = read_log([path], Asked(start_us=start, end_us=end))
    frame = read_postgres_log(path)[0].statements
    us = frame.index.as_unit("us").asi8
    kept = frame[(us > (start or 0)) & (us <= (end or 2**60))]
    assert document["statements"]["n"] == len(kept)
    assert document["statements"]["total_seconds"] == pytest.approx(kept["duration_seconds"].sum())
    assert len(document["fingerprints"]) == kept["fingerprint"].nunique()
