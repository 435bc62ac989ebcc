"""The document in words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.db.coverage import coverage_of, nothing_read
from analysis.db.document import Statement, as_document
from analysis.db.logs import log_document
from analysis.db.words import document_lines
from analysis.sources.lines import ReadReport
from analysis.sources.pglog.totals import log_totals
from tests.db import servers


def coverage(unrecognised=0, *, truncated=False):
    samples = ("line 1: ???",) if unrecognised else ()
    return coverage_of(
        [ReadReport("a.log", 100, 100 - unrecognised, unrecognised, samples, truncated, ("a note",), 100)]
    )


@pytest.fixture
def log(tmp_path):
    def of(events):
        (path := tmp_path / "x.log").write_text(servers.stderr(events, "%m [%p] %q%u@%d "))
        return log_document(log_totals(path), coverage())

    return of


READY = [servers.Event(0, 1, "database system is ready to accept connections")]


def test_what_was_not_logged_never_looks_like_none(log):
    said = "\n".join(document_lines(log(READY)))
    assert "connections           authorized unknown, refused unknown, failed unknown" in said
    assert "lock waits            none logged" in said
    assert "log_lock_waits is off" in said


def test_the_statements_that_took_longest(log):
    names = [f"column_{chr(97 + i)}" for i in range(20)]
    events = [servers.timed(i, 1, 1000 * (i + 1), f"select {n} from {'x' * 50}, y") for i, n in enumerate(names)]
    lines = document_lines(log(events))
    head = next(i for i, line in enumerate(lines) if line.split()[:2] == ["total", "share"])
    assert "select column_t" in lines[head + 1]
    assert "9.52 %" in lines[head + 1]
    assert "  and 5 more" in lines
    assert all(len(line) <= 140 for line in lines)


def test_what_was_read_comes_first_where_it_is_bad(log):
    assert document_lines(log(READY) | {"coverage": coverage(2)})[:2] == [
        "INCOMPLETE: the figures are of what was understood.",
        "read: 1 file, 100 lines, 98 recognised, 2 not understood",
    ]
    assert document_lines(log(READY) | {"coverage": coverage(truncated=True)})[0].startswith("INCOMPLETE")
    assert document_lines(log(READY) | {"coverage": coverage(1)})[-3:] == [
        "read: 1 file, 100 lines, 99 recognised, 1 not understood", "  not understood: a.log line 1: ???",
        "  note: a note",
    ]  # fmt: skip


@given(st.text(max_size=80), st.floats(0, 1e7), st.floats(0, 1e7))
def test_any_text_is_on_one_line(text, calls, seconds):
    found = as_document("ash", [Statement("a", text, calls, seconds, math.nan)], nothing_read(1), n=calls)
    assert all(line.isprintable() for line in document_lines(found))
