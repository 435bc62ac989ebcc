"""Logs of JDK 8 and before, spoiled: counted, never a crash, never slow; and how little of the corpus is unknown."""

import csv
import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.sources.gclog.legacy.lines import read_legacy
from tests.sources.gclog.legacy.test_lines import CMS, FAILED, G1, PARALLEL

LINES = st.lists(st.sampled_from([*PARALLEL, *CMS, *FAILED, *G1, "", "INFO it works", "}"]), max_size=30)


@settings(max_examples=300)
@given(LINES, st.lists(st.tuples(st.integers(0, 29), st.integers(0, 200), st.binary(max_size=3)), max_size=4))
def test_spoiled_lines_are_counted_and_never_crash(lines, spoils):
    lines = [line.encode() for line in lines]
    for at, where, bytes_ in spoils:
        if at < len(lines):
            lines[at] = lines[at][:where] + bytes_.replace(b"\r", b"") + lines[at][where + 1 :]
    rows = read_legacy(lines)
    assert rows.lines == len(lines)
    assert not set(rows.foreign) & set(rows.unrecognised)
    for table in (rows.pauses, rows.safepoints, rows.cycles, rows.phases, rows.begun):
        assert len({len(column) for column in table.values()}) <= 1
        assert all(1 <= line <= rows.lines for line in table.get("line", []))
    for table in (rows.pauses, rows.phases):
        assert all(0 <= took <= 86_400 for took in table.get("duration_seconds", []))
    assert all(took >= 0 for took in rows.cycles.get("duration_seconds", []))


@given(st.lists(st.binary(max_size=120), max_size=20))
def test_garbage_is_no_log(lines):
    rows = read_legacy(lines)
    assert rows.lines >= len(lines)
    assert len(rows.foreign) + len(rows.unrecognised) + len(rows.blank) <= rows.lines


@pytest.mark.parametrize(
    "unit",
    [b"[", b"[GC ", b"[GC (", b"1.000: ", b"[ParNew: ", b"1K->1K(1K)", b"[Unloading class ", b"[A", b"(a(", b" "],
)
def test_a_long_line_is_read_once(unit):
    line = b"1.000: [GC " + unit * (60_000 // len(unit))
    assert read_legacy([line]).lines == 1


def test_the_corpus_leaves_next_to_nothing_unknown(corpus):
    folder = corpus / "gc"
    with (folder / "index.csv").open(newline="") as file:
        names = [row["file"] for row in csv.DictReader(file) if row["format"] == "preunified"]
    lines = unknown = 0
    for name in names:
        path = folder / name
        data = path.read_bytes() if path.exists() else path.with_name(path.name + ".gz").read_bytes()
        rows = read_legacy((gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).split(b"\n"))
        lines, unknown = lines + rows.lines, unknown + len(rows.unrecognised) + len(rows.foreign)
    assert lines > 10_000
    assert unknown <= 0.001 * lines
