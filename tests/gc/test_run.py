"""Files to a document: whatever they hold there is one, and nothing in it is negative or not a number."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.errors import EvidenceError, NoDataError, SpecError
from analysis.gc.run import gc_document
from analysis.gc.words import document_lines
from tests.test_cli_gc import log_of


def whole(document):
    return json.loads(json.dumps(document, allow_nan=False))


def test_what_is_done_is_told(tmp_path):
    path, told = tmp_path / "gc.log", []
    path.write_text(log_of(), encoding="utf-8")
    document, error = gc_document([path], progress=told.append)
    assert error is None
    assert told == ["reading gc.log", "counting 20 pauses"]
    assert document["coverage"]["lines"] == 83


def test_no_data_is_not_the_same_as_no_file(tmp_path):
    other = tmp_path / "app.log"
    other.write_text("12:00:01 INFO Pause between retries 12.5ms\n" * 3, encoding="utf-8")
    document, error = gc_document([other])
    assert isinstance(error, NoDataError)
    assert (error.exit_code, document["coverage"]["lines"]) == (4, 3)
    document, error = gc_document([other, tmp_path / "none.log"])
    assert isinstance(error, EvidenceError)
    assert (error.exit_code, document["coverage"]["files"], document["coverage"]["lines"]) == (2, 2, None)


def test_files_without_a_log_among_others_are_passed_over_and_said(tmp_path):
    """A set that was just rotated: its newest file is empty."""
    newest, older, other = (tmp_path / name for name in ("gc.log", "gc.log.0", "notes.txt"))
    newest.touch()
    older.write_text(log_of(), encoding="utf-8")
    other.write_text("a note\n", encoding="utf-8")
    document, error = gc_document([newest, older, other])
    assert error is None
    assert document["lives"][0]["pauses"]["n"] == 20
    assert [s["file"] for s in document["coverage"]["skipped"]] == ["gc.log", "notes.txt"]
    assert "  passed over: gc.log: the file is empty" in document_lines(document)
    _, error = gc_document([newest, other])
    assert isinstance(error, NoDataError)
    document, error = gc_document([older, tmp_path / "typed-wrong.log"])
    assert error is not None
    assert (error.exit_code, document["error"]["where"]) == (2, "typed-wrong.log")


def test_a_start_without_an_offset_is_refused_before_reading(tmp_path):
    told = []
    _, error = gc_document([tmp_path / "none.log"], jvm_start="2026-11-22T18:00:00", progress=told.append)
    assert isinstance(error, SpecError)
    assert told == []


@st.composite
def spoiled(draw):
    """A small log with lines changed, dropped, repeated and cut."""
    lines = log_of(6).splitlines()
    for _ in range(draw(st.integers(1, 6))):
        i = draw(st.integers(0, len(lines) - 1))
        line, at = lines[i], draw(st.integers(0, 80))
        new = draw(st.sampled_from([line[:at], line[at:], line[:at] + "9" * 30 + line[at:], line.replace("ms", "s"),
                                    line.replace("M->", "T->"), line.replace("2026", "1026"), line + line, "",
                                    line[:at] + "\x00\xff" + line[at:], line.replace("0", "-")]))  # fmt: skip
        lines[i : i + draw(st.integers(0, 2))] = [new]
    return "\n".join(lines)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoiled())
def test_a_spoiled_log_never_crashes_nor_reports_less_than_nothing(tmp_path, text):
    path = tmp_path / "gc.log"
    path.write_text(text, encoding="utf-8")
    document, error = gc_document([path], events=True)
    document = whole(document)
    if error is not None:
        assert set(document) == {"error", "coverage"}
        return
    assert all(e["duration_seconds"] is None or e["duration_seconds"] >= 0 for e in document["events"])
    for life in document["lives"]:
        assert life["throughput_ratio"] is None or 0 <= life["throughput_ratio"] <= 1
        assert life["stw_seconds"] is None or life["stw_seconds"] >= 0
        assert life["duration_seconds"] is None or life["duration_seconds"] >= 0
    assert document_lines(document)


@pytest.mark.parametrize("content", [b"\xff\xfe[\x000\x00", b"[" * 100_000, b"GC(1) " * 50_000])
def test_bytes_that_are_no_log(tmp_path, content):
    path = tmp_path / "x"
    path.write_bytes(content)
    document, error = gc_document([path])
    whole(document)
    assert error is None or error.exit_code in (2, 4)
