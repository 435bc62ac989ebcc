"""Two thousand spoiled server logs: never a crash or a hang, no negative time, every line counted once, sums agree."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.pglog.forms import FORMS, csvlog, jsonlog, stderr, syslog
from tests.sources.pglog.invariants import checked
from tests.sources.pglog.mutations import OPERATIONS, own_logs, spoiled

CASES = 1500  # of mutated lines; 500 more are made of grammar and bytes by hypothesis
WORDS = [
    "2026-03-04 10:00:01.123 UTC ", "2026-03-04T10:00:01Z ", "[7] ", "kim@shop ", "LOG:  ", "ERROR:  ", "FATAL:  ",
    "DETAIL:  ",
    "STATEMENT:  ", "duration: ", "1.5 ms", "  statement: ", "  execute S_1: ", "  parse <unnamed>: ", "  plan:",
    "select 1",
    "/*a='b'*/", "\t", "connection received: host=", "checkpoint complete: wrote 1 buffers", "temporary file: path ",
    ", size 9",
    "process 7 still waiting for ShareLock on ", "after 1.0 ms", '","', ",", '"',
    '{"error_severity":"LOG","message":"', '"}',
    "Mar  4 10:00:01 h postgres[7]: [1-2] ", "#011", "53300", "é", "\x1e7\x1f", "Process holding the lock: 7",
]  # fmt: skip
LINE = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=12).map(
    lambda parts: "".join(parts).encode("utf-8", "replace")
)
STORY = [line for data in (stderr("%m [%p] "), csvlog(), jsonlog(), syslog("iso")) for line in data.splitlines()]
SOUP = st.lists(LINE | st.binary(max_size=80) | st.sampled_from(STORY), max_size=10)


@given(SOUP, st.sampled_from([b"\n", b"\r\n"]), st.sampled_from([None, "Europe/Paris"]))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_soup_of_grammar_and_bytes(tmp_path_factory, lines, end, timezone):
    path = tmp_path_factory.getbasetemp() / "soup.log"
    path.write_bytes(end.join(lines))
    checked(path, timezone=timezone)


def test_spoiled_logs(tmp_path):
    logs = own_logs()
    path = tmp_path / "db.log"
    became = {"read": 0, "refused": 0}
    for case in range(CASES):
        path.write_bytes(spoiled(logs, random.Random(case)))
        try:
            became[checked(path, timezone="Europe/Paris" if case % 2 else None)] += 1
        except Exception as error:
            raise AssertionError(f"case {case}: {path.read_bytes()!r}") from error
    print(f"{CASES} spoiled logs: {became}")
    assert became["read"] > CASES / 2


@pytest.mark.parametrize(
    "unit",
    [b"[", b"(", b" ", b"0", b"LOG:  ", b"duration: ", b'"', b"'", b"a=", b"/*", b", ", b": ", b"\x00", b"\n", b"-1:"],
)
def test_one_endless_line_is_read_in_linear_time(tmp_path, unit):
    """A quarter of a megabyte of one piece of the grammar, inside a line of each form."""
    path = tmp_path / "db.log"
    for name in ("stderr %m [%p] %q%u@%d %a %h ", "csvlog 14", "jsonlog", "syslog iso"):
        first = FORMS[name].splitlines()[2]
        for head in (first + b" ", first[:60], b""):
            path.write_bytes(FORMS[name] + head + unit * ((1 << 18) // len(unit)))
            checked(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n\n", bytes(5000), b"\x7fELF" + bytes(range(256)) * 40, b"\x1f\x8b", b"\xff\xfe[\x00", b"PK\x03\x04"],
)  # fmt: skip
def test_files_that_are_no_log(tmp_path, data):
    path = tmp_path / "db.log"
    path.write_bytes(data)
    checked(path)


def test_every_operation_keeps_lines_as_lines():
    rng = random.Random(7)
    for operation in OPERATIONS:
        for _ in range(20):
            assert all(isinstance(line, bytes) for line in operation(list(STORY), rng))
