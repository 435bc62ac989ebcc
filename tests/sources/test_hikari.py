"""HikariCP's lines of timeouts: text of several layouts, JSON lines, stack traces, local times, garbage."""

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import EvidenceError, SpecError
from analysis.sources.hikari import POOL_TIMEOUT_COLUMNS, read_pool_timeouts

WHOLE = "Connection is not available, request timed out after {}ms (total=10, active=9, idle=1, waiting=50)"
SHORT = "Connection is not available, request timed out after {}ms."


def read(tmp_path, text, **given_):
    path = tmp_path / "app.log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_pool_timeouts(path, **given_)


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-22 18:04:31.123Z WARN 1 --- [exec-7] o.h.engine : P-1 - " + WHOLE.format(3001),
        "2026-11-22T19:04:31,123+01:00 [exec-7] WARN c.z.h.p.HikariPool - P-1 - " + WHOLE.format(3001),
        "[2026-11-22T18:04:31.123+0000] [exec-7] P-1 - " + WHOLE.format(3001),
        json.dumps({"level": 1, "@timestamp": "2026-11-22T18:04:31.123Z", "message": "P-1 - " + WHOLE.format(3001)}),
        json.dumps({"@timestamp": "2026-11-22T18:04:31.123Z", "message": "P-1 - " + WHOLE.format(3001)}),
        json.dumps({"timeMillis": 1795370671123, "thread": "exec-7", "message": "P-1 - " + WHOLE.format(3001)}),
        json.dumps({"instant": {"epochSecond": 1795370671, "nanoOfSecond": 123000000},
                    "message": "P-1 - " + WHOLE.format(3001)}),
    ],
)  # fmt: skip
def test_one_line_of_each_layout(tmp_path, line):
    frame, report = read(tmp_path, f"2026-11-22 18:00:00Z started\n{line}\nanother line\n")
    assert frame.to_dict("records") == [
        {"pool": "P-1", "waited_seconds": 3.001, "total": 10.0, "active": 9.0, "idle": 1.0, "waiting": 50.0}
    ]
    assert str(frame.index[0]) == "2026-11-22 18:04:31.123000+00:00"
    assert (report.recognised, report.unrecognised, report.lines) == (1, 0, 3)


def test_what_is_not_said_is_unknown(tmp_path):
    text = (
        "2026-11-22T18:04:31Z P-1 - " + SHORT.format(30000) + "\n"
        "2026-11-22T18:05:31Z P-2 - Timeout failure stats (total=8, active=8, idle=0, waiting=128)\n"
        "2026-11-22T18:06:31Z P-3 - Timeout failure pool stats (total=8, inUse=7, avail=1, waiting=3)\n"
    )
    frame, report = read(tmp_path, text)
    assert frame["waited_seconds"].tolist()[0] == 30.0
    assert frame["waited_seconds"].isna().tolist() == [False, True, True]
    assert frame["active"].isna().tolist() == [True, False, False]
    assert frame[["active", "idle", "waiting"]].iloc[1:].to_numpy().tolist() == [[8, 0, 128], [7, 1, 3]]
    assert "2 rows are statistics" in " ".join(report.notes)


def test_a_failure_told_again_is_one(tmp_path):
    said = "P-1 - " + WHOLE.format(3001)
    text = (
        f"2026-11-22T18:04:31.000Z WARN [t-1] SqlExceptionHelper : {said}\n"
        f"2026-11-22T18:04:31.020Z ERROR [t-1] Servlet failed\njava.lang.RuntimeException: no\n\tat a.b(c:1)\n"
        f"Caused by: java.sql.SQLTransientConnectionException: {said}\n\tat d\n"
        f"Caused by: java.sql.SQLTransientConnectionException: {said}\n"
        f"2026-11-22T18:04:31.021Z ERROR [t-2] other\nCaused by: x: {said}\n"
        f"2026-11-22T18:04:34.900Z WARN [t-1] SqlExceptionHelper : {said}\n"
    )
    frame, report = read(tmp_path, text)
    assert len(frame) == 3
    assert report.recognised == 5
    assert "2 lines tell again" in " ".join(report.notes)


def test_two_pools_in_one_record_are_two(tmp_path):
    text = f"2026-11-22T18:04:31Z both\ncause: P-1 - {SHORT.format(9)}\ncause: P-2 - {SHORT.format(9)}\n"
    assert read(tmp_path, text)[0]["pool"].tolist() == ["P-1", "P-2"]


def test_local_times_need_their_zone(tmp_path):
    text = "2026-07-01 18:04:31.123 WARN P-1 - " + WHOLE.format(3001)
    with pytest.raises(EvidenceError, match="no offset") as failed:
        read(tmp_path, text)
    assert "timezone" in failed.value.next
    assert str(read(tmp_path, text, timezone="Europe/Berlin")[0].index[0]) == "2026-07-01 16:04:31.123000+00:00"
    with pytest.raises(SpecError, match="no such time zone"):
        read(tmp_path, text, timezone="Mars/Olympus")


def test_some_times_without_an_offset_are_counted(tmp_path):
    text = f"2026-07-01 18:04:31 P-1 - {SHORT.format(9)}\n2026-07-01 18:04:31Z P-1 - {SHORT.format(9)}\n"
    frame, report = read(tmp_path, text)
    assert (len(frame), report.unrecognised, report.recognised) == (1, 1, 1)
    assert "1 records have a time without an offset" in " ".join(report.notes)


def test_a_line_without_any_time_is_counted(tmp_path):
    frame, report = read(tmp_path, f"18:04:31.123 WARN P-1 - {SHORT.format(9)}\n")
    assert (len(frame), report.unrecognised) == (0, 1)
    assert list(frame.columns) == list(POOL_TIMEOUT_COLUMNS)


def test_packed_and_larger_than_a_chunk(tmp_path):
    other = "2026-11-22T18:00:00Z INFO nothing of interest here\n" * 60_000
    said = f"2026-11-22T18:04:31Z WARN P-1 - {WHOLE.format(3001)}\n"
    frame, report = read(tmp_path, gzip.compress((other + said + other + said.replace("31Z", "41Z")).encode()))
    assert len(frame) == 2
    assert report.lines == 120_002


@pytest.mark.parametrize("content", [b"", b"\x00\xff" * 900, b"nothing here\n", b"{\n[\n"])
def test_a_file_without_such_lines(tmp_path, content):
    frame, report = read(tmp_path, content)
    assert frame.empty
    assert "no records" in " ".join(report.notes)


def test_what_cannot_be_read(tmp_path):
    for path in (tmp_path, tmp_path / "none.log"):
        with pytest.raises(EvidenceError, match="cannot be read"):
            read_pool_timeouts(path)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(
    st.text(max_size=60), st.just("P - " + SHORT.format(7)), st.just("2026-11-22T18:04:31Z x"), st.just("{"),
    st.just('{"time": {"a": []}, "message": "P - ' + SHORT.format(7) + '"}'),
), max_size=12))  # fmt: skip
def test_garbage_is_counted_and_never_crashes(tmp_path_factory, lines):
    path = tmp_path_factory.getbasetemp() / "garbage.log"
    path.write_bytes("\n".join(lines).encode("utf-8", "replace"))
    try:
        frame, report = read_pool_timeouts(path)
    except EvidenceError:
        return
    assert report.records == report.recognised + report.unrecognised
    assert len(frame) <= report.recognised
    assert not (frame["waited_seconds"] < 0).any()
