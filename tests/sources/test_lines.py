"""Bytes to lines, and what is counted."""

import contextlib
import gzip
import zlib
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import AnalysisError, EvidenceError
from analysis.sources.lines import Lines, Tally, open_lines, read_bytes, scan

TEXT = b"".join(b"line %d of a log\n" % i for i in range(50_000))


def read_lines(path):
    found = open_lines(path)
    return found.lines, found.truncated


def write(folder: Path, data: bytes, name: str = "log") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lambda d: pa.compress(d, codec="zstd", asbytes=True)])
def test_compression_is_seen_from_the_content_not_the_name(tmp_path, pack):
    lines, truncated = read_lines(write(tmp_path, pack(TEXT), "log.txt"))
    assert (len(lines), lines[-1], truncated) == (50_000, b"line 49999 of a log", False)


@pytest.mark.parametrize("pack", [gzip.compress, lambda d: pa.compress(d, codec="zstd", asbytes=True)])
def test_a_cut_stream_keeps_what_was_decompressed(tmp_path, pack):
    packed = pack(TEXT)
    data, damaged = read_bytes(write(tmp_path, packed[: len(packed) * 2 // 3]))
    assert damaged
    assert len(data) > len(TEXT) // 4
    assert TEXT.startswith(data)


def test_gzip_members_padding_and_garbage(tmp_path):
    two = gzip.compress(b"a\n") + gzip.compress(b"b\n")
    assert read_lines(write(tmp_path, two)) == ([b"a", b"b"], False)
    assert read_lines(write(tmp_path, two + b"\0" * 512)) == ([b"a", b"b"], False)
    assert read_lines(write(tmp_path, two + b"garbage")) == ([b"a", b"b"], True)


def test_an_altered_gzip_is_reported_and_kept_up_to_its_check_sum(tmp_path):
    packed = bytearray(gzip.compress(b"a\nb\n"))
    packed[-8] ^= 0xFF  # the check sum
    assert read_lines(write(tmp_path, bytes(packed))) == ([b"a", b"b"], True)


@pytest.mark.parametrize("data", [b"\x1f\x8b", b"\x1f\x8bgarbage", b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfdgarbage"])
def test_what_is_not_decompressible_at_all_names_the_file(tmp_path, data):
    with pytest.raises(EvidenceError, match="not decompressible") as caught:
        read_lines(write(tmp_path, data, "broken.gz"))
    assert caught.value.where == "broken.gz"


def test_other_containers_missing_files_and_folders_are_errors(tmp_path):
    for data, kind in ((b"PK\x03\x04", "zip"), (b"\xfd7zXZ\0", "xz"), (b"BZh91", "bzip2")):
        with pytest.raises(EvidenceError, match=kind):
            read_lines(write(tmp_path, data))
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(EvidenceError, match="cannot be read"):
            read_lines(path)


def test_line_ends_marks_and_wide_characters(tmp_path):
    assert read_lines(write(tmp_path, b"\xef\xbb\xbfa\r\nb\n\nc")) == ([b"a", b"b", b"", b"c"], False)
    assert read_lines(write(tmp_path, "a\nb\n".encode("utf-16"))) == ([b"a", b"b"], False)
    assert read_lines(write(tmp_path, b"")) == ([], False)
    assert open_lines(write(tmp_path, b"a\nb")).open_end
    assert not open_lines(write(tmp_path, b"a\nb\n")).open_end


@given(st.binary(max_size=300), st.sampled_from([b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\xff\xfe"]))
@settings(max_examples=150, deadline=None)
def test_byte_soup_never_raises_anything_else(tmp_path_factory, soup, magic):
    path = tmp_path_factory.mktemp("soup") / "log"
    path.write_bytes(magic + soup)
    with contextlib.suppress(AnalysisError):
        read_lines(path)


@given(st.binary(max_size=2000), st.integers(0, 2000))
@settings(max_examples=60, deadline=None)
def test_a_cut_gzip_is_a_prefix(tmp_path_factory, content, at):
    packed = zlib.compress(content, wbits=31)
    path = tmp_path_factory.mktemp("cut") / "log"
    path.write_bytes(packed[: max(2, min(at, len(packed)))])
    try:
        data, damaged = read_bytes(path)
    except EvidenceError:
        return
    raw = data if not content.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) else b""
    assert content.startswith(raw)
    assert damaged == (at < len(packed))


def number(line: bytes) -> None:
    int(line)


def test_scan_counts_what_is_refused_and_sees_a_cut_end():
    tally = Tally("log")
    assert not scan(Lines([b"1", b" ", b"x" * 500, b"3"], False, False), tally, number)
    report = tally.report()
    assert (report.records, report.recognised, report.unrecognised) == (3, 2, 1)
    assert report.samples == (f"line 3: {'x' * 120}",)
    assert scan(Lines([b"1", b"2x"], False, True), Tally("log"), number)
    cut = Tally("log")
    assert scan(Lines([b"1", b"2"], True, True), cut, number)
    assert cut.unrecognised == 1  # the 2 may have been 25


def test_samples_are_few_and_printable():
    tally = Tally("log")
    for i in range(9):
        tally.miss(f"line {i}", b"a\x00\x1b[31m\xff<b>")
    report = tally.report()
    assert len(report.samples) == 5
    assert report.samples[0].isprintable()
    assert report.as_dict()["unrecognised"] == 9
