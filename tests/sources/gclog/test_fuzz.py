"""Two thousand spoiled logs: never a crash or a hang, no negative time, every line counted once."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sources.gclog.invariants import checked
from tests.sources.gclog.mutations import JDK8, OPERATIONS, own_logs, spoiled

CASES = 1500  # of mutated lines; 500 more are made of grammar and bytes by hypothesis
STAMPS = ["[2026-11-22T18:04:30.123+0000]", "[1.500s]", "[1500ms]", "[info]", "[gc]", "[gc,phases ]", "[safepoint]", ""]
WORDS = [
    "GC(7) ", "Pause Young ", "(Normal) ", "(G1 Evacuation Pause) ", "94M->90M(128M) ", "12.500ms", "Pause Full ",
    "Concurrent Mark ", "Concurrent Cycle", "User=0.02s ", "Real=0.01s", 'Safepoint "Op", ', "Total: 5 ns", "Y: ",
    "Eden regions: ", "1->0(9)", "Allocation Stall (main) ", "Garbage Collection (Warmup) ", "10M(5%)->8M(4%)",
    "Using G1", "[GC ", "[Full GC ", "[ParNew: ", "1K->1K(9K), ", "0.1 secs]", "[CMS-concurrent-mark-start]",
    "[Times: user=0.1 sys=0, real=0,1 secs] ", "1.5: ", "2026-03-04T05:06:07.089+0100: ",
    "Total time for which application threads were stopped: 0.1 seconds", "\t", "é",
]  # fmt: skip
LINE = st.lists(st.sampled_from([*STAMPS, *WORDS]) | st.text(max_size=6), max_size=12).map(
    lambda parts: "".join(parts).encode()
)
SOUP = st.lists(LINE | st.binary(max_size=80) | st.sampled_from(JDK8), max_size=10)


@given(SOUP, st.sampled_from([b"\n", b"\r\n"]))
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
def test_soup_of_grammar_and_bytes(tmp_path_factory, lines, end):
    path = tmp_path_factory.getbasetemp() / "soup.log"
    path.write_bytes(end.join(lines))
    checked(path)


def test_spoiled_recordings(tmp_path):
    logs = own_logs()
    path = tmp_path / "gc.log"
    became = {"read": 0, "refused": 0}
    for case in range(CASES):
        path.write_bytes(spoiled(logs, random.Random(case)))
        try:
            became[checked(path)] += 1
        except Exception as error:
            raise AssertionError(f"case {case}: {path.read_bytes()!r}") from error
    print(f"{CASES} spoiled logs: {became}")
    assert became["read"] > CASES / 2


@pytest.mark.parametrize(
    "unit",
    [b"[", b"(", b"]", b" ", b"0", b"[1.0s]", b"GC(1) ", b"[GC ", b"[CMS", b"a: ", b"1K->", b", ", b"\x00", b"\n"],
)
def test_one_endless_line_is_read_in_linear_time(tmp_path, unit):
    """Half a megabyte of one piece of the grammar, inside a line of each format."""
    path = tmp_path / "gc.log"
    for head in (b"[1.500s][info][gc] GC(7) Pause Young ", b"1.5: [GC ", b""):
        path.write_bytes(JDK8[3] + b"\n" + head + unit * ((1 << 19) // len(unit)))
        checked(path)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n\n", bytes(5000), b"\x7fELF" + bytes(range(256)) * 40, b"\x1f\x8b", b"\xff\xfe[\x00", b"PK\x03\x04"],
)  # fmt: skip
def test_files_that_are_no_log(tmp_path, data):
    path = tmp_path / "gc.log"
    path.write_bytes(data)
    checked(path)


def test_every_operation_keeps_lines_as_lines():
    rng = random.Random(7)
    for operation in OPERATIONS:
        for _ in range(20):
            assert all(isinstance(line, bytes) for line in operation(list(JDK8), rng))
