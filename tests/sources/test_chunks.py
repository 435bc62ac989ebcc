"""Files of any kind to chunks of whole lines: nothing lost, nothing doubled, little memory."""

import gzip
import json
import tracemalloc

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.errors import EvidenceError
from analysis.sources.chunks import HEAD, LONGEST_LINE, chunks


def whole(path, block=1 << 20):
    found = list(chunks(path, block=block))
    return b"".join(c.data for c in found), any(c.cut for c in found)


def written(tmp_path, data, name="log"):
    path = tmp_path / name
    path.write_bytes(data)
    return path


@given(
    data=st.lists(st.binary(max_size=30).map(lambda b: b.translate(None, b"\0\r\t\x1b"))),
    block=st.integers(1, 50),
)
def test_chunks_are_the_file_cut_at_line_ends(tmp_path_factory, data, block):
    text = b"x" + b"\n".join(data)
    path = written(tmp_path_factory.mktemp("chunks"), text)
    parts = [c.data for c in chunks(path, block=block)]
    assert b"".join(parts) == text
    assert all(p.endswith(b"\n") for p in parts[:-1])


@pytest.mark.parametrize("pack", [gzip.compress, lambda b: pa.compress(b, codec="zstd", asbytes=True)])
def test_packed_files_are_unpacked_whatever_their_name(tmp_path, pack):
    text = b"one\ntwo\n" * 9000
    assert whole(written(tmp_path, pack(text))) == (text, False)


def test_a_broken_stream_keeps_what_could_be_unpacked(tmp_path):
    text = b"".join(b"line %d\n" % n for n in range(50_000))
    kept, cut = whole(written(tmp_path, gzip.compress(text)[:-900]))
    assert cut
    assert text.startswith(kept)
    assert len(kept) > len(text) / 2


def test_what_is_no_log_is_refused(tmp_path):
    with pytest.raises(EvidenceError, match="compressed as zip"):
        whole(written(tmp_path, b"PK\x03\x04 and so on"))
    with pytest.raises(EvidenceError, match="not decompressible"):
        whole(written(tmp_path, b"\x1f\x8b\xff\xff\xff"))
    with pytest.raises(EvidenceError, match="cannot be read"):
        whole(tmp_path)


def test_line_ends_marks_zeros_and_utf16(tmp_path):
    assert whole(written(tmp_path, b"\xef\xbb\xbfone\r\ntwo\r\n"))[0] == b"one\ntwo\n"
    assert whole(written(tmp_path, b"\0" * 5000 + b"one\n"))[0] == b"one\n"
    for kind in ("utf-16-le", "utf-16-be"):
        mark = "\ufeff".encode(kind)
        assert (
            whole(written(tmp_path, mark + "one\u00e9\ntwo\n".encode(kind)), block=7)[0] == "one\u00e9\ntwo\n".encode()
        )


def test_a_line_without_end_is_stood_for_by_its_head(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b"one\n")
        for _ in range(40):
            file.write(b"x" * LONGEST_LINE)
        file.write(b"\ntwo\n")
    tracemalloc.start()
    data, _ = whole(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert data == b"one\n" + b"x" * HEAD + b"\ntwo\n"
    assert peak < 8 * LONGEST_LINE


def test_lines_that_docker_wrapped_are_unwrapped(tmp_path):
    record = {
        "log": "[1.5s][gc] GC(0) Pause Full 9M->5M(64M) 1.0ms\n",
        "stream": "stdout",
        "time": "2026-11-22T18:04:30.5Z",
    }
    lines = [json.dumps(record, separators=(",", ":")), "plain", '{"log":"broken', '{"message":"x","time":7}']
    data, _ = whole(written(tmp_path, "\n".join(lines).encode()))
    assert data.split(b"\n")[0] == b"2026-11-22T18:04:30.5Z [1.5s][gc] GC(0) Pause Full 9M->5M(64M) 1.0ms"
    assert data.split(b"\n")[1:] == [b"plain", b'{"log":"broken', b"x"]


def test_a_pipe_is_read_as_a_file(tmp_path):
    import os
    import threading

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    text = b"one\ntwo\n" * 400_000
    writer = threading.Thread(target=pipe.write_bytes, args=(text,))
    writer.start()
    data, cut = whole(pipe)
    writer.join()
    assert (data, cut) == (text, False)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\xfd7zXZ\0\0", "compressed as xz"), (b"7z\xbc\xaf\x27\x1c", "compressed as 7z"),
        (bytes(257) + b"ustar" + bytes(300), "a tar archive"),
        (b'[{"message":"' + b"x" * LONGEST_LINE + b'"},', "records of JSON in one line"),
    ],
)  # fmt: skip
def test_what_must_be_unpacked_first_is_refused(tmp_path, data, what):
    with pytest.raises(EvidenceError, match=what) as told:
        whole(written(tmp_path, data))
    assert told.value.next


def test_a_folder_is_refused_with_what_to_name(tmp_path):
    with pytest.raises(EvidenceError) as told:
        whole(tmp_path)
    assert told.value.next.startswith("name the files in it")


def test_zeros_before_a_log_do_not_hide_its_first_line(tmp_path):
    assert whole(written(tmp_path, bytes(3 * LONGEST_LINE) + b"one\ntwo\n")) == (b"one\ntwo\n", False)


def test_old_line_ends_colours_and_tabs(tmp_path):
    assert whole(written(tmp_path, b"one\rtwo"))[0] == b"one\ntwo"
    assert whole(written(tmp_path, b"one\r\r\ntwo\t\t\n"))[0] == b"one\ntwo\n"
    assert whole(written(tmp_path, b"\x1b[38;5;12mone\x1b[0m\x1b[K\x1b]0;title\x07\n"))[0] == b"one\n"
